"""Limits under 400 concurrent commands, in process and over Valkey, and what a count costs.

Exactly the limit must pass, however many callers race: of 200 timed, then of every namespace, lane
and return. Then ten simulated minutes of a client just below each: nothing may be refused, and
after a burst one more passes after the wait that was named, and not a millisecond before.
Run: python -m bench.limits [--rounds N]
"""

import asyncio
import sys
import time
from collections.abc import Sequence

from bench.machine import build_parser, describe_run, describe_spread
from config.namespaces import (
    ADDRESS_RETURNS,
    LANE_LIMITS,
    LEFT_PAGES,
    NAMESPACES,
    PRINCIPAL_RETURNS,
    RateLimit,
)
from realtime.rate_limit import MemoryWindows, Windows
from realtime.redis_link import RedisLink
from realtime.redis_windows import RedisWindows
from tests.support.valkey import run_valkey

# The lanes' limits by one of the commands that each is of.
_RULES: dict[str, RateLimit] = {
    **{name.value: rule.rate_limit for name, rule in NAMESPACES.items()},
    "submits": LANE_LIMITS["place_order"],
    "calls": LANE_LIMITS["call_staff"],
    "returns": PRINCIPAL_RETURNS,
    "returns of an address": ADDRESS_RETURNS,
    "pages": LEFT_PAGES,
}
_COMMANDS, _LIMIT, _WINDOW_MS = 400, 200, 60_000
# Nothing here may be cut short: what is measured is the counting and not the breaker.
_TIMEOUT_S = 10.0


async def main(rounds: int) -> int:
    """Print counts and times; return 1 where more or fewer than the limit passed."""
    print(describe_run())
    with run_valkey() as valkey:
        links = [RedisLink(valkey.url, timeout_s=_TIMEOUT_S) for _ in range(2)]
        shared = [RedisWindows(link, fallback=MemoryWindows(_read_ms)) for link in links]
        faults = await _race("in process", [MemoryWindows(_read_ms)], rounds)
        faults += await _race("two over Valkey", shared, rounds)
        for name, rule in _RULES.items():
            faults += await _race_once(name, rule, shared)
        for link in links:
            await link.close()
    for name, rule in _RULES.items():
        refused, tried = await _stay_below(rule)
        is_true = await _is_wait_true(rule)
        print(f"{name:<22} just below for ten simulated minutes: {refused} of {tried} refused;"
              f" the wait above it is {'true' if is_true else 'FALSE'}")  # fmt: skip
        faults += refused + (not is_true)
    return 1 if faults else 0


async def _race_once(name: str, rule: RateLimit, processes: Sequence[Windows]) -> int:
    """Let 400 race for one limit over Valkey; return 1 where not exactly the limit passed."""
    verdicts = await asyncio.gather(
        *(
            processes[number % len(processes)].count(
                f"rate_limit:bench:{name}",
                str(number),
                limit=rule.max_requests,
                window_ms=rule.window_ms,
            )
            for number in range(_COMMANDS)
        )
    )
    passed = sum(verdict.is_allowed for verdict in verdicts)
    print(f"{name:<22} passed of {_COMMANDS} at once: {passed}, limit {rule.max_requests}")
    return int(passed != rule.max_requests)


async def _race(name: str, processes: Sequence[Windows], rounds: int) -> int:
    times_ms: list[float] = []
    passed: list[int] = []

    async def count(windows: Windows, key: str, number: int) -> bool:
        begun_at_s = time.perf_counter()
        verdict = await windows.count(key, str(number), limit=_LIMIT, window_ms=_WINDOW_MS)
        times_ms.append(1000 * (time.perf_counter() - begun_at_s))
        return verdict.is_allowed

    for turn in range(rounds):
        allowed = await asyncio.gather(
            *(
                count(processes[number % len(processes)], f"rate_limit:bench:{turn}", number)
                for number in range(_COMMANDS)
            )
        )
        passed.append(sum(allowed))
    print(f"{name:<16} passed of {_COMMANDS} at once: {sorted(set(passed))}, limit {_LIMIT}")
    print(f"{name:<16} a count while all race: {describe_spread(times_ms, 'ms')}")
    return sum(each != _LIMIT for each in passed)


async def _stay_below(rule: RateLimit) -> tuple[int, int]:
    """Return how many of a client just below a limit were refused, and how many it sent."""
    now_ms = number = refused = 0
    windows = MemoryWindows(lambda: now_ms)
    while now_ms < 10 * 60_000:
        verdict = await windows.count(
            "k", str(number), limit=rule.max_requests, window_ms=rule.window_ms
        )
        refused += not verdict.is_allowed
        number += 1
        # Rounded up: a hair slower than the limit.
        now_ms += -(-rule.window_ms // rule.max_requests)
    return refused, number


async def _is_wait_true(rule: RateLimit) -> bool:
    """Whether one more passes after the wait that a refusal names, and not before."""
    now_ms = 0
    windows = MemoryWindows(lambda: now_ms)

    async def try_once(number: int) -> int:
        """Return the wait, 0 where it passed."""
        verdict = await windows.count(
            "k", str(number), limit=rule.max_requests, window_ms=rule.window_ms
        )
        return 0 if verdict.is_allowed else verdict.retry_after_ms

    for number in range(rule.max_requests):
        await try_once(number)
        now_ms += 7
    wait_ms = await try_once(-1)
    now_ms += wait_ms - 1
    left_ms = await try_once(-2)
    now_ms += left_ms
    return wait_ms > 0 and left_ms == 1 and await try_once(-3) == 0


def _read_ms() -> int:
    return time.monotonic_ns() // 1_000_000


if __name__ == "__main__":
    parser = build_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    sys.exit(asyncio.run(main(parser.parse_args().rounds)))
