"""Copies of a SQLite database by its own backup API: whole, of one moment, while others write."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote


class CopyFailed(Exception):
    """A file could not be copied; the message says which and why."""


def copy_database(source: Path, target: Path) -> None:
    """Copy a database into another, which then holds all of it or, after a failure, what it held.

    A target that is not there is made for its owner alone. Raises: CopyFailed.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_RDWR, 0o600))
        origin = sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True)
        # All pages in one step: with a log beside the file nobody waits for that, and a copy in
        # steps would begin anew with every commit.
        with closing(origin), closing(sqlite3.connect(target)) as copy:
            origin.backup(copy)
            (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except (sqlite3.Error, OSError) as error:
        raise CopyFailed(f"{source} cannot be copied to {target}: {error}.") from error
    if verdict != "ok":
        raise CopyFailed(f"{source} is damaged: {verdict}.")


def remove_database(path: Path) -> None:
    """Remove a database's file and what stands beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def flush_file(path: Path) -> None:
    """Have a file and its place in its folder on the disk."""
    for each in (path, path.parent):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
