"""Looks at something again and again until it is stopped: what the watchers of a process stand on.

What a look does about the errors it expects is its affair. Any other is logged, and the next look
comes all the same: a watch that ended would be missed by nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from config.logging import get_logger

log = get_logger(__name__)


class Watch:
    """every_s: from the end of a look to the next one, which `wake` makes begin at once."""

    def __init__(self, look: Callable[[], Awaitable[None]], *, every_s: float, name: str) -> None:
        self._look = look
        self._every_s = every_s
        self._name = name
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look. Call on the running loop."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Look at once, or once more after the look that is under way."""
        self._woken.set()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._look()
            except Exception:  # an edge: whatever it was, the next look is due
                log.exception("watch_failed", watch=self._name)
            # Not `wait_for`: before Python 3.12 it may lose the cancellation that ends this.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._woken.wait()
