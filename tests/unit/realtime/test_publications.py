"""Where events go: rooms, readers, cards."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from config.namespaces import NAMESPACES
from domain.events import (
    KitchenOrderStarted,
    MenuAvailabilityChanged,
    OrderNumberPreparing,
    OrderStatusUpdated,
)
from domain.menu import show_availability
from domain.permissions import may_join
from domain.rooms import RoomKind
from domain.statuses import OrderStatus, TicketStatus
from realtime.messages.catalogue import read_view
from realtime.publications import Representation, publish
from tests.support.logs import ExpectedLogs
from tests.support.made_events import log_event, make_events
from tests.support.made_views import (
    CAFE,
    DEVICE,
    NOON,
    NOTIFICATION,
    ORDER,
    PERSON,
    SEATING,
    STATION,
    TICKET,
    make_id,
    make_number,
    make_order,
    make_ticket,
)
from tests.support.realtime import IDENTITIES, render_card

ORDER_ROOMS = [
    f"cafe:{CAFE}",
    f"cafe:{CAFE}:staff",
    f"order:{ORDER}",
    f"cafe:{CAFE}:session:{SEATING}",
    f"cafe:{CAFE}:table:7",
]
TICKET_ROOMS = [f"cafe:{CAFE}", f"cafe:{CAFE}:kitchen", f"cafe:{CAFE}:station:{STATION}"]
BOARD_ROOMS = [f"cafe:{CAFE}", f"cafe:{CAFE}:customers"]
TABLE_ROOMS = [
    f"cafe:{CAFE}",
    f"cafe:{CAFE}:staff",
    f"cafe:{CAFE}:table:7",
    f"cafe:{CAFE}:session:{SEATING}",
]
AUDIENCE_ROOMS = [f"cafe:{CAFE}:role:counter", f"cafe:{CAFE}:role:expo"]
MENU_ROOMS = [
    f"cafe:{CAFE}",
    f"cafe:{CAFE}:staff",
    f"cafe:{CAFE}:kitchen",
    f"cafe:{CAFE}:customers",
]

MOVE_ROOMS = [
    f"cafe:{CAFE}",
    f"cafe:{CAFE}:staff",
    f"cafe:{CAFE}:kitchen",
    f"cafe:{CAFE}:station:{STATION}",
    f"cafe:{CAFE}:station:{make_id(31)}",
]
DEVICE_ROOMS = [f"cafe:{CAFE}:management", f"device:{DEVICE}"]
ROOMS = {
    "order_created": ORDER_ROOMS,
    "order_round_added": ORDER_ROOMS,
    "order_round_updated": ORDER_ROOMS,
    "order_status_updated": ORDER_ROOMS,
    "order_progress": ORDER_ROOMS,
    "order_ready": [f"order:{ORDER}"],
    "order_item_voided": ORDER_ROOMS,
    "kitchen_order_received": TICKET_ROOMS,
    "kitchen_order_started": TICKET_ROOMS,
    "kitchen_order_completed": TICKET_ROOMS,
    "kitchen_ticket_updated": TICKET_ROOMS,
    "order_number_preparing": BOARD_ROOMS,
    "order_number_ready": BOARD_ROOMS,
    "order_number_cleared": BOARD_ROOMS,
    "table_session_opened": TABLE_ROOMS,
    "table_session_moved": [*TABLE_ROOMS, f"cafe:{CAFE}:table:3"],
    "table_session_closed": TABLE_ROOMS,
    "menu_availability_changed": MENU_ROOMS,
    "menu_pause_changed": MENU_ROOMS,
    "table_called": TABLE_ROOMS,
    "table_call_updated": TABLE_ROOMS,
    "staff_notification": AUDIENCE_ROOMS,
    "staff_notification_updated": AUDIENCE_ROOMS,
    "menu_item_changed": [room for room in MENU_ROOMS if not room.endswith(":kitchen")],
    "menu_item_counted": [room for room in MENU_ROOMS if not room.endswith(":customers")],
    "dish_stock_changed": [f"cafe:{CAFE}:customers"],
    "device_paired": DEVICE_ROOMS,
    "device_updated": DEVICE_ROOMS,
    "device_revoked": DEVICE_ROOMS,
    "station_moved": MOVE_ROOMS,
    "station_returned": MOVE_ROOMS,
    "payment_initiated": ORDER_ROOMS,
    "payment_updated": ORDER_ROOMS,
    "payment_completed": ORDER_ROOMS,
    "payment_failed": ORDER_ROOMS,
    "payment_refunded": ORDER_ROOMS,
}
EVENTS = make_events()
VIEWS = (
    "count",
    "stock",
    "order",
    "ticket",
    "number",
    "table",
    "item",
    "call",
    "notification",
    "device",
    "move",
    "pause",
)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_goes_to_its_rooms(name: str):
    """The table above, written by hand from the specification."""
    publication = publish(log_event(EVENTS[name], seq=7))

    assert sorted(ROOMS[name]) == sorted(str(room) for room in publication.rooms)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_room_of_an_event_has_a_possible_member_that_may_see_it(name: str):
    """Somebody may join each room over a namespace that carries the event (spec B1)."""
    for room in publish(log_event(EVENTS[name], seq=7)).rooms:
        assert any(
            may_join(identity, room)
            and not identity.roles.isdisjoint(rule.roles)
            and name in rule.events
            for identity in IDENTITIES.values()
            for rule in NAMESPACES.values()
        ), room


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_nothing_of_an_event_is_open_to_another_cafe(name: str):
    """The owner of another cafe may join none of its rooms."""
    rooms = publish(log_event(EVENTS[name], seq=7)).rooms

    assert not any(may_join(IDENTITIES["elsewhere"], room) for room in rooms)


def test_a_counter_sale_has_neither_table_nor_seating():
    """Rooms of what an order does not have are left out."""
    order = make_order(table_number=None, table_session_id=None)
    event = OrderStatusUpdated(
        order=order, previous_status=OrderStatus.CONFIRMED, updated_by="kitchen", reason=""
    )
    kinds = {room.kind for room in publish(log_event(event, seq=1)).rooms}

    assert {RoomKind.CAFE, RoomKind.STAFF, RoomKind.ORDER} == kinds


def test_guests_do_not_learn_who_did_it():
    """`userId` is for staff; the guests' message is otherwise the same."""
    publication = publish(log_event(EVENTS["order_progress"], seq=7, user_id=PERSON))

    for_staff = msgspec.json.decode(publication.encode(Representation(True), render_card))
    for_guests = msgspec.json.decode(publication.encode(Representation(), render_card))

    assert for_staff.pop("userId") == PERSON
    assert for_staff == for_guests


def test_a_message_is_encoded_and_a_card_rendered_once_per_kind_of_reader():
    """Whoever asks second gets the very same bytes."""
    rendered = []
    publication = publish(log_event(EVENTS["kitchen_order_received"], seq=7, user_id=PERSON))

    def render(component: str, view: object, *, locale: str, cafe_id: str) -> str:
        rendered.append((component, locale))
        return "<article></article>"

    kind = Representation(True, ("kitchen_ticket",), "en")
    first = publication.encode(kind, render)
    second = publication.encode(Representation(True, ("kitchen_ticket",), "en"), render)

    assert first is second
    assert rendered == [("kitchen_ticket", "en")]


def test_replay_says_what_live_said():
    """The event is let go of after delivery; what is encoded later is the same to the byte."""
    for event in EVENTS.values():
        live = publish(log_event(event, seq=7, user_id=PERSON))
        compacted = publish(log_event(event, seq=7, user_id=PERSON))
        compacted.compact()
        for kind in (
            Representation(),
            Representation(True),
            Representation(True, ("kitchen_ticket", "order_card", "board_number"), "de"),
            Representation(False, ("order_progress", "board_number"), "en"),
        ):
            assert live.encode(kind, render_card) == compacted.encode(kind, render_card)


def test_the_view_comes_back_out_of_a_message():
    """Cards of a replay are rendered from the message's own view."""
    for name, event in EVENTS.items():
        view = next(getattr(event, field) for field in VIEWS if hasattr(event, field))
        encoded = publish(log_event(event, seq=7)).encode(Representation(), render_card)
        if isinstance(event, MenuAvailabilityChanged):
            view = show_availability(event.item)  # no card is made of it

        assert view == read_view(name, encoded)


def test_nothing_of_money_reaches_the_kitchen():
    """Whatever is told in a room that cooks are in has no price and no sum (decision 0037)."""
    heard = set()
    for name, event in EVENTS.items():
        publication = publish(log_event(event, seq=7, user_id=PERSON))
        if any(may_join(IDENTITIES["kitchen"], room) for room in publication.rooms):
            heard.add(name)
            message = json.loads(publication.encode(Representation(True), render_card))
            assert [key for key in _list_told(message) if _MONEY.search(key)] == [], name

    assert heard >= {"kitchen_order_received", "menu_availability_changed"}


_MONEY = re.compile("minor|price|amount|currency|tax|payment", re.IGNORECASE)


def _list_told(value: object) -> Iterator[str]:
    """List the names of everything that is not 0, at any depth: tickets say 0 for prices."""
    if isinstance(value, dict):
        for key, each in value.items():
            if each != 0:
                yield key
            yield from _list_told(each)
    elif isinstance(value, list):
        for each in value:
            yield from _list_told(each)


NUMBER_CARD = "board_number-2026-11-23-42"
RANK = int(NOON.timestamp() * 1000)
CARDS = {
    "order_created": [
        ("order_card", "orders", f"order_card-{ORDER}", "insert", RANK),
        ("pass_order", "pass", f"pass_order-{ORDER}", "insert", RANK),
        ("pay_pane", f"pay:{ORDER}", f"pay_pane-{ORDER}", "replace", RANK),
        ("order_progress", f"order:{ORDER}", f"order_progress-{ORDER}", "replace", RANK),
    ],
    "order_item_voided": [
        ("order_card", "orders", f"order_card-{ORDER}", "remove", RANK),
        ("pass_order", "pass", f"pass_order-{ORDER}", "replace", RANK),
        ("pay_pane", f"pay:{ORDER}", f"pay_pane-{ORDER}", "replace", RANK),
        ("order_progress", f"order:{ORDER}", f"order_progress-{ORDER}", "replace", RANK),
    ],
    "kitchen_order_received": [
        ("kitchen_ticket", f"tickets:{STATION}", f"kitchen_ticket-{TICKET}", "insert", RANK)
    ],
    "kitchen_order_started": [
        ("kitchen_ticket", f"tickets:{STATION}", f"kitchen_ticket-{TICKET}", "replace", RANK)
    ],
    "kitchen_order_completed": [
        ("kitchen_ticket", f"tickets:{STATION}", f"kitchen_ticket-{TICKET}", "remove", RANK)
    ],
    "order_number_preparing": [("board_number", "board:preparing", NUMBER_CARD, "insert", RANK)],
    "order_number_ready": [("board_number", "board:ready", NUMBER_CARD, "insert", RANK)],
    "order_number_cleared": [("board_number", "board:preparing", NUMBER_CARD, "remove", RANK)],
    "staff_notification": [
        (
            "notification_card",
            "notifications",
            f"notification_card-{NOTIFICATION}",
            "replace",
            2 * 10**13 + RANK,
        )
    ],
    "staff_notification_updated": [
        (
            "notification_card",
            "notifications",
            f"notification_card-{NOTIFICATION}",
            "replace",
            6 * 10**13 + RANK,
        )
    ],
    "table_called": [("table_call", "table_call", f"table_call-{NOTIFICATION}", "replace", RANK)],
    "table_session_opened": [],
    "menu_availability_changed": [],
    "menu_pause_changed": [],
    "menu_item_changed": [],
    "menu_item_counted": [],
    "dish_stock_changed": [],
}


@pytest.mark.parametrize("name", sorted(CARDS))
def test_an_event_places_its_cards(name: str):
    """Component, list, element, action and rank."""
    renderings = publish(log_event(EVENTS[name], seq=7)).renderings

    assert CARDS[name] == [
        (each.component, each.target, each.card, each.action, each.rank) for each in renderings
    ]


@pytest.mark.parametrize(("void_seen", "action"), [(False, "replace"), (True, "remove")])
def test_a_cancelled_ticket_stays_until_a_cook_has_seen_it(void_seen: bool, action: str):
    """A void that vanished by itself would be cooked."""
    item = msgspec.structs.replace(make_ticket().items[0], void_seen=void_seen)
    ticket = make_ticket(status=TicketStatus.CANCELLED, items=[item])

    rendering = publish(log_event(KitchenOrderStarted(ticket=ticket), seq=1)).renderings[0]

    assert rendering.action == action


def test_a_reader_gets_only_the_card_that_it_asked_for():
    """A guest's page gets its progress, and the message of a kitchen has no fragment for it."""
    kind = Representation(components=("order_progress",), locale="en")

    order = publish(log_event(EVENTS["order_progress"], seq=7)).encode(kind, render_card)
    ticket = publish(log_event(EVENTS["kitchen_order_received"], seq=8)).encode(kind, render_card)

    assert msgspec.json.decode(order)["fragment"] == {
        "component": "order_progress",
        "target": f"order:{ORDER}",
        "card": f"order_progress-{ORDER}",
        "action": "replace",
        "rank": RANK,
        "html": "<article>order_progress OrderView en</article>",
    }
    assert "fragment" not in msgspec.json.decode(ticket)


def test_a_broken_template_does_not_keep_the_event_from_anybody(expected_logs: ExpectedLogs):
    """The message goes out without its card, and the fault is logged."""
    expected_logs.add("card_not_rendered")

    def render(component: str, view: object, *, locale: str, cafe_id: str) -> str:
        raise KeyError(component)

    kind = Representation(True, ("kitchen_ticket",), "en")
    encoded = publish(log_event(EVENTS["kitchen_order_received"], seq=7)).encode(kind, render)

    assert msgspec.json.decode(encoded)["seq"] == 7
    assert "fragment" not in msgspec.json.decode(encoded)


def test_tomorrows_number_is_another_card():
    """A board that stays open overnight drops what is no newer than a card it saw leave."""
    today = EVENTS["order_number_cleared"]
    tomorrow = OrderNumberPreparing(
        number=make_number(business_date=NOON.date() + timedelta(days=1))
    )

    cards = [
        publish(log_event(event, seq=seq)).renderings[0].card
        for seq, event in enumerate((today, tomorrow), start=1)
    ]

    assert len(set(cards)) == 2
