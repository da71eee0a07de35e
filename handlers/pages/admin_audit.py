"""/admin/audit: who did what and when, newest first, in pages."""

from typing import Any

from domain.errors import NotFound
from domain.identifiers import is_id
from handlers.pages.management import ManagementPage
from services.audit import AuditSubject, read_audit
from services.cafes import read_cafe
from services.event_log import read_head

_PAGE_SIZE = 50


class AuditPage(ManagementPage):
    """?about: one of the subjects. ?before: the last fact of the page before."""

    permission = "read_audit"

    async def get(self) -> None:
        subject = self.get_query_argument("about", "")
        before_id = self.get_query_argument("before", None)
        if (subject and subject not in set(AuditSubject)) or (before_id and not is_id(before_id)):
            raise NotFound("There is no such page of the audit.")
        chosen = AuditSubject(subject) if subject else None
        found = await self.context.runner.read(
            _read_page, self.identity.cafe_id, before_id=before_id, subject=chosen
        )
        await self.show(
            "admin_audit",
            subjects=list(AuditSubject),
            subject=chosen,
            is_first=before_id is None,
            **found,
        )


def _read_page(
    cafe_id: str, *, before_id: str | None, subject: AuditSubject | None
) -> dict[str, Any]:
    return {
        "cafe": read_cafe(cafe_id),
        "position": read_head(cafe_id),
        "page": read_audit(cafe_id, limit=_PAGE_SIZE, before_id=before_id, subject=subject),
    }
