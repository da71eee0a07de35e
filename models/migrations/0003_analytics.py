"""Leases of jobs, each cafe's last figures, and the indexes from which figures are counted.

A frozen copy of models/analytics.py and of three indexes as they were, CHECKs included.
"""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE job_lease (
        job VARCHAR(40) NOT NULL,
        cafe_id VARCHAR(36) NOT NULL,
        last_run_at BIGINT NOT NULL,
        PRIMARY KEY (job, cafe_id),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id)
    )
    """,
    """
    CREATE TABLE analytics (
        cafe_id VARCHAR(36) NOT NULL PRIMARY KEY,
        version BIGINT NOT NULL,
        at BIGINT NOT NULL,
        body TEXT NOT NULL,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT analytics_version CHECK (version >= 1)
    )
    """,
    "CREATE INDEX orders_cafe_id_completed_at ON orders (cafe_id, completed_at)",
    "CREATE INDEX ticket_cafe_id_queued_at ON ticket (cafe_id, queued_at)",
    "CREATE INDEX event_log_people ON event_log (cafe_id, at, user_id) WHERE user_id IS NOT NULL",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the tables and indexes."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
