"""A new day begins with that day's tickets and with free tables."""

import pytest

from domain.commands import FinishItems, PlaceOrder, ServeItems
from domain.errors import AuthenticationFailed
from domain.roles import Role
from domain.statuses import ItemStatus, OrderStatus
from jobs.day_end import end_earlier_days
from services.boards import read_counter_board, read_kitchen_board, read_order, read_ready_board
from services.tables import list_tables
from tests.support.cafes import describe, units

# The cafe's clock stands at noon in Lisbon, and its day ends at four in the morning.
UNTIL_FOUR_IN_THE_MORNING = {"hours": 16, "minutes": 5}


async def _place(cafe, who, *lines, **options):
    return await cafe.order(who, "place_order", PlaceOrder(lines=list(lines), **options))


async def _end_days(cafe):
    return await end_earlier_days(cafe.runner, now=cafe.now)


async def test_what_a_day_left_is_served_and_its_tables_are_free(cafe):
    """Nothing of yesterday is on a wall, and who scans a code in the morning sits alone."""
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"), cafe.line("Toastie", "Rye"))
    water = order.items[0]
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(water)))
    sale = await _place(cafe, Role.COUNTER, cafe.line("Latte"))
    cafe.pass_time(**UNTIL_FOUR_IN_THE_MORNING)
    cafe.take_events()

    assert await _end_days(cafe) == (2, 1)

    kitchen = await cafe.runner.read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now)
    counter = await cafe.runner.read(read_counter_board, cafe.cafe_id)
    board = await cafe.runner.read(read_ready_board, cafe.cafe_id, now=cafe.now)
    assert ([], [], []) == (kitchen.tickets, kitchen.finished, board.numbers)
    assert [] == [each for each in counter.orders if each.status is not OrderStatus.COMPLETED]
    told = describe(cafe.take_events())
    assert "order_status_updated preparing completed" in told
    assert told.count("order_number_cleared") == 2
    assert told[-1] == "table_session_closed"
    for order_id in (order.order_id, sale.order_id):
        read = await cafe.runner.read(read_order, cafe.staff(Role.OWNER), order_id)
        assert {ItemStatus.SERVED} == {item.status for item in read.items}
    with pytest.raises(AuthenticationFailed):
        await _place(cafe, guest, cafe.line("Water"))
    newcomer = await cafe.sit_down(1)
    assert newcomer.table_session_id != guest.table_session_id
    first = await _place(cafe, newcomer, cafe.line("Water"))
    assert (1, 1) == (first.order_number, len(first.rounds))

    assert await _end_days(cafe) == (0, 0)


async def test_whoever_is_still_there_is_left_alone(cafe):
    """A night that is longer than the day: what was ordered within four hours stays."""
    guest = await cafe.sit_down(1)
    await cafe.sit_down(2)
    cafe.pass_time(hours=15)
    await _place(cafe, guest, cafe.line("Water"))
    cafe.pass_time(hours=1, minutes=5)

    # The second table has had nobody for sixteen hours.
    assert await _end_days(cafe) == (0, 1)
    tables = (await cafe.runner.read(list_tables, cafe.cafe_id)).tables
    assert [1] == [table.number for table in tables if table.table_session_id is not None]
    cafe.pass_time(hours=3)
    assert await _end_days(cafe) == (1, 1)


async def test_the_same_day_ends_nothing(cafe):
    """However long a table sits: until the day is over it is the counter's to free."""
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"))
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(*order.items)))
    await cafe.do(Role.COUNTER, "serve_items", ServeItems(items=units(*order.items)))
    await _place(cafe, Role.COUNTER, cafe.line("Latte"))
    cafe.pass_time(hours=10)

    assert await _end_days(cafe) == (0, 0)


async def test_a_day_of_many_orders_is_ended_in_steps(cafe, monkeypatch):
    """No single transaction keeps the writer for long."""
    monkeypatch.setattr("services.day_end.LIMIT", 2)
    monkeypatch.setattr("jobs.day_end.LIMIT", 2)
    for _ in range(5):
        await _place(cafe, Role.COUNTER, cafe.line("Water"))
    cafe.pass_time(days=1)

    assert await _end_days(cafe) == (5, 0)
