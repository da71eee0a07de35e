"""A command that comes again gets its first answer, byte for byte, and has no second effect.

The key is (cafe, principal, command type, command id); the answer is written in the transaction
of its command (spec C6). services/runner.py asks and writes; housekeeping forgets.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from models.fields import to_unix_ms
from models.idempotency import CommandAnswer
from models.rows import fetch_rows, insert_rows


class CommandKey(NamedTuple):
    """What makes two commands the same one."""

    cafe_id: str
    principal: str
    command_type: str
    command_id: str


class StoredAnswer(NamedTuple):
    """What a command was answered. seq: of its last event, 0 where it had none."""

    key: CommandKey
    body_hash: str
    answer: bytes
    seq: int
    created_at: datetime


def hash_body(body: bytes) -> str:
    """The fingerprint by which a repeated command id with another body is found out."""
    return hashlib.sha256(body).hexdigest()


def find_answers(keys: Sequence[CommandKey]) -> dict[CommandKey, tuple[str, bytes, int]]:
    """First answers of those commands that have one: key -> (body hash, answer, seq)."""
    if not keys:
        return {}
    places = ", ".join(["(?, ?, ?, ?)"] * len(keys))
    # A join, because SQLite reads the whole table for `(a, b) IN (VALUES ...)`: a batch of orders
    # took 50 ms longer for each hundred thousand answers that were kept.
    rows = fetch_rows(
        f"WITH wanted (cafe, who, kind, id) AS (VALUES {places})"  # noqa: S608 - place-holders
        " SELECT cafe_id, principal, command_type, command_id, body_hash, answer, seq"
        " FROM wanted JOIN command_answer ON cafe_id = cafe AND principal = who"
        " AND command_type = kind AND command_id = id",
        [part for key in keys for part in key],
    )
    return {CommandKey(*row[:4]): (row[4], row[5].encode(), row[6]) for row in rows}


def save_answers(answers: Sequence[StoredAnswer]) -> None:
    """Keep first answers. Raises: peewee.IntegrityError when another process was first."""
    insert_rows(
        CommandAnswer,
        [
            {
                **each.key._asdict(),
                "body_hash": each.body_hash,
                "answer": each.answer.decode(),
                "seq": each.seq,
                "created_at": each.created_at,
            }
            for each in answers
        ],
    )


def forget_answers(*, before: datetime, limit: int) -> int:
    """Remove answers given before a moment, oldest first, at most `limit`; return how many."""
    rows = fetch_rows(
        "DELETE FROM command_answer WHERE (cafe_id, principal, command_type, command_id) IN ("
        " SELECT cafe_id, principal, command_type, command_id FROM command_answer"
        " WHERE created_at < ? ORDER BY created_at LIMIT ?) RETURNING command_id",
        (to_unix_ms(before), limit),
    )
    return len(rows)
