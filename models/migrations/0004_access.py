"""A count of the changes of rights of each cafe, for open sockets on every process."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE access_count (
        cafe_id VARCHAR(36) NOT NULL PRIMARY KEY,
        seq BIGINT NOT NULL,
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT access_count_seq CHECK (seq >= 1)
    )
    """,
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the table."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
