"""Gates of a round: what it waits for, and what happens when that is over.

A round is submitted with a set of holds and fires when the set is empty. Firing queues its lines
and makes its tickets in one step, so no order can be without its kitchen tickets. A hold that runs
out ends the round, but for two: what waits for a time fires when the time comes, and so does what
the house holds (domain/courses.py).
"""

from datetime import datetime, timedelta

from domain.errors import Conflict, InvalidTransition
from domain.identifiers import NewId
from domain.item_moves import void_item
from domain.kitchen import make_tickets, queue_tickets
from domain.orders import CLOSED_ORDER_STATUSES, Hold, Order, Round
from domain.roles import Role
from domain.statuses import (
    HoldKind,
    ItemMove,
    ItemStatus,
    RoundMove,
    RoundStatus,
    move_item,
    move_round,
)

# A guest who hears nothing for ten minutes has gone to the counter or home (domain page 1, row 5).
APPROVAL_TIMEOUT = timedelta(minutes=10)
# Why a round waits for a time: its guest may still take it back.
GRACE = "grace"
# What fires when its time comes, where every other hold that runs out ends the round.
_TIMED = frozenset({HoldKind.SCHEDULE, HoldKind.COURSE})


def find_holds(
    *, needs_approval: bool, grace_until: datetime | None = None, now: datetime
) -> list[Hold]:
    """Say what a new round waits for.

    needs_approval: a guest's order of a seating that staff have not vouched for yet, in a cafe
    that asks for it. grace_until: until when the guest may take it back unseen; None where the
    kitchen is told at once.
    """
    holds = []
    if needs_approval:
        holds.append(
            Hold(
                kind=HoldKind.APPROVAL,
                reason="first_order",
                owner=Role.COUNTER.value,
                created_at=now,
                expires_at=now + APPROVAL_TIMEOUT,
            )
        )
    if grace_until is not None and grace_until > now:
        holds.append(
            Hold(
                kind=HoldKind.SCHEDULE,
                reason=GRACE,
                owner="system",
                created_at=now,
                expires_at=grace_until,
            )
        )
    return holds


def check_open_for_rounds(order: Order) -> None:
    """Let a new round in, or not. Raises: InvalidTransition for an order that has ended."""
    if order.status in CLOSED_ORDER_STATUSES:
        raise InvalidTransition(current=order.status, attempted="add_round", allowed=[])


def get_waiting_round(order: Order, number: int, move: RoundMove) -> Round | None:
    """Return a round that a move of its gate is about; None when the order has no such round.

    Raises: InvalidTransition; Conflict for one that the house holds: nobody has to answer it.
    """
    if not 1 <= number <= len(order.rounds):
        return None
    each = order.get_round(number)
    move_round(each.status, move)
    if each.is_held:
        raise Conflict("This round is held for later. Fire it, or void its lines.", code="held")
    return each


def approve(order: Order, each: Round, *, now: datetime, new_id: NewId) -> None:
    """Clear the approval hold; the round fires when nothing else holds it.

    Raises: Conflict when the round waits, but not for an approval.
    """
    waiting = [hold for hold in each.holds if hold.is_open and hold.kind is HoldKind.APPROVAL]
    if not waiting:
        raise Conflict("This round does not wait for an approval.", code="not_held")
    for hold in waiting:
        hold.cleared_at = now
    fire_if_free(order, each, now=now, new_id=new_id)


def fire_if_free(order: Order, each: Round, *, now: datetime, new_id: NewId) -> None:
    """Confirm a round without open holds: queue its lines and make its tickets."""
    if any(hold.is_open for hold in each.holds):
        return
    each.status = move_round(each.status, RoundMove.CONFIRM)
    each.fired_at = now
    for item in order.items:
        if item.round_number == each.number and item.status is ItemStatus.HELD:
            item.status = move_item(item.status, ItemMove.FIRE)
            item.queued_at = now
    queue_tickets(order, each, now=now)
    order.tickets += make_tickets(order, each, now=now, new_id=new_id)


def release_scheduled(order: Order, each: Round, *, now: datetime, new_id: NewId) -> None:
    """Clear what waited for a time that has come; the round fires when nothing else holds it."""
    for hold in each.holds:
        if hold.kind in _TIMED and _has_run_out(hold, now):
            hold.cleared_at = now
    fire_if_free(order, each, now=now, new_id=new_id)


def end_waiting(order: Order, each: Round, move: RoundMove, *, reason: str, now: datetime) -> None:
    """Reject or expire a waiting round: nothing of it is made or paid.

    reason: shown to the guest. Raises: InvalidTransition when the round no longer waits.
    """
    each.status = move_round(each.status, move)
    each.reason = reason
    for hold in each.holds:
        if hold.is_open:
            hold.cleared_at = now
    for item in order.items:
        if item.round_number == each.number and item.is_live:
            void_item(item, reason=reason, now=now)


def list_overdue_rounds(order: Order, now: datetime) -> list[Round]:
    """List the waiting rounds of which a hold has run out."""
    return [
        each
        for each in order.rounds
        if each.status is RoundStatus.SUBMITTED
        and any(_has_run_out(hold, now) for hold in each.holds)
    ]


def is_given_up(each: Round, now: datetime) -> bool:
    """Whether nobody answered in time: a hold has run out that is not for a time to come."""
    return any(_has_run_out(hold, now) and hold.kind not in _TIMED for hold in each.holds)


def _has_run_out(hold: Hold, now: datetime) -> bool:
    return hold.is_open and hold.expires_at is not None and hold.expires_at <= now
