"""The audit's chain: each fact's link, where each chain ends, and its seals.

Facts that are there already become the beginning of their cafe's chain, in the order of their time.
"""

import hashlib
import json
import secrets
from typing import Any

_START = "0" * 64
_COLUMNS = (
    "ALTER TABLE audit_entry ADD COLUMN seq BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE audit_entry ADD COLUMN salt VARCHAR(32) NOT NULL DEFAULT ''",
    "ALTER TABLE audit_entry ADD COLUMN digest VARCHAR(64) NOT NULL DEFAULT ''",
    "ALTER TABLE audit_entry ADD COLUMN hash VARCHAR(64) NOT NULL DEFAULT ''",
    """
    CREATE TABLE audit_head (
        cafe_id VARCHAR(36) NOT NULL PRIMARY KEY,
        seq BIGINT NOT NULL,
        hash VARCHAR(64) NOT NULL,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT audit_head_seq CHECK (seq >= 0)
    )
    """,
    """
    CREATE TABLE audit_seal (
        cafe_id VARCHAR(36) NOT NULL,
        day VARCHAR(10) NOT NULL,
        seq BIGINT NOT NULL,
        hash VARCHAR(64) NOT NULL,
        at BIGINT NOT NULL,
        mac VARCHAR(64) NOT NULL,
        PRIMARY KEY (cafe_id, day),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id)
    )
    """,
)
_INDEX = "CREATE UNIQUE INDEX audit_entry_cafe_id_seq ON audit_entry (cafe_id, seq)"
_PAGE = 1000


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Add the columns and tables, and chain what is there."""
    for statement in _COLUMNS:
        database.execute_sql(statement)
    place = database.param  # ? or %s
    for (cafe_id,) in database.execute_sql("SELECT id FROM cafe ORDER BY id").fetchall():
        seq, last_hash = _chain(database, cafe_id, place)
        database.execute_sql(
            f"INSERT INTO audit_head (cafe_id, seq, hash) VALUES ({place}, {place}, {place})",  # noqa: S608 - place-holders
            (cafe_id, seq, last_hash),
        )
    database.execute_sql(_INDEX)


def _chain(database: Any, cafe_id: str, place: str) -> tuple[int, str]:
    seq, last_hash = 0, _START
    while rows := database.execute_sql(
        "SELECT id, at, kind, principal, details FROM audit_entry"  # noqa: S608 - place-holders
        f" WHERE cafe_id = {place} AND seq = 0 ORDER BY at, id LIMIT {_PAGE}",
        (cafe_id,),
    ).fetchall():
        for entry_id, at, kind, principal, details in rows:
            seq += 1
            salt = secrets.token_hex(16)
            digest = hashlib.sha256(f"{salt}\0{details}".encode()).hexdigest()
            words = [last_hash, cafe_id, seq, entry_id, at, kind, principal, digest]
            text = json.dumps(words, ensure_ascii=True, separators=(",", ":"))
            last_hash = hashlib.sha256(text.encode()).hexdigest()
            database.execute_sql(
                f"UPDATE audit_entry SET seq = {place}, salt = {place}, digest = {place},"  # noqa: S608 - place-holders
                f" hash = {place} WHERE id = {place}",
                (seq, salt, digest, last_hash, entry_id),
            )
    return seq, last_hash
