"""The tests' own services: real databases, each test with its own."""

import contextlib
import sqlite3

import psycopg2
import pytest

from tests.support.services import MakeDatabase


def _run(url: str, *statements: str) -> list[tuple[object, ...]]:
    """Run statements on either database; return the rows of the last one."""
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    else:
        connection = psycopg2.connect(url)
    with contextlib.closing(connection):
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
        connection.commit()
        cursor.close()
    return rows


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_has_an_empty_database(database_url: str, attempt: int):
    """The same table can be made again and again."""
    rows = _run(
        database_url,
        "CREATE TABLE cup (size INTEGER)",
        "INSERT INTO cup VALUES (3)",
        "SELECT size FROM cup",
    )

    assert rows == [(3,)]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_copies_of_a_filled_database_do_not_see_each_other(kind: str, make_database: MakeDatabase):
    """The template is filled once, and each copy begins with its rows alone."""
    filled: list[str] = []

    def fill(url: str) -> None:
        filled.append(url)
        _run(url, "CREATE TABLE cup (size INTEGER)", "INSERT INTO cup VALUES (3)")

    first = make_database(kind, filled_by=fill)
    _run(first, "INSERT INTO cup VALUES (4)")
    second = make_database(kind, filled_by=fill)

    assert len(filled) == 1
    assert _run(first, "SELECT size FROM cup ORDER BY size") == [(3,), (4,)]
    assert _run(second, "SELECT size FROM cup") == [(3,)]
