"""What screens read: the right rows, at one place in the log, in a constant number of queries."""

import pytest

from domain.commands import (
    AcknowledgeVoid,
    BumpTicket,
    FinishItems,
    InitiatePayment,
    PlaceOrder,
    ServeItems,
    VoidItems,
)
from domain.errors import NotFound
from domain.payments import PaymentMethod
from domain.roles import Role
from domain.statuses import OrderStatus
from models.base import database_proxy
from services.boards import (
    list_orders,
    read_counter_board,
    read_guest_orders,
    read_kitchen_board,
    read_order,
    read_ready_board,
    read_ticket,
)
from services.tables import list_tables
from tests.support.cafes import OTHER_CAFE_ID, UNKNOWN_ID, units


async def _order(cafe, *lines, who=Role.COUNTER, **options):
    return await cafe.order(who, "place_order", PlaceOrder(lines=list(lines), **options))


async def _read_kitchen(cafe, station=None):
    station_id = None if station is None else cafe.stations[station]
    return await cafe.runner.read(read_kitchen_board, cafe.cafe_id, station_id, now=cafe.now)


@pytest.mark.parametrize(
    "read",
    [
        lambda cafe, guest: (read_counter_board, cafe.cafe_id),
        lambda cafe, guest: (lambda: read_ready_board(cafe.cafe_id, now=cafe.now),),
        lambda cafe, guest: (
            lambda: read_guest_orders(cafe.cafe_id, guest.table_session_id, now=cafe.now),
        ),
        lambda cafe, guest: (list_tables, cafe.cafe_id),
        lambda cafe, guest: (list_orders, cafe.staff(Role.COUNTER)),
        lambda cafe, guest: (lambda: read_kitchen_board(cafe.cafe_id, None, now=cafe.now),),
    ],
    ids=["counter", "ready", "guest", "tables", "orders", "kitchen"],
)
async def test_queries_do_not_grow_with_what_is_shown(cafe, read):
    """One order or nine more: as many statements."""
    guest = await cafe.sit_down(1)
    await _order(cafe, cafe.line("Toastie", "Rye"), who=guest)

    def count():
        """Run the query and count the statements that it sends."""
        statements = []
        database = database_proxy.obj
        original = database.execute_sql

        def execute_sql(sql, *rest, **options):
            statements.append(sql)
            return original(sql, *rest, **options)

        database.execute_sql = execute_sql
        try:
            query, *arguments = read(cafe, guest)
            query(*arguments)
        finally:
            del database.execute_sql
        return len(statements)

    # The first reading learns how long dishes take, which is kept; the next has a board of its own.
    await cafe.runner.read(count)
    await _order(cafe, cafe.line("Water"), cafe.line("Latte", "Oat"), who=guest)
    few = await cafe.runner.read(count)
    await _order(cafe, cafe.line("Toastie", "Rye"), who=guest)
    for number in range(4):
        await _order(cafe, cafe.line("Flat white"), cafe.line("Toastie", "White"))
        await _order(cafe, cafe.line("Flat white"), table_number=2 + number % 2)

    assert await cafe.runner.read(count) == few
    assert few <= 12


async def test_a_station_sees_its_own_tickets_oldest_first(cafe):
    """Bar and kitchen each have their part; both without a station; another cafe has none."""
    first = await _order(cafe, cafe.line("Flat white"), cafe.line("Toastie", "Rye"))
    cafe.pass_time(seconds=5)
    second = await _order(cafe, cafe.line("Water"))

    bar, kitchen, everything = (
        await _read_kitchen(cafe, "bar"),
        await _read_kitchen(cafe, "kitchen"),
        await _read_kitchen(cafe),
    )

    assert [ticket.order_number for ticket in bar.tickets] == [
        first.order_number,
        second.order_number,
    ]
    assert [ticket.order_number for ticket in kitchen.tickets] == [first.order_number]
    assert len(everything.tickets) == 3
    assert bar.station.slug == "bar"
    assert kitchen.tickets[0].others[0].station_name == "Bar"
    with pytest.raises(NotFound):
        await cafe.runner.read(
            read_kitchen_board, OTHER_CAFE_ID, cafe.stations["bar"], now=cafe.now
        )


async def test_what_was_ordered_just_now_is_on_the_board(cafe):
    """Where a station never bumps, new tickets push out the oldest and not themselves."""
    for _ in range(3):
        await _order(cafe, cafe.line("Water"))
        cafe.pass_time(seconds=5)

    board = await cafe.runner.read(
        read_kitchen_board, cafe.cafe_id, cafe.stations["bar"], now=cafe.now, limit=2
    )

    assert [ticket.order_number for ticket in board.tickets] == [2, 3]


async def test_finished_tickets_are_the_days_newest_first(cafe):
    """A bumped ticket leaves the grid and heads the finished ones, until the next day."""
    for _ in range(2):
        await _order(cafe, cafe.line("Water"))
    for ticket in (await _read_kitchen(cafe, "bar")).tickets:
        cafe.pass_time(seconds=10)
        await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=ticket.ticket_id))

    board = await _read_kitchen(cafe, "bar")
    assert board.tickets == []
    assert [ticket.order_number for ticket in board.finished] == [2, 1]

    cafe.pass_time(days=1)
    assert (await _read_kitchen(cafe, "bar")).finished == []


async def test_a_ticket_shows_no_price(cafe):
    """Not of the line, and not of what was added to it."""
    await _order(cafe, cafe.line("Flat white", "Oat"))

    (ticket,) = (await _read_kitchen(cafe, "bar")).tickets
    assert [(each.name, each.price_minor) for each in ticket.items[0].modifiers] == [("Oat", 0)]


async def test_a_ticket_says_what_differs_from_the_usual(cafe):
    """The usual milk is silent, whether chosen or not; a group without a default always speaks."""
    order = await _order(
        cafe,
        cafe.line("Flat white"),
        cafe.line("Flat white", "Whole"),
        cafe.line("Flat white", "Oat"),
        cafe.line("Toastie", "White"),
    )

    bar = (await _read_kitchen(cafe, "bar")).tickets[0]
    kitchen = (await _read_kitchen(cafe, "kitchen")).tickets[0]
    told = [[each.kitchen_name for each in item.modifiers] for item in bar.items + kitchen.items]
    assert told == [[], [], ["OAT"], ["WHITE"]]
    stored = await cafe.runner.read(read_order, cafe.staff(Role.COUNTER), order.order_id)
    assert [(each.name, each.is_usual) for item in stored.items for each in item.modifiers] == [
        ("Whole", True),
        ("Whole", True),
        ("Oat", False),
        ("White", False),
    ]


async def test_a_voided_ticket_stays_until_a_cook_has_seen_it(cafe):
    """Strike and acknowledge: no void goes by unseen in the kitchen."""
    order = await _order(cafe, cafe.line("Water"))
    (water,) = order.items
    await cafe.do(
        Role.COUNTER, "void_items", VoidItems(order_id=order.order_id, items=units(water))
    )

    (ticket,) = (await _read_kitchen(cafe, "bar")).tickets
    assert ticket.status == "cancelled"
    assert not ticket.items[0].void_seen

    await cafe.do(Role.KITCHEN, "acknowledge_void", AcknowledgeVoid(item_id=water.item_id))
    assert (await _read_kitchen(cafe, "bar")).tickets == []
    seen = await cafe.runner.read(read_ticket, cafe.cafe_id, ticket.ticket_id, now=cafe.now)
    assert seen.items[0].void_seen


async def test_boards_follow_an_order(cafe):
    """Numbers prepare, are ready and go; the counter keeps what is over until it is paid."""
    order = await _order(cafe, cafe.line("Water"))

    async def states():
        board = await cafe.runner.read(read_ready_board, cafe.cafe_id, now=cafe.now)
        return [(number.order_number, number.state) for number in board.numbers]

    assert await states() == [(1, "preparing")]
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(order.items[0])))
    assert await states() == [(1, "ready")]
    waited = cafe.now
    cafe.pass_time(minutes=15)
    assert await states() == []  # nobody came: the board has room for the next ones
    cafe.now = waited
    await cafe.do(Role.EXPO, "serve_items", ServeItems(items=units(order.items[0])))
    assert await states() == []
    board = await cafe.runner.read(read_counter_board, cafe.cafe_id)
    assert [each.status for each in board.orders] == [OrderStatus.COMPLETED]
    await cafe.do(
        Role.COUNTER,
        "initiate_payment",
        InitiatePayment(
            order_id=order.order_id,
            method=PaymentMethod.CASH,
            amount_minor=order.totals.total_minor,
        ),
    )
    assert (await cafe.runner.read(read_counter_board, cafe.cafe_id)).orders == []


async def test_snapshot_and_events_agree(cafe):
    """The last event about an order and a ticket shows them as a fresh snapshot does."""
    guest = await cafe.sit_down(1)
    order = await _order(cafe, cafe.line("Flat white"), cafe.line("Toastie", "Rye"), who=guest)
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(order.items[0])))
    log = await cafe.read_log()
    board = await _read_kitchen(cafe)
    guests = await cafe.runner.read(
        read_guest_orders, cafe.cafe_id, guest.table_session_id, now=cafe.now
    )

    orders = [logged.event.order for logged in log if hasattr(logged.event, "order")]
    tickets = {
        logged.event.ticket.ticket_id: logged.event.ticket
        for logged in log
        if hasattr(logged.event, "ticket")
    }
    assert guests.orders == [orders[-1]]
    assert {ticket.ticket_id: ticket for ticket in board.tickets + board.finished} == tickets
    assert (board.position.seq, board.position.event_id) == (log[-1].seq, log[-1].event_id)
    assert guests.position == board.position


async def test_a_guest_reads_their_own_seating_only(cafe):
    """Another table's order looks exactly like no order."""
    guest, stranger = await cafe.sit_down(1), await cafe.sit_down(2)
    order = await _order(cafe, cafe.line("Water"), who=guest)

    assert await cafe.runner.read(read_order, guest, order.order_id) == order
    assert (await cafe.runner.read(list_orders, guest)).orders == [order]
    assert (await cafe.runner.read(list_orders, stranger)).orders == []
    errors = []
    for order_id in (order.order_id, UNKNOWN_ID):
        with pytest.raises(NotFound) as refusal:
            await cafe.runner.read(read_order, stranger, order_id)
        errors.append((refusal.value.code, refusal.value.message))
    assert errors[0] == errors[1]


async def test_staff_list_orders_by_status_and_day(cafe):
    """Without a wish the open ones; a status or a day lists all of it."""
    staff = cafe.staff(Role.COUNTER)
    done = await _order(cafe, cafe.line("Water"))
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(done.items[0])))
    await cafe.do(Role.EXPO, "serve_items", ServeItems(items=units(done.items[0])))
    waiting = await _order(cafe, cafe.line("Water"))

    async def numbers(**filters):
        found = await cafe.runner.read(list_orders, staff, **filters)
        return [order.order_number for order in found.orders]

    assert await numbers() == [waiting.order_number]
    assert await numbers(status=OrderStatus.COMPLETED) == [done.order_number]
    assert await numbers(business_date=done.business_date) == [1, 2]
    assert await numbers(business_date=done.business_date, limit=1) == [2]


async def test_tables_show_who_sits_and_what_they_ordered(cafe):
    """Free, seated, and the status of the seating's order."""
    guest = await cafe.sit_down(1)
    await cafe.sit_down(2)
    order = await _order(cafe, cafe.line("Water"), who=guest)

    tables = (await cafe.runner.read(list_tables, cafe.cafe_id)).tables

    assert [(table.number, table.status) for table in tables] == [
        (1, "confirmed"),
        (2, "seated"),
        (3, "free"),
    ]
    assert tables[0].open_order_id == order.order_id
    assert tables[2].table_session_id is None
