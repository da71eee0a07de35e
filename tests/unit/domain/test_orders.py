"""Deriving an order: total over everything that can stand in rows, and monotone in its facts."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.item_moves import move_items
from domain.orders import compute_progress, derive_order_status, settle_order
from domain.statuses import (
    ITEM_MOVES,
    ItemMove,
    ItemStatus,
    OrderStatus,
    RoundStatus,
)
from domain.taxes import PriceTerms, TaxRounding
from tests.support.orders import NOW, add_round, make_new_id, make_order

_RANK = {
    OrderStatus.SUBMITTED: 0,
    OrderStatus.CONFIRMED: 1,
    OrderStatus.PREPARING: 2,
    OrderStatus.READY: 3,
    OrderStatus.COMPLETED: 4,
}
_FORWARD = (ItemMove.FIRE, ItemMove.START, ItemMove.FINISH, ItemMove.SERVE)

_round = st.tuples(
    st.sampled_from(RoundStatus), st.lists(st.sampled_from(ItemStatus), min_size=1, max_size=5)
)


def _build(rounds):
    """Make an order whose rows stand as drawn, whether rules could lead there or not."""
    new_id = make_new_id()
    order = make_order(new_id, [("bar", 1)] * len(rounds[0][1]))
    for _, statuses in rounds[1:]:
        add_round(order, new_id, [("kitchen", 1)] * len(statuses))
    for number, (round_status, statuses) in enumerate(rounds, start=1):
        order.get_round(number).status = round_status
        for item, status in zip(order.list_items(number), statuses, strict=True):
            item.status = status
    return order


@given(st.lists(_round, min_size=1, max_size=4))
def test_every_combination_of_rows_has_a_status(rounds):
    """Derivation is total, and says what domain page 1 says."""
    order = _build(rounds)
    settle_order(order, now=NOW)
    alive = [
        status
        for gate, statuses in rounds
        if gate in (RoundStatus.SUBMITTED, RoundStatus.CONFIRMED)
        for status in statuses
        if status is not ItemStatus.VOIDED
    ]

    assert order.status in OrderStatus
    if not alive:
        assert order.status in (
            OrderStatus.REJECTED,
            OrderStatus.EXPIRED,
            OrderStatus.CANCELLED,
        )
    assert (order.status is OrderStatus.COMPLETED) == (order.completed_at is not None)
    assert 0 <= order.progress_percentage <= 100
    assert order.totals.total_minor >= 0


@given(
    st.lists(
        st.lists(
            st.sampled_from([s for s in ItemStatus if s is not ItemStatus.VOIDED]),
            min_size=1,
            max_size=4,
        ),
        min_size=1,
        max_size=3,
    ),
    st.data(),
)
def test_work_done_never_takes_an_order_back(rounds, data):
    """Moving a line forward lowers neither the order's status nor a round's progress."""
    order = _build([(RoundStatus.CONFIRMED, statuses) for statuses in rounds])
    settle_order(order, now=NOW)
    before, progress = order.status, [each.progress_percentage for each in order.rounds]
    movable = [
        (item, move) for item in order.items for move in _FORWARD if item.status in ITEM_MOVES[move]
    ]
    if not movable:
        return
    item, move = data.draw(st.sampled_from(movable))

    move_items([item], move, now=NOW)
    settle_order(order, now=NOW)

    assert _RANK[order.status] >= _RANK[before]
    after = [each.progress_percentage for each in order.rounds]
    assert all(new >= old for new, old in zip(after, progress, strict=True))


@pytest.mark.parametrize(
    ("rounds", "expected"),
    [
        ([("submitted", "held")], "submitted"),
        ([("confirmed", "queued queued")], "confirmed"),
        ([("confirmed", "queued started")], "preparing"),
        ([("confirmed", "ready queued")], "preparing"),
        ([("confirmed", "ready served voided")], "ready"),
        ([("confirmed", "served voided")], "completed"),
        ([("confirmed", "voided")], "cancelled"),
        ([("rejected", "voided")], "rejected"),
        ([("expired", "voided")], "expired"),
        ([("cancelled", "voided")], "cancelled"),
        # A new round takes a completed order back, and so does one that waits.
        ([("confirmed", "served"), ("confirmed", "queued")], "preparing"),
        ([("confirmed", "served"), ("submitted", "held")], "preparing"),
        ([("confirmed", "served"), ("rejected", "voided")], "completed"),
        ([("rejected", "voided"), ("submitted", "held")], "submitted"),
        ([("confirmed", "queued"), ("submitted", "held")], "confirmed"),
    ],
)
def test_status_of_an_order(rounds, expected):
    """The table of domain page 1, case by case."""
    order = _build(
        [
            (RoundStatus(gate), [ItemStatus(word) for word in words.split()])
            for gate, words in rounds
        ]
    )

    assert derive_order_status(order.rounds, order.items) == expected


def test_an_order_without_rounds_is_a_draft():
    """Nothing was submitted yet."""
    assert derive_order_status([], []) is OrderStatus.DRAFT


def test_progress_weighs_units():
    """Two units ready and one queued: 180 of 300."""
    order = make_order(make_new_id(), [("bar", 2), ("kitchen", 1)])
    move_items([order.items[0]], ItemMove.FINISH, now=NOW)

    assert compute_progress(order.items) == 60


def test_progress_never_falls_within_a_round():
    """A recall takes the line back, not what the guest was shown."""
    order = make_order(make_new_id(), [("bar", 1)])
    move_items(order.items, ItemMove.FINISH, now=NOW)
    settle_order(order, now=NOW)
    move_items(order.items, ItemMove.RECALL, now=NOW)
    settle_order(order, now=NOW)

    assert order.rounds[0].progress_percentage == 90
    assert order.status is OrderStatus.PREPARING


def test_the_order_shows_its_slowest_round():
    """The first round is served, the second has not begun."""
    new_id = make_new_id()
    order = make_order(new_id, [("bar", 1)])
    move_items(order.items, ItemMove.FINISH, now=NOW)
    add_round(order, new_id, [("bar", 1)])
    settle_order(order, now=NOW)

    assert [each.progress_percentage for each in order.rounds] == [90, 0]
    assert order.progress_percentage == 0


def test_the_estimate_is_the_longest_open_line():
    """Seven minutes while the toastie is open, two when it is not, none when all is ready."""
    order = make_order(make_new_id())
    flat_white, toastie = order.items
    assert order.estimated_ready_at == NOW + timedelta(seconds=420)

    move_items([toastie], ItemMove.FINISH, now=NOW)
    settle_order(order, now=NOW)
    assert order.estimated_ready_at == NOW + timedelta(seconds=120)

    move_items([flat_white], ItemMove.FINISH, now=NOW)
    settle_order(order, now=NOW)
    assert order.estimated_ready_at is None


@given(
    lines=st.lists(
        st.tuples(st.sampled_from(["bar", "kitchen"]), st.integers(1, 3)), min_size=1, max_size=6
    ),
    lanes=st.lists(st.sampled_from(["a", "b", None]), min_size=6, max_size=6),
    is_voided=st.lists(st.booleans(), min_size=6, max_size=6),
    is_inclusive=st.booleans(),
    rounding=st.sampled_from(TaxRounding),
)
def test_what_guests_owe_each_is_what_the_order_comes_to(
    lines, lanes, is_voided, is_inclusive, rounding
):
    """Every unit of the total is somebody's, wherever tax is added and however it is rounded."""
    terms = PriceTerms(currency="EUR", prices_include_tax=is_inclusive, tax_rounding=rounding)
    order = make_order(make_new_id(), lines, terms=terms)
    for item, lane_id, voided in zip(order.items, lanes, is_voided, strict=False):
        item.lane_id = lane_id
        if voided:
            item.status = ItemStatus.VOIDED
    settle_order(order, now=NOW)

    assert order.totals.total_minor == sum(order.sum_lane(lane_id) for lane_id in ("a", "b", None))
