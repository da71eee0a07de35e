"""When people worked.

A frozen copy of models/staff.py as it was.
"""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE shift (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        person_id VARCHAR(36) NOT NULL,
        started_at BIGINT NOT NULL,
        ended_at BIGINT,
        ended_by_id VARCHAR(36),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (person_id) REFERENCES person (id),
        FOREIGN KEY (ended_by_id) REFERENCES person (id),
        CONSTRAINT shift_times CHECK (ended_at IS NULL OR ended_at >= started_at)
    )
    """,
    "CREATE INDEX shift_cafe_id_started_at ON shift (cafe_id, started_at)",
    "CREATE UNIQUE INDEX shift_open ON shift (cafe_id, person_id) WHERE ended_at IS NULL",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the table."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
