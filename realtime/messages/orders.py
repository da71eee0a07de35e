"""Order messages: the source's fields flat, and the whole order as its view under `order`."""

from datetime import datetime

from domain.events import (
    OrderCreated,
    OrderItemVoided,
    OrderProgress,
    OrderReady,
    OrderRoundAdded,
    OrderRoundUpdated,
    OrderStatusUpdated,
)
from domain.statuses import ItemStatus, OrderStatus, RoundStatus, WaitReason
from domain.views.guests import QueuePlaceView
from domain.views.orders import OrderItemView, OrderView
from realtime.messages.envelope import Data, EphemeralMessage, EventMessage


class OrderedItem(Data, frozen=True, kw_only=True):
    """A line in short. unit_price: minor units of the order's currency, modifiers included."""

    item_id: str
    menu_item_id: str
    name: str
    quantity: int
    unit_price: int
    status: ItemStatus
    modifiers: list[str]
    special_instructions: str | None = None


class OrderData(Data, frozen=True, kw_only=True):
    """What all order messages say."""

    order_id: str
    order_number: int
    order: OrderView

    @property
    def view(self) -> OrderView:
        return self.order


class OrderCreatedData(OrderData, frozen=True, kw_only=True):
    """customer_id: the guest's lane. total_amount: minor units of `currency`."""

    customer_id: str | None = None
    table_number: int | None = None
    table_label: str
    items: list[OrderedItem]
    total_amount: int
    currency: str
    status: OrderStatus
    estimated_ready_time: datetime | None = None


class OrderRoundAddedData(OrderCreatedData, frozen=True, kw_only=True):
    """items: those of the new round alone."""

    round_number: int


class OrderRoundUpdatedData(OrderData, frozen=True, kw_only=True):
    round_number: int
    round_status: RoundStatus
    reason: str | None = None
    status: OrderStatus


class OrderStatusUpdatedData(OrderData, frozen=True, kw_only=True):
    """updated_by: a role word, or "system"."""

    previous_status: OrderStatus
    new_status: OrderStatus
    updated_by: str
    status_change_reason: str | None = None
    estimated_ready_time: datetime | None = None


class OrderProgressData(OrderData, frozen=True, kw_only=True):
    current_status: OrderStatus
    progress_percentage: int
    estimated_ready_time: datetime | None = None
    ready_for_pickup: bool


class QueuePositionData(Data, frozen=True, kw_only=True):
    """queue_position: 1 + rounds that the kitchen has before it; absent when it waits for none.

    low_minutes, high_minutes: until it is ready, by the work that the kitchen has; 0 where nothing
    is to be made. wait_reason: "", "queue" or "late".
    """

    order_id: str
    order_number: int
    current_status: OrderStatus
    progress_percentage: int
    estimated_ready_time: datetime | None = None
    queue_position: int | None = None
    low_minutes: int = 0
    high_minutes: int = 0
    wait_reason: WaitReason = WaitReason.NONE


class OrderItemVoidedData(OrderData, frozen=True, kw_only=True):
    item_ids: list[str]
    reason: str | None = None
    updated_by: str
    total_amount: int
    currency: str
    status: OrderStatus


class OrderCreatedMessage(EventMessage, frozen=True, kw_only=True, tag="order_created"):
    data: OrderCreatedData


class OrderRoundAddedMessage(EventMessage, frozen=True, kw_only=True, tag="order_round_added"):
    data: OrderRoundAddedData


class OrderRoundUpdatedMessage(EventMessage, frozen=True, kw_only=True, tag="order_round_updated"):
    data: OrderRoundUpdatedData


class OrderStatusUpdatedMessage(
    EventMessage, frozen=True, kw_only=True, tag="order_status_updated"
):
    data: OrderStatusUpdatedData


class OrderProgressMessage(EventMessage, frozen=True, kw_only=True, tag="order_progress"):
    data: OrderProgressData


class OrderReadyMessage(EventMessage, frozen=True, kw_only=True, tag="order_ready"):
    data: OrderProgressData


class OrderItemVoidedMessage(EventMessage, frozen=True, kw_only=True, tag="order_item_voided"):
    data: OrderItemVoidedData


class QueuePositionUpdateMessage(
    EphemeralMessage, frozen=True, kw_only=True, tag="queue_position_update"
):
    """An order has moved up in the kitchen's queue, or left it."""

    data: QueuePositionData


def build_queue_position(place: QueuePlaceView) -> QueuePositionData:
    """Say where an order is in the kitchen."""
    return QueuePositionData(
        order_id=place.order_id,
        order_number=place.order_number,
        current_status=place.status,
        progress_percentage=place.progress_percentage,
        estimated_ready_time=place.estimated_ready_at,
        queue_position=place.queue_position,
        low_minutes=place.low_minutes,
        high_minutes=place.high_minutes,
        wait_reason=place.wait_reason,
    )


def build_created(event: OrderCreated) -> OrderCreatedData:
    """Say what a new order is."""
    order = event.order
    return OrderCreatedData(
        order_id=order.order_id,
        order_number=order.order_number,
        order=order,
        customer_id=_find_lane(order.items),
        table_number=order.table_number,
        table_label=order.table_label,
        items=[_shorten(item) for item in order.items],
        total_amount=order.totals.total_minor,
        currency=order.totals.currency,
        status=order.status,
        estimated_ready_time=order.estimated_ready_at,
    )


def build_round_added(event: OrderRoundAdded) -> OrderRoundAddedData:
    """Say what a round added."""
    order = event.order
    items = [item for item in order.items if item.round_number == event.round_number]
    return OrderRoundAddedData(
        order_id=order.order_id,
        order_number=order.order_number,
        order=order,
        round_number=event.round_number,
        customer_id=_find_lane(items),
        table_number=order.table_number,
        table_label=order.table_label,
        items=[_shorten(item) for item in items],
        total_amount=order.totals.total_minor,
        currency=order.totals.currency,
        status=order.status,
        estimated_ready_time=order.estimated_ready_at,
    )


def build_round_updated(event: OrderRoundUpdated) -> OrderRoundUpdatedData:
    """Say what became of a waiting round."""
    order = event.order
    return OrderRoundUpdatedData(
        order_id=order.order_id,
        order_number=order.order_number,
        order=order,
        round_number=event.round_number,
        round_status=event.status,
        reason=event.reason or None,
        status=order.status,
    )


def build_status_updated(event: OrderStatusUpdated) -> OrderStatusUpdatedData:
    """Say from which status to which."""
    order = event.order
    return OrderStatusUpdatedData(
        order_id=order.order_id,
        order_number=order.order_number,
        order=order,
        previous_status=event.previous_status,
        new_status=order.status,
        updated_by=event.updated_by,
        status_change_reason=event.reason or None,
        estimated_ready_time=order.estimated_ready_at,
    )


def build_progress(event: OrderProgress | OrderReady) -> OrderProgressData:
    """Say how far an order is."""
    order = event.order
    return OrderProgressData(
        order_id=order.order_id,
        order_number=order.order_number,
        order=order,
        current_status=order.status,
        progress_percentage=order.progress_percentage,
        estimated_ready_time=order.estimated_ready_at,
        ready_for_pickup=order.status is OrderStatus.READY,
    )


def build_item_voided(event: OrderItemVoided) -> OrderItemVoidedData:
    """Say which lines were taken off."""
    order = event.order
    return OrderItemVoidedData(
        order_id=order.order_id,
        order_number=order.order_number,
        order=order,
        item_ids=event.item_ids,
        reason=event.reason or None,
        updated_by=event.updated_by,
        total_amount=order.totals.total_minor,
        currency=order.totals.currency,
        status=order.status,
    )


def _find_lane(items: list[OrderItemView]) -> str | None:
    return next((item.lane_id for item in items if item.lane_id is not None), None)


def _shorten(item: OrderItemView) -> OrderedItem:
    return OrderedItem(
        item_id=item.item_id,
        menu_item_id=item.menu_item_id,
        name=item.name,
        quantity=item.quantity,
        unit_price=item.unit_price_minor,
        status=item.status,
        modifiers=[modifier.name for modifier in item.modifiers],
        special_instructions=item.note or None,
    )
