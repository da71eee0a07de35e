"""Security and business facts for those who ask later: who did what, when. Append-only."""

from typing import Any

from models.base import Table
from models.fields import id_field, json_field, reference_field, text_field, timestamp_field
from models.tenancy import Cafe


class AuditEntry(Table):
    """One fact. principal: who, as in `Identity.principal`, or "system". details: ids, no names."""

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    at = timestamp_field()
    kind = text_field(60)
    principal = text_field(60)
    details = json_field(dict[str, Any], default=dict)

    class Meta:
        table_name = "audit_entry"
        indexes = ((("cafe_id", "at"), False),)
