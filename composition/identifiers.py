"""The product's clock and where its identifiers and codes come from."""

import secrets as random_source
import time
from datetime import UTC, datetime

from domain.identifiers import build_uuid7

# 128 bits and more, in URL-safe text: what a table's QR code carries.
_TABLE_CODE_BYTES = 18


def now() -> datetime:
    """The product's clock."""
    return datetime.now(UTC)


def new_id() -> str:
    """The product's identifiers."""
    return build_uuid7(unix_ms=time.time_ns() // 1_000_000, random_bits=random_source.randbits(80))


def new_table_code() -> str:
    """An unguessable code for a table's QR."""
    return random_source.token_urlsafe(_TABLE_CODE_BYTES)
