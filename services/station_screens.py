"""The screens that show a station's tickets: which are there, how they are, and where none is.

Rows are written by every process for what it hears of (services/screens.py), so each knows all. A
paired screen is the station's whether it is heard of or not; a page that somebody opened is until
it is closed, or was silent for as long as a service pauses.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from domain.notifications import (
    KIND_RULES,
    Subject,
    describe_missing_screen,
    make_notification,
)
from domain.opening import is_opening
from domain.routing import Route, find_route
from domain.screens import GONE_AFTER, SERVICE_PAUSE, ScreenState, SeenScreen, Sound, judge_screen
from domain.statuses import NotificationKind
from domain.views.screens import KitchenScreensView, StationScreensView, StationScreenView
from models.fields import from_unix_ms, to_unix_ms
from models.rows import fetch_rows
from services.failover import list_moves
from services.notifications import end_cause, raise_notification
from services.unit_of_work import UnitOfWork

_MISSING = NotificationKind.NO_SCREEN

# Of a `station`: the one whose screens show its tickets too.
_SHOWN_AT = """(
            SELECT failover.shown_at_id FROM station_failover AS failover
            WHERE failover.station_id = station.id
        )"""
# Of a `station`: whether something is there to show its tickets. One parameter: how late a page
# must have been heard of.
HAS_SCREEN = f"""(
    EXISTS (
        SELECT 1 FROM device
        WHERE device.cafe_id = station.cafe_id AND device.role = 'kitchen'
            AND device.revoked_at IS NULL
            AND (device.station_id IN (station.id, {_SHOWN_AT}) OR device.station_id IS NULL)
    )
    OR EXISTS (
        SELECT 1 FROM station_screen
        WHERE station_screen.cafe_id = station.cafe_id AND station_screen.last_seen_at > ?
            AND (
                station_screen.station_id IN (station.id, {_SHOWN_AT})
                OR station_screen.station_id IS NULL
            )
    )
)"""  # noqa: S608 - own text

# Of a `station`: its cafe opens (the till is there, or its clock says so, and nothing was ordered
# yet) and it makes what is on the menu. Later a ticket says by itself that nobody sees it.
# Parameters: how late the till must have been heard of, which cafes open by the clock, and how long
# ago the last order may have been.
_IS_OPENING = """(
    (
        EXISTS (
            SELECT 1 FROM screen
            WHERE screen.cafe_id = station.cafe_id AND screen.place = 'counter'
                AND screen.left_at IS NULL AND screen.last_seen_at > ?
        )
        OR station.cafe_id IN ({opening})
    )
    AND NOT EXISTS (
        SELECT 1 FROM ticket WHERE ticket.cafe_id = station.cafe_id AND ticket.queued_at > ?
    )
    AND EXISTS (
        SELECT 1 FROM menu_item
        WHERE menu_item.cafe_id = station.cafe_id AND menu_item.station_id = station.id
            AND menu_item.archived_at IS NULL
    )
)"""
# Of a `station`: some screen was seen showing its tickets. One parameter: since when.
_IS_SEEN = f"""EXISTS (
    SELECT 1 FROM station_screen
    WHERE station_screen.cafe_id = station.cafe_id AND station_screen.visible_at > ?
        AND (
            station_screen.station_id IN (station.id, {_SHOWN_AT})
            OR station_screen.station_id IS NULL
        )
)"""  # noqa: S608 - own text
# A page that is loaded again, or a screen that is carried, is back within this.
_OPENING_PATIENCE = timedelta(seconds=60)
_DISHES_QUERY = """
SELECT name FROM menu_item
WHERE cafe_id = ? AND station_id = ? AND archived_at IS NULL ORDER BY position, name
"""

# Stations whose warning is not as it should be: (station, whether it is to be raised).
_WARNINGS_QUERY = f"""
SELECT station.cafe_id, station.id, station.name, judged.is_missing
FROM station
JOIN (
    SELECT station.id AS station_id,
        station.archived_at IS NULL
            AND (
                (
                    NOT {HAS_SCREEN}
                    AND EXISTS (
                        SELECT 1 FROM ticket
                        WHERE ticket.cafe_id = station.cafe_id AND ticket.station_id = station.id
                            AND ticket.queued_at > ?
                    )
                )
                OR ({_IS_OPENING} AND NOT {_IS_SEEN})
            )
            AND NOT EXISTS (
                SELECT 1 FROM notification
                WHERE notification.cafe_id = station.cafe_id
                    AND notification.cause_key = 'no_screen:' || station.id
                    AND notification.resolved_at > ?
                    AND notification.resolution = 'by_person'
            ) AS is_missing,
        EXISTS (
            SELECT 1 FROM notification
            WHERE notification.cafe_id = station.cafe_id
                AND notification.cause_key = 'no_screen:' || station.id
                AND notification.resolved_at IS NULL
        ) AS is_told
    FROM station
) AS judged ON judged.station_id = station.id
WHERE judged.is_missing <> judged.is_told
"""  # noqa: S608 - own text

_SCREENS_QUERY = """
SELECT station.id, station.name, station_screen.screen_key, device.name,
    station_screen.is_visible, station_screen.sound, station_screen.last_seen_at,
    failover.partner_id, failover.patience_s
FROM station
LEFT JOIN station_failover AS failover ON failover.station_id = station.id
LEFT JOIN station_screen ON station_screen.cafe_id = station.cafe_id
    AND station_screen.last_seen_at > ?
    AND (station_screen.station_id = station.id OR station_screen.station_id IS NULL)
LEFT JOIN device ON device.cafe_id = station.cafe_id AND device.id = station_screen.screen_key
WHERE station.cafe_id = ? AND station.archived_at IS NULL
ORDER BY station.position, station.id, station_screen.screen_key
"""
_SILENT_DEVICES_QUERY = """
SELECT station.id, device.id, device.name
FROM device
JOIN station ON station.cafe_id = device.cafe_id
    AND (device.station_id = station.id OR device.station_id IS NULL)
WHERE device.cafe_id = ? AND device.role = 'kitchen' AND device.revoked_at IS NULL
ORDER BY device.id
"""


_OPENING_TIMES_QUERY = """
SELECT id, timezone, opens_at FROM cafe WHERE opens_at <> '[]' AND closed_at IS NULL
"""
_LISTED_QUERY = """
SELECT station_id, name FROM menu_item
WHERE cafe_id = ? AND archived_at IS NULL ORDER BY station_id, position, name
"""


# SQL has to be told of what type a NULL is.
_SCREEN_PLACES = "(?, ?, ?, ?, ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT))"


class UnseenDishes(msgspec.Struct, frozen=True, kw_only=True):
    """What nobody would see if it were ordered now, and why."""

    route: Route
    dishes: list[str]


class Warned(msgspec.Struct, frozen=True, kw_only=True):
    """How many warnings were raised and ended."""

    raised: int
    ended: int


def note_station_screens(
    screens: Sequence[SeenScreen], *, left: Sequence[tuple[str, str]], now: datetime
) -> None:
    """Keep how screens are; those that were closed on purpose are forgotten."""
    for cafe_id, key in left:
        fetch_rows(
            "DELETE FROM station_screen WHERE cafe_id = ? AND screen_key = ? RETURNING screen_key",
            (cafe_id, key),
        )
    if not screens:
        return
    rows = [
        (
            screen.cafe_id,
            screen.key,
            screen.station_id,
            screen.is_visible,
            screen.sound.value,
            seen_ms := to_unix_ms(now - timedelta(seconds=screen.silent_s)),
            seen_ms if screen.is_visible else None,
            seen_ms if screen.is_visible else None,
        )
        for screen in screens
    ]
    places = ", ".join([_SCREEN_PLACES] * len(rows))
    unbroken_ms = GONE_AFTER // timedelta(milliseconds=1)
    fetch_rows(
        "INSERT INTO station_screen"  # noqa: S608 - place-holders
        " (cafe_id, screen_key, station_id, is_visible, sound, last_seen_at, visible_since,"
        " visible_at)"
        f" VALUES {places} ON CONFLICT (cafe_id, screen_key) DO UPDATE"
        " SET station_id = excluded.station_id, is_visible = excluded.is_visible,"
        " sound = excluded.sound, last_seen_at = excluded.last_seen_at,"
        " visible_since = CASE"
        " WHEN excluded.visible_since IS NOT NULL AND station_screen.visible_since IS NOT NULL"
        f" AND excluded.last_seen_at - station_screen.last_seen_at < {unbroken_ms}"
        " THEN station_screen.visible_since ELSE excluded.visible_since END,"
        " visible_at = COALESCE(excluded.visible_at, station_screen.visible_at)"
        " WHERE station_screen.last_seen_at < excluded.last_seen_at RETURNING screen_key",
        [value for row in rows for value in row],
    )


def list_cafes_to_warn(now: datetime) -> list[str]:
    """List the cafes where a station has lost or got its screens; for `runner.read`."""
    return sorted({cafe_id for cafe_id, *_ in _list_warnings(now)})


def warn_of_missing_screens(unit: UnitOfWork) -> Warned:
    """Raise and end the standing warnings of a cafe's stations."""
    raised = ended = 0
    for cafe_id, station_id, name, is_missing in _list_warnings(unit.now):
        if cafe_id != unit.cafe_id:
            continue
        if is_missing:
            _warn(unit, station_id, name)
            raised += 1
        else:
            end_cause(unit, _MISSING, station_id)
            ended += 1
    return Warned(raised=raised, ended=ended)


def read_kitchen_screens(cafe_id: str, *, now: datetime) -> KitchenScreensView:
    """Read how the screens of each station are, in the stations' order; for `runner.read`."""
    stations: dict[str, StationScreensView] = {}
    screens: dict[str, list[StationScreenView]] = {}
    seen: set[str] = set()
    moves = {move.station_id: move for move in list_moves(cafe_id)}
    for row in fetch_rows(_SCREENS_QUERY, (_find_forgotten_ms(now), cafe_id)):
        station_id, station_name, key, device_name, is_visible, sound, seen_ms, *failover = row
        partner_id, patience_s = failover
        stations[station_id] = StationScreensView(
            station_id=station_id,
            station_name=station_name,
            screens=[],
            move=moves.get(station_id),
            partner_id=partner_id,
            patience_s=patience_s,
        )
        of_station = screens.setdefault(station_id, [])
        if key is None:
            continue
        seen.add(key)
        state = judge_screen(
            last_seen_at=from_unix_ms(seen_ms),
            is_visible=bool(is_visible),
            sound=Sound(sound),
            now=now,
        )
        of_station.append(StationScreenView(key=key, name=device_name or "", state=state))
    for station_id, device_id, device_name in fetch_rows(_SILENT_DEVICES_QUERY, (cafe_id,)):
        if device_id not in seen and station_id in screens:
            view = StationScreenView(key=device_id, name=device_name, state=ScreenState.SILENT)
            screens[station_id].append(view)
    return KitchenScreensView(
        stations=[
            msgspec.structs.replace(station, screens=screens[station_id])
            for station_id, station in stations.items()
        ],
        at=now,
    )


def list_unseen_dishes(cafe_id: str, kitchen: KitchenScreensView) -> list[UnseenDishes]:
    """List what is on the menu and goes where no screen shows it, by station."""
    dishes: dict[str, list[str]] = {}
    for station_id, name in fetch_rows(_LISTED_QUERY, (cafe_id,)):
        dishes.setdefault(station_id, []).append(name)
    routes = {station_id: find_route(kitchen, station_id) for station_id in dishes}
    return [
        UnseenDishes(route=routes[station_id], dishes=names)
        for station_id, names in dishes.items()
        if not routes[station_id].is_seen
    ]


def read_screens_of_cafes(cafe_ids: Sequence[str], *, now: datetime) -> list[KitchenScreensView]:
    """Read the same of several cafes, in their order; for `runner.read`."""
    return [read_kitchen_screens(cafe_id, now=now) for cafe_id in cafe_ids]


def forget_station_screens(*, before: datetime, limit: int) -> int:
    """Remove screens that were last heard of before a moment; return how many."""
    rows = fetch_rows(
        "DELETE FROM station_screen WHERE (cafe_id, screen_key) IN ("
        "SELECT cafe_id, screen_key FROM station_screen WHERE last_seen_at < ?"
        " ORDER BY last_seen_at LIMIT ?) RETURNING screen_key",
        (to_unix_ms(before), limit),
    )
    return len(rows)


def _find_forgotten_ms(now: datetime) -> int:
    return to_unix_ms(now - SERVICE_PAUSE)


def _list_warnings(now: datetime) -> list[tuple[Any, ...]]:
    # Never an empty list, which SQL cannot write.
    opening = ["", *_list_opening_cafes(now)]
    return fetch_rows(
        _WARNINGS_QUERY.format(opening=", ".join("?" * len(opening))),
        (
            _find_forgotten_ms(now),
            to_unix_ms(now - SERVICE_PAUSE),
            to_unix_ms(now - _OPENING_PATIENCE),
            *opening,
            to_unix_ms(now - SERVICE_PAUSE),
            to_unix_ms(now - _OPENING_PATIENCE),
            to_unix_ms(now - KIND_RULES[_MISSING].life),
        ),
    )


def _list_opening_cafes(now: datetime) -> list[str]:
    """List the cafes that have opened within the last hour by their own clocks."""
    return [
        cafe_id
        for cafe_id, timezone, opens_at in fetch_rows(_OPENING_TIMES_QUERY)
        if is_opening(now, timezone=timezone, opens_at=json.loads(opens_at))
    ]


def _warn(unit: UnitOfWork, station_id: str, name: str) -> None:
    key = (unit.cafe_id, station_id)
    raise_notification(
        unit,
        make_notification(
            _MISSING,
            notification_id=unit.new_id(),
            cafe_id=unit.cafe_id,
            cause=station_id,
            words=describe_missing_screen(
                name, dishes=[dish for (dish,) in fetch_rows(_DISHES_QUERY, key)]
            ),
            subject=Subject(station_id=station_id),
            since=unit.now,
            now=unit.now,
        ),
    )
