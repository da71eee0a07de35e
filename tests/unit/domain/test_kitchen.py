"""Tickets: derived from their lines, one per station and round."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commands import ItemUnits
from domain.errors import Conflict, InvalidTransition, NotFound
from domain.item_moves import move_items, take_units, void_items
from domain.kitchen import (
    RUSH_LIMIT,
    acknowledge_allergy,
    combine_lines,
    compute_target_s,
    derive_priority,
    derive_ticket_status,
    find_earlier_quantity,
    is_on_board,
    list_station_progress,
    rush_round,
    settle_ticket,
    withdraw_rush,
)
from domain.order_views import build_ticket_view
from domain.statuses import ItemMove, ItemStatus, Priority, TicketStatus
from domain.views.orders import ItemModifierView
from tests.support.menus import BAR, KITCHEN
from tests.support.orders import NOW, make_new_id, make_order


def _order(*statuses):
    order = make_order(make_new_id(), [("bar", 1)] * len(statuses))
    for item, status in zip(order.items, statuses, strict=True):
        item.status = ItemStatus(status)
    return order


@given(st.lists(st.sampled_from(ItemStatus), min_size=1, max_size=6))
def test_every_combination_of_lines_has_a_status(statuses):
    """Derivation is total, and cancelled means that nothing is left to make."""
    status = derive_ticket_status(_order(*statuses).items)

    assert status in TicketStatus
    assert (status is TicketStatus.CANCELLED) == (set(statuses) == {ItemStatus.VOIDED})


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["queued", "queued"], "received"),
        (["queued", "started"], "started"),
        (["queued", "ready"], "started"),
        (["ready", "served", "voided"], "completed"),
        (["voided", "voided"], "cancelled"),
        (["queued", "voided"], "received"),
    ],
)
def test_status_of_a_ticket(statuses, expected):
    """The words that the kitchen's grid knows."""
    assert derive_ticket_status(_order(*statuses).items) == expected


def test_a_round_has_one_ticket_a_station():
    """Two drinks and a dish are two tickets, in the order of the stations."""
    order = make_order(make_new_id(), [("kitchen", 1), ("bar", 1), ("bar", 2)])

    assert [ticket.station_id for ticket in order.tickets] == [
        BAR.station_id,
        KITCHEN.station_id,
    ]
    assert [len(order.list_ticket_items(ticket)) for ticket in order.tickets] == [2, 1]


def test_a_round_that_waits_has_no_tickets():
    """The kitchen does not hear of what nobody approved."""
    assert make_order(make_new_id(), needs_approval=True).tickets == []


@pytest.mark.parametrize(("station_target_s", "expected"), [(240, 120), (60, 60), (20, 20)])
def test_the_target_is_the_slowest_dish_capped_by_the_station(station_target_s, expected):
    """A flat white takes two minutes, but no station is slower than its own target."""
    items = make_order(make_new_id(), [("bar", 3)]).items

    assert compute_target_s(items, station_target_s=station_target_s) == expected


def test_a_dish_without_preparation_has_time_to_be_seen():
    """Nobody hands over a bottle in no time."""
    assert compute_target_s([], station_target_s=240) == 30


def test_late_and_remade_tickets_press():
    """Both come before the others; a finished one no longer does."""
    order = make_order(make_new_id(), [("bar", 1)])
    (ticket,), items = order.tickets, order.items
    on_time, late = NOW + timedelta(seconds=120), NOW + timedelta(seconds=121)

    def derive(at):
        return derive_priority(ticket, items, is_rushed=False, now=at)

    assert derive(on_time) is Priority.NORMAL
    assert derive(late) is Priority.HIGH
    items[0].remake_of = items[0].item_id
    assert derive(NOW) is Priority.HIGH
    move_items(items, ItemMove.FINISH, now=NOW)
    settle_ticket(ticket, items, now=NOW)
    assert derive(late) is Priority.NORMAL


def test_a_ticket_says_what_the_other_stations_have_ready():
    """Units, not lines, and none of one's own."""
    order = make_order(make_new_id(), [("bar", 1), ("kitchen", 2), ("kitchen", 1)])
    move_items([order.items[1]], ItemMove.FINISH, now=NOW)

    (kitchen,) = list_station_progress(order, order.tickets[0])

    assert (kitchen.station_name, kitchen.ready, kitchen.total) == ("Kitchen", 2, 3)


def test_a_voided_ticket_leaves_when_all_of_it_was_seen():
    """One of two voids acknowledged is not enough."""
    order = _order("voided", "voided")
    (ticket,) = order.tickets
    settle_ticket(ticket, order.items, now=NOW)

    shown = []
    for item in order.items:
        item.void_seen_at = NOW
        shown.append(is_on_board(build_ticket_view(order, ticket, now=NOW)))

    assert shown == [True, False]


def test_a_recall_opens_the_ticket_again_at_its_old_place():
    """The timer runs from the beginning: the guest has waited since then."""
    order = make_order(make_new_id(), [("bar", 1)])
    (ticket,) = order.tickets
    move_items(order.items, ItemMove.FINISH, now=NOW)
    settle_ticket(ticket, order.items, now=NOW)
    completed_at = ticket.completed_at
    move_items(order.items, ItemMove.RECALL, now=NOW + timedelta(minutes=1))
    settle_ticket(ticket, order.items, now=NOW + timedelta(minutes=1))

    assert (completed_at, ticket.completed_at) == (NOW, None)
    assert ticket.status is TicketStatus.STARTED
    assert ticket.queued_at == NOW


def test_a_rush_is_the_rounds_and_comes_first():
    """Every station's ticket of the round presses most; it stops when it is done or taken back."""
    order = make_order(make_new_id(), [("bar", 1), ("kitchen", 1)])
    bar, grill = order.tickets
    waiting = build_ticket_view(order, bar, now=NOW)
    rush_round(order, bar, reason="train", rushed=0)

    views = [build_ticket_view(order, ticket, now=NOW) for ticket in (bar, grill)]
    assert [(view.priority, view.rush_reason) for view in views] == [(Priority.URGENT, "train")] * 2
    assert views[0].rank < waiting.rank - 1000 * 86_400 * 365
    move_items([order.items[0]], ItemMove.FINISH, now=NOW)
    settle_ticket(bar, [order.items[0]], now=NOW)
    assert build_ticket_view(order, bar, now=NOW).priority is Priority.NORMAL
    withdraw_rush(order, grill)
    assert build_ticket_view(order, grill, now=NOW).priority is Priority.NORMAL


def test_a_finished_round_cannot_be_rushed():
    """There is nothing to hurry; one station that is not done is enough to."""
    order = make_order(make_new_id(), [("bar", 1), ("kitchen", 1)])
    bar, grill = order.tickets
    for ticket, item in zip((bar, grill), order.items, strict=True):
        rush_round(order, bar, reason="train", rushed=0)
        move_items([item], ItemMove.FINISH, now=NOW)
        settle_ticket(ticket, [item], now=NOW)

    with pytest.raises(InvalidTransition) as refused:
        rush_round(order, bar, reason="train", rushed=0)
    assert (refused.value.details or {})["allowed"] == ["recall"]


def test_where_all_are_rushed_none_is():
    """A sixth is refused; one of the five may get another reason."""
    order = make_order(make_new_id(), [("bar", 1)])
    with pytest.raises(Conflict):
        rush_round(order, order.tickets[0], reason="train", rushed=RUSH_LIMIT)
    rush_round(order, order.tickets[0], reason="train", rushed=RUSH_LIMIT - 1)
    rush_round(order, order.tickets[0], reason="plane", rushed=RUSH_LIMIT)

    assert order.rounds[0].rush_reason == "plane"


def test_an_allergy_is_read_once_and_only_where_there_is_one():
    """The first time counts."""
    order = make_order(make_new_id(), [("bar", 1)])
    (ticket,) = order.tickets
    with pytest.raises(NotFound):
        acknowledge_allergy(order, ticket, now=NOW)
    order.rounds[0].allergy = "nuts"
    for minutes in range(2):
        acknowledge_allergy(order, ticket, now=NOW + timedelta(minutes=minutes))

    assert ticket.allergy_seen_at == NOW


def test_a_line_says_what_it_was_until_the_void_is_seen():
    """Three, of which one is voided, were three; a unit that is only ready changes nothing."""
    order = make_order(make_new_id(), [("bar", 4)])
    (line,) = order.items
    new_id = iter("abc").__next__
    (ready,) = take_units(order, [ItemUnits(item_id=line.item_id, quantity=1)], new_id=new_id)
    move_items([ready], ItemMove.FINISH, now=NOW)
    assert find_earlier_quantity(line, order.items) is None
    (gone,) = take_units(order, [ItemUnits(item_id=line.item_id, quantity=1)], new_id=new_id)
    void_items(order, [gone], reason="left", now=NOW)

    assert (line.quantity, find_earlier_quantity(line, order.items)) == (2, 3)
    assert find_earlier_quantity(gone, order.items) is None
    gone.void_seen_at = NOW
    assert find_earlier_quantity(line, order.items) is None


def _lines(*changes):
    """Make equal lines of a ticket's view, one for each of the changes."""
    order = make_order(make_new_id(), [("bar", 1)] * len(changes))
    items = build_ticket_view(order, order.tickets[0], now=NOW).items
    plain = msgspec.structs.replace(items[0], name="FLAT WHITE", menu_item_id="flat-white")
    return [
        msgspec.structs.replace(plain, item_id=each.item_id, **change)
        for each, change in zip(items, changes, strict=True)
    ]


def _modifier(name):
    return ItemModifierView(
        modifier_id="", name=name, kitchen_name=name, quantity=1, price_minor=0, is_removal=False
    )


def test_equal_lines_stand_as_one_at_the_place_of_the_first():
    """Their units are added up, each stays a line of its own, and nothing else moves."""
    oat = {"modifiers": [_modifier("OAT")]}
    lines = _lines(oat, {"name": "MOCHA"}, {**oat, "quantity": 2, "version": 4})

    shown = combine_lines(lines)

    assert [("FLAT WHITE", 3), ("MOCHA", 1)] == [(e.item.name, e.item.quantity) for e in shown]
    assert [[lines[0], lines[2]], [lines[1]]] == [each.parts for each in shown]
    assert lines[0].item_id == shown[0].item.item_id


@pytest.mark.parametrize(
    "change",
    [
        {"modifiers": [_modifier("OAT")]},
        {"note": "extra hot"},
        {"status": ItemStatus.STARTED},
        {"is_remake": True},
        {"changed_from": 2},
        {"menu_item_id": "another flat white"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_differs_stands_by_itself(change):
    """A note breaks it even where both lines have the same; so does a void."""
    alone = [
        {"note": "extra hot"},
        {"status": ItemStatus.VOIDED},
        {"is_remake": True},
        {"changed_from": 2},
    ]
    assert 2 == len(combine_lines(_lines({}, change)))
    assert 2 * len(alone) == len(combine_lines(_lines(*alone, *alone)))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(ItemStatus), st.integers(1, 9))))
def test_no_unit_is_lost_or_doubled_in_one_line(kinds):
    """Whatever a ticket carries: every line is part of exactly one that is shown."""
    changes = [{"name": n, "status": status, "quantity": many} for n, status, many in kinds]
    lines = _lines(*changes) if changes else []

    shown = combine_lines(lines)

    assert sorted(e.item_id for e in lines) == sorted(p.item_id for e in shown for p in e.parts)
    assert all(each.item.quantity == sum(p.quantity for p in each.parts) for each in shown)
