"""Sliding windows by a clock of the test, and the ceiling of frames below them."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from realtime.rate_limit import FrameCeiling, MemoryWindows

WINDOW_MS = 60_000


class Clock:
    """Milliseconds that the test moves."""

    def __init__(self) -> None:
        self.now_ms = 1_000_000

    def __call__(self) -> int:
        return self.now_ms


async def count(windows: MemoryWindows, member: str, *, key: str = "k", limit: int = 3):
    """Count one command in a minute's window."""
    return await windows.count(key, member, limit=limit, window_ms=WINDOW_MS)


async def test_four_hundred_at_once_let_exactly_the_limit_through():
    """However they come."""
    windows = MemoryWindows(Clock())

    verdicts = await asyncio.gather(*(count(windows, str(each), limit=200) for each in range(400)))

    assert sum(verdict.is_allowed for verdict in verdicts) == 200
    assert sum(verdict.is_first for verdict in verdicts) == 1


async def test_whoever_stays_just_below_the_limit_is_never_refused():
    """Ten minutes: 100 in each minute, in bursts and evenly."""
    for gap_ms in (600, 0):
        clock = Clock()
        windows = MemoryWindows(clock)
        for number in range(1000):
            assert (await count(windows, str(number), limit=100)).is_allowed
            clock.now_ms += gap_ms
            if gap_ms == 0 and number % 100 == 99:
                clock.now_ms += WINDOW_MS


@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=40), st.integers(1, 5))
async def test_waiting_as_long_as_was_said_is_enough_and_one_millisecond_less_is_not(gaps, limit):
    """Whatever came before; and never more than the limit in any window."""
    clock = Clock()
    windows = MemoryWindows(clock)
    passed: list[int] = []
    for number, gap_ms in enumerate(gaps):
        clock.now_ms += gap_ms
        verdict = await count(windows, f"c{number}", limit=limit)
        if not verdict.is_allowed:
            clock.now_ms += verdict.retry_after_ms - 1
            early = await count(windows, f"early{number}", limit=limit)
            assert (early.is_allowed, early.retry_after_ms) == (False, 1)
            clock.now_ms += 1
            assert (await count(windows, f"late{number}", limit=limit)).is_allowed
        passed.append(clock.now_ms)

    for start in passed:
        assert sum(start <= at < start + WINDOW_MS for at in passed) <= limit


async def test_the_same_command_counts_once():
    """Sent again because its answer was lost, also where the window is full."""
    windows = MemoryWindows(Clock())

    for member in ("a", "a", "b", "a", "c", "c"):
        assert (await count(windows, member)).is_allowed
    assert not (await count(windows, "d")).is_allowed
    assert (await count(windows, "a")).is_allowed


async def test_what_is_taken_back_makes_room_for_one():
    """And no more than for one, however often it is taken back."""
    windows = MemoryWindows(Clock())
    for member in "abc":
        await count(windows, member)

    for _ in range(3):
        await windows.forget("k", "b")
    assert (await count(windows, "d")).is_allowed
    assert not (await count(windows, "e")).is_allowed
    await windows.forget("nobody's", "b")


async def test_windows_of_others_are_others():
    """One caller's full window is nobody else's."""
    windows = MemoryWindows(Clock())

    for key in ("k", "other"):
        for member in "abc":
            assert (await count(windows, member, key=key)).is_allowed
        assert not (await count(windows, "d", key=key)).is_allowed


async def test_the_first_refusal_of_a_window_is_marked():
    """The audit wants one line a minute of somebody who hammers, not one for each blow."""
    clock = Clock()
    windows = MemoryWindows(clock)
    firsts = []
    for number in range(180):
        verdict = await count(windows, str(number))
        firsts.append(verdict.is_first)
        clock.now_ms += 1000

    assert sum(firsts) == 3


async def test_who_has_gone_is_forgotten():
    """A guest who ordered once must not stay in memory."""
    clock = Clock()
    windows = MemoryWindows(clock)
    for number in range(999):
        await count(windows, "a", key=f"guest {number}")
    clock.now_ms += WINDOW_MS
    await count(windows, "a", key="the last")

    assert set(windows._counted) == {"the last"}


def test_the_ceiling_lets_a_burst_through_and_then_its_rate():
    """Sixty at once, then twenty a second; what it says is how long to wait."""
    ceiling = FrameCeiling(per_second=20, burst=60, now_s=0.0)

    assert [ceiling.take(0.0) for _ in range(60)] == [0.0] * 60
    wait_s = ceiling.take(0.0)
    assert 0 < wait_s <= 1 / 20
    assert ceiling.take(wait_s) == 0.0
    assert ceiling.take(wait_s) > 0
    assert sum(ceiling.take(wait_s + each / 1000) == 0.0 for each in range(10_000)) == 199
    assert [ceiling.take(1000.0) for _ in range(60)] == [0.0] * 60
    assert ceiling.take(1000.0) > 0


def test_the_ceiling_counts_what_it_refused_by_the_minute():
    """What passes in between takes nothing back; a minute after the first, counting begins anew."""
    ceiling = FrameCeiling(per_second=20, burst=60, now_s=0.0)

    # Sixty seconds at ten times the rate: what the bucket had, what it got, and the rest.
    for each in range(60 * 200):
        ceiling.take(each / 200)
    assert ceiling.refused == 60 * 200 - 60 - 60 * 20 + 1
    for _ in range(100):
        ceiling.take(70.0)
    assert ceiling.refused == 40
