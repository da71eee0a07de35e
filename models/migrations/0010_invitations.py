"""Invitations of people to work in a cafe.

A frozen copy of models/staff.py as it was.
"""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE invitation (
        id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        code_hash VARCHAR(64) NOT NULL,
        personal_data_id VARCHAR(36) NOT NULL,
        roles TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        ended_at BIGINT,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        FOREIGN KEY (personal_data_id) REFERENCES personal_data (id)
    )
    """,
    "CREATE UNIQUE INDEX invitation_code_hash ON invitation (code_hash)",
    "CREATE INDEX invitation_cafe_id ON invitation (cafe_id)",
    "CREATE INDEX invitation_personal_data_id ON invitation (personal_data_id)",
    "CREATE INDEX invitation_expires_at ON invitation (expires_at)",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the table."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
