"""Events: facts that happened, as the log keeps them.

One event is one row of the log, one `seq`, and at most one message to any one session. Events
hold views as they were at that moment, so that every process and every replay derive the same
messages (spec G2). The `type` tag is the type of the message that clients see.
"""

from datetime import datetime

import msgspec

from domain.audiences import Audience
from domain.roles import Identity
from domain.statuses import OrderStatus, PauseCause, RoundStatus
from domain.views.availability import DishCountView, DishStockView, StationPauseView
from domain.views.boards import BoardNumberView
from domain.views.kitchen import StationMoveView, TicketView
from domain.views.menu import MenuItemView
from domain.views.money import PaymentView, RefundView
from domain.views.notifications import NotificationView
from domain.views.orders import OrderView
from domain.views.screens import DeviceView
from domain.views.tables import TableCallView, TableView


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", rename="camel"):
    """Base of all events."""


class OrderCreated(Event, tag="order_created"):
    """A first round was submitted."""

    order: OrderView


class OrderRoundAdded(Event, tag="order_round_added"):
    """A further round was submitted to an order."""

    order: OrderView
    round_number: int


class OrderRoundUpdated(Event, tag="order_round_updated"):
    """A waiting round was confirmed, rejected or expired, or one is held (`submitted`)."""

    order: OrderView
    round_number: int
    status: RoundStatus
    reason: str


class OrderStatusUpdated(Event, tag="order_status_updated"):
    """updated_by: a role word, or "system"."""

    order: OrderView
    previous_status: OrderStatus
    updated_by: str
    reason: str


class OrderProgress(Event, tag="order_progress"):
    """Something about the order changed that its status does not say."""

    order: OrderView


class OrderReady(Event, tag="order_ready"):
    """All live lines of an order are ready; told to that order's room alone."""

    order: OrderView


class OrderItemVoided(Event, tag="order_item_voided"):
    """Lines were taken off an order."""

    order: OrderView
    item_ids: list[str]
    reason: str
    updated_by: str


class PaymentInitiated(Event, tag="payment_initiated"):
    """A leg was begun, and waits for a terminal or a provider."""

    order: OrderView
    payment: PaymentView


class PaymentUpdated(Event, tag="payment_updated"):
    """A leg changed without an end: authorized, being checked, or a refund under way or refused."""

    order: OrderView
    payment: PaymentView


class PaymentCompleted(Event, tag="payment_completed"):
    """A leg brought its money."""

    order: OrderView
    payment: PaymentView


class PaymentFailed(Event, tag="payment_failed"):
    """A leg ended without money: failed, cancelled or expired."""

    order: OrderView
    payment: PaymentView


class PaymentRefunded(Event, tag="payment_refunded"):
    """Money was given back. refund: without its reason, which is for staff."""

    order: OrderView
    payment: PaymentView
    refund: RefundView


class KitchenOrderReceived(Event, tag="kitchen_order_received"):
    """A round fired: a station has a new ticket, or has to make one that was held."""

    ticket: TicketView


class KitchenOrderStarted(Event, tag="kitchen_order_started"):
    """A station began with a ticket."""

    ticket: TicketView


class KitchenOrderCompleted(Event, tag="kitchen_order_completed"):
    """All live lines of a ticket are ready."""

    ticket: TicketView


class KitchenTicketUpdated(Event, tag="kitchen_ticket_updated"):
    """A ticket changed without starting or completing. change: item, void, recall, held,
    rush, name, allergy, moved or others."""

    ticket: TicketView
    change: str


class OrderNumberPreparing(Event, tag="order_number_preparing"):
    """A number is being prepared, or is again."""

    number: BoardNumberView


class OrderNumberReady(Event, tag="order_number_ready"):
    """A number can be collected."""

    number: BoardNumberView


class OrderNumberCleared(Event, tag="order_number_cleared"):
    """A number has left the board."""

    number: BoardNumberView


class TableSessionOpened(Event, tag="table_session_opened"):
    """Guests sat down: the first phone scanned a table, or staff seated them."""

    table: TableView


class TableSessionMoved(Event, tag="table_session_moved"):
    """Guests sit at another table. table_session_id: the seating that moved; `table` is where they
    sit now, with the seating that they are of then, and `left` the table they left, free again.
    """

    table: TableView
    left: TableView
    table_session_id: str


class TableSessionClosed(Event, tag="table_session_closed"):
    """table_session_id: the seating that ended; `table` is already free."""

    table: TableView
    table_session_id: str


class MenuAvailabilityChanged(Event, tag="menu_availability_changed"):
    """item: the item after the change (a modifier's change is sent for each item that has it)."""

    item: MenuItemView
    menu_version: int


class MenuPauseChanged(Event, tag="menu_pause_changed"):
    """Guests' orders of a station were paused, go on being paused otherwise, or are not any more.

    pause: as it is, or was until now, without its reason: guests hear of it. cause: of the change.
    """

    pause: StationPauseView
    is_paused: bool
    cause: PauseCause
    menu_version: int


class MenuItemCounted(Event, tag="menu_item_counted"):
    """Other units of a dish are left to sell than before, or it is counted no longer."""

    count: DishCountView


class DishStockChanged(Event, tag="dish_stock_changed"):
    """Other units of a counted dish can be had than before: a cart that has some looks again."""

    stock: DishStockView


class TableCalled(Event, tag="table_called"):
    """A table's guests ask for somebody, for the first time or again."""

    call: TableCallView


class TableCallUpdated(Event, tag="table_call_updated"):
    """A table's call was answered, or is over."""

    call: TableCallView


class StaffNotification(Event, tag="staff_notification"):
    """Something that staff must know now: it is new, or it presses harder."""

    notification: NotificationView
    audience: Audience


class StaffNotificationUpdated(Event, tag="staff_notification_updated"):
    """Somebody has seen a notification, or it is over."""

    notification: NotificationView
    audience: Audience


class MenuItemChanged(Event, tag="menu_item_changed"):
    """A dish was edited, or a choice of it. is_listed: it is on the menu; else `item` was."""

    item: MenuItemView
    is_listed: bool
    menu_version: int


class DevicePaired(Event, tag="device_paired"):
    """A screen was let in."""

    device: DeviceView


class DeviceUpdated(Event, tag="device_updated"):
    """A screen has another name, role or station."""

    device: DeviceView


class DeviceRevoked(Event, tag="device_revoked"):
    """A screen's access was taken back."""

    device: DeviceView


class StationMoved(Event, tag="station_moved"):
    """A station's tickets are shown at another station."""

    move: StationMoveView


class StationReturned(Event, tag="station_returned"):
    """They are at its own screens again. move: what has ended."""

    move: StationMoveView


AnyEvent = (
    OrderCreated
    | OrderRoundAdded
    | OrderRoundUpdated
    | OrderStatusUpdated
    | OrderProgress
    | OrderReady
    | OrderItemVoided
    | PaymentInitiated
    | PaymentUpdated
    | PaymentCompleted
    | PaymentFailed
    | PaymentRefunded
    | KitchenOrderReceived
    | KitchenOrderStarted
    | KitchenOrderCompleted
    | KitchenTicketUpdated
    | OrderNumberPreparing
    | OrderNumberReady
    | OrderNumberCleared
    | TableSessionOpened
    | TableSessionMoved
    | TableSessionClosed
    | MenuAvailabilityChanged
    | MenuPauseChanged
    | MenuItemCounted
    | DishStockChanged
    | TableCalled
    | TableCallUpdated
    | StaffNotification
    | StaffNotificationUpdated
    | MenuItemChanged
    | DevicePaired
    | DeviceUpdated
    | DeviceRevoked
    | StationMoved
    | StationReturned
)


class LoggedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its place in its cafe's log.

    user_id: the person who caused it, None for guests and the system.
    """

    cafe_id: str
    epoch: str
    seq: int
    event_id: str
    at: datetime
    user_id: str | None
    event: AnyEvent


def withhold(event: AnyEvent, identity: Identity) -> AnyEvent:
    """Show an event to somebody who reads the log: of what was sent to others, not the words.

    The log is read without gaps, so its place and its type stay.
    """
    if not isinstance(event, StaffNotification | StaffNotificationUpdated):
        return event
    if event.audience.admits(identity):
        return event
    return msgspec.structs.replace(
        event, notification=msgspec.structs.replace(event.notification, title="", message="")
    )
