"""Backups of a SQLite database, and the way back (spec M2). The command line calls it.

A backup may be made while a server serves; a restore needs the database for itself. What was
restored is another life of each cafe's log: its `epoch` is new, so that every client whose position
is of the life before reloads once in place of mixing two histories (spec G2).
"""

import os
from contextlib import ExitStack
from pathlib import Path

import peewee

from composition.identifiers import new_id
from composition.storage import StartRefused, hold_only_server, migrate_database
from models.base import bind
from models.database import STORAGE_ERRORS, close_database, is_sqlite, open_database, sqlite_path
from models.sqlite_copy import CopyFailed, copy_database, flush_file, remove_database
from services.event_log import renew_epochs

_POSTGRES_WAY = (
    "This is a PostgreSQL database: make backups with pg_dump or a base backup. After pg_restore "
    "into the same server run `python tabletap.py renew-epoch`."
)


def back_up(database: peewee.Database, target: Path) -> None:
    """Copy the database into a new file. Raises: StartRefused."""
    source = _find_file(database)
    if target.exists():
        raise StartRefused(f"{target} is there already. Name a file that is not.")
    if not source.exists():
        raise StartRefused(f"There is no database at {source} yet.")
    part = target.with_name(target.name + ".part")
    try:
        copy_database(source, part)
        flush_file(part)
        # Fails where somebody was faster, and never replaces what is there.
        os.link(part, target)
        flush_file(target)
    except (CopyFailed, OSError) as error:
        raise StartRefused(f"No backup was made. {error}") from error
    finally:
        remove_database(part)


def restore(database: peewee.Database, backup: Path) -> Path | None:
    """Put a backup in the place of the database, as a new life of each log.

    Return where the database of before is kept now, None where there was none.
    Raises: StartRefused, with the database as it was.
    """
    target = _find_file(database)
    if not backup.is_file():
        raise StartRefused(f"There is no file {backup}.")
    part = target.with_name(target.name + ".restoring")
    kept = target.with_name(target.name + ".before-restore")
    with ExitStack() as stack:
        hold_only_server(database, stack)
        stack.callback(remove_database, part)
        try:
            remove_database(part)
            copy_database(backup, part)
            _begin_new_life(part)
            had_one = target.exists()
            if had_one:
                remove_database(kept)
                copy_database(target, kept)
            # One transaction of the database itself: a crash leaves either of the two.
            copy_database(part, target)
        except CopyFailed as error:
            raise StartRefused(f"Nothing was restored. {error}") from error
    bind(database)
    return kept if had_one else None


def renew_epoch(database: peewee.Database) -> int:
    """Begin a new life of every cafe's log, after PostgreSQL was restored or failed over.

    Servers may be running: they notice within two seconds. Return how many logs there are.
    Raises: StartRefused where a server holds a SQLite file.
    """
    with ExitStack() as stack:
        hold_only_server(database, stack)
        with database.connection_context(), database.atomic():
            return renew_epochs(new_id)


def _begin_new_life(path: Path) -> None:
    """Make a copied database one of this version, with new epochs."""
    copy = open_database(f"sqlite:///{path.absolute()}")
    bind(copy)
    try:
        with copy.connection_context():
            if not copy.table_exists("cafe_head"):
                raise StartRefused("This file is no backup of TableTap. Nothing was restored.")
        migrate_database(copy)
        with copy.connection_context(), copy.atomic():
            renew_epochs(new_id)
    except STORAGE_ERRORS as error:
        raise StartRefused(f"The backup cannot be used: {error}. Nothing was restored.") from error
    finally:
        close_database(copy)


def _find_file(database: peewee.Database) -> Path:
    if not is_sqlite(database):
        raise StartRefused(_POSTGRES_WAY)
    return sqlite_path(database)
