"""What staff must know about orders: tickets that are late, payments that failed.

`follow_order` comes with every change of an order, in its transaction; `raise_late_tickets` with
the clock, since being late changes nothing in an order.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.events import (
    AnyEvent,
    KitchenOrderCompleted,
    KitchenTicketUpdated,
    OrderItemVoided,
    OrderRoundUpdated,
    PaymentCompleted,
    PaymentFailed,
)
from domain.notifications import (
    KIND_RULES,
    Subject,
    describe_failed_payment,
    describe_late_ticket,
    make_notification,
)
from domain.payments import PROVIDER_METHODS, LegStatus
from domain.statuses import NotificationKind, TicketStatus
from domain.views.money import PaymentView
from domain.views.orders import OrderView
from models.base import database_proxy
from models.fields import from_unix_ms, to_unix_ms
from models.rows import fetch_rows
from services.notifications import end_cause, raise_notification
from services.unit_of_work import UnitOfWork

_LATE = NotificationKind.LATE_TICKET
_FAILED = NotificationKind.PAYMENT_FAILED
# Nothing of it is to be made, or not yet.
_DONE = frozenset({TicketStatus.COMPLETED, TicketStatus.CANCELLED, TicketStatus.HELD})
# Of one cafe at once: each is an event for everybody.
_LATE_LIMIT = 50

# Open, older than its target, of this service, and not told yet: the cause's name is
# `make_cause_key`'s.
_LATE_CONDITION = """
    ticket.status IN ('received', 'started')
    AND ticket.queued_at > ? AND ticket.queued_at <= ? - 1000 * ticket.target_s
    AND NOT EXISTS (
        SELECT 1 FROM notification
        WHERE notification.cafe_id = ticket.cafe_id
            AND notification.cause_key = 'late_ticket:' || ticket.id
            AND notification.resolved_at IS NULL
    )
"""


def follow_order(unit: UnitOfWork, events: Iterable[AnyEvent]) -> None:
    """Raise and end what follows from a change of an order."""
    for event in events:
        match event:
            case KitchenOrderCompleted(ticket=ticket):
                end_cause(unit, _LATE, ticket.ticket_id)
            case KitchenTicketUpdated(ticket=ticket, change=change):
                if ticket.status in _DONE and change != "others":
                    end_cause(unit, _LATE, ticket.ticket_id)
            case PaymentFailed(order=order, payment=payment):
                _tell_failed(unit, order, payment)
            case PaymentCompleted() | OrderItemVoided() | OrderRoundUpdated():
                _end_if_paid(unit, event.order)


def list_cafes_with_late_tickets(now: datetime) -> list[str]:
    """List the cafes in which a ticket is late and nobody was told; for `runner.read`."""
    rows = fetch_rows(
        f"SELECT ticket.cafe_id FROM ticket WHERE {_LATE_CONDITION}",  # noqa: S608 - own text
        _find_span(now),
    )
    return sorted({cafe_id for (cafe_id,) in rows})


def raise_late_tickets(unit: UnitOfWork) -> int:
    """Tell of the tickets that are late, oldest first, and return how many that were."""
    # A ticket that is being changed at this moment is looked at next time; one that is told of
    # cannot be bumped before the telling is committed, so its bump finds what to end.
    lock = " FOR UPDATE OF ticket SKIP LOCKED" if database_proxy.for_update else ""
    rows = fetch_rows(
        "SELECT ticket.id, ticket.queued_at, ticket.target_s, station.id, station.name,"  # noqa: S608 - own text
        " orders.id, orders.number, orders.table_number, orders.table_label"
        " FROM ticket JOIN orders ON orders.id = ticket.order_id"
        " JOIN station ON station.id = ticket.station_id"
        f" WHERE ticket.cafe_id = ? AND {_LATE_CONDITION}"
        f" ORDER BY ticket.queued_at, ticket.id LIMIT ?{lock}",
        (unit.cafe_id, *_find_span(unit.now), _LATE_LIMIT),
    )
    for ticket_id, queued_at, target_s, station_id, station_name, order_id, *rest in rows:
        number, table_number, table_label = rest
        subject = Subject(
            order_id=order_id,
            order_number=number,
            table_number=table_number,
            table_label=table_label,
            station_id=station_id,
        )
        raise_notification(
            unit,
            make_notification(
                _LATE,
                notification_id=unit.new_id(),
                cafe_id=unit.cafe_id,
                cause=ticket_id,
                words=describe_late_ticket(subject, station_name=station_name),
                subject=subject,
                since=from_unix_ms(queued_at),
                patience_s=target_s,
                now=unit.now,
            ),
        )
    return len(rows)


def _find_span(now: datetime) -> tuple[int, int]:
    """Say when a late ticket may have been queued: later than the first, by its target before
    the second."""
    longest: timedelta = KIND_RULES[_LATE].life
    return to_unix_ms(now - longest), to_unix_ms(now)


def _tell_failed(unit: UnitOfWork, order: OrderView, payment: PaymentView) -> None:
    """Tell the till of money that a provider did not bring; what it declined itself it knows."""
    if payment.method not in PROVIDER_METHODS or payment.status is LegStatus.CANCELLED:
        return
    subject = Subject(
        order_id=order.order_id,
        order_number=order.order_number,
        table_session_id=order.table_session_id,
        table_number=order.table_number,
        table_label=order.table_label,
    )
    raise_notification(
        unit,
        make_notification(
            _FAILED,
            notification_id=unit.new_id(),
            cafe_id=unit.cafe_id,
            cause=order.order_id,
            words=describe_failed_payment(subject),
            subject=subject,
            since=unit.now,
            now=unit.now,
        ),
    )


def _end_if_paid(unit: UnitOfWork, order: OrderView) -> None:
    if order.payment.due_minor == 0:
        end_cause(unit, _FAILED, order.order_id)
