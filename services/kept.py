"""What was learned from many days of a cafe, kept for some minutes.

In each process for itself, and for each database for itself: who looks again within that time must
not read two weeks of orders for it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from models.base import database_proxy

_Learned = TypeVar("_Learned")

_KEPT = timedelta(minutes=10)
# How far back what guests do says what they will do.
WINDOW = timedelta(days=14)


class Kept(Generic[_Learned]):
    """One kind of thing that was learned, by cafe. Its methods belong to any thread."""

    def __init__(self, read: Callable[[str, datetime], _Learned]) -> None:
        self._read = read
        self._found: WeakKeyDictionary[Any, dict[str, tuple[datetime, _Learned]]] = (
            WeakKeyDictionary()
        )

    def get(self, cafe_id: str, *, now: datetime) -> _Learned:
        """Return what was learned of a cafe, read again when it is old."""
        found = self._found.setdefault(database_proxy.obj, {})
        if cafe_id in found and found[cafe_id][0] <= now < found[cafe_id][0] + _KEPT:
            return found[cafe_id][1]
        learned = self._read(cafe_id, now)
        found[cafe_id] = (now, learned)
        return learned
