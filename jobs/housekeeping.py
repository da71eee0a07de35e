"""Every few minutes: remove rows that have run out, in small steps."""

import msgspec

from config.logging import get_logger
from jobs.scheduler import Job
from services.housekeeping import TidiedUp, TidyUp, tidy_up
from services.runner import Runner

PERIOD_S = 300.0

log = get_logger(__name__)


def build_housekeeping_job(runner: Runner, *, limit: int = 500) -> Job:
    """Make the job. limit: rows of each kind in one transaction."""

    async def run() -> None:
        await remove_expired(runner, limit=limit)

    return Job(name="housekeeping", period_s=PERIOD_S, run=run)


async def remove_expired(runner: Runner, *, limit: int) -> int:
    """Remove all that has run out and return how many rows that was.

    One step after another, each a transaction of its own: orders pass in between.
    """
    total = 0
    while True:
        outcome = await runner.write(tidy_up, TidyUp(limit=limit), command_type="tidy_up")
        step = msgspec.json.decode(outcome.body, type=TidiedUp)
        total += step.total
        if step.most < limit:
            if total:
                log.info("expired_rows_removed", rows=total)
            return total
