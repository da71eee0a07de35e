"""What sales at the counter are called by: who may say and read it, and where it never stands."""

import msgspec
import pytest

from domain.commands import CancelOrder, NameOrder, PlaceOrder
from domain.errors import AuthorizationDenied, UnprocessableInput
from domain.roles import Role
from jobs.housekeeping import remove_expired
from models.orders import OrderContact
from models.rows import fetch_rows
from models.schema import TABLES
from services.boards import read_kitchen_board, read_ready_board
from services.contacts import list_names
from tests.support.cafes import OTHER_CAFE_ID, describe

NAME = "Zacharias Quixote"


async def _place(cafe, who=Role.COUNTER, **options):
    command = PlaceOrder(lines=[cafe.line("Water")], **options)
    return await cafe.order(who, "place_order", command)


async def _name(cafe, order, name, *, who=Role.COUNTER, initial=False):
    command = NameOrder(order_id=order.order_id, customer_name=name, may_show_initial=initial)
    return await cafe.order(who, "name_order", command)


async def _list(cafe, cafe_id=None):
    view = await cafe.runner.read(list_names, cafe_id or cafe.cafe_id, now=cafe.now)
    return [(each.order_id, each.revision, each.name, each.may_show_initial) for each in view.names]


def _find_tables_with(text):
    """Name the tables that hold a text anywhere."""
    return [
        table.__name__
        for table in TABLES
        if text in str(fetch_rows(f'SELECT * FROM "{table._meta.table_name}"'))
    ]


async def test_a_name_stands_in_one_row_and_every_view_says_that_there_is_one(cafe):
    """Not in the log, in no kept answer and no audit; ticket and order know that there is one."""
    order = await _place(cafe, customer_name=NAME)
    board = await cafe.runner.read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now)

    assert (order.name_revision, board.tickets[0].name_revision) == (1, 1)
    assert await _list(cafe) == [(order.order_id, 1, NAME, False)]
    assert await _list(cafe, OTHER_CAFE_ID) == []
    assert await cafe.runner.read(_find_tables_with, NAME) == ["OrderContact"]
    assert NAME not in str(msgspec.to_builtins(await cafe.read_log()))


async def test_a_name_is_corrected_shown_by_its_letter_and_taken_back(cafe):
    """Each change is told where the order is shown; the board shows what was allowed alone."""
    order = await _place(cafe)

    async def read_initials():
        board = await cafe.runner.read(read_ready_board, cafe.cafe_id, now=cafe.now)
        return [number.initial for number in board.numbers]

    cafe.take_events()
    assert (await _name(cafe, order, "élodie", initial=True)).name_revision == 1
    assert describe(cafe.take_events()) == [
        "kitchen_ticket_updated Bar name",
        "order_progress",
        "order_number_preparing",
    ]
    assert await read_initials() == ["É"]
    await _name(cafe, order, "17", initial=True)
    assert await read_initials() == [""]
    assert (await _name(cafe, order, "")).name_revision == 3
    assert await _list(cafe) == [(order.order_id, 3, "", False)]
    assert await cafe.runner.read(_find_tables_with, "élodie") == []


async def test_a_table_is_called_by_its_table_and_a_guest_names_nothing(cafe):
    """The order is refused as a whole; a cook reads names and gives none."""
    guest = await cafe.sit_down(1)
    for who, options in ((guest, {}), (Role.COUNTER, {"table_number": 2})):
        with pytest.raises(UnprocessableInput) as refused:
            await _place(cafe, who, customer_name=NAME, **options)
        assert refused.value.code == "name_not_taken"
    seated, sale = await _place(cafe, guest), await _place(cafe)
    with pytest.raises(UnprocessableInput):
        await _name(cafe, seated, NAME)
    for who in (Role.KITCHEN, Role.EXPO, guest):
        with pytest.raises(AuthorizationDenied):
            await _name(cafe, sale, NAME, who=who)

    assert await _list(cafe) == []


async def test_a_name_ends_with_its_business_day(cafe):
    """Nobody reads it any more, the row goes, and the order goes on under its number."""
    order = await _place(cafe, customer_name=NAME)
    cafe.pass_time(hours=26)
    assert await _list(cafe) == []

    await remove_expired(cafe.runner, answers_kept_s=3600, limit=500)
    assert await cafe.runner.read(OrderContact.select().count) == 0
    over = await cafe.order(
        Role.COUNTER, "cancel_order", CancelOrder(order_id=order.order_id, reason="gone")
    )
    assert (over.order_number, over.name_revision) == (order.order_number, 0)
