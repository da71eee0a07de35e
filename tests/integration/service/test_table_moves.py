"""Guests who change tables, and two tables that become one: nothing is fired again."""

import msgspec
import pytest

from domain.commands import (
    AddRound,
    CallStaff,
    MergeTables,
    MoveTable,
    PlaceOrder,
    StartItems,
)
from domain.errors import AuthorizationDenied, Conflict, NotFound
from domain.roles import Role
from domain.statuses import TicketStatus
from domain.views.tables import TableView
from services.access import recheck_identity
from services.boards import read_guest_orders, read_kitchen_board, read_order
from services.tables import list_tables, read_guest_session
from tests.support.cafes import describe, units


async def _place(cafe, who, *lines, **options):
    return await cafe.order(who, "place_order", PlaceOrder(lines=list(lines), **options))


async def _move(cafe, guest, number, who=Role.COUNTER):
    outcome = await cafe.do(
        who,
        "move_table",
        MoveTable(table_session_id=guest.table_session_id, table_number=number),
    )
    return msgspec.json.decode(outcome.body, type=TableView)


async def _tickets(cafe):
    board = await cafe.runner.read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now)
    return {ticket.ticket_id: ticket for ticket in board.tickets}


async def test_guests_take_their_order_along(cafe):
    """The same lines, tickets and times under another name; open tickets say where it was."""
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"), cafe.line("Toastie", "Rye"))
    await cafe.do(Role.KITCHEN, "start_items", StartItems(items=units(order.items[1])))
    before = await _tickets(cafe)
    cafe.take_events()
    cafe.pass_time(minutes=1)

    table = await _move(cafe, guest, 2)

    assert (2, guest.table_session_id, order.order_id) == (
        table.number,
        table.table_session_id,
        table.open_order_id,
    )
    assert describe(cafe.take_events()) == [
        "kitchen_ticket_updated Bar moved",
        "kitchen_ticket_updated Kitchen moved",
        "order_progress",
        "table_session_moved",
    ]
    after = await _tickets(cafe)
    assert after.keys() == before.keys()
    for ticket_id, ticket in after.items():
        old = before[ticket_id]
        assert (2, old.table_label) == (ticket.table_number, ticket.moved_from)
        assert (ticket.queued_at, ticket.started_at, ticket.status) == (
            old.queued_at,
            old.started_at,
            old.status,
        )
        assert [each.item_id for each in ticket.items] == [each.item_id for each in old.items]
    more = AddRound(order_id=order.order_id, lines=[cafe.line("Water")])
    added = await cafe.order(guest, "add_round", more)
    assert 2 == added.table_number
    fresh = [each for each in (await _tickets(cafe)).values() if each.round_number == 2]
    assert [""] == [ticket.moved_from for ticket in fresh]
    tables = (await cafe.runner.read(list_tables, cafe.cafe_id)).tables
    assert ["free", "preparing"] == [each.status for each in tables[:2]]


async def test_who_moves_whom_where(cafe):
    """The till does, to a free table; a guest and the kitchen do not."""
    guest = await cafe.sit_down(1)
    other = await cafe.sit_down(2)
    await _place(cafe, guest, cafe.line("Water"))

    for number, code in ((1, "same_table"), (2, "table_taken")):
        with pytest.raises(Conflict) as refused:
            await _move(cafe, guest, number)
        assert code == refused.value.code
    with pytest.raises(NotFound):
        await _move(cafe, guest, 99)
    for who in (Role.KITCHEN, Role.EXPO, other):
        with pytest.raises(AuthorizationDenied):
            await _move(cafe, guest, 3, who=who)


async def test_two_tables_become_one(cafe):
    """Guests of both see both orders; each order keeps its number, its lines and its money."""
    first, second = await cafe.sit_down(1), await cafe.sit_down(2)
    one = await _place(cafe, first, cafe.line("Water"))
    two = await _place(cafe, second, cafe.line("Toastie", "Rye"))
    await cafe.do(first, "call_staff", CallStaff())
    before = await _tickets(cafe)
    cafe.take_events()

    await cafe.do(
        Role.COUNTER,
        "merge_tables",
        MergeTables(
            table_session_id=first.table_session_id, into_session_id=second.table_session_id
        ),
    )

    told = describe(cafe.take_events())
    assert "kitchen_ticket_updated Bar moved" in told
    assert not [each for each in told if each.startswith("kitchen_order_received")]
    after = await _tickets(cafe)
    assert after.keys() == before.keys()
    assert {TicketStatus.RECEIVED} == {ticket.status for ticket in after.values()}
    joined = await cafe.runner.read(lambda: recheck_identity(first, now=cafe.now))
    assert second.table_session_id == joined.table_session_id
    seen = await cafe.runner.read(
        read_guest_orders, cafe.cafe_id, joined.table_session_id, now=cafe.now
    )
    assert {one.order_number, two.order_number} == {each.order_number for each in seen.orders}
    session = await cafe.runner.read(read_guest_session, cafe.cafe_id, first.lane_id)
    assert (2, 2) == (session.table_number, session.lane_number)
    moved = await cafe.runner.read(read_order, cafe.staff(Role.OWNER), one.order_id)
    assert one.totals == moved.totals
    assert [item.item_id for item in one.items] == [item.item_id for item in moved.items]
    again = await _place(cafe, joined, cafe.line("Water"))
    assert again.order_number in {one.order_number, two.order_number}
    tables = (await cafe.runner.read(list_tables, cafe.cafe_id)).tables
    assert "free" == tables[0].status
    with pytest.raises(Conflict):
        await cafe.do(
            Role.COUNTER,
            "merge_tables",
            MergeTables(
                table_session_id=second.table_session_id, into_session_id=second.table_session_id
            ),
        )
