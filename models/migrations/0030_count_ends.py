"""When a count of what is left ends by itself, and what of a menu ends next."""

from typing import Any

STATEMENTS = (
    "ALTER TABLE menu_item ADD COLUMN left_until BIGINT",
    "CREATE INDEX menu_item_left_until ON menu_item (left_until)",
    "CREATE INDEX menu_item_sold_out_until ON menu_item (sold_out_until)",
    "CREATE INDEX modifier_sold_out_until ON modifier (sold_out_until)",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Add the column: counts that are there stand until somebody changes them, as was said."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
