"""Rounds that the house holds, with tickets that the kitchen sees and does not make yet.

The words of a column are a CHECK: it is changed by making the table anew, which both databases do
alike. Receipts refer to tickets, so they are put aside first.
"""

from typing import Any

_HOLD = "round_id, kind, reason, owner, created_at, expires_at, cleared_at"
_TICKET = (
    "id, cafe_id, order_id, round_id, station_id, status, version, priority, is_recalled,"
    " moved_from, target_s, queued_at, started_at, completed_at, allergy_seen_at"
)
_RECEIPT = "cafe_id, ticket_id, painted_at, screen_key"
STATEMENTS = (
    "CREATE TABLE round_hold_before AS SELECT * FROM round_hold",
    "DROP TABLE round_hold",
    """
    CREATE TABLE round_hold (
        round_id VARCHAR(36) NOT NULL,
        kind VARCHAR(20) NOT NULL,
        reason VARCHAR(120) NOT NULL,
        owner VARCHAR(20) NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT,
        cleared_at BIGINT,
        PRIMARY KEY (round_id, kind),
        FOREIGN KEY (round_id) REFERENCES order_round (id),
        CONSTRAINT round_hold_kind
            CHECK (kind IN ('payment', 'approval', 'schedule', 'throttle', 'course'))
    )
    """,
    f"INSERT INTO round_hold ({_HOLD}) SELECT {_HOLD} FROM round_hold_before",  # noqa: S608
    "DROP TABLE round_hold_before",
    "CREATE INDEX round_hold_cleared_at_expires_at ON round_hold (cleared_at, expires_at)",
    "CREATE TABLE ticket_receipt_before AS SELECT * FROM ticket_receipt",
    "CREATE TABLE ticket_before AS SELECT * FROM ticket",
    "DROP TABLE ticket_receipt",
    "DROP TABLE ticket",
    """
    CREATE TABLE ticket (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        order_id VARCHAR(36) NOT NULL,
        round_id VARCHAR(36) NOT NULL,
        station_id VARCHAR(36) NOT NULL,
        status VARCHAR(20) NOT NULL,
        version INTEGER NOT NULL,
        priority VARCHAR(20) NOT NULL,
        is_recalled BOOLEAN NOT NULL,
        moved_from VARCHAR(60) NOT NULL,
        target_s INTEGER NOT NULL,
        queued_at BIGINT NOT NULL,
        started_at BIGINT,
        completed_at BIGINT,
        allergy_seen_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (order_id) REFERENCES orders (id),
        FOREIGN KEY (round_id) REFERENCES order_round (id),
        FOREIGN KEY (station_id) REFERENCES station (id),
        CONSTRAINT ticket_status
            CHECK (status IN ('held', 'received', 'started', 'completed', 'cancelled')),
        CONSTRAINT ticket_priority CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
        CONSTRAINT ticket_version CHECK (version >= 1),
        CONSTRAINT ticket_target CHECK (target_s > 0)
    )
    """,
    f"INSERT INTO ticket ({_TICKET}) SELECT {_TICKET} FROM ticket_before",  # noqa: S608
    "DROP TABLE ticket_before",
    "CREATE UNIQUE INDEX ticket_round_id_station_id ON ticket (round_id, station_id)",
    "CREATE INDEX ticket_order_id ON ticket (order_id)",
    "CREATE INDEX ticket_cafe_id_station_id_status_queued_at"
    " ON ticket (cafe_id, station_id, status, queued_at)",
    "CREATE INDEX ticket_cafe_id_station_id_completed_at"
    " ON ticket (cafe_id, station_id, completed_at)",
    "CREATE INDEX ticket_cafe_id_queued_at ON ticket (cafe_id, queued_at)",
    "CREATE INDEX ticket_open ON ticket (queued_at) WHERE status IN ('received', 'started')",
    """
    CREATE TABLE ticket_receipt (
        cafe_id VARCHAR(36) NOT NULL,
        ticket_id VARCHAR(36) NOT NULL,
        painted_at BIGINT NOT NULL,
        screen_key VARCHAR(36) NOT NULL,
        PRIMARY KEY (cafe_id, ticket_id),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (ticket_id) REFERENCES ticket (id)
    )
    """,
    f"INSERT INTO ticket_receipt ({_RECEIPT})"  # noqa: S608
    f" SELECT {_RECEIPT} FROM ticket_receipt_before",
    "DROP TABLE ticket_receipt_before",
    "CREATE INDEX ticket_receipt_painted_at ON ticket_receipt (painted_at)",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Make the tables anew, with what was in them."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
