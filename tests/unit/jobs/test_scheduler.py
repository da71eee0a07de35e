"""Jobs run by the clock, whatever the clock, the jobs or a stop do meanwhile."""

import asyncio
import logging
import time
from datetime import datetime, timedelta

import pytest
from apscheduler.schedulers import base
from apscheduler.triggers import interval

from jobs.scheduler import Job, Scheduler
from tests.support.waiting import wait_for


class Clock:
    """A wall clock that can be set, beside a steady one that cannot."""

    def __init__(self) -> None:
        self.step_s = 0.0

    def wall(self) -> float:
        return datetime.now().astimezone().timestamp() + self.step_s


@pytest.fixture
def clock(monkeypatch, expected_logs):
    """Put the scheduler library on a wall clock that the test can set."""
    expected_logs.add("wall_clock_stepped")
    clock = Clock()

    class SteppedDatetime(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(seconds=clock.step_s)

    monkeypatch.setattr(base, "datetime", SteppedDatetime)
    monkeypatch.setattr(interval, "datetime", SteppedDatetime)
    return clock


class Counted:
    """A job's work that counts its runs and can be awaited."""

    def __init__(self) -> None:
        self.runs = 0
        self._ran = asyncio.Event()

    async def run(self) -> None:
        self.runs += 1
        self._ran.set()

    async def wait_for_a_run(self) -> None:
        self._ran.clear()
        await asyncio.wait_for(self._ran.wait(), 10)


async def test_a_job_runs_again_and_again():
    """Two periods bring two runs."""
    counted = Counted()
    scheduler = Scheduler([Job(name="count", period_s=0.02, run=counted.run)])
    scheduler.start()

    await counted.wait_for_a_run()
    await counted.wait_for_a_run()

    await scheduler.stop()
    assert counted.runs >= 2


async def test_a_job_that_takes_longer_than_its_period_runs_once_at_a_time(caplog):
    """It waits for somebody else, which is everyday: no second run beside it, and no warning."""
    caplog.set_level(logging.DEBUG)
    runs, most, ended = 0, 0, asyncio.Event()

    async def run() -> None:
        nonlocal runs, most
        runs += 1
        most = max(most, runs)
        await ended.wait()
        runs -= 1

    scheduler = Scheduler([Job(name="slow", period_s=0.02, run=run)])
    scheduler.start()

    await wait_for(lambda: caplog.text.count("job_still_runs") > 3, "some periods to pass")
    ended.set()
    await scheduler.stop()

    assert most == 1


async def test_nothing_runs_after_stop():
    """Stop is final."""
    counted = Counted()
    scheduler = Scheduler([Job(name="count", period_s=0.02, run=counted.run)])
    scheduler.start()
    await counted.wait_for_a_run()

    await scheduler.stop()
    runs = counted.runs
    await asyncio.sleep(0.1)

    assert counted.runs == runs


async def test_a_wake_up_on_its_way_begins_nothing_when_stop_comes():
    """A job that is due in the turn of the stop is neither begun nor cut: nothing to log."""
    counted = Counted()
    scheduler = Scheduler([Job(name="count", period_s=0.01, run=counted.run)])
    scheduler.start()
    # Nothing else of the loop runs meanwhile, so the job is due and has not been looked at.
    time.sleep(0.02)  # noqa: ASYNC251

    scheduler._scheduler.wakeup()
    await scheduler.stop()

    assert counted.runs == 0


async def test_stop_waits_for_a_running_job_without_cutting_it():
    """Work that has begun is finished before stop returns."""
    began, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        began.set()
        await may_end.wait()
        ended.set()

    scheduler = Scheduler([Job(name="slow", period_s=0.3, run=work)])
    scheduler.start()
    await asyncio.wait_for(began.wait(), 10)
    stopping = asyncio.create_task(scheduler.stop())
    await asyncio.sleep(0)
    assert not stopping.done()

    may_end.set()
    await asyncio.wait_for(stopping, 10)

    assert ended.is_set()


async def test_a_failing_job_is_logged_with_an_id_and_runs_again(expected_logs, caplog):
    """One failure is one error line; the next period comes as if nothing had been."""
    expected_logs.add("job_failed")
    counted = Counted()

    async def fail() -> None:
        await counted.run()
        raise RuntimeError("the printer is on fire")

    scheduler = Scheduler([Job(name="fail", period_s=0.2, run=fail)])
    scheduler.start()

    await counted.wait_for_a_run()
    await counted.wait_for_a_run()

    await scheduler.stop()
    failures = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert [record.event for record in failures] == ["job_failed"] * counted.runs
    assert all(record.values["error_id"] for record in failures)


async def test_jobs_go_on_when_the_wall_clock_steps_back(clock):
    """An hour back must not stop the jobs for an hour."""
    counted = Counted()
    scheduler = Scheduler(
        [Job(name="count", period_s=0.05, run=counted.run)], wall_clock=clock.wall
    )
    scheduler.start()
    await counted.wait_for_a_run()

    clock.step_s = -3600
    scheduler.check_clock()

    await counted.wait_for_a_run()
    await counted.wait_for_a_run()
    await scheduler.stop()


async def test_a_step_forward_brings_one_late_run_and_not_hundreds(clock):
    """Runs that were missed by the clock alone are not caught up on."""
    counted = Counted()
    scheduler = Scheduler([Job(name="count", period_s=0.2, run=counted.run)], wall_clock=clock.wall)
    scheduler.start()

    clock.step_s = 3600
    scheduler.check_clock()
    await counted.wait_for_a_run()

    await scheduler.stop()
    assert counted.runs <= 2
