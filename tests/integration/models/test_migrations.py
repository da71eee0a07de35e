"""Migrations on real databases: one result, however many run, wherever one is killed."""

import multiprocessing
import shutil
from pathlib import Path

import peewee
import pytest

import models.migrations
from models.base import bind
from models.database import close_database, is_sqlite, open_database
from models.migrations import SchemaTooNew, migrate, pending
from models.schema import TABLES

OURS = Path(models.migrations.__file__).parent
FIRST = "0001_first_service"
ALL = sorted(path.stem for path in OURS.glob("[0-9]*.py"))
_SPAWN = multiprocessing.get_context("spawn")

DIES_HALF_WAY = """
import os

def up(migrator, database):
    database.execute_sql("CREATE TABLE first_half (id INTEGER)")
    os._exit(9)
"""
FAILS_HALF_WAY = DIES_HALF_WAY.replace("os._exit(9)", "raise RuntimeError")
WORKS = """
def up(migrator, database):
    database.execute_sql("CREATE TABLE first_half (id INTEGER)")
"""


@pytest.fixture
def database(database_url):
    """Open an empty database of either kind."""
    opened = open_database(database_url)
    yield opened
    close_database(opened)


@pytest.fixture
def directory(tmp_path):
    """Copy our migrations to where a test may add to them."""
    copied = tmp_path / "migrations"
    copied.mkdir()
    shutil.copy(OURS / f"{FIRST}.py", copied)
    return copied


def run_migrate(url: str, directory: Path, answers) -> None:
    """Migrate in a process of its own and report what was applied."""
    opened = open_database(url)
    try:
        answers.put(migrate(opened, directory=directory))
    finally:
        close_database(opened)


def describe_schema(database) -> dict[str, object]:
    """List columns, indexes, foreign keys and CHECKs of every table."""
    with database.connection_context():
        described: dict[str, object] = {}
        for table in sorted(database.get_tables()):
            described[f"{table} columns"] = {
                (column.name, column.null, column.primary_key)
                for column in database.get_columns(table)
            }
            described[f"{table} indexes"] = {
                (index.name, tuple(index.columns), index.unique, "WHERE" in (index.sql or ""))
                for index in database.get_indexes(table)
            }
            described[f"{table} references"] = {
                (key.column, key.dest_table, key.dest_column)
                for key in database.get_foreign_keys(table)
            }
            described[f"{table} checks"] = list_checks(database, table)
        return described


def list_checks(database, table: str) -> set[str]:
    """Return the CHECKs of a table as text without spaces and quotes."""
    if is_sqlite(database):
        ((text,),) = database.execute_sql(
            "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
        ).fetchall()
        parts = " ".join(text.split()).split("CONSTRAINT ")[1:]
        # A column that was added later has its CHECK in the middle: what follows is not of it.
        found = [part[: find_end(part)] for part in parts]
    else:
        found = [
            f"{name} {text}"
            for name, text in database.execute_sql(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE contype = 'c' AND conrelid = %s::regclass",
                (table,),
            ).fetchall()
        ]
    return {part.replace('"', "").replace(" ", "").rstrip(",)") for part in found}


def find_end(part: str) -> int:
    """Return where the parenthesis ends that a text opens first."""
    depth = 0
    for place, letter in enumerate(part):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == ")" and depth == 0:
            return place
    return len(part)


def test_migrations_make_the_schema_of_the_models(database, tmp_path, request):
    """The frozen text and the models are the same schema, CHECKs and partial indexes included."""
    migrate(database)
    migrated = describe_schema(database)

    if is_sqlite(database):
        url = f"sqlite:///{tmp_path / 'models.db'}"
    else:
        url = request.getfixturevalue("postgres_server").create_database()
    other = open_database(url)
    bind(other)
    with other.connection_context():
        other.create_tables(TABLES, safe=False)
    expected = describe_schema(other)
    close_database(other)

    assert {name: value for name, value in migrated.items() if "schema_migration" not in name} == (
        expected
    )
    assert len(expected) == 4 * len(TABLES)


def test_a_second_run_has_nothing_to_do(database):
    """Migrating is safe to repeat."""
    assert pending(database) == ALL
    assert migrate(database) == ALL
    assert migrate(database) == []
    assert pending(database) == []


def test_four_at_once_apply_each_migration_once(database_url, directory):
    """Processes that start together wait for each other."""
    answers = _SPAWN.Queue()
    runners = [
        _SPAWN.Process(target=run_migrate, args=(database_url, directory, answers))
        for _ in range(4)
    ]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()

    assert [runner.exitcode for runner in runners] == [0] * 4
    assert sorted(answers.get() for _ in runners) == [[], [], [], [FIRST]]


def test_a_killed_migration_leaves_the_old_schema(database, database_url, directory):
    """What was half done is gone, the lock too, and the next run completes."""
    migrate(database, directory=directory)
    close_database(database)
    second = directory / "0002_second.py"
    second.write_text(DIES_HALF_WAY)
    answers = _SPAWN.Queue()
    killed = _SPAWN.Process(target=run_migrate, args=(database_url, directory, answers))
    killed.start()
    killed.join()
    assert killed.exitcode == 9
    assert pending(database, directory=directory) == ["0002_second"]
    with database.connection_context():
        assert "first_half" not in database.get_tables()

    second.write_text(WORKS)

    assert migrate(database, directory=directory) == ["0002_second"]


def test_a_failing_migration_leaves_the_old_schema(database, directory):
    """An error in the middle is raised, and nothing of the migration stays."""
    (directory / "0002_second.py").write_text(FAILS_HALF_WAY)

    with pytest.raises(RuntimeError):
        migrate(database, directory=directory)

    assert pending(database, directory=directory) == ["0002_second"]
    with database.connection_context():
        assert "first_half" not in database.get_tables()


def test_a_newer_schema_is_refused(database, directory):
    """An older version must not work on tables that it does not know."""
    (directory / "0002_second.py").write_text(WORKS)
    migrate(database, directory=directory)

    with pytest.raises(SchemaTooNew, match="0002_second"):
        migrate(database)
    with pytest.raises(SchemaTooNew):
        pending(database)


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("cafe_head", "('{cafe}', '{cafe}', -1, '')"),
        ("station", "('{cafe}', '{cafe}', 'Bar', 'bar', 0, 0, NULL)"),
        ("cafe_table", "('{cafe}', '{cafe}', 1, '1', '', 2, 'guessable', NULL)"),
        ("tax_code", "('{cafe}', '{cafe}', 'A', 'A', 1000001)"),
        ("tax_code", "('{cafe}', 'no-such-cafe', 'A', 'A', 0)"),
    ],
)
def test_the_database_refuses_impossible_rows(database, table, values):
    """CHECKs and foreign keys hold without the code above them."""
    migrate(database)
    cafe = "c" * 36
    true = "1" if is_sqlite(database) else "true"
    with database.connection_context():
        database.execute_sql(
            f"INSERT INTO cafe VALUES ('{cafe}', 'Test', 'EUR', 2, 'UTC', 'en', {true},"
            f" 'per_line', 0, {true}, 20, 1, 0, NULL, {true}, '[]')"
        )

        with pytest.raises(peewee.IntegrityError):
            database.execute_sql(f"INSERT INTO {table} VALUES {values.format(cafe=cafe)}")
