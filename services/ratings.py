"""Ratings of guests: said once per phone, read by the figures."""

from datetime import datetime

from domain.commands import RateVisit
from domain.ratings import GOOD_STARS, WINDOW, check_rating, was_served
from domain.views.guests import RatingView
from models.fields import from_unix_ms, to_unix_ms
from models.rows import fetch_rows, insert_rows
from models.tables import Rating
from services.order_rows import read_orders
from services.unit_of_work import UnitOfWork

_COUNTS_QUERY = """
SELECT COUNT(*), COALESCE(SUM(CASE WHEN stars >= ? THEN 1 ELSE 0 END), 0)
FROM rating WHERE cafe_id = ? AND rated_at > ? AND rated_at <= ?
"""


def rate_visit(unit: UnitOfWork, command: RateVisit) -> RatingView:
    """Keep what a guest thought of it. Raises: Conflict (`already_rated`, `nothing_served`)."""
    lane_id, seating_id = unit.identity.lane_id, unit.identity.table_session_id
    assert lane_id is not None, "only guests have the right to rate"
    assert seating_id is not None
    rows = fetch_rows(
        "SELECT id FROM orders WHERE cafe_id = ? AND table_session_id = ?",
        (unit.cafe_id, seating_id),
    )
    orders = read_orders(unit.cafe_id, [order_id for (order_id,) in rows])
    check_rating(
        is_served=was_served((item for order in orders for item in order.items), lane_id),
        is_rated=find_rating(unit.cafe_id, lane_id) is not None,
    )
    insert_rows(
        Rating,
        [
            {
                "lane_id": lane_id,
                "cafe_id": unit.cafe_id,
                "stars": command.stars,
                "word": command.word,
                "rated_at": unit.now,
            }
        ],
    )
    return RatingView(stars=command.stars, word=command.word, rated_at=unit.now)


def find_rating(cafe_id: str, lane_id: str) -> RatingView | None:
    """Read what a phone has said; for `runner.read`."""
    rows = fetch_rows(
        "SELECT stars, word, rated_at FROM rating WHERE cafe_id = ? AND lane_id = ?",
        (cafe_id, lane_id),
    )
    if not rows:
        return None
    stars, word, rated_at = rows[0]
    return RatingView(stars=stars, word=word, rated_at=from_unix_ms(rated_at))


def count_ratings(cafe_id: str, now: datetime) -> tuple[int, int]:
    """Return how many guests rated within the last days, and how many of them well."""
    ((n, good),) = fetch_rows(
        _COUNTS_QUERY, (GOOD_STARS, cafe_id, to_unix_ms(now - WINDOW), to_unix_ms(now))
    )
    return int(n), int(good)
