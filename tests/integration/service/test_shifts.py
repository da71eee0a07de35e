"""Shifts: one at a time, one row each, ended by oneself or by a manager."""

import msgspec
import pytest

from domain.errors import AuthorizationDenied, Conflict, NotFound
from domain.roles import Role
from services.shifts import EndShift, ShiftView, StartShift, end_shift, list_shifts, start_shift
from tests.support.cafes import UNKNOWN_ID


async def _do(cafe, role, operation, command):
    outcome = await cafe.runner.write(
        operation, command, identity=cafe.staff(role), command_type=operation.__name__
    )
    return msgspec.json.decode(outcome.body, type=ShiftView)


async def _list(cafe):
    return await cafe.runner.read(list_shifts, cafe.cafe_id, now=cafe.now)


async def test_somebody_works_one_shift_at_a_time(cafe):
    """Who and when, to the minute; the next one is another row."""
    begun = await _do(cafe, Role.COUNTER, start_shift, StartShift())
    with pytest.raises(Conflict) as refused:
        await _do(cafe, Role.COUNTER, start_shift, StartShift())
    assert "shift_open" == refused.value.code
    started_at = cafe.now
    cafe.pass_time(hours=6)

    ended = await _do(cafe, Role.COUNTER, end_shift, EndShift(shift_id=begun.shift_id))

    assert (started_at, cafe.now) == (ended.started_at, ended.ended_at)
    assert cafe.staff(Role.COUNTER).person_id == ended.person_id
    with pytest.raises(Conflict):
        await _do(cafe, Role.COUNTER, end_shift, EndShift(shift_id=begun.shift_id))
    await _do(cafe, Role.COUNTER, start_shift, StartShift())
    assert [None, cafe.now] == [each.ended_at for each in await _list(cafe)]


async def test_a_forgotten_shift_is_ended_by_a_manager(cafe):
    """And says so; a colleague cannot, and however old it is, it is not forgotten."""
    begun = await _do(cafe, Role.KITCHEN, start_shift, StartShift())
    cafe.pass_time(days=9)
    assert [begun.shift_id] == [each.shift_id for each in await _list(cafe)]
    end = EndShift(shift_id=begun.shift_id)
    with pytest.raises(AuthorizationDenied):
        await _do(cafe, Role.COUNTER, end_shift, end)
    with pytest.raises(NotFound):
        await _do(cafe, Role.MANAGER, end_shift, EndShift(shift_id=UNKNOWN_ID))

    ended = await _do(cafe, Role.MANAGER, end_shift, end)

    assert ended.is_ended_by_other
    assert [] == await _list(cafe)
