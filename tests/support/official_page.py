"""The official SockJS client, unmodified, in a browser's page of another origin that is listed.

`serve_official_client` serves that origin: a page and the library, nothing else. So every request
of the library is one across origins and with credentials, as spec A3 allows it.
"""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Page
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from tests.support.contract import Contract
from tests.support.tools import NODE_MODULES
from tests.support.waiting import wait_for

Message = dict[str, Any]

_PAGE = """<!doctype html><title>SockJS</title><link rel="icon" href="data:,">
<script src="sockjs.js"></script><script src="page.js"></script>"""
_SCRIPTS = {
    "/sockjs.js": NODE_MODULES / "sockjs-client" / "dist" / "sockjs.js",
    "/page.js": Path(__file__).with_suffix(".js"),
}


class OfficialPage:
    """One connection after the other to one namespace; `messages` has what all of them heard."""

    def __init__(self, page: Page, contract: Contract, *, url: str, namespace: str) -> None:
        self.messages: list[Message] = []
        self._namespace = namespace
        self._page = page
        self._contract = contract
        self._url = f"{url}/ws/{namespace}"
        self._place = 0

    @property
    def events(self) -> list[Message]:
        """The events that arrived, in their order."""
        return [each for each in self.messages if "eventId" in each and "seq" in each]

    @property
    def position(self) -> Message:
        """What is known: up to the last event or mark, else what `joined` says."""
        for message in reversed(self.messages):
            if "eventId" in message and "seq" in message:
                return {name: message[name] for name in ("epoch", "seq", "eventId")}
            if message["type"] == "mark":
                return dict(message["data"])
            if message["type"] == "joined":
                return dict(message["data"]["position"])
        raise AssertionError(f"nothing was joined at /{self._namespace}")

    async def connect(self, transport: str, **wish: Any) -> Message:
        """Connect by one transport, authenticate, and return what `joined` says.

        wish: the data of `authenticate`, its token among it.
        """
        await self._page.evaluate("args => openConnection(...args)", [self._url, transport])
        await self._wait_for(f"connection.transport === '{transport}'")
        await self._send({"type": "authenticate", "data": wish})
        await self._see(lambda message: message["type"] == "welcome", "welcome")
        joined = await self._see(lambda message: message["type"] == "joined", "joined")
        return dict(joined["data"])

    async def do(self, kind: str, data: Message) -> Message:
        """Send a command that must work and return its ack."""
        command_id = str(uuid.uuid4())
        await self._send({"type": kind, "id": command_id, "data": data})
        answer = await self._see(lambda message: message.get("id") == command_id, f"ack of {kind}")
        assert answer["type"] == "ack", answer
        return answer

    async def reach(self, seq: int) -> None:
        """Wait until the event at a place of the log has arrived."""
        await self._see(lambda message: message.get("seq") == seq and "eventId" in message, seq)

    async def wait_until_closed(self) -> None:
        """Wait until the library says that the connection has ended, and take what it had."""
        await self._wait_for("connection.closed !== null")
        await self._take()

    async def leave(self) -> None:
        """Close the connection from here."""
        await self._page.evaluate("connection.leave()")
        await self.wait_until_closed()

    async def _send(self, message: Message) -> None:
        await self._page.evaluate("message => connection.send(message)", message)

    async def _see(self, is_it: Callable[[Message], bool], what: object) -> Message:
        """Wait for the next message of a kind; those before it are not found any more."""

        async def find() -> bool:
            await self._take()
            while self._place < len(self.messages):
                self._place += 1
                if is_it(self.messages[self._place - 1]):
                    return True
            return False

        await wait_for(find, f"{what} at /{self._namespace}")
        return self.messages[self._place - 1]

    async def _take(self) -> None:
        """Take what has arrived out of the page, each frame held to the published schema."""
        for text in await self._page.evaluate("connection.heard.splice(0)"):
            self.messages.append(self._contract.check_frame(self._namespace, text))

    async def _wait_for(self, condition: str) -> None:
        async def ask() -> bool:
            return bool(await self._page.evaluate(condition))

        await wait_for(ask, f"{condition} at /{self._namespace}")


class _Files(RequestHandler):
    def get(self) -> None:
        script = _SCRIPTS.get(self.request.path)
        self.set_header("Content-Type", "text/html" if script is None else "text/javascript")
        self.finish(_PAGE if script is None else script.read_text())


@asynccontextmanager
async def serve_official_client() -> AsyncIterator[str]:
    """Serve the page on a free port and yield its origin."""
    socket, port = bind_unused_port()
    server = HTTPServer(Application([(".*", _Files)], log_function=lambda _: None))
    server.add_socket(socket)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
        await server.close_all_connections()
