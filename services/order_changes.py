"""One way to change an order: lock it, let rules move it, write it, record what happened.

    opened = open_order(unit, order_id)
    ... domain rules change opened.order ...
    return save_order(unit, opened, Cause(updated_by=name_actor(unit)))

Feature services build on this and never on each other.
"""

from collections import Counter
from dataclasses import dataclass

from domain.errors import Conflict, NotFound, VersionConflict
from domain.order_changes import Cause, Change, begin_change, finish_change
from domain.orders import Order
from domain.views.orders import OrderView
from models.rows import fetch_rows
from services.dish_counts import follow_units
from services.order_notifications import follow_order
from services.order_rows import lock_order
from services.order_writes import OrderRows, describe_nothing, describe_rows, write_changes
from services.unit_of_work import UnitOfWork

# An order's view travels with each of its events: beyond this a table is asked to pay and begin
# anew, before one tap on a display costs every screen a quarter of a megabyte.
LINES_LIMIT = 300


@dataclass(slots=True, frozen=True)
class OpenedOrder:
    """An order under change, with what it was. used: units by dish that it kept from others."""

    order: Order
    change: Change
    rows: OrderRows
    used: Counter[str]


def open_order(unit: UnitOfWork, order_id: str) -> OpenedOrder:
    """Lock an order of this cafe for the rest of the transaction.

    A guest has the orders of their own seating only. Raises: NotFound.
    """
    order = lock_order(unit.cafe_id, order_id)
    if order is None or not _is_theirs(unit, order):
        raise NotFound("There is no such order.")
    return OpenedOrder(
        order=order,
        change=begin_change(order, now=unit.now),
        rows=describe_rows(order, now=unit.now),
        used=order.count_used_units(),
    )


def open_new_order(unit: UnitOfWork, order: Order) -> OpenedOrder:
    """Begin the life of an order that has no rows yet."""
    return OpenedOrder(
        order=order,
        change=begin_change(order, now=unit.now, is_new=True),
        rows=describe_nothing(),
        used=Counter(),
    )


def save_order(
    unit: UnitOfWork,
    opened: OpenedOrder,
    cause: Cause,
    *,
    counted: frozenset[str] | None = None,
) -> OrderView:
    """Derive, write and record; return the order as everybody is shown it from now on.

    counted: the dishes that are counted down, where that is known; None has them looked up.
    """
    order = opened.order
    if len(order.items) > LINES_LIMIT:
        raise Conflict(
            "This order has too many lines. Close it and begin another one.",
            code="order_too_long",
            details={"limit": LINES_LIMIT},
        )
    finished = finish_change(opened.change, cause, now=unit.now)
    write_changes(order, opened.rows, now=unit.now)
    follow_units(unit, before=opened.used, after=order.count_used_units(), counted=counted)
    for event in finished.events:
        unit.record(event)
    follow_order(unit, finished.events)
    return finished.view


def check_version(current: int, expected: int | None, *, what: str) -> None:
    """Refuse to change what somebody else has changed since. Raises: VersionConflict."""
    if expected is not None and expected != current:
        raise VersionConflict(
            f"Somebody changed this {what} a moment ago. Look at it again.",
            details={"current": current},
        )


def find_order_ids(unit: UnitOfWork, item_ids: list[str]) -> list[str]:
    """Return the orders that lines belong to, sorted, so that all lock in one order.

    Raises: NotFound when a line is not of this cafe.
    """
    places = ", ".join("?" * len(item_ids))
    rows = fetch_rows(
        "SELECT id, order_id FROM order_item"  # noqa: S608 - place-holders
        f" WHERE cafe_id = ? AND id IN ({places})",
        (unit.cafe_id, *item_ids),
    )
    if len(rows) < len(set(item_ids)):
        raise NotFound("There is no such line.")
    return sorted({order_id for _, order_id in rows})


def name_actor(unit: UnitOfWork) -> str:
    """Return the word for who does this that everybody may read."""
    return unit.identity.role_word if unit.has_identity else "system"


def _is_theirs(unit: UnitOfWork, order: Order) -> bool:
    if not unit.has_identity or not unit.identity.is_guest:
        return True
    return order.table_session_id == unit.identity.table_session_id
