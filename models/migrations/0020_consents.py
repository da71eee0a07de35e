"""Managers' consents by PIN.

A frozen copy of models/staff.py as it was.
"""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE consent (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        person_id VARCHAR(36) NOT NULL,
        asked_by VARCHAR(60) NOT NULL,
        act VARCHAR(40) NOT NULL,
        order_id VARCHAR(36) NOT NULL,
        given_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        used_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (person_id) REFERENCES person (id)
    )
    """,
    "CREATE INDEX consent_expires_at ON consent (expires_at)",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the table."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
