"""Notifications: what staff must know now, once per cause, until the cause ends (spec I4).

The rules are one table of kinds here and one of moves in domain/statuses.py. What stands on a card
is composed here too, so that socket, REST and page say the same. Rows and events are
services/notifications.py's.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from domain.audiences import Audience, widen
from domain.roles import FLOOR_STAFF, MANAGEMENT, PERSON_ROLES, TILL_STAFF, Role
from domain.statuses import (
    NotificationKind,
    NotificationMove,
    NotificationStatus,
    Priority,
    Resolution,
    move_notification,
)
from domain.views.notifications import AcknowledgementView, NotificationView
from domain.views.tables import TableCallView


class Escalation(msgspec.Struct, frozen=True, kw_only=True):
    """What happens once to a notification that its cause outlives.

    times: of its patience, counted from `since`. roles: told from then on, beside the others.
    patience_s: where nothing about its cause says how long that is usual. stops_when_seen: it is
    about nobody having answered, so an answer ends it.
    """

    times: float
    priority: Priority
    roles: frozenset[Role]
    patience_s: int | None = None
    stops_when_seen: bool = False


class KindRule(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind behaves.

    roles: who is told. is_shared: the first acknowledgement speaks for all; else everybody reads
    for themselves. resolvers: who may end it by hand. action_path: the page where it is dealt
    with, "" where there is nothing to do. life: after it, it is over whatever became of it.
    """

    roles: frozenset[Role]
    priority: Priority
    is_shared: bool
    resolvers: frozenset[Role]
    action_path: str
    life: timedelta
    escalation: Escalation | None = None


# A guest who has waited this long without an answer believes that nobody saw it.
ANSWER_PATIENCE_S = 60

KIND_RULES: dict[NotificationKind, KindRule] = {
    # Whoever wrote one says for how long; `life` is the longest.
    NotificationKind.NOTICE: KindRule(
        roles=PERSON_ROLES,
        priority=Priority.NORMAL,
        is_shared=False,
        resolvers=MANAGEMENT,
        action_path="",
        life=timedelta(hours=24),
    ),
    # The kitchen has it on its wall already; nobody ends it but by making the food. After four
    # hours it is no service any more (the figures leave such rounds out as well).
    NotificationKind.LATE_TICKET: KindRule(
        roles=frozenset({Role.EXPO, Role.COUNTER}),
        priority=Priority.HIGH,
        is_shared=True,
        resolvers=frozenset(),
        action_path="/counter",
        life=timedelta(hours=4),
        escalation=Escalation(times=1.5, priority=Priority.URGENT, roles=MANAGEMENT),
    ),
    NotificationKind.PAYMENT_FAILED: KindRule(
        roles=TILL_STAFF,
        priority=Priority.HIGH,
        is_shared=True,
        resolvers=TILL_STAFF,
        action_path="/counter",
        life=timedelta(hours=4),
        escalation=Escalation(
            times=1,
            priority=Priority.URGENT,
            roles=MANAGEMENT,
            patience_s=ANSWER_PATIENCE_S,
            stops_when_seen=True,
        ),
    ),
    NotificationKind.TABLE_CALLED: KindRule(
        roles=frozenset({Role.EXPO, Role.COUNTER}),
        priority=Priority.NORMAL,
        is_shared=True,
        resolvers=FLOOR_STAFF,
        action_path="/tables",
        life=timedelta(minutes=30),
        escalation=Escalation(
            times=1, priority=Priority.URGENT, roles=MANAGEMENT, stops_when_seen=True
        ),
    ),
    NotificationKind.SCREEN_OFFLINE: KindRule(
        roles=PERSON_ROLES,
        priority=Priority.URGENT,
        is_shared=True,
        resolvers=PERSON_ROLES,
        action_path="/displays",
        life=timedelta(hours=12),
    ),
    # No cook can know of it: somebody has to walk over. It ends with the paint, or the food.
    NotificationKind.TICKET_UNSEEN: KindRule(
        roles=FLOOR_STAFF,
        priority=Priority.URGENT,
        is_shared=True,
        resolvers=frozenset(),
        action_path="/counter",
        life=timedelta(hours=4),
    ),
    # A station that works from paper: whoever ends it is believed for as long as its life.
    NotificationKind.NO_SCREEN: KindRule(
        roles=FLOOR_STAFF,
        priority=Priority.HIGH,
        is_shared=True,
        resolvers=FLOOR_STAFF,
        action_path="/displays",
        life=timedelta(hours=12),
    ),
    # Food stands at the pass, or a cook has a question. They see that somebody comes.
    NotificationKind.KITCHEN_CALLS: KindRule(
        roles=frozenset({Role.EXPO, Role.COUNTER}),
        priority=Priority.HIGH,
        is_shared=True,
        resolvers=PERSON_ROLES,
        action_path="/counter",
        life=timedelta(minutes=30),
        escalation=Escalation(times=1, priority=Priority.URGENT, roles=MANAGEMENT),
    ),
}

# Enough to know what is meant, in the two lines of a card.
_NAMED_DISHES = 2

# Hot food has waited this long at the pass: it is no longer what was ordered.
KITCHEN_PATIENCE_S = 60


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """Who said "I have seen it", in which role, when."""

    person_id: str
    role: str
    at: datetime


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a notification is about, in ids and in words for people.

    place: of a screen. writer_id: the person who wrote a notice.
    """

    order_id: str | None = None
    order_number: int | None = None
    table_session_id: str | None = None
    table_number: int | None = None
    table_label: str = ""
    station_id: str | None = None
    place: str = ""
    writer_id: str | None = None


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """One notification. cause_key: there is at most one that is not over per cafe and cause.

    since: when its cause began. patience_s: how long that is usual, None where nobody counts.
    escalates_at: None where it does not, or has. acknowledgements: of this time round, in order.
    """

    notification_id: str
    cafe_id: str
    kind: NotificationKind
    cause_key: str
    status: NotificationStatus
    version: int
    priority: Priority
    title: str
    message: str
    audience: Audience
    subject: Subject
    since: datetime
    patience_s: int | None
    raised_at: datetime
    escalates_at: datetime | None
    expires_at: datetime
    acknowledgements: list[Acknowledgement]
    resolved_at: datetime | None = None
    resolution: Resolution | None = None

    @property
    def rule(self) -> KindRule:
        """How its kind behaves."""
        return KIND_RULES[self.kind]


def make_cause_key(kind: NotificationKind, key: str) -> str:
    """Name a cause: what is one and the same trouble has one name."""
    return f"{kind}:{key}"


def make_notification(
    kind: NotificationKind,
    *,
    notification_id: str,
    cafe_id: str,
    cause: str,
    words: tuple[str, str],
    subject: Subject,
    since: datetime,
    now: datetime,
    patience_s: int | None = None,
) -> Notification:
    """Make an open one by the rules of its kind. cause: names it among its kind.

    words: title and message.
    """
    rule = KIND_RULES[kind]
    title, message = words
    escalates_at = None
    if rule.escalation is not None:
        usual_s = patience_s or rule.escalation.patience_s
        if usual_s is not None:
            escalates_at = since + rule.escalation.times * timedelta(seconds=usual_s)
    return Notification(
        notification_id=notification_id,
        cafe_id=cafe_id,
        kind=kind,
        cause_key=make_cause_key(kind, cause),
        status=NotificationStatus.OPEN,
        version=1,
        priority=rule.priority,
        title=title,
        message=message,
        audience=Audience(include_roles=sorted(rule.roles)),
        subject=subject,
        since=since,
        patience_s=patience_s,
        raised_at=now,
        escalates_at=escalates_at,
        expires_at=since + rule.life,
        acknowledgements=[],
    )


def acknowledge(before: Notification, by: Acknowledgement) -> Notification:
    """Note that somebody has seen it. A second one of the same person changes nothing, and where
    one speaks for all, nobody's second one does.

    Raises: InvalidTransition for one that is over.
    """
    moved = move_notification(before.status, NotificationMove.ACKNOWLEDGE)
    escalation = before.rule.escalation
    is_answered = escalation is not None and escalation.stops_when_seen
    is_known = any(each.person_id == by.person_id for each in before.acknowledgements)
    if is_known or (before.rule.is_shared and before.acknowledgements):
        return before
    return msgspec.structs.replace(
        before,
        # A notice that one has read is still news for the others.
        status=moved if before.rule.is_shared else before.status,
        version=before.version + 1,
        acknowledgements=[*before.acknowledgements, by],
        escalates_at=None if is_answered else before.escalates_at,
    )


def press(before: Notification) -> Notification:
    """Bring it up again: its cause got worse, or happened once more."""
    return msgspec.structs.replace(
        before,
        status=move_notification(before.status, NotificationMove.PRESS),
        version=before.version + 1,
        acknowledgements=[],
    )


def escalate(before: Notification) -> Notification:
    """Let it press harder, and tell more people; once."""
    escalation = before.rule.escalation
    assert escalation is not None
    return msgspec.structs.replace(
        press(before),
        priority=escalation.priority,
        audience=widen(before.audience, escalation.roles),
        escalates_at=None,
    )


def resolve(before: Notification, resolution: Resolution, *, now: datetime) -> Notification:
    """End it. Raises: InvalidTransition for one that is over."""
    return msgspec.structs.replace(
        before,
        status=move_notification(before.status, NotificationMove.RESOLVE),
        version=before.version + 1,
        escalates_at=None,
        resolved_at=now,
        resolution=resolution,
    )


def build_notification_view(notification: Notification) -> NotificationView:
    """Show a notification to everybody whom it is for."""
    subject = notification.subject
    return NotificationView(
        notification_id=notification.notification_id,
        kind=notification.kind,
        status=notification.status,
        version=notification.version,
        priority=notification.priority,
        title=notification.title,
        message=notification.message,
        action_path=notification.rule.action_path,
        target_roles=notification.audience.target_roles,
        is_shared=notification.rule.is_shared,
        resolvers=sorted(notification.rule.resolvers),
        order_id=subject.order_id,
        order_number=subject.order_number,
        table_number=subject.table_number,
        table_label=subject.table_label,
        since=notification.since,
        patience_s=notification.patience_s,
        raised_at=notification.raised_at,
        expires_at=notification.expires_at,
        acknowledgements=[
            AcknowledgementView(person_id=each.person_id, role=each.role, at=each.at)
            for each in notification.acknowledgements
        ],
        resolved_at=notification.resolved_at,
        resolution=notification.resolution,
    )


def build_call_view(notification: Notification) -> TableCallView:
    """Show a table's call to its guests: that somebody comes, not who."""
    subject = notification.subject
    assert subject.table_session_id is not None
    assert subject.table_number is not None
    return TableCallView(
        call_id=notification.notification_id,
        table_session_id=subject.table_session_id,
        table_number=subject.table_number,
        table_label=subject.table_label,
        status=_CALL_STATUSES[notification.status],
        version=notification.version,
        called_at=notification.since,
        answered_at=min((each.at for each in notification.acknowledgements), default=None),
    )


_CALL_STATUSES: dict[NotificationStatus, str] = {
    NotificationStatus.OPEN: "waiting",
    NotificationStatus.ACKNOWLEDGED: "coming",
    NotificationStatus.RESOLVED: "ended",
}


# --- words ------------------------------------------------------------------------------------


def describe_late_ticket(subject: Subject, *, station_name: str) -> tuple[str, str]:
    """Say which order waits too long, and where."""
    return (
        f"Order {subject.order_number} is late",
        f"{_name_where(subject)} waits for {station_name}, which has had it longer than planned.",
    )


def describe_failed_payment(subject: Subject) -> tuple[str, str]:
    """Say whose money did not come."""
    return (
        f"Payment failed, order {subject.order_number}",
        f"{_name_where(subject)} could not pay. Ask how they would like to.",
    )


def describe_call(subject: Subject) -> tuple[str, str]:
    """Say which table wants somebody."""
    return f"{subject.table_label} calls", "Somebody there would like help."


def describe_kitchen_call(subject: Subject, *, station_name: str) -> tuple[str, str]:
    """Say which station wants somebody, and for which order."""
    return (
        f"{station_name} calls, order {subject.order_number}",
        f"For {subject.table_label or 'the counter'}. Come to the pass.",
    )


def describe_silent_screen(name: str) -> tuple[str, str]:
    """Say which screen shows nothing any more. name: `Bar`, `Counter`."""
    return f"Screen offline: {name}", "Nothing is heard of it. Check its power and its network."


def describe_unseen_ticket(subject: Subject, *, station_name: str) -> tuple[str, str]:
    """Say which ticket no screen has painted, and where."""
    return (
        f"{station_name} has not seen order {subject.order_number}",
        f"{_name_where(subject)}: no screen there shows the ticket. Tell {station_name} yourself.",
    )


def describe_missing_screen(station_name: str, *, dishes: Sequence[str]) -> tuple[str, str]:
    """Say which station nobody can read the tickets of, and what is made there."""
    named = ", ".join(dishes[:_NAMED_DISHES])
    more = len(dishes) - _NAMED_DISHES
    what = f"{named}{f' and {more} more' if more > 0 else ''} go" if dishes else "Orders go"
    return (
        f"{station_name} has no screen",
        f"{what} there, and nothing shows them. Open its display or pair a screen.",
    )


def _name_where(subject: Subject) -> str:
    return subject.table_label or "A guest at the counter"
