"""Plain WebSocket for programs: `/ws/<namespace>/websocket`, one JSON message per frame.

SockJS's own raw handler would live at this path; ours replaces it.
"""

from handlers.sockets.endpoint import Endpoint
from handlers.sockets.frames import PLAIN, PlainCodec
from handlers.sockets.stream import WebSocketConnection, read_close_code


class PlainTransport:
    """What the session sees of the connection: names that Tornado's handler uses otherwise."""

    def __init__(self, connection: "PlainWebSocket") -> None:
        self._connection = connection

    @property
    def codec(self) -> PlainCodec:
        return PLAIN

    @property
    def unsent_bytes(self) -> int:
        return self._connection.unsent_bytes

    def is_writable(self) -> bool:
        return self._connection.is_writable()

    def send(self, frame: bytes) -> None:
        self._connection.send(frame)

    def send_rest(self, rest: memoryview) -> None:
        self._connection.send_rest(rest)

    def close(self, code: int, reason: str) -> None:
        self._connection.close_connection(code, reason)


class PlainWebSocket(WebSocketConnection):
    """One plain connection."""

    def initialize(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def open(self, *_args: str, **_kwargs: str) -> None:
        self.attach_socket()
        self.serve(self.endpoint.open(PlainTransport(self), self.request))

    async def on_message(self, message: str | bytes) -> None:
        """Take a message; Tornado reads the next one when this returns, also after our close."""
        if self.peer is not None and not self.peer.has_ended():
            await self.endpoint.receive_text(self.peer, message)

    def on_close(self) -> None:
        if self.peer is not None:
            self.peer.on_transport_closed(read_close_code(self))
            self.peer = None
