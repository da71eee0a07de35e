"""Every few seconds: sell again what was sold out until now, and end counts of units, cafe by cafe.

A cafe's failure does not keep the next one waiting for its turn: it is logged and tried again in
the next period.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import msgspec

from config.logging import get_logger
from domain.errors import TableTapError
from jobs.scheduler import Job
from services.availability_ends import (
    EndAvailability,
    EndedAvailability,
    end_availability,
    list_cafes_with_ends,
)
from services.runner import Runner

PERIOD_S = 10.0  # ends are said in minutes; who loads a page sees them at once

log = get_logger(__name__)


def build_availability_job(runner: Runner, *, now: Callable[[], datetime]) -> Job:
    """Make the job."""

    async def run() -> None:
        await end_what_ran_out(runner, now=now())

    return Job(name="availability", period_s=PERIOD_S, run=run)


async def end_what_ran_out(runner: Runner, *, now: datetime) -> int:
    """Tell what is sold again or counted no longer; return of how many dishes."""
    told = 0
    for cafe_id in await runner.read(list_cafes_with_ends, now):
        try:
            outcome = await runner.write(
                end_availability,
                EndAvailability(),
                command_type="end_availability",
                cafe_id=cafe_id,
            )
        except TableTapError as error:
            log.error(
                "availability_not_ended", cafe_id=cafe_id, code=error.code, error_id=str(uuid4())
            )
        else:
            told += len(msgspec.json.decode(outcome.body, type=EndedAvailability).menu_item_ids)
    if told:
        log.info("availability_ended", dishes=told)
    return told
