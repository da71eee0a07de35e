"""A real Tornado server in this process, with the socket routes over a log in memory."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection, websocket_connect

from config.settings import Settings
from handlers.sockets.endpoint import SocketDependencies
from handlers.sockets.routes import build_socket_routes
from tests.support.realtime import MemoryLog, Services, build_plane

LISTED = "https://shop.example"
DEADLINE_S = 30.0


class SocketServer:
    """The server under test and what tests do with it."""

    def __init__(self, **settings: Any) -> None:
        self.log = MemoryLog()
        self.services = Services(self.log)
        self.plane = build_plane(self.services, **settings)
        self._settings = Settings(
            public_url="http://tabletap.example", allowed_origins=(LISTED,), **settings
        )
        self.port = 0
        self.fetcher = AsyncHTTPClient(force_instance=True, max_clients=100)
        self._clients: list[Client] = []

    async def start(self) -> None:
        """Listen on a free port."""
        dependencies = SocketDependencies(
            plane=self.plane,
            read_address=lambda request: request.remote_ip or "",
            identity_cookies=("tabletap_sign_in",),
        )
        self.routes = build_socket_routes(dependencies, self._settings)
        self.listener, self.port = bind_unused_port()
        # The product has an access log of its own (handlers/application.py).
        application = Application(
            self.routes.handlers, cross_origin_protection=True, log_function=lambda _: None
        )
        self.http = HTTPServer(application)
        self.http.add_socket(self.listener)
        self.plane.start()

    async def stop(self) -> None:
        """Stop everything."""
        await self.plane.stop()
        for client in self._clients:
            client.connection.close()
            await client.read_close()
        self.fetcher.close()
        self.routes.stop()
        self.http.stop()
        await self.http.close_all_connections()

    def url(self, path: str, scheme: str = "http") -> str:
        """Address of a path below /ws/."""
        return f"{scheme}://127.0.0.1:{self.port}/ws/{path}"

    async def fetch(self, path: str, **options: Any) -> HTTPResponse:
        """Ask by HTTP; errors are answers too."""
        options.setdefault("request_timeout", DEADLINE_S)
        return await self.fetcher.fetch(HTTPRequest(self.url(path), **options), raise_error=False)

    async def connect(self, path: str, **headers: str) -> "Client":
        """Open a WebSocket: plain, or SockJS where the path has a session."""
        request = HTTPRequest(
            self.url(path, "ws"), headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        connection = await websocket_connect(request, max_message_size=2**24)
        client = Client(connection, is_sockjs=path.count("/") > 1)
        self._clients.append(client)
        if client.is_sockjs:
            assert await connection.read_message() == "o"
        return client


class Client:
    """A WebSocket client of either kind."""

    def __init__(self, connection: WebSocketClientConnection, *, is_sockjs: bool) -> None:
        self.connection = connection
        self.is_sockjs = is_sockjs
        self.closed: tuple[int, str] | None = None
        self._unread: list[Any] = []
        self._has_ended = False

    async def send(self, message: Any) -> None:
        """Send one message."""
        text = message if isinstance(message, str) else json.dumps(message)
        await self.connection.write_message(json.dumps([text]) if self.is_sockjs else text)

    async def authenticate(self, token: str, **wishes: Any) -> dict[str, Any]:
        """Send the first frame and return `joined`."""
        await self.send({"type": "authenticate", "id": "a-1", "data": {"token": token, **wishes}})
        assert (await self.read())["type"] == "welcome"
        return await self.read()

    async def read(self) -> Any:
        """Return the next message; None when the server has closed."""
        while not self._unread:
            if self._has_ended:
                return None
            async with asyncio.timeout(DEADLINE_S):
                frame = await self.connection.read_message()
            if frame is None:
                self._has_ended = True
                self.closed = self.closed or (
                    self.connection.close_code or 1006,
                    self.connection.close_reason or "",
                )
                return None
            self._take(str(frame))
        return self._unread.pop(0)

    async def read_until(self, message_type: str) -> dict[str, Any]:
        """Return the next message of a type."""
        while True:
            message = await self.read()
            assert message is not None, f"closed with {self.closed} before {message_type}"
            if message["type"] == message_type:
                return dict(message)

    async def read_close(self) -> tuple[int, str]:
        """Read to the end and return code and reason."""
        while await self.read() is not None:
            pass
        assert self.closed is not None
        return self.closed

    def _take(self, frame: str) -> None:
        if not self.is_sockjs:
            self._unread.append(json.loads(frame))
        elif frame[0] == "a":
            self._unread += [json.loads(text) for text in json.loads(frame[1:])]
        elif frame[0] == "c":
            code, reason = json.loads(frame[1:])
            self.closed = (code, reason)
        else:
            assert frame == "h"


@pytest.fixture
async def server() -> AsyncIterator[SocketServer]:
    """Return a running server."""
    running = SocketServer()
    await running.start()
    try:
        yield running
    finally:
        await running.stop()
