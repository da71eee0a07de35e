"""Identifiers: UUIDv7 text, ordered by time of making.

Randomness and the clock are arguments, so that this stays pure; composition builds the one
`NewId` that the product uses.
"""

from collections.abc import Callable
from uuid import UUID

NewId = Callable[[], str]

_RANDOM_BITS = 74  # 12 in rand_a and 62 in rand_b (RFC 9562, 5.7)


def build_uuid7(*, unix_ms: int, random_bits: int) -> str:
    """Make the canonical text of a UUIDv7 (RFC 9562, 5.7).

    random_bits: an unpredictable integer; the lowest 74 bits are used.
    """
    random_bits &= (1 << _RANDOM_BITS) - 1
    rand_a, rand_b = random_bits >> 62, random_bits & ((1 << 62) - 1)
    value = (unix_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    # What UUID would write, at a third of its price: an order takes some fifteen.
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_id(text: str) -> bool:
    """Say whether a text is an identifier of ours: canonical lower-case UUID."""
    if len(text) != 36:
        return False
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
