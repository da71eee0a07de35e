"""Read back what units of work have audited. Writing is `unit.audit`; rows are never changed."""

import msgspec

from models.audit import AuditEntry
from services.unit_of_work import UnitOfWork


class NotedFact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened outside of any operation, such as a refusal."""

    kind: str
    details: dict[str, str | int]


def note_fact(unit: UnitOfWork, fact: NotedFact) -> None:
    """Keep a fact that no operation of its own has."""
    unit.audit(fact.kind, **fact.details)


def list_entries(cafe_id: str, *, limit: int, before_id: str | None = None) -> list[AuditEntry]:
    """List a cafe's audit, newest first. before_id: the last one of the page before."""
    # Ids are UUIDv7: their order is the order of time.
    query = AuditEntry.select().where(AuditEntry.cafe_id == cafe_id)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return list(query.order_by(AuditEntry.id.desc()).limit(limit))
