"""Every second: tell who looks at a menu how long the kitchen takes, when that has changed.

As with the queue (jobs/queue_positions.py) each process looks for its own listeners, and a cafe
whose log has not moved is looked at only for its time. What is told are whole minutes, so that a
bump that changes nothing for anybody sends nothing to all phones of the house.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from config.logging import get_logger
from domain.errors import TableTapError
from domain.views import StationWaitView, WaitsView
from jobs.scheduler import Job
from services.estimates import read_waits
from services.runner import Runner

PERIOD_S = 1.0
# Where nothing happens in the kitchen, what is late gets later.
_LOOK_AGAIN = timedelta(seconds=20)

log = get_logger(__name__)


class Push(Protocol):
    """Send a cafe's waits to its guests in this process."""

    def __call__(self, cafe_id: str, view: WaitsView) -> object: ...


class _Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of a cafe at a place in its log, and how many listened then."""

    seq: int
    at: datetime
    listeners: int
    told: list[StationWaitView] | None


class Waits:
    """Tells changed waits. count_listeners: cafe -> how many of this process look at its menu.

    read_seq: how far the log of a cafe has come here.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        count_listeners: Callable[[], Mapping[str, int]],
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
        for cafe_id, count in listeners.items():
            try:
                await self._look(cafe_id, count)
            except TableTapError as error:  # the next tick looks again
                log.info("waits_not_read", cafe_id=cafe_id, code=error.code)

    async def _look(self, cafe_id: str, listeners: int) -> None:
        # Read before the rows: what is committed in between is looked at once more.
        seq = self._read_seq(cafe_id)
        now = self._now()
        before = self._looked.get(cafe_id, _Looked(seq=-1, at=now, listeners=0, told=None))
        has_newcomers = listeners > before.listeners
        if seq == before.seq and not has_newcomers and now < before.at + _LOOK_AGAIN:
            if listeners != before.listeners:
                self._looked[cafe_id] = msgspec.structs.replace(before, listeners=listeners)
            return
        view = await self._runner.read(read_waits, cafe_id, now=now)
        # A page is as old as its request: whoever has just come is told what holds now.
        if has_newcomers or view.waits != before.told:
            self._push(cafe_id, view)
        self._looked[cafe_id] = _Looked(seq=seq, at=now, listeners=listeners, told=view.waits)


def build_waits_job(waits: Waits) -> Job:
    """Make the job."""
    return Job(name="waits", period_s=PERIOD_S, run=waits.tick)
