"""What is in every table, asked beside the server: what must not change is compared so."""

import contextlib
import hashlib
import sqlite3
from typing import Any

import psycopg2

_SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
_POSTGRES_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
# What the clock keeps while somebody looks on is nobody's command.
_OF_THE_CLOCK = {"job_lease", "analytics", "screen"}


class RowCounter:
    """A second connection to a server's database. Close it before the database goes."""

    def __init__(self, database_url: str) -> None:
        self._connection: Any
        if database_url.startswith("sqlite:"):
            # Threads ask one after the other.
            self._connection = sqlite3.connect(
                database_url.removeprefix("sqlite:///"), check_same_thread=False
            )
            question = _SQLITE_TABLES
        else:
            self._connection = psycopg2.connect(database_url)
            self._connection.autocommit = True
            question = _POSTGRES_TABLES
        self._tables = sorted({row[0] for row in self._ask(question)} - _OF_THE_CLOCK)
        assert len(self._tables) > 20, self._tables
        self._question = " UNION ALL ".join(
            f"SELECT '{table}', COUNT(*) FROM \"{table}\"" for table in self._tables
        )

    def count(self) -> dict[str, int]:
        """Count the rows of every table, in one moment."""
        return dict(self._ask(self._question))

    def fingerprint(self) -> dict[str, str]:
        """Make a fingerprint of all that stands in each table: counts do not see an update."""
        return {
            table: hashlib.sha256(
                "\n".join(sorted(map(repr, self._ask(f'SELECT * FROM "{table}"')))).encode()
            ).hexdigest()
            for table in self._tables
        }

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _ask(self, question: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(self._connection.cursor()) as cursor:
            cursor.execute(question)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
