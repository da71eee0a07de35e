"""Every second: open what was paused until now, pause and open by load, cafe by cafe.

A look changes nothing; where something is due, one process does it, by a lease of five seconds
(services/pauses.py). A pause holds no longer than it said even where nobody looks.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import msgspec

from config.logging import get_logger
from domain.errors import TableTapError
from jobs.scheduler import Job
from services.pauses import JOB, JudgePauses, PausesJudged, judge_pauses, list_cafes_with_due_pauses
from services.runner import Runner

PERIOD_S = 1.0

log = get_logger(__name__)


def build_pause_job(runner: Runner, *, now: Callable[[], datetime]) -> Job:
    """Make the job."""

    async def run() -> None:
        await turn_pauses(runner, now=now())

    return Job(name=JOB, period_s=PERIOD_S, run=run)


async def turn_pauses(runner: Runner, *, now: datetime) -> int:
    """Do what is due and return how many stations that touched."""
    touched = 0
    for cafe_id in await runner.read(list_cafes_with_due_pauses, now):
        try:
            outcome = await runner.write(
                judge_pauses, JudgePauses(), command_type="judge_pauses", cafe_id=cafe_id
            )
        except TableTapError as error:  # the next period looks again
            log.error("pauses_not_judged", cafe_id=cafe_id, code=error.code, error_id=str(uuid4()))
            continue
        for change in msgspec.json.decode(outcome.body, type=PausesJudged).changes:
            touched += 1
            log.info("ordering_pause_changed", cafe_id=cafe_id, **change)
    return touched
