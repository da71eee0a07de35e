"""Every 5 seconds: tell of tickets that are late, let what stands press harder or be over (L2).

The rows decide who does it, not a lease: whoever comes second in a cafe finds nothing left to say.
A cafe's failure does not keep the next one waiting for its turn.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import msgspec

from config.logging import get_logger
from domain.errors import TableTapError
from jobs.scheduler import Job
from services.notifications import list_cafes_with_due_notifications, settle_due_notifications
from services.order_notifications import list_cafes_with_late_tickets, raise_late_tickets
from services.runner import Runner
from services.unit_of_work import UnitOfWork

PERIOD_S = 5.0

log = get_logger(__name__)


def build_notification_job(runner: Runner, *, now: Callable[[], datetime]) -> Job:
    """Make the job."""

    async def run() -> None:
        await look_after_notifications(runner, now=now())

    return Job(name="notifications", period_s=PERIOD_S, run=run)


async def look_after_notifications(runner: Runner, *, now: datetime) -> int:
    """Do what is due in every cafe and return how many notifications that touched."""
    touched = 0
    for cafe_id in await runner.read(_list_cafes, now):
        try:
            outcome = await runner.write(
                _look_after_cafe,
                None,
                command_type="look_after_notifications",
                cafe_id=cafe_id,
            )
        except TableTapError as error:
            log.error(
                "notifications_not_settled",
                cafe_id=cafe_id,
                code=error.code,
                error_id=str(uuid4()),
            )
        else:
            touched += msgspec.json.decode(outcome.body, type=int)
    return touched


def _list_cafes(now: datetime) -> list[str]:
    due = {*list_cafes_with_late_tickets(now), *list_cafes_with_due_notifications(now)}
    return sorted(due)


def _look_after_cafe(unit: UnitOfWork, _: None) -> int:
    return raise_late_tickets(unit) + settle_due_notifications(unit)
