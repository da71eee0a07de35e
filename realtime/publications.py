"""From an event of the log to what travels: a pure function, so that live and replay agree.

`publish` says to which rooms an event goes and which cards it changes. A publication encodes its
message once per kind of reader and renders a card once per (component, locale), whoever asks
first; the hub and the replay share the result.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

from config.logging import get_logger
from domain.audiences import Audience
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
    OrderNumberCleared,
    OrderNumberPreparing,
    OrderNumberReady,
    OrderReady,
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
from domain.handing_over import build_pass_order
from domain.kitchen import is_on_board
from domain.roles import Identity
from domain.rooms import Room, RoomKind
from domain.statuses import NotificationStatus
from domain.views.boards import BoardNumberView
from domain.views.kitchen import TicketView
from domain.views.notifications import NotificationView
from domain.views.orders import OrderView
from domain.views.tables import TableCallView
from realtime.messages.catalogue import build_message, name_event, read_view
from realtime.messages.envelope import Fragment
from realtime.ports import Render

log = get_logger(__name__)

_Action = Literal["insert", "replace", "remove"]


class Rendering(msgspec.Struct, frozen=True):
    """Where a component's card goes; its html is made when somebody wants it."""

    component: str
    target: str
    card: str
    action: _Action
    rank: int


class Representation(msgspec.Struct, frozen=True):
    """A kind of reader: all sessions of one kind get the same bytes.

    shows_user: staff. components: cards wanted, best first. locale: of their texts.
    """

    shows_user: bool = False
    components: tuple[str, ...] = ()
    locale: str = ""


class Publication:
    """One event, addressed. Encodes lazily and keeps what it encoded.

    audience: of those in its rooms, who gets it; None is all of them. ended_session_id: the
    seating whose guests lose their connection after this message.
    """

    __slots__ = (
        "_encoded",
        "_logged",
        "at",
        "audience",
        "cafe_id",
        "ended_session_id",
        "epoch",
        "event_id",
        "renderings",
        "rooms",
        "seq",
        "type",
    )

    def __init__(
        self, logged: LoggedEvent, *, rooms: tuple[Room, ...], renderings: tuple[Rendering, ...]
    ) -> None:
        self.cafe_id = logged.cafe_id
        self.epoch = logged.epoch
        self.seq = logged.seq
        self.event_id = logged.event_id
        self.at = logged.at
        self.type = name_event(logged.event)
        self.rooms = rooms
        self.renderings = renderings
        self.audience: Audience | None = getattr(logged.event, "audience", None)
        self.ended_session_id = (
            logged.event.table_session_id if isinstance(logged.event, TableSessionClosed) else None
        )
        self._logged: LoggedEvent | None = logged
        self._encoded: dict[Representation, bytes] = {}

    def is_for(self, identity: Identity) -> bool:
        """Say whether somebody who is in one of its rooms is to get it."""
        return self.audience is None or self.audience.admits(identity)

    def encode(self, representation: Representation, render: Render) -> bytes:
        """Return the message as this kind of reader gets it."""
        encoded = self._encoded.get(representation)
        if encoded is None:
            encoded = self._encode(representation, render)
            self._encoded[representation] = encoded
        return encoded

    def compact(self) -> None:
        """Let go of the event: its encoded message says the same in a third of the memory."""
        for shows_user in (False, True):
            self._encode_plain(shows_user=shows_user)
        self._logged = None

    def _encode(self, representation: Representation, render: Render) -> bytes:
        plain = self._encode_plain(shows_user=representation.shows_user)
        fragment = self._render(representation, render)
        if fragment is None:
            return plain
        return b'%b,"fragment":%b}' % (plain[:-1], msgspec.json.encode(fragment))

    def _encode_plain(self, *, shows_user: bool) -> bytes:
        key = Representation(shows_user)
        encoded = self._encoded.get(key)
        if encoded is None:
            assert self._logged is not None
            # Without a person behind it both kinds of readers share one encoding.
            other = self._encoded.get(Representation(not shows_user))
            if other is not None and self._logged.user_id is None:
                encoded = other
            else:
                encoded = msgspec.json.encode(build_message(self._logged, shows_user=shows_user))
            self._encoded[key] = encoded
        return encoded

    def _render(self, representation: Representation, render: Render) -> Fragment | None:
        for component in representation.components:
            for each in self.renderings:
                if each.component == component:
                    return self._build_fragment(each, representation.locale, render)
        return None

    def _build_fragment(self, each: Rendering, locale: str, render: Render) -> Fragment | None:
        try:
            html = render(each.component, self._read_view(), locale=locale, cafe_id=self.cafe_id)
        except Exception:  # a broken template must not keep the event from anybody
            log.exception(
                "card_not_rendered", component=each.component, cafe_id=self.cafe_id, seq=self.seq
            )
            return None
        return Fragment(
            component=each.component,
            target=each.target,
            card=each.card,
            action=each.action,
            rank=each.rank,
            html=html,
        )

    def _read_view(self) -> Any:
        return read_view(self.type, self._encode_plain(shows_user=False))


def publish(logged: LoggedEvent) -> Publication:
    """Address an event: rooms, message and cards follow from it alone."""
    cafe_id = logged.cafe_id
    rooms = tuple(Room(cafe_id, kind, key) for kind, key in _address(logged.event))
    return Publication(logged, rooms=rooms, renderings=_list_renderings(logged.event))


_Address = list[tuple[RoomKind, str]]


def _address(event: AnyEvent) -> _Address:
    """List the rooms of an event as (kind, key)."""
    match event:
        case OrderReady(order=order):
            return [(RoomKind.ORDER, order.order_id)]  # and nowhere else (spec C2)
        case (
            KitchenOrderReceived(ticket=ticket)
            | KitchenOrderStarted(ticket=ticket)
            | KitchenOrderCompleted(ticket=ticket)
            | KitchenTicketUpdated(ticket=ticket)
        ):
            station = (RoomKind.STATION, ticket.station_id)
            return [(RoomKind.CAFE, ""), (RoomKind.KITCHEN, ""), station]
        case OrderNumberPreparing() | OrderNumberReady() | OrderNumberCleared():
            return [(RoomKind.CAFE, ""), (RoomKind.CUSTOMERS, "")]
        case TableSessionOpened() | TableSessionMoved() | TableSessionClosed():
            return _address_seating(event)
        case TableCalled(call=call) | TableCallUpdated(call=call):
            return _address_table(call.table_number, call.table_session_id)
        case StaffNotification(audience=audience) | StaffNotificationUpdated(audience=audience):
            return [(RoomKind.ROLE, role.value) for role in audience.target_roles]
        case (
            MenuAvailabilityChanged()
            | MenuPauseChanged()
            | MenuItemChanged()
            | MenuItemCounted()
            | DishStockChanged()
        ):
            return _address_menu(event)
        case (
            DevicePaired() | DeviceUpdated() | DeviceRevoked() | StationMoved() | StationReturned()
        ):
            return _address_screens(event)
        case _:
            return _address_order(event.order)


def _address_screens(
    event: DevicePaired | DeviceUpdated | DeviceRevoked | StationMoved | StationReturned,
) -> _Address:
    if isinstance(event, DevicePaired | DeviceUpdated | DeviceRevoked):
        return [(RoomKind.MANAGEMENT, ""), (RoomKind.DEVICE, event.device.device_id)]
    # Both stations that a move concerns, and whoever runs the floor.
    move = event.move
    stations = [(RoomKind.STATION, each) for each in (move.station_id, move.shown_at_station_id)]
    return [(RoomKind.CAFE, ""), (RoomKind.STAFF, ""), (RoomKind.KITCHEN, ""), *stations]


def _address_menu(
    event: MenuAvailabilityChanged
    | MenuPauseChanged
    | MenuItemChanged
    | MenuItemCounted
    | DishStockChanged,
) -> _Address:
    if isinstance(event, DishStockChanged):
        return [(RoomKind.CUSTOMERS, "")]
    kinds = [RoomKind.CAFE, RoomKind.STAFF]
    # How much a house has left is not its guests' business: they hear that it changed, and when
    # it is none.
    if not isinstance(event, MenuItemCounted):
        kinds.append(RoomKind.CUSTOMERS)
    # An edit is not for the kitchen: it has prices, and tickets keep the names they went with.
    if not isinstance(event, MenuItemChanged):
        kinds.append(RoomKind.KITCHEN)
    return [(kind, "") for kind in kinds]


def _address_order(order: OrderView) -> _Address:
    rooms: _Address = [
        (RoomKind.CAFE, ""),
        (RoomKind.STAFF, ""),
        (RoomKind.ORDER, order.order_id),
    ]
    if order.table_session_id is not None:
        rooms.append((RoomKind.SESSION, order.table_session_id))
    if order.table_number is not None:
        rooms.append((RoomKind.TABLE, str(order.table_number)))
    return rooms


def _address_table(number: int, table_session_id: str | None) -> _Address:
    rooms: _Address = [(RoomKind.CAFE, ""), (RoomKind.STAFF, ""), (RoomKind.TABLE, str(number))]
    if table_session_id is not None:
        rooms.append((RoomKind.SESSION, table_session_id))
    return rooms


def _address_seating(
    event: TableSessionOpened | TableSessionMoved | TableSessionClosed,
) -> _Address:
    if isinstance(event, TableSessionOpened):
        return _address_table(event.table.number, event.table.table_session_id)
    if isinstance(event, TableSessionClosed):
        return _address_table(event.table.number, event.table_session_id)
    rooms = _address_table(event.table.number, event.table.table_session_id)
    rooms.append((RoomKind.TABLE, str(event.left.number)))
    if event.table_session_id != event.table.table_session_id:
        rooms.append((RoomKind.SESSION, event.table_session_id))
    return rooms


def _list_renderings(event: AnyEvent) -> tuple[Rendering, ...]:
    match event:
        case KitchenOrderReceived(ticket=ticket):
            return (_place_ticket(ticket, "insert"),)
        case (
            KitchenOrderStarted(ticket=ticket)
            | KitchenOrderCompleted(ticket=ticket)
            | KitchenTicketUpdated(ticket=ticket)
        ):
            return (_place_ticket(ticket, "replace"),)
        case OrderNumberPreparing() | OrderNumberReady() | OrderNumberCleared():
            return (_place_number(event.number),)
        case (
            TableSessionOpened()
            | TableSessionMoved()
            | TableSessionClosed()
            | MenuAvailabilityChanged()
            | MenuPauseChanged()
            | MenuItemChanged()
            | MenuItemCounted()
            | DishStockChanged()
            | DevicePaired()
            | DeviceUpdated()
            | DeviceRevoked()
            | StationMoved()
            | StationReturned()
        ):
            return ()
        case TableCalled(call=call) | TableCallUpdated(call=call):
            return (_place_call(call),)
        case StaffNotification() | StaffNotificationUpdated():
            return (_place_notification(event.notification),)
        case OrderCreated(order=order):
            return _place_order(order, "insert")
        case _:
            return _place_order(event.order, "replace")


def _place_ticket(ticket: TicketView, action: _Action) -> Rendering:
    return Rendering(
        "kitchen_ticket",
        f"tickets:{ticket.station_id}",
        f"kitchen_ticket-{ticket.ticket_id}",
        action if is_on_board(ticket) else "remove",
        ticket.rank,
    )


def _place_order(order: OrderView, action: _Action) -> tuple[Rendering, ...]:
    rank = _rank(order.submitted_at)
    return (
        Rendering(
            "order_card",
            "orders",
            f"order_card-{order.order_id}",
            action if order.is_on_till else "remove",
            rank,
        ),
        _place_at_pass(order, action),
        # For a till that has this order's payments open.
        Rendering(
            "pay_pane",
            f"pay:{order.order_id}",
            f"pay_pane-{order.order_id}",
            "replace",
            rank,
        ),
        # A guest keeps seeing an order that is over: it says so.
        Rendering(
            "order_progress",
            f"order:{order.order_id}",
            f"order_progress-{order.order_id}",
            "replace",
            rank,
        ),
    )


def _place_at_pass(order: OrderView, action: _Action) -> Rendering:
    found = build_pass_order(order)
    return Rendering(
        "pass_order",
        "pass",
        f"pass_order-{order.order_id}",
        action if found else "remove",
        found.rank if found else _rank(order.completed_at or order.submitted_at),
    )


def _place_number(number: BoardNumberView) -> Rendering:
    return Rendering(
        "board_number",
        "board:ready" if number.state == "ready" else "board:preparing",
        f"board_number-{number.business_date}-{number.order_number}",
        "remove" if number.state == "gone" else "insert",
        _rank(number.since),
    )


def _place_call(call: TableCallView) -> Rendering:
    return Rendering(
        "table_call",
        "table_call",
        f"table_call-{call.call_id}",
        "remove" if call.status == "ended" else "replace",
        _rank(call.called_at),
    )


def _place_notification(view: NotificationView) -> Rendering:
    return Rendering(
        "notification_card",
        "notifications",
        f"notification_card-{view.notification_id}",
        "remove" if view.status is NotificationStatus.RESOLVED else "replace",
        view.rank,
    )


def _rank(at: datetime) -> int:
    """Place in a list by age; the same in every event about the same card."""
    return int(at.timestamp() * 1000)
