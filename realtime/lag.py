"""How far the streams of this process are behind the logs: what is committed and not yet sent.

Nothing in a healthy process, or the few milliseconds of what is under way. It is measured from the
outside, by comparing the heads in the database with the tail every few seconds, so that a tail
which stands still shows whatever it stands still for. /metrics tells it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from heapq import nlargest

import msgspec

from config.logging import get_logger
from domain.errors import TableTapError
from realtime.ports import Clock, LogHead, ReadLog
from realtime.tail import Tail
from realtime.watch import Watch

log = get_logger(__name__)

_LOOK_S = 5.0
# A series a cafe: whoever serves thousands wants to know which few are behind.
_MOST_NAMED = 20


class Lag(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """oldest_s: since the oldest event that was not sent happened."""

    events: int = 0
    oldest_s: float = 0.0


class LagWatch:
    """Measures until stopped. Without a database what was measured last stands."""

    def __init__(
        self,
        tail: Tail,
        *,
        read_heads: Callable[[Collection[str]], Awaitable[Mapping[str, LogHead]]],
        read_log: ReadLog,
        now: Clock,
    ) -> None:
        self._tail = tail
        self._read_heads = read_heads
        self._read_log = read_log
        self._now = now
        self._lags: dict[str, Lag] = {}
        self._watch = Watch(self.look, every_s=_LOOK_S, name="watch lag")

    def start(self) -> None:
        """Begin to measure. Call on the running loop."""
        self._watch.start()

    async def stop(self) -> None:
        """Stop measuring."""
        await self._watch.stop()

    def find_worst(self) -> Lag:
        """Return the most events and the most seconds that any cafe is behind."""
        lags = self._lags.values()
        return Lag(
            events=max((lag.events for lag in lags), default=0),
            oldest_s=max((lag.oldest_s for lag in lags), default=0.0),
        )

    def list_by_cafe(self) -> dict[str, Lag]:
        """List the cafes that somebody here has listened to: the twenty furthest behind."""
        return dict(nlargest(_MOST_NAMED, self._lags.items(), key=lambda item: item[1]))

    async def look(self) -> None:
        """Measure once."""
        cafe_ids = [stream.cafe_id for stream in self._tail.list_streams()]
        try:
            heads = await self._read_heads(cafe_ids)
            self._lags = {
                cafe_id: await self._measure(cafe_id, head) for cafe_id, head in heads.items()
            }
        except TableTapError as error:
            log.info("lag_not_measured", code=error.code)

    async def _measure(self, cafe_id: str, head: LogHead) -> Lag:
        stream = self._tail.find(cafe_id)
        assert stream is not None
        behind = head.seq - stream.seq
        if head.epoch != stream.epoch:
            behind = max(1, behind)  # the life of the log that began is what was not told yet
        if behind <= 0:
            return Lag()
        return Lag(events=behind, oldest_s=await self._read_age_s(cafe_id, after_seq=stream.seq))

    async def _read_age_s(self, cafe_id: str, *, after_seq: int) -> float:
        try:
            events = await self._read_log(cafe_id, after_seq=after_seq, limit=1)
        except (msgspec.DecodeError, UnicodeError):  # a row of another version
            return 0.0
        return max(0.0, (self._now() - events[0].at).total_seconds()) if events else 0.0
