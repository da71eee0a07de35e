"""Screens on walls and counters: which place one is at, and when its silence is an alarm.

Until screens are paired a screen has no name of its own. What counts is the place that is looked
at: the alarm is that nothing shows a station's tickets any more, not that one of two does not.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

# A dashboard is red for itself after 10 s and offline for others after 15 (spec F2).
GONE_AFTER = timedelta(seconds=15)
# What it shows by then is as old as its own red says, and others learn of it within those 15.
SILENT_AFTER = timedelta(seconds=10)
# Nobody looks for a screen while nothing has reached the kitchen for so long.
SERVICE_PAUSE = timedelta(hours=1)
# A place that nobody has looked at for a day is not one that is in use.
FORGOTTEN_AFTER = timedelta(days=1)

# A ticket that no screen of its station has painted by then alarms the counter (spec G5).
PAINTED_WITHIN = timedelta(seconds=3)

COUNTER = "counter"
BOARD = "board"
KITCHEN = "kitchen"
_STATION = "station:"

_NAMES = {COUNTER: "Counter", BOARD: "Order-ready board", KITCHEN: "Kitchen, all stations"}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where in a cafe a screen is looked at. key: COUNTER, BOARD, KITCHEN or a station's."""

    cafe_id: str
    key: str

    @property
    def station_id(self) -> str | None:
        """The station whose tickets are shown there; None for another place."""
        return self.key.removeprefix(_STATION) if self.key.startswith(_STATION) else None


class SeenPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place and how long ago one of its screens was last heard of."""

    place: Place
    silent_s: float


class Sound(StrEnum):
    """blocked: wanted, and not allowed by the browser until somebody touches the page.

    unknown: nothing was said of it.
    """

    ON = "on"
    OFF = "off"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


class ScreenState(StrEnum):
    """What staff may expect of a screen, worst last. asleep: its page is hidden or the display off.

    muted: it shows tickets and makes no sound. silent: nothing is heard of it.
    """

    ALIVE = "alive"
    MUTED = "muted"
    ASLEEP = "asleep"
    SILENT = "silent"


class SeenScreen(msgspec.Struct, frozen=True, kw_only=True):
    """One screen that shows tickets, as it said itself, and how long ago.

    key: of a paired screen its device's id, else what its page calls itself. station_id: None
    where it shows all stations.
    """

    cafe_id: str
    key: str
    station_id: str | None
    is_visible: bool
    sound: Sound
    silent_s: float


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that a screen has painted. station_id: of the screen; None where it shows all.

    screen_key: the paired screen's id, or what a page calls itself.
    """

    cafe_id: str
    station_id: str | None
    ticket_id: str
    screen_key: str = ""


def judge_screen(
    *, last_seen_at: datetime, is_visible: bool, sound: Sound, now: datetime
) -> ScreenState:
    """Say what may be expected of a screen."""
    if now - last_seen_at >= SILENT_AFTER:
        return ScreenState.SILENT
    if not is_visible:
        return ScreenState.ASLEEP
    return ScreenState.MUTED if sound in {Sound.OFF, Sound.BLOCKED} else ScreenState.ALIVE


def make_station_key(station_id: str) -> str:
    """Name the place of a station's displays."""
    return f"{_STATION}{station_id}"


def name_place(key: str, *, station_name: str | None) -> str:
    """Name a place for people."""
    return station_name if station_name is not None else _NAMES.get(key, key)


def is_gone(*, last_seen_at: datetime, left_at: datetime | None, now: datetime) -> bool:
    """Say whether a screen that nobody closed is not there any more."""
    return left_at is None and GONE_AFTER <= now - last_seen_at < FORGOTTEN_AFTER
