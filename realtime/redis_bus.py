"""Hints between processes over Redis pub/sub, and the watch over Redis itself.

Every second the bus probes Redis and sends a heartbeat to a channel of its own; a subscription
that has not brought one for three seconds is half-open and is made anew. After each new
subscription, and whenever hints may have been lost, `on_gap` asks the process to look at the
database.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from config.logging import get_logger
from realtime.broker import Hint, Topic, decode_hint, encode_hint
from realtime.redis_link import RedisAway, RedisLink, Reminder

log = get_logger(__name__)

_PREFIX = "tabletap:"
_BEAT_S = 1.0
_SILENCE_S = 3.0
_READ_S = 0.5
_RETRY_S = 0.3
# After Redis returns the others find it by their next probe: until then they send no hints.
_SETTLE_S = 2.0


class HintMetrics(Protocol):
    """Counts hints by what became of them."""

    def hint_passed(self, outcome: str) -> None: ...


class RedisBus:
    """A realtime.broker.Broker. on_hint: called on the loop for every hint that is one."""

    def __init__(
        self,
        link: RedisLink,
        *,
        process: str,
        on_hint: Callable[[Topic, Hint], None],
        on_gap: Callable[[], None],
        metrics: HintMetrics,
    ) -> None:
        self._link = link
        self._on_hint = on_hint
        self._on_gap = on_gap
        self._metrics = metrics
        self._own_channel = f"{_PREFIX}beat:{process}"
        self._topics = {f"{_PREFIX}{topic}": topic for topic in Topic}
        self._is_live = False
        self._heard_at_s = 0.0
        self._live_at_s = 0.0
        self._pending: dict[tuple[Topic, str], Hint] = {}
        self._is_due = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._ignored = Reminder()

    @property
    def is_live(self) -> bool:
        """Whether our own heartbeats come back, for so long that those of others do too."""
        settled_at_s = self._live_at_s + _SETTLE_S
        return self._is_live and asyncio.get_running_loop().time() >= settled_at_s

    def publish(self, topic: Topic, hint: Hint) -> None:
        """Send a hint soon; of several about one cafe the last is enough."""
        self._pending[topic, hint.cafe] = hint
        self._is_due.set()

    def start(self) -> None:
        """Begin to listen. Call on the running loop."""
        for work in (self._listen, self._beat, self._send):
            self._tasks.append(asyncio.create_task(work(), name=f"bus {work.__name__}"))

    async def stop(self) -> None:
        """Stop listening."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            try:
                await self._link.probe()
                await self._link.publish(self._own_channel, b"")
            except RedisAway:
                self._lose("no answer")
            await asyncio.sleep(_BEAT_S)

    async def _send(self) -> None:
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            pending, self._pending = self._pending, {}
            for (topic, _), hint in pending.items():
                try:
                    await self._link.publish(f"{_PREFIX}{topic}", encode_hint(hint))
                    self._metrics.hint_passed("sent")
                except RedisAway:  # the others look at the database by themselves
                    self._metrics.hint_passed("unsent")

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except RedisAway as error:
                self._lose(str(error))
            await asyncio.sleep(_RETRY_S)

    async def _listen_once(self) -> None:
        loop = asyncio.get_running_loop()
        async with self._link.subscribe(*self._topics, self._own_channel) as subscription:
            self._heard_at_s = loop.time()
            while loop.time() - self._heard_at_s < _SILENCE_S:
                message = await subscription.read(wait_s=_READ_S)
                if message is not None:
                    self._take(*message)
            raise RedisAway("silence")

    def _take(self, channel: str, payload: bytes) -> None:
        if channel == self._own_channel:
            self._heard_at_s = asyncio.get_running_loop().time()
            if not self._is_live:
                self._is_live = True
                self._live_at_s = self._heard_at_s
                log.info("bus_live")
                self._on_gap()
            return
        hint = decode_hint(payload)
        if hint is None:
            self._metrics.hint_passed("ignored")
            if self._ignored.is_due():
                log.warning("hint_ignored", channel=channel, size_bytes=len(payload))
            return
        self._metrics.hint_passed("received")
        self._on_hint(self._topics[channel], hint)

    def _lose(self, reason: str) -> None:
        if self._is_live:
            self._is_live = False
            log.warning("bus_lost", reason=reason)
            self._on_gap()
