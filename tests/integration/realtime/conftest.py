"""Links to a real Valkey, as two processes have them."""

import contextlib

import pytest

from realtime.redis_link import RedisLink

# Longer than the product's: a busy machine must not look like a Redis that hangs.
TIMEOUT_S = 3.0


@pytest.fixture
async def make_link(valkey):
    """Give a function that makes links; all of them are closed with the test."""
    async with contextlib.AsyncExitStack() as stack:

        def make(*, timeout_s: float = TIMEOUT_S, port: int | None = None) -> RedisLink:
            link = RedisLink(f"redis://127.0.0.1:{port or valkey.port}/0", timeout_s=timeout_s)
            stack.push_async_callback(link.close)
            return link

        yield make


class HintCounts:
    """Counts hints by what became of them."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def hint_passed(self, outcome: str) -> None:
        """Count one."""
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
