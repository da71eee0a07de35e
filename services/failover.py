"""Moving a station's tickets to another station's screens, by hand or by the clock, and back.

Only where they are looked at changes: a row says it, boards read it, screens are told by an event.
What moves when is domain/failover.py's; jobs/screens.py is the clock.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from domain.commands import MoveStation, ReturnStation, SetFailover
from domain.errors import Conflict, NotFound, UnprocessableInput
from domain.events import StationMoved, StationReturned
from domain.failover import Turn, WatchedScreen, WatchedStation, judge_station, plan_move
from domain.screens import SERVICE_PAUSE, Sound, judge_screen
from domain.views.cafe import FailoverView
from domain.views.kitchen import StationMoveView
from models.base import database_proxy
from models.fields import from_optional_unix_ms, from_unix_ms, to_unix_ms
from models.rows import fetch_rows
from services.unit_of_work import UnitOfWork

_STATIONS_QUERY = """
SELECT station.id, station.name, failover.partner_id, failover.patience_s, failover.shown_at_id,
    failover.returns_by_itself,
    (
        SELECT MIN(ticket.queued_at) FROM ticket
        WHERE ticket.cafe_id = station.cafe_id AND ticket.station_id = station.id
            AND ticket.status IN ('received', 'started')
    )
FROM station
LEFT JOIN station_failover AS failover ON failover.station_id = station.id
WHERE station.cafe_id = ? AND station.archived_at IS NULL
ORDER BY station.position, station.id
"""
_SCREENS_QUERY = """
SELECT station_id, is_visible, sound, last_seen_at, visible_since, visible_at
FROM station_screen WHERE cafe_id = ? AND last_seen_at > ?
"""
_MOVES_QUERY = """
SELECT station.id, station.name, target.id, target.name, failover.shown_since,
    failover.is_automatic
FROM station_failover AS failover
JOIN station ON station.id = failover.station_id
JOIN station AS target ON target.id = failover.shown_at_id
WHERE failover.cafe_id = ?
ORDER BY station.position, station.id
"""
# Where the clock may have something to do.
_WATCHED_QUERY = """
SELECT DISTINCT cafe_id FROM station_failover
WHERE (shown_at_id IS NULL AND partner_id IS NOT NULL)
    OR (shown_at_id IS NOT NULL AND returns_by_itself)
"""


class StationsJudged(msgspec.Struct, frozen=True, kw_only=True):
    """How many stations' tickets the clock has moved and returned."""

    moved: int
    returned: int


def move_station(unit: UnitOfWork, command: MoveStation) -> StationMoveView:
    """Show a station's tickets at another station from now on, and with them those that it shows.

    They return by themselves once its own screen is there again, unless it is there now.
    Raises: NotFound, UnprocessableInput, Conflict.
    """
    stations = _lock_stations(unit)
    going = plan_move(command.station_id, command.to_station_id, stations)
    moves = [
        _move(unit, each, command.to_station_id, returns_by_itself=not each.is_shown)
        for each in going
    ]
    return moves[0]


def return_station(unit: UnitOfWork, command: ReturnStation) -> StationMoveView:
    """Show a station's tickets at its own screens alone. Answers where they were.

    Raises: NotFound; Conflict where they are at home.
    """
    station = _lock_stations(unit).get(command.station_id)
    if station is None:
        raise NotFound("There is no such station. Choose one of the list.")
    if station.shown_at_id is None:
        raise Conflict(
            f"The tickets of {station.name} are at its own screens already.", code="station_home"
        )
    return _return(unit, station, is_automatic=False)


def set_failover(unit: UnitOfWork, command: SetFailover) -> FailoverView:
    """Say where a station's tickets go by themselves, and after how long; None: nowhere.

    Raises: NotFound, UnprocessableInput.
    """
    stations = _lock_stations(unit)
    station = stations.get(command.station_id)
    if station is None or (command.partner_id is not None and command.partner_id not in stations):
        raise NotFound("There is no such station. Choose one of the list.")
    if command.partner_id == command.station_id:
        raise UnprocessableInput("A station cannot stand in for itself. Choose another one.")
    patience_s = None if command.partner_id is None else command.patience_s
    view = FailoverView(
        station_id=command.station_id, partner_id=command.partner_id, patience_s=patience_s
    )
    patience = None if patience_s is None else timedelta(seconds=patience_s)
    if (station.partner_id, station.patience) == (view.partner_id, patience):
        return view
    _keep(unit, station.station_id, partner_id=view.partner_id, patience_s=patience_s)
    unit.audit(
        "failover_set",
        station_id=view.station_id,
        partner_id=view.partner_id or "",
        patience_s=patience_s or 0,
    )
    return view


def list_cafes_with_turns(now: datetime) -> list[str]:
    """List the cafes in which the clock is to move tickets or return them; for `runner.read`."""
    watched = [cafe_id for (cafe_id,) in fetch_rows(_WATCHED_QUERY)]
    return sorted(cafe_id for cafe_id in watched if _list_turns(read_stations(cafe_id, now), now))


def take_turns(unit: UnitOfWork) -> StationsJudged:
    """Move and return what is due in a cafe."""
    stations = _lock_stations(unit)
    moved = returned = 0
    for station, turn in _list_turns(stations, unit.now):
        if turn is Turn.RETURN:
            _return(unit, station, is_automatic=True)
            returned += 1
        else:
            assert station.partner_id is not None
            for each in plan_move(station.station_id, station.partner_id, stations):
                _move(unit, each, station.partner_id, returns_by_itself=True)
            moved += 1
            break  # it may change what is due of the others: the next period sees it
    return StationsJudged(moved=moved, returned=returned)


def list_moves(cafe_id: str) -> list[StationMoveView]:
    """List whose tickets are shown elsewhere, in the stations' order."""
    return [_build_move(row) for row in fetch_rows(_MOVES_QUERY, (cafe_id,))]


def read_stations(cafe_id: str, now: datetime) -> dict[str, WatchedStation]:
    """Read all stations in use as failover sees them, in their order."""
    screens = _read_screens(cafe_id, now)
    return {
        station_id: WatchedStation(
            station_id=station_id,
            name=name,
            partner_id=partner_id,
            patience=None if patience_s is None else timedelta(seconds=patience_s),
            shown_at_id=shown_at_id,
            returns_by_itself=bool(returns_by_itself),
            waiting_since=from_optional_unix_ms(waiting_ms),
            screens=[screen for at, screen in screens if at in (station_id, None)],
        )
        for (
            station_id,
            name,
            partner_id,
            patience_s,
            shown_at_id,
            returns_by_itself,
            waiting_ms,
        ) in fetch_rows(_STATIONS_QUERY, (cafe_id,))
    }


def _read_screens(cafe_id: str, now: datetime) -> list[tuple[str | None, WatchedScreen]]:
    rows = fetch_rows(_SCREENS_QUERY, (cafe_id, to_unix_ms(now - SERVICE_PAUSE)))
    return [
        (
            station_id,
            WatchedScreen(
                state=judge_screen(
                    last_seen_at=from_unix_ms(seen_ms),
                    is_visible=bool(is_visible),
                    sound=Sound(sound),
                    now=now,
                ),
                visible_since=from_optional_unix_ms(since_ms),
                visible_at=from_optional_unix_ms(at_ms),
            ),
        )
        for station_id, is_visible, sound, seen_ms, since_ms, at_ms in rows
    ]


def _lock_stations(unit: UnitOfWork) -> dict[str, WatchedStation]:
    """Read the stations; others who want to move them wait, who writes tickets does not."""
    if database_proxy.for_update:
        fetch_rows(
            "SELECT id FROM station WHERE cafe_id = ? ORDER BY id FOR NO KEY UPDATE",
            (unit.cafe_id,),
        )
    return read_stations(unit.cafe_id, unit.now)


def _list_turns(
    stations: dict[str, WatchedStation], now: datetime
) -> list[tuple[WatchedStation, Turn]]:
    turns = [(each, judge_station(each, stations, now=now)) for each in stations.values()]
    return [(station, turn) for station, turn in turns if turn is not None]


def _move(
    unit: UnitOfWork, station: WatchedStation, to_station_id: str, *, returns_by_itself: bool
) -> StationMoveView:
    _keep(
        unit,
        station.station_id,
        shown_at_id=to_station_id,
        shown_since=to_unix_ms(unit.now),
        is_automatic=not unit.has_identity,
        returns_by_itself=returns_by_itself,
    )
    move = _get_move(unit, station.station_id)
    unit.record(StationMoved(move=move))
    unit.audit("station_moved", station_id=station.station_id, to_station_id=to_station_id)
    return move


def _return(unit: UnitOfWork, station: WatchedStation, *, is_automatic: bool) -> StationMoveView:
    move = msgspec.structs.replace(_get_move(unit, station.station_id), is_automatic=is_automatic)
    _keep(
        unit,
        station.station_id,
        shown_at_id=None,
        shown_since=None,
        is_automatic=False,
        returns_by_itself=False,
    )
    unit.record(StationReturned(move=move))
    unit.audit(
        "station_returned",
        station_id=station.station_id,
        from_station_id=move.shown_at_station_id,
    )
    return move


def _keep(unit: UnitOfWork, station_id: str, **columns: Any) -> None:
    """Write columns of a station's row, which may be new."""
    fetch_rows(
        "INSERT INTO station_failover (station_id, cafe_id, is_automatic, returns_by_itself)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (station_id) DO NOTHING RETURNING station_id",
        (station_id, unit.cafe_id, False, False),
    )
    settings = ", ".join(f"{name} = ?" for name in columns)
    fetch_rows(
        f"UPDATE station_failover SET {settings} WHERE station_id = ? AND cafe_id = ?"  # noqa: S608 - own names
        " RETURNING station_id",
        (*columns.values(), station_id, unit.cafe_id),
    )


def _get_move(unit: UnitOfWork, station_id: str) -> StationMoveView:
    return next(each for each in list_moves(unit.cafe_id) if each.station_id == station_id)


def _build_move(row: Sequence[Any]) -> StationMoveView:
    station_id, name, target_id, target_name, since_ms, is_automatic = row
    return StationMoveView(
        station_id=station_id,
        station_name=name,
        shown_at_station_id=target_id,
        shown_at_station_name=target_name,
        since=from_unix_ms(since_ms),
        is_automatic=bool(is_automatic),
    )
