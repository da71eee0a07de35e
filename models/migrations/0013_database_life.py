"""Which life of which PostgreSQL server the logs were last written in; SQLite leaves it empty."""

from typing import Any

_TABLE = """
    CREATE TABLE database_life (
        id INTEGER NOT NULL PRIMARY KEY,
        system_id VARCHAR(20) NOT NULL,
        timeline VARCHAR(8) NOT NULL,
        CONSTRAINT database_life_id CHECK (id = 1)
    )
"""


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the table."""
    database.execute_sql(_TABLE)
