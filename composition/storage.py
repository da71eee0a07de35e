"""The database of a process: opened, migrated, and held against a second server on one file."""

import fcntl
from contextlib import ExitStack
from typing import IO

import peewee

from config.settings import Settings, SettingsError
from models.base import bind
from models.database import is_sqlite, open_database, sqlite_path
from models.migrations import SchemaTooNew, migrate


class StartRefused(Exception):
    """The process cannot run as it was asked to; the message says what to do."""


def open_product_database(settings: Settings) -> peewee.Database:
    """Open the database of the settings and bind the tables to it; no connection is made yet.

    Raises: SettingsError where the data folder cannot be made.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            [f"TABLETAP_DATA_DIR: {settings.data_dir} cannot be made: {error.strerror}."]
        ) from error
    database = open_database(
        settings.database_url,
        pool_size=settings.database_pool_size,
        connect_timeout_s=settings.database_connect_timeout_s,
    )
    bind(database)
    return database


def migrate_database(database: peewee.Database) -> list[str]:
    """Bring the schema up to date. Raises: StartRefused where that is not ours to do."""
    try:
        return migrate(database)
    except SchemaTooNew as error:
        raise StartRefused(str(error)) from error


def hold_only_server(database: peewee.Database, stack: ExitStack) -> None:
    """Make sure that no other process serves this SQLite file; PostgreSQL takes several.

    Raises: StartRefused.
    """
    if not is_sqlite(database):
        return
    path = sqlite_path(database)
    handle: IO[str] = stack.enter_context(path.with_name(path.name + ".serve-lock").open("w"))
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StartRefused(
            f"Another process already serves {path}. SQLite has one server: stop that one first, "
            "or use PostgreSQL for several."
        ) from None
