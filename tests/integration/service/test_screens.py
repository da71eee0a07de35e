"""A screen that vanishes in service is told of, whichever process it was connected to."""

import asyncio

import pytest

from domain.commands import PlaceOrder, ResolveNotification
from domain.roles import Role
from domain.screens import COUNTER, Place, SeenPlace, SeenScreen, Sound, make_station_key
from domain.statuses import NotificationKind, Priority
from domain.views.notifications import NotificationView
from jobs.screens import WARM_UP, ScreenWatch
from services.notifications import list_notifications
from services.screens import NoteScreens
from tests.support.cafes import OTHER_CAFE_ID, TestCafe, describe, open_beside


class Process:
    """The watch of one process, and what it hears of."""

    def __init__(self, cafe: TestCafe) -> None:
        self._cafe = cafe
        self.seen: list[SeenPlace] = []
        self.left: list[Place] = []
        self.screens: list[SeenScreen] = []
        self._watch = ScreenWatch(
            cafe.runner,
            take_heard=lambda: NoteScreens(
                seen=self.seen, left=self._take_left(), screens=self.screens
            ),
            now=lambda: cafe.now,
        )

    def hear(self, *places: Place) -> None:
        """Hear of screens at some places, this moment, and of no others."""
        self.seen = [SeenPlace(place=place, silent_s=0) for place in places]
        self.screens = [
            SeenScreen(
                cafe_id=place.cafe_id,
                key="wall",
                station_id=place.station_id,
                is_visible=True,
                sound=Sound.ON,
                silent_s=0,
            )
            for place in places
            if place.station_id is not None
        ]

    def close(self, place: Place) -> None:
        """Let a page be closed by whoever looked at it."""
        self.seen = [each for each in self.seen if each.place != place]
        self.left.append(place)

    async def tick(self) -> None:
        """Let the job run."""
        await self._watch.tick()

    def _take_left(self) -> list[Place]:
        left, self.left = self.left, []
        return left


@pytest.fixture
async def process(cafe) -> Process:
    """A process that has been watching for long enough, in a cafe that has just got an order."""
    process = Process(cafe)
    await watch(cafe, process, seconds=WARM_UP.total_seconds())
    await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line("Water")]))
    return process


async def watch(cafe: TestCafe, *processes: Process, seconds: float) -> None:
    """Let time pass with a run of each process's job every three seconds."""
    for _ in range(int(seconds / 3) + 1):
        cafe.pass_time(seconds=3)
        for process in processes:
            await process.tick()


async def list_offline(cafe: TestCafe, role: Role = Role.COUNTER) -> list[NotificationView]:
    """Read what somebody is told of screens."""
    view = await cafe.runner.read(list_notifications, cafe.staff(role))
    return [each for each in view.notifications if each.kind is NotificationKind.SCREEN_OFFLINE]


def bar_of(cafe: TestCafe) -> Place:
    """Name the place of the bar's screens."""
    return Place(cafe_id=cafe.cafe_id, key=make_station_key(cafe.stations["bar"]))


async def test_a_screen_that_vanishes_is_told_of_and_its_return_ends_it(cafe, process):
    """Fifteen seconds of silence, one alarm for everybody, and nothing left when it is back."""
    process.hear(bar_of(cafe))
    await watch(cafe, process, seconds=6)
    process.hear()
    await watch(cafe, process, seconds=9)
    assert await list_offline(cafe) == []

    await watch(cafe, process, seconds=9)
    (told,) = await list_offline(cafe)
    assert told.title == "Screen offline: Bar"
    assert told.priority is Priority.URGENT
    assert await list_offline(cafe, Role.MANAGER) == [told]
    assert await list_offline(cafe, Role.KITCHEN) == [told]
    await watch(cafe, process, seconds=30)
    assert await list_offline(cafe) == [told]

    process.hear(bar_of(cafe))
    await watch(cafe, process, seconds=3)
    assert await list_offline(cafe) == []


async def test_a_short_break_is_nobodys_business(cafe, process):
    """A display that reconnects within its time was never away."""
    for _ in range(5):
        process.hear(bar_of(cafe))
        await watch(cafe, process, seconds=3)
        process.hear()
        await watch(cafe, process, seconds=6)

    assert await list_offline(cafe) == []


async def test_a_page_that_was_closed_is_no_alarm(cafe, process):
    """The station is given up for today, as far as a page can say so."""
    process.hear(bar_of(cafe))
    await watch(cafe, process, seconds=6)

    process.close(bar_of(cafe))
    await watch(cafe, process, seconds=60)

    assert await list_offline(cafe) == []


async def test_a_screen_that_moves_to_another_process_is_there(cafe, process):
    """What counts is that some process hears of it; a process that dies takes nothing along."""
    async with open_beside(cafe) as neighbour:
        neighbour.now = cafe.now
        other = Process(neighbour)
        process.hear(bar_of(cafe))
        await watch(cafe, process, seconds=6)

        process.hear()  # this one is dead for the screen; the other one hears of it
        other.hear(bar_of(cafe))
        for _ in range(20):
            cafe.pass_time(seconds=3)
            neighbour.now = cafe.now
            await process.tick()
            await other.tick()
        assert await list_offline(cafe) == []

        other.hear()
        for _ in range(8):
            cafe.pass_time(seconds=3)
            neighbour.now = cafe.now
            await process.tick()
            await other.tick()
    assert len(await list_offline(cafe)) == 1


async def test_closing_one_of_two_pages_of_a_place_leaves_the_other(cafe, process):
    """A tab more or less is no news while the wall is on."""
    process.hear(bar_of(cafe))
    await watch(cafe, process, seconds=6)
    process.left.append(bar_of(cafe))
    await watch(cafe, process, seconds=6)

    process.hear()  # and now the wall loses its power
    await watch(cafe, process, seconds=21)

    assert len(await list_offline(cafe)) == 1


async def test_nobody_is_told_while_there_is_no_service(cafe, process):
    """Screens are switched off at night; the first order that has no screen is told of."""
    process.hear(bar_of(cafe), Place(cafe_id=cafe.cafe_id, key=COUNTER))
    await watch(cafe, process, seconds=6)
    cafe.pass_time(hours=2)
    process.hear()
    await watch(cafe, process, seconds=WARM_UP.total_seconds() + 21)
    assert await list_offline(cafe) == []

    await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line("Water")]))
    await watch(cafe, process, seconds=3)
    assert len(await list_offline(cafe)) == 2

    cafe.pass_time(hours=2)
    await watch(cafe, process, seconds=WARM_UP.total_seconds() + 3)
    assert await list_offline(cafe) == []


async def test_an_alarm_that_somebody_ended_stays_ended_until_the_screen_was_there(cafe, process):
    """ "Switched off on purpose" is believed; the next time it vanishes is another time."""
    process.hear(bar_of(cafe))
    await watch(cafe, process, seconds=6)
    process.hear()
    await watch(cafe, process, seconds=21)
    (told,) = await list_offline(cafe)
    await cafe.do(
        Role.COUNTER,
        "resolve_notification",
        ResolveNotification(notification_id=told.notification_id),
    )
    await watch(cafe, process, seconds=60)
    assert await list_offline(cafe) == []

    process.hear(bar_of(cafe))
    await watch(cafe, process, seconds=6)
    process.hear()
    await watch(cafe, process, seconds=21)
    (again,) = await list_offline(cafe)
    assert again.notification_id != told.notification_id


async def test_a_process_that_was_not_watching_accuses_nobody(cafe, process):
    """After a start, or after the database was away, screens get time to come back."""
    process.hear(bar_of(cafe))
    await watch(cafe, process, seconds=6)
    process.hear()
    cafe.pass_time(minutes=5)  # nobody ran anything

    await watch(cafe, process, seconds=WARM_UP.total_seconds() - 9)
    assert await list_offline(cafe) == []

    await watch(cafe, process, seconds=12)
    assert len(await list_offline(cafe)) == 1


async def test_another_cafes_screens_are_its_own(cafe, process):
    """One process serves both; each is told of its own."""
    process.hear(bar_of(cafe), Place(cafe_id=OTHER_CAFE_ID, key=COUNTER))
    await watch(cafe, process, seconds=6)
    process.hear(Place(cafe_id=OTHER_CAFE_ID, key=COUNTER))
    await watch(cafe, process, seconds=21)

    async with open_beside(cafe, cafe_id=OTHER_CAFE_ID) as other:
        assert await list_offline(other) == []
    assert len(await list_offline(cafe)) == 1


async def test_two_processes_tell_once(cafe, process):
    """Both judge at the same moment; one row, one message."""
    async with open_beside(cafe) as neighbour:
        other = Process(neighbour)
        process.hear(bar_of(cafe))
        for _ in range(40):
            cafe.pass_time(seconds=3)
            neighbour.now = cafe.now
            await asyncio.gather(process.tick(), other.tick())
            process.hear()

    assert describe(await cafe.read_log()).count("staff_notification") == 1
