"""Where orders are in the kitchen's queue, and when they come out of it.

One query of what the kitchen has to make, beside those that read the orders.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from domain.estimates import Learned, OpenLine, estimate_order
from domain.orders import Order
from domain.queue import OpenPart, find_positions
from domain.statuses import WaitReason
from domain.views.guests import QueuePlaceView
from services.estimates import read_learned, read_open_lines
from services.order_rows import read_orders


def read_queue_places(
    cafe_id: str, order_ids: Collection[str], *, now: datetime
) -> list[QueuePlaceView]:
    """Read where orders of a cafe are; for `runner.read`. Those it does not have are left out."""
    return build_queue_places(cafe_id, read_orders(cafe_id, sorted(order_ids)), now=now)


def build_queue_places(
    cafe_id: str, orders: Sequence[Order], *, now: datetime
) -> list[QueuePlaceView]:
    """Find the places of orders that were read in the same snapshot, in their order."""
    lines = read_open_lines(cafe_id) if orders else []
    learned = read_learned(cafe_id, now=now) if lines else {}
    positions = find_positions(
        OpenPart(line.order_id, line.round_number, line.station_id, line.fired_at)
        for line in {
            (each.order_id, each.round_number, each.station_id): each for each in lines
        }.values()
    )
    return [_build_place(order, lines, learned, positions, now=now) for order in orders]


def _build_place(
    order: Order,
    lines: list[OpenLine],
    learned: Learned,
    positions: dict[str, int],
    *,
    now: datetime,
) -> QueuePlaceView:
    estimate = estimate_order(order.order_id, lines, learned, now=now)
    low, high = (0, 0) if estimate is None else estimate.minutes
    return QueuePlaceView(
        order_id=order.order_id,
        order_number=order.number,
        status=order.status,
        progress_percentage=order.progress_percentage,
        estimated_ready_at=order.estimated_ready_at,
        queue_position=positions.get(order.order_id),
        at=now,
        low_minutes=low,
        high_minutes=high,
        wait_reason=WaitReason.NONE if estimate is None else estimate.reason,
    )
