"""One event of every type, and its place in a log."""

from datetime import timedelta

import msgspec

from domain.audiences import build_audience
from domain.events import (
    AnyEvent,
    DevicePaired,
    DeviceRevoked,
    DeviceUpdated,
    DishStockChanged,
    KitchenOrderCompleted,
    KitchenOrderReceived,
    KitchenOrderStarted,
    KitchenTicketUpdated,
    LoggedEvent,
    MenuAvailabilityChanged,
    MenuItemChanged,
    MenuItemCounted,
    MenuPauseChanged,
    OrderCreated,
    OrderItemVoided,
    OrderNumberCleared,
    OrderNumberPreparing,
    OrderNumberReady,
    OrderProgress,
    OrderReady,
    OrderRoundAdded,
    OrderRoundUpdated,
    OrderStatusUpdated,
    PaymentCompleted,
    PaymentFailed,
    PaymentInitiated,
    PaymentRefunded,
    PaymentUpdated,
    StaffNotification,
    StaffNotificationUpdated,
    StationMoved,
    StationReturned,
    TableCalled,
    TableCallUpdated,
    TableSessionClosed,
    TableSessionMoved,
    TableSessionOpened,
)
from domain.payments import LegStatus, PaymentStatus, RefundStatus
from domain.statuses import (
    NotificationStatus,
    OrderStatus,
    PauseCause,
    RoundStatus,
    TicketStatus,
)
from domain.views.availability import DishCountView, DishStockView
from domain.views.money import RefundView
from domain.views.notifications import AcknowledgementView
from tests.support.made_views import (
    CAFE,
    EPOCH,
    ITEM,
    NOON,
    PAYMENT,
    PERSON,
    SEATING,
    make_call,
    make_device,
    make_held_lines,
    make_id,
    make_menu_item,
    make_move,
    make_notification,
    make_number,
    make_order,
    make_paid_order,
    make_pause,
    make_payment,
    make_table,
    make_ticket,
)


def make_payment_events() -> list[AnyEvent]:
    """Make the five things that are said about payments."""
    pending, checking = make_payment(), make_payment(is_checking=True, version=2)
    captured = make_payment(status=LegStatus.CAPTURED, version=2, ended_at=NOON)
    failed = make_payment(
        status=LegStatus.FAILED, version=2, ended_at=NOON, failure_reason="card_declined"
    )
    returned = msgspec.structs.replace(captured, version=3, refunded_minor=430)
    refund = RefundView(
        refund_id=make_id(91),
        payment_id=PAYMENT,
        amount_minor=430,
        status=RefundStatus.SUCCEEDED,
        with_credit=True,
        reason="",
        failure_reason="",
        created_at=NOON,
        settled_at=NOON,
    )
    waiting = {"status": PaymentStatus.PENDING, "due_minor": 946, "pending_minor": 946}
    paid = {"status": PaymentStatus.PAID, "captured_minor": 946}
    return [
        PaymentInitiated(order=make_paid_order(pending, **waiting), payment=pending),
        PaymentUpdated(order=make_paid_order(checking, **waiting), payment=checking),
        PaymentCompleted(order=make_paid_order(captured, **paid), payment=captured),
        PaymentFailed(
            order=make_paid_order(failed, due_minor=946, payable_minor=946), payment=failed
        ),
        PaymentRefunded(
            order=make_paid_order(
                returned,
                status=PaymentStatus.PARTIALLY_REFUNDED,
                captured_minor=946,
                refunded_minor=430,
                credited_minor=430,
            ),
            payment=returned,
            refund=refund,
        ),
    ]


def make_notification_events() -> list[AnyEvent]:
    """Make the four things that are said about a table's call."""
    audience = build_audience(include=["counter", "expo"])
    seen = AcknowledgementView(person_id=PERSON, role="counter", at=NOON)
    answered = make_notification(
        status=NotificationStatus.ACKNOWLEDGED, version=2, acknowledgements=[seen]
    )
    return [
        TableCalled(call=make_call()),
        TableCallUpdated(call=make_call(status="coming", version=2, answered_at=NOON)),
        StaffNotification(notification=make_notification(), audience=audience),
        StaffNotificationUpdated(notification=answered, audience=audience),
    ]


def make_events() -> dict[str, AnyEvent]:
    """Make one event of every type, by type."""
    order, ticket = make_order(), make_ticket()
    free = make_table(table_session_id=None, status="free")
    done = make_ticket(status=TicketStatus.COMPLETED, completed_at=NOON, version=3)
    voided = make_order(status=OrderStatus.CANCELLED, version=4)
    events: list[AnyEvent] = [
        OrderCreated(order=order),
        OrderRoundAdded(order=order, round_number=1),
        OrderRoundUpdated(
            order=order, round_number=1, status=RoundStatus.REJECTED, reason="kitchen closed"
        ),
        OrderStatusUpdated(
            order=make_order(status=OrderStatus.PREPARING, version=2),
            previous_status=OrderStatus.CONFIRMED,
            updated_by="kitchen",
            reason="",
        ),
        OrderProgress(order=make_order(progress_percentage=50, version=2)),
        OrderReady(order=make_order(status=OrderStatus.READY, progress_percentage=90, version=3)),
        OrderItemVoided(order=voided, item_ids=[ITEM], reason="spilled", updated_by="counter"),
        KitchenOrderReceived(ticket=ticket),
        KitchenOrderStarted(ticket=make_ticket(status=TicketStatus.STARTED, version=2)),
        KitchenOrderCompleted(ticket=done),
        KitchenTicketUpdated(
            ticket=make_ticket(held=[make_held_lines()], version=2), change="held"
        ),
        OrderNumberPreparing(number=make_number()),
        OrderNumberReady(number=make_number(state="ready", version=2)),
        OrderNumberCleared(number=make_number(state="gone", version=3)),
        TableSessionOpened(table=make_table()),
        TableSessionMoved(
            table=make_table(),
            left=msgspec.structs.replace(free, number=3, label="Terrace 3"),
            table_session_id=SEATING,
        ),
        TableSessionClosed(table=free, table_session_id=SEATING),
        MenuAvailabilityChanged(item=make_menu_item(), menu_version=12),
        MenuItemChanged(item=make_menu_item(), is_listed=True, menu_version=12),
        MenuItemCounted(
            count=DishCountView(
                menu_item_id=make_id(70),
                name="Flat white",
                kitchen_name="FLAT WHITE",
                left=4,
                until=NOON + timedelta(hours=16),
            )
        ),
        MenuPauseChanged(
            pause=make_pause(), is_paused=True, cause=PauseCause.LOAD, menu_version=13
        ),
        DishStockChanged(stock=DishStockView(menu_item_id=make_id(70))),
        DevicePaired(device=make_device()),
        DeviceUpdated(device=make_device(name="Wall by the window")),
        DeviceRevoked(device=make_device()),
        StationMoved(move=make_move()),
        StationReturned(move=make_move()),
        *make_payment_events(),
        *make_notification_events(),
    ]
    return {str(type(event).__struct_config__.tag): event for event in events}


def log_event(
    event: AnyEvent,
    *,
    seq: int,
    cafe_id: str = CAFE,
    epoch: str = EPOCH,
    user_id: str | None = None,
) -> LoggedEvent:
    """Give an event its place in a log."""
    return LoggedEvent(
        cafe_id=cafe_id,
        epoch=epoch,
        seq=seq,
        event_id=make_id(100_000 + seq),
        at=NOON,
        user_id=user_id,
        event=event,
    )
