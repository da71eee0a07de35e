"""Peers that do as they are told and nothing by themselves, at each door: for bench/hostile.py.

A `Peer` answers no ping, reads only when asked to, and keeps the bytes that came. It blocks: use
it in a thread.
"""

import http.client
import json
import re
import selectors
import socket
import time
import uuid
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from tests.support.bare_sockets import (
    ask_for_stream,
    open_stream,
    open_websocket,
    parse_frames,
    send_frame,
    send_text,
)

_DEADLINE_S = 30.0
_LARGEST_READ_BYTES = 2**20
# Ends an answer (RFC 9112 7.1); each line of SockJS ends otherwise.
_LAST_CHUNK = b"0\r\n\r\n"
# Our codes begin at 4000; no text has such bytes.
_CLOSE_FRAME = re.compile(rb"\x88.[\x0f-\x13].", re.DOTALL)
_SOCKJS_CLOSE = re.compile(rb"c\[4\d\d\d,")
_LONGEST_CLOSE_BYTES = 300


class Door(StrEnum):
    """How a peer comes in."""

    PLAIN = "websocket"
    SOCKJS = "SockJS websocket"
    STREAM = "xhr_streaming"


class Peer:
    """One connection. address: which of this machine's it comes from."""

    def __init__(
        self,
        port: int,
        namespace: str,
        door: Door,
        *,
        address: str = "127.0.0.1",
        receive_buffer_bytes: int | None = None,
    ) -> None:
        self.door = door
        self.opened_at_s = time.monotonic()
        self.received = b""
        self._port = port
        self._address = address
        self._session = f"/ws/{namespace}/000/{uuid.uuid4().hex}"
        self._tail = b""
        path = {
            Door.PLAIN: f"/ws/{namespace}/websocket",
            Door.SOCKJS: f"{self._session}/websocket",
            Door.STREAM: f"{self._session}/xhr_streaming",
        }[door]
        shake = open_stream if door is Door.STREAM else open_websocket
        self.socket = shake(port, path, receive_buffer_bytes=receive_buffer_bytes, address=address)

    def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        text = json.dumps(message)
        if self.door is Door.STREAM:
            self._post(json.dumps([text]))
        else:
            send_text(self.socket, text if self.door is Door.PLAIN else json.dumps([text]))

    def show_life(self) -> None:
        """Let the server know that this is alive, as a client does that answers pings."""
        if self.door is Door.STREAM:
            self.send({"type": "heartbeat", "data": {}})
        else:
            send_frame(self.socket, 0xA, b"")

    def authenticate(self, token: str, **wishes: Any) -> dict[str, Any]:
        """Become live and return what `welcome` says."""
        self.send({"type": "authenticate", "data": {"token": token, **wishes}})
        self.read_until("joined")
        return next(each["data"] for each in self.list_messages() if each["type"] == "welcome")

    def read(self) -> bool:
        """Keep what has come, after waiting for it; False at the end of the connection.

        A stream has an end after each 128 KiB, and goes on in the answer to another request.
        """
        try:
            part = self.socket.recv(_LARGEST_READ_BYTES)
            self.received += part
            self._tail = (self._tail + part)[-len(_LAST_CHUNK) :]
            if self.door is Door.STREAM and self._tail == _LAST_CHUNK:
                ask_for_stream(self.socket, f"{self._session}/xhr_streaming")
        except ConnectionError:
            return False
        return bool(part)

    def read_to_close(self) -> None:
        """Read until the server's close or the end, looking at no more than the last bytes."""
        mark = _CLOSE_FRAME if self.door is Door.PLAIN else _SOCKJS_CLOSE
        while not mark.search(self.received[-_LONGEST_CLOSE_BYTES:]) and self.read():
            pass

    def read_until(self, message_type: str) -> None:
        """Read until a message of a type has come."""
        deadline_s = time.monotonic() + _DEADLINE_S
        while not any(each["type"] == message_type for each in self.list_messages()):
            assert self.read(), f"closed with {self.find_close_code()} before {message_type}"
            assert time.monotonic() < deadline_s, f"no {message_type}"

    def forget(self) -> None:
        """Forget what came; nothing of a message may be among it."""
        self.received = b""

    def list_messages(self) -> list[dict[str, Any]]:
        """List the messages that came whole."""
        texts = self._list_texts()
        if self.door is Door.PLAIN:
            return [json.loads(each) for each in texts]
        packs = [json.loads(each[1:]) for each in texts if each.startswith(b"a")]
        return [json.loads(each) for pack in packs for each in pack]

    def find_close_code(self) -> int | None:
        """Return what the server closed with; None where it has not said so."""
        if self.door is Door.PLAIN:
            frames = parse_frames(self.received)
            closes = [payload for opcode, payload in frames if opcode == 0x8 and payload]
            return int.from_bytes(closes[0][:2]) if closes else None
        closes = [each for each in self._list_texts() if each.startswith(b"c[")]
        return int(json.loads(closes[0][1:])[0]) if closes else None

    def close(self) -> None:
        """Be gone."""
        self.socket.close()

    def _list_texts(self) -> list[bytes]:
        if self.door is Door.STREAM:
            return [line for line in self.received.split(b"\n")[:-1] if line[:2] in (b"a[", b"c[")]
        return [payload for opcode, payload in parse_frames(self.received) if opcode == 0x1]

    def _post(self, body: str) -> None:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=_DEADLINE_S, source_address=(self._address, 0)
        )
        connection.request("POST", f"{self._session}/xhr_send", body=body)
        status = connection.getresponse().status
        connection.close()
        assert status == 204, status


def await_closes(peers: Iterable[Peer], *, seconds: float) -> dict[Peer, float]:
    """Read until each was told that it is closed; return when, counted from its opening."""
    ended: dict[Peer, float] = {}
    deadline_s = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for peer in peers:
            selector.register(peer.socket, selectors.EVENT_READ, peer)
        while selector.get_map() and time.monotonic() < deadline_s:
            for key, _ in selector.select(0.1):
                goes_on = key.data.read()
                if not goes_on or key.data.find_close_code() is not None:
                    ended[key.data] = time.monotonic() - key.data.opened_at_s
                    selector.unregister(key.fileobj)
    return ended


def count_connections(port: int) -> int:
    """Count the TCP connections that a process of this machine holds at a port (Linux)."""
    with open("/proc/net/tcp") as table:  # noqa: PTH123 - no file, a table of the kernel
        rows = [line.split() for line in table.readlines()[1:]]
    local = f":{port:04X}"
    # The inode is 0 once nobody holds the socket; 0A is who listens.
    return sum(row[1].endswith(local) and row[3] != "0A" and row[9] != "0" for row in rows)


def half_close(peer: Peer) -> None:
    """Say that nothing more will come, and go on as if there were."""
    peer.socket.shutdown(socket.SHUT_WR)
