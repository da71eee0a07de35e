"""A small real WebSocket server that speaks the protocol, with a log to resume from."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketClosedError, WebSocketHandler

EPOCH = "11111111-1111-4111-8111-111111111111"


def build_event(seq: int) -> dict[str, Any]:
    return {
        "type": "order_progress",
        "eventId": f"event-{seq}",
        "epoch": EPOCH,
        "seq": seq,
        "data": {"number": seq},
    }


class ProtocolServer:
    """Keeps a log, remembers what it was sent, and does to connections what a test asks for."""

    def __init__(self) -> None:
        self.log: list[dict[str, Any]] = []
        self.connections: list[ProtocolHandler] = []
        self.authentications: list[dict[str, Any]] = []
        self.commands: list[dict[str, Any]] = []
        self.heartbeats: list[dict[str, Any]] = []
        self.close_codes: list[int | None] = []
        self.refuse_with: tuple[dict[str, Any], int] | None = None
        self.resync_reason: str | None = None
        self.answer: Callable[[ProtocolHandler, dict[str, Any]], None] = acknowledge
        self.url = ""
        # A test that clears it holds requests for a socket back; waiting: how many there are.
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.waiting = 0

    def append(self, count: int = 1) -> None:
        for _ in range(count):
            self.log.append(build_event(len(self.log) + 1))
            for connection in self.connections:
                connection.send(self.log[-1])

    @property
    def position(self) -> dict[str, Any]:
        seq = len(self.log)
        return {"epoch": EPOCH, "seq": seq, "eventId": f"event-{seq}" if seq else ""}


class ProtocolHandler(WebSocketHandler):
    def initialize(self, server: ProtocolServer) -> None:
        self.server = server

    async def prepare(self) -> None:
        self.server.waiting += 1
        await self.server.is_open.wait()
        self.server.waiting -= 1

    def send(self, message: dict[str, Any]) -> None:
        # A test cuts connections under the server's hands: what it then sends is lost.
        with suppress(WebSocketClosedError):
            sent = self.write_message(msgspec.json.encode(message).decode())
            sent.add_done_callback(lambda done: done.exception())

    def on_message(self, message: str | bytes) -> None:
        frame = msgspec.json.decode(message)
        if frame["type"] == "authenticate":
            self.welcome(frame["data"])
        elif frame["type"] == "heartbeat":
            self.server.heartbeats.append(frame["data"])
            self.send({"type": "heartbeat", "data": {"serverTime": "2026-11-23T12:00:00.000Z"}})
        else:
            self.server.commands.append(frame)
            self.server.answer(self, frame)

    def welcome(self, wish: dict[str, Any]) -> None:
        server = self.server
        server.authentications.append(wish)
        if server.refuse_with is not None:
            error, code = server.refuse_with
            self.send(error)
            self.close(code, error["message"])
            return
        self.send({"type": "welcome", "data": {"connectionId": "c", "boot": "boot-1", "rooms": []}})
        position = wish.get("position")
        known = server.position if position is None else position
        mode = "resync" if server.resync_reason else "live" if position is None else "replay"
        self.send({"type": "joined", "data": {"rooms": [], "mode": mode, "position": known}})
        if server.resync_reason:
            data = {"reason": server.resync_reason, "position": server.position}
            self.send({"type": "resync", "data": data})
        else:
            for event in server.log[known["seq"] :]:
                self.send(event)
        server.connections.append(self)

    def on_close(self) -> None:
        self.server.close_codes.append(self.close_code)
        if self in self.server.connections:
            self.server.connections.remove(self)


def acknowledge(connection: ProtocolHandler, command: dict[str, Any]) -> None:
    connection.send({"type": "ack", "id": command["id"], "data": command["data"], "seq": 7})


@pytest.fixture
async def server() -> AsyncIterator[ProtocolServer]:
    protocol = ProtocolServer()
    application = Application([("/ws/kitchen/websocket", ProtocolHandler, {"server": protocol})])
    listener, port = bind_unused_port(address="127.0.0.1")
    http = HTTPServer(application)
    http.add_socket(listener)
    protocol.url = f"ws://127.0.0.1:{port}/ws/kitchen/websocket"
    yield protocol
    for connection in list(protocol.connections):
        connection.close()
    http.stop()
    await http.close_all_connections()
