"""Gates: what holds a round, and how it fires or ends."""

from datetime import timedelta

import pytest

from domain.errors import Conflict, InvalidTransition
from domain.orders import settle_order
from domain.rounds import (
    APPROVAL_TIMEOUT,
    approve,
    check_open_for_rounds,
    end_waiting,
    find_holds,
    get_waiting_round,
    is_given_up,
    list_overdue_rounds,
    release_scheduled,
)
from domain.statuses import HoldKind, ItemStatus, OrderStatus, RoundMove, RoundStatus
from tests.support.orders import NOW, make_new_id, make_order


@pytest.fixture
def waiting():
    """An order whose only round waits for an approval."""
    return make_order(make_new_id(), needs_approval=True)


def test_a_round_that_waits_is_submitted(waiting):
    """Lines are held, and nothing estimates when they are ready."""
    assert waiting.status is OrderStatus.SUBMITTED
    assert {item.status for item in waiting.items} == {ItemStatus.HELD}
    assert waiting.estimated_ready_at is None


def test_only_what_needs_it_waits():
    """An approval has an owner, a reason and an end."""
    assert find_holds(needs_approval=False, now=NOW) == []
    (hold,) = find_holds(needs_approval=True, now=NOW)
    assert (hold.kind, hold.owner, hold.reason) == ("approval", "counter", "first_order")
    assert hold.expires_at == NOW + APPROVAL_TIMEOUT


def test_a_round_waits_while_its_guest_may_take_it_back():
    """For a time, which is nobody's to answer; a time that is over holds nothing."""
    (hold,) = find_holds(needs_approval=False, grace_until=NOW + timedelta(seconds=20), now=NOW)

    assert (hold.kind, hold.owner, hold.reason) == ("schedule", "system", "grace")
    assert hold.expires_at == NOW + timedelta(seconds=20)
    assert find_holds(needs_approval=False, grace_until=NOW, now=NOW) == []


@pytest.mark.parametrize("is_approved", [True, False])
def test_what_waits_for_a_time_fires_when_it_comes(waiting, is_approved):
    """Unless something else holds it: then it goes on waiting for that alone."""
    each = waiting.rounds[0]
    over = NOW + timedelta(seconds=20)
    each.holds += find_holds(needs_approval=False, grace_until=over, now=NOW)
    if is_approved:
        approve(waiting, each, now=NOW, new_id=make_new_id())
        assert each.status is RoundStatus.SUBMITTED
    assert list_overdue_rounds(waiting, over - timedelta(milliseconds=1)) == []
    assert list_overdue_rounds(waiting, over) == [each]
    assert not is_given_up(each, over)
    release_scheduled(waiting, each, now=over, new_id=make_new_id())

    expected = RoundStatus.CONFIRMED if is_approved else RoundStatus.SUBMITTED
    assert each.status is expected
    assert list_overdue_rounds(waiting, over) == []
    assert is_given_up(each, NOW + APPROVAL_TIMEOUT) is not is_approved


def test_an_approved_round_fires(waiting):
    """Lines are queued and tickets made in the same step."""
    later = NOW + timedelta(minutes=1)
    approve(waiting, waiting.rounds[0], now=later, new_id=make_new_id())
    settle_order(waiting, now=later)

    assert waiting.status is OrderStatus.CONFIRMED
    assert waiting.rounds[0].fired_at == later
    assert [item.queued_at for item in waiting.items] == [later, later]
    assert len(waiting.tickets) == 2


def test_a_round_with_another_hold_goes_on_waiting(waiting):
    """An approval clears the approval alone."""
    other = find_holds(needs_approval=True, now=NOW)[0]
    other.kind = HoldKind.SCHEDULE
    waiting.rounds[0].holds.append(other)
    approve(waiting, waiting.rounds[0], now=NOW, new_id=make_new_id())

    assert waiting.rounds[0].status is RoundStatus.SUBMITTED
    with pytest.raises(Conflict) as refusal:
        approve(waiting, waiting.rounds[0], now=NOW, new_id=make_new_id())
    assert refusal.value.code == "not_held"


@pytest.mark.parametrize(
    ("move", "expected"),
    [(RoundMove.REJECT, OrderStatus.REJECTED), (RoundMove.EXPIRE, OrderStatus.EXPIRED)],
)
def test_a_round_that_ends_costs_nothing(waiting, move, expected):
    """Its lines are void, its holds are over, the guest reads why."""
    end_waiting(waiting, waiting.rounds[0], move, reason="closing", now=NOW)
    settle_order(waiting, now=NOW)

    assert waiting.status is expected
    assert waiting.totals.total_minor == 0
    assert {item.status for item in waiting.items} == {ItemStatus.VOIDED}
    assert waiting.rounds[0].reason == "closing"
    assert list_overdue_rounds(waiting, NOW + timedelta(days=1)) == []
    with pytest.raises(InvalidTransition):
        check_open_for_rounds(waiting)


def test_a_fired_round_has_no_gate():
    """Approving or rejecting it is an illegal move that names the legal ones."""
    order = make_order(make_new_id())

    for move in (RoundMove.CONFIRM, RoundMove.REJECT):
        with pytest.raises(InvalidTransition) as refusal:
            get_waiting_round(order, 1, move)
        assert (refusal.value.details or {})["allowed"] == ["hold", "cancel"]
    assert get_waiting_round(order, 2, RoundMove.CONFIRM) is None
    assert get_waiting_round(order, 0, RoundMove.CONFIRM) is None


def test_a_hold_runs_out_at_its_minute(waiting):
    """Not before."""
    end = NOW + APPROVAL_TIMEOUT

    assert list_overdue_rounds(waiting, end - timedelta(milliseconds=1)) == []
    assert list_overdue_rounds(waiting, end) == waiting.rounds
