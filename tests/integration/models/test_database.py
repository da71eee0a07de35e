"""A database as it is opened: how it keeps what was acknowledged, and how rows get in."""

from datetime import UTC, datetime

import peewee
import pytest

from domain.identifiers import build_uuid7
from domain.taxes import TaxRounding
from models.audit import AuditEntry
from models.base import bind
from models.database import (
    begin_snapshot,
    close_database,
    count_connections,
    discard_connection,
    is_connection_lost,
    is_our_fault,
    is_sqlite,
    name_fault,
    open_database,
)
from models.migrations import migrate
from models.rows import fetch_rows, insert_rows
from models.tenancy import Cafe

NOW = datetime(2026, 11, 20, 12, 0, 0, 123_000, tzinfo=UTC)


def make_id(number: int) -> str:
    """Make the id of a number."""
    return build_uuid7(unix_ms=1, random_bits=number)


def build_cafe(number: int) -> dict[str, object]:
    """The fields of a cafe that have no default."""
    return {
        "id": make_id(number),
        "name": f"Café {number} %s ?",
        "currency": "EUR",
        "timezone": "UTC",
        "locale": "en",
        "created_at": NOW,
    }


@pytest.fixture
def database(database_url):
    """Open, migrate and bind a database of either kind, with a connection for this thread."""
    opened = open_database(database_url)
    migrate(opened)
    bind(opened)
    opened.connect()
    yield opened
    discard_connection(opened)
    close_database(opened)


def test_sqlite_keeps_what_it_acknowledged(sqlite_url):
    """A power cut after COMMIT must not lose an order; foreign keys hold."""
    opened = open_database(sqlite_url)
    assert isinstance(opened, peewee.SqliteDatabase)
    with opened.connection_context():
        settings = {
            name: opened.pragma(name)
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    # 2 is FULL.
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


def test_postgresql_bounds_every_wait(postgres_url):
    """Statements, locks and forgotten transactions end; an URL may say otherwise."""
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    opened = open_database(postgres_url)
    with opened.connection_context():
        found = [opened.execute_sql(f"SHOW {name}").fetchone()[0] for name in names]
    close_database(opened)
    assert found == ["5s", "3s", "10s"]

    named = open_database(f"{postgres_url}?application_name=report")
    with named.connection_context():
        assert named.execute_sql("SHOW application_name").fetchone()[0] == "report"
    close_database(named)


def test_rows_go_in_with_their_defaults(database):
    """What all rows leave out gets its default or null; values come back as they were."""
    insert_rows(Cafe, [build_cafe(number) for number in range(3)])

    rows = list(Cafe.select().order_by(Cafe.id))
    assert [row.name for row in rows] == [f"Café {number} %s ?" for number in range(3)]
    assert {row.tax_rounding for row in rows} == {TaxRounding.PER_DOCUMENT}
    assert {row.created_at for row in rows} == {NOW}
    assert {row.closed_at for row in rows} == {None}
    assert {row.prices_include_tax for row in rows} == {True}


def test_more_rows_than_a_statement_takes_are_all_there(database):
    """Large numbers of rows are several statements."""
    insert_rows(Cafe, [build_cafe(0)])
    entries = [
        {
            "id": make_id(number),
            "cafe_id": make_id(0),
            "at": NOW,
            "kind": "test",
            "principal": "system",
            "details": {"number": number},
            "seq": number,
            "salt": "",
            "digest": "",
            "hash": "",
        }
        for number in range(6000)
    ]

    insert_rows(AuditEntry, entries)
    insert_rows(AuditEntry, [])

    assert AuditEntry.select().count() == 6000
    assert AuditEntry.get_by_id(make_id(5999)).details == {"number": 5999}


def test_rows_that_break_a_rule_are_refused(database):
    """The constraint's error is Peewee's, whichever way the rows came."""
    insert_rows(Cafe, [build_cafe(1)])

    with pytest.raises(peewee.IntegrityError):
        insert_rows(Cafe, [build_cafe(2), build_cafe(1)])

    assert fetch_rows("SELECT id FROM cafe WHERE id = ?", (make_id(2),)) == []


def test_a_snapshot_cannot_write(database):
    """PostgreSQL refuses by the transaction; SQLite by the reader's own setting."""
    if is_sqlite(database):
        database.execute_sql("PRAGMA query_only = 1")
    begin_snapshot(database)

    with pytest.raises(peewee.PeeweeException):
        insert_rows(Cafe, [build_cafe(1)])

    database.rollback()


def test_a_discarded_connection_is_gone_whatever_state_it_was_in(database):
    """The next one is new, and what was open is undone."""
    with pytest.raises(ZeroDivisionError), database.atomic():
        raise ZeroDivisionError
    database.begin()
    database.push_transaction(object())
    insert_rows(Cafe, [build_cafe(1)])

    discard_connection(database)
    discard_connection(database)

    assert is_connection_lost(database)
    database.connect()
    assert not is_connection_lost(database)
    assert Cafe.select().count() == 0


def test_faults_are_told_apart(database):
    """Wrong SQL is ours, a constraint has its name; the log says what the database calls it."""
    with pytest.raises(peewee.DatabaseError) as wrong:
        database.execute_sql("SELECT number FROM nowhere")
    with pytest.raises(peewee.IntegrityError) as broken:
        insert_rows(Cafe, [{**build_cafe(1), "grace_s": -1}])

    assert is_our_fault(wrong.value) is is_sqlite(database)
    assert not is_our_fault(broken.value)
    expected = (
        ["SQLITE_ERROR", "SQLITE_CONSTRAINT_CHECK"] if is_sqlite(database) else ["42P01", "23514"]
    )
    assert [name_fault(wrong.value), name_fault(broken.value)] == expected
    assert name_fault(ValueError()) == "ValueError"


def test_the_pool_says_how_many_connections_are_used(database):
    """Of PostgreSQL; SQLite's belong to their threads."""
    has_pool = not is_sqlite(database)
    with database.connection_context():
        used = count_connections(database)

    assert used == ({"in_use": 1, "idle": 0} if has_pool else {})
    assert count_connections(database) == ({"in_use": 0, "idle": 1} if has_pool else {})
