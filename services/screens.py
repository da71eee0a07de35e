"""Screens that vanish: every process notes what it hears of, one of them tells when nothing is.

The rows are presence that outlives a process: a screen counts as there while any process has heard
of it within `GONE_AFTER`. A page that is closed, or a person who signs out, says so and is no
alarm. Nobody is told while there is no service; a screen that comes back ends its alarm.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from domain.notifications import (
    KIND_RULES,
    Subject,
    describe_silent_screen,
    make_notification,
)
from domain.screens import (
    FORGOTTEN_AFTER,
    SERVICE_PAUSE,
    Place,
    SeenPlace,
    SeenScreen,
    is_gone,
    name_place,
)
from domain.statuses import NotificationKind
from models.fields import from_optional_unix_ms, from_unix_ms, to_unix_ms
from models.rows import fetch_rows
from services.failover import list_cafes_with_turns, take_turns
from services.notifications import end_cause, raise_notification
from services.station_screens import (
    list_cafes_to_warn,
    note_station_screens,
    warn_of_missing_screens,
)
from services.unit_of_work import UnitOfWork

_OFFLINE = NotificationKind.SCREEN_OFFLINE

# Every place that was looked at lately, with what there is to judge it by.
_QUERY = """
SELECT screen.cafe_id, screen.place, station.name, screen.last_seen_at, screen.left_at,
    standing.id IS NOT NULL,
    EXISTS (
        SELECT 1 FROM ticket WHERE ticket.cafe_id = screen.cafe_id AND ticket.queued_at > ?
    ),
    EXISTS (
        SELECT 1 FROM notification
        WHERE notification.cafe_id = screen.cafe_id
            AND notification.cause_key = 'screen_offline:' || screen.place
            AND notification.resolved_at > screen.last_seen_at
            AND notification.resolution = 'by_person'
    )
FROM screen
LEFT JOIN station ON station.id = screen.station_id
LEFT JOIN notification AS standing ON standing.cafe_id = screen.cafe_id
    AND standing.cause_key = 'screen_offline:' || screen.place
    AND standing.resolved_at IS NULL
WHERE screen.last_seen_at > ?
"""


class NoteScreens(msgspec.Struct, frozen=True, kw_only=True):
    """seen: heard of on this process. left: closed on purpose since the last time.

    screens, left_screens: the same of single screens that show tickets, and how they are.
    """

    seen: list[SeenPlace] = []
    left: list[Place] = []
    screens: list[SeenScreen] = []
    left_screens: list[tuple[str, str]] = []


class JudgeScreens(msgspec.Struct, frozen=True, kw_only=True):
    """Sent by the clock, for one cafe."""


class ScreensJudged(msgspec.Struct, frozen=True, kw_only=True):
    """How many alarms were raised and ended."""

    raised: int
    ended: int


class _Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What a place's alarm should be. is_told: whether one stands."""

    place: Place
    name: str
    last_seen_at: datetime
    is_alarm: bool
    is_told: bool


def note_screens(unit: UnitOfWork, command: NoteScreens) -> None:
    """Keep when the screens of this process were heard of, whatever cafe they are in."""
    for place in command.left:
        fetch_rows(
            "UPDATE screen SET left_at = ? WHERE cafe_id = ? AND place = ? RETURNING place",
            (to_unix_ms(unit.now), place.cafe_id, place.key),
        )
    note_station_screens(command.screens, left=command.left_screens, now=unit.now)
    if not command.seen:
        return
    rows = [
        (
            seen.place.cafe_id,
            seen.place.key,
            seen.place.station_id,
            to_unix_ms(unit.now - timedelta(seconds=seen.silent_s)),
        )
        for seen in command.seen
    ]
    places = ", ".join(["(?, ?, ?, ?)"] * len(rows))
    fetch_rows(
        "INSERT INTO screen (cafe_id, place, station_id, last_seen_at)"  # noqa: S608 - place-holders
        f" VALUES {places} ON CONFLICT (cafe_id, place) DO UPDATE"
        " SET last_seen_at = excluded.last_seen_at, left_at = NULL"
        " WHERE screen.last_seen_at < excluded.last_seen_at RETURNING place",
        [value for row in rows for value in row],
    )


def list_cafes_to_judge(now: datetime) -> list[str]:
    """List the cafes in which a screen has vanished or is there again, and what that brings.

    For `runner.read`.
    """
    changed = {each.place.cafe_id for each in _judge(now) if each.is_alarm != each.is_told}
    return sorted(changed | set(list_cafes_to_warn(now)) | set(list_cafes_with_turns(now)))


def judge_screens(unit: UnitOfWork, _: JudgeScreens) -> ScreensJudged:
    """Raise the alarms of a cafe's screens that have vanished, and end those that are over.

    Tickets that nobody sees move to where they are seen, and return (services/failover.py).
    """
    raised = ended = 0
    for each in _judge(unit.now, cafe_id=unit.cafe_id):
        if each.is_alarm and not each.is_told:
            _raise(unit, each)
            raised += 1
        elif each.is_told and not each.is_alarm:
            end_cause(unit, _OFFLINE, each.place.key)
            ended += 1
    take_turns(unit)
    warned = warn_of_missing_screens(unit)
    return ScreensJudged(raised=raised + warned.raised, ended=ended + warned.ended)


def _judge(now: datetime, *, cafe_id: str | None = None) -> list[_Judged]:
    """Judge the places of a cafe, or with None of all."""
    of_cafe = "" if cafe_id is None else " AND screen.cafe_id = ?"
    rows = fetch_rows(
        f"{_QUERY}{of_cafe}",
        (
            to_unix_ms(now - SERVICE_PAUSE),
            # An alarm outlives the time in which its screen counts as in use.
            to_unix_ms(now - FORGOTTEN_AFTER - KIND_RULES[_OFFLINE].life),
            *([] if cafe_id is None else [cafe_id]),
        ),
    )
    return [_judge_row(row, now) for row in sorted(rows)]


def _judge_row(row: tuple[Any, ...], now: datetime) -> _Judged:
    cafe_id, key, station_name, last_seen_ms, left_ms, is_told, in_service, is_ended = row
    last_seen_at = from_unix_ms(last_seen_ms)
    left_at = from_optional_unix_ms(left_ms)
    return _Judged(
        place=Place(cafe_id=cafe_id, key=key),
        name=name_place(key, station_name=station_name),
        last_seen_at=last_seen_at,
        is_alarm=is_gone(last_seen_at=last_seen_at, left_at=left_at, now=now)
        and bool(in_service)
        and not is_ended,
        is_told=bool(is_told),
    )


def _raise(unit: UnitOfWork, judged: _Judged) -> None:
    place = judged.place
    raise_notification(
        unit,
        make_notification(
            _OFFLINE,
            notification_id=unit.new_id(),
            cafe_id=unit.cafe_id,
            cause=place.key,
            words=describe_silent_screen(judged.name),
            subject=Subject(place=place.key, station_id=place.station_id),
            since=judged.last_seen_at,
            now=unit.now,
        ),
    )
