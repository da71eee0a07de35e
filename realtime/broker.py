"""Hints between processes: "this cafe's log has moved on", "its rights have changed".

A hint carries no payload: whoever gets one reads the database, so a forged or lost hint costs one
read at most (spec G3). composition gives the plane's owner a `Broker`: `NoBroker` in a single
process, realtime/redis_bus.py where several share a Redis.
"""

from enum import StrEnum
from typing import Annotated, Protocol

import msgspec

# A hint of ours has some 130 bytes; nothing longer is looked at.
LONGEST_HINT_BYTES = 512

_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[0-9A-Za-z-]+$")]


class Topic(StrEnum):
    """What moved on: the log of a cafe, who may do what in it, or its last figures."""

    LOG = "log"
    ACCESS = "access"
    FIGURES = "figures"


class Hint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to look. epoch, seq: how far its log has come; other topics only name the cafe."""

    cafe: _Word
    epoch: Annotated[str, msgspec.Meta(max_length=64)] = ""
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


class Broker(Protocol):
    """Tells other processes."""

    @property
    def is_live(self) -> bool:
        """Whether hints arrive; if not, somebody has to look at the database."""
        ...

    def publish(self, topic: Topic, hint: Hint) -> None:
        """Send a hint soon; of several about one cafe the last is enough."""
        ...


class NoBroker:
    """There is nobody else to tell."""

    @property
    def is_live(self) -> bool:
        """Nothing arrives."""
        return False

    def publish(self, topic: Topic, hint: Hint) -> None:
        """Tell nobody."""


_decoder = msgspec.json.Decoder(Hint)


def encode_hint(hint: Hint) -> bytes:
    """Write a hint for the bus."""
    return msgspec.json.encode(hint)


def decode_hint(raw: bytes) -> Hint | None:
    """Read what stood on the bus; None for what is no hint of ours."""
    if len(raw) > LONGEST_HINT_BYTES:
        return None
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
