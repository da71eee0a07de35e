"""Leases of jobs: what the clock starts everywhere is done once per cafe and period (spec L1)."""

from datetime import UTC, datetime, timedelta

import msgspec

from models.fields import to_unix_ms
from models.rows import fetch_rows
from services.unit_of_work import UnitOfWork


class TakeLease(msgspec.Struct, frozen=True, kw_only=True):
    """job: its name. period_s: how often it is to run for a cafe."""

    job: str
    period_s: float


class LeaseTaken(msgspec.Struct, frozen=True, kw_only=True):
    """is_taken: whoever asked does the work of the period that began at `slot_at`."""

    is_taken: bool
    slot_at: datetime


def find_slot(now: datetime, *, period_s: float) -> datetime:
    """Return when the period of a moment began: the same in every process, whenever it looks."""
    period_ms = int(period_s * 1000)
    unix_ms = to_unix_ms(now)
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=unix_ms - unix_ms % period_ms)


def take_lease(unit: UnitOfWork, command: TakeLease) -> LeaseTaken:
    """Take the lease of this period, unless somebody has.

    A run in the future was a clock that was wrong: it keeps nobody from working. The row's lock
    lets one of several processes through; the others then see the slot as taken.
    """
    slot_at = find_slot(unit.now, period_s=command.period_s)
    period_start_ms = to_unix_ms(slot_at)
    taken = fetch_rows(
        "INSERT INTO job_lease (job, cafe_id, last_run_at) VALUES (?, ?, ?)"
        " ON CONFLICT (job, cafe_id) DO UPDATE SET last_run_at = excluded.last_run_at"
        " WHERE job_lease.last_run_at < excluded.last_run_at OR job_lease.last_run_at > ?"
        " RETURNING job",
        (command.job, unit.cafe_id, period_start_ms, to_unix_ms(unit.now)),
    )
    return LeaseTaken(is_taken=bool(taken), slot_at=slot_at)
