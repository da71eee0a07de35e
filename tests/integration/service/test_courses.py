"""Hold and fire, through rows of both databases: who may, when by itself, and what it touches."""

from datetime import timedelta

import msgspec
import pytest

from domain.analytics import LONGEST_ROUND
from domain.commands import (
    AddRound,
    BumpTicket,
    CancelOrder,
    CourseHold,
    FinishItems,
    FireItems,
    HoldItems,
    MoveTable,
    PlaceOrder,
    RecallTicket,
    RejectRound,
    RushTicket,
    ServeItems,
    VoidItems,
)
from domain.errors import AuthorizationDenied, Conflict, InvalidTransition
from domain.roles import Role
from domain.screens import Receipt
from domain.statuses import ItemStatus, OrderStatus, RoundStatus
from domain.views.kitchen import TicketsView
from domain.views.orders import OrdersView
from services.analytics import read_analytics
from services.approvals import ExpireDueHolds, expire_due_holds, list_cafes_with_due_holds
from services.audit import read_audit
from services.boards import (
    read_kitchen_board,
    read_order,
    read_pass_board,
    read_ready_board,
)
from services.day_end import EndEarlierDays, serve_left_orders
from services.estimates import read_open_lines
from services.order_notifications import list_cafes_with_late_tickets
from services.queue import read_queue_places
from services.receipts import NoteReceipts, list_cafes_with_unseen_tickets, note_receipts
from tests.support.cafes import CAFE_ID, describe, open_beside, units
from tests.support.walls import open_screen


def _later(line, *, fires_in_s=None):
    return msgspec.structs.replace(line, hold=CourseHold(fires_in_s=fires_in_s))


async def _place(cafe, *lines, who=Role.COUNTER, **options):
    return await cafe.order(who, "place_order", PlaceOrder(lines=list(lines), **options))


async def _read(cafe, order):
    return await cafe.runner.read(read_order, cafe.staff(Role.OWNER), order.order_id)


async def _board(cafe, station=None):
    station_id = None if station is None else cafe.stations[station]
    return await cafe.runner.read(read_kitchen_board, cafe.cafe_id, station_id, now=cafe.now)


async def _hold(cafe, *items, who=Role.COUNTER, **options):
    wanted = [unit for item in items for unit in units(item)]
    outcome = await cafe.do(who, "hold_items", HoldItems(items=wanted, **options))
    return msgspec.json.decode(outcome.body, type=TicketsView).tickets


async def _fire(cafe, *items, who=Role.COUNTER):
    wanted = [unit for item in items for unit in units(item)]
    outcome = await cafe.do(who, "fire_items", FireItems(items=wanted))
    return msgspec.json.decode(outcome.body, type=TicketsView).tickets


async def _end_holds(cafe):
    outcome = await cafe.runner.write(
        expire_due_holds, ExpireDueHolds(), command_type="expire", cafe_id=cafe.cafe_id
    )
    return msgspec.json.decode(outcome.body, type=OrdersView).orders


async def test_cakes_come_after_the_mains(cafe):
    """Marked before they are sent: seen at once, made when the counter fires them."""
    order = await _place(cafe, cafe.line("Latte"), _later(cafe.line("Water", quantity=2)))
    assert describe(cafe.take_events()) == [
        "order_created",
        "order_round_added 2",
        "kitchen_order_received Bar",
        "kitchen_ticket_updated Bar held",
        "order_number_preparing",
    ]
    assert [each.status for each in order.rounds] == ["confirmed", "submitted"]
    assert order.totals.total_minor == 410 + 2 * 190
    main, later = order.items
    (ticket,) = (await _board(cafe, "bar")).tickets
    assert [item.name for item in ticket.items] == ["Latte"]
    assert [(each.fires_at, each.items[0].quantity) for each in ticket.held] == [(None, 2)]

    await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=ticket.ticket_id))
    (alone,) = (await _board(cafe)).tickets
    assert (alone.status, alone.beside_id, alone.items[0].status) == ("held", None, "held")
    with pytest.raises(InvalidTransition) as refusal:
        await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=alone.ticket_id))
    assert (refusal.value.details or {})["allowed"] == ["fire"]
    await cafe.do(Role.KITCHEN, "recall_ticket", RecallTicket(ticket_id=ticket.ticket_id))
    (again,) = (await _board(cafe)).tickets
    assert [each.ticket_id for each in again.held] == [alone.ticket_id]
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(main)))

    cafe.pass_time(minutes=25)
    cafe.take_events()
    (fired,) = await _fire(cafe, later)
    assert (fired.ticket_id, fired.queued_at, fired.is_course) == (
        alone.ticket_id,
        cafe.now,
        True,
    )
    events = describe(cafe.take_events())
    assert events[:2] == ["order_round_updated 2 confirmed", "kitchen_order_received Bar"]
    page = await cafe.runner.read(read_audit, cafe.cafe_id, limit=1)
    assert [fact.kind for fact in page.facts] == ["items_fired"]


async def test_a_timer_fires_by_itself_once(cafe):
    """Each time is a round; another process than the one that heard of it may be the one."""
    order = await _place(
        cafe,
        cafe.line("Toastie", "Rye"),
        _later(cafe.line("Water"), fires_in_s=600),
        _later(cafe.line("Latte"), fires_in_s=900),
        _later(cafe.line("Water"), fires_in_s=600),
    )
    assert [len(each.items) for each in order.rounds] == [1, 2, 1]
    due = cafe.now + timedelta(minutes=10)
    assert order.rounds[1].fires_at == due
    cafe.pass_time(minutes=9, seconds=59)
    assert await cafe.runner.read(list_cafes_with_due_holds, cafe.now) == []
    cafe.pass_time(seconds=1)
    cafe.take_events()
    async with open_beside(cafe) as beside:
        beside.now = cafe.now
        (fired,) = await _end_holds(beside)
    assert await _end_holds(cafe) == []

    assert [each.status for each in fired.rounds] == ["confirmed", "confirmed", "submitted"]
    assert (fired.rounds[1].fired_at, fired.items[1].queued_at) == (due, due)
    (bar,) = (await _board(cafe, "bar")).tickets
    assert (bar.queued_at, bar.is_course, len(bar.held)) == (due, True, 1)


async def test_a_line_is_held_fired_and_held_again(cafe):
    """By a cook or at the till; the hold's row begins anew, and the ticket is the same card."""
    order = await _place(cafe, cafe.line("Latte"), cafe.line("Toastie", "Rye"))
    latte = order.items[0]
    tickets = {ticket.station_name: ticket.ticket_id for ticket in (await _board(cafe)).tickets}
    (held,) = await _hold(cafe, latte, who=Role.KITCHEN, fires_in_s=600)
    assert (held.ticket_id, held.status) == (tickets["Bar"], "held")
    await _hold(cafe, latte)
    assert (await _read(cafe, order)).rounds[1].fires_at is None
    await _fire(cafe, latte, who=Role.KITCHEN)
    (held,) = await _hold(cafe, latte, fires_in_s=1200)

    assert held.ticket_id == tickets["Bar"]
    after = await _read(cafe, order)
    assert [each.status for each in after.rounds] == ["confirmed", "submitted"]
    assert after.rounds[1].fires_at == cafe.now + timedelta(minutes=20)
    page = await cafe.runner.read(read_audit, cafe.cafe_id, limit=4)
    assert [fact.kind for fact in page.facts] == [
        "items_held",
        "items_fired",
        "items_held",
        "items_held",
    ]


async def test_who_holds_and_what(cafe):
    """Everybody of the house, and no guest; neither what was begun nor what waits otherwise."""
    guest = await cafe.sit_down(1)
    order = await _place(cafe, cafe.line("Water"), cafe.line("Latte"), who=guest)
    water, latte = order.items
    for who in (Role.COUNTER, Role.EXPO, Role.KITCHEN, Role.MANAGER, Role.OWNER):
        await _hold(cafe, water, who=who)
        await _fire(cafe, water, who=who)
    for act in (_hold, _fire):
        with pytest.raises(AuthorizationDenied):
            await act(cafe, water, who=guest)
    with pytest.raises(AuthorizationDenied) as refusal:
        await _place(cafe, _later(cafe.line("Water")), who=guest)
    assert refusal.value.code == "hold_not_allowed"
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(latte)))
    with pytest.raises(InvalidTransition):
        await _hold(cafe, latte)
    with pytest.raises(InvalidTransition):
        await _fire(cafe, latte)


async def test_the_house_fires_what_the_house_holds(strict_cafe):
    """No approval lets it go or turns it down; what waits for one is not fired."""
    cafe = strict_cafe
    guest = await cafe.sit_down(1)
    order = await _place(cafe, cafe.line("Water"), who=guest)
    for act in (_hold, _fire):
        with pytest.raises(Conflict) as refusal:
            await act(cafe, order.items[0])
        assert refusal.value.code == "not_held"
    held = await _place(cafe, _later(cafe.line("Water")))
    with pytest.raises(Conflict) as refusal:
        await cafe.do(
            Role.COUNTER,
            "reject_round",
            RejectRound(order_id=held.order_id, round_number=1, reason="x"),
        )
    assert refusal.value.code == "held"
    (ticket,) = (await _board(cafe)).tickets
    with pytest.raises(InvalidTransition):
        await cafe.do(
            Role.COUNTER, "rush_ticket", RushTicket(ticket_id=ticket.ticket_id, reason="x")
        )


async def test_what_is_held_is_nobodys_work(cafe):
    """Neither load nor queue nor estimate, neither late nor unseen, until it is fired."""
    order = await _place(cafe, _later(cafe.line("Latte")))
    assert order.status is OrderStatus.CONFIRMED
    cafe.pass_time(hours=1)

    async def look():
        figures = (await cafe.runner.read(read_analytics, CAFE_ID, now=cafe.now)).figures
        (place,) = await cafe.runner.read(
            read_queue_places, CAFE_ID, [order.order_id], now=cafe.now
        )
        lines = await cafe.runner.read(read_open_lines, CAFE_ID)
        return figures, place, len(lines)

    figures, place, lines = await look()
    assert (figures.kitchen_load, figures.revenue_today, figures.waiting_orders) == (0, 0, 0)
    assert (place.queue_position, place.high_minutes, lines) == (None, 0, 0)
    assert await cafe.runner.read(list_cafes_with_late_tickets, cafe.now) == []
    await _fire(cafe, *order.items)
    figures, place, lines = await look()
    assert (figures.kitchen_load, lines, place.queue_position) == (25, 1, 1)
    assert figures.revenue_today > 0
    assert await cafe.runner.read(list_cafes_with_late_tickets, cafe.now) == []
    cafe.pass_time(minutes=5)
    assert await cafe.runner.read(list_cafes_with_late_tickets, cafe.now) == [CAFE_ID]

    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(order.items[0])))
    figures, _, _ = await look()
    assert (figures.average_order_time, figures.average_order_time_n) == (5.0, 1)


async def test_a_fired_ticket_has_to_be_shown_again(cafe, paint):
    """What a screen showed before it was held is no receipt of what it is now."""
    await open_screen(cafe)
    order = await _place(cafe, cafe.line("Latte"))
    (ticket,) = (await _board(cafe)).tickets
    await paint(ticket)
    cafe.pass_time(minutes=1)
    await _hold(cafe, *order.items)
    cafe.pass_time(minutes=1)
    assert await cafe.runner.read(list_cafes_with_unseen_tickets, cafe.now) == []
    await _fire(cafe, *order.items)
    cafe.pass_time(seconds=5)
    assert await cafe.runner.read(list_cafes_with_unseen_tickets, cafe.now) == [CAFE_ID]
    await paint(ticket)
    assert await cafe.runner.read(list_cafes_with_unseen_tickets, cafe.now) == []


@pytest.fixture
def paint(cafe):
    """Let a screen say that it shows a ticket."""

    async def say(ticket):
        receipt = Receipt(
            cafe_id=CAFE_ID,
            station_id=ticket.station_id,
            ticket_id=ticket.ticket_id,
            screen_key="wall",
        )
        await cafe.runner.write(
            note_receipts, NoteReceipts(receipts=[receipt]), command_type="note_receipts"
        )

    return say


async def test_mains_are_served_and_the_rest_waits(cafe):
    """The pass has both, the board has neither then, and the table is under way until it ends."""
    order = await _place(cafe, cafe.line("Latte"), _later(cafe.line("Water")), table_number=1)
    main, later = order.items
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(main)))
    assert (await _read(cafe, order)).status is OrderStatus.READY
    await cafe.do(Role.COUNTER, "serve_items", ServeItems(items=units(main)))
    served = await _read(cafe, order)
    assert (served.status, served.progress_percentage) == (OrderStatus.CONFIRMED, 100)
    assert [each.is_course for each in served.rounds] == [False, True]
    assert served.waits_for_course
    board = await cafe.runner.read(read_ready_board, CAFE_ID, now=cafe.now)
    assert board.numbers == []
    board = await cafe.runner.read(read_pass_board, CAFE_ID, now=cafe.now)
    assert [each.order_id for each in board.orders] == [order.order_id]

    await cafe.do(
        Role.COUNTER,
        "move_table",
        MoveTable(table_session_id=order.table_session_id, table_number=2),
    )
    (ticket,) = (await _board(cafe)).tickets
    assert (ticket.table_label, ticket.moved_from) == ("Table 2", "")
    await cafe.do(
        Role.COUNTER,
        "void_items",
        VoidItems(order_id=order.order_id, items=units(later), reason="full"),
    )
    after = await _read(cafe, order)
    assert (after.status, after.totals.total_minor) == (OrderStatus.COMPLETED, 410)
    assert (await _board(cafe)).tickets == []


async def test_a_cancelled_order_takes_what_is_held_along(cafe):
    """Nobody has to tick anything off that was never made."""
    order = await _place(cafe, _later(cafe.line("Latte"), fires_in_s=600), cafe.line("Water"))
    await _hold(cafe, order.items[0])
    await cafe.do(Role.COUNTER, "cancel_order", CancelOrder(order_id=order.order_id, reason="x"))

    assert (await _board(cafe)).tickets == []
    cafe.pass_time(minutes=11)
    assert await cafe.runner.read(list_cafes_with_due_holds, cafe.now) == []


async def test_what_nobody_fired_is_over_with_its_day(cafe):
    """It is neither served nor paid; the wall is clear in the morning."""
    order = await _place(cafe, cafe.line("Latte"))
    order = await cafe.order(
        Role.COUNTER,
        "add_round",
        AddRound(order_id=order.order_id, lines=[_later(cafe.line("Water"))]),
    )
    cafe.pass_time(hours=18)
    assert LONGEST_ROUND < timedelta(hours=18)
    await cafe.runner.write(
        serve_left_orders, EndEarlierDays(), command_type="day_end", cafe_id=CAFE_ID
    )

    after = await _read(cafe, order)
    assert [each.status for each in after.rounds] == [RoundStatus.CONFIRMED, RoundStatus.EXPIRED]
    assert [item.status for item in after.items] == [ItemStatus.SERVED, ItemStatus.VOIDED]
    assert (after.status, after.totals.total_minor) == (OrderStatus.COMPLETED, 410)
    assert (await _board(cafe)).tickets == []
