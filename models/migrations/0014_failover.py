"""Where the tickets of stations are shown, and since when a screen can be seen."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE station_failover (
        station_id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        partner_id VARCHAR(36),
        patience_s INTEGER,
        shown_at_id VARCHAR(36),
        shown_since BIGINT,
        is_automatic BOOLEAN NOT NULL,
        returns_by_itself BOOLEAN NOT NULL,
        FOREIGN KEY (station_id) REFERENCES station (id),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (partner_id) REFERENCES station (id),
        FOREIGN KEY (shown_at_id) REFERENCES station (id),
        CONSTRAINT station_failover_elsewhere
            CHECK (partner_id <> station_id AND shown_at_id <> station_id),
        CONSTRAINT station_failover_partner CHECK ((partner_id IS NULL) = (patience_s IS NULL)),
        CONSTRAINT station_failover_patience CHECK (patience_s BETWEEN 15 AND 3600),
        CONSTRAINT station_failover_shown CHECK ((shown_at_id IS NULL) = (shown_since IS NULL))
    )
    """,
    "CREATE INDEX station_failover_cafe_id_shown_at_id ON station_failover (cafe_id, shown_at_id)",
    "ALTER TABLE station_screen ADD COLUMN visible_since BIGINT",
    "ALTER TABLE station_screen ADD COLUMN visible_at BIGINT",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the table and the columns."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
