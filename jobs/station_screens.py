"""Every second: tell counter and management how the kitchen's screens are, when that has changed.

Rows say it (jobs/screens.py writes them, every process what it hears), so each process reads them
for its own listeners and none has to tell another. A screen that fell asleep or silent is so told
of within 15 seconds (spec F2, G5): silent for 10, noted within 3, read within 1.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from config.logging import get_logger
from domain.errors import TableTapError
from domain.views.screens import KitchenScreensView
from jobs.scheduler import Job
from services.runner import Runner
from services.station_screens import read_screens_of_cafes

PERIOD_S = 1.0

log = get_logger(__name__)


class Push(Protocol):
    """Send how a cafe's screens are to its listeners in this process."""

    def __call__(self, cafe_id: str, view: KitchenScreensView) -> object: ...


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of a cafe, and how many listened then."""

    view: KitchenScreensView
    listeners: int


class StationScreensTicker:
    """count_listeners: cafe -> how many of this process want to know."""

    def __init__(
        self,
        runner: Runner,
        *,
        count_listeners: Callable[[], Mapping[str, int]],
        push: Push,
        now: Callable[[], datetime],
    ) -> None:
        self._runner = runner
        self._count_listeners = count_listeners
        self._push = push
        self._now = now
        self._told: dict[str, _Told] = {}

    async def tick(self) -> None:
        """Read the cafes that somebody here looks after, and tell what is new."""
        listeners = self._count_listeners()
        self._told = {each: self._told[each] for each in listeners if each in self._told}
        if not listeners:
            return
        cafe_ids = list(listeners)
        try:
            views = await self._runner.read(read_screens_of_cafes, cafe_ids, now=self._now())
        except TableTapError as error:  # the next tick looks again
            log.info("station_screens_not_read", code=error.code)
            return
        for cafe_id, view in zip(cafe_ids, views, strict=True):
            self._tell(cafe_id, view, listeners[cafe_id])

    def _tell(self, cafe_id: str, view: KitchenScreensView, listeners: int) -> None:
        told = self._told.get(cafe_id)
        # A page is as old as its request: whoever has just come is told what holds now.
        if told is None or listeners > told.listeners or not view.says_the_same(told.view):
            self._push(cafe_id, view)
        self._told[cafe_id] = _Told(view=view, listeners=listeners)


def build_station_screens_job(ticker: StationScreensTicker) -> Job:
    """Make the job."""
    return Job(name="station screens", period_s=PERIOD_S, run=ticker.tick)
