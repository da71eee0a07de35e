"""Hold and fire: what the house wants later is a round of its own, seen by the kitchen."""

from datetime import timedelta

import pytest

from domain.commands import ItemUnits
from domain.courses import end_unfired, fire_items, hold_items
from domain.errors import Conflict, InvalidTransition
from domain.handing_over import build_pass_order
from domain.item_moves import move_items, take_units, void_items
from domain.kitchen import derive_priority, is_on_board, rush_round
from domain.order_changes import Cause, begin_change, finish_change
from domain.order_views import build_number_view, build_order_view, build_ticket_view
from domain.rounds import is_given_up, list_overdue_rounds, release_scheduled
from domain.statuses import ItemMove, ItemStatus, OrderStatus, Priority, RoundStatus, TicketStatus
from tests.support.orders import NOW, change, make_new_id, make_order

LATER = NOW + timedelta(minutes=20)
_NEW_ID = make_new_id()


@pytest.fixture
def order():
    """A coffee and two dishes, queued at one table."""
    return make_order(_NEW_ID, [("bar", 1), ("kitchen", 1), ("kitchen", 2)])


def _hold(order, items, *, fires_in_s=None, now=NOW):
    return change(
        order,
        lambda: hold_items(order, items, fires_in_s=fires_in_s, now=now, new_id=_NEW_ID),
        ticket_change="held",
    )


def _fire(order, items, *, now=LATER):
    return change(order, lambda: fire_items(order, items, now=now, new_id=_NEW_ID))


def _find(order, item):
    """Return the view of the ticket that a line is on."""
    return next(
        build_ticket_view(order, ticket, now=NOW)
        for ticket in order.tickets
        if item in order.list_ticket_items(ticket)
    )


def test_a_held_line_stands_beside_the_others(order):
    """Its ticket is on no board of its own while another one of its station is in the making."""
    _, dish, cake = order.items
    events = _hold(order, [cake], fires_in_s=600)

    # The bar's shows that the kitchen owes it less.
    assert events == ["kitchen_ticket_updated"] * 3 + ["order_progress"]
    assert cake.round_number == 2
    assert (cake.status, cake.queued_at) == (ItemStatus.HELD, None)
    ticket, held = _find(order, dish), _find(order, cake)
    assert [item.item_id for item in ticket.items] == [dish.item_id]
    (beside,) = ticket.held
    assert (beside.ticket_id, beside.fires_at) == (held.ticket_id, NOW + timedelta(minutes=10))
    assert [item.item_id for item in beside.items] == [cake.item_id]
    assert (held.status, held.beside_id) == (TicketStatus.HELD, ticket.ticket_id)
    assert (is_on_board(ticket), is_on_board(held)) == (True, False)


def test_a_ticket_of_which_all_is_held_waits_alone(order):
    """When the others are done; it does not press, and stands behind all that is to be made."""
    coffee, dish, cake = order.items
    _hold(order, [cake])
    change(order, lambda: move_items([dish], ItemMove.FINISH, now=NOW))
    held = _find(order, cake)

    assert (held.beside_id, is_on_board(held)) == (None, True)
    assert held.rank > _find(order, coffee).rank
    late = NOW + timedelta(hours=1)
    ticket = next(each for each in order.tickets if each.ticket_id == held.ticket_id)
    assert derive_priority(ticket, [cake], is_rushed=False, now=late) is Priority.NORMAL
    with pytest.raises(InvalidTransition):
        rush_round(order, ticket, reason="x", rushed=0)


def test_a_fired_line_is_as_old_as_its_firing(order):
    """A ticket with a timer of its own, told as a new one; its round was never late before."""
    _, dish, cake = order.items
    _hold(order, [cake])
    change(order, lambda: move_items([dish], ItemMove.FINISH, now=NOW))
    assert _fire(order, [cake])[0] == "kitchen_order_received"
    fired = _find(order, cake)

    assert (fired.status, fired.queued_at, fired.is_course) == ("received", LATER, True)
    assert (cake.queued_at, order.rounds[1].fired_at) == (LATER, LATER)
    assert order.estimated_ready_at == LATER + timedelta(seconds=cake.prep_s)
    (late_at,) = {item.late_at for item in build_order_view(order).rounds[1].items}
    assert late_at == LATER + timedelta(seconds=fired.target_s)


def test_a_whole_round_is_held_where_it_is(order):
    """Nothing is split, and its tickets stay the same cards."""
    tickets = [ticket.ticket_id for ticket in order.tickets]
    order.rounds[0].rush_reason = "train"
    _hold(order, order.items)

    assert [each.status for each in order.rounds] == [RoundStatus.SUBMITTED]
    assert (order.rounds[0].fired_at, order.rounds[0].is_rushed) == (None, False)
    assert [ticket.ticket_id for ticket in order.tickets] == tickets
    assert {ticket.status for ticket in order.tickets} == {TicketStatus.HELD}
    assert order.status is OrderStatus.CONFIRMED
    assert order.estimated_ready_at is None
    _fire(order, order.items)
    assert {ticket.queued_at for ticket in order.tickets} == {LATER}


def test_part_of_a_line_and_of_what_is_held(order):
    """One of two cakes is held; of what is held one line is fired, the others go on waiting."""
    cake = order.items[2]
    (part,) = take_units(order, [ItemUnits(item_id=cake.item_id, quantity=1)], new_id=_NEW_ID)
    _hold(order, [order.items[0], part])
    assert (cake.status, part.status) == (ItemStatus.QUEUED, ItemStatus.HELD)
    _fire(order, [part])

    assert [each.status for each in order.rounds] == ["confirmed", "submitted", "confirmed"]
    assert (order.items[0].status, part.status) == (ItemStatus.HELD, ItemStatus.QUEUED)
    assert [item.item_id for item in order.list_items(3)] == [part.item_id]


def test_what_was_begun_is_not_held(order):
    """Nor what is not held fired, nor what waits for the counter either."""
    move_items(order.items[:1], ItemMove.START, now=NOW)
    for act, items in ((_hold, order.items[:1]), (_fire, order.items[1:2])):
        with pytest.raises(InvalidTransition):
            act(order, items)
    waiting = make_order(_NEW_ID, needs_approval=True)
    for act in (_hold, _fire):
        with pytest.raises(Conflict) as refusal:
            act(waiting, waiting.items)
        assert refusal.value.code == "not_held"


def test_held_again_it_waits_for_the_new_time(order):
    """And fires when that has come; a hold without a time never runs out."""
    cake = order.items[2]
    _hold(order, [cake])
    each = order.get_round(cake.round_number)
    assert list_overdue_rounds(order, NOW + timedelta(days=1)) == []
    _hold(order, [cake], fires_in_s=600)
    due = NOW + timedelta(minutes=10)

    assert len(order.rounds) == 2
    assert list_overdue_rounds(order, due - timedelta(milliseconds=1)) == []
    assert list_overdue_rounds(order, due) == [each]
    assert not is_given_up(each, due)
    release_scheduled(order, each, now=due, new_id=_NEW_ID)
    assert (cake.status, cake.queued_at) == (ItemStatus.QUEUED, due)


def test_an_order_is_what_is_not_held(order):
    """Ready and served without it, at the pass with it, and under way until it is fired."""
    coffee, dish, cake = order.items
    _hold(order, [cake])
    change(order, lambda: move_items([coffee, dish], ItemMove.FINISH, now=NOW))
    assert (order.status, order.progress_percentage) == (OrderStatus.READY, 90)
    found = build_pass_order(build_order_view(order))
    assert found is not None
    assert (found.is_complete, found.units, len(found.held)) == (True, 2, 1)
    rank = found.rank
    change(order, lambda: move_items([coffee, dish], ItemMove.SERVE, now=NOW))

    assert (order.status, order.progress_percentage) == (OrderStatus.CONFIRMED, 100)
    number = build_number_view(order)
    assert number is not None
    assert number.state == "gone"
    found = build_pass_order(build_order_view(order))
    assert found is not None
    assert (found.rounds, found.is_complete, len(found.held)) == ([], False, 1)
    assert found.rank > rank
    assert "order_number_preparing" in _fire(order, [cake])
    assert order.status is OrderStatus.PREPARING


def test_what_is_held_and_voided_is_gone(order):
    """No cook has to stop it; the ticket beside it no longer shows it."""
    _, dish, cake = order.items
    _hold(order, [cake])
    held = _find(order, cake)
    change(order, lambda: void_items(order, [cake], reason="x", now=NOW))
    after = next(
        build_ticket_view(order, each, now=NOW)
        for each in order.tickets
        if each.ticket_id == held.ticket_id
    )

    assert (after.status, is_on_board(after)) == (TicketStatus.CANCELLED, False)
    assert order.get_round(cake.round_number).status is RoundStatus.CANCELLED
    assert _find(order, dish).held == []


def test_what_nobody_fired_ends_with_its_day(order):
    """Nobody pays it, and the order is over."""
    coffee, dish, cake = order.items
    _hold(order, [cake])
    change(order, lambda: move_items([coffee, dish], ItemMove.FINISH, now=NOW))
    change(order, lambda: move_items([coffee, dish], ItemMove.SERVE, now=NOW))
    before = order.totals.total_minor
    begun = begin_change(order, now=LATER)
    (ended,) = end_unfired(order, now=LATER)
    finish_change(begun, Cause(updated_by="system"), now=LATER)

    assert (ended.status, order.status) == (RoundStatus.EXPIRED, OrderStatus.COMPLETED)
    assert order.totals.total_minor == before - 2 * cake.unit_price_minor
