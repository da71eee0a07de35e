"""Every 3 seconds: note which screens this process hears of, and tell of those that nobody does.

So a screen that vanishes is told of 15 to 18 seconds after it was last heard of. A process that
was not watching itself (it has just begun, or the database was away) accuses nobody until the
longest time has passed that a screen takes to come back.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec

from config.logging import get_logger
from domain.errors import TableTapError
from domain.screens import GONE_AFTER
from jobs.scheduler import Job
from services.runner import Runner
from services.screens import (
    JudgeScreens,
    NoteScreens,
    judge_screens,
    list_cafes_to_judge,
    note_screens,
)

PERIOD_S = 3.0
# A client's longest pause between two tries (spec F2), and what a silence has to last.
WARM_UP = timedelta(seconds=30) + GONE_AFTER

log = get_logger(__name__)


class ScreenWatch:
    """take_heard: what this process hears of, and what was closed since the last time."""

    def __init__(
        self,
        runner: Runner,
        *,
        take_heard: Callable[[], NoteScreens],
        now: Callable[[], datetime],
        warm_up: timedelta = WARM_UP,
    ) -> None:
        self._runner = runner
        self._take_heard = take_heard
        self._now = now
        self._warm_up = warm_up
        self._watching_since: datetime | None = None
        self._last_tick_at: datetime | None = None
        # What is still to be written down of what was closed on purpose.
        self._left = NoteScreens()

    async def tick(self) -> None:
        """Note what is there, then judge what is not."""
        now = self._now()
        is_unbroken = self._last_tick_at is not None and now - self._last_tick_at < GONE_AFTER
        if not is_unbroken or self._watching_since is None:
            self._watching_since = now
        self._last_tick_at = None
        heard = self._take_heard()
        self._left = NoteScreens(
            left=self._left.left + heard.left,
            left_screens=self._left.left_screens + heard.left_screens,
        )
        noted = msgspec.structs.replace(
            heard, left=self._left.left, left_screens=self._left.left_screens
        )
        if noted != NoteScreens():
            await self._runner.write(note_screens, noted, command_type="note_screens")
            self._left = NoteScreens()
        self._last_tick_at = now
        if now - self._watching_since >= self._warm_up:
            await self._judge(now)

    async def _judge(self, now: datetime) -> None:
        for cafe_id in await self._runner.read(list_cafes_to_judge, now):
            try:
                await self._runner.write(
                    judge_screens, JudgeScreens(), command_type="judge_screens", cafe_id=cafe_id
                )
            except TableTapError as error:  # the next period judges again
                log.error(
                    "screens_not_judged",
                    cafe_id=cafe_id,
                    code=error.code,
                    error_id=str(uuid4()),
                )


def build_screen_job(watch: ScreenWatch) -> Job:
    """Make the job."""
    return Job(name="screens", period_s=PERIOD_S, run=watch.tick)
