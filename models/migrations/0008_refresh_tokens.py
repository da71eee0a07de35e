"""Refresh tokens of programs, and what each sign-in was begun with.

A frozen copy of models/staff.py as it was, CHECKs included.
"""

from typing import Any

STATEMENTS = (
    "ALTER TABLE sign_in ADD COLUMN client VARCHAR(60) NOT NULL DEFAULT ''",
    """
    CREATE TABLE refresh_token (
        token_hash VARCHAR(64) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        sign_in_id VARCHAR(36) NOT NULL,
        created_at BIGINT NOT NULL,
        rotated_at BIGINT,
        rotated_by VARCHAR(64),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (sign_in_id) REFERENCES sign_in (id),
        CONSTRAINT refresh_token_rotated CHECK ((rotated_at IS NULL) = (rotated_by IS NULL))
    )
    """,
    "CREATE INDEX refresh_token_sign_in_id ON refresh_token (sign_in_id)",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Add the column, create the table."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
