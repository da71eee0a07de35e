"""Rounds that are made before others, allergies that a cook has read, and a kitchen that calls.

The list of kinds of notifications is a CHECK: it is changed by making its table anew, which both
databases do alike; nothing refers to a notification.
"""

from typing import Any

_COLUMNS = (
    "id, cafe_id, kind, cause_key, status, version, priority, title, message, audience, subject,"
    " since, patience_s, raised_at, escalates_at, expires_at, acknowledgements, resolved_at,"
    " resolution"
)
STATEMENTS = (
    "ALTER TABLE order_round ADD COLUMN rush_reason VARCHAR(120) NOT NULL DEFAULT ''",
    "ALTER TABLE ticket ADD COLUMN allergy_seen_at BIGINT",
    "CREATE TABLE notification_before AS SELECT * FROM notification",
    "DROP TABLE notification",
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
            'screen_offline', 'ticket_unseen', 'no_screen', 'kitchen_calls')),
        CONSTRAINT notification_status CHECK (status IN ('open', 'acknowledged', 'resolved')),
        CONSTRAINT notification_priority CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
        CONSTRAINT notification_version CHECK (version >= 1),
        CONSTRAINT notification_resolved CHECK ((resolved_at IS NULL) = (status <> 'resolved')),
        CONSTRAINT notification_resolution CHECK ((resolved_at IS NULL) = (resolution IS NULL))
    )
    """,
    f"INSERT INTO notification ({_COLUMNS}) SELECT {_COLUMNS} FROM notification_before",  # noqa: S608
    "DROP TABLE notification_before",
    "CREATE INDEX notification_cafe_id_cause_key_resolved_at"
    " ON notification (cafe_id, cause_key, resolved_at)",
    "CREATE INDEX notification_resolved_at ON notification (resolved_at)",
    "CREATE UNIQUE INDEX notification_cause ON notification (cafe_id, cause_key)"
    " WHERE resolved_at IS NULL",
    "CREATE INDEX notification_escalates_at ON notification (escalates_at)"
    " WHERE resolved_at IS NULL",
    "CREATE INDEX notification_expires_at ON notification (expires_at) WHERE resolved_at IS NULL",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Add the columns, and make the table anew."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
