"""Versions and events of a change: each once, in a fixed order, and none without a reason."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.courses import fire_items, hold_items
from domain.item_moves import acknowledge_void, move_items, void_items
from domain.order_changes import (
    Cause,
    ItemsVoided,
    RoundAdded,
    RoundUpdated,
    begin_change,
    finish_change,
)
from domain.order_views import build_order_view, build_ticket_view
from domain.rounds import approve, end_waiting
from domain.statuses import ITEM_MOVES, ItemMove, RoundMove
from tests.support.orders import NOW, add_round, change, make_new_id, make_order


def _versions(order):
    return (
        order.version,
        [item.version for item in order.items],
        [ticket.version for ticket in order.tickets],
    )


def test_nothing_changed_is_nothing_told():
    """A change that changes nothing raises no version and records no event."""
    order = make_order(make_new_id())

    assert change(order, lambda: None) == []
    assert _versions(order) == (1, [1, 1], [1, 1])


def test_versions_rise_where_something_shows():
    """The line, its ticket, the sibling that shows its progress, the order; not the other line."""
    order = make_order(make_new_id())

    change(order, lambda: move_items(order.items[:1], ItemMove.FINISH, now=NOW))

    assert _versions(order) == (2, [2, 1], [2, 2])


def test_a_ticket_that_only_got_late_has_no_news():
    """Time alone changes a priority, and no change of another line carries it along."""
    order = make_order(make_new_id(), [("bar", 1), ("kitchen", 1)])
    late = NOW + timedelta(hours=1)
    begun = begin_change(order, now=late)
    move_items(order.items[:1], ItemMove.START, now=late)
    events = finish_change(begun, Cause(updated_by="kitchen"), now=late).events

    assert [event.__struct_config__.tag for event in events] == [
        "kitchen_order_started",
        "order_status_updated",
    ]
    assert order.tickets[1].version == 1


def test_a_void_that_was_seen_is_news_for_the_kitchen_alone():
    """The order shows no such thing, so it has no event and no new version."""
    order = make_order(make_new_id())
    coffee = order.items[0]
    change(order, lambda: void_items(order, [coffee], reason="", now=NOW), ticket_change="void")
    version = order.version

    assert change(order, lambda: acknowledge_void(coffee, now=NOW)) == ["kitchen_ticket_updated"]
    assert order.version == version


def test_an_approval_tells_the_round_first():
    """Gate, tickets, status, board."""
    order = make_order(make_new_id(), needs_approval=True)

    events = change(
        order,
        lambda: approve(order, order.rounds[0], now=NOW, new_id=make_new_id()),
        facts=(RoundUpdated(round_number=1),),
    )

    assert events == [
        "order_round_updated",
        "kitchen_order_received",
        "kitchen_order_received",
        "order_status_updated",
        "order_number_preparing",
    ]


def test_a_rejection_is_no_business_of_kitchen_or_board():
    """Neither ever heard of the order."""
    order = make_order(make_new_id(), needs_approval=True)

    events = change(
        order,
        lambda: end_waiting(order, order.rounds[0], RoundMove.REJECT, reason="closed", now=NOW),
        facts=(RoundUpdated(round_number=1),),
    )

    assert events == ["order_round_updated", "order_status_updated"]


def test_voiding_the_last_line_cancels_and_clears():
    """The kitchen sees the void, the board drops the number."""
    order = make_order(make_new_id(), [("bar", 1)])

    events = change(
        order,
        lambda: void_items(order, order.items, reason="", now=NOW),
        facts=(ItemsVoided(item_ids=(order.items[0].item_id,)),),
        ticket_change="void",
    )

    assert events == [
        "order_item_voided",
        "kitchen_ticket_updated",
        "order_status_updated",
        "order_number_cleared",
    ]


def test_a_number_whose_last_round_waits_leaves_the_board():
    """What the kitchen had was voided, what comes next nobody has approved: nothing to fetch."""
    new_id = make_new_id()
    order = make_order(new_id, [("bar", 1)])
    change(order, lambda: add_round(order, new_id, [("bar", 1)], needs_approval=True))

    events = change(
        order, lambda: void_items(order, order.items[:1], reason="", now=NOW), ticket_change="void"
    )

    assert order.status == "submitted"
    assert events[-1] == "order_number_cleared"


def test_voiding_what_was_missing_makes_an_order_ready():
    """The rest was ready already: the guest is told, and the board."""
    order = make_order(make_new_id())
    change(order, lambda: move_items(order.items[:1], ItemMove.FINISH, now=NOW))

    events = change(
        order,
        lambda: void_items(order, order.items[1:], reason="", now=NOW),
        facts=(ItemsVoided(item_ids=(order.items[1].item_id,)),),
        ticket_change="void",
    )

    assert events == [
        "order_item_voided",
        "kitchen_ticket_updated",
        "kitchen_ticket_updated",
        "order_status_updated",
        "order_ready",
        "order_number_ready",
    ]


def _move(order, move, item, new_id):
    match move:
        case ItemMove.VOID:
            void_items(order, [item], reason="", now=NOW)
        case ItemMove.HOLD:
            hold_items(order, [item], fires_in_s=600, now=NOW, new_id=new_id)
        case ItemMove.FIRE:
            fire_items(order, [item], now=NOW, new_id=new_id)
        case _:
            move_items([item], move, now=NOW)


_moves = st.lists(st.tuples(st.sampled_from(ItemMove), st.integers(0, 5)), max_size=12)


@given(_moves)
def test_the_last_event_shows_what_a_snapshot_shows(moves):
    """Replaying events ends where a fresh read begins: for the order and each ticket."""
    new_id = make_new_id()
    order = make_order(new_id, [("bar", 2), ("kitchen", 1), ("bar", 1)])
    orders, tickets, versions = {}, {}, [order.version]

    def apply(move, cause):
        begun = begin_change(order, now=NOW)
        move()
        for event in finish_change(begun, cause, now=NOW).events:
            if hasattr(event, "ticket"):
                tickets[event.ticket.ticket_id] = event.ticket
            if hasattr(event, "order"):
                orders[event.order.order_id] = event.order
        versions.append(order.version)

    apply(
        lambda: add_round(order, new_id, [("kitchen", 1)]),
        Cause(updated_by="customer", facts=(RoundAdded(round_number=2),)),
    )
    for move, position in moves:
        item = order.items[position % len(order.items)]
        if item.status not in ITEM_MOVES[move] or (move, item.status) == ("hold", "held"):
            continue
        is_void = move is ItemMove.VOID
        facts = (ItemsVoided(item_ids=(item.item_id,)),) if is_void else ()
        apply(
            lambda: _move(order, move, item, new_id),  # noqa: B023 - called at once
            Cause(updated_by="counter", facts=facts, ticket_change="void" if is_void else "item"),
        )

    assert versions == sorted(set(versions))
    assert orders[order.order_id] == build_order_view(order)
    for ticket in order.tickets:
        if ticket.ticket_id in tickets:
            assert tickets[ticket.ticket_id] == build_ticket_view(order, ticket, now=NOW)
        else:
            assert ticket.version == 1
