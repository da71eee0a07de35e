"""The kitchen calls: a cook asks for somebody to come to the pass, about a ticket.

A call is a notification of its own kind, one per ticket; whoever comes acknowledges it, which the
kitchen sees, and ends it.
"""

from domain.commands import CallServer
from domain.errors import NotFound
from domain.notifications import (
    KITCHEN_PATIENCE_S,
    Subject,
    build_notification_view,
    describe_kitchen_call,
    make_notification,
)
from domain.statuses import NotificationKind
from domain.views.notifications import NotificationView
from models.rows import fetch_rows
from services.notifications import raise_notification
from services.unit_of_work import UnitOfWork

_QUERY = """
SELECT orders.id, orders.number, orders.table_number, orders.table_label, station.id, station.name
FROM ticket
JOIN orders ON orders.id = ticket.order_id
JOIN station ON station.id = ticket.station_id
WHERE ticket.id = ? AND ticket.cafe_id = ?
"""


def call_server(unit: UnitOfWork, command: CallServer) -> NotificationView:
    """Ask for somebody. A call that waits stays the one it is; one that was answered is brought
    up again, since nobody came. Raises: NotFound.
    """
    rows = fetch_rows(_QUERY, (command.ticket_id, unit.cafe_id))
    if not rows:
        raise NotFound("There is no such ticket.")
    order_id, number, table_number, table_label, station_id, station_name = rows[0]
    subject = Subject(
        order_id=order_id,
        order_number=number,
        table_number=table_number,
        table_label=table_label,
        station_id=station_id,
    )
    call = make_notification(
        NotificationKind.KITCHEN_CALLS,
        notification_id=unit.new_id(),
        cafe_id=unit.cafe_id,
        cause=command.ticket_id,
        words=describe_kitchen_call(subject, station_name=station_name),
        subject=subject,
        since=unit.now,
        patience_s=KITCHEN_PATIENCE_S,
        now=unit.now,
    )
    return build_notification_view(raise_notification(unit, call))
