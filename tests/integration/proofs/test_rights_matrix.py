"""Rights equal their table: everybody at every door (requirement T3).

One server with two cafes. Whoever there is sends every command in every namespace, asks for every
kind of room, every route and every page, and is let in or refused as domain/permissions.py and
config/namespaces.py say; what stands in no table answers nobody. Everything is listed from the
code: a command without a good body here, or a right that opens nothing, fails.

Ids are unknown ones where the question is the right alone, so that nothing changes while everybody
asks: whoever may comes to the point where there is no such thing.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from tornado.web import RequestHandler

from bench.demo_server import read_description
from config.namespaces import NAMESPACES, Namespace
from domain.payments import PaymentMethod
from domain.permissions import (
    COMMAND_ROLES,
    METHOD_ROLES,
    ROOM_ROLES,
    STATUS_UPDATE_COMMANDS,
)
from domain.roles import Role
from domain.rooms import Room, RoomKind
from domain.statuses import OrderStatus
from handlers.api.route import PUBLIC, Route
from handlers.api.table import ROUTES
from handlers.base import SIGNED_IN, BaseHandler
from handlers.page import GuestPage, StaffPage
from handlers.pages.pin import ConsentPage, PinPage
from handlers.pages.shift import ShiftPage
from handlers.routes import PAGES, name_route
from realtime.close_codes import CloseCode
from realtime.messages.commands import COMMAND_TYPES, ROOM_MESSAGES
from tests.support.contract import Contract
from tests.support.everybody import Somebody, gather_everybody
from tests.support.raw_wire import RawSocket
from tests.support.servers import StartServer
from tests.support.two_cafes import TwoCafes, open_two_cafes
from tests.support.two_doors import (
    COMMAND_ROUTES,
    Command,
    list_commands,
    list_nameless_commands,
    to_request,
)

UNKNOWN_ID = "018f0000-0000-7000-8000-00000000dead"
# What an address may hold in braces, beside unknown ids.
PATH_VALUES = {
    "round_number": "1",
    "line_id": "1",
    "slug": "nowhere",
    "code": "x" * 43,
    "kind": "item",
}
# What only whoever passed the rights is told about unknown things; `ack` where nothing is named.
BEHIND_THE_RIGHTS = frozenset(
    {"ack", "not_found", "unknown_menu_item", "unknown_modifier"}
    # A visit is rated once, and only where something was served.
    | {"already_rated", "nothing_served"}
)
# These end sign-ins: asked last, in this order, by owners after everybody else.
ENDINGS = ("endOtherSignIns", "revokeEverybody", "signOut")
ENDING_PAGES = frozenset({"/sign-out", "/sign-ins/end-others", "/admin/people/revoke"})
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(slots=True, kw_only=True)
class House:
    """Two filled cafes, and everybody. faults: what differs from the tables; asked: how often."""

    cafes: TwoCafes
    everybody: list[Somebody]
    commands: list[Command]
    faults: list[str]
    asked: Counter[str]

    def compare(self, door: str, question: str, *, got: object, expected: object) -> None:
        """Note an answer."""
        self.asked[door] += 1
        if got != expected:
            self.faults.append(f"{question}: {got} instead of {expected}")


@pytest.fixture
async def house(sqlite_url: str, start_server: StartServer) -> AsyncIterator[House]:
    """Serve both cafes. Rights are read the same way from either database: one is enough."""
    server = start_server("demo", "--json", database_url=sqlite_url)
    description, contract = read_description(server), Contract.fetch(server.url)
    async with (
        open_two_cafes(description, contract, database_url=sqlite_url) as cafes,
        gather_everybody(description, contract, cafes) as everybody,
    ):
        yield House(
            cafes=cafes,
            everybody=everybody,
            commands=list_good_commands(cafes),
            faults=[],
            asked=Counter(),
        )


def list_good_commands(cafes: TwoCafes) -> list[Command]:
    """List every command once, about what nobody has; those whose right hangs on more, each way."""
    unknown = dict.fromkeys(cafes.ids, UNKNOWN_ID)
    listed = {
        each.name: each
        for each in (list_commands(unknown, cafes.line) | list_nameless_commands()).values()
    }
    assert set(listed) == set(COMMAND_TYPES), "a command without a good body"
    update, payment = listed.pop("order_status_update"), listed.pop("initiate_payment")
    updates = [
        update._replace(data=update.data | {"newStatus": status.value}) for status in OrderStatus
    ]
    cash = payment.data
    rest = {name: value for name, value in cash.items() if name != "tenderedMinor"}
    payments = [
        payment._replace(data=(cash if method is PaymentMethod.CASH else rest) | {"method": method})
        for method in PaymentMethod
    ]
    return [*listed.values(), *updates, *payments]


# --- what the tables say --------------------------------------------------------------------------


def is_open_to(right: str, role: Role | None) -> bool:
    """Read the table of commands: nothing is open to nobody, and what has no row to no one."""
    return role in COMMAND_ROLES.get(right, ())


def expect_answer(command: Command, role: Role | None) -> str:
    """Say how a command of a role is answered where it is accepted."""
    if not is_open_to(command.name, role):
        return "not_allowed"
    if command.name == "order_status_update":
        right = STATUS_UPDATE_COMMANDS.get(command.data["newStatus"])
        if right is not None and not is_open_to(right, role):
            return "not_allowed"
    if command.name == "initiate_payment" and role not in METHOD_ROLES[command.data["method"]]:
        return "method_not_allowed"
    return "behind the rights"


def describe_answer(code: str) -> str:
    """Tell a refusal from what comes after all rights."""
    return "behind the rights" if code in BEHIND_THE_RIGHTS else code


def may_connect(role: Role | None, namespace: Namespace) -> bool:
    """Read the table of namespaces."""
    return role in NAMESPACES[namespace].roles


def may_enter(somebody: Somebody, room: Room) -> bool:
    """Read the table of rooms: tenant first, then what is one's own, then the role."""
    if somebody.role is None or room.cafe_id != somebody.cafe_id:
        return False
    own = somebody.own
    match room.kind:
        case RoomKind.ROLE:
            return room.key == somebody.role
        case RoomKind.DEVICE if somebody.is_device:
            return room.key == own["device"]
        case RoomKind.STATION if somebody.is_device and "station" in own:
            return room.key == own["station"]
        case RoomKind.SESSION if somebody.role is Role.CUSTOMER:
            return room.key == own["table session"]
        case RoomKind.ORDER if somebody.role is Role.CUSTOMER:
            return room.key == own["order"]
    return somebody.role in ROOM_ROLES[room.kind]


# --- sockets --------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
async def test_rights_equal_their_table(house: House):
    """By both doors: what is one's own, what is another's, and what there is not."""
    await knock_everywhere(house)
    await reach_for_what_is_anothers(house)
    await look_for_other_namespaces(house)
    await ask_at_every_address(house)

    assert house.faults == []
    assert house.asked["connect"] == len(house.everybody) * len(Namespace)
    assert house.asked["route"] == len(house.everybody) * len(ROUTES)
    assert min(house.asked[door] for door in ("command", "room", "page")) > 1_000
    assert house.asked["anothers"] > 40


async def knock_everywhere(house: House) -> None:
    """Each namespace, each command, each kind of room of both cafes."""
    rooms = list_rooms(house)
    for somebody in house.everybody:
        await asyncio.gather(*(knock(house, somebody, namespace, rooms) for namespace in Namespace))


def list_rooms(house: House) -> list[Room]:
    """List rooms of every kind of both cafes, those of everybody's own things among them."""
    ours = next(each.cafe_id for each in house.everybody if not each.is_other and each.cafe_id)
    rooms: dict[Room, None] = {}
    for cafe_id, ids in (
        (ours, house.cafes.ids),
        (house.cafes.other_cafe_id, house.cafes.other_ids),
    ):
        keys: dict[RoomKind, Collection[str]] = {
            RoomKind.ROLE: [role.value for role in Role],
            RoomKind.TABLE: ["1"],
            RoomKind.STATION: [ids["station"]],
            RoomKind.ORDER: [ids["order"]],
            RoomKind.SESSION: [ids["table session"]] if ids["table session"] else [],
            RoomKind.DEVICE: [],
        }
        for kind in RoomKind:
            rooms |= dict.fromkeys(Room(cafe_id, kind, key) for key in keys.get(kind, [""]))
    kinds = {"order": RoomKind.ORDER, "table session": RoomKind.SESSION, "device": RoomKind.DEVICE}
    for each in house.everybody:
        for thing, kind in kinds.items():
            if thing in each.own:
                rooms[Room(each.cafe_id, kind, each.own[thing])] = None
    assert {room.kind for room in rooms} == set(RoomKind)
    return list(rooms)


async def knock(house: House, somebody: Somebody, namespace: Namespace, rooms: list[Room]) -> None:
    """Connect, ask for all rooms, and send all commands where one was let in."""
    socket = await RawSocket.connect(somebody.caller, namespace)
    where = f"{somebody.name} at /{namespace}"
    # Names of orders and devices do not say whose they are: as seen from here they are one's own.
    wanted = [str(room) for room in rooms]
    data = {"token": somebody.caller.token, "rooms": wanted} if somebody.role else {}
    answer = await socket.ask({"type": "authenticate", "id": "first", "data": data})
    refused = 0
    while answer is not None and answer["type"] == "authorization_denied" and "id" not in answer:
        refused += 1
        answer = await socket.read_answer()
    assert answer is not None
    if not may_connect(somebody.role, namespace):
        expected = "not_allowed" if somebody.role else "not_authenticated"
        house.compare("connect", where, got=answer.get("code"), expected=expected)
        if somebody.role:
            house.compare("end", where, got=await socket.read_answer(), expected=None)
            house.compare("end", where, got=socket.close_code, expected=CloseCode.NOT_ALLOWED)
        await socket.close()
        return
    house.compare("connect", where, got=answer["type"], expected="welcome")
    if answer["type"] == "welcome":
        joined = await socket.read_answer()
        assert joined is not None
        compare_rooms(house, where, somebody, rooms, joined["data"]["rooms"], refused)
        await send_all(house, socket, where, somebody, namespace)
        await change_rooms(house, socket, where, somebody, rooms)
    await socket.close()


def compare_rooms(
    house: House,
    where: str,
    somebody: Somebody,
    rooms: list[Room],
    joined: list[str],
    refused: int,
) -> None:
    """Hold what was joined against the table of rooms."""
    for room in rooms:
        house.compare(
            "room",
            f"{where}, {room}",
            got=str(room) in joined,
            expected=may_enter(somebody, room),
        )
    closed = [room for room in rooms if not may_enter(somebody, room)]
    house.compare("refusals", where, got=refused, expected=len(closed))


async def send_all(
    house: House, socket: RawSocket, where: str, somebody: Somebody, namespace: Namespace
) -> None:
    """Send every command, and what is none."""
    for command in house.commands:
        code = await send(socket, command.name, command.data)
        is_accepted = command.name in NAMESPACES[namespace].commands
        house.compare(
            "command",
            f"{where}, {command.name} {command.data.get('newStatus', '')}",
            got=describe_answer(code),
            expected=expect_answer(command, somebody.role) if is_accepted else "not_in_namespace",
        )
    # Rights that no socket carries, and words that are no right at all.
    for name in ("revoke_everybody", "read_audit", "list_tickets", "eat", "order_created", ""):
        code = await send(socket, name, {})
        house.compare("command", f"{where}, {name!r}", got=code, expected="unknown_type")


async def change_rooms(
    house: House, socket: RawSocket, where: str, somebody: Somebody, rooms: list[Room]
) -> None:
    """Join and leave one by one by the commands that name a room."""
    fields = {
        RoomKind.CAFE: ("cafe", lambda room: {"cafeId": room.cafe_id}),
        RoomKind.ORDER: ("order", lambda room: {"orderId": room.key}),
        RoomKind.TABLE: ("table", lambda room: {"tableNumber": int(room.key)}),
        RoomKind.STATION: ("station", lambda room: {"stationId": room.key}),
    }
    names = {kind.__struct_config__.tag for kind in ROOM_MESSAGES}
    assert names == {f"{verb}_{noun}" for noun, _ in fields.values() for verb in ("join", "leave")}
    for room in rooms:
        if room.kind not in fields or (room.kind is RoomKind.TABLE and not is_own(somebody, room)):
            continue  # a table's number is always one's own cafe's
        noun, name_it = fields[room.kind]
        code = await send(socket, f"join_{noun}", name_it(room))
        house.compare(
            "room",
            f"{where}, join {room}",
            got=code == "ack",
            expected=may_enter(somebody, room),
        )
        if code != "ack":
            house.compare(
                "room",
                f"{where}, join {room}",
                got=code in ("not_allowed", "not_found"),
                expected=True,
            )
        else:
            left = await send(socket, f"leave_{noun}", name_it(room))
            house.compare("room", f"{where}, leave {room}", got=left, expected="ack")


def is_own(somebody: Somebody, room: Room) -> bool:
    """Whether a room is of their own cafe."""
    return room.cafe_id == somebody.cafe_id


async def send(socket: RawSocket, name: str, data: dict[str, Any]) -> str:
    """Send a message and return the code of its answer, or `ack`."""
    answer = await socket.ask({"type": name, "id": str(uuid.uuid4()), "data": data})
    assert answer is not None, f"{name} closed the socket with {socket.close_code}"
    return str(answer.get("code", answer["type"]))


# --- REST and pages -------------------------------------------------------------------------------


async def ask_at_every_address(house: House) -> None:
    """Each page and each route, with its own good request; then what ends sign-ins."""
    bodies = {
        COMMAND_ROUTES[each.name]: to_request(each).body
        for each in house.commands
        if each.name not in ("order_status_update", "initiate_payment")
    }
    # Some at once: a server that is asked by all leaves its own jobs waiting.
    together = asyncio.Semaphore(4)

    async def ask_everything(somebody: Somebody) -> None:
        async with together:
            await open_all_pages(house, somebody)
            await ask_everywhere(house, somebody, bodies)
            await send_over_rest(house, somebody)
            await ask_for_tickets(house, somebody)

    await asyncio.gather(*(ask_everything(each) for each in house.everybody))
    for somebody in house.everybody:
        await end_everything(house, somebody)


async def ask_everywhere(
    house: House, somebody: Somebody, bodies: dict[Route, dict[str, Any]]
) -> None:
    """Ask for every route but those that end sign-ins."""
    for route in ROUTES:
        if route.operation not in ENDINGS:
            await ask(house, somebody, route, bodies.get(route, {}))


async def ask(house: House, somebody: Somebody, route: Route, body: dict[str, Any]) -> None:
    """Ask for one route. Whoever may gets past the rights, to a 400 or a 404 at worst."""
    answer = await somebody.caller.call(
        route.method,
        fill(route.path),
        None if route.body is None else body,
        command_id=str(uuid.uuid4()),
    )
    code = (answer.data or {}).get("code") if answer.status in (401, 403) else None
    house.compare(
        "route",
        f"{somebody.name}, {route.method} {route.path}",
        got=code,
        expected=expect_refusal(route, somebody),
    )


def expect_refusal(route: Route, somebody: Somebody) -> str | None:
    """Say with which code a route turns somebody away; None where it does not."""
    if route.permission == PUBLIC:
        return None
    if somebody.role is None:
        return "credentials_missing"
    if route.operation == "readTableSession" and somebody.role is not Role.CUSTOMER:
        return "not_allowed"  # whoever works here has no seating of their own
    if route.permission == SIGNED_IN or is_open_to(route.permission, somebody.role):
        return None
    return "not_allowed"


async def send_over_rest(house: House, somebody: Somebody) -> None:
    """The commands whose right hangs on what is asked for."""
    for command in house.commands:
        if command.name not in ("order_status_update", "initiate_payment"):
            continue
        path, body = to_request(command)
        answer = await somebody.caller.call("POST", path, body, command_id=str(uuid.uuid4()))
        expected = expect_answer(command, somebody.role)
        house.compare(
            "command",
            f"{somebody.name}, {path} {body}",
            got=describe_answer(answer.data["code"]),
            expected=expected if somebody.role else "credentials_missing",
        )


async def ask_for_tickets(house: House, somebody: Somebody) -> None:
    """A ticket opens what the roles open, and to who works here a board (decision 0007)."""
    if somebody.role is None:
        return
    for namespace in Namespace:
        for wanted in (None, Role.BOARD, Role.OWNER):
            body = {"namespace": namespace, "roles": [wanted] if wanted else []}
            answer = await somebody.caller.call("POST", "/connect-tickets", body)
            held = {somebody.role, Role.BOARD} if is_staff(somebody) else {somebody.role}
            left = NAMESPACES[namespace].roles & held & ({wanted} if wanted else held)
            house.compare(
                "ticket",
                f"{somebody.name}, {body}",
                got=answer.status,
                expected=201 if left else 403,
            )


def is_staff(somebody: Somebody) -> bool:
    """Whether it is one of the house: a person or a screen."""
    return somebody.role not in (None, Role.CUSTOMER)


async def end_everything(house: House, somebody: Somebody) -> None:
    """Ask for what ends sign-ins; owners do so after everybody else."""
    for operation in ENDINGS:
        route = next(each for each in ROUTES if each.operation == operation)
        await ask(house, somebody, route, {})


async def open_all_pages(house: House, somebody: Somebody) -> None:
    """Open every page with every method that it has, and with one that it has not."""
    for pattern, page in PAGES.items():
        for method in list_methods(page):
            if (pattern in ENDING_PAGES) and method == "POST" and expect_page(page, somebody):
                continue  # tests/integration/http has them: here they would end the test
            answer = await somebody.open(method, fill(name_route(pattern)))
            way = answer.headers.get("Location", "")
            is_turned_away = answer.code in (401, 403) or way.startswith(("/sign-in?", "/pair"))
            question = f"{somebody.name}, {method} {name_route(pattern)}: {answer.code} {way}"
            is_open = expect_page(page, somebody)
            house.compare("page", question, got=not is_turned_away, expected=is_open)
            if not is_open and is_known_there(page, somebody):
                house.compare("page", question, got=answer.code, expected=403)
    for method, path, expected in (
        ("DELETE", "/admin", 405),
        ("GET", "/admin/everything", 404),
        ("GET", "/api/v1/nothing", 404),
        ("PUT", "/api/v1/orders", 405),
    ):
        answer = await somebody.open(method, path)
        house.compare(
            "page", f"{somebody.name}, {method} {path}", got=answer.code, expected=expected
        )


def expect_page(page: type[BaseHandler], somebody: Somebody) -> bool:
    """Read the pages' rights: guests' pages know guests alone, and the others do not know them."""
    if page.is_public:
        return True
    if not is_known_there(page, somebody):
        return False
    return page.permission == SIGNED_IN or is_open_to(page.permission or "", somebody.role)


def is_known_there(page: type[BaseHandler], somebody: Somebody) -> bool:
    """Whether a page looks at what somebody shows of themselves."""
    if somebody.role is None or page.is_public:
        return False
    if issubclass(page, PinPage | ConsentPage):
        return somebody.is_device  # a PIN is worth something beside a screen alone
    if issubclass(page, GuestPage):
        return somebody.role is Role.CUSTOMER
    if issubclass(page, ShiftPage):
        return is_staff(somebody) and not somebody.is_device  # a screen works no shift
    assert issubclass(page, StaffPage), page
    return somebody.role is not Role.CUSTOMER


def list_methods(page: type[BaseHandler]) -> list[str]:
    """List the methods that a page has."""
    return [
        method
        for method in METHODS
        if getattr(page, method.lower()) is not getattr(RequestHandler, method.lower())
    ]


def fill(path: str) -> str:
    """Make an address with ids that nothing has."""
    for name in Counter(part.partition("}")[0] for part in path.split("{")[1:]):
        path = path.replace(f"{{{name}}}", PATH_VALUES.get(name, UNKNOWN_ID))
    return path


# --- what is somebody else's ----------------------------------------------------------------------


async def reach_for_what_is_anothers(house: House) -> None:
    """Another table's guest and another cafe's owner at the things of a guest, by both doors."""
    cafes = house.cafes
    by_name = {each.name: each for each in house.everybody}
    guest, owner = by_name["another table's guest"], by_name["the other cafe's owner"]
    commands = list_commands(cafes.ids, cafes.line)
    for name in ("a guest's round", "a guest's void", "a payment cancelled", "an order paid"):
        command = commands[name]
        if name == "an order paid":
            body = {"orderId": cafes.ids["order"], "method": "sandbox", "amountMinor": 1}
            command = command._replace(data=body)
        await reach(house, guest, command, "payments" if "pay" in command.name else "customers")
    for command in commands.values():
        if is_open_to(command.name, Role.OWNER) and command.name != "send_notice":
            await reach(house, owner, command, command.namespace)
    for somebody in (guest, owner):
        for path in (f"/orders/{cafes.ids['order']}", f"/orders/{cafes.ids['order']}/payments"):
            answer = await somebody.caller.call("GET", path)
            house.compare("read", f"{somebody.name}, {path}", got=answer.status, expected=404)


async def reach(house: House, somebody: Somebody, command: Command, namespace: str) -> None:
    """Send a command about somebody else's thing over REST and over a socket."""
    if namespace == "customers" and somebody.role is not Role.CUSTOMER:
        namespace = "counter"
    path, body = to_request(command)
    answer = await somebody.caller.call("POST", path, body, command_id=str(uuid.uuid4()))
    socket = await RawSocket.connect(somebody.caller, namespace)
    await socket.authenticate(somebody.caller.token)
    code = await send(socket, command.name, command.data)
    await socket.close()
    unknown = {"not_found", "unknown_menu_item", "unknown_modifier"}
    for door, got in (("REST", answer.data["code"]), ("socket", code)):
        house.compare(
            "anothers",
            f"{somebody.name}, {command.name} by {door}: {got}",
            got=got in unknown,
            expected=True,
        )


async def look_for_other_namespaces(house: House) -> None:
    """An address below /ws that is in no table opens nothing, whoever asks."""
    for path in ("cellar", "orders/x", "Orders", "admin%2f", "%2e%2e/admin"):
        for somebody in house.everybody[-2:]:
            with pytest.raises(HTTPClientError) as refusal:
                await RawSocket.connect(somebody.caller, path)
            assert refusal.value.code == 404, path


def test_every_right_opens_something():
    """A row of the table that nothing asks for is a door that somebody forgot."""
    asked: Iterable[str] = (
        {name for rule in NAMESPACES.values() for name in rule.commands}
        | {route.permission for route in ROUTES}
        | {page.permission for page in PAGES.values() if page.permission}
        | set(STATUS_UPDATE_COMMANDS.values())
    )

    assert set(COMMAND_ROLES) - set(asked) == set()
    assert set(asked) - set(COMMAND_ROLES) == {PUBLIC, SIGNED_IN}
