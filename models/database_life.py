"""The one row that tells a PostgreSQL server from the one before its failover or restore."""

from models.base import Table
from models.fields import check, integer_field, text_field


class DatabaseLife(Table):
    """system_id: of the cluster. timeline: of its write-ahead log; another is another history."""

    id = integer_field(primary_key=True)
    system_id = text_field(20)
    timeline = text_field(8)

    class Meta:
        table_name = "database_life"
        constraints = (check("database_life_id", "id = 1"),)
