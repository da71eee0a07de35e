"""What the clock starts: periodic jobs on the running loop, by APScheduler.

A job is a name, a period and a coroutine function; jobs/ has one module per job, and composition
builds the list and calls `start` and `stop`. Schedules live in memory: a job store shared by
several processes would run every tick twice. Jobs must be harmless when they run late, twice in a
row or in two processes at once.

The scheduler adds what the library leaves open: a step of the wall clock does not stop the jobs, a
failure is logged once with an id, and `stop` waits for what is running.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC
from uuid import uuid4

import msgspec
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from config.logging import get_logger
from domain.errors import OperationTimeout, Overloaded, StorageUnavailable

# How often the two clocks are compared, and which difference is a step and no mere drift: NTP
# slews at most 0.5 ms a second, and a laptop that slept makes them differ by the whole sleep.
CLOCK_CHECK_PERIOD_S = 5.0
CLOCK_STEP_S = 1.0

log = get_logger(__name__)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """name: a word for the log, unique. period_s: from one start to the next."""

    name: str
    period_s: float
    run: Callable[[], Awaitable[None]]


class Scheduler:
    """Runs jobs until it is stopped. A job that still runs when it is due again is skipped."""

    def __init__(
        self,
        jobs: Sequence[Job],
        *,
        wall_clock: Callable[[], float] = time.time,
        steady_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = tuple(jobs)
        self._wall_clock = wall_clock
        self._steady_clock = steady_clock
        self._clock_offset_s = wall_clock() - steady_clock()
        self._is_stopping = False
        self._running: set[asyncio.Task[None]] = set()
        self._clock_check: asyncio.TimerHandle | None = None
        self._busy: set[str] = set()
        # One late run instead of many (coalesce), however late (no misfire grace: the default of
        # 1 s would drop every run of a loop that was busy for longer). Two instances, because the
        # library warns of one that it skips: a job that waits for somebody else is everyday, and
        # the second instance ends at once.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 2},
        )

    def start(self) -> None:
        """Begin on the running loop; the first run of a job is one period away."""
        for job in self._jobs:
            self._scheduler.add_job(
                self._run, args=(job,), id=job.name, trigger=_build_trigger(job)
            )
        self._scheduler.start()
        self._check_clock_later()
        log.info("jobs_started", jobs=[job.name for job in self._jobs])

    async def stop(self) -> None:
        """Start nothing more and wait until what is running has ended.

        Nothing is cancelled: a job's work is short and its database operation ends anyway.
        """
        self._is_stopping = True
        if self._clock_check is not None:
            self._clock_check.cancel()
            self._clock_check = None
        if self._scheduler.running:
            # Paused first: a wake-up that is already on its way would begin jobs which the
            # shutdown right behind it cancels before their first step.
            self._scheduler.pause()
            self._scheduler.shutdown()
            # The library does it in the next turn of the loop, and cancels its own tasks then;
            # ours behind the shield go on.
            await asyncio.sleep(0)
        while self._running:
            await asyncio.wait(self._running)

    def check_clock(self) -> None:
        """Plan every job anew when the wall clock was set: the library waits for wall times.

        Without it a clock that steps back by an hour stops all jobs for that hour.
        """
        offset_s = self._wall_clock() - self._steady_clock()
        step_s = offset_s - self._clock_offset_s
        self._clock_offset_s = offset_s
        if abs(step_s) > CLOCK_STEP_S:
            log.warning("wall_clock_stepped", step_s=round(step_s, 1))
            for job in self._jobs:
                self._scheduler.reschedule_job(job.name, trigger=_build_trigger(job))

    def _check_clock_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._clock_check = loop.call_later(CLOCK_CHECK_PERIOD_S, self._check_clock_again)

    def _check_clock_again(self) -> None:
        self.check_clock()
        self._check_clock_later()

    async def _run(self, job: Job) -> None:
        if job.name in self._busy:
            log.debug("job_still_runs", job=job.name)
            return
        self._busy.add(job.name)
        task = asyncio.create_task(_run_logged(job), name=f"job:{job.name}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: self._busy.discard(job.name))
        # Shielded: the library cancels its own task at shutdown, which would cut the work, and
        # would log the cancellation as a failure of the job.
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if not self._is_stopping:
                raise


def _build_trigger(job: Job) -> IntervalTrigger:
    return IntervalTrigger(seconds=job.period_s, timezone=UTC)


async def _run_logged(job: Job) -> None:
    started_s = time.monotonic()
    try:
        await job.run()
    except (StorageUnavailable, Overloaded, OperationTimeout) as error:
        # What is slow or away says so itself; the next period tries again.
        log.info("job_put_off", job=job.name, code=error.code)
    except Exception:
        log.exception("job_failed", job=job.name, error_id=str(uuid4()))
    else:
        duration_ms = round((time.monotonic() - started_s) * 1000)
        log.debug("job_done", job=job.name, duration_ms=duration_ms)
