"""PINs of people on paired screens, wrong ones in a row, and which screen a sign-in belongs to."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE person_pin (
        cafe_id VARCHAR(36) NOT NULL,
        person_id VARCHAR(36) NOT NULL,
        pin_hash VARCHAR(255) NOT NULL,
        changed_at BIGINT NOT NULL,
        PRIMARY KEY (cafe_id, person_id),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (person_id) REFERENCES person (id)
    )
    """,
    """
    CREATE TABLE pin_failure (
        device_id VARCHAR(36) NOT NULL,
        person_id VARCHAR(36) NOT NULL,
        cafe_id VARCHAR(36) NOT NULL,
        count INTEGER NOT NULL,
        last_at BIGINT NOT NULL,
        PRIMARY KEY (device_id, person_id),
        FOREIGN KEY (device_id) REFERENCES device (id),
        FOREIGN KEY (person_id) REFERENCES person (id),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT pin_failure_count CHECK (count >= 1)
    )
    """,
    "ALTER TABLE sign_in ADD COLUMN device_id VARCHAR(36) REFERENCES device (id)",
    "CREATE INDEX sign_in_device_id ON sign_in (device_id)",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the tables and the column."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
