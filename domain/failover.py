"""Whose tickets are shown at another station: when the clock moves them there, and back again.

A ticket stays what it is and keeps its station: what moves is where it is looked at. So nothing is
cooked twice, and a receipt counts whichever screen it comes from (decision 0041).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from domain.errors import Conflict, NotFound, UnprocessableInput
from domain.screens import ScreenState

# A screen that has just woken up may fall asleep again: its tickets do not go to and fro with it.
RETURN_AFTER = timedelta(seconds=10)
_SHOWS = frozenset({ScreenState.ALIVE, ScreenState.MUTED})


class WatchedScreen(msgspec.Struct, frozen=True, kw_only=True):
    """A screen of a station. visible_since: without a break; visible_at: last; None: never."""

    state: ScreenState
    visible_since: datetime | None
    visible_at: datetime | None


class WatchedStation(msgspec.Struct, frozen=True, kw_only=True):
    """A station as failover sees it.

    partner_id, patience: where its tickets go by themselves once it has been dark for so long; None
    where they do not. shown_at_id: where they are now; returns_by_itself: until its own screen is
    there again. waiting_since: when its oldest unfinished ticket came; None without any.
    """

    station_id: str
    name: str
    partner_id: str | None = None
    patience: timedelta | None = None
    shown_at_id: str | None = None
    returns_by_itself: bool = False
    waiting_since: datetime | None = None
    screens: list[WatchedScreen] = []

    @property
    def is_shown(self) -> bool:
        """Whether a screen of its own shows its tickets."""
        return any(screen.state in _SHOWS for screen in self.screens)


class Turn(StrEnum):
    """What is to be done with a station's tickets."""

    MOVE = "move"
    RETURN = "return"


def judge_station(
    station: WatchedStation, stations: Mapping[str, WatchedStation], *, now: datetime
) -> Turn | None:
    """Say what the clock does with a station's tickets now. stations: all of the cafe's."""
    if station.shown_at_id is not None:
        return Turn.RETURN if _is_back(station, now) else None
    partner = stations.get(station.partner_id or "")
    if partner is None or station.patience is None or station.waiting_since is None:
        return None
    if station.is_shown or not partner.is_shown or partner.shown_at_id is not None:
        return None
    return Turn.MOVE if now - _find_dark_since(station) >= station.patience else None


def plan_move(
    station_id: str, to_station_id: str, stations: Mapping[str, WatchedStation]
) -> list[WatchedStation]:
    """List whose tickets go when a station's are moved: its own, and those that it shows itself.

    Raises:
        NotFound: there is no such station.
        UnprocessableInput: to itself.
        Conflict: they are there already, or the other station's own tickets are shown elsewhere.
    """
    station, target = stations.get(station_id), stations.get(to_station_id)
    if station is None or target is None:
        raise NotFound("There is no such station. Choose one of the list.")
    if station is target:
        raise UnprocessableInput("A station's tickets are moved to another station.")
    if target.shown_at_id is not None:
        raise Conflict(
            f"The tickets of {target.name} are shown elsewhere themselves. Choose another station.",
            code="station_moved",
        )
    if station.shown_at_id == to_station_id:
        raise Conflict(
            f"The tickets of {station.name} are shown at {target.name} already.",
            code="station_moved",
        )
    guests = [each for each in stations.values() if each.shown_at_id == station_id]
    return [station, *guests]


def _is_back(station: WatchedStation, now: datetime) -> bool:
    return station.returns_by_itself and any(
        screen.state in _SHOWS
        and screen.visible_since is not None
        and now - screen.visible_since >= RETURN_AFTER
        for screen in station.screens
    )


def _find_dark_since(station: WatchedStation) -> datetime:
    """Say since when nobody saw its tickets; nothing is known of screens that were closed."""
    assert station.waiting_since is not None
    seen = [screen.visible_at for screen in station.screens if screen.visible_at is not None]
    return max(seen, default=station.waiting_since)
