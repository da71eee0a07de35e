"""How large a screen is, and how far away its cooks stand."""

from typing import Any

STATEMENTS = (
    """
    ALTER TABLE device ADD COLUMN diagonal_mm INTEGER
        CONSTRAINT device_diagonal CHECK (diagonal_mm IS NULL OR diagonal_mm > 0)
    """,
    """
    ALTER TABLE device ADD COLUMN distance_cm INTEGER
        CONSTRAINT device_distance CHECK (distance_cm IS NULL OR distance_cm > 0)
    """,
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Add the columns; nobody has said yet."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
