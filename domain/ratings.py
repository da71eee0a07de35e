"""Who may rate, and what ratings come to (domain page 4, customerSatisfaction).

A guest is asked when something of theirs was served, never before there was food, and once.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

from domain.errors import Conflict
from domain.statuses import ItemStatus

GOOD_STARS = 4
# Of fewer, one angry guest would be the figure.
FEWEST = 5
WINDOW = timedelta(days=7)


class Line(Protocol):
    """What is asked about a line, whether it is to be changed or shown."""

    @property
    def status(self) -> ItemStatus: ...
    @property
    def lane_id(self) -> str | None: ...


def was_served(items: Iterable[Line], lane_id: str) -> bool:
    """Whether something that a phone ordered has been served."""
    return any(item.status is ItemStatus.SERVED and item.lane_id == lane_id for item in items)


def check_rating(*, is_served: bool, is_rated: bool) -> None:
    """Let a rating in, or not. Raises: Conflict."""
    if is_rated:
        raise Conflict("You have told us already. Thank you.", code="already_rated")
    if not is_served:
        raise Conflict("Tell us when you have had it.", code="nothing_served")


def measure_satisfaction(good: int, n: int) -> float | None:
    """Return the share of good ratings in percent; None of too few."""
    return round(100 * good / n, 1) if n >= FEWEST else None
