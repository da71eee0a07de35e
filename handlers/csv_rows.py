"""Rows as CSV (RFC 4180) that a spreadsheet opens without running what somebody typed.

Text is always in quotes, so that no separator of another locale cuts it in two; one that a
spreadsheet would take for a formula begins with an apostrophe, which it shows as text.
"""

import csv
import io
from collections.abc import Iterable, Sequence

MEDIA_TYPE = "text/csv; charset=utf-8"
# Spreadsheets take a file without it for Latin-1.
BYTE_ORDER_MARK = "\ufeff".encode()
# The wide ones are read as the narrow ones where people write with them.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def encode_rows(rows: Iterable[Sequence[str | int | None]]) -> bytes:
    """Encode rows. Numbers stay numbers; None is an empty cell."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    for row in rows:
        writer.writerow([disarm(cell) if isinstance(cell, str) else cell for cell in row])
    return written.getvalue().encode()


def disarm(text: str) -> str:
    """Let text be text, whatever it begins with."""
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text
