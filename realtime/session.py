"""The server's side of one connection: state, bounded outbox, position. Transports sit below it.

A session is greeting (nobody has authenticated), attaching (it is in its rooms and collects what
happens, while it gets what it missed), live, or closed. `Hub` feeds it, `attach` moves it to
live, transports drain it; it knows none of them.
"""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

import msgspec

from config.namespaces import Caller, Namespace
from domain.roles import Identity
from realtime.batches import Batch, Codec, find_reader
from realtime.close_codes import CLOSE_RULES, CloseCode
from realtime.ephemera import Ephemeral
from realtime.messages.commands import AuthenticateData, ClientMessage, Painted
from realtime.ports import Admission
from realtime.publications import Publication, Representation
from realtime.rate_limit import FrameCeiling
from realtime.suspicion import Suspect

# Publications that may wait while a session catches up: as many as the ring keeps. A reader too
# slow for that comes back and starts from a snapshot.
BUFFER_LIMIT = 1000


Frames = dict[tuple[Codec, tuple[bytes, ...]], bytes]
# Takes a frame, or a part of it, and returns how many bytes that was. Raises: OSError where it
# takes nothing now or ever.
Wire = Callable[[bytes], int]


class Transport(Protocol):
    """What carries frames. Its methods never raise for a peer that is gone.

    It may offer a wire (`Session.set_wire`) that takes frames without it while it is idle.
    """

    @property
    def codec(self) -> Codec:
        """How it wants messages; the same for as long as it lives."""
        ...

    @property
    def unsent_bytes(self) -> int:
        """Bytes handed over and not yet taken by the system."""
        ...

    def is_writable(self) -> bool:
        """Whether a frame would be taken now; if not, `Session.flush` is called once it is."""
        ...

    def send(self, frame: bytes) -> None: ...

    def send_rest(self, rest: memoryview) -> None:
        """Send what the wire did not take of a frame."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close after what has been sent; a peer that does not read is cut off soon after."""
        ...


class Feeder(Protocol):
    """What a session asks of the hub."""

    def settle(self) -> None:
        """Put what has been published into the outboxes, before anything else goes there."""
        ...

    def mark_dirty(self, session: "Session") -> None:
        """Remember that a session has something to send, or has ended."""
        ...


class SessionState(StrEnum):
    GREETING = "greeting"
    ATTACHING = "attaching"
    LIVE = "live"
    CLOSED = "closed"


class Session:
    """One connection. Belongs to one cafe and one principal for life, from `admit` on."""

    __slots__ = (
        "_feeder",
        "_latest",
        "_outbox",
        "_outbox_bytes",
        "_outbox_limit_bytes",
        "_straight",
        "_wire",
        "_writable",
        "address",
        "admission",
        "bad_frames",
        "bearer",
        "buffer",
        "ceiling",
        "close_code",
        "connection_id",
        "heard_at_s",
        "inbox",
        "is_ended_by_peer",
        "is_refresh_due",
        "is_unchecked",
        "namespace",
        "opened_at_s",
        "painted",
        "query",
        "reader",
        "sent_at_s",
        "seq",
        "silence_limit_s",
        "state",
        "told_seq",
        "transport",
        "worker",
    )

    def __init__(
        self,
        transport: Transport,
        *,
        connection_id: str,
        namespace: Namespace,
        address: str,
        now_s: float,
        outbox_limit_bytes: int,
        ceiling: FrameCeiling,
        feeder: Feeder,
    ) -> None:
        """now_s: of the monotonic clock. ceiling: how fast it may send."""
        self.transport = transport
        self.connection_id = connection_id
        self.namespace = namespace
        self.address = address
        self.state = SessionState.GREETING
        self.admission: Admission | None = None
        self.reader = find_reader(namespace, Representation(), transport.codec)
        # The last seq that was sent, dropped as known, or passed over as another's.
        self.seq = 0
        # The last seq that the client knows of, by an event or a mark.
        self.told_seq = 0
        # Lists: these are short where they hold something, and an empty deque takes 760 bytes.
        self.buffer: list[Publication] = []
        self.inbox: list[ClientMessage] = []
        self.worker: asyncio.Task[None] | None = None
        # What came with the connection itself: a token, and in its address the other wishes.
        self.bearer: str | None = None
        self.query: AuthenticateData | None = None
        self.bad_frames = 0
        self.ceiling = ceiling
        # Admitted, and its rights were not read again since: what was taken back in between.
        self.is_unchecked = True
        # What its page last said of itself, without the tickets.
        self.painted: Painted | None = None
        # It was told that its token runs out.
        self.is_refresh_due = False
        self.opened_at_s = self.heard_at_s = self.sent_at_s = now_s
        self.silence_limit_s = 0.0
        self.close_code: int | None = None
        self.is_ended_by_peer = False
        self._outbox: list[bytes] = []
        # What only the newest matters of, by key; leaves after the outbox (spec G6).
        self._latest: dict[str, bytes] = {}
        self._outbox_bytes = 0
        self._outbox_limit_bytes = outbox_limit_bytes
        self._feeder = feeder
        self._writable: asyncio.Event | None = None
        self._wire: Wire | None = None
        # The wire while a frame may go there straight: it is live, and nothing waits before it.
        # Everything that `offer` would ask, answered before it is asked a thousand times.
        self._straight: Wire | None = None

    @property
    def representation(self) -> Representation:
        """What kind of messages it gets."""
        return self.reader.representation

    @representation.setter
    def representation(self, representation: Representation) -> None:
        self.reader = find_reader(self.namespace, representation, self.transport.codec)

    @property
    def identity(self) -> Identity:
        """Who this speaks for; there is none before `admit`."""
        assert self.admission is not None
        return self.admission.identity

    def build_caller(self, identity: Identity) -> Caller:
        """Say whom limits count this as, once it is known who it is."""
        return Caller(
            namespace=self.namespace,
            principal=identity.principal,
            address=self.address,
            connection_id=self.connection_id,
        )

    def build_suspect(self) -> Suspect:
        """Say whose tries count together, also before it is known who it is."""
        return Suspect(
            address=self.address,
            identity=None if self.admission is None else self.admission.identity,
            connection_id=self.connection_id,
        )

    def start_attaching(self) -> None:
        """Collect what happens from now on, until it is live."""
        self.state = SessionState.ATTACHING
        self._find_straight()

    def go_live(self) -> None:
        """Get what happens as it happens from now on."""
        self.state = SessionState.LIVE
        self._find_straight()

    def set_wire(self, wire: Wire | None) -> None:
        """Say what takes frames without the transport; None while that is busy, or not at all."""
        self._wire = wire
        self._find_straight()

    def _find_straight(self) -> None:
        is_idle = self.state is SessionState.LIVE and not self.has_unsent
        self._straight = self._wire if is_idle else None

    def has_ended(self) -> bool:
        """Whether nothing can be sent any more; may become true at every await."""
        return self.state is SessionState.CLOSED

    @property
    def has_unsent(self) -> bool:
        """Whether messages wait for the transport."""
        return bool(self._outbox or self._latest)

    @property
    def outbox_bytes(self) -> int:
        """What waits here and in the transport."""
        return self._outbox_bytes + self.transport.unsent_bytes

    def offer(self, batch: Batch, *, is_sent_at_once: bool) -> bool:
        """Take a batch of one of this session's rooms. Return whether any of it will be sent.

        What is not newer than the position is dropped: a snapshot may be newer than the tail.
        is_sent_at_once: nothing else of this turn may still come.
        """
        straight = self._straight
        if straight is None or not is_sent_at_once or batch.first_seq <= self.seq:
            return self._offer_queued(batch)
        self.seq = batch.last_seq
        bundle = batch[self.reader]
        if not bundle.messages:
            return False
        self.told_seq = bundle.told_seq
        self.sent_at_s = batch.now_s
        frame = bundle.frame or bundle.build_frame()
        try:
            sent = straight(frame)
        except OSError:
            sent = 0
        if sent != len(frame):
            self._send_rest(memoryview(frame)[sent:])
        return True

    def _send_rest(self, rest: memoryview) -> None:
        """Let the transport find out why the wire took no more of a frame, and deal with it."""
        self.transport.send_rest(rest)
        self._add_bytes(0)

    def _offer_queued(self, batch: Batch) -> bool:
        if self.state is SessionState.LIVE and batch.first_seq > self.seq:
            self.seq = batch.last_seq
            bundle = batch[self.reader]
            if bundle.messages:
                self.told_seq = bundle.told_seq
                self._put(bundle.messages, bundle.size_bytes)
            return bool(bundle.messages)
        if self.state is SessionState.ATTACHING:
            self.buffer.extend(batch.publications)
            if len(self.buffer) > BUFFER_LIMIT:
                self.close(CloseCode.INSUFFICIENT_STATE)
            return False
        if self.state is not SessionState.LIVE:
            return False
        newer = [each for each in batch.publications if each.seq > self.seq]
        self.seq = max(self.seq, batch.last_seq)
        meant = [each for each in newer if each.type in self.reader.event_types]
        for publication in meant:
            self.told_seq = publication.seq
            encoded = batch.encode(publication, self.reader)
            self._put((encoded,), len(encoded))
        return bool(meant)

    def offer_latest(self, ephemeral: Ephemeral, encode: Callable[[], bytes]) -> bool:
        """Take what is not in the log, in place of an older one of its key that still waits."""
        if (
            self.state not in (SessionState.ATTACHING, SessionState.LIVE)
            or ephemeral.type not in self.reader.event_types
        ):
            return False
        encoded = encode()
        self._outbox_bytes -= len(self._latest.pop(ephemeral.key, b""))
        self._begin_queue()
        self._latest[ephemeral.key] = encoded
        self._add_bytes(len(encoded))
        return True

    def send(self, message: msgspec.Struct) -> None:
        """Queue a message of this connection's own."""
        self.queue(msgspec.json.encode(message))

    def queue(self, encoded: bytes) -> None:
        """Queue an encoded message. A reader that is too slow is cut off; resume heals it."""
        self._feeder.settle()
        self._put((encoded,), len(encoded))

    def _put(self, messages: tuple[bytes, ...], size_bytes: int) -> None:
        if self.state is SessionState.CLOSED:
            return
        self._begin_queue()
        self._outbox.extend(messages)
        self._add_bytes(size_bytes)

    def _begin_queue(self) -> None:
        """Something is about to wait: nothing goes straight until it has left."""
        if not self.has_unsent:
            self._straight = None
            self._feeder.mark_dirty(self)

    def _add_bytes(self, count: int) -> None:
        self._outbox_bytes += count
        if self._outbox_bytes + self.transport.unsent_bytes > self._outbox_limit_bytes:
            self._clear_outbox()
            self._end(CloseCode.SLOW_CONSUMER)
            self.transport.close(*_explain(CloseCode.SLOW_CONSUMER))

    def flush(self, frames: Frames | None = None, *, now_s: float | None = None) -> None:
        """Hand what waits to the transport as one frame.

        frames: made in this turn of the loop; whoever gets the same messages gets the same frame.
        """
        if not self.has_unsent or not self.transport.is_writable():
            return
        self.sent_at_s = asyncio.get_running_loop().time() if now_s is None else now_s
        messages = (*self._outbox, *self._latest.values())
        self._clear_outbox()
        codec = self.transport.codec
        if frames is None:
            frame = codec.encode(messages)
        else:
            key = (codec, messages)
            known = frames.get(key)
            frame = frames[key] = codec.encode(messages) if known is None else known
        self.transport.send(frame)
        self._find_straight()
        if self._writable is not None and self.outbox_bytes <= self._outbox_limit_bytes // 2:
            self._writable.set()

    async def wait_for_space(self) -> None:
        """Wait until half of the outbox is free, or the session is closed."""
        while not self.has_ended() and self.outbox_bytes > self._outbox_limit_bytes // 2:
            self._writable = asyncio.Event()
            await self._writable.wait()
        self._writable = None

    def on_writable(self) -> None:
        """Go on: the transport takes frames again."""
        self.flush()
        if self._writable is not None:
            self._writable.set()

    def close(self, code: CloseCode) -> None:
        """End the connection, after what has been queued."""
        self._feeder.settle()
        if self.has_ended():
            return
        self.flush()
        self._end(code)
        self.transport.close(*_explain(code))

    def on_transport_closed(self, code: int) -> None:
        """The connection is gone already."""
        if not self.has_ended():
            self.is_ended_by_peer = True
            self._clear_outbox()
            self._end(code)

    def _clear_outbox(self) -> None:
        self._outbox.clear()
        self._latest.clear()
        self._outbox_bytes = 0

    def _end(self, code: int) -> None:
        self.state = SessionState.CLOSED
        self.close_code = int(code)
        self._find_straight()
        self.buffer.clear()
        self.inbox.clear()
        if self._writable is not None:
            self._writable.set()
        self._feeder.mark_dirty(self)


def _explain(code: CloseCode) -> tuple[int, str]:
    rule = CLOSE_RULES[code]
    return rule.code, rule.reason
