"""Tickets: derived from their lines, one per station and round."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.item_moves import move_items
from domain.kitchen import (
    compute_target_s,
    derive_priority,
    derive_ticket_status,
    is_on_board,
    list_station_progress,
    settle_ticket,
)
from domain.order_views import build_ticket_view
from domain.statuses import ItemMove, ItemStatus, Priority, TicketStatus
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

    assert derive_priority(ticket, items, now=on_time) is Priority.NORMAL
    assert derive_priority(ticket, items, now=late) is Priority.HIGH
    items[0].remake_of = items[0].item_id
    assert derive_priority(ticket, items, now=NOW) is Priority.HIGH
    move_items(items, ItemMove.FINISH, now=NOW)
    settle_ticket(ticket, items, now=NOW)
    assert derive_priority(ticket, items, now=late) is Priority.NORMAL


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
