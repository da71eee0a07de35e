"""Every second: tell who waits for an order how many are ahead of it, and how long it takes (G6).

Each process looks for its own listeners: what it finds is a function of the database, so processes
agree without telling each other, and a cafe whose log has not moved is looked at only for its time.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from domain.views.guests import QueuePlaceView
from jobs.followed import LOOK_AGAIN, PERIOD_S, FollowedCafes
from jobs.scheduler import Job
from services.queue import read_queue_places

# What a guest reads: place, minutes from and to, why.
_Told = tuple[int | None, int, int, str]


class _Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of a cafe at a place in its log. listeners: by order, as counted then."""

    seq: int
    at: datetime
    listeners: Mapping[str, int]
    told: Mapping[str, _Told]


class QueuePositions(FollowedCafes[Mapping[str, int], _Looked, QueuePlaceView]):
    """Tells changed places. count_listeners: by order, how many of this process follow it."""

    fault = "queue_not_read"

    async def look(self, cafe_id: str, orders: Mapping[str, int]) -> None:
        # Read before the rows: what is committed in between is looked at once more.
        seq = self.read_seq(cafe_id)
        now = self.now()
        before = self.looked.get(cafe_id, _Looked(seq=-1, at=now, listeners={}, told={}))
        newcomers = {each for each in orders if orders[each] > before.listeners.get(each, 0)}
        if seq == before.seq and not newcomers and now < before.at + LOOK_AGAIN:
            return
        places = await self.runner.read(read_queue_places, cafe_id, orders, now=now)
        for place in places:
            # A page is as old as its request: whoever has just come is told what holds now.
            is_known = before.told.get(place.order_id) == _read(place)
            if place.order_id in newcomers or not is_known:
                self.push(cafe_id, place)
        self.looked[cafe_id] = _Looked(
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
