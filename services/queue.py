"""Where orders are in the kitchen's queue: one query beside those that read the orders."""

from collections.abc import Collection, Sequence
from datetime import datetime

from domain.orders import Order
from domain.queue import OpenPart, find_positions
from domain.views import QueuePlaceView
from models.fields import from_unix_ms
from models.rows import fetch_rows
from services.order_rows import read_orders

# As in services/boards.py: stations and statuses lead to what is open, not to all of all days.
_OPEN_PARTS_QUERY = """
SELECT ticket.order_id, order_round.number, ticket.station_id, ticket.queued_at
FROM ticket
JOIN order_round ON order_round.id = ticket.round_id
WHERE ticket.cafe_id = ? AND ticket.station_id IN (SELECT id FROM station WHERE cafe_id = ?)
    AND ticket.status IN ('received', 'started')
"""


def read_queue_places(
    cafe_id: str, order_ids: Collection[str], *, now: datetime
) -> list[QueuePlaceView]:
    """Read where orders of a cafe are; for `runner.read`. Those it does not have are left out."""
    return build_queue_places(cafe_id, read_orders(cafe_id, sorted(order_ids)), now=now)


def build_queue_places(
    cafe_id: str, orders: Sequence[Order], *, now: datetime
) -> list[QueuePlaceView]:
    """Find the places of orders that were read in the same snapshot, in their order."""
    rows = fetch_rows(_OPEN_PARTS_QUERY, (cafe_id, cafe_id)) if orders else []
    positions = find_positions(
        OpenPart(order_id, round_number, station_id, from_unix_ms(queued_at))
        for order_id, round_number, station_id, queued_at in rows
    )
    return [
        QueuePlaceView(
            order_id=order.order_id,
            order_number=order.number,
            status=order.status,
            progress_percentage=order.progress_percentage,
            estimated_ready_at=order.estimated_ready_at,
            queue_position=positions.get(order.order_id),
            at=now,
        )
        for order in orders
    ]
