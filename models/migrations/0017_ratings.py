"""What guests thought of it, one word of each phone of a seating."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE rating (
        lane_id VARCHAR(36) NOT NULL PRIMARY KEY,
        cafe_id VARCHAR(36) NOT NULL,
        stars INTEGER NOT NULL,
        word VARCHAR(200) NOT NULL,
        rated_at BIGINT NOT NULL,
        FOREIGN KEY (lane_id) REFERENCES lane (id),
        FOREIGN KEY (cafe_id) REFERENCES cafe (id),
        CONSTRAINT rating_stars CHECK (stars BETWEEN 1 AND 5)
    )
    """,
    "CREATE INDEX rating_cafe_id_rated_at ON rating (cafe_id, rated_at)",
)


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the table."""
    for statement in STATEMENTS:
        database.execute_sql(statement)
