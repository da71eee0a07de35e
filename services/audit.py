"""Read back what units of work have audited. Writing is `unit.audit`; rows are never changed."""

from models.audit import AuditEntry


def list_entries(cafe_id: str, *, limit: int, before_id: str | None = None) -> list[AuditEntry]:
    """List a cafe's audit, newest first. before_id: the last one of the page before."""
    # Ids are UUIDv7: their order is the order of time.
    query = AuditEntry.select().where(AuditEntry.cafe_id == cafe_id)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return list(query.order_by(AuditEntry.id.desc()).limit(limit))
