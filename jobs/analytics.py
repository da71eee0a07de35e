"""Every 5 seconds: measure the cafes whose management is listening, push what has changed (L1).

Each process looks after the cafes that have listeners of its own. A lease lets one of them do a
period's measuring; its result is a row, which every process reads and pushes to its listeners. So
a process that dies costs at most the period it was in, and a lost hint costs one period.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import uuid4

import msgspec

from config.logging import get_logger
from domain.analytics import AnalyticsView
from domain.errors import TableTapError
from jobs.scheduler import Job
from services.analytics import (
    KeepAnalytics,
    find_kept_analytics,
    is_changed,
    keep_analytics,
    read_analytics,
)
from services.leases import LeaseTaken, TakeLease, take_lease
from services.runner import Runner

PERIOD_S = 5.0
JOB = "analytics"

log = get_logger(__name__)


class Push(Protocol):
    """Send a cafe's figures to its listeners in this process."""

    def __call__(self, cafe_id: str, view: AnalyticsView) -> object: ...


class AnalyticsTicker:
    """Keeps the figures of the cafes that somebody here looks at.

    list_listened: cafes with listeners in this process. on_kept: told when this process has kept
    new figures, so that it can wake the others.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        list_listened: Callable[[], Sequence[str]],
        push: Push,
        on_kept: Callable[[str], None] = lambda _: None,
        now: Callable[[], datetime],
        period_s: float = PERIOD_S,
    ) -> None:
        self._runner = runner
        self._list_listened = list_listened
        self._push = push
        self._on_kept = on_kept
        self._now = now
        self._period_s = period_s
        self._pushed: dict[str, int] = {}

    async def tick(self) -> None:
        """Measure what is due and push what is new, cafe by cafe."""
        listened = self._list_listened()
        # Whoever comes back later begins with a page of that moment.
        self._pushed = {each: self._pushed[each] for each in listened if each in self._pushed}
        for cafe_id in listened:
            try:
                await self._measure(cafe_id)
                await self.look(cafe_id)
            except TableTapError as error:
                log.error(
                    "analytics_not_measured",
                    cafe_id=cafe_id,
                    code=error.code,
                    error_id=str(uuid4()),
                )

    async def look_if_listened(self, cafe_id: str) -> None:
        """Push what another process has kept, if somebody here listens; what a hint wakes."""
        if cafe_id in self._list_listened():
            await self.look(cafe_id)

    async def look(self, cafe_id: str) -> None:
        """Push the kept figures of a cafe, unless they were."""
        kept = await self._runner.read(find_kept_analytics, cafe_id)
        if kept is not None and self._pushed.get(cafe_id) != kept.version:
            self._pushed[cafe_id] = kept.version
            self._push(cafe_id, kept)

    async def _measure(self, cafe_id: str) -> None:
        """Measure and keep a cafe's figures, if no process has in this period."""
        lease = await self._runner.write(
            take_lease,
            TakeLease(job=JOB, period_s=self._period_s),
            command_type="take_lease",
            cafe_id=cafe_id,
        )
        if not msgspec.json.decode(lease.body, type=LeaseTaken).is_taken:
            return
        kept = await self._runner.read(find_kept_analytics, cafe_id)
        view = await self._runner.read(read_analytics, cafe_id, now=self._now())
        if not is_changed(kept, view):
            return
        await self._runner.write(
            keep_analytics,
            KeepAnalytics(view=view),
            command_type="keep_analytics",
            cafe_id=cafe_id,
        )
        self._on_kept(cafe_id)


def build_analytics_job(ticker: AnalyticsTicker) -> Job:
    """Make the job."""
    return Job(name=JOB, period_s=PERIOD_S, run=ticker.tick)
