"""Every second: tell who looks at a menu how long the kitchen takes, when that has changed.

As with the queue (jobs/queue_positions.py) each process looks for its own listeners, and a cafe
whose log has not moved is looked at only for its time. What is told are whole minutes, so that a
bump that changes nothing for anybody sends nothing to all phones of the house.
"""

from datetime import datetime

import msgspec

from domain.views.guests import StationWaitView, WaitsView
from jobs.followed import LOOK_AGAIN, PERIOD_S, FollowedCafes
from jobs.scheduler import Job
from services.estimates import read_waits


class _Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of a cafe at a place in its log, and how many listened then."""

    seq: int
    at: datetime
    listeners: int
    told: list[StationWaitView] | None


class Waits(FollowedCafes[int, _Looked, WaitsView]):
    """Tells changed waits. count_listeners: how many of this process look at a cafe's menu."""

    fault = "waits_not_read"

    async def look(self, cafe_id: str, listeners: int) -> None:
        # Read before the rows: what is committed in between is looked at once more.
        seq = self.read_seq(cafe_id)
        now = self.now()
        before = self.looked.get(cafe_id, _Looked(seq=-1, at=now, listeners=0, told=None))
        has_newcomers = listeners > before.listeners
        if seq == before.seq and not has_newcomers and now < before.at + LOOK_AGAIN:
            if listeners != before.listeners:
                self.looked[cafe_id] = msgspec.structs.replace(before, listeners=listeners)
            return
        view = await self.runner.read(read_waits, cafe_id, now=now)
        # A page is as old as its request: whoever has just come is told what holds now.
        if has_newcomers or view.waits != before.told:
            self.push(cafe_id, view)
        self.looked[cafe_id] = _Looked(seq=seq, at=now, listeners=listeners, told=view.waits)


def build_waits_job(waits: Waits) -> Job:
    """Make the job."""
    return Job(name="waits", period_s=PERIOD_S, run=waits.tick)
