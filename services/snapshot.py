"""Queries in a transaction that sees one moment and cannot write. services/runner.py runs them."""

import contextvars
from collections.abc import Callable
from typing import Any

from peewee import Database

from config.logging import get_logger
from domain.errors import StorageUnavailable
from models.database import (
    STORAGE_ERRORS,
    begin_snapshot,
    discard_connection,
    is_connection_lost,
    is_our_fault,
    is_sqlite,
    name_fault,
    release_connection,
)
from services.shared_views import SharedViews, share_views

log = get_logger(__name__)


class SnapshotReader:
    """Runs queries in the calling thread, on that thread's connection."""

    def __init__(self, database: Database, *, views: SharedViews) -> None:
        """views: what was read a moment ago, for all threads."""
        self._database: Any = database
        self._views = views

    def run(self, query: Callable[[], object], *, context: contextvars.Context) -> object:
        """Return what the query returns.

        Raises: what the query raises, with StorageUnavailable in place of the database's faults.
        """
        try:
            try:
                return self._run_once(query, context)
            except _ConnectionDied:
                # Reading again harms nobody, and a connection that idled may just be old.
                return self._run_once(query, context)
        except _ConnectionDied as died:
            raise _unavailable(died.cause) from died
        except STORAGE_ERRORS as error:
            if is_our_fault(error):
                raise
            raise _unavailable(error) from error

    def close(self) -> None:
        """Close this thread's connection."""
        discard_connection(self._database)

    def _run_once(self, query: Callable[[], object], context: contextvars.Context) -> object:
        if self._database.connect(reuse_if_open=True) and is_sqlite(self._database):
            self._database.execute_sql("PRAGMA query_only = 1")
        try:
            begin_snapshot(self._database)
            # Peewee's own atomic() inside a query is then a savepoint, not a second BEGIN.
            self._database.push_transaction(self)
            try:
                context.run(share_views, self._views)
                return context.run(query)
            finally:
                self._database.rollback()
                self._database.pop_transaction()
                release_connection(self._database)
        except STORAGE_ERRORS as error:
            is_lost = is_connection_lost(self._database)
            discard_connection(self._database)
            if is_lost:
                raise _ConnectionDied(error) from error
            raise


class _ConnectionDied(Exception):
    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _unavailable(error: Exception) -> StorageUnavailable:
    log.warning("storage_unavailable", error=name_fault(error))
    return StorageUnavailable(
        "The database cannot be read now. Try again in a moment.", retry_after_s=1
    )
