"""A past service as it is read from the log: the wall that the rows showed then; both databases."""

from datetime import date, time, timedelta

import msgspec
import pytest

from domain.commands import (
    AcknowledgeAllergy,
    AcknowledgeVoid,
    AddRound,
    BumpTicket,
    FinishItems,
    MoveStation,
    MoveTable,
    PlaceOrder,
    RecallTicket,
    RemakeItems,
    ReturnStation,
    RushTicket,
    ServeItems,
    StartTicket,
    VoidItems,
    WithdrawRush,
)
from domain.errors import InvalidMessage, NotFound
from domain.roles import Role
from domain.statuses import Priority
from models.rows import fetch_rows
from services.boards import read_kitchen_board
from services.replay import Gap, ReplayQuestion, read_replay_day, read_replay_moment
from tests.support.cafes import OTHER_CAFE_ID, TestCafe, units
from tests.support.walls import open_screen

SLUGS = (None, "bar", "kitchen")
TODAY = date(2026, 11, 23)


async def read_day(cafe: TestCafe, cafe_id: str = "", **question):
    return await cafe.runner.read(
        read_replay_day, cafe_id or cafe.cafe_id, ReplayQuestion(**question), now=cafe.now
    )


async def read_moment(cafe: TestCafe, cafe_id: str = "", **question):
    return await cafe.runner.read(
        read_replay_moment, cafe_id or cafe.cafe_id, ReplayQuestion(**question), now=cafe.now
    )


def calm(tickets):
    """Leave out what no wall shows: that a ticket presses, its age says by itself."""
    return [
        msgspec.structs.replace(each, priority=Priority.NORMAL)
        if each.priority is Priority.HIGH
        else each
        for each in tickets
    ]


async def read_walls(cafe: TestCafe):
    """Read what each wall shows now, from the rows."""
    boards = [
        await cafe.runner.read(
            read_kitchen_board,
            cafe.cafe_id,
            slug and cafe.stations[slug],
            now=cafe.now,
        )
        for slug in SLUGS
    ]
    return [(calm(each.tickets), calm(each.finished), each.moves) for each in boards]


async def find_ticket(cafe: TestCafe, order, station="bar", number=1):
    board = await cafe.runner.read(
        read_kitchen_board, cafe.cafe_id, cafe.stations[station], now=cafe.now
    )
    return next(
        each.ticket_id
        for each in [*board.tickets, *board.finished]
        if (each.order_id, each.round_number) == (order.order_id, number)
    )


async def work_a_service(cafe: TestCafe):
    """Do all that changes a wall, and yield after each step."""
    guest = await cafe.sit_down(1)
    lines = [cafe.line("Flat white", "Oat", quantity=2), cafe.line("Toastie", "Rye", note="cut")]
    first = await cafe.order(guest, "place_order", PlaceOrder(lines=lines, allergy="nuts"))
    yield
    second = await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line("Water")]))
    yield
    bar, kitchen = await find_ticket(cafe, first), await find_ticket(cafe, first, "kitchen")
    water = await find_ticket(cafe, second)
    flat_white, toastie = first.items
    for name, command in (
        ("start_ticket", StartTicket(ticket_id=kitchen)),
        ("acknowledge_allergy", AcknowledgeAllergy(ticket_id=bar)),
        ("rush_ticket", RushTicket(ticket_id=water, reason="train")),
        ("finish_items", FinishItems(items=units(flat_white, 1))),
        ("withdraw_rush", WithdrawRush(ticket_id=water)),
        ("bump_ticket", BumpTicket(ticket_id=water)),
        ("recall_ticket", RecallTicket(ticket_id=water)),
        ("bump_ticket", BumpTicket(ticket_id=water)),
    ):
        await cafe.do(Role.KITCHEN, name, command)
        yield
    void = VoidItems(order_id=first.order_id, items=units(toastie), reason="gone")
    await cafe.do(Role.MANAGER, "void_items", void)
    yield
    await open_screen(cafe, "kitchen")
    move = MoveStation(station_id=cafe.stations["bar"], to_station_id=cafe.stations["kitchen"])
    await cafe.do(Role.COUNTER, "move_station", move)
    yield
    table = MoveTable(table_session_id=guest.table_session_id or "", table_number=2)
    await cafe.do(Role.COUNTER, "move_table", table)
    yield
    await cafe.do(Role.KITCHEN, "acknowledge_void", AcknowledgeVoid(item_id=toastie.item_id))
    yield
    await cafe.do(Role.KITCHEN, "return_station", ReturnStation(station_id=cafe.stations["bar"]))
    yield
    await cafe.do(Role.COUNTER, "serve_items", ServeItems(items=units(second.items[0])))
    again = RemakeItems(items=units(second.items[0]), reason="spilt")
    await cafe.do(Role.COUNTER, "remake_items", again)
    yield
    more = AddRound(order_id=first.order_id, lines=[cafe.line("Latte", "Whole")])
    await cafe.order(Role.COUNTER, "add_round", more)
    yield


async def test_every_moment_is_what_the_wall_showed(cafe):
    """After each step of a service: the tickets, the finished ones and the moves of each wall."""
    shown = {}
    async for _ in work_a_service(cafe):
        shown[cafe.now] = await read_walls(cafe)
        cafe.pass_time(seconds=97)

    begins_at = (await read_day(cafe)).moment.day_begins_at
    for at, walls in shown.items():
        second = (at - begins_at) // timedelta(seconds=1)
        replayed = [await read_moment(cafe, slug=slug, second=second) for slug in SLUGS]
        boards = [each.wall.board for each in replayed]
        assert walls == [(calm(each.tickets), calm(each.finished), each.moves) for each in boards]
    assert len(shown) > 15


async def test_a_day_is_chosen_by_day_clock_or_second(cafe):
    """The clock is the cafe's; the next change is told; nothing is later than now."""
    await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line("Water")]))
    sent_at = cafe.now
    cafe.pass_time(minutes=10)

    day = await read_day(cafe)
    before = await read_moment(cafe, day=TODAY, clock=time(11, 59, 59))
    after = await read_moment(cafe, day=TODAY, clock=time(12, 0))
    late = await read_moment(cafe, second=99_999)

    assert (day.day, day.moment.wall.at, day.gap) == (TODAY, sent_at, Gap.NONE)
    assert [each.order_number for each in day.timeline.late] == [1]
    assert day.timeline.open_by_minute[:11] == [1] * 10 + [0]
    assert [each.slug for each in day.stations] == ["bar", "kitchen"]
    assert [len(each.wall.board.tickets) for each in (before, after)] == [0, 1]
    assert before.next_second == after.second == day.moment.second
    assert after.next_second is None
    assert (late.wall.at, late.wall.late) == (cafe.now, 1)


async def test_what_another_cafe_did_is_not_there(cafe):
    """Neither its events nor its stations."""
    await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line("Water")]))

    other = await read_day(cafe, OTHER_CAFE_ID)

    assert (other.timeline, other.moment.wall.board.tickets, other.gap) == (None, [], Gap.BEFORE)
    with pytest.raises(NotFound):
        await read_moment(cafe, slug="cellar")
    with pytest.raises(InvalidMessage):
        await read_day(cafe, day=date(9999, 12, 31))


async def test_a_day_says_why_it_is_empty(cafe):
    """Not yet, before the first event, nothing then, or not kept any more, wholly or partly."""
    for _ in range(3):
        await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line("Water")]))
        cafe.pass_time(hours=1)

    def forget(count):
        return fetch_rows(
            "DELETE FROM event_log WHERE cafe_id = ? AND seq <= ? RETURNING seq",
            (cafe.cafe_id, count),
        )

    yesterday, tomorrow = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
    assert (await read_day(cafe, day=tomorrow)).gap is Gap.NOT_YET
    assert (await read_day(cafe, day=yesterday)).gap is Gap.BEFORE
    first_of = [
        logged.seq
        for logged in await cafe.read_log()
        if logged.event.__struct_config__.tag == "order_created"
    ]
    await cafe.runner.write(
        lambda unit, _: forget(first_of[1] - 1),
        PlaceOrder(lines=[cafe.line("Water")]),
        command_type="forget",
    )
    partly = await read_day(cafe)
    assert (partly.gap, partly.kept_from) == (Gap.PARTLY_GONE, cafe.now - timedelta(hours=2))
    assert [each.order_number for each in partly.moment.wall.board.tickets] == [2, 3]
    assert (await read_day(cafe, day=yesterday)).gap is Gap.GONE
    cafe.pass_time(days=3)
    empty = await read_day(cafe, day=TODAY + timedelta(days=2))
    assert (empty.gap, empty.timeline) == (Gap.NONE, None)
