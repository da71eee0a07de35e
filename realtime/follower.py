"""Keeps a process in step with what others commit: by their hints, and by looking at the heads.

Where hints arrive, one look every two seconds at all cafes with listeners finds what was lost.
Where none arrive (no Redis, or it is away), cafes that were active within a minute are looked at
four times a second (spec G3). A single process on SQLite needs none of this.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

from config.logging import get_logger
from domain.errors import TableTapError
from realtime.broker import Hint
from realtime.ports import LogHead
from realtime.tail import Tail
from realtime.watch import Watch

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
        # By the loop's clock: when all heads are due again.
        self._everything_at_s = 0.0
        self._watch = Watch(self._look_as_due, every_s=_LOOK_S, name="watch log heads")

    def start(self) -> None:
        """Begin to look. Call on the running loop."""
        self._watch.start()

    async def stop(self) -> None:
        """Stop looking."""
        await self._watch.stop()

    def on_hint(self, hint: Hint) -> None:
        """Take a hint; one about a cafe that nobody here listens to is ignored."""
        if not self._tail.look_at(hint.cafe, epoch=hint.epoch, seq=hint.seq):
            self._on_ignored()

    def look_now(self) -> None:
        """Look at all heads at once: hints may have been lost."""
        self._everything_at_s = 0.0
        self._watch.wake()

    async def _look_as_due(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._everything_at_s:
            self._everything_at_s = now_s + _EVERYTHING_S
            await self._look(self._list_cafes(active_since_s=0.0))
        elif not self._is_live():
            await self._look(self._list_cafes(active_since_s=now_s - _ACTIVE_FOR_S))

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
