"""WebSocket connections that send ready-made frames: shared by SockJS and plain WebSocket.

Tornado's `write_message` builds a frame per connection and copies it into a buffer; ours is built
once per room, and the session gives it to the socket itself while nothing else waits there (4 us
instead of 18, performance measurements in docs/). What the socket does not take goes to Tornado's
stream.
"""

import asyncio

from tornado.iostream import IOStream, StreamClosedError
from tornado.websocket import WebSocketHandler, WebSocketProtocol, WebSocketProtocol13

from handlers.sockets.endpoint import Endpoint
from realtime.close_codes import CloseCode
from realtime.session import Session, Wire

# While this much waits in the stream nothing more is given to it: messages then gather in the
# outbox, where they are counted, and leave together.
_SOFT_LIMIT_BYTES = 64 * 2**10
_NORMAL_CLOSURE = 1000
_GONE = 1006  # never on the wire: the connection ended without a close frame
_PROTOCOL_ERROR = 1002


class _StrictProtocol(WebSocketProtocol13):
    """RFC 6455 7.4: a close code that nobody may send is a protocol error, not to be echoed."""

    handler: "WebSocketConnection"

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        peer = self.handler.peer
        if code is None and reason is not None and peer is not None:
            # Tornado's way to say that no pong came. By itself it would call that a normal end, and
            # the session would live until the peer has not answered the close either.
            peer.close(CloseCode.NO_PONG)
            return
        self.handler.detach_socket()
        if code is not None and not may_be_sent(code):
            code, reason = _PROTOCOL_ERROR, None
        super().close(code, reason)

    def _write_frame(
        self, fin: bool, opcode: int, data: bytes, flags: int = 0
    ) -> "asyncio.Future[None]":
        """Tornado's own frames count while they wait, so that none of ours overtakes them."""
        written = super()._write_frame(fin, opcode, data, flags)
        self.handler.count_unsent(len(data), written)
        return written


class WebSocketConnection(WebSocketHandler):
    """A WebSocket with flow control. Subclasses say what frames mean."""

    endpoint: Endpoint
    peer: Session | None = None
    # Given to the stream and not yet taken by the system, by us or by Tornado's protocol.
    unsent_bytes = 0
    # The connection's socket, while frames may be given to it directly: not below TLS, and not once
    # a close frame was sent or received.
    _wire: Wire | None = None

    # --- settings of Tornado's handler ----------------------------------------------------------

    @property
    def ping_interval(self) -> float:
        return self.endpoint.ping_interval_s

    @property
    def ping_timeout(self) -> float:
        return self.endpoint.ping_interval_s

    @property
    def max_message_size(self) -> int:
        return self.endpoint.oversize_limit_bytes

    def get_compression_options(self) -> None:
        """No compression: a frame per connection would cost more than it saves."""

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        protocol = super().get_websocket_protocol()
        if protocol is None:
            return None
        assert isinstance(protocol, WebSocketProtocol13)
        return _StrictProtocol(self, mask_outgoing=False, params=protocol.params)

    async def prepare(self) -> None:
        """Refuse pages of other origins before anything else."""
        if not await self.endpoint.admits(self.request):
            self.set_status(403)
            self.finish("Pages of this origin may not connect.")

    def check_origin(self, origin: str) -> bool:  # noqa: ARG002 - prepare has looked at it
        return True

    def on_pong(self, data: bytes) -> None:  # noqa: ARG002 - ours are empty
        """A pong is a sign of life, for clients that send no heartbeat of their own."""
        if self.peer is not None:
            self.peer.heard_at_s = asyncio.get_running_loop().time()

    # --- realtime.session.Transport -------------------------------------------------------------

    def is_writable(self) -> bool:
        return self._find_stream() is not None and self.unsent_bytes < _SOFT_LIMIT_BYTES

    def send(self, frame: bytes) -> None:
        """Give a whole frame to the socket, what it does not take to the stream."""
        wire, sent = self._wire, 0
        # Frames do not overtake another.
        if wire is not None and not self.unsent_bytes:
            try:
                sent = wire(frame)
            except OSError:
                sent = 0
        if sent != len(frame):
            self.send_rest(memoryview(frame)[sent:])

    def send_rest(self, rest: memoryview) -> None:
        """Give to the stream what the socket did not take: it waits, or finds out why not."""
        stream = self._find_stream()
        if stream is None:
            return
        try:
            written = stream.write(rest)
        except StreamClosedError:
            self.detach_socket()
            return
        self.count_unsent(len(rest), written)

    def attach_socket(self) -> None:
        """Let frames go to the socket directly from now on. Call once it is open."""
        self.set_nodelay(True)
        stream = self._find_stream()
        if type(stream) is IOStream:
            self._wire = stream.socket.send

    def detach_socket(self) -> None:
        """Send nothing directly any more: the connection is closing."""
        self._wire = None
        self._lend_wire()

    def serve(self, peer: Session) -> None:
        """Carry the frames of a session from now on."""
        self.peer = peer
        self._lend_wire()

    def _lend_wire(self) -> None:
        if self.peer is not None:
            self.peer.set_wire(None if self.unsent_bytes else self._wire)

    def close_connection(self, code: int, reason: str) -> None:
        """Close with a code after what has been sent; Tornado waits 5 s for the peer's answer."""
        self.detach_socket()
        self.close(code if may_be_sent(code) else _NORMAL_CLOSURE, reason)

    def _find_stream(self) -> IOStream | None:
        connection = self.ws_connection
        if connection is None or connection.is_closing():
            return None
        return connection.stream

    def count_unsent(self, size: int, written: "asyncio.Future[None]") -> None:
        """Count what was given to the stream until it is written. size: in bytes."""
        size = max(1, size)  # an empty ping waits too
        self.unsent_bytes += size
        self._lend_wire()

        def on_written(future: "asyncio.Future[None]") -> None:
            self.unsent_bytes -= size
            self._lend_wire()
            # A peer that went away is told by on_close.
            is_gone = future.cancelled() or future.exception() is not None
            if not is_gone and self.peer is not None and self.unsent_bytes < _SOFT_LIMIT_BYTES:
                self.peer.on_writable()

        written.add_done_callback(on_written)


def may_be_sent(code: int) -> bool:
    """Say whether a close code may stand in a close frame (RFC 6455 7.4)."""
    return code in _REGISTERED or 3000 <= code <= 4999


_REGISTERED = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


def read_close_code(handler: WebSocketHandler) -> int:
    """Return the code that the peer closed with."""
    return handler.close_code if handler.close_code is not None else _GONE
