"""A station's tickets are shown at another one, and stay what they are; both databases."""

from datetime import timedelta
from typing import Any

import pytest

from domain.commands import BumpTicket, MoveStation, PlaceOrder, ReturnStation, SetFailover
from domain.errors import AuthorizationDenied, Conflict, NotFound
from domain.roles import Role
from domain.screens import Receipt
from domain.views.kitchen import KitchenBoardView, StationMoveView
from models.rows import fetch_rows
from realtime.publications import publish
from services.boards import read_kitchen_board
from services.failover import list_moves
from services.receipts import NoteReceipts, note_receipts
from services.screens import JudgeScreens, judge_screens, list_cafes_to_judge
from services.station_screens import read_kitchen_screens
from tests.support.cafes import UNKNOWN_ID, TestCafe
from tests.support.walls import open_screen


async def read_board(cafe: TestCafe, station: str) -> KitchenBoardView:
    """Read what a station's wall shows."""
    return await cafe.runner.read(
        read_kitchen_board, cafe.cafe_id, cafe.stations[station], now=cafe.now
    )


async def list_orders_at(cafe: TestCafe, station: str) -> list[str]:
    """List whose tickets stand on a station's wall."""
    board = await read_board(cafe, station)
    return [f"{ticket.station_name} {ticket.order_number}" for ticket in board.tickets]


async def order(cafe: TestCafe, *names: str) -> None:
    """Send something to the kitchen."""
    lines = [cafe.line(name, "Rye") if name == "Toastie" else cafe.line(name) for name in names]
    await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=lines))


async def move(cafe: TestCafe, station: str = "bar", to: str = "kitchen", **who: Any) -> Any:
    """Show a station's tickets elsewhere."""
    command = MoveStation(station_id=cafe.stations[station], to_station_id=cafe.stations[to])
    return await cafe.do(who.get("role", Role.COUNTER), "move_station", command)


async def let_the_clock_look(cafe: TestCafe) -> None:
    """Run what jobs/screens.py runs, where it would."""
    if cafe.cafe_id in await cafe.runner.read(list_cafes_to_judge, cafe.now):
        await cafe.runner.write(
            judge_screens, JudgeScreens(), command_type="judge_screens", cafe_id=cafe.cafe_id
        )


async def find_moves(cafe: TestCafe) -> list[StationMoveView]:
    """List what is shown elsewhere."""
    return await cafe.runner.read(list_moves, cafe.cafe_id)


async def test_moved_tickets_are_made_at_the_other_station_and_are_the_same(cafe):
    """Both walls show them, one bump is enough for both, and a later one comes to both too."""
    await order(cafe, "Water", "Toastie")
    before = await read_board(cafe, "bar")
    await move(cafe)
    await order(cafe, "Water")

    assert await list_orders_at(cafe, "kitchen") == ["Bar 1", "Kitchen 1", "Bar 2"]
    assert await list_orders_at(cafe, "bar") == ["Bar 1", "Bar 2"]
    board = await read_board(cafe, "kitchen")
    assert before.tickets[0] in board.tickets
    assert [guest.station_name for guest in board.guests] == ["Bar"]
    ticket_id = before.tickets[0].ticket_id
    await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=ticket_id))
    assert await list_orders_at(cafe, "bar") == ["Bar 2"]
    assert await list_orders_at(cafe, "kitchen") == ["Kitchen 1", "Bar 2"]
    await cafe.do(Role.KITCHEN, "return_station", ReturnStation(station_id=cafe.stations["bar"]))
    assert await list_orders_at(cafe, "kitchen") == ["Kitchen 1"]
    assert await list_orders_at(cafe, "bar") == ["Bar 2"]


async def test_both_stations_and_the_floor_are_told(cafe):
    """The move is an event like others, with an audit of who did it."""
    await move(cafe)

    publication = publish((await cafe.read_log())[-1])
    rooms = {str(room).removeprefix(f"cafe:{cafe.cafe_id}") for room in publication.rooms}
    stations = {f":station:{cafe.stations[name]}" for name in ("bar", "kitchen")}
    assert publication.type == "station_moved"
    assert rooms == {"", ":staff", ":kitchen"} | stations
    facts = await cafe.runner.read(
        fetch_rows, "SELECT kind, principal FROM audit_entry ORDER BY id DESC LIMIT 1", ()
    )
    assert facts[0][0] == "station_moved"
    assert facts[0][1].startswith("person:")


async def test_the_receipt_of_the_other_station_counts(cafe):
    """It shows the ticket; a third station's does not."""
    await order(cafe, "Water")
    ((ticket_id,),) = await cafe.runner.read(fetch_rows, "SELECT id FROM ticket", ())
    kitchen = Receipt(
        cafe_id=cafe.cafe_id, station_id=cafe.stations["kitchen"], ticket_id=ticket_id
    )

    async def count_receipts() -> int:
        noted = NoteReceipts(receipts=[kitchen])
        await cafe.runner.write(note_receipts, noted, command_type="note_receipts")
        return len(await cafe.runner.read(fetch_rows, "SELECT 1 FROM ticket_receipt", ()))

    assert await count_receipts() == 0
    await move(cafe)
    assert await count_receipts() == 1


async def test_the_clock_moves_a_dark_stations_tickets_and_returns_them(cafe):
    """After the time that was set, once; back when its screen has been awake for ten seconds."""
    bar, kitchen = cafe.stations["bar"], cafe.stations["kitchen"]
    await cafe.do(
        Role.MANAGER, "set_failover", SetFailover(station_id=bar, partner_id=kitchen, patience_s=30)
    )
    await open_screen(cafe, "bar wall", station="bar")
    await order(cafe, "Water")
    moved_after_s = None
    for second in range(1, 60):
        cafe.pass_time(seconds=1)
        await open_screen(cafe, "kitchen wall", station="kitchen")
        await let_the_clock_look(cafe)
        if moved_after_s is None and await find_moves(cafe):
            moved_after_s = second

    assert moved_after_s == 30
    (shown,) = await find_moves(cafe)
    assert (shown.station_name, shown.shown_at_station_name) == ("Bar", "Kitchen")
    assert shown.is_automatic
    view = await cafe.runner.read(read_kitchen_screens, cafe.cafe_id, now=cafe.now)
    assert view.stations[0].move == shown
    assert not view.is_dark(view.stations[0])

    returned_after_s = None
    for second in range(1, 20):
        cafe.pass_time(seconds=1)
        await open_screen(cafe, "bar wall", station="bar")
        await let_the_clock_look(cafe)
        if returned_after_s is None and not await find_moves(cafe):
            returned_after_s = second
    assert returned_after_s == 11
    types = [str(type(each.event).__struct_config__.tag) for each in await cafe.read_log()]
    assert types.count("station_moved") == types.count("station_returned") == 1


async def test_what_was_moved_from_a_screen_that_is_awake_stays(cafe):
    """Somebody wanted it so: only somebody ends it."""
    await open_screen(cafe, "bar wall", station="bar")
    await move(cafe)
    for _ in range(10):
        cafe.pass_time(seconds=3)
        await open_screen(cafe, "bar wall", station="bar")
        await let_the_clock_look(cafe)

    assert [shown.since for shown in await find_moves(cafe)] == [cafe.now - timedelta(seconds=30)]


async def test_who_may_not_and_what_is_not_there_is_refused(cafe):
    """A cook moves nothing away; a second return finds nothing to do."""
    with pytest.raises(AuthorizationDenied):
        await move(cafe, role=Role.KITCHEN)
    with pytest.raises(AuthorizationDenied):
        await cafe.do(Role.COUNTER, "set_failover", SetFailover(station_id=cafe.stations["bar"]))
    unknown = MoveStation(station_id=UNKNOWN_ID, to_station_id=cafe.stations["bar"])
    with pytest.raises(NotFound):
        await cafe.do(Role.COUNTER, "move_station", unknown)
    at_home = ReturnStation(station_id=cafe.stations["bar"])
    with pytest.raises(Conflict):
        await cafe.do(Role.KITCHEN, "return_station", at_home)
