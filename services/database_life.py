"""Notices that PostgreSQL goes on with another history, and begins new epochs then (spec G2).

A standby that was promoted, a backup that was restored to a point in time and a dump that was put
into another server have another timeline or another system identifier than the one row here says.
Whoever changes that row first renews the epochs, in the same transaction. SQLite has no such thing:
`restore` is the only way back there.
"""

from typing import NamedTuple

import msgspec

from domain.identifiers import NewId
from models.rows import fetch_rows
from services.event_log import renew_epochs
from services.unit_of_work import UnitOfWork

# The name of the log's file begins with the timeline, from the moment of a promotion on; the
# control file says it minutes later. A server in recovery writes none.
_QUERY = """
SELECT system_identifier::text, CASE WHEN pg_is_in_recovery() THEN NULL
    ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END
FROM pg_control_system()
"""
_FIRST = (
    "INSERT INTO database_life (id, system_id, timeline) VALUES (1, ?, ?)"
    " ON CONFLICT (id) DO NOTHING RETURNING id"
)
_CLAIM = (
    "UPDATE database_life SET system_id = ?, timeline = ?"
    " WHERE id = 1 AND (system_id <> ? OR timeline <> ?) RETURNING id"
)


class Life(NamedTuple):
    """Which server, and which of its histories."""

    system_id: str
    timeline: str


class NoteLife(msgspec.Struct, frozen=True, kw_only=True):
    """Sent by whoever sees a life that it has not noted."""


class LifeNoted(msgspec.Struct, frozen=True, kw_only=True):
    """renewed: how many logs go on under a new epoch; 0 where this life was known."""

    renewed: int


def read_life() -> Life | None:
    """Ask PostgreSQL which life this is; None while it is in recovery.

    Raises: peewee.ProgrammingError where the user may not ask.
    """
    ((system_id, timeline),) = fetch_rows(_QUERY)
    return None if timeline is None else Life(system_id, timeline)


def renew_if_changed(new_id: NewId) -> int:
    """Renew all epochs if this is another life than the one that was noted; return how many.

    For a transaction that can write; of several at once one renews. The first life that is ever
    noted renews nothing.
    """
    life = read_life()
    if life is None or fetch_rows(_FIRST, life):
        return 0
    return renew_epochs(new_id) if fetch_rows(_CLAIM, (*life, *life)) else 0


def note_life(unit: UnitOfWork, _: NoteLife) -> LifeNoted:
    """Do it beside everything else that is written."""
    return LifeNoted(renewed=renew_if_changed(unit.new_id))
