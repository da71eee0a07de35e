"""Every 15 minutes: serve what earlier business days have left, and free their tables.

A cafe's failure does not keep the next one waiting for its turn: it is logged and tried again in
the next period.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec

from config.logging import get_logger
from domain.errors import TableTapError
from jobs.scheduler import Job
from services.day_end import (
    LIMIT,
    EndEarlierDays,
    Ended,
    free_left_tables,
    has_left_behind,
    list_cafes,
    serve_left_orders,
)
from services.runner import Runner

PERIOD_S = 900.0

log = get_logger(__name__)


def build_day_end_job(runner: Runner, *, now: Callable[[], datetime]) -> Job:
    """Make the job."""

    async def run() -> None:
        await end_earlier_days(runner, now=now())

    return Job(name="day_end", period_s=PERIOD_S, run=run)


async def end_earlier_days(runner: Runner, *, now: datetime) -> tuple[int, int]:
    """End what has been left; return how many orders were served and how many tables freed."""
    orders = tables = 0
    for cafe_id in await runner.read(list_cafes):
        try:
            if await runner.read(has_left_behind, cafe_id, now):
                # Orders first: a table with one under way is not free.
                orders += await _end_all(runner, serve_left_orders, cafe_id)
                tables += await _end_all(runner, free_left_tables, cafe_id)
        except TableTapError as error:
            log.error("day_not_ended", cafe_id=cafe_id, code=error.code, error_id=str(uuid4()))
    if orders or tables:
        log.info("earlier_days_ended", orders=orders, tables=tables)
    return orders, tables


async def _end_all(runner: Runner, operation: Callable[..., Ended], cafe_id: str) -> int:
    total = 0
    while True:
        outcome: Any = await runner.write(
            operation, EndEarlierDays(), command_type=operation.__name__, cafe_id=cafe_id
        )
        ended = len(msgspec.json.decode(outcome.body, type=Ended).ids)
        total += ended
        if ended < LIMIT:
            return total
