"""Whether the kitchen waits while a guest may still take a round back."""

from typing import Any

STATEMENTS = ("ALTER TABLE cafe ADD COLUMN holds_in_grace BOOLEAN NOT NULL DEFAULT TRUE",)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Add the column; cafes that are there wait from now on."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
