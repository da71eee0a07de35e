"""The one table of moves, and identifiers."""

import pytest

from domain.errors import ERROR_RULES, ErrorType, InvalidTransition, build_error_body
from domain.identifiers import build_uuid7, is_id
from domain.statuses import (
    ITEM_MOVES,
    PROGRESS_WEIGHT_PERCENT,
    ItemMove,
    ItemStatus,
    RoundMove,
    RoundStatus,
    move_item,
    move_round,
)


@pytest.mark.parametrize("move", list(ItemMove))
@pytest.mark.parametrize("status", list(ItemStatus))
def test_an_item_moves_only_along_the_table(status: ItemStatus, move: ItemMove) -> None:
    """Every pair either has a target or is refused with what is allowed from there."""
    if status in ITEM_MOVES[move]:
        assert move_item(status, move) is ITEM_MOVES[move][status]
    else:
        with pytest.raises(InvalidTransition) as refused:
            move_item(status, move)
        allowed = refused.value.details["allowed"] if refused.value.details else None
        assert allowed == [m.value for m in ItemMove if status in ITEM_MOVES[m]]


def test_a_voided_item_never_comes_back() -> None:
    """Voided is terminal: a remake is a new line."""
    assert all(ItemStatus.VOIDED not in moves for moves in ITEM_MOVES.values())


def test_a_round_leaves_its_gate_once() -> None:
    """A confirmed round cannot be rejected, nor a rejected one confirmed."""
    assert move_round(RoundStatus.SUBMITTED, RoundMove.CONFIRM) is RoundStatus.CONFIRMED
    for status in (RoundStatus.CONFIRMED, RoundStatus.REJECTED, RoundStatus.EXPIRED):
        with pytest.raises(InvalidTransition):
            move_round(status, RoundMove.REJECT)


def test_progress_has_a_weight_for_every_status_that_counts() -> None:
    """Voided lines are not part of the progress; all others are."""
    assert set(PROGRESS_WEIGHT_PERCENT) == set(ItemStatus) - {ItemStatus.VOIDED}


def test_every_error_type_says_what_it_means() -> None:
    """One row per type: no error without status and remedy."""
    assert set(ERROR_RULES) == set(ErrorType)


def test_an_illegal_move_names_from_and_allowed() -> None:
    """The wire shape carries what a client needs to correct itself."""
    with pytest.raises(InvalidTransition) as refused:
        move_item(ItemStatus.SERVED, ItemMove.START)

    body = build_error_body(refused.value, command_id="c1")

    assert (body.type, body.code, body.id) == ("conflict", "invalid_transition", "c1")
    assert body.details == {"from": "served", "to": "start", "allowed": ["recall", "hand_back"]}
    assert body.recoverable


def test_identifiers_sort_by_time_and_carry_version_7() -> None:
    """A later id is a larger text, whatever the random part."""
    early = build_uuid7(unix_ms=1_700_000_000_000, random_bits=(1 << 80) - 1)
    late = build_uuid7(unix_ms=1_700_000_000_001, random_bits=0)

    assert early < late
    assert early[14] == late[14] == "7"
    assert early[19] in "89ab"
    assert is_id(early)
    assert not is_id(early.upper())
    assert not is_id("x" * 36)
