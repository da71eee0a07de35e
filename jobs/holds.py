"""Every second: fire rounds whose time has come, end those that nobody answered, cafe by cafe.

A cafe's failure does not keep the next one waiting for its turn: it is logged and tried again in
the next period.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import msgspec

from config.logging import get_logger
from domain.errors import TableTapError
from domain.views.orders import OrdersView
from jobs.scheduler import Job
from services.approvals import ExpireDueHolds, expire_due_holds, list_cafes_with_due_holds
from services.runner import Runner

PERIOD_S = 1.0  # a guest counts the last seconds of the grace time down

log = get_logger(__name__)


def build_hold_job(runner: Runner, *, now: Callable[[], datetime]) -> Job:
    """Make the job."""

    async def run() -> None:
        await expire_holds(runner, now=now())

    return Job(name="holds", period_s=PERIOD_S, run=run)


async def expire_holds(runner: Runner, *, now: datetime) -> int:
    """End what has run out and return how many orders that touched."""
    touched = 0
    for cafe_id in await runner.read(list_cafes_with_due_holds, now):
        try:
            outcome = await runner.write(
                expire_due_holds, ExpireDueHolds(), command_type="expire_due_holds", cafe_id=cafe_id
            )
        except TableTapError as error:
            log.error("holds_not_expired", cafe_id=cafe_id, code=error.code, error_id=str(uuid4()))
        else:
            touched += len(msgspec.json.decode(outcome.body, type=OrdersView).orders)
    if touched:
        log.info("holds_expired", orders=touched)
    return touched
