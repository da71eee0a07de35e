"""Every second: tell who waits for an order how many are ahead of it, and how long it takes (G6).

Each process looks for its own listeners: what it finds is a function of the database, so processes
agree without telling each other, and a cafe whose log has not moved is looked at only for its time.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from config.logging import get_logger
from domain.errors import TableTapError
from domain.views import QueuePlaceView
from jobs.scheduler import Job
from services.queue import read_queue_places
from services.runner import Runner

PERIOD_S = 1.0
# Where nothing happens in the kitchen, what is late gets later.
_LOOK_AGAIN = timedelta(seconds=20)

log = get_logger(__name__)


class Push(Protocol):
    """Send an order's place to whoever follows the order in this process."""

    def __call__(self, cafe_id: str, place: QueuePlaceView) -> object: ...


# What a guest reads: place, minutes from and to, why.
_Told = tuple[int | None, int, int, str]


class _Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of a cafe at a place in its log. listeners: by order, as counted then."""

    seq: int
    at: datetime
    listeners: Mapping[str, int]
    told: Mapping[str, _Told]


class QueuePositions:
    """Tells changed places. count_listeners: cafe -> order -> how many follow it in this process.

    read_seq: how far the log of a cafe has come here.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        count_listeners: Callable[[], Mapping[str, Mapping[str, int]]],
        read_seq: Callable[[str], int],
        push: Push,
        now: Callable[[], datetime],
    ) -> None:
        self._runner = runner
        self._count_listeners = count_listeners
        self._read_seq = read_seq
        self._push = push
        self._now = now
        self._looked: dict[str, _Looked] = {}

    async def tick(self) -> None:
        """Look at the cafes in which something has moved or somebody has come."""
        listeners = self._count_listeners()
        self._looked = {each: self._looked[each] for each in listeners if each in self._looked}
        for cafe_id, orders in listeners.items():
            try:
                await self._look(cafe_id, orders)
            except TableTapError as error:  # the next tick looks again
                log.info("queue_not_read", cafe_id=cafe_id, code=error.code)

    async def _look(self, cafe_id: str, orders: Mapping[str, int]) -> None:
        # Read before the rows: what is committed in between is looked at once more.
        seq = self._read_seq(cafe_id)
        now = self._now()
        before = self._looked.get(cafe_id, _Looked(seq=-1, at=now, listeners={}, told={}))
        newcomers = {each for each in orders if orders[each] > before.listeners.get(each, 0)}
        if seq == before.seq and not newcomers and now < before.at + _LOOK_AGAIN:
            return
        places = await self._runner.read(read_queue_places, cafe_id, orders, now=now)
        for place in places:
            # A page is as old as its request: whoever has just come is told what holds now.
            is_known = before.told.get(place.order_id) == _read(place)
            if place.order_id in newcomers or not is_known:
                self._push(cafe_id, place)
        self._looked[cafe_id] = _Looked(
            seq=seq,
            at=now,
            listeners=dict(orders),
            told={place.order_id: _read(place) for place in places},
        )


def _read(place: QueuePlaceView) -> _Told:
    return place.queue_position, place.low_minutes, place.high_minutes, place.wait_reason


def build_queue_job(positions: QueuePositions) -> Job:
    """Make the job."""
    return Job(name="queue positions", period_s=PERIOD_S, run=positions.tick)
