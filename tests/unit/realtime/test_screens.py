"""Which places a process hears of, and which were left on purpose."""

import asyncio

import msgspec
import pytest

from config.namespaces import Namespace
from domain.screens import (
    BOARD,
    COUNTER,
    KITCHEN,
    Place,
    Receipt,
    SeenScreen,
    Sound,
    make_station_key,
)
from realtime.close_codes import CloseCode
from realtime.plane import Plane
from realtime.session import Session
from tests.support.made_views import CAFE, STATION, make_id
from tests.support.realtime import ListTransport, MemoryLog, Services, build_plane
from tests.support.waiting import wait_for

TICKET = make_id(77)
STATION_ROOM = f"cafe:{CAFE}:station:{STATION}"
# Who opens what, with which cards and rooms, and which places that is.
OPENED = {
    "a station's wall": (
        ("kitchen", Namespace.KITCHEN, ["kitchen_ticket"], [STATION_ROOM]),
        [make_station_key(STATION)],
    ),
    "a station's wall by a manager": (
        ("manager", Namespace.KITCHEN, ["kitchen_ticket", "notification_card"], [STATION_ROOM]),
        [make_station_key(STATION)],
    ),
    "the wall of all stations": (
        ("expo", Namespace.KITCHEN, ["kitchen_ticket"], []),
        [KITCHEN],
    ),
    "the till": (("counter", Namespace.COUNTER, ["order_card"], []), [COUNTER]),
    "the board": (("board", Namespace.CUSTOMERS, ["board_number"], []), [BOARD]),
    "a guest's phone": (("guest", Namespace.CUSTOMERS, ["order_progress"], []), []),
    "a guest's phone that asks for numbers": (
        ("guest", Namespace.CUSTOMERS, ["board_number"], []),
        [],
    ),
    "a program": (("counter", Namespace.COUNTER, [], []), []),
    "the tables": (("counter", Namespace.COUNTER, ["notification_card"], []), []),
}


async def open_screen(
    plane: Plane, who: str, namespace: Namespace, render: list[str], rooms: list[str]
) -> Session:
    """Attach a page that shows cards."""
    session = plane.open(ListTransport(), namespace=namespace, address="192.0.2.1")
    data = {"token": who, "render": render, "rooms": rooms}
    frame = {"type": "authenticate", "id": "a-1", "data": data}
    await plane.receive(session, msgspec.json.encode(frame))
    await wait_for(lambda: session.worker is None, "the page to be attached")
    return session


@pytest.fixture
async def plane() -> Plane:
    """Build a plane over an empty log."""
    return build_plane(Services(MemoryLog()))


@pytest.mark.parametrize(("page", "expected"), OPENED.values(), ids=OPENED.keys())
async def test_a_page_is_a_screen_of_its_place(plane: Plane, page, expected):
    """What shows a place's cards to staff is its screen; phones and programs are none."""
    await open_screen(plane, *page)

    seen = plane.screens.list_seen(now_s=asyncio.get_running_loop().time())

    assert [each.place for each in seen] == [Place(cafe_id=CAFE, key=key) for key in expected]


async def test_a_place_is_as_silent_as_its_liveliest_screen(plane: Plane):
    """Two screens of a station: one that is still heard of is enough."""
    first = await open_screen(plane, *OPENED["a station's wall"][0])
    second = await open_screen(plane, *OPENED["a station's wall"][0])
    first.heard_at_s, second.heard_at_s = 100.0, 107.0

    (seen,) = plane.screens.list_seen(now_s=110.0)

    assert seen.silent_s == 3.0


@pytest.mark.parametrize(
    ("code", "is_left"), [(1000, True), (1001, True), (1006, False), (3001, False)]
)
async def test_a_page_that_says_goodbye_has_left(plane: Plane, code: int, is_left: bool):
    """A screen that lost its power says nothing."""
    session = await open_screen(plane, *OPENED["the till"][0])

    session.on_transport_closed(code)
    await asyncio.sleep(0)

    assert plane.screens.take_left() == ([Place(cafe_id=CAFE, key=COUNTER)] if is_left else [])
    assert plane.screens.take_left() == []
    assert plane.screens.list_seen(now_s=0.0) == []


@pytest.mark.parametrize(
    ("code", "is_left"),
    [(CloseCode.REVOKED, True), (CloseCode.DRAIN, False), (CloseCode.NO_PONG, False)],
)
async def test_who_was_told_not_to_come_back_has_left(plane: Plane, code: CloseCode, is_left: bool):
    """A sign-in that was ended is no alarm; a screen that should come back and does not is one."""
    session = await open_screen(plane, *OPENED["the till"][0])

    session.close(code)
    await asyncio.sleep(0)

    assert bool(plane.screens.take_left()) is is_left


def paint(**painted: object) -> bytes:
    """Write a heartbeat of a kitchen page."""
    return msgspec.json.encode({"type": "heartbeat", "data": {"painted": painted}})


async def test_a_heartbeat_says_what_a_kitchen_screen_has_painted(plane: Plane):
    """Each ticket once, with the screen's station, and how the screen is."""
    session = await open_screen(plane, *OPENED["a station's wall"][0])
    assert plane.screens.list_screens(now_s=0.0) == []

    beat = paint(tickets={TICKET: 3}, sound="blocked", screen="wall-1")
    await plane.receive(session, beat)
    await plane.receive(session, beat)

    receipt = Receipt(cafe_id=CAFE, station_id=STATION, ticket_id=TICKET, screen_key="wall-1")
    assert plane.screens.take_receipts() == [receipt]
    assert plane.screens.take_receipts() == []
    (screen,) = plane.screens.list_screens(now_s=session.heard_at_s + 2)
    assert screen == SeenScreen(
        cafe_id=CAFE,
        key="wall-1",
        station_id=STATION,
        is_visible=True,
        sound=Sound.BLOCKED,
        silent_s=2.0,
    )


async def test_a_hidden_page_paints_nothing(plane: Plane):
    """It may have the ticket; nobody can see it."""
    session = await open_screen(plane, *OPENED["the wall of all stations"][0])

    await plane.receive(session, paint(tickets={TICKET: 1}, isVisible=False))

    assert plane.screens.take_receipts() == []
    (screen,) = plane.screens.list_screens(now_s=session.heard_at_s)
    assert (screen.is_visible, screen.station_id) == (False, None)


@pytest.mark.parametrize("page", ["the till", "a guest's phone", "a program"])
async def test_what_is_no_kitchen_screen_has_painted_nothing(plane: Plane, page: str):
    """A till that says so, or a phone, is not believed."""
    session = await open_screen(plane, *OPENED[page][0])

    await plane.receive(session, paint(tickets={TICKET: 1}))

    assert plane.screens.take_receipts() == []
    assert plane.screens.list_screens(now_s=0.0) == []


async def test_a_kitchen_page_that_is_closed_is_no_screen_any_more(plane: Plane):
    """Told once; one that lost its power is not told of as closed."""
    session = await open_screen(plane, *OPENED["a station's wall"][0])
    await plane.receive(session, paint(screen="wall-1"))

    session.on_transport_closed(1001)
    await asyncio.sleep(0)

    assert plane.screens.take_left_screens() == [(CAFE, "wall-1")]
    assert plane.screens.take_left_screens() == []
