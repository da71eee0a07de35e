"""Which stations' dishes guests cannot order for a while, and from how much work on by itself."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE station_pause (
        station_id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        cause VARCHAR(20),
        since BIGINT,
        ends_at BIGINT,
        from_prep_s INTEGER NOT NULL,
        reason VARCHAR(120) NOT NULL,
        load_minutes INTEGER,
        limit_minutes INTEGER,
        rests_until BIGINT,
        FOREIGN KEY (station_id) REFERENCES station (id),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT station_pause_cause CHECK (cause IN ('by_hand', 'load')),
        CONSTRAINT station_pause_since CHECK ((cause IS NULL) = (since IS NULL)),
        CONSTRAINT station_pause_end CHECK (ends_at IS NULL OR ends_at > since),
        CONSTRAINT station_pause_prep CHECK (from_prep_s >= 0),
        CONSTRAINT station_pause_limit CHECK (limit_minutes BETWEEN 1 AND 240)
    )
    """,
    "CREATE INDEX station_pause_cafe_id ON station_pause (cafe_id)",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the table; nothing is paused."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
