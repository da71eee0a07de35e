"""sockjs-tornado 1.0.7, hardened by subclassing: the framing is the library's, the rest is ours.

What it does by itself, and what is done about it here, stands in docs/decisions (SockJS). In
short: queues, limits, order and close codes are the session's (realtime/session.py); origins are
exact on every door; only info, greeting, websocket, xhr, xhr_streaming and xhr_send exist.
"""

import asyncio
import secrets
from typing import Any

import msgspec
from sockjs.tornado import SockJSConnection, SockJSRouter
from sockjs.tornado.session import CLOSED, CONNECTING, OPEN, BaseSession
from sockjs.tornado.session import Session as LibrarySession
from sockjs.tornado.static import GreetingsHandler, InfoHandler
from sockjs.tornado.transports import (
    WebSocketTransport,
    XhrPollingTransport,
    XhrSendHandler,
    XhrStreamingTransport,
)
from sockjs.tornado.transports.base import BaseTransportMixin
from tornado.iostream import IOStream
from tornado.web import RequestHandler

from domain.errors import InvalidMessage, PayloadTooLarge
from handlers.sockets.endpoint import Endpoint
from handlers.sockets.frames import SOCKJS_TEXT, SOCKJS_WEBSOCKET, build_text_frame
from handlers.sockets.stream import WebSocketConnection, read_close_code
from realtime.batches import Codec
from realtime.session import Session

_GONE = 1006
# SockJS's own code for a session that somebody else is using.
_ANOTHER_CONNECTION = 2010
# `h` frames keep proxies from cutting a silent stream; most do so after 60 s.
_BEAT_S = 25.0
# An xhr session without a request for this long has been given up by its client.
_DISCONNECT_DELAY_S = 5
# How long a peer has to take the rest of an answer when its session has ended: as long as Tornado
# waits for a WebSocket's close. One that reads nothing would hold the rest for ever.
_CUT_OFF_AFTER_S = 5.0
# Two names of at most 128 letters and the transport's: longer addresses are nobody's client.
_PATH_LIMIT = 300
_SCRIPT = "application/javascript; charset=UTF-8"


class SocketSession(LibrarySession):
    """SockJS's idea of a session: which request carries frames now. Is our session's transport."""

    state: int
    handler: Any

    def __init__(self, connection: type, server: "Router", session_id: str, expiry: Any) -> None:
        self.peer: Session | None = None
        self.codec: Codec = SOCKJS_TEXT
        self._fingerprint: bytes | None = None
        self._beat: asyncio.TimerHandle | None = None
        super().__init__(connection, server, session_id, expiry)
        self.endpoint: Endpoint = server.endpoint

    # --- realtime.session.Transport -----------------------------------------------------------

    @property
    def unsent_bytes(self) -> int:
        return self.handler.unsent_bytes if self.handler is not None else 0

    def is_writable(self) -> bool:
        return self.handler is not None and self.handler.is_writable()

    def send(self, frame: bytes) -> None:
        self.handler.send(frame)

    def send_rest(self, rest: memoryview) -> None:
        self.handler.send_rest(rest)

    def close(self, code: int = _GONE, message: str = "") -> None:
        """End the session: the close frame goes out after what has been sent."""
        if self.state == CLOSED:
            return
        if self.peer is not None:
            self.peer.on_transport_closed(code)
        if self.handler is not None and self.handler.is_open():
            self.handler.send_pack(build_close_frame(code, message))
        BaseSession.close(self, code, message)

    # --- what the library's transports call ---------------------------------------------------

    @property
    def send_queue(self) -> bool:
        """Whether messages wait; the library only asks."""
        return self.peer is not None and self.peer.has_unsent

    @send_queue.setter
    def send_queue(self, _: object) -> None:
        """Ignore the queue that the library would keep: ours is bounded."""

    def belongs_to(self, handler: RequestHandler) -> bool:
        """Say whether a request comes from whoever opened this session."""
        return self._fingerprint == self.endpoint.fingerprint(handler.request)

    def set_handler(self, handler: Any, start_heartbeat: bool = True) -> bool:
        """Let a request carry the frames from now on. False: it was turned away."""
        if not handler.is_found_by_id:
            pass
        elif self._fingerprint is None:
            self._fingerprint = self.endpoint.fingerprint(handler.request)
        elif not self.belongs_to(handler):
            handler.send_pack(build_close_frame(_ANOTHER_CONNECTION, "Another connection's."))
            return False
        self.codec = handler.codec
        return bool(super().set_handler(handler, start_heartbeat))

    def verify_state(self) -> None:
        """Open the session at its first request."""
        if self.state == CONNECTING:
            self.handler.send_pack("o")
            self.state = OPEN
            self.peer = self.endpoint.open(self, self.handler.request)

    def flush(self) -> None:
        """Send what waits: the library calls this when a request can carry it."""
        if self.peer is not None:
            self.peer.on_writable()

    def start_heartbeat(self) -> None:
        """Beat while a request waits; one timer per session, the library leaks one per poll."""
        self.stop_heartbeat()
        self._beat = asyncio.get_running_loop().call_later(_BEAT_S, self._heartbeat)

    def stop_heartbeat(self) -> None:
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _heartbeat(self) -> None:
        handler = self.handler
        if handler is not None and self.state == OPEN:
            if handler.is_writable():
                handler.send_pack("h")
            if self.handler is not None:
                self.start_heartbeat()

    def get_close_reason(self) -> tuple[int, str]:
        return self.close_reason or (_GONE, "")


class SockJsWebSocket(BaseTransportMixin, WebSocketConnection):
    """SockJS over WebSocket."""

    name = "websocket"
    codec = SOCKJS_WEBSOCKET
    # Its session is in no list: no other request can be for it.
    is_found_by_id = False

    def initialize(self, server: "Router") -> None:
        self.server = server
        self.endpoint = server.endpoint
        self.session: SocketSession | None = None

    def open(self, session_id: str) -> None:
        self.attach_socket()
        session = self.server.create_session(session_id, register=False)
        session.set_handler(self)
        self.session = session
        session.verify_state()
        if session.peer is not None:
            self.serve(session.peer)

    async def on_message(self, message: str | bytes) -> None:
        """Take a frame; SockJS wants empty ones ignored."""
        if message and self.peer is not None and not self.peer.has_ended():
            await self.endpoint.receive_batch(self.peer, message)

    def on_close(self) -> None:
        session = self.session
        self.peer = None
        if session is not None:
            self._detach()
            session.close(read_close_code(self))

    def is_open(self) -> bool:
        """Whether a close frame of SockJS may still be sent."""
        return self._find_stream() is not None

    def send_pack(self, message: str, binary: bool = False) -> None:  # noqa: ARG002
        """Send one of SockJS's own frames."""
        self.send(build_text_frame(message.encode()))

    def session_closed(self) -> None:
        """The session has ended: end the connection with the same code."""
        if self.session is not None:
            code, reason = self.session.get_close_reason()
            self._detach()
            self.close_connection(code, reason)

    def _detach(self) -> None:
        if self.session is not None:
            self.session.remove_handler(self)
            self.session = None


class HttpDoor:
    """What the HTTP requests of SockJS share: origins, headers, sizes. A mixin, first of bases."""

    endpoint: Endpoint
    codec = SOCKJS_TEXT
    is_found_by_id = True

    def initialize(self: Any, server: "Router") -> None:
        super().initialize(server)  # type: ignore[misc]
        self.server = server
        self.endpoint = server.endpoint

    def set_default_headers(self: Any) -> None:
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")

    async def prepare(self: Any) -> None:
        """Refuse pages of other origins before anything else."""
        super().prepare()  # type: ignore[misc]
        if not await self.endpoint.admits(self.request):
            self.set_status(403)
            self.finish("Pages of this origin may not connect.")
        elif len(self.request.path) > _PATH_LIMIT:
            self.set_status(404)
            self.finish()

    def check_trusted_origin(self, _origin: str) -> bool:
        """Leave to `prepare` what Tornado's cross-origin protection asks before it."""
        return True

    def options(self: Any, *_args: str, **_kwargs: str) -> None:
        """Answer a browser's question beforehand (CORS preflight)."""
        methods = getattr(self, "access_methods", "OPTIONS, POST")
        self.preflight()
        if self.endpoint.origins.find_listed(self.request) is not None:
            self.set_header("Access-Control-Allow-Methods", methods)
            self.set_header("Access-Control-Allow-Headers", "Content-Type, Authorization")
            self.set_header("Access-Control-Max-Age", "600")
        self.set_header("Allow", methods)
        self.set_status(204)

    def preflight(self: Any) -> None:
        """Let listed origins read the answer, and nobody else (spec A3)."""
        self.set_header("Vary", "Origin")
        origin = self.endpoint.origins.find_listed(self.request)
        if origin is not None:
            self.set_header("Access-Control-Allow-Origin", origin)
            self.set_header("Access-Control-Allow-Credentials", "true")

    def disable_cache(self: Any) -> None:
        self.set_header("Cache-Control", "no-store, no-cache, no-transform, must-revalidate")

    def handle_session_cookie(self) -> None:
        """Set no JSESSIONID."""


class ReceivingDoor(HttpDoor):
    """A request that carries frames to the client: a poll or a stream."""

    # Written, and not yet taken by the system: it counts for a reader that is too slow.
    unsent_bytes = 0

    def is_open(self: Any) -> bool:
        """Whether a close frame of SockJS may still be sent."""
        return bool(self.active and not self._finished)

    def is_writable(self: Any) -> bool:
        return bool(self.active and not self._finished)

    def send(self: Any, frame: bytes) -> None:
        self.send_pack(frame)

    def put(self: Any, body: bytes) -> None:
        """Write a line; `send_complete` follows when the system has taken it."""
        self.active = False
        self.unsent_bytes += len(body)
        try:
            self.write(body)
            self.flush().add_done_callback(self.send_complete)
        except OSError:
            # The client is gone; on_connection_close ends the session.
            pass

    def send_complete(self: Any, future: Any = None) -> None:
        self.unsent_bytes = 0
        if future is not None and not future.cancelled():
            future.exception()  # a client that went away is told by on_connection_close
        super().send_complete(future)  # type: ignore[misc]

    def session_closed(self: Any) -> None:
        """The session has ended: finish the answer, for whoever still reads it."""
        super().session_closed()  # type: ignore[misc]
        stream = self.request.connection.stream
        asyncio.get_running_loop().call_later(_CUT_OFF_AFTER_S, self._cut_off, stream)

    def _cut_off(self, stream: IOStream) -> None:
        if self.unsent_bytes:
            stream.close()

    def on_connection_close(self: Any) -> None:
        """The client went away in the middle of a request: the session ends, resume heals it."""
        session = self.session
        if session is not None:
            self._detach()
            session.close(_GONE)


class XhrPolling(ReceivingDoor, XhrPollingTransport):
    """One frame per request."""

    def send_pack(self, message: str | bytes, binary: bool = False) -> None:  # noqa: ARG002
        """Answer the poll with one frame. The library counts letters where bytes are meant."""
        body = (message if isinstance(message, bytes) else message.encode()) + b"\n"
        self.set_header("Content-Type", _SCRIPT)
        self.set_header("Content-Length", len(body))
        self.put(body)


class XhrStreaming(ReceivingDoor, XhrStreamingTransport):
    """Frame after frame in one long answer."""

    def is_open(self) -> bool:
        return not self._finished

    def send_pack(self, message: str | bytes, binary: bool = False) -> None:  # noqa: ARG002
        """Write one frame as a line of the stream."""
        body = (message if isinstance(message, bytes) else message.encode()) + b"\n"
        self.notify_sent(len(body))
        self.put(body)

    def should_finish(self) -> bool:
        """End the answer at its size limit, or when the session has ended with it."""
        return bool(super().should_finish()) or (
            self.session is not None and self.session.state == CLOSED
        )


class XhrSend(HttpDoor, XhrSendHandler):
    """Messages of the client."""

    async def post(self, session_id: str) -> None:
        self.preflight()
        self.disable_cache()
        session: SocketSession | None = self.server.get_session(session_id)
        # Somebody else's session looks exactly like none.
        if session is None or session.is_closed or not session.belongs_to(self):
            self.set_status(404)
        elif not self.request.body:
            self.set_status(500)  # the SockJS protocol's answer
            self.write("Payload expected.")
        elif session.peer is not None:
            await self._pass_on(session.peer)

    async def _pass_on(self, peer: Session) -> None:
        try:
            messages = self.endpoint.read_batch(self.request.body)
        except PayloadTooLarge as error:
            self.endpoint.plane.refuse_frame(peer, error)
            self.set_status(413)
        except InvalidMessage as error:
            self.endpoint.plane.refuse_frame(peer, error)
            self.set_status(500)  # the SockJS protocol's answer
            self.write("Broken JSON encoding.")
        else:
            for message in messages:
                await self.endpoint.plane.receive(peer, message.encode())
            self.set_status(204)
            self.set_header("Content-Type", "text/plain; charset=UTF-8")


class Info(HttpDoor, InfoHandler):
    """What SockJS clients ask first."""

    def get(self) -> None:
        self.preflight()
        self.disable_cache()
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.write(
            msgspec.json.encode(
                {
                    "websocket": True,
                    "cookie_needed": False,
                    "origins": ["*:*"],  # a field of the protocol that clients ignore
                    "entropy": secrets.randbits(32),
                }
            )
        )


class Greeting(HttpDoor, GreetingsHandler):
    """Says that a SockJS server is here."""


# Routes of the library that stay, each with our handler. What is not here does not exist.
_HANDLERS: dict[type, type] = {
    WebSocketTransport: SockJsWebSocket,
    XhrPollingTransport: XhrPolling,
    XhrStreamingTransport: XhrStreaming,
    XhrSendHandler: XhrSend,
    InfoHandler: Info,
    GreetingsHandler: Greeting,
}


class _NoStatistics:
    """The library's own never go down on closes of the server; the plane counts instead."""

    def on_sess_opened(self, transport: str) -> None:
        """Ignore."""

    def on_sess_closed(self, transport: str) -> None:
        """Ignore."""

    def on_conn_opened(self) -> None:
        """Ignore."""

    def on_conn_closed(self) -> None:
        """Ignore."""


class Router(SockJSRouter):
    """The routes of one namespace. Make it inside the running loop."""

    stats: Any
    _transport_urls: list[tuple[Any, ...]]

    def __init__(self, endpoint: Endpoint, prefix: str) -> None:
        self.endpoint = endpoint
        settings = {
            "jsessionid": False,
            "verify_ip": False,  # `belongs_to` looks at more than the address
            "immediate_flush": False,
            "disabled_transports": ["jsonp", "eventsource", "htmlfile"],
            "disconnect_delay": _DISCONNECT_DELAY_S,
        }
        super().__init__(SockJSConnection, prefix, settings, session_kls=SocketSession)
        self.stats._callback.stop()  # noqa: SLF001 - its timer would run for ever
        self.stats = _NoStatistics()
        self._transport_urls = [
            (path, _HANDLERS[handler], arguments)
            for path, handler, arguments in self._transport_urls
            if handler in _HANDLERS
        ]

    def stop(self) -> None:
        """Stop looking for sessions that were given up."""
        self._sessions_cleanup.stop()


def build_close_frame(code: int, reason: str) -> str:
    """Write SockJS's close frame; the library's own does not escape the reason."""
    return "c" + msgspec.json.encode([code, reason]).decode()
