"""Notifications as rows: one per cause that stands, moved by people and the clock, told in the log.

`raise_notification` and `end_cause` are for the services that know of causes; the commands and
the reading are for everybody whom a notification is for. To anybody else it looks like none.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import msgspec

from domain.audiences import Audience, build_audience
from domain.commands import AcknowledgeNotification, ResolveNotification, SendNotice
from domain.errors import AuthorizationDenied, Conflict, NotFound, UnprocessableInput
from domain.events import (
    StaffNotification,
    StaffNotificationUpdated,
    TableCalled,
    TableCallUpdated,
)
from domain.notifications import (
    Acknowledgement,
    Notification,
    Subject,
    acknowledge,
    build_call_view,
    build_notification_view,
    escalate,
    make_cause_key,
    make_notification,
    press,
    resolve,
)
from domain.roles import Identity, Role
from domain.statuses import NotificationKind, NotificationStatus, Priority, Resolution
from domain.views.notifications import NotificationsView, NotificationView, SentNoticeView
from models.base import database_proxy
from models.fields import from_optional_unix_ms, from_unix_ms, to_unix_ms
from models.notifications import NotificationRow
from models.rows import fetch_rows, insert_rows
from services.event_log import read_head
from services.unit_of_work import UnitOfWork

# More than anybody reads. What stands longest is left out first where a cafe has more.
STANDING_LIMIT = 200
# Of one cafe at once: each is an event for everybody.
_DUE_LIMIT = 50

_SELECT = """
SELECT id, cafe_id, kind, cause_key, status, version, priority, title, message, audience, subject,
    since, patience_s, raised_at, escalates_at, expires_at, acknowledgements, resolved_at,
    resolution
FROM notification
"""
_STANDING = "WHERE cafe_id = ? AND cause_key = ? AND resolved_at IS NULL"
_DUE = "resolved_at IS NULL AND (escalates_at <= ? OR expires_at <= ?)"


# --- for the services that know of causes -------------------------------------------------------


def raise_notification(unit: UnitOfWork, notification: Notification) -> Notification:
    """Tell staff of a cause, and return what stands for it.

    They are told once; what somebody has seen is brought up when it happens again.
    Raises: peewee.IntegrityError when another process was faster; the runner tries once more.
    """
    standing = _lock(_STANDING, unit.cafe_id, notification.cause_key)
    if standing is None:
        insert_rows(NotificationRow, [_build_row(notification)])
        _tell(unit, notification, is_news=True)
        return notification
    if standing.status is NotificationStatus.ACKNOWLEDGED:
        again = msgspec.structs.replace(press(standing), escalates_at=notification.escalates_at)
        return _save(unit, again, is_news=True)
    return standing


def end_cause(unit: UnitOfWork, kind: NotificationKind, cause: str) -> Notification | None:
    """End what stands for a cause, because the cause has ended; None where nothing stands."""
    standing = _lock(_STANDING, unit.cafe_id, make_cause_key(kind, cause))
    if standing is None:
        return None
    return _save(unit, resolve(standing, Resolution.CAUSE_ENDED, now=unit.now))


def find_standing(cafe_id: str, kind: NotificationKind, cause: str) -> Notification | None:
    """Read what stands for a cause; None where nothing does. For `runner.read`."""
    rows = fetch_rows(f"{_SELECT} {_STANDING}", (cafe_id, make_cause_key(kind, cause)))
    return _read(rows[0]) if rows else None


# --- for people ---------------------------------------------------------------------------------


def send_notice(unit: UnitOfWork, command: SendNotice) -> SentNoticeView:
    """Tell the people of an audience something (spec B5).

    Whoever has an excluded role now is excluded as a person as well: they do not get it through a
    connection that carries another one of their roles.
    Raises: NotFound for an excluded person who does not work here, UnprocessableInput
    `nobody_reached`.
    """
    held = _read_roles(unit.cafe_id)
    if not held.keys() >= set(command.exclude_users):
        raise NotFound("One of the people to leave out does not work here.")
    audience = build_audience(
        include=command.include_roles,
        exclude=command.exclude_roles,
        exclude_people=command.exclude_users,
    )
    recipients = _list_recipients(audience, held)
    if not recipients:
        raise UnprocessableInput(
            "Nobody would get this. Choose other roles, or leave out fewer people.",
            code="nobody_reached",
        )
    excluded = [who for who, roles in held.items() if roles & set(audience.exclude_roles)]
    audience = msgspec.structs.replace(
        audience, exclude_people=sorted({*audience.exclude_people, *excluded})
    )
    notice = _make_notice(unit, command, audience)
    insert_rows(NotificationRow, [_build_row(notice)])
    _tell(unit, notice, is_news=True)
    unit.audit("notice_sent", notification_id=notice.notification_id, roles=audience.target_roles)
    return SentNoticeView(notification=build_notification_view(notice), recipients=len(recipients))


def acknowledge_notification(
    unit: UnitOfWork, command: AcknowledgeNotification
) -> NotificationView:
    """Note that somebody has seen it; where one speaks for all, everybody sees who."""
    before = _lock_visible(unit, command.notification_id)
    by = Acknowledgement(person_id=_name_reader(unit), role=unit.identity.role_word, at=unit.now)
    after = acknowledge(before, by)
    return build_notification_view(before if after is before else _save(unit, after))


def resolve_notification(unit: UnitOfWork, command: ResolveNotification) -> NotificationView:
    """End it by hand. Raises: AuthorizationDenied, or Conflict where only its cause ends it."""
    before = _lock_visible(unit, command.notification_id)
    if not before.rule.resolvers:
        raise Conflict(
            "This is over by itself as soon as its cause is.",
            code="cause_stands",
            details={"status": before.status.value},
        )
    if unit.identity.roles.isdisjoint(before.rule.resolvers):
        raise AuthorizationDenied("Your role does not end this. Ask somebody who may.")
    after = _save(unit, resolve(before, Resolution.BY_PERSON, now=unit.now))
    unit.audit("notification_resolved", notification_id=after.notification_id, about=after.kind)
    return build_notification_view(after)


def list_notifications(identity: Identity) -> NotificationsView:
    """List what somebody must know now, with the log's position; for `runner.read`."""
    return NotificationsView(
        notifications=read_tray(identity), position=read_head(identity.cafe_id)
    )


def read_tray(identity: Identity) -> list[NotificationView]:
    """List what somebody must know now, for a page that has its position from elsewhere."""
    views = [
        build_notification_view(each)
        for each in _list_standing(identity.cafe_id)
        if each.audience.admits(identity) and not _has_read(each, identity)
    ]
    return sorted(views, key=lambda view: view.rank)


def list_sent_notices(identity: Identity) -> list[NotificationView]:
    """List the notices that stand and that somebody wrote or is told, newest first; reads."""
    return [
        build_notification_view(each)
        for each in _list_standing(identity.cafe_id)
        if each.kind is NotificationKind.NOTICE and _is_visible(each, identity)
    ]


# --- for the clock ------------------------------------------------------------------------------


def list_cafes_with_due_notifications(now: datetime) -> list[str]:
    """List the cafes in which a notification is to press harder, or is over; for `runner.read`."""
    at_ms = to_unix_ms(now)
    rows = fetch_rows(f"SELECT DISTINCT cafe_id FROM notification WHERE {_DUE}", (at_ms, at_ms))  # noqa: S608 - own text
    return sorted(cafe_id for (cafe_id,) in rows)


def settle_due_notifications(unit: UnitOfWork) -> int:
    """Let what is due press harder or be over, and return how many that were."""
    at_ms = to_unix_ms(unit.now)
    # What somebody is changing at this moment is looked at next time.
    lock = " FOR UPDATE SKIP LOCKED" if database_proxy.for_update else ""
    due = [
        _read(row)
        for row in fetch_rows(
            f"{_SELECT} WHERE cafe_id = ? AND {_DUE} ORDER BY id LIMIT ?{lock}",
            (unit.cafe_id, at_ms, at_ms, _DUE_LIMIT),
        )
    ]
    for each in due:
        if each.expires_at <= unit.now:
            _save(unit, resolve(each, Resolution.EXPIRED, now=unit.now))
        else:
            _save(unit, escalate(each), is_news=True)
    return len(due)


def forget_notifications(*, before: datetime, limit: int) -> int:
    """Remove what was over before a moment, oldest first, at most `limit`; return how many."""
    rows = fetch_rows(
        "DELETE FROM notification WHERE id IN ("
        "SELECT id FROM notification WHERE resolved_at < ? ORDER BY resolved_at LIMIT ?)"
        " RETURNING id",
        (to_unix_ms(before), limit),
    )
    return len(rows)


# --- inside -------------------------------------------------------------------------------------


def _make_notice(unit: UnitOfWork, command: SendNotice, audience: Audience) -> Notification:
    notification_id = unit.new_id()
    writer = _name_reader(unit)
    notice = make_notification(
        NotificationKind.NOTICE,
        notification_id=notification_id,
        cafe_id=unit.cafe_id,
        cause=notification_id,
        words=(command.title, command.message),
        subject=Subject(writer_id=writer),
        since=unit.now,
        now=unit.now,
    )
    return msgspec.structs.replace(
        notice,
        priority=command.priority,
        audience=audience,
        expires_at=unit.now + timedelta(minutes=command.lasts_minutes),
        # Whoever wrote it need not read it.
        acknowledgements=[
            Acknowledgement(person_id=writer, role=unit.identity.role_word, at=unit.now)
        ],
    )


def _name_reader(unit: UnitOfWork) -> str:
    reader_id = unit.identity.reader_id
    assert reader_id is not None, "guests have no right to notifications"
    return reader_id


def _read_roles(cafe_id: str) -> dict[str, set[Role]]:
    """Read who works in a cafe: person id -> roles."""
    held: dict[str, set[Role]] = defaultdict(set)
    for person_id, role in fetch_rows(
        "SELECT membership.person_id, membership.role FROM membership"
        " JOIN person ON person.id = membership.person_id"
        " WHERE membership.cafe_id = ? AND person.disabled_at IS NULL",
        (cafe_id,),
    ):
        held[person_id].add(Role(role))
    return held


def _list_recipients(audience: Audience, held: dict[str, set[Role]]) -> list[str]:
    included, excluded = set(audience.include_roles), set(audience.exclude_roles)
    return [
        person_id
        for person_id, roles in held.items()
        if roles & included and not roles & excluded and person_id not in audience.exclude_people
    ]


def _lock_visible(unit: UnitOfWork, notification_id: str) -> Notification:
    found = _lock("WHERE id = ? AND cafe_id = ?", notification_id, unit.cafe_id)
    if found is None or not _is_visible(found, unit.identity):
        raise NotFound("There is no such notification.")
    return found


def _is_visible(notification: Notification, identity: Identity) -> bool:
    """A writer may look at a notice of theirs, whoever it is for."""
    is_writer = identity.person_id == notification.subject.writer_id is not None
    return is_writer or notification.audience.admits(identity)


def _has_read(notification: Notification, identity: Identity) -> bool:
    """Whether this is a notice that somebody has put away for themselves."""
    return not notification.rule.is_shared and any(
        each.person_id == identity.reader_id for each in notification.acknowledgements
    )


def _list_standing(cafe_id: str) -> list[Notification]:
    rows = fetch_rows(
        f"{_SELECT} WHERE cafe_id = ? AND resolved_at IS NULL ORDER BY raised_at DESC LIMIT ?",
        (cafe_id, STANDING_LIMIT),
    )
    return [_read(row) for row in rows]


def _lock(condition: str, *parameters: str) -> Notification | None:
    lock = " FOR UPDATE" if database_proxy.for_update else ""
    rows = fetch_rows(f"{_SELECT} {condition}{lock}", parameters)
    return _read(rows[0]) if rows else None


def _save(unit: UnitOfWork, after: Notification, *, is_news: bool = False) -> Notification:
    """Write what may change of a locked notification, and tell it."""
    NotificationRow.update(
        status=after.status,
        version=after.version,
        priority=after.priority,
        audience=after.audience,
        escalates_at=after.escalates_at,
        acknowledgements=after.acknowledgements,
        resolved_at=after.resolved_at,
        resolution=after.resolution,
    ).where(
        NotificationRow.id == after.notification_id, NotificationRow.cafe_id == after.cafe_id
    ).execute()
    _tell(unit, after, is_news=is_news)
    return after


def _tell(unit: UnitOfWork, notification: Notification, *, is_news: bool) -> None:
    view, audience = build_notification_view(notification), notification.audience
    if is_news:
        unit.record(StaffNotification(notification=view, audience=audience))
    else:
        unit.record(StaffNotificationUpdated(notification=view, audience=audience))
    if notification.kind is NotificationKind.TABLE_CALLED:
        call = build_call_view(notification)
        unit.record(TableCalled(call=call) if call.version == 1 else TableCallUpdated(call=call))


def _build_row(notification: Notification) -> dict[str, Any]:
    row = msgspec.structs.asdict(notification)
    return {"id": row.pop("notification_id"), **row}


def _read(row: tuple[Any, ...]) -> Notification:
    return Notification(
        notification_id=row[0],
        cafe_id=row[1],
        kind=NotificationKind(row[2]),
        cause_key=row[3],
        status=NotificationStatus(row[4]),
        version=row[5],
        priority=Priority(row[6]),
        title=row[7],
        message=row[8],
        audience=msgspec.json.decode(row[9], type=Audience),
        subject=msgspec.json.decode(row[10], type=Subject),
        since=from_unix_ms(row[11]),
        patience_s=row[12],
        raised_at=from_unix_ms(row[13]),
        escalates_at=from_optional_unix_ms(row[14]),
        expires_at=from_unix_ms(row[15]),
        acknowledgements=msgspec.json.decode(row[16], type=list[Acknowledgement]),
        resolved_at=from_optional_unix_ms(row[17]),
        resolution=None if row[18] is None else Resolution(row[18]),
    )
