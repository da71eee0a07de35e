"""Who may do what: deny by default, one table for commands, one for rooms, one for components.

Source: spec B2 and the product's life cycles. Namespaces (config/namespaces.py) say where a
command is accepted; this says by whom. Ownership ("own lane", "own seating") is checked by the
operation, which has the rows.
"""

from domain.errors import AuthorizationDenied, RightMissing
from domain.payments import PaymentMethod
from domain.roles import FLOOR_STAFF, KITCHEN_STAFF, MANAGEMENT, TILL_STAFF, Identity, Role
from domain.rooms import Room, RoomKind

_CUSTOMER = frozenset({Role.CUSTOMER})
_EVERY_STAFF = FLOOR_STAFF | KITCHEN_STAFF

COMMAND_ROLES: dict[str, frozenset[Role]] = {
    "place_order": _CUSTOMER | TILL_STAFF,
    "add_round": _CUSTOMER | TILL_STAFF,
    "quote": _CUSTOMER | TILL_STAFF,
    "name_order": TILL_STAFF,
    # Cooks write it on the cup; a board and a guest are shown none (decision 0057).
    "list_order_names": _EVERY_STAFF,
    "void_items": _CUSTOMER | TILL_STAFF,
    "cancel_order": TILL_STAFF,
    "approve_round": TILL_STAFF,
    "reject_round": TILL_STAFF,
    "start_items": KITCHEN_STAFF,
    "finish_items": KITCHEN_STAFF,
    "recall_items": KITCHEN_STAFF,
    "serve_items": FLOOR_STAFF,
    "hand_back_items": FLOOR_STAFF,
    # Who may without a manager, domain/handing_over.py says.
    "serve_unprepared": FLOOR_STAFF,
    "remake_items": FLOOR_STAFF,
    "start_ticket": KITCHEN_STAFF,
    "bump_ticket": KITCHEN_STAFF,
    "recall_ticket": KITCHEN_STAFF,
    "acknowledge_void": KITCHEN_STAFF,
    # Who can be asked why a ticket is not made; a cook takes their own back.
    "move_station": FLOOR_STAFF,
    "return_station": _EVERY_STAFF,
    "set_failover": MANAGEMENT,
    "acknowledge_allergy": KITCHEN_STAFF,
    "call_server": KITCHEN_STAFF,
    # The floor knows how far the guests are, the kitchen how far the pots.
    "hold_items": _EVERY_STAFF,
    "fire_items": _EVERY_STAFF,
    "rush_ticket": _EVERY_STAFF,  # decision 0043
    "withdraw_rush": _EVERY_STAFF,
    "set_availability": frozenset({Role.KITCHEN}) | FLOOR_STAFF,
    # Who sees that it is too much; a way back must be as near.
    "pause_ordering": frozenset({Role.KITCHEN}) | FLOOR_STAFF,
    "resume_ordering": frozenset({Role.KITCHEN}) | FLOOR_STAFF,
    "set_busy_limit": MANAGEMENT,
    "edit_menu_item": MANAGEMENT,
    "edit_modifier": MANAGEMENT,
    "set_grace": MANAGEMENT,
    "set_opening_times": MANAGEMENT,
    "order_status_update": _EVERY_STAFF,
    "close_table_session": TILL_STAFF,
    "move_table": TILL_STAFF,
    "merge_tables": TILL_STAFF,
    "initiate_payment": _CUSTOMER | TILL_STAFF,
    "confirm_terminal_payment": TILL_STAFF,
    "decline_terminal_payment": TILL_STAFF,
    "cancel_payment": _CUSTOMER | TILL_STAFF,
    "refund_payment": TILL_STAFF,
    "list_payments": _CUSTOMER | FLOOR_STAFF,
    # With prices, which are none of the kitchen's business; what is sold out is (decision 0037).
    "read_menu": _CUSTOMER | FLOOR_STAFF,
    "read_availability": _EVERY_STAFF,
    "read_order": _CUSTOMER | FLOOR_STAFF,
    "list_orders": _CUSTOMER | FLOOR_STAFF,
    "list_tickets": KITCHEN_STAFF,
    "list_tables": FLOOR_STAFF,
    "read_board": _EVERY_STAFF | {Role.BOARD},
    "read_events": MANAGEMENT,
    "list_connections": MANAGEMENT,
    "list_devices": MANAGEMENT,
    "pair_device": MANAGEMENT,
    "update_device": MANAGEMENT,
    "revoke_device": MANAGEMENT,
    "start_shift": _EVERY_STAFF,
    # Another's: whoever began a shift may end it.
    "end_shift": MANAGEMENT,
    "list_sign_ins": _EVERY_STAFF,
    "end_sign_in": _EVERY_STAFF,
    "invite_person": MANAGEMENT,
    "change_roles": MANAGEMENT,
    "revoke_person": MANAGEMENT,
    "revoke_everybody": frozenset({Role.OWNER}),
    "read_analytics": MANAGEMENT,
    "read_audit": MANAGEMENT,
    # A file leaves the house with everything that everybody did.
    "export_audit": frozenset({Role.OWNER}),
    "review_payments": MANAGEMENT,
    "send_notice": MANAGEMENT,
    "acknowledge_notification": _EVERY_STAFF,
    # Of which kind, domain/notifications.py says.
    "resolve_notification": _EVERY_STAFF,
    "list_notifications": _EVERY_STAFF,
    "call_staff": _CUSTOMER,
    "cancel_call": _CUSTOMER,
    "rate_visit": _CUSTOMER,
}

# Who pays how: guests by a provider, the till takes what lies in its drawer or on its terminal.
METHOD_ROLES: dict[PaymentMethod, frozenset[Role]] = {
    PaymentMethod.CASH: TILL_STAFF,
    PaymentMethod.CARD_TERMINAL: TILL_STAFF,
    PaymentMethod.SANDBOX: _CUSTOMER,
}

# Rights of an `order_status_update` by its new status: it must not open a side door (spec C7).
STATUS_UPDATE_COMMANDS: dict[str, str] = {
    "preparing": "start_items",
    "ready": "finish_items",
    "completed": "serve_items",
    "cancelled": "cancel_order",
}

ROOM_ROLES: dict[RoomKind, frozenset[Role]] = {
    RoomKind.CAFE: FLOOR_STAFF,
    RoomKind.STAFF: FLOOR_STAFF,
    RoomKind.KITCHEN: KITCHEN_STAFF,
    RoomKind.MANAGEMENT: MANAGEMENT,
    RoomKind.CUSTOMERS: frozenset({Role.CUSTOMER, Role.BOARD}),
    RoomKind.STATION: KITCHEN_STAFF,
    RoomKind.SESSION: _CUSTOMER | TILL_STAFF,
    RoomKind.TABLE: FLOOR_STAFF,
    RoomKind.ORDER: _CUSTOMER | FLOOR_STAFF,
    RoomKind.DEVICE: MANAGEMENT,
}

# Rooms that a role is in from the moment it connects.
IMPLIED_ROOMS: dict[Role, tuple[RoomKind, ...]] = {
    Role.CUSTOMER: (RoomKind.CUSTOMERS,),
    Role.BOARD: (RoomKind.CUSTOMERS,),
    Role.KITCHEN: (RoomKind.KITCHEN,),
    Role.EXPO: (RoomKind.CAFE, RoomKind.STAFF, RoomKind.KITCHEN),
    Role.COUNTER: (RoomKind.CAFE, RoomKind.STAFF),
    Role.MANAGER: (RoomKind.CAFE, RoomKind.STAFF, RoomKind.KITCHEN, RoomKind.MANAGEMENT),
    Role.OWNER: (RoomKind.CAFE, RoomKind.STAFF, RoomKind.KITCHEN, RoomKind.MANAGEMENT),
}

# Rendered views that a connection may ask for with `render` (a card may show prices).
COMPONENT_ROLES: dict[str, frozenset[Role]] = {
    "live_figures": MANAGEMENT,
    "station_screens": MANAGEMENT,
    "screen_faults": FLOOR_STAFF,
    "kitchen_ticket": KITCHEN_STAFF,
    "order_card": FLOOR_STAFF,
    "pass_order": FLOOR_STAFF,
    "pay_pane": TILL_STAFF,
    "order_progress": _CUSTOMER,
    "queue_place": _CUSTOMER,
    "guest_waits": _CUSTOMER,
    "board_number": _CUSTOMER | _EVERY_STAFF | {Role.BOARD},
    "notification_card": _EVERY_STAFF,
    "table_call": _CUSTOMER,
}


def may(identity: Identity, command: str) -> bool:
    """Say whether a command is open to an identity; unknown commands are closed."""
    return not identity.roles.isdisjoint(COMMAND_ROLES.get(command, frozenset()))


def require(identity: Identity, command: str) -> None:
    """Let through or refuse. Raises: RightMissing."""
    if not may(identity, command):
        raise RightMissing("Your role does not allow this. Ask somebody who may.")


def require_method(identity: Identity, method: PaymentMethod) -> None:
    """Let through who may pay this way. Raises: AuthorizationDenied `method_not_allowed`."""
    if identity.roles.isdisjoint(METHOD_ROLES[method]):
        raise AuthorizationDenied(
            "You cannot take a payment this way here. Choose another way to pay.",
            code="method_not_allowed",
        )


def may_join(identity: Identity, room: Room) -> bool:
    """Say whether roles and cafe admit an identity to a room.

    Rooms with rows behind them (order, session of a guest, station, device) also need the caller
    to check that the row is of this cafe and, for guests, of their own seating.
    """
    if room.cafe_id != identity.cafe_id:
        return False
    if room.kind is RoomKind.ROLE:
        return room.key in identity.roles
    if identity.is_device and room.kind is RoomKind.DEVICE:
        return room.key == identity.device_id
    if room.kind is RoomKind.STATION and identity.station_id not in (None, room.key):
        return False
    if identity.is_guest and room.kind is RoomKind.SESSION:
        return room.key == identity.table_session_id
    return not identity.roles.isdisjoint(ROOM_ROLES.get(room.kind, frozenset()))


def list_implied_rooms(identity: Identity) -> list[Room]:
    """List the rooms that an identity is in from the moment it connects, in a fixed order."""
    rooms: dict[Room, None] = {}
    for role in sorted(identity.roles):
        for kind in IMPLIED_ROOMS[role]:
            rooms[Room(identity.cafe_id, kind)] = None
        rooms[Room(identity.cafe_id, RoomKind.ROLE, role.value)] = None
    if identity.table_session_id is not None:
        rooms[Room(identity.cafe_id, RoomKind.SESSION, identity.table_session_id)] = None
    if identity.device_id is not None:
        rooms[Room(identity.cafe_id, RoomKind.DEVICE, identity.device_id)] = None
    if identity.station_id is not None:
        rooms[Room(identity.cafe_id, RoomKind.STATION, identity.station_id)] = None
    return list(rooms)
