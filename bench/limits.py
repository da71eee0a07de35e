"""Limits under 400 concurrent commands, in process and over Valkey, and what a count costs.

Exactly the limit must pass, however many callers race. Then ten simulated minutes of a client just
below the limit: none of its commands may be refused. Run: python -m bench.limits [--rounds N]
"""

import asyncio
import sys
import time
from collections.abc import Sequence

from bench.machine import build_parser, describe_run, describe_spread
from realtime.rate_limit import MemoryWindows, Windows
from realtime.redis_link import RedisLink
from realtime.redis_windows import RedisWindows
from tests.support.valkey import run_valkey

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
        for link in links:
            await link.close()
    refused = await _stay_below()
    print(f"just below the limit for ten simulated minutes: {refused} of {10 * _LIMIT} refused")
    return 1 if faults or refused else 0


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


async def _stay_below() -> int:
    now_ms = 0
    windows = MemoryWindows(lambda: now_ms)
    refused = 0
    for number in range(10 * _LIMIT):
        verdict = await windows.count("k", str(number), limit=_LIMIT, window_ms=_WINDOW_MS)
        refused += not verdict.is_allowed
        now_ms += _WINDOW_MS // _LIMIT
    return refused


def _read_ms() -> int:
    return time.monotonic_ns() // 1_000_000


if __name__ == "__main__":
    parser = build_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    sys.exit(asyncio.run(main(parser.parse_args().rounds)))
