"""Connections that send whatever they are told to, byte by byte, and check what comes back.

`KeptConnection` is one TCP connection for HTTP requests, `RawSocket` one WebSocket, plain or with
SockJS inside. Answers and frames are held to the published documents all the same.
"""

import asyncio
import http.client
import json
import uuid
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.support.contract import Contract
from tests.support.people import Caller
from tests.support.waiting import DEADLINE_S


class KeptConnection:
    """One TCP connection for requests, one after the other, as a busy client keeps it."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        host = caller.url.removeprefix("http://")
        self._connection = http.client.HTTPConnection(host, timeout=DEADLINE_S)
        self._connection.connect()
        self._socket = self._connection.sock

    @property
    def is_the_same(self) -> bool:
        """Whether the connection is still the one that was opened."""
        return self._connection.sock is self._socket

    async def ask(
        self, method: str, path: str, content: bytes = b"", **headers: str
    ) -> tuple[int, Any]:
        """Send a request and return status and JSON. headers: an empty one is left out."""
        full = {
            "Authorization": f"Bearer {self._caller.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        status, answered, body = await asyncio.to_thread(
            self._ask, method, path, content, {name: value for name, value in full.items() if value}
        )
        data = self._caller.contract.check_answer(
            method, f"/api/v1{path.partition('?')[0]}", status=status, headers=answered, body=body
        )
        return status, data

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _ask(
        self, method: str, path: str, content: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        self._connection.request(method, f"/api/v1{path}", body=content, headers=headers)
        response = self._connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()


class RawSocket:
    """One WebSocket. `open` connects, authenticates and joins; `connect` only connects."""

    def __init__(
        self,
        connection: WebSocketClientConnection,
        frames: "asyncio.Queue[str | bytes | None]",
        *,
        namespace: str,
        contract: Contract,
        is_sockjs: bool,
    ) -> None:
        self._connection = connection
        self._frames = frames
        self._namespace = namespace
        self._contract = contract
        self._is_sockjs = is_sockjs
        # A SockJS frame may carry several messages.
        self._unread: list[str] = []
        self._has_ended = False
        self._pong: asyncio.Future[bytes] | None = None
        # Tornado's client calls this method of itself and has no other way to tell.
        told: Any = connection
        told.on_pong = self._take_pong

    @classmethod
    async def connect(
        cls, caller: Caller, namespace: str, *, is_sockjs: bool = False, query: str = ""
    ) -> "RawSocket":
        """Return a socket on which nobody has authenticated. query: of its address."""
        session = f"/000/{uuid.uuid4().hex}" if is_sockjs else ""
        url = f"{caller.url.replace('http', 'ws', 1)}/ws/{namespace}{session}/websocket"
        url += f"?{query}" if query else ""
        # Taken as they come: Tornado's client would read nothing more, no pong either, before
        # somebody has asked for the message.
        frames: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        connection = await websocket_connect(
            url, on_message_callback=frames.put_nowait, max_message_size=2**24
        )
        return cls(
            connection, frames, namespace=namespace, contract=caller.contract, is_sockjs=is_sockjs
        )

    @classmethod
    async def open(cls, caller: Caller, namespace: str, *, is_sockjs: bool = False) -> "RawSocket":
        """Return a socket that is live."""
        socket = await cls.connect(caller, namespace, is_sockjs=is_sockjs)
        await socket.authenticate(await caller.fetch_ticket(namespace))
        return socket

    @property
    def close_code(self) -> int | None:
        """What the server closed with."""
        return self._connection.close_code

    async def authenticate(self, token: str) -> None:
        """Become live."""
        await self.send({"type": "authenticate", "id": "first", "data": {"token": token}})
        assert [await self._read_type(), await self._read_type()] == ["welcome", "joined"]

    async def send(self, message: Any) -> None:
        """Send a message: a text as it is, bytes as a binary frame, anything else as JSON."""
        if isinstance(message, bytes):
            await self._connection.write_message(message, binary=True)
        else:
            text = message if isinstance(message, str) else json.dumps(message)
            await self.send_as_text((json.dumps([text]) if self._is_sockjs else text).encode())

    async def send_as_text(self, payload: bytes) -> None:
        """Send a text frame whose bytes need not be text."""
        # Tornado's own way encodes texts, so bytes that are none go past it.
        protocol: Any = self._connection.protocol
        await protocol._write_frame(True, 0x1, payload)

    async def read(self) -> dict[str, Any] | None:
        """Return the next message; None when the connection has ended."""
        while not self._unread:
            frame = await self._read_frame()
            if frame is None:
                return None
            self._unread += _unpack(frame) if self._is_sockjs else [frame]
        return self._contract.check_frame(self._namespace, self._unread.pop(0))

    async def read_answer(self) -> dict[str, Any] | None:
        """Return the next message that answers something; None when the connection has ended."""
        while (message := await self.read()) is not None:
            if "eventId" not in message and message["type"] != "mark":
                return message
        return None

    async def ask(self, message: Any) -> dict[str, Any] | None:
        """Send a frame and return what answers it: an ack, an error, a heartbeat, or the end."""
        await self.send(message)
        return await self.read_answer()

    async def ping(self) -> None:
        """Send a ping and wait for its pong."""
        payload = uuid.uuid4().bytes
        self._pong = asyncio.get_running_loop().create_future()
        self._connection.ping(payload)
        assert await asyncio.wait_for(self._pong, DEADLINE_S) == payload

    async def close(self) -> None:
        """Close and wait until the connection has ended."""
        self._connection.close()
        while await self._read_frame() is not None:
            pass

    def _take_pong(self, payload: bytes) -> None:
        assert self._pong is not None
        self._pong.set_result(payload)

    async def _read_frame(self) -> str | None:
        """Return the next frame; None at the end, however often it is asked."""
        if self._has_ended:
            return None
        async with asyncio.timeout(DEADLINE_S):
            frame = await self._frames.get()
        self._has_ended = frame is None
        return None if frame is None else str(frame)

    async def _read_type(self) -> str:
        message = await self.read()
        return "the end" if message is None else str(message["type"])


def _unpack(frame: str) -> list[str]:
    """Return the messages of a SockJS frame; those that open it and keep it alive have none."""
    messages: list[str] = json.loads(frame[1:]) if frame[0] == "a" else []
    return messages
