"""The six namespaces as data: one row each (spec A1). Adding one is adding a row and a module.

Who may send a command is in domain/permissions.py; a command is accepted where both say yes.
Every namespace requires authentication.
"""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from domain.roles import FLOOR_STAFF, KITCHEN_STAFF, MANAGEMENT, Role


class Namespace(StrEnum):
    ORDERS = "orders"
    KITCHEN = "kitchen"
    COUNTER = "counter"
    CUSTOMERS = "customers"
    ADMIN = "admin"
    PAYMENTS = "payments"


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who a limit is about. connection_id: of a socket, "" over REST."""

    namespace: Namespace
    principal: str
    address: str
    connection_id: str = ""


def name_window(caller: Caller) -> str:
    """Name the window that a caller's commands count in: their own, else their address's."""
    return f"rate_limit:{caller.namespace}:{caller.principal or caller.address}"


def describe_for_audit(caller: Caller) -> dict[str, str | int]:
    """Say whose commands were refused, in the words of the audit."""
    return {
        "clientId": caller.connection_id,
        "userId": caller.principal,
        "ip": caller.address,
        "namespace": caller.namespace.value,
    }


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Commands of one caller in a sliding window. skip_*: does not count what ended so.

    key: the window's name. on_limit: what the audit keeps of a refusal; None keeps nothing.
    """

    max_requests: int
    window_ms: int = 60_000
    skip_successful_requests: bool = False
    skip_failed_requests: bool = False
    key: Callable[[Caller], str] = name_window
    on_limit: Callable[[Caller], dict[str, str | int]] | None = describe_for_audit


class NamespaceRule(msgspec.Struct, frozen=True, kw_only=True):
    """roles: who may connect. commands: accepted beside the room commands and `heartbeat`.

    events: types sent here. rate_limit: of commands, over sockets and REST together (spec H1).
    is_replayed: are they replayed to a client that comes back.
    """

    path: str
    roles: frozenset[Role]
    commands: frozenset[str]
    events: frozenset[str]
    rate_limit: RateLimit
    is_replayed: bool = True


_KITCHEN_COMMANDS = frozenset(
    {
        "start_items",
        "finish_items",
        "recall_items",
        "serve_items",
        "start_ticket",
        "bump_ticket",
        "recall_ticket",
        "acknowledge_void",
        "acknowledge_allergy",
        "call_server",
        "hold_items",
        "fire_items",
        "rush_ticket",
        "withdraw_rush",
        "set_availability",
        "pause_ordering",
        "resume_ordering",
    }
)
_STATION_COMMANDS = frozenset({"move_station", "return_station"})
_GUEST_COMMANDS = frozenset({"quote", "place_order", "add_round", "void_items"})
_COUNTER_COMMANDS = frozenset(
    {
        "name_order",
        "cancel_order",
        "approve_round",
        "reject_round",
        "serve_items",
        "hand_back_items",
        "serve_unprepared",
        # From the pass alone: the counter has no right to it.
        "recall_items",
        "remake_items",
        "hold_items",
        "fire_items",
        "rush_ticket",
        "withdraw_rush",
        "set_availability",
        "pause_ordering",
        "resume_ordering",
        "close_table_session",
        "move_table",
        "merge_tables",
    }
)
_PAYMENT_COMMANDS = frozenset(
    {
        "initiate_payment",
        "confirm_terminal_payment",
        "decline_terminal_payment",
        "cancel_payment",
        "refund_payment",
    }
)
_CALL_COMMANDS = frozenset({"call_staff", "cancel_call", "rate_visit"})
_NOTIFICATION_COMMANDS = frozenset({"acknowledge_notification", "resolve_notification"})
_ORDER_EVENTS = frozenset(
    {
        "order_created",
        "order_round_added",
        "order_round_updated",
        "order_status_updated",
        "order_progress",
        "order_ready",
        "order_item_voided",
    }
)
_PAYMENT_EVENTS = frozenset(
    {
        "payment_initiated",
        "payment_updated",
        "payment_completed",
        "payment_failed",
        "payment_refunded",
    }
)
_KITCHEN_EVENTS = frozenset(
    {
        "kitchen_order_received",
        "kitchen_order_started",
        "kitchen_order_completed",
        "kitchen_ticket_updated",
    }
)
_STATION_EVENTS = frozenset({"station_moved", "station_returned"})
_BOARD_EVENTS = frozenset({"order_number_preparing", "order_number_ready", "order_number_cleared"})
_TABLE_EVENTS = frozenset({"table_session_opened", "table_session_moved", "table_session_closed"})
_MENU_EVENTS = frozenset({"menu_availability_changed", "menu_pause_changed", "menu_item_changed"})
_COUNT_EVENTS = frozenset({"menu_item_counted"})
# For whoever has some of a dish in a cart.
_STOCK_EVENTS = frozenset({"dish_stock_changed"})
_CALL_EVENTS = frozenset({"table_called", "table_call_updated"})
_NOTIFICATION_EVENTS = frozenset({"staff_notification", "staff_notification_updated"})
_DEVICE_EVENTS = frozenset({"device_paired", "device_updated", "device_revoked"})
# What a screen hears of itself: then it shows what it is now.
_OWN_DEVICE = frozenset({"device_updated"})
# Beside the log: for whoever runs the place, for whoever waits for an order.
_FIGURES = frozenset({"real_time_analytics"})
_QUEUE = frozenset({"queue_position_update"})
# For whoever thinks about ordering.
_WAITS = frozenset({"wait_estimates"})
# For whoever can walk to a screen or call somebody who does.
_SCREENS = frozenset({"station_screens"})
# All but money, which is none of the kitchen's business.
_KITCHEN_SIDE = (
    _ORDER_EVENTS
    | _KITCHEN_EVENTS
    | _STATION_EVENTS
    | _BOARD_EVENTS
    | _TABLE_EVENTS
    | _MENU_EVENTS
    | _COUNT_EVENTS
    | _NOTIFICATION_EVENTS
)
_EVERY_EVENT = _KITCHEN_SIDE | _PAYMENT_EVENTS | _CALL_EVENTS

NAMESPACES: dict[Namespace, NamespaceRule] = {
    Namespace.ORDERS: NamespaceRule(
        path="/ws/orders",
        rate_limit=RateLimit(max_requests=100),
        roles=FLOOR_STAFF | KITCHEN_STAFF | {Role.CUSTOMER},
        commands=_GUEST_COMMANDS | _CALL_COMMANDS | {"order_status_update", "cancel_order"},
        events=_EVERY_EVENT | _QUEUE,
    ),
    Namespace.KITCHEN: NamespaceRule(
        path="/ws/kitchen",
        rate_limit=RateLimit(max_requests=200),
        roles=KITCHEN_STAFF,
        commands=_KITCHEN_COMMANDS | _STATION_COMMANDS | _NOTIFICATION_COMMANDS,
        events=_KITCHEN_SIDE | _OWN_DEVICE | _SCREENS,
    ),
    Namespace.COUNTER: NamespaceRule(
        path="/ws/counter",
        rate_limit=RateLimit(max_requests=200),
        roles=FLOOR_STAFF,
        commands=_GUEST_COMMANDS
        | _COUNTER_COMMANDS
        | _STATION_COMMANDS
        | _PAYMENT_COMMANDS
        | _NOTIFICATION_COMMANDS,
        events=_EVERY_EVENT | _OWN_DEVICE | _SCREENS,
    ),
    Namespace.CUSTOMERS: NamespaceRule(
        path="/ws/customers",
        rate_limit=RateLimit(max_requests=50, skip_successful_requests=True),
        roles=frozenset({Role.CUSTOMER, Role.BOARD}),
        commands=_GUEST_COMMANDS | _CALL_COMMANDS,
        events=_ORDER_EVENTS
        | _PAYMENT_EVENTS
        | _BOARD_EVENTS
        | _TABLE_EVENTS
        | _MENU_EVENTS
        | _CALL_EVENTS
        | _QUEUE
        | _WAITS
        | _STOCK_EVENTS
        | _OWN_DEVICE,
    ),
    Namespace.ADMIN: NamespaceRule(
        path="/ws/admin",
        rate_limit=RateLimit(max_requests=100),
        roles=MANAGEMENT,
        commands=_NOTIFICATION_COMMANDS
        | _PAYMENT_COMMANDS
        | _STATION_COMMANDS
        | {
            "set_failover",
            "set_availability",
            "pause_ordering",
            "resume_ordering",
            "set_busy_limit",
            "edit_menu_item",
            "edit_modifier",
            "set_grace",
            "set_opening_times",
            "close_table_session",
            "send_notice",
        },
        events=_EVERY_EVENT | _FIGURES | _DEVICE_EVENTS | _SCREENS,
    ),
    Namespace.PAYMENTS: NamespaceRule(
        path="/ws/payments",
        rate_limit=RateLimit(max_requests=60),
        roles=FLOOR_STAFF | {Role.CUSTOMER},
        commands=_PAYMENT_COMMANDS,
        events=_PAYMENT_EVENTS | {"order_status_updated"},
    ),
}

# What a phone may do beside its namespace's limit, whatever it does it through: a table that plays
# with the keys must neither fill the kitchen nor keep its staff running (spec H1).
_SUBMITS = RateLimit(max_requests=10, key=lambda caller: f"rate_limit:submits:{caller.principal}")
_CALLS = RateLimit(max_requests=5, key=lambda caller: f"rate_limit:calls:{caller.principal}")
# Guesses at the codes that screens show: right ones do not count (requirement A8).
CODE_LIMIT = RateLimit(
    max_requests=5,
    window_ms=600_000,
    skip_successful_requests=True,
    key=lambda caller: f"rate_limit:codes:{caller.principal}",
)
LANE_LIMITS: dict[str, RateLimit] = {
    "place_order": _SUBMITS,
    "add_round": _SUBMITS,
    "call_staff": _CALLS,
}

# Connections that come back after their own side ended them (spec H3). A client with our back-off
# makes fewer than twenty in five minutes of a network that breaks again and again; a cafe behind
# one address comes back whole three times.
_RETURN_WINDOW_MS = 300_000
PRINCIPAL_RETURNS = RateLimit(
    max_requests=20,
    window_ms=_RETURN_WINDOW_MS,
    key=lambda caller: f"rate_limit:returns:{caller.principal}",
)
ADDRESS_RETURNS = RateLimit(
    max_requests=300,
    window_ms=_RETURN_WINDOW_MS,
    key=lambda caller: f"rate_limit:returns:address:{caller.address}",
)
# Somebody who goes from page to page: one a second is fast, and no storm.
LEFT_PAGES = RateLimit(
    max_requests=300,
    window_ms=_RETURN_WINDOW_MS,
    key=lambda caller: f"rate_limit:pages:{caller.principal}",
)
# Returns to another life of the process, which only the client can say.
CLAIMED_RETURNS = RateLimit(
    max_requests=20,
    window_ms=_RETURN_WINDOW_MS,
    key=lambda caller: f"rate_limit:claimed_returns:{caller.principal}",
    on_limit=None,
)
