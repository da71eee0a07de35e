"""What a transport sends for several messages: one frame, as bytes ready for the wire.

A server's WebSocket frame is not masked, so the same bytes serve every connection of a room.
"""

import struct
from collections.abc import Sequence

import msgspec

_FINAL_TEXT = 0x81  # FIN and opcode 1 (RFC 6455 5.2)


def build_text_frame(payload: bytes) -> bytes:
    """Wrap UTF-8 text in an unmasked WebSocket frame."""
    length = len(payload)
    if length < 126:
        return bytes((_FINAL_TEXT, length)) + payload
    if length < 2**16:
        return struct.pack("!BBH", _FINAL_TEXT, 126, length) + payload
    return struct.pack("!BBQ", _FINAL_TEXT, 127, length) + payload


def build_sockjs_array(messages: Sequence[bytes]) -> bytes:
    """Write SockJS's array frame: `a[...]`, each message a JSON string."""
    return b"a[%b]" % b",".join(msgspec.json.encode(message.decode()) for message in messages)


class SockJsTextCodec:
    """SockJS over HTTP: the array frame as a line."""

    def encode(self, messages: Sequence[bytes]) -> bytes:
        return build_sockjs_array(messages)


class SockJsWebSocketCodec:
    """SockJS over WebSocket: the array frame in one WebSocket frame."""

    def encode(self, messages: Sequence[bytes]) -> bytes:
        return build_text_frame(build_sockjs_array(messages))


class PlainCodec:
    """Plain WebSocket: one WebSocket frame per message, all in one piece for one send."""

    def encode(self, messages: Sequence[bytes]) -> bytes:
        return b"".join(build_text_frame(message) for message in messages)


SOCKJS_TEXT = SockJsTextCodec()
SOCKJS_WEBSOCKET = SockJsWebSocketCodec()
PLAIN = PlainCodec()
