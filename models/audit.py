"""Security and business facts for those who ask later: who did what, when. Append-only."""

from typing import Any

from peewee import CompositeKey

from models.base import Table
from models.fields import (
    big_integer_field,
    business_date_field,
    check,
    id_field,
    json_field,
    reference_field,
    text_field,
    timestamp_field,
)
from models.tenancy import Cafe


class AuditEntry(Table):
    """One fact. principal: who, as in `Identity.principal`, or "system". details: ids, no names.

    seq, salt, digest, hash: its link of the cafe's chain (domain/audit_chain.py). A fact whose
    details were erased has no salt.
    """

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    at = timestamp_field()
    kind = text_field(60)
    principal = text_field(60)
    details = json_field(dict[str, Any], default=dict)
    seq = big_integer_field()
    salt = text_field(32)
    digest = text_field(64)
    hash = text_field(64)

    class Meta:
        table_name = "audit_entry"
        indexes = ((("cafe_id", "at"), False), (("cafe_id", "seq"), True))


class AuditHead(Table):
    """Where a cafe's chain ends. Its row is locked before the log's head, and late as that one."""

    cafe_id = reference_field(Cafe, primary_key=True)
    seq = big_integer_field()
    hash = text_field(64)

    class Meta:
        table_name = "audit_head"
        constraints = (check("audit_head_seq", "seq >= 0"),)


class AuditSeal(Table):
    """Where a chain stood at the last seal of a day. mac: by a key that no database holds."""

    cafe_id = reference_field(Cafe)
    day = business_date_field()
    seq = big_integer_field()
    hash = text_field(64)
    at = timestamp_field()
    mac = text_field(64)

    class Meta:
        table_name = "audit_seal"
        primary_key = CompositeKey("cafe_id", "day")
