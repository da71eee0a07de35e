"""What a sale at the counter is called by.

A frozen copy of models/orders.py as it was.
"""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE order_contact (
        order_id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        name VARCHAR(40) NOT NULL,
        initial VARCHAR(1) NOT NULL,
        revision INTEGER NOT NULL,
        expires_at BIGINT NOT NULL,
        FOREIGN KEY (order_id) REFERENCES orders (id),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT order_contact_revision CHECK (revision >= 1)
    )
    """,
    "CREATE INDEX order_contact_cafe_id_expires_at ON order_contact (cafe_id, expires_at)",
    "CREATE INDEX order_contact_expires_at ON order_contact (expires_at)",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the table."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
