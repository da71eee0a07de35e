"""What staff must know."""

from datetime import datetime

from domain.roles import Role
from domain.statuses import NotificationKind, NotificationStatus, Priority, Resolution
from domain.views.base import Position, View

# What presses most comes first.
_PRIORITIES = tuple(reversed(Priority))


class AcknowledgementView(View):
    """Who has seen a notification, in which role: a person's id, for staff alone."""

    person_id: str
    role: str
    at: datetime


class NotificationView(View):
    """Something that staff must know. since: when its cause began; patience_s: what is usual.

    is_shared: the first acknowledgement speaks for all. resolvers: roles that may end it by hand.
    action_path: the page where it is dealt with, "" for none. Absent numbers: it is about none.
    """

    notification_id: str
    kind: NotificationKind
    status: NotificationStatus
    version: int
    priority: Priority
    title: str
    message: str
    action_path: str
    target_roles: list[Role]
    is_shared: bool
    resolvers: list[Role]
    order_id: str | None
    order_number: int | None
    table_number: int | None
    table_label: str
    since: datetime
    patience_s: int | None
    raised_at: datetime
    expires_at: datetime
    acknowledgements: list[AcknowledgementView]
    resolved_at: datetime | None
    resolution: Resolution | None

    @property
    def rank(self) -> int:
        """Place in a list: what nobody has seen first, then what presses most, then the oldest."""
        is_seen = self.status is not NotificationStatus.OPEN
        group = len(_PRIORITIES) * is_seen + _PRIORITIES.index(self.priority)
        return group * 10**13 + int(self.raised_at.timestamp() * 1000)


class NotificationsView(View):
    """What somebody must know now, what presses most first, with the position it is complete to."""

    notifications: list[NotificationView]
    position: Position


class SentNoticeView(View):
    """A notice as it went out. recipients: how many people have one of its roles now."""

    notification: NotificationView
    recipients: int
