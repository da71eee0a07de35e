"""Close codes: one table for server, clients and docs (architecture: close codes).

4000-4499 say "come back", 4500-4999 "do not". tests/protocol holds static/js and docs/ to it.
"""

from enum import IntEnum

import msgspec


class CloseCode(IntEnum):
    """Why the server ends a connection."""

    DRAIN = 4001
    SERVER_ERROR = 4002
    TOKEN_EXPIRED = 4003
    SLOW_CONSUMER = 4008
    INSUFFICIENT_STATE = 4010
    NO_PONG = 4012
    RATE_LIMITED = 4013
    ROOMS_CHANGED = 4014
    OVERLOADED = 4016
    INVALID_TOKEN = 4501
    REVOKED = 4502
    NOT_ALLOWED = 4504
    # Sent by no server of this version: its clients understand it from a later one.
    PROTOCOL_VERSION = 4505
    BAD_FRAMES = 4506
    CAFE_CLOSED = 4507
    REPLACED = 4509


# What a peer closes with when it means to: the page was left (3000 says ours, RFC 6455 7.4.2), or
# the browser went on to another one.
PAGE_LEFT = frozenset({1001, 3000})


class CloseRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One row. reason: sent with the close frame (123 bytes at most, RFC 6455 5.5)."""

    code: int
    name: str
    comes_back: bool
    reason: str


_REASONS: dict[CloseCode, str] = {
    CloseCode.DRAIN: "The server is restarting. Come back.",
    CloseCode.SERVER_ERROR: "The server had a fault. Come back.",
    CloseCode.TOKEN_EXPIRED: "The token has run out. Renew it, then come back.",
    CloseCode.SLOW_CONSUMER: "Messages were not read fast enough. Come back and resume.",
    CloseCode.INSUFFICIENT_STATE: "The stream has to start afresh. Come back.",
    CloseCode.NO_PONG: "Nothing was heard from this connection. Come back.",
    CloseCode.RATE_LIMITED: "Too many messages. Come back later.",
    CloseCode.ROOMS_CHANGED: "What this connection may see has changed. Come back.",
    CloseCode.OVERLOADED: "The server is too busy. Come back later.",
    CloseCode.INVALID_TOKEN: "The token is not valid. Sign in again.",
    CloseCode.REVOKED: "Access was taken back.",
    CloseCode.NOT_ALLOWED: "This role may not connect here.",
    CloseCode.PROTOCOL_VERSION: "This protocol version is not spoken here.",
    CloseCode.BAD_FRAMES: "Too many messages could not be read.",
    CloseCode.CAFE_CLOSED: "The cafe is closed.",
    CloseCode.REPLACED: "A newer connection took over.",
}

CLOSE_RULES: dict[CloseCode, CloseRule] = {
    code: CloseRule(
        code=int(code), name=code.name.lower(), comes_back=code < 4500, reason=_REASONS[code]
    )
    for code in CloseCode
}


def render_close_code_table() -> str:
    """Make the Markdown table of docs/protocol.md."""
    rows = [
        f"| {rule.code} | `{rule.name}` | {'yes' if rule.comes_back else 'no'} | {rule.reason} |"
        for rule in CLOSE_RULES.values()
    ]
    return "\n".join(["| code | name | come back | reason |", "|---|---|---|---|", *rows]) + "\n"
