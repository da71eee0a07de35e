"""Guests who change tables: their orders go with them, and nothing is made again.

Lines, tickets, timers and places in the queue stay what they are; what is shown of an order is
where it goes to. A ticket that the kitchen has open says where its guests sat before.
"""

import msgspec

from domain.errors import Conflict
from domain.orders import Order
from domain.statuses import TicketStatus

_OPEN = frozenset({TicketStatus.RECEIVED, TicketStatus.STARTED})


class TablePlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where guests sit. table_session_id: of the seating that the order is then of."""

    table_id: str
    number: int
    label: str
    area: str
    table_session_id: str


def check_move(*, from_table_id: str, to_table_id: str, is_taken: bool) -> None:
    """Let guests move to a free table. Raises: Conflict `same_table` or `table_taken`."""
    if from_table_id == to_table_id:
        raise Conflict("They sit there already. Choose another table.", code="same_table")
    if is_taken:
        raise Conflict(
            "Somebody sits there. Put the two tables together, or choose a free one.",
            code="table_taken",
        )


def check_merge(*, from_session_id: str, into_session_id: str) -> None:
    """Let two seatings become one. Raises: Conflict `same_table`."""
    if from_session_id == into_session_id:
        raise Conflict("This is one table already. Choose another one.", code="same_table")


def move_order(order: Order, place: TablePlace) -> None:
    """Have an order go to another table."""
    if order.table_id != place.table_id:
        for ticket in order.tickets:
            if ticket.status in _OPEN:
                ticket.moved_from = order.table_label
    order.table_id = place.table_id
    order.table_number = place.number
    order.table_label = place.label
    order.table_area = place.area
    order.table_session_id = place.table_session_id
