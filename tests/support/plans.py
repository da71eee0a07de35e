"""Whether any statement reads a table from end to end: what a new cafe hides, an old one suffers.

`watch_plans(database)` notes the statements that the product really sends to a SQLite database and
has SQLite say how it would run each. tests/support/cafes.py holds every test of a service to it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from peewee import Database

from models.database import is_sqlite

# Tests count whole tables, and look into them without parameters; the product begins with a cafe.
_COUNTED_BY_TESTS = "SELECT COUNT(1) FROM (SELECT 1 FROM"
_EXPLAINED = ("SELECT", "UPDATE", "DELETE", "WITH")
_SCAN = re.compile(r"SCAN (?!(?:\d+ )?CONSTANT ROW|\()(\w+)")
# What a cafe's set-up fills and its service does not; and what a statement names with its own
# parameters.
_MAY_BE_SCANNED = frozenset(
    {"cafe", "station", "cafe_table", "tax_code", "menu_category", "wanted"}
)


@contextmanager
def watch_plans(database: Database) -> Iterator[None]:
    """Note what is sent, and fail at the end where a statement scans a table that grows."""
    if not is_sqlite(database):
        yield
        return
    statements: dict[str, Any] = {}
    kind: Any = type(database)
    send = kind.execute_sql

    def execute_sql(self: Any, sql: str, params: Any = None, *rest: Any, **options: Any) -> Any:
        is_of_product = bool(params) and not sql.startswith(_COUNTED_BY_TESTS)
        if is_of_product and sql.lstrip().startswith(_EXPLAINED):
            statements.setdefault(sql, params)
        return send(self, sql, params, *rest, **options)

    # Of the class: tests put their own in front of the object's.
    kind.execute_sql = execute_sql
    try:
        yield
    finally:
        kind.execute_sql = send
    with database.connection_context():
        found = {sql: _find_scans(database, sql, params) for sql, params in statements.items()}
    scans = {sql: steps for sql, steps in found.items() if steps}
    assert scans == {}, "\n".join(f"{steps}\n    {sql}" for sql, steps in scans.items())


def _find_scans(database: Database, sql: str, params: Any) -> list[str]:
    """List the steps of a statement's plan that read all of a table that grows."""
    rows = database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()
    return [
        step
        for *_, step in rows
        if (scan := _SCAN.match(step)) is not None and scan[1] not in _MAY_BE_SCANNED
    ]
