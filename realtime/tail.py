"""The only road from the log to clients: per cafe every seq once, in order, without a gap.

Committed events are offered; what continues the last one is used as it is, a gap is read from the
log (another process was faster, or a hint was lost). The last events of each cafe stay in a ring,
from which returning clients are served without a query.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import msgspec

from config.logging import get_logger
from domain.errors import TableTapError
from domain.events import LoggedEvent
from domain.views.base import Position
from realtime.ports import LogHead, ReadEventId, ReadHead, ReadLog
from realtime.publications import Publication, publish

log = get_logger(__name__)

# Rows read at once when healing a gap: some 2 ms of reading, and a gap is rarely longer.
_READ_LIMIT = 500
# The database is away while a gap waits: how soon to ask again, and no longer than.
_FIRST_RETRY_S = 0.05
_LONGEST_RETRY_S = 2.0


class CafeStream:
    """What this process knows of one cafe's log. seq, event_id: the last event handed on."""

    def __init__(self, cafe_id: str, head: LogHead, *, ring_size: int) -> None:
        self.cafe_id = cafe_id
        self.epoch = head.epoch
        self.seq = head.seq
        self.event_id = head.event_id
        self.floor_seq = head.floor_seq
        self.ring: deque[Publication] = deque(maxlen=ring_size)
        # Events that came before those in front of them.
        self.waiting: dict[int, LoggedEvent] = {}
        self.healer: asyncio.Task[None] | None = None
        self.catcher: asyncio.Task[None] | None = None
        # Somebody said that the log has moved on: look, and look again if it is said meanwhile.
        self.looker: asyncio.Task[None] | None = None
        self.is_look_due = False
        # Of the loop's clock: when the cafe last did something.
        self.active_at_s = 0.0

    @property
    def position(self) -> Position:
        """Where the stream stands."""
        return Position(epoch=self.epoch, seq=self.seq, event_id=self.event_id)

    def restart(self, head: LogHead) -> None:
        """Forget everything up to a head and go on from there."""
        self.ring.clear()
        self.epoch, self.floor_seq = head.epoch, head.floor_seq
        self.seq, self.event_id = head.seq, head.event_id
        self.forget_old()

    def forget_old(self) -> None:
        """Let go of waiting events that are known by now, or of a log that is no longer ours."""
        self.waiting = {
            seq: event
            for seq, event in self.waiting.items()
            if seq > self.seq and event.epoch == self.epoch
        }

    def push(self, publication: Publication) -> None:
        """Make a publication the head."""
        assert publication.seq == self.seq + 1
        self.ring.append(publication)
        self.seq = publication.seq
        self.active_at_s = asyncio.get_running_loop().time()
        self.event_id = publication.event_id

    def find_event_id(self, seq: int) -> str | None:
        """Return the id of the event at a seq, None if it is not in memory."""
        if seq == self.seq:
            return self.event_id
        if not self.ring or not self.ring[0].seq <= seq < self.seq:
            return None
        return self.ring[seq - self.ring[0].seq].event_id

    def covers(self, after_seq: int) -> bool:
        """Say whether everything after a seq is in memory."""
        return after_seq >= self.seq or (bool(self.ring) and self.ring[0].seq <= after_seq + 1)

    def list_after(self, seq: int) -> list[Publication]:
        """List what is in memory after a seq, oldest first."""
        if not self.ring:
            return []
        return list(islice(self.ring, max(0, seq + 1 - self.ring[0].seq), None))


class Tail:
    """All cafes' streams of one process.

    deliver: gets every publication once, in order. on_broken: (cafe_id, reason): the stream starts
    afresh, so whoever listens needs a snapshot. prime_events: read into the ring at first use.
    """

    def __init__(
        self,
        *,
        read_head: ReadHead,
        read_log: ReadLog,
        read_event_id: ReadEventId,
        deliver: Callable[[Publication], None],
        on_broken: Callable[[str, str], None],
        ring_size: int,
        prime_events: int,
    ) -> None:
        self._read_head = read_head
        self._read_log = read_log
        self._read_event_id = read_event_id
        self._deliver = deliver
        self._on_broken = on_broken
        self._ring_size = ring_size
        self._prime_events = min(prime_events, ring_size)
        self._streams: dict[str, CafeStream] = {}
        self._priming: dict[str, asyncio.Task[CafeStream]] = {}
        # Committed while the log was being read for the first time.
        self._early: dict[str, list[LoggedEvent]] = {}

    def offer(self, events: Iterable[LoggedEvent]) -> None:
        """Take events that have just been committed, in the order of their seq."""
        for event in events:
            stream = self._streams.get(event.cafe_id)
            if stream is not None:
                self._take(stream, event)
            elif event.cafe_id in self._priming:
                self._early.setdefault(event.cafe_id, []).append(event)
            # Otherwise nobody has listened yet: the first who does reads the log.

    def find(self, cafe_id: str) -> CafeStream | None:
        """Return a cafe's stream if somebody has opened it."""
        return self._streams.get(cafe_id)

    def look_at(self, cafe_id: str, *, epoch: str, seq: int) -> bool:
        """Read the log if it is said to stand elsewhere; False for what nobody listens to.

        What is said may be forged: it costs one read, and many at once cost one.
        """
        stream = self._streams.get(cafe_id)
        if stream is None:
            return False
        if epoch == stream.epoch and seq <= stream.seq:
            return True
        stream.is_look_due = True
        if stream.looker is None or stream.looker.done():
            stream.looker = asyncio.create_task(self._look(stream), name=f"look at {cafe_id}")
        return True

    def list_streams(self) -> list[CafeStream]:
        """List the cafes that somebody has listened to."""
        return list(self._streams.values())

    async def open(self, cafe_id: str) -> CafeStream:
        """Return a cafe's stream, reading the log the first time: many callers, one read."""
        stream = self._streams.get(cafe_id)
        if stream is not None:
            return stream
        task = self._priming.get(cafe_id)
        if task is None:
            task = asyncio.create_task(self._prime(cafe_id), name=f"prime {cafe_id}")
            self._priming[cafe_id] = task
        # A caller that goes away must not take the read from the others.
        return await asyncio.shield(task)

    async def catch_up(self, stream: CafeStream) -> None:
        """Read what the log has beyond the stream: many callers, one read at a time."""
        if stream.catcher is None or stream.catcher.done():
            stream.catcher = asyncio.create_task(
                self._catch_up(stream), name=f"catch up {stream.cafe_id}"
            )
        await asyncio.shield(stream.catcher)

    async def read(
        self, stream: CafeStream, *, after_seq: int, until_seq: int
    ) -> Sequence[Publication]:
        """Return the publications of (after_seq, until_seq], from memory where it reaches."""
        if stream.covers(after_seq):
            return [each for each in stream.list_after(after_seq) if each.seq <= until_seq]
        events = await self._read_log(
            stream.cafe_id, after_seq=after_seq, limit=until_seq - after_seq
        )
        return [publish(event) for event in events]

    async def read_event_id(self, stream: CafeStream, seq: int) -> str | None:
        """Return the id of the event at a seq, None where there is none."""
        known = stream.find_event_id(seq)
        if known is not None:
            return known
        return await self._read_event_id(stream.cafe_id, seq)

    async def stop(self) -> None:
        """Stop reading; nothing is delivered afterwards."""
        tasks: list[asyncio.Task[Any]] = [*self._priming.values()]
        for stream in self._streams.values():
            running = (stream.healer, stream.catcher, stream.looker)
            tasks += [task for task in running if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _prime(self, cafe_id: str) -> CafeStream:
        try:
            head = await self._read_head(cafe_id)
            ring = await self._read_ring(cafe_id, head)
            # The oldest rows may be gone (retention): the ring begins with the first that is there.
            first_seq = ring[0].seq if ring else head.seq + 1
            stream = CafeStream(
                cafe_id, msgspec.structs.replace(head, seq=first_seq - 1), ring_size=self._ring_size
            )
            for publication in ring:
                stream.push(publication)
            if stream.seq != head.seq:
                stream.restart(head)
            stream.event_id = head.event_id
            self._streams[cafe_id] = stream
            for event in self._early.pop(cafe_id, []):
                self._take(stream, event)
            return stream
        finally:
            self._priming.pop(cafe_id, None)
            self._early.pop(cafe_id, None)

    async def _look(self, stream: CafeStream) -> None:
        while stream.is_look_due:
            stream.is_look_due = False
            try:
                # Not `catch_up`: one that is under way may have read the head too early.
                await self._catch_up(stream)
            except TableTapError as error:  # the next look at the heads asks again
                log.warning("log_not_read", cafe_id=stream.cafe_id, code=error.code)

    async def _read_ring(self, cafe_id: str, head: LogHead) -> list[Publication]:
        """Read what the ring begins with; nothing where a row of it cannot be read.

        Who would need such a row gets a snapshot then, and everybody else is let in.
        """
        after_seq = max(head.floor_seq, head.seq - self._prime_events)
        try:
            events = await self._read_log(cafe_id, after_seq=after_seq, limit=head.seq - after_seq)
            return [publish(event) for event in events]
        except TableTapError:
            raise  # the database is away: nobody knows yet
        except Exception:  # a row of another version, or a damaged one
            log.exception("log_unreadable", cafe_id=cafe_id, after_seq=after_seq)
            return []

    async def _catch_up(self, stream: CafeStream) -> None:
        head = await self._read_head(stream.cafe_id)
        if head.epoch != stream.epoch:
            self._start_afresh(stream, head, "epoch_changed")
            return
        stream.floor_seq = head.floor_seq
        try:
            while stream.seq < head.seq and await self._read_on(stream):
                pass
        except TableTapError:
            raise  # the database is away: the rows are read later
        except Exception:  # as in `_read_ring`
            log.exception("log_unreadable", cafe_id=stream.cafe_id, after_seq=stream.seq)
            if stream.seq < head.seq:  # another read may have come further meanwhile
                self._start_afresh(stream, head, "log_unreadable")

    def _start_afresh(self, stream: CafeStream, head: LogHead, reason: str) -> None:
        stream.restart(head)
        self._on_broken(stream.cafe_id, reason)
        # Committed since the head was read.
        self._use_waiting(stream)

    def _take(self, stream: CafeStream, event: LoggedEvent) -> None:
        if event.epoch != stream.epoch or event.seq > stream.seq + 1:
            stream.waiting[event.seq] = event
            self._start_healing(stream)
            return
        if event.seq == stream.seq + 1:
            self._advance(stream, event)
        self._use_waiting(stream)

    def _use_waiting(self, stream: CafeStream) -> None:
        while (following := stream.waiting.get(stream.seq + 1)) is not None:
            if following.epoch != stream.epoch:
                return  # the healer finds out which of the two holds
            del stream.waiting[following.seq]
            self._advance(stream, following)

    def _advance(self, stream: CafeStream, event: LoggedEvent) -> None:
        try:
            publication = publish(event)
        except Exception:  # one unreadable event must not stop a cafe's stream
            log.exception("event_not_published", cafe_id=event.cafe_id, seq=event.seq)
            here = LogHead(
                epoch=stream.epoch,
                seq=event.seq,
                event_id=event.event_id,
                floor_seq=stream.floor_seq,
            )
            self._start_afresh(stream, here, "log_unreadable")
            return
        stream.push(publication)
        self._deliver(publication)
        publication.compact()

    def _start_healing(self, stream: CafeStream) -> None:
        if stream.healer is None or stream.healer.done():
            log.info("gap_found", cafe_id=stream.cafe_id, after_seq=stream.seq)
            stream.healer = asyncio.create_task(self._heal(stream), name=f"heal {stream.cafe_id}")

    async def _heal(self, stream: CafeStream) -> None:
        """Read the log until nothing waits; while the database is away, ask again and again."""
        retry_s = _FIRST_RETRY_S
        while True:
            before = (stream.epoch, stream.seq)
            try:
                await self._catch_up(stream)
            except TableTapError as error:
                log.warning("log_not_read", cafe_id=stream.cafe_id, code=error.code)
            else:
                stream.forget_old()
            if not stream.waiting:
                return
            if before == (stream.epoch, stream.seq):
                await asyncio.sleep(retry_s)
                retry_s = min(2 * retry_s, _LONGEST_RETRY_S)

    async def _read_on(self, stream: CafeStream) -> bool:
        """Read and hand on what follows; False when there was nothing."""
        before = stream.seq
        events = await self._read_log(stream.cafe_id, after_seq=before, limit=_READ_LIMIT)
        for event in events:
            if event.seq == stream.seq + 1:
                self._advance(stream, event)
        self._use_waiting(stream)
        return stream.seq > before
