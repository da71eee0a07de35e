"""Every few minutes: remove rows that have run out, in small steps."""

import msgspec

from config.logging import get_logger
from jobs.scheduler import Job
from services.housekeeping import TidiedUp, TidyUp, tidy_up
from services.runner import Runner

PERIOD_S = 300.0

# The setting's own default (spec C6: 72 hours).
_ANSWERS_KEPT_S = 72 * 3600

log = get_logger(__name__)


def build_housekeeping_job(
    runner: Runner, *, answers_kept_s: int = _ANSWERS_KEPT_S, limit: int = 500
) -> Job:
    """Make the job.

    answers_kept_s: how long a repeated command gets its first answer. limit: rows of each kind in
    one transaction.
    """

    async def run() -> None:
        await remove_expired(runner, answers_kept_s=answers_kept_s, limit=limit)

    return Job(name="housekeeping", period_s=PERIOD_S, run=run)


async def remove_expired(runner: Runner, *, answers_kept_s: int, limit: int) -> int:
    """Remove all that has run out and return how many rows that was.

    One step after another, each a transaction of its own: orders pass in between.
    """
    command = TidyUp(limit=limit, answers_kept_s=answers_kept_s)
    total = 0
    while True:
        outcome = await runner.write(tidy_up, command, command_type="tidy_up")
        step = msgspec.json.decode(outcome.body, type=TidiedUp)
        total += step.total
        if step.most < limit:
            if total:
                log.info("expired_rows_removed", rows=total)
            return total
