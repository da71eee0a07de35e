"""One sample of every message: what the golden files and the schema tests are made of."""

from typing import Any

import msgspec

from config.namespaces import Namespace
from domain.errors import (
    AuthenticationFailed,
    CommandInFlight,
    InvalidMessage,
    InvalidTransition,
    build_error_body,
)
from domain.roles import Role
from domain.views.base import Position
from realtime.messages import control
from realtime.messages.envelope import PROTOCOL_VERSION
from realtime.publications import Representation, publish
from tests.support.made_ephemera import make_ephemera
from tests.support.made_events import log_event, make_events
from tests.support.made_views import (
    CAFE,
    EPOCH,
    ITEM,
    LANE,
    MENU_ITEM,
    NOTIFICATION,
    ORDER,
    PAYMENT,
    PERSON,
    SEATING,
    STATION,
    TICKET,
    make_id,
)
from tests.support.realtime import Answer, render_card

_POSITION = Position(epoch=EPOCH, seq=7, event_id=make_id(100_007))
_ITEMS: dict[str, Any] = {"items": [{"itemId": ITEM, "quantity": 1, "expectedVersion": 2}]}
_LINES: dict[str, Any] = {
    "lines": [
        {
            "menuItemId": MENU_ITEM,
            "quantity": 2,
            "modifiers": [{"modifierId": make_id(71), "quantity": 1}],
            "note": "extra hot",
        }
    ]
}

# `data` of every client message, by type.
_PAYLOADS: dict[str, dict[str, Any]] = {
    "authenticate": {
        "token": "<access token, guest token or connect ticket>",
        "rooms": [f"order:{ORDER}"],
        "position": {"epoch": EPOCH, "seq": 7, "eventId": make_id(100_007)},
        "render": ["kitchen_ticket"],
        "locale": "en",
        "boot": "018f0000-0000-7000-8000-0000000000b0",
    },
    "heartbeat": {
        "position": {"epoch": EPOCH, "seq": 7, "eventId": make_id(100_007)},
        "painted": {
            "tickets": {TICKET: 1},
            "open": 1,
            "isVisible": True,
            "sound": "on",
            "screen": "018f0000-0000-7000-8000-0000000000c0",
        },
    },
    "join_cafe": {"cafeId": CAFE},
    "leave_cafe": {"cafeId": CAFE},
    "join_order": {"orderId": ORDER},
    "leave_order": {"orderId": ORDER},
    "join_table": {"tableNumber": 7},
    "leave_table": {"tableNumber": 7},
    "join_station": {"stationId": STATION},
    "leave_station": {"stationId": STATION},
    "quote": _LINES,
    "place_order": {**_LINES, "tableNumber": 7, "note": "", "allergy": "nuts"},
    "add_round": {"orderId": ORDER, **_LINES},
    "void_items": {"orderId": ORDER, **_ITEMS, "reason": "spilled"},
    "cancel_order": {"orderId": ORDER, "reason": "guest left", "expectedVersion": 3},
    "approve_round": {"orderId": ORDER, "roundNumber": 1},
    "reject_round": {"orderId": ORDER, "roundNumber": 1, "reason": "kitchen closed"},
    "start_items": _ITEMS,
    "hold_items": {**_ITEMS, "firesInS": 600},
    "fire_items": _ITEMS,
    "finish_items": _ITEMS,
    "recall_items": _ITEMS,
    "serve_items": _ITEMS,
    "hand_back_items": _ITEMS,
    "serve_unprepared": {"orderId": ORDER, "reason": "Guest took it already"},
    "remake_items": {**_ITEMS, "reason": "cold"},
    "acknowledge_void": {"itemId": ITEM},
    "acknowledge_allergy": {"ticketId": TICKET},
    "call_server": {"ticketId": TICKET},
    "rush_ticket": {"ticketId": TICKET, "reason": "Train to catch"},
    "withdraw_rush": {"ticketId": TICKET},
    "start_ticket": {"ticketId": TICKET, "expectedVersion": 1},
    "bump_ticket": {"ticketId": TICKET, "expectedVersion": 2},
    "recall_ticket": {"ticketId": TICKET},
    "move_station": {"stationId": STATION, "toStationId": make_id(31)},
    "return_station": {"stationId": STATION},
    "set_failover": {"stationId": STATION, "partnerId": make_id(31), "patienceS": 30},
    "set_availability": {
        "menuItemId": MENU_ITEM,
        "isSoldOut": True,
        "until": "2026-11-23T14:00:00Z",
    },
    "pause_ordering": {"stationId": STATION, "minutes": 10, "reason": "Too many orders"},
    "resume_ordering": {"stationId": STATION},
    "set_busy_limit": {"stationId": STATION, "limitMinutes": 20},
    "edit_menu_item": {
        "menuItemId": MENU_ITEM,
        "expectedVersion": 1,
        "priceMinor": 420,
        "allergens": ["milk"],
    },
    "edit_modifier": {"modifierId": make_id(71), "priceMinor": 50, "expectedVersion": 1},
    "set_opening_times": {"opensAt": ["07:30"] * 5 + ["09:00", None]},
    "set_grace": {"graceS": 20, "holdsInGrace": True},
    "close_table_session": {"tableSessionId": SEATING},
    "name_order": {"orderId": ORDER, "customerName": "Ana", "mayShowInitial": True},
    "move_table": {"tableSessionId": SEATING, "tableNumber": 9},
    "merge_tables": {
        "tableSessionId": SEATING,
        "intoSessionId": "018f0000-0000-7000-8000-000000000031",
    },
    "refresh": {"token": "<access token or guest token>"},
    "initiate_payment": {
        "orderId": ORDER,
        "method": "cash",
        "amountMinor": 946,
        "tenderedMinor": 1000,
    },
    "confirm_terminal_payment": {"paymentId": PAYMENT},
    "decline_terminal_payment": {"paymentId": PAYMENT, "reason": "wrong code"},
    "cancel_payment": {"paymentId": PAYMENT},
    "refund_payment": {
        "paymentId": PAYMENT,
        "amountMinor": 430,
        "reason": "cold coffee",
        "withCredit": True,
    },
    "send_notice": {
        "title": "No oat milk",
        "message": "Until the delivery comes.",
        "priority": "high",
        "includeRoles": ["kitchen", "staff"],
        "excludeRoles": ["management"],
        "excludeUsers": [PERSON],
        "lastsMinutes": 120,
    },
    "acknowledge_notification": {"notificationId": NOTIFICATION},
    "resolve_notification": {"notificationId": NOTIFICATION},
    "rate_visit": {"stars": 5, "word": "Best flat white in town."},
    "call_staff": {},
    "cancel_call": {},
    "order_status_update": {
        "orderId": ORDER,
        "orderNumber": 42,
        "previousStatus": "confirmed",
        "newStatus": "preparing",
        "updatedBy": PERSON,
        "statusChangeReason": "cook is free",
    },
}


def make_client_messages() -> dict[str, Any]:
    """Make one message of every type that clients send, by key."""
    messages: dict[str, Any] = {
        name: {"type": name, "id": f"c-{name}", "data": payload}
        for name, payload in _PAYLOADS.items()
    }
    # The source's own envelope around the source's own command (spec C7).
    messages["order_status_update"] |= {
        "eventId": make_id(1234),
        "timestamp": 1_795_435_200_000,
        "version": "1.0",
        "cafeId": CAFE,
        "userId": PERSON,
        "metadata": {"source": "pos"},
    }
    return messages


def make_event_messages() -> dict[str, bytes]:
    """Make one message of every event type, as staff gets it, by type."""
    kind = Representation(shows_user=True)
    return {
        name: publish(log_event(event, seq=7, user_id=PERSON)).encode(kind, render_card)
        for name, event in make_events().items()
    }


def make_fragment_messages() -> dict[str, bytes]:
    """Make one message with a fragment of every component."""
    makers = {
        name: publish(log_event(event, seq=7)) for name, event in make_events().items()
    } | make_ephemera()
    wanted = {
        "kitchen_ticket": "kitchen_order_received",
        "order_card": "order_created",
        "order_progress": "order_progress",
        "board_number": "order_number_ready",
        "notification_card": "staff_notification",
        "table_call": "table_called",
        "live_figures": "real_time_analytics",
        "queue_place": "queue_position_update",
        "guest_waits": "wait_estimates",
        "station_screens": "station_screens",
        "screen_faults": "station_screens",
    }
    return {
        f"fragment_{component}": makers[name].encode(
            Representation(components=(component,), locale="en"), render_card
        )
        for component, name in wanted.items()
    }


def make_ephemeral_messages() -> dict[str, bytes]:
    """Make one message of every type that is not in the log, by type."""
    return {
        name: ephemeral.encode(Representation(), render_card)
        for name, ephemeral in make_ephemera().items()
    }


def make_control_messages() -> dict[str, bytes]:
    """Make the control messages and some errors, by key."""
    welcome = control.WelcomeData(
        connection_id=make_id(5),
        boot="018f0000-b007",
        cafe_id=CAFE,
        namespace=Namespace.KITCHEN,
        roles=[Role.KITCHEN],
        rooms=[f"cafe:{CAFE}:kitchen", f"cafe:{CAFE}:role:kitchen"],
        render=["kitchen_ticket"],
        locale="en",
        server_time=1_795_435_200_000,
        heartbeat_interval_ms=2000,
        heartbeat_grace_ms=13_000,
        protocol_version=PROTOCOL_VERSION,
    )
    joined = control.JoinedData(rooms=welcome.rooms, mode="replay", position=_POSITION)
    resync = control.ResyncData(position=_POSITION, reason="too_far_behind")
    mark = control.MarkData(epoch=EPOCH, seq=7, event_id=make_id(100_007))
    answer = control.HeartbeatAnswerData(server_time=1_795_435_200_000)
    room = control.RoomData(room=f"order:{ORDER}", position=_POSITION)
    done = Answer(name="bump_ticket", principal=f"lane:{LANE}")
    structs: dict[str, Any] = {
        "welcome": control.Welcome(id="a-1", data=welcome),
        "joined": control.Joined(data=joined),
        "resync": control.Resync(data=resync),
        "mark": control.Mark(data=mark),
        "heartbeat_answer": control.HeartbeatAnswer(data=answer),
        "refresh_due": control.RefreshDue(
            data=control.RefreshDueData(expires_at=1_795_435_260_000)
        ),
        "ack": control.Ack(id="c-1", data=done, seq=7),
        "ack_refreshed": control.Ack(
            id="c-6", data=control.RefreshedData(expires_at=1_795_436_100_000)
        ),
        "ack_room": control.Ack(id="c-2", data=room),
        "error": build_error_body(
            InvalidMessage(
                "This has to be a whole number, not a text (at $.data.quantity).",
                details={"path": "$.data.quantity"},
            ),
            command_id="c-3",
        ),
        "error_conflict": build_error_body(
            InvalidTransition(current="served", attempted="start", allowed=["recall"]),
            command_id="c-4",
        ),
        "error_in_flight": build_error_body(CommandInFlight(), command_id="c-5"),
        "error_authentication": build_error_body(AuthenticationFailed("The token is not valid.")),
    }
    return {name: msgspec.json.encode(struct) for name, struct in structs.items()}


def make_all() -> dict[str, Any]:
    """Make every sample as plain data, by the name of its golden file."""
    encoded = make_event_messages() | make_ephemeral_messages()
    encoded |= make_fragment_messages() | make_control_messages()
    samples = {name: msgspec.json.decode(raw) for name, raw in encoded.items()}
    return samples | make_client_messages()
