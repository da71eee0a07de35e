"""Messages about what staff must know, and what a table's guests see of their call."""

from datetime import datetime

from domain.events import (
    StaffNotification,
    StaffNotificationUpdated,
    TableCalled,
    TableCallUpdated,
)
from domain.roles import Role
from domain.statuses import NotificationKind, NotificationStatus, Priority
from domain.views.notifications import NotificationView
from domain.views.tables import TableCallView
from realtime.messages.envelope import Data, EventMessage


class StaffNotificationData(Data, frozen=True, kw_only=True):
    """The source's fields flat, and the whole of it as a view.

    action_required: somebody has to do something, at `action_url`, below our own address.
    """

    notification_id: str
    notification_type: NotificationKind
    priority: Priority
    title: str
    message: str
    action_required: bool = False
    action_url: str | None = None
    target_roles: list[Role]
    status: NotificationStatus
    notification: NotificationView

    @property
    def view(self) -> NotificationView:
        return self.notification


class TableCallData(Data, frozen=True, kw_only=True):
    """A table's call: waiting, coming or ended. Nobody of the staff is named."""

    call_id: str
    table_session_id: str
    table_number: int
    table_label: str
    status: str
    version: int
    called_at: datetime
    answered_at: datetime | None = None

    @property
    def view(self) -> TableCallView:
        return TableCallView(
            call_id=self.call_id,
            table_session_id=self.table_session_id,
            table_number=self.table_number,
            table_label=self.table_label,
            status=self.status,
            version=self.version,
            called_at=self.called_at,
            answered_at=self.answered_at,
        )


class StaffNotificationMessage(EventMessage, frozen=True, kw_only=True, tag="staff_notification"):
    data: StaffNotificationData


class StaffNotificationUpdatedMessage(
    EventMessage, frozen=True, kw_only=True, tag="staff_notification_updated"
):
    data: StaffNotificationData


class TableCalledMessage(EventMessage, frozen=True, kw_only=True, tag="table_called"):
    data: TableCallData


class TableCallUpdatedMessage(EventMessage, frozen=True, kw_only=True, tag="table_call_updated"):
    data: TableCallData


def build_notification(
    event: StaffNotification | StaffNotificationUpdated,
) -> StaffNotificationData:
    """Say what staff must know. The audience stays in the log: nobody is told who is left out."""
    view = event.notification
    return StaffNotificationData(
        notification_id=view.notification_id,
        notification_type=view.kind,
        priority=view.priority,
        title=view.title,
        message=view.message,
        action_required=bool(view.action_path),
        action_url=view.action_path or None,
        target_roles=view.target_roles,
        status=view.status,
        notification=view,
    )


def build_call(event: TableCalled | TableCallUpdated) -> TableCallData:
    """Say how a call stands."""
    call = event.call
    return TableCallData(
        call_id=call.call_id,
        table_session_id=call.table_session_id,
        table_number=call.table_number,
        table_label=call.table_label,
        status=call.status,
        version=call.version,
        called_at=call.called_at,
        answered_at=call.answered_at,
    )
