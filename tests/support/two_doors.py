"""The same commands through both doors, REST and sockets, by people of the roles that send them.

`open_doors` connects one HTTP connection a person and one socket a namespace. `post` and `send`
return what came back; `is_served_...` ask for something good on the same connection.
"""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import msgspec

from domain.roles import Role
from handlers.api.route import Route
from handlers.api.table import ROUTES
from services.operations import OPERATIONS
from tests.support.raw_wire import KeptConnection, RawSocket
from tests.support.two_cafes import TwoCafes

Data = dict[str, Any]

# Two tables are brought together: the other one, which nobody sits at.
NO_SEATING = "018f0000-0000-7000-8000-00000000beef"
# Through which namespace who sends commands here.
SENDERS = {
    "customers": Role.CUSTOMER,
    "counter": Role.COUNTER,
    "kitchen": Role.EXPO,
    "orders": Role.EXPO,
    "payments": Role.COUNTER,
    "admin": Role.MANAGER,
}
# The address of each command; its route is named for the right it asks for.
COMMAND_ROUTES: dict[str, Route] = {
    route.permission: route
    for route in ROUTES
    if route.method == "POST" and route.permission in OPERATIONS
}


class Command(NamedTuple):
    """A command as a socket carries it: `namespace` takes it, `data` goes with it."""

    namespace: str
    name: str
    data: Data

    @property
    def sender(self) -> Role:
        """Who sends it here."""
        return SENDERS[self.namespace]


class Request(NamedTuple):
    """A command as REST carries it. path: below /api/v1."""

    path: str
    body: Data


def to_request(command: Command) -> Request:
    """Say a command as an address and a body; an address that names a line is about that one."""
    route = COMMAND_ROUTES[command.name]
    body = dict(command.data)
    if "item_id" in route.path_names and "items" in body:
        body |= body.pop("items")[0]
    in_path = {name: str(body.pop(encode_name(name))) for name in route.path_names}
    return Request(route.path.format(**in_path), body)


def encode_name(name: str) -> str:
    """Say a parameter of an address as a field is said."""
    return str(
        msgspec.structs.fields(msgspec.defstruct("_", [name], rename="camel"))[0].encode_name
    )


class Doors:
    """Open connections of everybody in `SENDERS`."""

    def __init__(
        self,
        cafes: TwoCafes,
        connections: dict[Role, KeptConnection],
        sockets: dict[str, RawSocket],
    ) -> None:
        self._connections = connections
        self._sockets = sockets
        quote: tuple[str, Data] = ("quote", {"lines": [cafes.line]})
        station: tuple[str, Data] = ("join_station", {"stationId": cafes.ids["station"]})
        order: tuple[str, Data] = ("join_order", {"orderId": cafes.ids["order"]})
        self._good = {
            "customers": quote,
            "counter": quote,
            "kitchen": station,
            "orders": station,
            "payments": order,
            "admin": station,
        }

    async def post(
        self, role: Role, path: str, content: bytes, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Post and return status and error."""
        return await self._connections[role].ask("POST", path, content, **headers)

    async def get(self, role: Role, path: str) -> tuple[int, dict[str, Any]]:
        """Read and return status and body."""
        return await self._connections[role].ask("GET", path, Content_Type="", Idempotency_Key="")

    async def post_command(self, command: Command, **headers: str) -> tuple[int, dict[str, Any]]:
        """Send a command over REST and return status and error."""
        path, body = to_request(command)
        return await self.post(command.sender, path, json.dumps(body).encode(), **headers)

    async def send(self, namespace: str, frame: Any) -> dict[str, Any]:
        """Send a frame and return what answers it."""
        socket = self._sockets[namespace]
        answer = await socket.ask(frame)
        assert answer is not None, f"closed with {socket.close_code}"
        return answer

    async def send_command(self, command: Command, *, command_id: str = "") -> dict[str, Any]:
        """Send a command over its socket and return what answers it."""
        frame = {
            "type": command.name,
            "id": command_id or str(uuid.uuid4()),
            "data": command.data,
        }
        return await self.send(command.namespace, frame)

    async def is_served_over_rest(self, role: Role) -> bool:
        """Whether the same HTTP connection serves the next good request."""
        status, _ = await self.get(role, "/tickets" if role is Role.EXPO else "/orders")
        return status == 200 and self._connections[role].is_the_same

    async def is_served_over_socket(self, namespace: str) -> bool:
        """Whether the same socket serves the next good request."""
        name, data = self._good[namespace]
        answer = await self.send_command(Command(namespace, name, data))
        return bool(answer["type"] == "ack")


@asynccontextmanager
async def open_doors(cafes: TwoCafes, *, is_sockjs: bool = False) -> AsyncIterator[Doors]:
    """Connect everybody and let go of all connections at the end."""
    async with AsyncExitStack() as stack:
        connections: dict[Role, KeptConnection] = {}
        sockets: dict[str, RawSocket] = {}
        for role, caller in cafes.people.items():
            connections[role] = KeptConnection(caller)
            stack.callback(connections[role].close)
        for namespace, role in SENDERS.items():
            sockets[namespace] = await RawSocket.open(
                cafes.people[role], namespace, is_sockjs=is_sockjs
            )
            stack.push_async_callback(sockets[namespace].close)
        yield Doors(cafes, connections, sockets)


def list_commands(ids: dict[str, str], line: Data) -> dict[str, Command]:
    """List commands about things, one for each way to name a thing. ids: as in `TwoCafes`."""
    order: Data = {"orderId": ids["order"]}
    ticket: Data = {"ticketId": ids["ticket"]}
    items: Data = {"items": [{"itemId": ids["item"]}]}
    with_item: Data = {"lines": [{**line, "menuItemId": ids["menu item"], "modifiers": []}]}
    with_modifier: Data = {"lines": [{**line, "modifiers": [{"modifierId": ids["modifier"]}]}]}
    waiting: Data = {**order, "roundNumber": 1}
    seating: Data = {"tableSessionId": ids["table session"]}
    notification: Data = {"notificationId": ids["notification"]}
    payment: Data = {"paymentId": ids["payment"]}
    station: Data = {"stationId": ids["station"]}
    cash: Data = {**order, "method": "cash", "amountMinor": 1, "tenderedMinor": 5}
    refund: Data = {**payment, "amountMinor": 1, "reason": "x", "withCredit": False}
    return {
        "a price": Command("customers", "quote", with_item),
        "an item of the menu": Command("customers", "place_order", with_item),
        "a modifier": Command("customers", "place_order", with_modifier),
        "a guest's round": Command("customers", "add_round", {**order, "lines": [line]}),
        "a guest's void": Command("customers", "void_items", {**order, **items}),
        "a round": Command("counter", "add_round", {**order, "lines": [line]}),
        "a void": Command("counter", "void_items", {**order, **items, "reason": "x"}),
        "a cancel": Command("counter", "cancel_order", {**order, "reason": "x"}),
        "a round let through": Command("counter", "approve_round", waiting),
        "a round turned down": Command("counter", "reject_round", {**waiting, "reason": "x"}),
        "an order named": Command("counter", "name_order", {**order, "customerName": "x"}),
        "a line served": Command("counter", "serve_items", items),
        "a line handed back": Command("counter", "hand_back_items", items),
        "an order served unprepared": Command(
            "counter", "serve_unprepared", {**order, "reason": "x"}
        ),
        "a remake": Command("counter", "remake_items", {**items, "reason": "x"}),
        "an item sold out": Command(
            "counter", "set_availability", {"menuItemId": ids["menu item"], "isSoldOut": True}
        ),
        "a modifier sold out": Command(
            "counter", "set_availability", {"modifierId": ids["modifier"], "isSoldOut": True}
        ),
        "a pause": Command("kitchen", "pause_ordering", {**station, "minutes": 10, "reason": "x"}),
        "a pause ended": Command("counter", "resume_ordering", station),
        "a busy limit": Command("admin", "set_busy_limit", {**station, "limitMinutes": 20}),
        "a dish edited": Command(
            "admin", "edit_menu_item", {"menuItemId": ids["menu item"], "priceMinor": 1}
        ),
        "an option edited": Command(
            "admin", "edit_modifier", {"modifierId": ids["modifier"], "priceMinor": 1}
        ),
        "a table closed": Command("counter", "close_table_session", seating),
        "a table moved": Command("counter", "move_table", {**seating, "tableNumber": 1}),
        "a table brought to another": Command(
            "counter", "merge_tables", {**seating, "intoSessionId": NO_SEATING}
        ),
        "another table brought to it": Command(
            "counter",
            "merge_tables",
            {"tableSessionId": NO_SEATING, "intoSessionId": ids["table session"]},
        ),
        "a new status": Command("orders", "order_status_update", {**order, "newStatus": "ready"}),
        "an order paid": Command("payments", "initiate_payment", cash),
        "a payment confirmed": Command("payments", "confirm_terminal_payment", payment),
        "a payment declined": Command("payments", "decline_terminal_payment", payment),
        "a payment cancelled": Command("payments", "cancel_payment", payment),
        "a payment given back": Command("payments", "refund_payment", refund),
        "a line started": Command("kitchen", "start_items", items),
        "a line finished": Command("kitchen", "finish_items", items),
        "a line recalled": Command("kitchen", "recall_items", items),
        "a void seen": Command("kitchen", "acknowledge_void", {"itemId": ids["item"]}),
        "a ticket started": Command("kitchen", "start_ticket", ticket),
        "a ticket bumped": Command("kitchen", "bump_ticket", ticket),
        "a ticket recalled": Command("kitchen", "recall_ticket", ticket),
        "an allergy seen": Command("kitchen", "acknowledge_allergy", ticket),
        "a server called": Command("kitchen", "call_server", ticket),
        "a rush": Command("kitchen", "rush_ticket", {**ticket, "reason": "x"}),
        "a rush taken back": Command("kitchen", "withdraw_rush", ticket),
        "a line held": Command("kitchen", "hold_items", {**items, "firesInS": 600}),
        "a line fired": Command("counter", "fire_items", items),
        "a station moved": Command(
            "counter", "move_station", {"stationId": ids["station"], "toStationId": ids["station"]}
        ),
        "a station returned": Command("kitchen", "return_station", {"stationId": ids["station"]}),
        "a stand-in": Command("admin", "set_failover", {"stationId": ids["station"]}),
        "a notice that leaves somebody out": Command(
            "admin", "send_notice", {"title": "x", "excludeUsers": [ids["person"]]}
        ),
        "a notification seen": Command("counter", "acknowledge_notification", notification),
        "a notification ended": Command("admin", "resolve_notification", notification),
    }


def list_nameless_commands() -> dict[str, Command]:
    """List commands that name nothing: whoever sends them says it all."""
    return {
        "a call": Command("customers", "call_staff", {}),
        "a call taken back": Command("customers", "cancel_call", {}),
        "a visit rated": Command("customers", "rate_visit", {"stars": 5}),
        "the opening times": Command("admin", "set_opening_times", {"opensAt": [None] * 7}),
        "the grace time": Command("admin", "set_grace", {"graceS": 20, "holdsInGrace": False}),
    }


def list_other_requests(ids: dict[str, str]) -> dict[str, tuple[Role, Request]]:
    """List good requests with a body that no socket carries, by the path of their route."""
    person = Request(f"/people/{ids['person']}/revoke", {"removeRoles": False})
    credentials = {"email": "somebody@example.com", "password": "a good password"}
    ticket = {"namespace": "counter", "roles": ["counter"]}
    screen = ids["person"]  # any id: what does not fit is refused before it is looked for
    wish = {"name": "Wall", "role": "kitchen", "stationId": ids["station"]}
    return {
        "/device-pairings/claim": (
            Role.COUNTER,
            Request("/device-pairings/claim", {"deviceCode": "a-code-that-is-long-enough"}),
        ),
        "/own-pin": (Role.COUNTER, Request("/own-pin", {"pin": "2846"})),
        "/pin-sign-ins": (
            Role.COUNTER,
            Request("/pin-sign-ins", {"personId": ids["person"], "pin": "2846"}),
        ),
        "/device-tokens": (
            Role.COUNTER,
            Request("/device-tokens", {"credential": "a-secret-that-is-long-enough"}),
        ),
        "/devices": (Role.MANAGER, Request("/devices", {"userCode": "BCDF-GHJK"} | wish)),
        "/devices/{device_id}": (Role.MANAGER, Request(f"/devices/{screen}", wish)),
        "/devices/{device_id}/revoke": (Role.MANAGER, Request(f"/devices/{screen}/revoke", {})),
        "/sign-in": (Role.COUNTER, Request("/sign-in", credentials)),
        "/sign-in/refresh": (
            Role.COUNTER,
            Request("/sign-in/refresh", {"refreshToken": "a-good-token"}),
        ),
        "/table-sessions": (Role.COUNTER, Request("/table-sessions", {"tableCode": "a-good-code"})),
        "/connect-tickets": (Role.COUNTER, Request("/connect-tickets", ticket)),
        "/people/{person_id}/revoke": (Role.MANAGER, person),
        "/people": (
            Role.MANAGER,
            Request(
                "/people",
                {"name": "Somebody", "email": "somebody@example.com", "roles": ["kitchen"]},
            ),
        ),
        "/people/{person_id}/roles": (
            Role.MANAGER,
            Request(f"/people/{ids['person']}/roles", {"roles": ["kitchen"]}),
        ),
    }
