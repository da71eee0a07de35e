"""/admin/audit: who did what and when, newest first, in pages, and as a file."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from tornado.iostream import StreamClosedError

from config.logging import get_logger
from domain.errors import InvalidMessage, NotFound, TableTapError
from domain.identifiers import is_id
from handlers.csv_rows import BYTE_ORDER_MARK, MEDIA_TYPE, encode_rows
from handlers.pages.management import ManagementPage
from services.audit import (
    KINDS,
    AuditFactView,
    AuditPage,
    AuditSubject,
    choose_kinds,
    read_audit,
)
from services.audit_search import GUESTS, SYSTEM, AuditSearch, find_day_range
from services.cafes import CafeRules, read_cafe
from services.devices import list_devices
from services.event_log import read_head
from services.people import list_staff

_PAGE_SIZE = 50
# A part is read and written in some 10 ms, and 200 KB of it wait for a slow reader.
_PART_SIZE = 1000
_LONGEST_TEXT = 80
_COLUMNS = (
    "time",
    "kind",
    "who",
    "principal",
    "table",
    "order",
    "about",
    "amount_minor",
    "currency",
    "reason",
    "details",
)

log = get_logger(__name__)


class AuditQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What stands behind the question mark, as it was asked. since, until: days like 2026-11-26."""

    about: str = ""
    kind: str = ""
    by: str = ""
    text: str = ""
    since: str = ""
    until: str = ""

    @property
    def subject(self) -> AuditSubject | None:
        return AuditSubject(self.about) if self.about else None

    @property
    def is_search(self) -> bool:
        return bool(self.kind or self.by or self.text or self.since or self.until)

    def build_address(self, path: str, **changes: str) -> str:
        """Build the address of the same question, but for what is given."""
        asked = msgspec.structs.asdict(self) | changes
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{path}?{query}" if query else path


class _AuditPages(ManagementPage):
    """What the list and the file have in common."""

    permission = "read_audit"

    def read_question(self) -> AuditQuestion:
        """Read what is asked. Raises: NotFound, InvalidMessage."""
        names = AuditQuestion.__struct_fields__
        question = AuditQuestion(**{name: self.get_query_argument(name, "") for name in names})
        if (
            (question.about and question.about not in set(AuditSubject))
            or (question.kind and question.kind not in frozenset().union(*KINDS.values()))
            or (question.by and question.by not in (GUESTS, SYSTEM) and not is_id(question.by))
        ):
            raise NotFound("There is no such page of the audit.")
        if len(question.text) > _LONGEST_TEXT:
            raise InvalidMessage(
                f"Search for {_LONGEST_TEXT} letters at most.", code="invalid_query"
            )
        return question


class AuditListPage(_AuditPages):
    """?before: the last fact of the page before; else as `AuditQuestion`."""

    async def get(self) -> None:
        before_id = self.get_query_argument("before", None)
        if before_id and not is_id(before_id):
            raise NotFound("There is no such page of the audit.")
        question = self.read_question()
        days = _read_days(question)
        found = await self.context.runner.read(
            _read_page,
            self.identity.cafe_id,
            before_id=before_id,
            question=question,
            days=days,
            now=self.context.now(),
        )
        await self.show(
            "admin_audit",
            subjects=list(AuditSubject),
            kinds=KINDS,
            question=question,
            is_first=before_id is None,
            **found,
        )


class AuditExportPage(_AuditPages):
    """The facts that fit, all of them, as a file; it is read and sent part by part."""

    permission = "export_audit"

    async def get(self) -> None:
        question, cafe_id = self.read_question(), self.identity.cafe_id
        cafe = await self.context.runner.read(read_cafe, cafe_id)
        search = _build_search(question, _read_days(question), cafe)
        name = f"audit-{cafe.find_business_date(self.context.now()).isoformat()}.csv"
        self.set_header("Content-Type", MEDIA_TYPE)
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        if self.request.method != "HEAD":
            await self._send(cafe_id, search)

    async def _send(self, cafe_id: str, search: AuditSearch) -> None:
        """Send the file. What happens meanwhile is newer than its first line, and not in it."""
        self.write(BYTE_ORDER_MARK + encode_rows([_COLUMNS]))
        before_id: str | None = None
        try:
            while True:
                part, before_id = await self.context.runner.read(
                    _read_part, cafe_id, search, before_id=before_id
                )
                self.write(part)
                await self.flush()
                if before_id is None:
                    return
        except StreamClosedError:
            return
        except TableTapError as error:
            if not self._headers_written:
                raise
            # A file that ends early must not look whole: the connection breaks instead.
            log.warning("export_cut", cafe_id=cafe_id, code=error.code)
            connection: Any = self.request.connection
            connection.close()


def _read_days(question: AuditQuestion) -> tuple[date | None, date | None]:
    try:
        since, until = (
            date.fromisoformat(day) if day else None for day in (question.since, question.until)
        )
    except ValueError as error:
        raise InvalidMessage("Write a day like 2026-11-26.", code="invalid_query") from error
    return since, until


def _build_search(
    question: AuditQuestion, days: tuple[date | None, date | None], cafe: CafeRules
) -> AuditSearch:
    since, until = find_day_range(*days, timezone=cafe.timezone)
    return AuditSearch(
        kinds=choose_kinds(question.subject, question.kind),
        by=question.by,
        text=question.text,
        since=since,
        until=until,
    )


def _read_page(
    cafe_id: str,
    *,
    before_id: str | None,
    question: AuditQuestion,
    days: tuple[date | None, date | None],
    now: datetime,
) -> dict[str, Any]:
    cafe = read_cafe(cafe_id)
    search = _build_search(question, days, cafe)
    return {
        "cafe": cafe,
        "position": read_head(cafe_id),
        "page": read_audit(cafe_id, limit=_PAGE_SIZE, before_id=before_id, search=search),
        "staff": list_staff(cafe_id, now=now),
        "screens": list_devices(cafe_id).devices,
    }


def _read_part(
    cafe_id: str, search: AuditSearch, *, before_id: str | None
) -> tuple[bytes, str | None]:
    page: AuditPage = read_audit(cafe_id, limit=_PART_SIZE, before_id=before_id, search=search)
    return encode_rows(_build_row(fact) for fact in page.facts), page.next_before_id


def _build_row(fact: AuditFactView) -> tuple[str | int | None, ...]:
    details = dict(fact.details)
    reason = details.pop("reason", "")
    return (
        fact.at.isoformat(),
        fact.kind,
        fact.who,
        fact.principal,
        fact.table,
        fact.order_number,
        fact.thing,
        fact.amount_minor,
        fact.currency if fact.amount_minor is not None else "",
        str(reason),
        msgspec.json.encode(details).decode(),
    )
