"""Busy mode: guests' orders of a station are paused by hand or by load; both databases."""

from datetime import timedelta

import msgspec
import pytest

from domain.commands import (
    BumpTicket,
    PauseOrdering,
    PlaceOrder,
    Quote,
    ResumeOrdering,
    SetBusyLimit,
)
from domain.errors import AuthorizationDenied, Conflict, NotFound, UnprocessableInput
from domain.events import MenuPauseChanged
from domain.roles import Role
from domain.statuses import PauseCause
from domain.views.availability import StationPausesView
from jobs.pauses import turn_pauses
from models.rows import fetch_rows
from services.boards import read_kitchen_board
from services.menu import read_availability, read_menu
from services.operations import OPERATIONS
from services.pauses import list_busy_stations, list_pauses
from tests.support.cafes import UNKNOWN_ID, describe, open_beside


async def _pause(cafe, station="kitchen", *, minutes=10, who=Role.KITCHEN):
    command = PauseOrdering(
        station_id=station and cafe.stations[station], minutes=minutes, reason="Too many orders"
    )
    outcome = await cafe.do(who, "pause_ordering", command)
    return msgspec.json.decode(outcome.body, type=StationPausesView).pauses


async def _resume(cafe, station="kitchen", who=Role.COUNTER):
    command = ResumeOrdering(station_id=station and cafe.stations[station])
    outcome = await cafe.do(who, "resume_ordering", command)
    return msgspec.json.decode(outcome.body, type=StationPausesView).pauses


async def _look(cafe):
    """Let the clock look, as jobs/pauses.py does."""
    return await turn_pauses(cafe.runner, now=cafe.now)


async def _list_paused(cafe):
    """List the dishes that guests see as paused."""
    menu = await cafe.runner.read(read_menu, cafe.cafe_id, now=cafe.now)
    return sorted(item.name for each in menu.categories for item in each.items if item.is_paused)


async def _read_audit(cafe):
    rows = await cafe.runner.read(
        fetch_rows,
        "SELECT kind, details FROM audit_entry"
        " WHERE kind IN ('ordering_paused', 'ordering_resumed') ORDER BY id",
        (),
    )
    return [(kind, msgspec.json.decode(details)) for kind, details in rows]


def _take_changes(cafe):
    return [each.event for each in cafe.take_events() if isinstance(each.event, MenuPauseChanged)]


async def test_a_guest_is_refused_what_is_paused_and_keeps_the_rest(cafe):
    """The answer names the lines; the till, which decides itself, is not asked."""
    guest = await cafe.sit_down(1)
    (pause,) = await _pause(cafe)
    toastie = cafe.menu["Toastie"]
    lines = [cafe.line("Water"), cafe.line("Toastie", "Rye")]

    with pytest.raises(UnprocessableInput) as refused:
        await cafe.order(guest, "place_order", PlaceOrder(lines=lines))
    assert refused.value.code == "paused"
    assert refused.value.details is not None
    assert refused.value.details["faults"] == [
        {
            "code": "paused",
            "line": 1,
            "menuItemId": toastie.menu_item_id,
            "name": "Toastie",
            "pausedUntil": msgspec.to_builtins(cafe.now + timedelta(minutes=10)),
        }
    ]
    with pytest.raises(UnprocessableInput, match="paused"):
        await cafe.runner.ask(OPERATIONS["quote"].function, Quote(lines=lines), identity=guest)
    assert (await cafe.order(guest, "place_order", PlaceOrder(lines=lines[:1]))).items
    assert (await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=lines))).items
    assert pause.menu_item_ids == [toastie.menu_item_id]
    assert await _list_paused(cafe) == ["Toastie"]


async def test_a_pause_by_hand_ends_by_itself_and_everybody_is_told_why(cafe):
    """By its time without anybody looking, and once by the clock, which says that it was time."""
    (pause,) = await _pause(cafe)
    (begun,) = _take_changes(cafe)
    assert (begun.is_paused, begun.cause) == (True, PauseCause.BY_HAND)
    assert (pause.reason, begun.pause.reason) == ("Too many orders", "")

    cafe.pass_time(minutes=9, seconds=59)
    assert await _look(cafe) == 0
    cafe.pass_time(seconds=1)
    assert await _list_paused(cafe) == []
    async with open_beside(cafe) as other:
        assert sorted([await _look(cafe), await _look(other)]) == [0, 1]
    (ended,) = [each.event for each in await cafe.read_log() if _is_end(each.event)]
    assert ended.cause is PauseCause.TIME
    assert ended.pause.menu_item_ids == begun.pause.menu_item_ids
    (paused, resumed) = await _read_audit(cafe)
    assert paused[1]["cause"] == "by_hand"
    assert (paused[1]["minutes"], paused[1]["reason"]) == (10, "Too many orders")
    assert (resumed[1]["cause"], resumed[1]["lasted_s"]) == ("time", 600)


def _is_end(event):
    return isinstance(event, MenuPauseChanged) and not event.is_paused


async def test_all_stations_are_paused_and_opened_together(cafe):
    """One event for each of them, until somebody opens; a second opening is refused."""
    pauses = await _pause(cafe, None, minutes=None)
    assert [(each.station_name, each.until) for each in pauses] == [
        ("Bar", None),
        ("Kitchen", None),
    ]
    assert describe(cafe.take_events()) == ["menu_pause_changed"] * 2
    cafe.pass_time(hours=3)
    assert await _look(cafe) == 0
    availability = await cafe.runner.read(read_availability, cafe.cafe_id, now=cafe.now)
    assert [each.reason for each in availability.pauses] == ["Too many orders"] * 2
    assert all(item.is_paused for item in availability.items)

    assert [each.station_name for each in await _resume(cafe, "bar")] == ["Kitchen"]
    assert await _resume(cafe, None) == []
    assert [each.is_paused for each in _take_changes(cafe)] == [False, False]
    with pytest.raises(Conflict, match="already"):
        await _resume(cafe, None)


async def test_who_may_pause_and_what(cafe):
    """Cooks, the floor and the management, but no guest; limits are set by the management."""
    guest = await cafe.sit_down(2)
    limit = SetBusyLimit(station_id=cafe.stations["bar"], limit_minutes=10)
    for who in (Role.KITCHEN, Role.COUNTER, Role.EXPO, Role.MANAGER, Role.OWNER):
        await _pause(cafe, who=who)
    with pytest.raises(AuthorizationDenied):
        await _pause(cafe, who=guest)
    with pytest.raises(AuthorizationDenied):
        await cafe.do(Role.COUNTER, "set_busy_limit", limit)
    with pytest.raises(NotFound):
        await cafe.do(
            Role.OWNER, "pause_ordering", PauseOrdering(station_id=UNKNOWN_ID, reason="x")
        )
    with pytest.raises(NotFound):
        await cafe.do(Role.OWNER, "set_busy_limit", SetBusyLimit(station_id=UNKNOWN_ID))


async def _fill(cafe, count):
    """Send as many rounds of lattes to the bar: 150 s each, four side by side."""
    for _ in range(count):
        await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line("Latte")]))


async def _finish(cafe, count):
    board = await cafe.runner.read(
        read_kitchen_board, cafe.cafe_id, cafe.stations["bar"], now=cafe.now
    )
    for ticket in board.tickets[:count]:
        await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=ticket.ticket_id))


async def test_load_pauses_what_takes_long_and_opens_by_itself(cafe):
    """With figures in the event, the audit and what staff see; fast dishes stay orderable."""
    guest = await cafe.sit_down(1)
    bar = cafe.stations["bar"]
    await cafe.do(Role.MANAGER, "set_busy_limit", SetBusyLimit(station_id=bar, limit_minutes=5))
    await _fill(cafe, 7)
    assert await _look(cafe) == 0
    await _fill(cafe, 1)  # 8 * 150 s / 4 = 5 min
    cafe.take_events()

    async with open_beside(cafe) as other:
        assert sorted([await _look(cafe), await _look(other)]) == [0, 1]
    assert await _list_paused(cafe) == ["Flat white", "Latte"]
    (pause,) = await cafe.runner.read(list_pauses, cafe.cafe_id, now=cafe.now)
    assert (pause.cause, pause.load_minutes, pause.limit_minutes) == (PauseCause.LOAD, 5, 5)
    (paused,) = await _read_audit(cafe)
    assert (paused[1]["load_minutes"], paused[1]["limit_minutes"]) == (5, 5)
    await cafe.order(guest, "place_order", PlaceOrder(lines=[cafe.line("Water")]))
    with pytest.raises(UnprocessableInput, match="paused"):
        await cafe.order(guest, "place_order", PlaceOrder(lines=[cafe.line("Latte")]))

    cafe.pass_time(minutes=3, seconds=10)
    await _finish(cafe, 2)
    assert await _look(cafe) == 0
    await _finish(cafe, 4)
    assert await _look(cafe) == 1
    assert await _list_paused(cafe) == []
    busy = await cafe.runner.read(list_busy_stations, cafe.cafe_id, now=cafe.now)
    assert [(each.limit_minutes, each.pause) for each in busy] == [(5, None), (None, None)]


async def test_opening_by_hand_is_not_overruled_for_ten_minutes(cafe):
    """Somebody in the house has said that it can be made."""
    bar = cafe.stations["bar"]
    await cafe.do(Role.MANAGER, "set_busy_limit", SetBusyLimit(station_id=bar, limit_minutes=2))
    await _fill(cafe, 8)
    assert await _look(cafe) == 1
    await _resume(cafe, "bar")
    cafe.pass_time(minutes=9)

    assert await _look(cafe) == 0
    cafe.pass_time(minutes=1)
    assert await _look(cafe) == 1
