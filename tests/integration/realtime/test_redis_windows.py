"""Windows that processes share: counted by Redis' clock, and by each alone while it is away."""

import asyncio
import time

import pytest

from realtime.rate_limit import MemoryWindows, Verdict
from realtime.redis_windows import RedisWindows

KEY = "rate_limit:kitchen:person:1"
WINDOW_MS = 60_000


class Process:
    """The windows of one process. now_ms: of its own clock, used while Redis is away."""

    def __init__(self, link) -> None:
        self.link = link
        self.now_ms = 0
        self.windows = RedisWindows(link, fallback=MemoryWindows(lambda: self.now_ms))

    async def count(
        self, member: str, *, key: str = KEY, limit: int = 3, window_ms: int = WINDOW_MS
    ) -> Verdict:
        """Count one command."""
        return await self.windows.count(key, member, limit=limit, window_ms=window_ms)


@pytest.fixture
def processes(make_link) -> list[Process]:
    """Two processes on one Redis."""
    return [Process(make_link()) for _ in range(2)]


async def test_four_hundred_at_once_over_two_processes_let_exactly_the_limit_through(processes):
    """And one of them is the first that was refused."""
    verdicts = await asyncio.gather(
        *(processes[number % 2].count(f"c{number}", limit=200) for number in range(400))
    )

    assert sum(verdict.is_allowed for verdict in verdicts) == 200
    assert sum(verdict.is_first for verdict in verdicts) == 1
    assert all(0 < each.retry_after_ms <= WINDOW_MS for each in verdicts if not each.is_allowed)


async def test_a_repeat_on_the_other_process_counts_once(processes):
    """The client came back to another process and sends what was not answered again."""
    one, other = processes
    for member in ("a", "b", "b", "c"):
        assert (await one.count(member)).is_allowed
        assert (await other.count(member)).is_allowed

    assert not (await other.count("d")).is_allowed


async def test_what_is_taken_back_makes_room_for_one(processes):
    """Whichever process counted it."""
    one, other = processes
    for member in "abc":
        await one.count(member)
    for process in (one, other):
        await process.windows.forget(KEY, "b")

    assert (await one.count("d")).is_allowed
    assert not (await other.count("e")).is_allowed


async def test_the_wait_that_is_named_is_enough_and_less_is_not(processes):
    """Held against the clock that Redis goes by, which here is the machine's."""
    one, other = processes
    early = late = 0
    for turn in range(5):
        assert (await one.count(f"a{turn}", limit=1, window_ms=300)).is_allowed
        before_ms = time.time() * 1000
        refused = await other.count(f"b{turn}", limit=1, window_ms=300)
        after_ms = time.time() * 1000
        assert not refused.is_allowed
        # The moment lies between these two, since Redis said it between those.
        earliest_ms = int(before_ms) + refused.retry_after_ms
        latest_ms = int(after_ms) + 1 + refused.retry_after_ms
        while True:
            asked_ms = time.time() * 1000
            verdict = await other.count(f"c{turn}", limit=1, window_ms=300)
            answered_ms = time.time() * 1000
            if answered_ms < earliest_ms:
                assert not verdict.is_allowed
                early += 1
            if asked_ms >= latest_ms:
                assert verdict.is_allowed
                late += 1
            if verdict.is_allowed:
                break
            await asyncio.sleep(0)
        await other.windows.forget(KEY, f"c{turn}")

    assert early > 0


async def test_whoever_stays_just_below_the_limit_is_never_refused(processes):
    """Twenty windows long, as fast as the rule allows, over both processes in turn."""
    limit, window_ms = 30, 150
    sent_ms: list[float] = []
    begins_ms = time.time() * 1000
    while time.time() * 1000 - begins_ms < 20 * window_ms:
        now_ms = time.time() * 1000
        sent_ms = [at for at in sent_ms if at > now_ms - window_ms - 2]
        if len(sent_ms) < limit:
            number = len(sent_ms)
            verdict = await processes[number % 2].count(
                f"{now_ms}.{number}", limit=limit, window_ms=window_ms
            )
            assert verdict.is_allowed
            # Redis counted it at some moment up to now.
            sent_ms.append(time.time() * 1000)
        else:
            await asyncio.sleep(0)


async def test_without_redis_each_process_counts_for_itself(valkey, processes, expected_logs):
    """Nobody is let through without limit, and nobody is locked out."""
    expected_logs.add("redis_away")
    for member in "abc":
        await processes[0].count(member)
    valkey.kill()
    for process in processes:
        for member in "abc":
            assert (await process.count(member)).is_allowed
        refused = await process.count("d")
        assert (refused.is_allowed, refused.retry_after_ms) == (False, WINDOW_MS)
        await process.windows.forget(KEY, "b")
        assert (await process.count("e")).is_allowed

    valkey.start()
    for process in processes:
        await process.link.probe()
    allowed = [(await processes[number % 2].count(f"n{number}")).is_allowed for number in range(6)]
    assert allowed == [True] * 3 + [False] * 3


async def test_a_flush_forgets_what_was_counted_and_nothing_else(valkey, processes):
    """The rule goes on at once."""
    for member in "abcd":
        await processes[0].count(member)
    valkey.flush()

    allowed = [(await processes[number % 2].count(f"n{number}")).is_allowed for number in range(4)]
    assert allowed == [True, True, True, False]


async def test_a_key_that_somebody_else_made_locks_nobody_out(valkey, processes, expected_logs):
    """It is not ours, so the process counts for itself."""
    expected_logs.add("redis_refused")
    with valkey.connect() as client:
        client.set(KEY, "not a window")

    allowed = [(await processes[0].count(str(number))).is_allowed for number in range(5)]
    assert allowed == [True, True, True, False, False]


async def test_windows_vanish_from_redis_when_they_have_passed(valkey, processes):
    """Whoever is not seen any more costs no memory."""
    await processes[0].count("a", limit=1, window_ms=50)
    await processes[0].count("b", limit=1, window_ms=50)
    with valkey.connect() as client:
        deadline = time.monotonic() + 30
        while client.dbsize():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
