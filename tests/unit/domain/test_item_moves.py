"""Moves of lines and parts of lines: what they change, and what they refuse."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commands import ItemUnits
from domain.errors import (
    Conflict,
    InvalidTransition,
    NotFound,
    UnprocessableInput,
    VersionConflict,
)
from domain.item_moves import (
    STATUS_UPDATES,
    acknowledge_void,
    cancel_order,
    check_status_update,
    move_items,
    move_ticket,
    recall_items,
    recall_ticket,
    remake_items,
    take_units,
    update_status,
    void_items,
)
from domain.orders import settle_order
from domain.rounds import fire_if_free
from domain.statuses import ItemMove, ItemStatus, OrderStatus, RoundStatus
from domain.taxes import PriceTerms, TaxRounding
from tests.support.menus import BAR
from tests.support.orders import CAFE, NOW, make_new_id, make_order

TODAY = make_order(make_new_id()).business_date


@pytest.fixture
def new_id():
    """Ids of one test."""
    return make_new_id()


def _take(order, item, quantity=None, *, new_id, expected_version=None):
    wanted = ItemUnits(item_id=item.item_id, quantity=quantity, expected_version=expected_version)
    return take_units(order, [wanted], new_id=new_id)[0]


@given(
    st.integers(2, 99),
    st.data(),
    st.sampled_from(TaxRounding),
    st.booleans(),
)
def test_a_split_changes_nothing_that_is_owed(quantity, data, rounding, is_inclusive):
    """Units, price and tax of the parts are those of the line, however tax is rounded."""
    new_id = make_new_id()
    terms = PriceTerms(currency="EUR", prices_include_tax=is_inclusive, tax_rounding=rounding)
    order = make_order(new_id, [("bar", quantity), ("kitchen", 3)], terms=terms)
    before = order.totals
    item = order.items[0]
    part = _take(order, item, data.draw(st.integers(1, quantity - 1)), new_id=new_id)
    move_items([part], ItemMove.START, now=NOW)
    settle_order(order, now=NOW)

    assert item.quantity + part.quantity == quantity
    assert item.status is ItemStatus.QUEUED
    assert order.totals == before
    assert part.split_from == item.item_id
    assert len({each.line_number for each in order.items}) == len(order.items)


def test_the_parts_of_a_line_stay_beside_each_other(new_id):
    """The new number is the last one, the place is that of the line."""
    order = make_order(new_id, [("bar", 3), ("kitchen", 1)])
    first, second = order.items
    part = _take(order, first, 1, new_id=new_id)
    again = _take(order, part, 1, new_id=new_id)

    assert again is part
    assert order.list_items(1) == [first, part, second]


def test_all_units_of_a_line_are_the_line(new_id):
    """Naming three of three splits nothing."""
    order = make_order(new_id, [("bar", 3)])

    assert _take(order, order.items[0], 3, new_id=new_id) is order.items[0]
    assert len(order.items) == 1


def test_lines_that_cannot_be_taken(new_id):
    """Unknown, changed since, named twice, more than there is."""
    order = make_order(new_id, [("bar", 2)])
    (item,) = order.items
    unknown = ItemUnits(item_id=CAFE)
    own = ItemUnits(item_id=item.item_id)

    with pytest.raises(NotFound):
        take_units(order, [unknown], new_id=new_id)
    with pytest.raises(VersionConflict) as conflict:
        _take(order, item, new_id=new_id, expected_version=2)
    assert (conflict.value.details or {})["current"] == 1
    with pytest.raises(UnprocessableInput) as repeated:
        take_units(order, [own, own], new_id=new_id)
    assert repeated.value.code == "repeated_item"
    with pytest.raises(UnprocessableInput) as too_many:
        _take(order, item, 3, new_id=new_id)
    assert too_many.value.code == "too_many_units"


def test_a_ticket_moves_what_can_move(new_id):
    """Bumping finishes what waits and what is begun, and leaves what is ready."""
    order = make_order(new_id, [("bar", 1), ("bar", 1), ("bar", 1)])
    (ticket,) = order.tickets
    waiting, begun, ready = order.items
    move_items([begun], ItemMove.START, now=NOW)
    move_items([ready], ItemMove.FINISH, now=NOW)
    later = NOW + timedelta(minutes=1)

    move_ticket(order, ticket, ItemMove.FINISH, now=later)

    assert [item.ready_at for item in (waiting, begun, ready)] == [later, later, NOW]
    # Who never said that they began has no time of beginning: nobody makes one up.
    assert waiting.started_at is None
    with pytest.raises(InvalidTransition):
        move_ticket(order, ticket, ItemMove.FINISH, now=later)


def test_a_recall_takes_back_what_was_ready_or_served(new_id):
    """At the old place, marked, and on the order's own day only."""
    order = make_order(new_id)
    bar, kitchen = order.tickets
    coffee, toastie = order.items
    move_items([coffee, toastie], ItemMove.FINISH, now=NOW)
    move_items([coffee], ItemMove.SERVE, now=NOW)

    with pytest.raises(Conflict) as refusal:
        recall_ticket(order, bar, now=NOW, today=TODAY + timedelta(days=1))
    assert refusal.value.code == "day_over"
    recall_ticket(order, bar, now=NOW, today=TODAY)
    recall_items(order, [toastie], now=NOW, today=TODAY)

    assert [item.status for item in order.items] == [ItemStatus.STARTED] * 2
    assert [item.served_at for item in order.items] == [None, None]
    assert bar.is_recalled
    assert kitchen.is_recalled


def test_what_was_not_ready_is_not_recalled(new_id):
    """The refusal names what a ticket in the queue can do."""
    order = make_order(new_id)

    with pytest.raises(InvalidTransition) as refusal:
        recall_ticket(order, order.tickets[0], now=NOW, today=TODAY)
    assert refusal.value.details == {
        "from": "received",
        "to": "recall",
        "allowed": ["start", "finish"],
    }


def test_a_round_without_lines_is_cancelled(new_id):
    """Voiding the last line ends the round, and its holds with it."""
    order = make_order(new_id, needs_approval=True)
    void_items(order, order.items, reason="", now=NOW)
    settle_order(order, now=NOW)

    assert order.rounds[0].status is RoundStatus.CANCELLED
    assert not any(hold.is_open for hold in order.rounds[0].holds)
    assert order.status is OrderStatus.CANCELLED
    assert order.totals.total_minor == 0


@pytest.mark.parametrize("move", [ItemMove.SERVE, ItemMove.RECALL])
def test_a_queued_line_refuses(new_id, move):
    """Nothing is served or recalled that was never ready."""
    order = make_order(new_id)

    with pytest.raises(InvalidTransition):
        move_items(order.items, move, now=NOW)


def test_cancelling_voids_what_is_left(new_id):
    """Everything but what was served; that refuses the whole."""
    order = make_order(new_id)
    coffee, toastie = order.items
    void_items(order, [coffee], reason="", now=NOW)
    assert cancel_order(order, reason="left", now=NOW) == [toastie]
    settle_order(order, now=NOW)
    assert order.status is OrderStatus.CANCELLED
    with pytest.raises(InvalidTransition):
        cancel_order(order, reason="again", now=NOW)

    served = make_order(new_id)
    move_items(served.items[:1], ItemMove.FINISH, now=NOW)
    move_items(served.items[:1], ItemMove.SERVE, now=NOW)
    with pytest.raises(Conflict) as refusal:
        cancel_order(served, reason="left", now=NOW)
    assert refusal.value.code == "already_served"


def test_a_void_is_seen_once(new_id):
    """Seen again changes nothing; a line that stands cannot be acknowledged."""
    order = make_order(new_id)
    coffee, toastie = order.items
    void_items(order, [coffee], reason="", now=NOW)
    acknowledge_void(coffee, now=NOW)
    acknowledge_void(coffee, now=NOW + timedelta(minutes=1))

    assert coffee.void_seen_at == NOW
    with pytest.raises(InvalidTransition):
        acknowledge_void(toastie, now=NOW)


def _serve(order):
    move_items(order.items, ItemMove.FINISH, now=NOW)
    move_items(order.items, ItemMove.SERVE, now=NOW)
    settle_order(order, now=NOW)


def test_a_remake_is_a_round_of_its_own_at_no_price(new_id):
    """The served line stays; what is owed stays; the allergy goes along."""
    order = make_order(new_id, [("bar", 3)])
    order.rounds[0].allergy = "nuts"
    _serve(order)
    before = order.totals
    wanted = [ItemUnits(item_id=order.items[0].item_id, quantity=2)]

    (added,) = remake_items(order, wanted, reason="cold", now=NOW, new_id=new_id)
    fire_if_free(order, added, now=NOW, new_id=new_id)
    settle_order(order, now=NOW)

    remade = order.items[-1]
    assert (remade.quantity, remade.unit_price_minor, remade.status) == (2, 0, "queued")
    assert remade.remake_of == order.items[0].item_id
    assert (added.number, added.allergy, added.reason) == (2, "nuts", "cold")
    assert order.tickets[-1].station_id == BAR.station_id
    assert order.status is OrderStatus.PREPARING
    assert (order.totals.total_minor, order.totals.tax_minor) == (
        before.total_minor,
        before.tax_minor,
    )


def test_no_more_units_are_remade_than_were_served(new_id):
    """A second tap does not make the dish a third time."""
    order = make_order(new_id, [("bar", 2)])
    with pytest.raises(InvalidTransition):
        remake_items(
            order,
            [ItemUnits(item_id=order.items[0].item_id)],
            reason="cold",
            now=NOW,
            new_id=new_id,
        )
    _serve(order)
    wanted = [ItemUnits(item_id=order.items[0].item_id)]
    remake_items(order, wanted, reason="cold", now=NOW, new_id=new_id)

    with pytest.raises(Conflict) as refusal:
        remake_items(order, wanted, reason="cold", now=NOW, new_id=new_id)
    assert refusal.value.code == "already_remade"


@pytest.mark.parametrize("current", OrderStatus)
@pytest.mark.parametrize("wanted", OrderStatus)
def test_a_status_can_be_asked_for_where_the_table_says_so(new_id, current, wanted):
    """Everything else is an illegal transition that names what is legal."""
    order = make_order(new_id)
    order.status = current
    allowed = STATUS_UPDATES.get(current, ())

    if wanted in allowed:
        check_status_update(order, wanted)
    else:
        with pytest.raises(InvalidTransition) as refusal:
            check_status_update(order, wanted)
        assert (refusal.value.details or {})["allowed"] == [each.value for each in allowed]


def test_asking_for_a_status_moves_all_live_lines(new_id):
    """Preparing starts, ready finishes, completed serves; the status follows."""
    order = make_order(new_id)
    for wanted in (OrderStatus.PREPARING, OrderStatus.READY, OrderStatus.COMPLETED):
        update_status(order, wanted, now=NOW)
        settle_order(order, now=NOW)

        assert order.status is wanted
