"""How many units of a dish are left to sell."""

from typing import Any

STATEMENTS = (
    """
    ALTER TABLE menu_item ADD COLUMN left_count INTEGER
        CONSTRAINT menu_item_left CHECK (left_count IS NULL OR left_count >= 0)
    """,
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Add the column; nothing is counted yet."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
