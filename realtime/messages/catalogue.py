"""The list of all messages: which direction, which struct, whether the log replays it.

AsyncAPI, docs/protocol.md and the golden files of tests/protocol are made from this list and held
to it. `build_message` turns an event of the log into its message; `read_view` goes back from the
encoded message to the view, so that nobody has to keep the view in memory.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET

from domain.errors import ErrorBody
from domain.events import AnyEvent, LoggedEvent
from realtime.messages import (
    analytics,
    commands,
    control,
    devices,
    floor,
    kitchen,
    notifications,
    orders,
    payments,
    screens,
    stations,
    waits,
)
from realtime.messages.envelope import Data, EphemeralMessage, EventMessage


class Direction(StrEnum):
    """Who sends a message."""

    CLIENT = "client"
    SERVER = "server"


class MessageType(msgspec.Struct, frozen=True, kw_only=True):
    """One row. struct: its schema.

    is_replayed: has a seq and is sent again after a break. is_ephemeral: beside the log.
    """

    name: str
    direction: Direction
    struct: type[msgspec.Struct]
    is_replayed: bool = False
    is_ephemeral: bool = False

    @property
    def key(self) -> str:
        """The name, made unique: heartbeats go both ways."""
        return "heartbeat_answer" if self.struct is control.HeartbeatAnswer else self.name


_Builder = Callable[[Any], Data]

_EVENTS: dict[str, tuple[type[EventMessage], _Builder]] = {
    "order_created": (orders.OrderCreatedMessage, orders.build_created),
    "order_round_added": (orders.OrderRoundAddedMessage, orders.build_round_added),
    "order_round_updated": (orders.OrderRoundUpdatedMessage, orders.build_round_updated),
    "order_status_updated": (orders.OrderStatusUpdatedMessage, orders.build_status_updated),
    "order_progress": (orders.OrderProgressMessage, orders.build_progress),
    "order_ready": (orders.OrderReadyMessage, orders.build_progress),
    "order_item_voided": (orders.OrderItemVoidedMessage, orders.build_item_voided),
    "payment_initiated": (payments.PaymentInitiatedMessage, payments.build_payment),
    "payment_updated": (payments.PaymentUpdatedMessage, payments.build_payment),
    "payment_completed": (payments.PaymentCompletedMessage, payments.build_payment),
    "payment_failed": (payments.PaymentFailedMessage, payments.build_payment),
    "payment_refunded": (payments.PaymentRefundedMessage, payments.build_refunded),
    "kitchen_order_received": (kitchen.KitchenOrderReceivedMessage, kitchen.build_kitchen_order),
    "kitchen_order_started": (kitchen.KitchenOrderStartedMessage, kitchen.build_kitchen_order),
    "kitchen_order_completed": (kitchen.KitchenOrderCompletedMessage, kitchen.build_kitchen_order),
    "kitchen_ticket_updated": (kitchen.KitchenTicketUpdatedMessage, kitchen.build_ticket_updated),
    "order_number_preparing": (floor.OrderNumberPreparingMessage, floor.build_order_number),
    "order_number_ready": (floor.OrderNumberReadyMessage, floor.build_order_number),
    "order_number_cleared": (floor.OrderNumberClearedMessage, floor.build_order_number),
    "table_session_opened": (floor.TableSessionOpenedMessage, floor.build_table_opened),
    "table_session_moved": (floor.TableSessionMovedMessage, floor.build_table_moved),
    "table_session_closed": (floor.TableSessionClosedMessage, floor.build_table_closed),
    "menu_availability_changed": (floor.MenuAvailabilityChangedMessage, floor.build_availability),
    "menu_pause_changed": (floor.MenuPauseChangedMessage, floor.build_pause),
    "menu_item_counted": (floor.MenuItemCountedMessage, floor.build_count),
    "dish_stock_changed": (floor.DishStockChangedMessage, floor.build_stock),
    "table_called": (notifications.TableCalledMessage, notifications.build_call),
    "table_call_updated": (notifications.TableCallUpdatedMessage, notifications.build_call),
    "staff_notification": (
        notifications.StaffNotificationMessage,
        notifications.build_notification,
    ),
    "staff_notification_updated": (
        notifications.StaffNotificationUpdatedMessage,
        notifications.build_notification,
    ),
    "menu_item_changed": (floor.MenuItemChangedMessage, floor.build_menu_item),
    "station_moved": (stations.StationMovedMessage, stations.build_station_move),
    "station_returned": (stations.StationReturnedMessage, stations.build_station_move),
    "device_paired": (devices.DevicePairedMessage, devices.build_device),
    "device_updated": (devices.DeviceUpdatedMessage, devices.build_device),
    "device_revoked": (devices.DeviceRevokedMessage, devices.build_device),
}

_CONTROLS: tuple[type[control.ControlMessage], ...] = (
    control.Welcome,
    control.Joined,
    control.Resync,
    control.Mark,
    control.HeartbeatAnswer,
    control.RefreshDue,
    control.Ack,
)

EVENT_TYPES: frozenset[str] = frozenset(_EVENTS)

_EPHEMERA: tuple[type[EphemeralMessage], ...] = (
    analytics.RealTimeAnalyticsMessage,
    orders.QueuePositionUpdateMessage,
    waits.WaitEstimatesMessage,
    screens.StationScreensMessage,
)


def _read_tag(struct: type[msgspec.Struct]) -> str:
    return str(struct.__struct_config__.tag)


EPHEMERAL_TYPES: frozenset[str] = frozenset(_read_tag(struct) for struct in _EPHEMERA)


def _list_client_messages() -> list[MessageType]:
    structs: list[type[msgspec.Struct]] = [
        commands.Authenticate,
        commands.Heartbeat,
        commands.Refresh,
        *commands.ROOM_MESSAGES,
        *commands.COMMAND_MESSAGES.values(),
    ]
    return [
        MessageType(name=_read_tag(struct), direction=Direction.CLIENT, struct=struct)
        for struct in structs
    ]


def _list_server_messages() -> list[MessageType]:
    controls = [
        MessageType(name=_read_tag(struct), direction=Direction.SERVER, struct=struct)
        for struct in _CONTROLS
    ]
    events = [
        MessageType(name=name, direction=Direction.SERVER, struct=struct, is_replayed=True)
        for name, (struct, _) in _EVENTS.items()
    ]
    ephemera = [
        MessageType(
            name=_read_tag(struct), direction=Direction.SERVER, struct=struct, is_ephemeral=True
        )
        for struct in _EPHEMERA
    ]
    error = MessageType(name="error", direction=Direction.SERVER, struct=ErrorBody)
    return [*controls, error, *events, *ephemera]


# "error" stands for the nine types of an ErrorBody, which is the one message without a fixed type.
MESSAGES: tuple[MessageType, ...] = (*_list_client_messages(), *_list_server_messages())


def name_event(event: AnyEvent) -> str:
    """Return the type of the message that an event becomes."""
    return _read_tag(type(event))


def build_message(logged: LoggedEvent, *, shows_user: bool) -> EventMessage:
    """Make the message of an event. shows_user: name who caused it, for staff alone."""
    struct, build = _EVENTS[name_event(logged.event)]
    return struct(
        event_id=logged.event_id,
        timestamp=int(logged.at.timestamp() * 1000),
        cafe_id=logged.cafe_id,
        seq=logged.seq,
        epoch=logged.epoch,
        user_id=logged.user_id if shows_user and logged.user_id else UNSET,
        data=build(logged.event),
    )


def read_view(message_type: str, encoded: bytes) -> Any:
    """Return the view inside an encoded message of ours."""
    struct, _ = _EVENTS[message_type]
    return msgspec.json.decode(encoded, type=struct).data.view
