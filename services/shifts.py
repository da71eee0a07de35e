"""Shifts: when somebody worked, one row each, begun and ended by themselves (spec I5).

A shift gives no rights and takes none: signing in does. One that somebody forgot to end is ended by
a manager, who then stands in its row.
"""

from datetime import datetime, timedelta
from typing import Any

from domain.commands import Command, Id
from domain.errors import AuthenticationFailed, AuthorizationDenied, Conflict, NotFound
from domain.permissions import may, require
from domain.views.base import View
from models.fields import from_optional_unix_ms, from_unix_ms, to_unix_ms
from models.rows import fetch_rows
from models.staff import Shift
from services.unit_of_work import UnitOfWork

# What a manager looks at: the week, and whatever is open however old.
SHOWN = timedelta(days=7)
_SHOWN_LIMIT = 200

_QUERY = """
SELECT shift.id, shift.person_id, personal_data.name, shift.started_at, shift.ended_at,
    shift.ended_by_id
FROM shift
JOIN person ON person.id = shift.person_id
JOIN personal_data ON personal_data.id = person.personal_data_id
WHERE shift.cafe_id = ? AND {condition}
ORDER BY shift.started_at DESC, shift.id DESC
LIMIT ?
"""


class StartShift(Command, frozen=True):
    """Begin one's own shift."""


class EndShift(Command, frozen=True):
    """End a shift: one's own, or for managers anybody's."""

    shift_id: Id


class ShiftView(View, frozen=True):
    """name: "" where it was erased. is_ended_by_other: a manager ended it."""

    shift_id: str
    person_id: str
    name: str
    started_at: datetime
    ended_at: datetime | None
    is_ended_by_other: bool


def start_shift(unit: UnitOfWork, _: StartShift) -> ShiftView:
    """Begin one's own shift. Raises: Conflict `shift_open`, AuthenticationFailed for no person."""
    require(unit.identity, "start_shift")
    person_id = unit.identity.person_id
    if person_id is None:
        raise AuthenticationFailed("Say who you are first.", code="no_person")
    if find_open_shift(unit.cafe_id, person_id) is not None:
        raise Conflict("Your shift has begun already. End it first.", code="shift_open")
    shift_id = unit.new_id()
    Shift.create(id=shift_id, cafe_id=unit.cafe_id, person_id=person_id, started_at=unit.now)
    unit.audit("shift_started", shift_id=shift_id, person_id=person_id)
    return _get(unit, shift_id)


def end_shift(unit: UnitOfWork, command: EndShift) -> ShiftView:
    """End a shift. Raises: NotFound, Conflict `shift_over`, AuthorizationDenied for another's."""
    require(unit.identity, "start_shift")
    shift = _get(unit, command.shift_id)
    is_own = shift.person_id == unit.identity.person_id
    if not is_own and not may(unit.identity, "end_shift"):
        raise AuthorizationDenied("This is somebody else's shift. Ask a manager to end it.")
    if shift.ended_at is not None:
        raise Conflict("This shift is over already.", code="shift_over")
    Shift.update(ended_at=unit.now, ended_by_id=unit.identity.person_id).where(
        Shift.id == shift.shift_id, Shift.cafe_id == unit.cafe_id
    ).execute()
    unit.audit("shift_ended", shift_id=shift.shift_id, person_id=shift.person_id)
    return _get(unit, shift.shift_id)


def find_open_shift(cafe_id: str, person_id: str) -> ShiftView | None:
    """Return the shift that somebody works now; None where they work none."""
    rows = fetch_rows(
        _QUERY.format(condition="shift.person_id = ? AND shift.ended_at IS NULL"),
        (cafe_id, person_id, 1),
    )
    return _build(rows[0]) if rows else None


def list_shifts(cafe_id: str, *, now: datetime) -> list[ShiftView]:
    """List the shifts of a week and all that are open, the newest first; for `runner.read`."""
    rows = fetch_rows(
        _QUERY.format(condition="(shift.started_at >= ? OR shift.ended_at IS NULL)"),
        (cafe_id, to_unix_ms(now - SHOWN), _SHOWN_LIMIT),
    )
    return [_build(row) for row in rows]


def _get(unit: UnitOfWork, shift_id: str) -> ShiftView:
    rows = fetch_rows(_QUERY.format(condition="shift.id = ?"), (unit.cafe_id, shift_id, 1))
    if not rows:
        raise NotFound("There is no such shift.")
    return _build(rows[0])


def _build(row: tuple[Any, ...]) -> ShiftView:
    shift_id, person_id, name, started_at, ended_at, ended_by_id = row
    return ShiftView(
        shift_id=shift_id,
        person_id=person_id,
        name=name,
        started_at=from_unix_ms(started_at),
        ended_at=from_optional_unix_ms(ended_at),
        is_ended_by_other=ended_by_id not in (None, person_id),
    )
