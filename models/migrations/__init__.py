"""Bring a database to the schema that this version of TableTap works with.

Numbered files beside this one, applied in order, each in a transaction with its line in the
history: a run that is killed leaves the old schema or the new one. A lock lets several processes
start at once. Called by `tabletap.py migrate`, and by `serve` and `demo` before they open.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peewee import Database
from playhouse.migrations import Runner  # type: ignore[import-untyped]

from models.database import discard_connection, is_sqlite, sqlite_path

_DIRECTORY = Path(__file__).parent
_HISTORY_TABLE = "schema_migration"
# Any fixed number does; this one spells "tabletap" in ASCII.
_ADVISORY_LOCK = 0x7461626C65746170


class SchemaTooNew(Exception):
    """The database has migrations that this version does not know. names: which ones."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"the database was migrated by a newer TableTap ({', '.join(names)}): "
            "run that version or restore an older backup"
        )
        self.names = names


def migrate(database: Database, *, directory: Path = _DIRECTORY) -> list[str]:
    """Apply what is missing and return the names of what was applied, in order.

    Waits for another process that is migrating. Opens and closes a connection of its own, so
    this thread must have none open.

    Raises:
        SchemaTooNew: nothing was changed.
    """
    with _migration_lock(database):
        runner = _open_runner(database, directory)
        _list_pending(runner)
        applied: list[str] = runner.up()
        return applied


def pending(database: Database, *, directory: Path = _DIRECTORY) -> list[str]:
    """Names of the migrations that `migrate` would apply, in order. Raises: SchemaTooNew."""
    with database.connection_context():
        return _list_pending(_open_runner(database, directory))


def _open_runner(database: Database, directory: Path) -> Any:
    return Runner(database, str(directory), table_name=_HISTORY_TABLE)


def _list_pending(runner: Any) -> list[str]:
    rows = runner.status()
    unknown = [row.name for row in rows if row.path is None]
    if unknown:
        raise SchemaTooNew(unknown)
    return [row.name for row in rows if not row.applied]


@contextmanager
def _migration_lock(database: Database) -> Iterator[None]:
    """Hold a connection and, across processes, the right to migrate."""
    if is_sqlite(database):
        path = sqlite_path(database)
        with path.with_name(path.name + ".migrate-lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            with database.connection_context():
                yield
    else:
        database.connect()
        try:
            # Waiting for the lock, and rewriting a large table, may take longer than a service
            # unit may; the connection is thrown away with these settings and with the lock.
            database.execute_sql(
                "SELECT set_config('statement_timeout', '0', false),"
                " set_config('lock_timeout', '0', false),"
                " set_config('idle_in_transaction_session_timeout', '0', false)"
            )
            database.execute_sql("SELECT pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
            yield
        finally:
            discard_connection(database)
