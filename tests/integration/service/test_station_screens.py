"""Counter and management learn how the kitchen's screens are, whichever process hears of them."""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from domain.commands import PlaceOrder, SetOpeningTimes
from domain.roles import Role
from domain.screens import COUNTER, Place, ScreenState, SeenPlace, Sound
from domain.statuses import NotificationKind
from domain.views.screens import KitchenScreensView
from jobs.station_screens import StationScreensTicker
from services.notifications import list_notifications
from services.screens import (
    JudgeScreens,
    NoteScreens,
    judge_screens,
    list_cafes_to_judge,
    note_screens,
)
from services.station_screens import (
    list_unseen_dishes,
    read_kitchen_screens,
    read_screens_of_cafes,
)
from tests.support.cafes import OTHER_CAFE_ID, TestCafe, open_beside
from tests.support.walls import open_screen


class Listeners:
    """The counters of one process, and what they were told."""

    def __init__(self, cafe: TestCafe) -> None:
        self.counts = {cafe.cafe_id: 1}
        self.told: list[tuple[str, KitchenScreensView]] = []
        self._cafe = cafe
        self._ticker = StationScreensTicker(
            cafe.runner,
            count_listeners=lambda: self.counts,
            push=lambda cafe_id, view: self.told.append((cafe_id, view)),
            now=lambda: cafe.now,
        )

    async def hear(self) -> list[KitchenScreensView]:
        """Let the job run; return what was told by it."""
        before = len(self.told)
        await self._ticker.tick()
        return [view for _, view in self.told[before:]]


def find_state(view: KitchenScreensView, station: str) -> ScreenState | None:
    """Return how well a station's tickets are shown."""
    return next(each.best for each in view.stations if each.station_name == station)


async def test_each_change_of_a_screen_is_told_once(cafe):
    """Awake, muted, asleep, silent, and closed: and nothing in between."""
    listeners = Listeners(cafe)
    seen = []
    for changes in (
        {"sound": Sound.BLOCKED},
        {"sound": Sound.ON},
        {"sound": Sound.ON},
        {"is_visible": False},
    ):
        cafe.pass_time(seconds=3)
        await open_screen(cafe, **changes)
        seen.append([find_state(view, "Bar") for view in await listeners.hear()])
    for _ in range(10):
        cafe.pass_time(seconds=1)
        seen.append([find_state(view, "Bar") for view in await listeners.hear()])

    states = [state for told in seen for state in told]
    assert states == [
        ScreenState.MUTED,
        ScreenState.ALIVE,
        ScreenState.ASLEEP,
        ScreenState.SILENT,
    ]
    assert [len(told) for told in seen[:4]] == [1, 1, 0, 1]


async def test_whoever_comes_is_told_what_holds(cafe):
    """Their page may be older than the last change; with nobody there nothing is read."""
    listeners = Listeners(cafe)
    assert len(await listeners.hear()) == 1
    assert await listeners.hear() == []
    listeners.counts = {cafe.cafe_id: 2}
    assert len(await listeners.hear()) == 1
    listeners.counts = {}
    await open_screen(cafe)
    assert await listeners.hear() == []
    listeners.counts = {cafe.cafe_id: 1}

    (view,) = await listeners.hear()

    assert find_state(view, "Bar") is ScreenState.ALIVE


async def test_a_cafe_hears_of_its_own_screens(cafe):
    """Two cafes of one process each get theirs."""
    await open_screen(cafe)

    async with open_beside(cafe, cafe_id=OTHER_CAFE_ID) as other:
        views = await cafe.runner.read(
            read_screens_of_cafes, [cafe.cafe_id, other.cafe_id], now=cafe.now
        )

    assert [find_state(view, "Bar") for view in views] == [ScreenState.ALIVE, None]


async def open_till(cafe: TestCafe) -> None:
    """Let the till be heard of now."""
    place = SeenPlace(place=Place(cafe_id=cafe.cafe_id, key=COUNTER), silent_s=0)
    await cafe.runner.write(note_screens, NoteScreens(seen=[place]), command_type="note")


async def list_warned(cafe: TestCafe) -> dict[str, str]:
    """Let the clock look; list what stands about stations that nobody sees."""
    if cafe.cafe_id in await cafe.runner.read(list_cafes_to_judge, cafe.now):
        await cafe.runner.write(
            judge_screens, JudgeScreens(), command_type="judge_screens", cafe_id=cafe.cafe_id
        )
    view = await cafe.runner.read(list_notifications, cafe.staff(Role.COUNTER))
    return {
        each.title: each.message
        for each in view.notifications
        if each.kind is NotificationKind.NO_SCREEN
    }


async def test_who_opens_the_till_is_told_what_nobody_would_see(cafe):
    """Before the first order; a screen that wakes up ends it, and in service tickets tell."""
    assert await list_warned(cafe) == {}
    await open_till(cafe)
    warned = await list_warned(cafe)
    assert "Bar has no screen" in warned
    assert "Water" in warned["Bar has no screen"] or " more go there" in warned["Bar has no screen"]

    await open_screen(cafe, "bar wall", station="bar")
    assert "Bar has no screen" not in await list_warned(cafe)
    assert "Kitchen has no screen" in await list_warned(cafe)
    cafe.pass_time(seconds=61)
    await open_till(cafe)
    await open_screen(cafe, "bar wall", station="bar", is_visible=False)
    assert "Bar has no screen" in await list_warned(cafe)

    lines = [cafe.line("Water")]
    await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=lines))
    assert await list_warned(cafe) == {}


async def test_at_opening_time_nobody_needs_to_be_at_the_till(cafe):
    """By the cafe's own clock, for an hour, on the days it opens; both are named before."""
    zone = ZoneInfo("Europe/Lisbon")
    local = cafe.now.astimezone(zone)
    opens = local.replace(hour=7, minute=30, second=0, microsecond=0) + timedelta(days=1)
    times: list[str | None] = [None] * 7
    times[opens.weekday()] = "07:30"
    await cafe.do(Role.MANAGER, "set_opening_times", SetOpeningTimes(opens_at=times))
    kitchen = await cafe.runner.read(read_kitchen_screens, cafe.cafe_id, now=cafe.now)
    unseen = await cafe.runner.read(list_unseen_dishes, cafe.cafe_id, kitchen)
    assert {each.route.station_name: each.dishes for each in unseen} == {
        "Bar": ["Flat white", "Latte", "Water"],
        "Kitchen": ["Toastie"],
    }

    heard = []
    for minutes in (-1, 0, 59, 60):
        cafe.now = opens.astimezone(UTC) + timedelta(minutes=minutes)
        heard.append(sorted(await list_warned(cafe)))
    assert heard == [[], ["Bar has no screen", "Kitchen has no screen"], heard[1], []]

    cafe.now = opens.astimezone(UTC) + timedelta(days=7, minutes=1)
    await open_screen(cafe, "bar wall", station="bar")
    warned = await list_warned(cafe)
    assert list(warned) == ["Kitchen has no screen"]
    assert "Toastie" in warned["Kitchen has no screen"]
    cafe.now = opens.astimezone(UTC) + timedelta(days=8, minutes=1)
    assert await list_warned(cafe) == {}
