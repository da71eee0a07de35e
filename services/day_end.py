"""What a business day leaves behind: lines that nobody bumped or handed over, tables nobody freed.

The kitchen's wall begins each day with that day's tickets, and who sits down in the morning does
not join the table of the evening before. jobs/day_end.py calls it by the clock, cafe by cafe:
`has_left_behind` inside a read, then the two operations, orders first.

Nothing is touched that anybody still works at: what was ordered or opened within the last four
hours stays, whatever the calendar says. A round of four hours is left out of the figures, so that
ending it does not tell anybody how fast the kitchen was (domain/analytics.py).
"""

from datetime import datetime

import msgspec

from domain.analytics import LONGEST_ROUND
from domain.courses import end_unfired
from domain.item_moves import serve_what_is_left
from domain.order_changes import Cause, RoundUpdated
from models.fields import from_unix_ms, to_unix_ms
from models.rows import fetch_rows
from services.cafes import CafeRules, read_cafe
from services.order_changes import open_order, save_order
from services.seatings import end_seating, find_seating, list_open_numbers
from services.unit_of_work import UnitOfWork

# What one unit of work ends at most: more would keep the writer from everybody else.
LIMIT = 50
_REASON = "day_over"

_ORDERS_QUERY = """
SELECT orders.id FROM orders
WHERE orders.cafe_id = ? AND orders.status IN ('confirmed', 'preparing', 'ready')
    AND orders.business_date < ?
    AND EXISTS (
        SELECT 1 FROM order_item
        WHERE order_item.order_id = orders.id
            AND order_item.status IN ('held', 'queued', 'started', 'ready')
    )
    AND NOT EXISTS (
        SELECT 1 FROM order_round
        WHERE order_round.order_id = orders.id AND order_round.submitted_at > ?
    )
ORDER BY orders.id
LIMIT ?
"""
_SEATINGS_QUERY = """
SELECT table_session.id, table_session.opened_at FROM table_session
WHERE table_session.cafe_id = ? AND table_session.closed_at IS NULL
    AND table_session.opened_at <= ?
    AND NOT EXISTS (
        SELECT 1 FROM orders
        WHERE orders.table_session_id = table_session.id
            AND orders.status NOT IN ('completed', 'rejected', 'cancelled', 'expired')
    )
    AND NOT EXISTS (
        SELECT 1 FROM orders
        JOIN order_round ON order_round.order_id = orders.id
        WHERE orders.table_session_id = table_session.id AND order_round.submitted_at > ?
    )
ORDER BY table_session.id
"""


class EndEarlierDays(msgspec.Struct, frozen=True, kw_only=True):
    """End what earlier business days of a cafe have left. Sent by the clock alone."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What was ended; `LIMIT` of it means that there may be more."""

    ids: list[str]


def list_cafes() -> list[str]:
    """List the cafes that are open for business; for `runner.read`."""
    rows = fetch_rows("SELECT id FROM cafe WHERE closed_at IS NULL ORDER BY id")
    return [cafe_id for (cafe_id,) in rows]


def has_left_behind(cafe_id: str, now: datetime) -> bool:
    """Say whether there is something to end; for `runner.read`."""
    cafe = read_cafe(cafe_id)
    return bool(_find_orders(cafe, now) or _find_seatings(cafe, now))


def serve_left_orders(unit: UnitOfWork, _: EndEarlierDays) -> Ended:
    """Have what was fired on an earlier day ready and handed over; return the orders' ids.

    What nobody fired is ended: it was never made.
    """
    order_ids = _find_orders(read_cafe(unit.cafe_id), unit.now)
    for order_id in order_ids:
        opened = open_order(unit, order_id)
        serve_what_is_left(opened.order, now=unit.now)
        ended = end_unfired(opened.order, now=unit.now)
        facts = tuple(RoundUpdated(round_number=each.number) for each in ended)
        save_order(unit, opened, Cause(updated_by="system", reason=_REASON, facts=facts))
    if order_ids:
        unit.audit("left_orders_served", order_ids=order_ids)
    return Ended(ids=order_ids)


def free_left_tables(unit: UnitOfWork, _: EndEarlierDays) -> Ended:
    """End the seatings of an earlier day that have nothing under way; return their ids."""
    freed = []
    for seating_id in _find_seatings(read_cafe(unit.cafe_id), unit.now):
        # Looked at again under the lock: somebody may have ordered between the two.
        seating = find_seating(unit.cafe_id, seating_id)
        if seating is not None and not list_open_numbers(seating):
            end_seating(unit, seating)
            freed.append(seating_id)
    return Ended(ids=freed)


def _find_orders(cafe: CafeRules, now: datetime) -> list[str]:
    rows = fetch_rows(
        _ORDERS_QUERY,
        (
            cafe.cafe_id,
            cafe.find_business_date(now).isoformat(),
            to_unix_ms(now - LONGEST_ROUND),
            LIMIT,
        ),
    )
    return [order_id for (order_id,) in rows]


def _find_seatings(cafe: CafeRules, now: datetime) -> list[str]:
    today = cafe.find_business_date(now)
    quiet_since_ms = to_unix_ms(now - LONGEST_ROUND)
    rows = fetch_rows(_SEATINGS_QUERY, (cafe.cafe_id, quiet_since_ms, quiet_since_ms))
    return [
        seating_id
        for seating_id, opened_at in rows
        if cafe.find_business_date(from_unix_ms(opened_at)) < today
    ][:LIMIT]
