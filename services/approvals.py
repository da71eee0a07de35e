"""Gates of waiting rounds: approve, reject, fire what waited for a time, end what nobody answered.

The clock's job asks `list_cafes_with_due_holds` inside a read, then runs `expire_due_holds` once
for each of those cafes.
"""

from datetime import datetime

from domain.commands import ApproveRound, Command, RejectRound
from domain.errors import NotFound
from domain.order_changes import Cause, RoundUpdated
from domain.orders import Round
from domain.rounds import (
    approve,
    end_waiting,
    get_waiting_round,
    is_given_up,
    list_overdue_rounds,
    release_scheduled,
)
from domain.statuses import RoundMove
from domain.views.orders import OrdersView, OrderView
from models.fields import to_unix_ms
from models.rows import fetch_rows
from services.order_changes import OpenedOrder, name_actor, open_order, save_order
from services.seatings import find_seating, find_seating_id, verify_seating
from services.unit_of_work import UnitOfWork

# Orders that one unit of work ends: more would keep the writer from everybody else.
_EXPIRE_LIMIT = 50
_EXPIRED_REASON = "not_approved_in_time"

_DUE_QUERY = """
FROM round_hold
JOIN order_round ON order_round.id = round_hold.round_id
JOIN orders ON orders.id = order_round.order_id
WHERE round_hold.cleared_at IS NULL AND round_hold.expires_at <= ?
    AND order_round.status = 'submitted'
"""


class ExpireDueHolds(Command, frozen=True):
    """Fire or end the rounds of a cafe whose holds have run out. Sent by the clock alone."""


def approve_round(unit: UnitOfWork, command: ApproveRound) -> OrderView:
    """Let a waiting round through, and vouch for its seating: later rounds do not wait."""
    seating_id = find_seating_id(unit.cafe_id, command.order_id)
    if seating_id is not None and find_seating(unit.cafe_id, seating_id) is not None:
        verify_seating(unit, seating_id)
    opened = open_order(unit, command.order_id)
    each = _get_round(opened, command.round_number, RoundMove.CONFIRM)
    approve(opened.order, each, now=unit.now, new_id=unit.new_id)
    unit.audit("round_approved", order_id=command.order_id, round_number=each.number)
    return _save(unit, opened, [each], reason="")


def reject_round(unit: UnitOfWork, command: RejectRound) -> OrderView:
    """Refuse a waiting round; the reason is shown to the guest."""
    opened = open_order(unit, command.order_id)
    each = _get_round(opened, command.round_number, RoundMove.REJECT)
    end_waiting(opened.order, each, RoundMove.REJECT, reason=command.reason, now=unit.now)
    unit.audit(
        "round_rejected",
        order_id=command.order_id,
        round_number=each.number,
        reason=command.reason,
    )
    return _save(unit, opened, [each], reason=command.reason)


def expire_due_holds(unit: UnitOfWork, _: ExpireDueHolds) -> OrdersView:
    """Fire or end the waiting rounds whose holds have run out; return their orders."""
    rows = fetch_rows(
        f"SELECT DISTINCT orders.id {_DUE_QUERY} AND orders.cafe_id = ? ORDER BY orders.id LIMIT ?",
        (to_unix_ms(unit.now), unit.cafe_id, _EXPIRE_LIMIT),
    )
    return OrdersView(orders=[_end_holds(unit, order_id) for (order_id,) in rows])


def list_cafes_with_due_holds(now: datetime) -> list[str]:
    """List the cafes in which a waiting round has run out; for `runner.read`."""
    rows = fetch_rows(
        f"SELECT DISTINCT orders.cafe_id {_DUE_QUERY} ORDER BY orders.cafe_id", (to_unix_ms(now),)
    )
    return [cafe_id for (cafe_id,) in rows]


def _end_holds(unit: UnitOfWork, order_id: str) -> OrderView:
    opened = open_order(unit, order_id)
    # Read again under the lock: somebody may have answered between the two.
    overdue = list_overdue_rounds(opened.order, unit.now)
    given_up = [each for each in overdue if is_given_up(each, unit.now)]
    for each in overdue:
        if each in given_up:
            end_waiting(opened.order, each, RoundMove.EXPIRE, reason=_EXPIRED_REASON, now=unit.now)
        else:
            release_scheduled(opened.order, each, now=unit.now, new_id=unit.new_id)
    return _save(unit, opened, overdue, reason=_EXPIRED_REASON if given_up else "")


def _get_round(opened: OpenedOrder, number: int, move: RoundMove) -> Round:
    each = get_waiting_round(opened.order, number, move)
    if each is None:
        raise NotFound("This order has no such round.")
    return each


def _save(unit: UnitOfWork, opened: OpenedOrder, rounds: list[Round], *, reason: str) -> OrderView:
    return save_order(
        unit,
        opened,
        Cause(
            updated_by=name_actor(unit),
            reason=reason,
            facts=tuple(RoundUpdated(round_number=each.number) for each in rounds),
        ),
    )
