"""Busy mode: pausing guests' orders of stations, and letting them order again.

What is paused when is domain/pauses.py's. A pause is a new version of the menu, so that every page
and every order sees the same: services/menu_books.py marks the dishes. jobs/pauses.py is the clock.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from domain.commands import Command, PauseOrdering, ResumeOrdering, SetBusyLimit
from domain.errors import Conflict, NotFound
from domain.estimates import OpenLine, measure_load
from domain.events import MenuPauseChanged
from domain.pauses import REST, OpenPause, PausableStation, PauseTurn, is_over, judge_pause
from domain.statuses import PauseCause
from domain.views.availability import (
    BusyLimitView,
    BusyStationView,
    StationPausesView,
    StationPauseView,
)
from models.base import database_proxy
from models.fields import from_optional_unix_ms, from_unix_ms, to_optional_unix_ms, to_unix_ms
from models.rows import fetch_rows
from services.cafes import read_cafe
from services.estimates import read_learned, read_open_lines
from services.leases import TakeLease, take_lease
from services.menu_books import MenuBook, get_menu_book, raise_menu_version
from services.unit_of_work import UnitOfWork

# How often the clock looks, and the name that its lease has (spec L1).
PERIOD_S = 5.0
JOB = "pauses"

_STATIONS_QUERY = """
SELECT station.id, station.name, pause.cause, pause.since, pause.ends_at, pause.from_prep_s,
    pause.reason, pause.load_minutes, pause.limit_minutes, pause.rests_until
FROM station
LEFT JOIN station_pause AS pause ON pause.station_id = station.id
WHERE station.cafe_id = ? AND station.archived_at IS NULL
ORDER BY station.position, station.id
"""
# Where the clock may have something to do.
_WATCHED_QUERY = """
SELECT DISTINCT pause.cafe_id FROM station_pause AS pause
JOIN cafe ON cafe.id = pause.cafe_id
WHERE cafe.closed_at IS NULL
    AND (pause.limit_minutes IS NOT NULL OR pause.cause = 'load' OR pause.ends_at IS NOT NULL)
"""
_NO_PAUSE = {
    "cause": None,
    "since": None,
    "ends_at": None,
    "from_prep_s": 0,
    "reason": "",
    "load_minutes": None,
}


class _Station(msgspec.Struct, frozen=True, kw_only=True):
    """A station in use. pause: the one that holds, if any; its dishes are not named yet."""

    station_id: str
    name: str
    limit_minutes: int | None
    rests_until: datetime | None
    pause: StationPauseView | None


class _Turn(NamedTuple):
    """What the clock does with a station, and the seconds of work in front that say so."""

    station: _Station
    turn: PauseTurn
    load_s: float


class JudgePauses(Command, frozen=True, kw_only=True):
    """Pause and open what is due in a cafe. Sent by the clock alone."""


class PausesJudged(msgspec.Struct, frozen=True, kw_only=True):
    """What the clock has done, station by station: words and figures for the log."""

    changes: list[dict[str, str | int | None]] = []


def pause_ordering(unit: UnitOfWork, command: PauseOrdering) -> StationPausesView:
    """Let guests order nothing of a station, or of all, for a while.

    A pause that holds is replaced. Raises: NotFound.
    """
    stations = _choose(_lock_stations(unit), command.station_id)
    until = None
    if command.minutes is not None:
        until = unit.now + timedelta(minutes=command.minutes)
    menu_version = raise_menu_version(unit)
    for station in stations:
        _keep(
            unit,
            station.station_id,
            cause=PauseCause.BY_HAND.value,
            since=to_unix_ms(unit.now),
            ends_at=to_optional_unix_ms(until),
            from_prep_s=0,
            reason=command.reason,
            load_minutes=None,
        )
    _tell_paused(unit, stations, menu_version, minutes=command.minutes)
    return StationPausesView(pauses=list_pauses(unit.cafe_id, now=unit.now))


def resume_ordering(unit: UnitOfWork, command: ResumeOrdering) -> StationPausesView:
    """Let guests order what was paused again; for a while the clock leaves these stations alone.

    Raises: NotFound; Conflict where nothing is paused.
    """
    stations = _choose(_lock_stations(unit), command.station_id)
    paused = [station for station in stations if station.pause is not None]
    if not paused:
        raise Conflict("Guests can order here already.", code="not_paused")
    _end(unit, paused, PauseCause.BY_HAND)
    return StationPausesView(pauses=list_pauses(unit.cafe_id, now=unit.now))


def set_busy_limit(unit: UnitOfWork, command: SetBusyLimit) -> BusyLimitView:
    """Say at how much work in front a station pauses by itself. Raises: NotFound."""
    (station,) = _choose(_lock_stations(unit), command.station_id)
    view = BusyLimitView(station_id=command.station_id, limit_minutes=command.limit_minutes)
    if station.limit_minutes == command.limit_minutes:
        return view
    _keep(unit, command.station_id, limit_minutes=command.limit_minutes, rests_until=None)
    unit.audit(
        "busy_limit_set",
        station_id=command.station_id,
        limit_minutes=command.limit_minutes or 0,
    )
    return view


def list_busy_stations(cafe_id: str, *, now: datetime) -> list[BusyStationView]:
    """List the stations with their work in front, limits and pauses; for `runner.read`."""
    loads, pauses = _measure_loads(cafe_id, now), list_pauses(cafe_id, now=now)
    held = {each.station_id: each for each in pauses}
    return [
        BusyStationView(
            station_id=station.station_id,
            station_name=station.name,
            load_minutes=_to_minutes(loads.get(station.station_id, 0.0)),
            limit_minutes=station.limit_minutes,
            pause=held.get(station.station_id),
        )
        for station in _read_stations(cafe_id)
    ]


def list_cafes_with_due_pauses(now: datetime) -> list[str]:
    """List the cafes in which the clock is to pause or to open something; for `runner.read`."""
    watched = [cafe_id for (cafe_id,) in fetch_rows(_WATCHED_QUERY)]
    return sorted(each for each in watched if _list_turns(each, _read_stations(each), now))


def judge_pauses(unit: UnitOfWork, _: JudgePauses) -> PausesJudged:
    """Pause and open what is due in a cafe, if no process has in this period."""
    if not take_lease(unit, TakeLease(job=JOB, period_s=PERIOD_S)).is_taken:
        return PausesJudged()
    changes = []
    for station, turn, load_s in _list_turns(unit.cafe_id, _lock_stations(unit), unit.now):
        figures: dict[str, str | int | None] = {}
        if turn.cause is PauseCause.LOAD:
            figures["load_minutes"] = _to_minutes(load_s)
            figures["limit_minutes"] = station.limit_minutes
        if turn.is_paused:
            _pause_by_load(unit, station, turn, figures)
        else:
            _end(unit, [station], turn.cause, **figures)
        changes.append(
            {
                "station_id": station.station_id,
                "change": "paused" if turn.is_paused else "resumed",
                "cause": turn.cause.value,
                **figures,
            }
        )
    return PausesJudged(changes=changes)


def list_pauses(cafe_id: str, *, now: datetime) -> list[StationPauseView]:
    """List what guests cannot order now, in the stations' order."""
    pauses = [each.pause for each in _read_stations(cafe_id) if each.pause is not None]
    held = [each for each in pauses if not is_over(each, now)]
    if not held:
        return []
    book = get_menu_book(read_cafe(cafe_id))
    return [_name_dishes(each, book) for each in held]


def _lock_stations(unit: UnitOfWork) -> list[_Station]:
    """Read the stations; others who want to pause them wait, who writes tickets does not."""
    if database_proxy.for_update:
        fetch_rows(
            "SELECT id FROM station WHERE cafe_id = ? ORDER BY id FOR NO KEY UPDATE",
            (unit.cafe_id,),
        )
    return _read_stations(unit.cafe_id)


def _choose(stations: Sequence[_Station], station_id: str | None) -> list[_Station]:
    chosen = [each for each in stations if station_id in (None, each.station_id)]
    if not chosen:
        raise NotFound("There is no such station. Choose one of the list.")
    return chosen


def _list_turns(cafe_id: str, stations: Sequence[_Station], now: datetime) -> list[_Turn]:
    has_limits = any(each.limit_minutes is not None for each in stations)
    loads = _measure_loads(cafe_id, now) if has_limits else {}
    prep_s: dict[str, list[int]] = defaultdict(list)
    for category in get_menu_book(read_cafe(cafe_id)).menu.categories:
        for item in category.items:
            prep_s[item.station_id].append(item.prep_s)
    turns = []
    for station in stations:
        load_s = loads.get(station.station_id, 0.0)
        turn = judge_pause(
            PausableStation(
                load_s=load_s,
                limit_minutes=station.limit_minutes,
                prep_s=prep_s[station.station_id],
                pause=_find_open(station),
                rests_until=station.rests_until,
            ),
            now=now,
        )
        if turn is not None:
            turns.append(_Turn(station, turn, load_s))
    return turns


def _find_open(station: _Station) -> OpenPause | None:
    pause = station.pause
    if pause is None:
        return None
    return OpenPause(
        cause=pause.cause,
        since=pause.since,
        until=pause.until,
        from_prep_s=pause.from_prep_s,
    )


def _measure_loads(cafe_id: str, now: datetime) -> dict[str, float]:
    """Measure the seconds of work in front of each station that has some."""
    lines: dict[str, list[OpenLine]] = defaultdict(list)
    for line in read_open_lines(cafe_id):
        lines[line.station_id].append(line)
    learned = read_learned(cafe_id, now=now)
    return {each: measure_load(own, learned, now=now) for each, own in lines.items()}


def _to_minutes(seconds: float) -> int:
    return round(seconds / 60)


def _pause_by_load(
    unit: UnitOfWork, station: _Station, turn: PauseTurn, figures: dict[str, Any]
) -> None:
    """Pause what a turn says; a pause that goes on keeps when it began."""
    menu_version = raise_menu_version(unit)
    since = unit.now if station.pause is None else station.pause.since
    _keep(
        unit,
        station.station_id,
        cause=turn.cause.value,
        since=to_unix_ms(since),
        ends_at=to_optional_unix_ms(turn.until),
        from_prep_s=turn.from_prep_s,
        reason="",
        load_minutes=figures["load_minutes"],
    )
    _tell_paused(unit, [station], menu_version, from_prep_s=turn.from_prep_s, **figures)


def _end(unit: UnitOfWork, stations: Sequence[_Station], cause: PauseCause, **figures: Any) -> None:
    """End pauses. cause: why they end."""
    was = _list_told(unit, stations)
    menu_version = raise_menu_version(unit)
    for pause in was:
        columns: dict[str, Any] = dict(_NO_PAUSE)
        if cause is PauseCause.BY_HAND:
            columns["rests_until"] = to_unix_ms(unit.now + REST)
        _keep(unit, pause.station_id, **columns)
        unit.record(
            MenuPauseChanged(pause=pause, is_paused=False, cause=cause, menu_version=menu_version)
        )
        unit.audit(
            "ordering_resumed",
            station_id=pause.station_id,
            cause=cause.value,
            lasted_s=int((unit.now - pause.since).total_seconds()),
            **figures,
        )


def _tell_paused(
    unit: UnitOfWork, stations: Sequence[_Station], menu_version: int, **figures: Any
) -> None:
    """Record and audit that stations are paused, as they are by now."""
    ids = {station.station_id for station in stations}
    after = [each for each in _read_stations(unit.cafe_id) if each.station_id in ids]
    reasons = {each.station_id: each.pause.reason for each in after if each.pause is not None}
    for pause in _list_told(unit, after):
        unit.record(
            MenuPauseChanged(
                pause=pause, is_paused=True, cause=pause.cause, menu_version=menu_version
            )
        )
        unit.audit(
            "ordering_paused",
            station_id=pause.station_id,
            cause=pause.cause.value,
            reason=reasons[pause.station_id],
            **figures,
        )


def _list_told(unit: UnitOfWork, stations: Sequence[_Station]) -> list[StationPauseView]:
    """List pauses as everybody may hear of them: guests are not told what staff say."""
    book = get_menu_book(read_cafe(unit.cafe_id))
    return [
        msgspec.structs.replace(_name_dishes(each.pause, book), reason="")
        for each in stations
        if each.pause is not None
    ]


def _name_dishes(pause: StationPauseView, book: MenuBook) -> StationPauseView:
    dishes = [
        item.menu_item_id
        for category in book.menu.categories
        for item in category.items
        if item.station_id == pause.station_id and item.is_paused
    ]
    return msgspec.structs.replace(pause, menu_item_ids=dishes)


def _read_stations(cafe_id: str) -> list[_Station]:
    return [_build_station(row) for row in fetch_rows(_STATIONS_QUERY, (cafe_id,))]


def _build_station(row: Sequence[Any]) -> _Station:
    (
        station_id,
        name,
        cause,
        since,
        ends_at,
        from_prep_s,
        reason,
        load_minutes,
        limit_minutes,
        rests_until,
    ) = row
    pause = None
    if cause is not None:
        pause = StationPauseView(
            station_id=station_id,
            station_name=name,
            cause=PauseCause(cause),
            since=from_unix_ms(since),
            until=from_optional_unix_ms(ends_at),
            from_prep_s=from_prep_s,
            load_minutes=load_minutes,
            limit_minutes=limit_minutes,
            menu_item_ids=[],
            reason=reason,
        )
    return _Station(
        station_id=station_id,
        name=name,
        limit_minutes=limit_minutes,
        rests_until=from_optional_unix_ms(rests_until),
        pause=pause,
    )


def _keep(unit: UnitOfWork, station_id: str, **columns: Any) -> None:
    """Write columns of a station's row, which may be new."""
    fetch_rows(
        "INSERT INTO station_pause (station_id, cafe_id, from_prep_s, reason)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (station_id) DO NOTHING RETURNING station_id",
        (station_id, unit.cafe_id, 0, ""),
    )
    settings = ", ".join(f"{name} = ?" for name in columns)
    fetch_rows(
        f"UPDATE station_pause SET {settings} WHERE station_id = ? AND cafe_id = ?"  # noqa: S608 - own names
        " RETURNING station_id",
        (*columns.values(), station_id, unit.cafe_id),
    )
