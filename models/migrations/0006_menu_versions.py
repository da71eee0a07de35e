"""A version of each dish and option, so that two editors do not undo each other."""

from typing import Any

STATEMENTS = (
    """
    ALTER TABLE menu_item ADD COLUMN version INTEGER NOT NULL DEFAULT 1
        CONSTRAINT menu_item_version CHECK (version >= 1)
    """,
    """
    ALTER TABLE modifier ADD COLUMN version INTEGER NOT NULL DEFAULT 1
        CONSTRAINT modifier_version CHECK (version >= 1)
    """,
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Add the columns; what there is begins at 1."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
