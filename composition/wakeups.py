"""Where hints from other processes go: each topic to the part that looks at the database for it."""

import asyncio

from config.logging import get_logger
from domain.errors import TableTapError
from jobs.analytics import AnalyticsTicker
from realtime.broker import Hint, Topic
from realtime.follower import Follower
from realtime.plane import Plane

log = get_logger(__name__)


class Wakeups:
    """Made before what it wakes: `connect` it before the first hint. follower: None on SQLite."""

    def __init__(self) -> None:
        self._plane: Plane | None = None
        self._follower: Follower | None = None
        self._ticker: AnalyticsTicker | None = None
        self._looking: dict[str, asyncio.Task[None]] = {}

    def connect(self, *, plane: Plane, follower: Follower | None, ticker: AnalyticsTicker) -> None:
        """Say what is to be woken."""
        self._plane, self._follower, self._ticker = plane, follower, ticker

    def on_hint(self, topic: Topic, hint: Hint) -> None:
        """Wake what a hint is about; a forged one costs a read."""
        assert self._plane is not None
        match topic:
            case Topic.LOG:
                if self._follower is not None:
                    self._follower.on_hint(hint)
            case Topic.ACCESS:
                self._plane.access_watch.look_now()
            case Topic.FIGURES:
                self._look_at_figures(hint.cafe)

    def on_gap(self) -> None:
        """Hints may have been lost: look at everything."""
        assert self._plane is not None
        if self._follower is not None:
            self._follower.look_now()
        self._plane.access_watch.look_now()

    def _look_at_figures(self, cafe_id: str) -> None:
        """Look once however many hints there are; what is stored after it is a tick away."""
        if cafe_id in self._looking:
            return
        task = asyncio.create_task(self._look(cafe_id), name=f"look at figures {cafe_id}")
        self._looking[cafe_id] = task
        task.add_done_callback(lambda _: self._looking.pop(cafe_id))

    async def _look(self, cafe_id: str) -> None:
        assert self._ticker is not None
        try:
            await self._ticker.look_if_listened(cafe_id)
        except TableTapError as error:  # the next tick looks again
            log.info("figures_not_read", cafe_id=cafe_id, code=error.code)
