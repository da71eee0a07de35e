"""Hold and fire: lines that the house wants later than the rest, like cakes after the mains.

A round is what fires together and has one timer. So what is held is a round of its own, which waits
at a gate with a hold of kind `course` until somebody fires it or its time comes (domain/rounds.py).
Unlike other rounds that wait it has its tickets: the kitchen sees what is to come (decision 0056).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.errors import Conflict
from domain.identifiers import NewId
from domain.item_moves import move_items
from domain.kitchen import make_tickets
from domain.orders import Hold, Item, Order, Round
from domain.rounds import end_waiting, fire_if_free
from domain.statuses import HoldKind, ItemMove, RoundMove, move_item, move_round

# Why a held round was ended in the night: nobody wanted it after all.
_UNFIRED_REASON = "not_fired"


def make_course_hold(*, fires_in_s: int | None, now: datetime) -> Hold:
    """Make the hold of a round that comes later. fires_in_s: None waits until somebody fires it."""
    fires_at = None if fires_in_s is None else now + timedelta(seconds=fires_in_s)
    return Hold(kind=HoldKind.COURSE, reason="", owner="staff", created_at=now, expires_at=fires_at)


def show_held(order: Order, each: Round, *, now: datetime, new_id: NewId) -> None:
    """Let the kitchen see a round that the house holds."""
    order.tickets += make_tickets(order, each, now=now, new_id=new_id)


def hold_items(
    order: Order,
    items: Sequence[Item],
    *,
    fires_in_s: int | None,
    now: datetime,
    new_id: NewId,
) -> list[Round]:
    """Keep lines from the kitchen that it has not begun with; return the rounds that hold them.

    Held lines get another time so. Raises: InvalidTransition for what was begun, Conflict for what
    waits for something else.
    """
    held = []
    for number in _list_rounds(items):
        each, mine = order.get_round(number), _choose(items, number)
        move_items(mine, ItemMove.HOLD, now=now)
        if not each.is_fired:
            _check_held(each)
        each = _set_apart(order, each, mine, new_id=new_id)
        each.status = move_round(each.status, RoundMove.HOLD)
        each.fired_at = None
        each.rush_reason = ""
        others = [hold for hold in each.holds if hold.kind is not HoldKind.COURSE]
        each.holds = [*others, make_course_hold(fires_in_s=fires_in_s, now=now)]
        show_held(order, each, now=now, new_id=new_id)
        held.append(each)
    return held


def fire_items(order: Order, items: Sequence[Item], *, now: datetime, new_id: NewId) -> list[Round]:
    """Have the kitchen make what was held, from now on; return the rounds that fired.

    Raises: InvalidTransition for what is not held, Conflict for what waits for something else.
    """
    fired = []
    for number in _list_rounds(items):
        each, mine = order.get_round(number), _choose(items, number)
        for item in mine:
            move_item(item.status, ItemMove.FIRE)  # refuses; firing the round is what moves them
        _check_held(each)
        each = _set_apart(order, each, mine, new_id=new_id)
        for hold in each.holds:
            if hold.kind is HoldKind.COURSE:
                hold.cleared_at = now
        fire_if_free(order, each, now=now, new_id=new_id)
        fired.append(each)
    return fired


def end_unfired(order: Order, *, now: datetime) -> list[Round]:
    """End what nobody fired on its day: it was never made, so nobody is served it or pays it."""
    held = [each for each in order.rounds if each.is_held]
    for each in held:
        end_waiting(order, each, RoundMove.EXPIRE, reason=_UNFIRED_REASON, now=now)
    return held


def _list_rounds(items: Sequence[Item]) -> list[int]:
    return sorted({item.round_number for item in items})


def _choose(items: Sequence[Item], number: int) -> list[Item]:
    return [item for item in items if item.round_number == number]


def _check_held(each: Round) -> None:
    if not each.is_held:
        raise Conflict("These lines wait for something else.", code="not_held")


def _set_apart(order: Order, each: Round, mine: Sequence[Item], *, new_id: NewId) -> Round:
    """Return the round that these lines are alone in: their own, or a new one beside it.

    A station's ticket goes with its last line, and with what was voided of it: the card on the wall
    stays the same one.
    """
    mine_ids = {item.item_id for item in mine}
    staying = {
        item.station_id
        for item in order.list_items(each.number)
        if item.is_live and item.item_id not in mine_ids
    }
    if not staying:
        return each
    added = replace(
        each,
        round_id=new_id(),
        number=len(order.rounds) + 1,
        progress_percentage=0,
        holds=[replace(hold) for hold in each.holds],
    )
    order.rounds.append(added)
    leaving = {item.station_id for item in mine} - staying
    for item in order.list_items(each.number):
        if item.item_id in mine_ids or item.station_id in leaving:
            item.round_number = added.number
    for ticket in order.tickets:
        if ticket.round_number == each.number and ticket.station_id in leaving:
            ticket.round_number = added.number
    return added
