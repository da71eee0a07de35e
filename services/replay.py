"""Read a past service from the log for domain/replay.py, which says what its wall showed.

Both functions are for `runner.read`, at most one of them at a time in a process (decision 0059). A
day of one cafe is read, with the day before it for what was still open when it began, and no row
beyond them; the rows of orders and tickets, as they are now, are not looked at.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import msgspec

from domain.business_day import find_day_bounds, find_moment
from domain.errors import InvalidMessage, NotFound
from domain.events import LoggedEvent
from domain.kitchen import VOID_LIFE
from domain.replay import (
    FOLDED_TYPES,
    KitchenDay,
    ReplayedWall,
    Timeline,
    draw_timeline,
    show_wall,
)
from domain.views.kitchen import StationView
from models.base import database_proxy
from models.rows import fetch_rows
from services.boards import FINISHED_LIMIT, OPEN_LIMIT
from services.cafes import CafeRules, read_cafe
from services.event_log import UnreadableEvent, find_first_kept, list_rows_between

# Three times two days of 5,000 events, of which a kitchen's are two thirds: what a log could ask of
# a reader is bounded, and what is kept of it (3.4 KB each).
_EVENTS_LIMIT = 20_000
# As in services/audit_search.py: where adding a day or a zone's offset cannot overflow.
_YEARS = range(1970, 3000)
_A_SECOND = timedelta(seconds=1)
# Who scrubs asks for one day again and again: its events are read once, and after that what is new.
_KEPT_DAYS = 2
_KEPT = timedelta(minutes=10)


@dataclass(slots=True)
class _KeptDay:
    """A day as far as it was read: up to the place `seq`, of `count` rows."""

    day: KitchenDay
    read_at: datetime
    seq: int = 0
    count: int = 0
    unreadable: int = 0
    is_cut: bool = False

    def take_in(self, row: LoggedEvent | UnreadableEvent) -> None:
        """Go on by the next row."""
        self.seq, self.count = row.seq, self.count + 1
        if isinstance(row, LoggedEvent):
            self.day.take_in(row)
        else:
            self.unreadable += 1


# In each process for itself, and by database first, as in services/kept.py.
_kept: WeakKeyDictionary[Any, dict[tuple[str, datetime], _KeptDay]] = WeakKeyDictionary()
# Whoever asks lets one in at a time (`HandlerContext.replay_gate`); this is for what was given up
# there and goes on here.
_one_at_a_time = Lock()


class Gap(StrEnum):
    """Why a day cannot be shown, or not all of it."""

    NONE = "none"
    NOT_YET = "not_yet"
    # Before the cafe's first event.
    BEFORE = "before"
    # Its events are not kept any more, or only from a moment on.
    GONE = "gone"
    PARTLY_GONE = "partly_gone"


class ReplayQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to see. day: None for today; slug: None for all stations.

    second: of the day, from its begin; clock: what a clock in the cafe showed. Without both, where
    the wall was fullest.
    """

    day: date | None = None
    slug: str | None = None
    second: int | None = None
    clock: time | None = None


class ReplayMoment(msgspec.Struct, frozen=True, kw_only=True):
    """A wall at a moment of a day. next_at: when the kitchen changed next, None for never."""

    cafe: CafeRules
    day_begins_at: datetime
    wall: ReplayedWall
    next_at: datetime | None

    @property
    def local_at(self) -> datetime:
        """The moment by the cafe's clock."""
        return self.wall.at.astimezone(ZoneInfo(self.cafe.timezone))

    @property
    def second(self) -> int:
        """Where in the day the moment is."""
        return self.find_second(self.wall.at)

    @property
    def next_second(self) -> int | None:
        """The first whole second at which something had changed."""
        return None if self.next_at is None else self.find_second(self.next_at)

    def find_second(self, at: datetime) -> int:
        """Return the first whole second of the day that is not before a moment."""
        return -((self.day_begins_at - at) // _A_SECOND)


class ReplayDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day, and the wall of a station at a moment of it.

    stations: to choose from: those in use, and former ones that had tickets then. timeline: None
    where there were none. kept_from: when what is kept of the log begins, and first_day the day of
    that. unreadable: events that this version of the program cannot read. is_cut: there were more
    than are read. until: the day's end, or now.
    """

    today: date
    day: date
    stations: list[StationView]
    moment: ReplayMoment
    timeline: Timeline | None
    gap: Gap
    kept_from: datetime | None
    first_day: date | None
    unreadable: int
    is_cut: bool
    until: datetime

    @property
    def late_seconds(self) -> list[int]:
        """When tickets became late, by seconds of the day."""
        late = [] if self.timeline is None else self.timeline.late
        return sorted({self.moment.find_second(point.at) for point in late})

    @property
    def late_before(self) -> int | None:
        """The last late point before the moment."""
        return max((each for each in self.late_seconds if each < self.moment.second), default=None)

    @property
    def late_after(self) -> int | None:
        """The first late point after the moment."""
        return min((each for each in self.late_seconds if each > self.moment.second), default=None)

    @property
    def span(self) -> tuple[int, int]:
        """The seconds of the day that its time line reaches over."""
        if self.timeline is None:
            return self.moment.second, self.moment.second
        return (
            self.moment.find_second(self.timeline.begins_at),
            self.moment.find_second(self.timeline.ends_at),
        )

    @property
    def last_second(self) -> int:
        """The last second of the time line that is over."""
        return min(self.span[1], self.moment.find_second(self.until))


def read_replay_day(cafe_id: str, question: ReplayQuestion, *, now: datetime) -> ReplayDay:
    """Read a day with its timeline and a moment of it. Raises: NotFound, InvalidMessage."""
    cafe = read_cafe(cafe_id)
    day, begins_at, ends_at = _find_day(cafe, question, now)
    known = _list_stations(cafe_id)
    station = _find_station(known, question.slug)
    until = max(begins_at, min(ends_at, now))
    with _one_at_a_time:
        kept = _read_kept(cafe_id, begins_at, ends_at, now)
        timeline = draw_timeline(
            kept.day, None if station is None else station.station_id, ends_at=until
        )
        fullest_at = begins_at if timeline is None else timeline.fullest_at
        at = _choose_moment(cafe, question, day, begins_at, until, otherwise=fullest_at)
        moment = _show(cafe, kept.day, station, at)
        named = kept.day.list_named_stations()
    first = find_first_kept(cafe_id)
    return ReplayDay(
        today=cafe.find_business_date(now),
        day=day,
        stations=[
            each
            for each, is_used in known
            if is_used or each is station or each.station_id in named
        ],
        moment=moment,
        timeline=timeline,
        gap=_find_gap(first, begins_at, ends_at, now),
        kept_from=None if first is None else first[1],
        first_day=None if first is None else cafe.find_business_date(first[1]),
        unreadable=kept.unreadable,
        is_cut=kept.is_cut,
        until=until,
    )


def read_replay_moment(cafe_id: str, question: ReplayQuestion, *, now: datetime) -> ReplayMoment:
    """Read one moment of a day. Raises: NotFound, InvalidMessage."""
    cafe = read_cafe(cafe_id)
    day, begins_at, ends_at = _find_day(cafe, question, now)
    station = _find_station(_list_stations(cafe_id), question.slug)
    until = max(begins_at, min(ends_at, now))
    at = _choose_moment(cafe, question, day, begins_at, until, otherwise=begins_at)
    with _one_at_a_time:
        return _show(cafe, _read_kept(cafe_id, begins_at, ends_at, now).day, station, at)


def _read_kept(cafe_id: str, begins_at: datetime, ends_at: datetime, now: datetime) -> _KeptDay:
    """Read a day, or what has come since it was read; under the lock."""
    days = _kept.setdefault(database_proxy.obj, {})
    kept = days.pop((cafe_id, begins_at), None)
    if kept is None or not kept.read_at <= now < kept.read_at + _KEPT:
        kept = _KeptDay(day=KitchenDay(begins_at), read_at=now)
    room = _EVENTS_LIMIT - kept.count
    rows = list_rows_between(
        cafe_id,
        begins_at - VOID_LIFE,
        ends_at,
        types=FOLDED_TYPES,
        limit=room + 1,
        after_seq=kept.seq,
    )
    kept.is_cut = len(rows) > room
    for row in rows[:room]:
        kept.take_in(row)
    for oldest in list(days)[: 1 - _KEPT_DAYS]:
        del days[oldest]
    days[cafe_id, begins_at] = kept
    return kept


def _show(
    cafe: CafeRules, day: KitchenDay, station: StationView | None, at: datetime
) -> ReplayMoment:
    return ReplayMoment(
        cafe=cafe,
        day_begins_at=day.begins_at,
        wall=show_wall(day, station, at=at, open_limit=OPEN_LIMIT, finished_limit=FINISHED_LIMIT),
        next_at=min((logged.at for logged in day.happened if logged.at > at), default=None),
    )


def _find_day(
    cafe: CafeRules, question: ReplayQuestion, now: datetime
) -> tuple[date, datetime, datetime]:
    day = question.day or cafe.find_business_date(now)
    if day.year not in _YEARS:
        raise InvalidMessage(
            "Write a day like 2026-11-26, from 1970 to 2999.", code="invalid_query"
        )
    begins_at, ends_at = find_day_bounds(
        day, timezone=cafe.timezone, cutoff_minutes=cafe.business_day_cutoff_minutes
    )
    return day, begins_at, ends_at


def _choose_moment(
    cafe: CafeRules,
    question: ReplayQuestion,
    day: date,
    begins_at: datetime,
    until: datetime,
    *,
    otherwise: datetime,
) -> datetime:
    """Return the whole second that is asked for, within the day and not after now."""
    at = otherwise
    if question.second is not None:
        at = begins_at + _A_SECOND * min(question.second, 100_000)
    elif question.clock is not None:
        at = find_moment(
            day,
            question.clock,
            timezone=cafe.timezone,
            cutoff_minutes=cafe.business_day_cutoff_minutes,
        )
    # The first whole second that is not before it: what happened within one is seen at its end.
    seconds = -((begins_at - min(at, until)) // _A_SECOND)
    return begins_at + _A_SECOND * max(0, seconds)


def _find_gap(
    first: tuple[int, datetime] | None, begins_at: datetime, ends_at: datetime, now: datetime
) -> Gap:
    if begins_at > now:
        return Gap.NOT_YET
    if first is None:
        return Gap.BEFORE
    seq, kept_from = first
    if seq == 1:
        return Gap.BEFORE if kept_from >= ends_at else Gap.NONE
    if kept_from >= ends_at:
        return Gap.GONE
    return Gap.PARTLY_GONE if kept_from > begins_at else Gap.NONE


def _list_stations(cafe_id: str) -> list[tuple[StationView, bool]]:
    """List all stations that there ever were, and whether each is in use."""
    rows = fetch_rows(
        "SELECT id, name, slug, target_s, archived_at IS NULL FROM station WHERE cafe_id = ?"
        " ORDER BY position, id",
        (cafe_id,),
    )
    return [
        (StationView(station_id=station_id, name=name, slug=slug, target_s=target_s), bool(used))
        for station_id, name, slug, target_s, used in rows
    ]


def _find_station(known: list[tuple[StationView, bool]], slug: str | None) -> StationView | None:
    if slug is None:
        return None
    for station, _ in known:
        if station.slug == slug:
            return station
    raise NotFound("There is no such station. Choose one of the list.")
