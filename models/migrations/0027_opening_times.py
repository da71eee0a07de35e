"""When a cafe opens on each day of the week."""

from typing import Any

STATEMENTS = ("ALTER TABLE cafe ADD COLUMN opens_at TEXT NOT NULL DEFAULT '[]'",)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Add the column; nobody has said yet."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
