"""Notifications, the screens that are looked for, and the index of what is in the kitchen now.

A frozen copy of models/notifications.py and of one index as they were, CHECKs included.
"""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE notification (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        kind VARCHAR(20) NOT NULL,
        cause_key VARCHAR(80) NOT NULL,
        status VARCHAR(20) NOT NULL,
        version INTEGER NOT NULL,
        priority VARCHAR(20) NOT NULL,
        title VARCHAR(160) NOT NULL,
        message VARCHAR(500) NOT NULL,
        audience TEXT NOT NULL,
        subject TEXT NOT NULL,
        since BIGINT NOT NULL,
        patience_s INTEGER,
        raised_at BIGINT NOT NULL,
        escalates_at BIGINT,
        expires_at BIGINT NOT NULL,
        acknowledgements TEXT NOT NULL,
        resolved_at BIGINT,
        resolution VARCHAR(20),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT notification_kind
            CHECK (kind IN ('notice', 'late_ticket', 'payment_failed', 'table_called',
            'screen_offline')),
        CONSTRAINT notification_status CHECK (status IN ('open', 'acknowledged', 'resolved')),
        CONSTRAINT notification_priority CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
        CONSTRAINT notification_version CHECK (version >= 1),
        CONSTRAINT notification_resolved CHECK ((resolved_at IS NULL) = (status <> 'resolved')),
        CONSTRAINT notification_resolution CHECK ((resolved_at IS NULL) = (resolution IS NULL))
    )
    """,
    "CREATE INDEX notification_cafe_id_cause_key_resolved_at"
    " ON notification (cafe_id, cause_key, resolved_at)",
    "CREATE INDEX notification_resolved_at ON notification (resolved_at)",
    "CREATE UNIQUE INDEX notification_cause ON notification (cafe_id, cause_key)"
    " WHERE resolved_at IS NULL",
    "CREATE INDEX notification_escalates_at ON notification (escalates_at)"
    " WHERE resolved_at IS NULL",
    "CREATE INDEX notification_expires_at ON notification (expires_at) WHERE resolved_at IS NULL",
    """
    CREATE TABLE screen (
        cafe_id VARCHAR(36) NOT NULL,
        place VARCHAR(60) NOT NULL,
        station_id VARCHAR(36),
        last_seen_at BIGINT NOT NULL,
        left_at BIGINT,
        PRIMARY KEY (cafe_id, place),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (station_id) REFERENCES station (id)
    )
    """,
    "CREATE INDEX screen_last_seen_at ON screen (last_seen_at)",
    "CREATE INDEX ticket_open ON ticket (queued_at) WHERE status IN ('received', 'started')",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the tables and indexes."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
