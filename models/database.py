"""Open the database by its URL, and say what became of a connection.

The one place that knows SQLite from PostgreSQL. composition opens and binds; services/runner.py
begins and commits; nobody else holds a connection for longer than a `connection_context`.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import peewee
from peewee import Database, PostgresqlDatabase, SqliteDatabase
from playhouse.pool import (  # type: ignore[import-untyped]
    MaxConnectionsExceeded,
    PooledPostgresqlDatabase,
)

# What a database answers when it cannot be used; anything else is a fault of ours.
STORAGE_ERRORS: tuple[type[Exception], ...] = (
    peewee.OperationalError,
    peewee.InterfaceError,
    peewee.InternalError,
    MaxConnectionsExceeded,
    # SQLite works while rows are fetched, and that goes past Peewee's translation.
    sqlite3.OperationalError,
)

_SQLITE_PRAGMAS: dict[str, str | int] = {
    "journal_mode": "wal",
    # NORMAL loses acknowledged orders on a power cut; group commit pays for FULL.
    "synchronous": "full",
    "foreign_keys": 1,
    # Between writers of other processes (migrate, create-owner): ours is one thread.
    "busy_timeout": 5000,
    # A log that one long read let grow gives its space back.
    "journal_size_limit": 64 * 2**20,
}
_POOL_WAIT_S = 2
_STALE_AFTER_S = 300
# Statement below the caller's 5 s, lock below the statement; a writer that hangs inside a
# transaction is cut by the server, so that its row locks end.
_POSTGRES_OPTIONS = (
    "-c statement_timeout=5000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000"
)
_POSTGRES_CONNECTION: dict[str, str | int] = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "tabletap",
}


def open_database(url: str, *, pool_size: int = 10, connect_timeout_s: int = 3) -> Database:
    """Make the database of a URL; no connection is opened yet.

    url: `sqlite:///file.db` (three slashes and a relative path, four and an absolute one) or
    `postgresql://user:password@host:port/name`, whose query may override connection options.
    pool_size: PostgreSQL connections at most. Then bind the models to it: `models.base.bind`.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return SqliteDatabase(
            unquote(parts.path[1:]),
            pragmas=dict(_SQLITE_PRAGMAS),
            lock_type="IMMEDIATE",
            autoconnect=False,
        )
    database: Database = PooledPostgresqlDatabase(
        unquote(parts.path[1:]),
        max_connections=pool_size,
        timeout=_POOL_WAIT_S,
        stale_timeout=_STALE_AFTER_S,
        autoconnect=False,
        **_read_postgres_options(parts, connect_timeout_s),
    )
    return database


def is_sqlite(database: Database) -> bool:
    """Whether this is a SQLite file, with its single writer."""
    return isinstance(database, SqliteDatabase)


def sqlite_path(database: Database) -> Path:
    """The file of a SQLite database."""
    assert is_sqlite(database)
    return Path(str(database.database))


def begin_snapshot(database: Database) -> None:
    """Begin a transaction that reads one moment and cannot write."""
    if isinstance(database, SqliteDatabase):
        database.begin("DEFERRED")
    else:
        assert isinstance(database, PostgresqlDatabase)
        database.begin("REPEATABLE READ, READ ONLY")


def take_turns(database: Database, names: Iterable[str]) -> None:
    """Wait until no other transaction has taken a turn of these names; held until the commit.

    For groups of units, whose locks on rows come in whatever order their units do: two processes
    would now and then wait for each other, and a second passes before PostgreSQL sees it. SQLite
    has one writer.
    """
    if is_sqlite(database):
        return
    for name in sorted(names):
        database.execute_sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (name,))


def is_connection_lost(database: Database) -> bool:
    """Whether this thread's connection is gone, as far as the driver knows without asking."""
    if database.is_closed():
        return True
    driver: Any = database
    return bool(getattr(driver.connection(), "closed", False))


def is_our_fault(error: Exception) -> bool:
    """Whether this is SQLite's way to report wrong SQL: OperationalError, with code 1.

    PostgreSQL has ProgrammingError for that, which is not among STORAGE_ERRORS.
    """
    return getattr(_original(error), "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR


def name_fault(error: Exception) -> str:
    """What the database calls it: `SQLITE_FULL`, `57P01`, else the error's class; for the log."""
    original = _original(error)
    name = getattr(original, "sqlite_errorname", None) or getattr(original, "pgcode", None)
    return str(name or type(error).__name__)


def _original(error: Exception) -> object:
    """The driver's error inside Peewee's, or the driver's own."""
    return getattr(error, "orig", error)


def discard_connection(database: Database) -> None:
    """Close this thread's connection for good, whatever state it is in; never raises."""
    driver: Any = database
    while database.in_transaction():
        driver.pop_transaction()
    try:
        if isinstance(database, PooledPostgresqlDatabase):
            database.manual_close()
        else:
            database.close()
    except peewee.PeeweeException:
        database.dispose()


def release_connection(database: Database) -> None:
    """Give a healthy connection back: to the pool, or keep it in its thread (SQLite)."""
    if isinstance(database, PooledPostgresqlDatabase):
        database.close()


def count_connections(database: Database) -> dict[str, int]:
    """Say how many connections of the pool are `in_use` and `idle`; nothing where there is none."""
    if not isinstance(database, PooledPostgresqlDatabase):
        return {}
    in_use, idle = database._in_use, database._connections  # noqa: SLF001 - it counts them nowhere
    return {"in_use": len(in_use), "idle": len(idle)}


def close_database(database: Database) -> None:
    """Close every connection that this thread or the pool still holds."""
    if isinstance(database, PooledPostgresqlDatabase):
        database.close_all()
    else:
        database.close()


def _read_postgres_options(parts: SplitResult, connect_timeout_s: int) -> dict[str, str | int]:
    named: dict[str, str | int | None] = {
        "host": parts.hostname,
        "port": parts.port,
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
    }
    return {
        **_POSTGRES_CONNECTION,
        "connect_timeout": connect_timeout_s,
        "options": _POSTGRES_OPTIONS,
        **{name: value for name, value in named.items() if value is not None},
        **dict(parse_qsl(parts.query)),
    }
