"""Where the guests of a ticket sat before they moved."""

from typing import Any

STATEMENTS = ("ALTER TABLE ticket ADD COLUMN moved_from VARCHAR(60) NOT NULL DEFAULT ''",)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Add the column."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
