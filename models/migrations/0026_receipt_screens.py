"""Which screen was the first that showed a ticket."""

from typing import Any

STATEMENTS = ("ALTER TABLE ticket_receipt ADD COLUMN screen_key VARCHAR(36) NOT NULL DEFAULT ''",)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Add the column; of earlier receipts nobody knows."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
