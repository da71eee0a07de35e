"""Connections without a client behind them: bytes go out when told to, and nothing reads.

What a peer is like that is hung, half-open or means harm. All of it blocks: call in a thread.
"""

import os
import socket
import struct

_DEADLINE_S = 30
_LONGEST_HEAD_BYTES = 16_384


def open_websocket(
    port: int,
    path: str,
    *,
    receive_buffer_bytes: int | None = None,
    address: str = "127.0.0.1",
) -> socket.socket:
    """Shake hands. path: begins with /. address: which of this machine's it comes from."""
    peer = _connect(port, receive_buffer_bytes=receive_buffer_bytes, address=address)
    peer.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    head = read_until(peer, b"\r\n\r\n")
    assert b" 101 " in head, head
    return peer


def open_stream(
    port: int,
    path: str,
    *,
    receive_buffer_bytes: int | None = None,
    address: str = "127.0.0.1",
) -> socket.socket:
    """Ask for an xhr_streaming answer and read as far as SockJS's open frame."""
    peer = _connect(port, receive_buffer_bytes=receive_buffer_bytes, address=address)
    ask_for_stream(peer, path)
    read_until(peer, b"o\n\r\n")
    return peer


def ask_for_stream(peer: socket.socket, path: str) -> None:
    """Ask for an answer that streams, on a connection that has none under way."""
    peer.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n".encode())


def read_until(peer: socket.socket, end: bytes) -> bytes:
    """Read byte by byte, so that what follows stays for others. end: the last bytes read."""
    received = b""
    while not received.endswith(end):
        part = peer.recv(1)
        assert part, f"closed after {received!r}"
        assert len(received) < _LONGEST_HEAD_BYTES, received
        received += part
    return received


def send_text(peer: socket.socket, text: str) -> None:
    """Send a text frame."""
    send_frame(peer, 0x1, text.encode())


def send_frame(peer: socket.socket, opcode: int, payload: bytes, *, is_final: bool = True) -> None:
    """Send one masked frame (RFC 6455 5.2)."""
    mask = os.urandom(4)
    first = (0x80 if is_final else 0) | opcode
    size = len(payload)
    if size < 126:
        length = bytes((0x80 | size,))
    elif size < 2**16:
        length = b"\xfe" + struct.pack("!H", size)
    else:
        length = b"\xff" + struct.pack("!Q", size)
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    peer.sendall(bytes((first,)) + length + mask + masked)


def parse_frames(received: bytes) -> list[tuple[int, bytes]]:
    """Take a server's frames apart, as far as they are whole: opcode and payload of each."""
    frames: list[tuple[int, bytes]] = []
    at = 0
    while len(received) - at >= 2:
        opcode, size, head = received[at] & 0x0F, received[at + 1], 2
        if size == 126:
            size, head = int.from_bytes(received[at + 2 : at + 4]), 4
        elif size == 127:
            size, head = int.from_bytes(received[at + 2 : at + 10]), 10
        if len(received) - at < head + size:
            break
        frames.append((opcode, received[at + head : at + head + size]))
        at += head + size
    return frames


def _connect(port: int, *, receive_buffer_bytes: int | None, address: str) -> socket.socket:
    peer = socket.socket()
    if receive_buffer_bytes is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
    peer.settimeout(_DEADLINE_S)
    peer.bind((address, 0))
    peer.connect(("127.0.0.1", port))
    return peer
