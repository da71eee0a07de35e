"""Who did what, and when: for managers and owners."""

from datetime import date
from typing import Annotated, Any

import msgspec

from domain.commands import Id
from handlers.api.route import Answer, ApiRequest, Query, Route, encode_answer
from services.audit import AuditPage, AuditSubject, choose_kinds, read_audit, to_camel_case
from services.audit_search import AuditSearch, find_day_range
from services.cafes import read_cafe

# No control characters: no database takes a NUL in a text.
_Text = Annotated[str, msgspec.Meta(max_length=80, pattern=r"^[^\x00-\x1f]*$")]
_By = Annotated[str, msgspec.Meta(pattern="^(guests|system|[0-9a-f-]{36})$")]


class AuditQuery(Query, frozen=True):
    """Everything by default, else what fits everything given, in pages.

    by: `guests`, `system`, or the id of a person or a screen. text: part of a name, a reason, an
    address or a kind's words, or an order's number. since, until: days of the cafe; both count.
    before: the last fact of the page before, its `nextBeforeId`.
    """

    about: AuditSubject | None = None
    kind: Annotated[str, msgspec.Meta(max_length=60, pattern="^[a-z_]*$")] = ""
    by: _By | None = None
    text: _Text = ""
    since: date | None = None
    until: date | None = None
    before: Id | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


async def _read(request: ApiRequest) -> Answer:
    return encode_answer(
        await request.context.runner.read(_read_page, request.identity.cafe_id, request.query)
    )


def _read_page(cafe_id: str, query: AuditQuery) -> AuditPage:
    timezone = read_cafe(cafe_id).timezone
    since, until = find_day_range(query.since, query.until, timezone=timezone)
    search = AuditSearch(
        kinds=choose_kinds(query.about, query.kind),
        by=query.by or "",
        text=query.text.strip(),
        since=since,
        until=until,
    )
    page = read_audit(cafe_id, limit=query.limit, before_id=query.before, search=search)
    facts = [
        msgspec.structs.replace(fact, details=_write_as_json(fact.details)) for fact in page.facts
    ]
    return msgspec.structs.replace(page, facts=facts)


def _write_as_json(details: Any) -> Any:
    """Write names as the API does; the rows are chained and stay as they were written."""
    if isinstance(details, dict):
        return {to_camel_case(name): _write_as_json(value) for name, value in details.items()}
    if isinstance(details, list):
        return [_write_as_json(value) for value in details]
    return details


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/audit",
        operation="readAudit",
        summary="Read who did what and when, newest first.",
        tag="Audit",
        permission="read_audit",
        query=AuditQuery,
        response=AuditPage,
        call=_read,
    ),
)
