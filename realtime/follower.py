"""Keeps a process in step with what others commit: by their hints, and by looking at the heads.

Where hints arrive, one look every two seconds at all cafes with listeners finds what was lost.
Where none arrive (no Redis, or it is away), cafes that were active within a minute are looked at
four times a second (spec G3). A single process on SQLite needs none of this.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress

from config.logging import get_logger
from domain.errors import TableTapError
from realtime.broker import Hint
from realtime.ports import LogHead
from realtime.tail import Tail

log = get_logger(__name__)

ReadHeads = Callable[[Collection[str]], Awaitable[Mapping[str, LogHead]]]

_LOOK_S = 0.25
_EVERYTHING_S = 2.0
_ACTIVE_FOR_S = 60.0


class Follower:
    """Wakes a tail. is_live: whether hints arrive. on_ignored: told of hints nobody here needs."""

    def __init__(
        self,
        tail: Tail,
        *,
        read_heads: ReadHeads,
        is_live: Callable[[], bool],
        on_ignored: Callable[[], None] = lambda: None,
    ) -> None:
        self._tail = tail
        self._read_heads = read_heads
        self._is_live = is_live
        self._on_ignored = on_ignored
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look. Call on the running loop."""
        self._task = asyncio.create_task(self._watch(), name="watch log heads")

    async def stop(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def on_hint(self, hint: Hint) -> None:
        """Take a hint; one about a cafe that nobody here listens to is ignored."""
        if not self._tail.look_at(hint.cafe, epoch=hint.epoch, seq=hint.seq):
            self._on_ignored()

    def look_now(self) -> None:
        """Look at all heads at once: hints may have been lost."""
        self._wake.set()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        everything_at_s = loop.time()
        while True:
            now_s = loop.time()
            if now_s >= everything_at_s or self._wake.is_set():
                self._wake.clear()
                everything_at_s = now_s + _EVERYTHING_S
                await self._look(self._list_cafes(active_since_s=0.0))
            elif not self._is_live():
                await self._look(self._list_cafes(active_since_s=now_s - _ACTIVE_FOR_S))
            # Not `wait_for`: before Python 3.12 it may lose the cancellation that ends this.
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._wake.wait()

    def _list_cafes(self, *, active_since_s: float) -> list[str]:
        return [
            stream.cafe_id
            for stream in self._tail.list_streams()
            if stream.active_at_s >= active_since_s
        ]

    async def _look(self, cafe_ids: list[str]) -> None:
        if not cafe_ids:
            return
        try:
            heads = await self._read_heads(cafe_ids)
        except TableTapError as error:
            log.info("heads_not_read", code=error.code)
            return
        for cafe_id, head in heads.items():
            self._tail.look_at(cafe_id, epoch=head.epoch, seq=head.seq)
