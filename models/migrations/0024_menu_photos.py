"""Photos of dishes.

A frozen copy of models/menu.py as it was.
"""

from typing import Any

from peewee import PostgresqlDatabase


def up(migrator: Any, database: Any) -> None:  # noqa: ARG001 - the runner's signature
    """Create the table; bytes have another name in each database."""
    blob = "BYTEA" if isinstance(database, PostgresqlDatabase) else "BLOB"
    database.execute_sql(
        f"""
        CREATE TABLE menu_photo (
            id VARCHAR(36) NOT NULL PRIMARY KEY,
            cafe_id VARCHAR(36) NOT NULL,
            menu_item_id VARCHAR(36) NOT NULL,
            small {blob} NOT NULL,
            large {blob} NOT NULL,
            FOREIGN KEY (cafe_id) REFERENCES cafe (id),
            FOREIGN KEY (menu_item_id) REFERENCES menu_item (id)
        )
        """
    )
    database.execute_sql("CREATE UNIQUE INDEX menu_photo_menu_item_id ON menu_photo (menu_item_id)")
    database.execute_sql("CREATE INDEX menu_photo_cafe_id ON menu_photo (cafe_id)")
