"""What every table shares: the database that is bound at start, and explicit table names."""

from peewee import Database, DatabaseProxy, Model

# Bound once by `bind`; tests bind it anew for each database they open.
database_proxy = DatabaseProxy()


class Table(Model):
    """Base of all tables. Ids are given by the caller, so a new row needs `create`."""

    class Meta:
        database = database_proxy
        legacy_table_names = False


def bind(database: Database) -> None:
    """Let all tables speak to this database."""
    database_proxy.initialize(database)
