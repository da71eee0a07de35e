"""Paired screens: pairings that wait, secrets of devices, and where a device was paired from."""

from typing import Any

STATEMENTS = (
    "ALTER TABLE device ADD COLUMN address VARCHAR(45) NOT NULL DEFAULT ''",
    "ALTER TABLE device ADD COLUMN browser VARCHAR(60) NOT NULL DEFAULT ''",
    """
    CREATE TABLE pairing (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        user_code VARCHAR(8) NOT NULL,
        poll_hash VARCHAR(64) NOT NULL,
        address VARCHAR(45) NOT NULL,
        browser VARCHAR(60) NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        polled_at BIGINT,
        device_id VARCHAR(36),
        claimed_at BIGINT,
        FOREIGN KEY (device_id) REFERENCES device (id),
        CONSTRAINT pairing_claimed CHECK (claimed_at IS NULL OR device_id IS NOT NULL)
    )
    """,
    "CREATE UNIQUE INDEX pairing_user_code ON pairing (user_code)",
    "CREATE UNIQUE INDEX pairing_poll_hash ON pairing (poll_hash)",
    "CREATE INDEX pairing_expires_at ON pairing (expires_at)",
    "CREATE INDEX pairing_address ON pairing (address)",
    """
    CREATE TABLE device_credential (
        secret_hash VARCHAR(64) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        device_id VARCHAR(36) NOT NULL,
        created_at BIGINT NOT NULL,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (device_id) REFERENCES device (id)
    )
    """,
    "CREATE INDEX device_credential_device_id ON device_credential (device_id)",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Add the columns and the tables."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
