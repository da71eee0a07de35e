"""Attacks on the running product: rooms of others, other people's tokens, fields that decide.

Requirements T2, T4 and T5. One server with two cafes; each socket of an attack stays open until
things have happened in the attacked cafe, so that what must not arrive would have arrived.
"""

import json
import uuid
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from bench.demo_server import read_description
from domain.roles import Role
from tests.support.contract import Contract
from tests.support.everybody import Somebody, gather_everybody
from tests.support.people import Caller
from tests.support.raw_wire import KeptConnection, RawSocket
from tests.support.room_attacks import list_room_attacks, list_room_names
from tests.support.servers import StartServer
from tests.support.two_cafes import TwoCafes, open_two_cafes
from tests.support.two_doors import Command, list_commands, list_nameless_commands, to_request

Data = dict[str, Any]
# What may not say who asks, where, or for how much.
DECIDING: Data = {
    "cafeId": "018f0000-0000-7000-8000-00000000dead",
    "cafe_id": "018f0000-0000-7000-8000-00000000dead",
    "role": "owner",
    "roles": ["owner"],
    "userId": "018f0000-0000-7000-8000-00000000dead",
    "personId": "018f0000-0000-7000-8000-00000000dead",
    "principal": "person:018f0000-0000-7000-8000-00000000dead",
    "updatedBy": "owner",
    "isAdmin": True,
    "price": 0,
    "priceMinor": 0,
    "totalMinor": 0,
    "status": "completed",
    "__proto__": {"role": "owner"},
}
DECIDING_HEADERS: dict[str, str] = {
    "X_Cafe_Id": DECIDING["cafeId"],
    "X_User_Id": DECIDING["userId"],
    "X_Role": "owner",
    "X_Forwarded_User": "owner",
    "X_Original_URL": "/api/v1/people/revoke",
    "X_HTTP_Method_Override": "DELETE",
    "X_Forwarded_For": "127.0.0.1",
    "Forwarded": "for=127.0.0.1;host=cafe.example",
    "Host": "other.example",
}
# What an order's own commands carry under one of these names.
LEGITIMATE = {("edit_menu_item", "priceMinor"), ("edit_modifier", "priceMinor")} | {
    ("order_status_update", "updatedBy")
}


class Scene:
    """Two cafes and who attacks."""

    def __init__(self, cafes: TwoCafes, everybody: list[Somebody]) -> None:
        self.cafes = cafes
        self.by_name = {each.name: each for each in everybody}
        self.cafe_id = self.by_name["a guest"].cafe_id

    async def make_noise(self) -> None:
        """Let much happen in the attacked cafe: tickets, an order, money, a call, a notice."""
        people, ids = self.cafes.people, self.cafes.ids
        await people[Role.EXPO].do(f"/items/{self.cafes.items['queued']}/ready")
        await people[Role.CUSTOMER].do("/table-sessions/current/call")
        await people[Role.MANAGER].do("/notices", {"title": "For us alone"})
        body = {"method": "card_terminal", "amountMinor": 1}
        await people[Role.COUNTER].do(f"/orders/{ids['order']}/payments", body)

    async def mark(self, caller: Caller, menu_item_id: str) -> None:
        """Let one thing happen that the attacker is to hear."""
        for is_sold_out in (True, False):
            change = {"menuItemId": menu_item_id, "isSoldOut": is_sold_out}
            await caller.do("/menu/availability", change)


@pytest.fixture
async def scene(sqlite_url: str, start_server: StartServer) -> AsyncIterator[Scene]:
    """Serve both cafes."""
    server = start_server("demo", "--json", database_url=sqlite_url)
    description, contract = read_description(server), Contract.fetch(server.url)
    async with (
        open_two_cafes(description, contract, database_url=sqlite_url) as cafes,
        gather_everybody(description, contract, cafes) as everybody,
    ):
        yield Scene(cafes, everybody)


@pytest.mark.timeout(300)
async def test_attacks(scene: Scene):
    """One server for all of them."""
    await attack_rooms_of_another_cafe(scene)
    await attack_rooms_of_another_table(scene)
    await authenticate_as_somebody_else(scene)
    await send_what_must_not_decide(scene)
    await forge_the_actor(scene)


# --- T2 -------------------------------------------------------------------------------------------


async def attack_rooms_of_another_cafe(scene: Scene) -> None:
    """The other cafe's owner, with every spelling, each on a socket of its own."""
    owner = scene.by_name["the other cafe's owner"]
    attacks = list_room_attacks(owner.cafe_id, scene.cafe_id, scene.cafes.ids)
    assert len(attacks) > 80
    sockets = {name: await join(owner.caller, "admin", [name]) for name in attacks}
    plain = list_room_names(scene.cafe_id, scene.cafes.ids)
    sockets["in the address"] = await join(owner.caller, "admin", [], in_address=plain)
    commands = await RawSocket.connect(owner.caller, "admin")
    await commands.authenticate(owner.caller.token)
    for name, data, codes in list_join_commands(scene):
        answer = await commands.ask({"type": name, "id": str(uuid.uuid4()), "data": data})
        assert answer is not None, data
        assert answer.get("code") in codes, (name, data, answer)
    sockets["commands"] = commands

    await scene.make_noise()
    await scene.mark(owner.caller, scene.cafes.other_ids["menu item"])

    for name, socket in sockets.items():
        heard = await listen(socket)
        assert {each["cafeId"] for each in heard} == {owner.cafe_id}, name
        assert scene.cafes.ids["order"] not in json.dumps(heard), name


async def attack_rooms_of_another_table(scene: Scene) -> None:
    """A guest, with the names of the staff's rooms and of another table's."""
    guest = scene.by_name["another table's guest"]
    names = list_room_names(scene.cafe_id, scene.cafes.ids)
    open_to_all = (f"cafe:{scene.cafe_id}:customers", f"cafe:{scene.cafe_id}:role:customer")
    attacks = [name for name in names if name not in open_to_all]
    sockets = {name: await join(guest.caller, "customers", [name]) for name in attacks}

    people, items = scene.cafes.people, scene.cafes.items
    await people[Role.EXPO].do(f"/items/{items['ready']}/served")
    await people[Role.CUSTOMER].do("/table-sessions/current/call/cancel")
    await scene.mark(people[Role.MANAGER], scene.cafes.ids["menu item"])

    public = ("menu_", "order_number_", "wait_estimates")
    for name, socket in sockets.items():
        heard = await listen(socket)
        assert [each for each in heard if not each["type"].startswith(public)] == [], name


async def join(
    caller: Caller, namespace: str, rooms: list[str], *, in_address: list[str] | None = None
) -> RawSocket:
    """Connect and ask for rooms; what is refused as a whole is asked again without them."""
    query = urlencode({"rooms": in_address}, doseq=True, quote_via=quote) if in_address else ""
    socket = await RawSocket.connect(caller, namespace, query=query)
    data: Data = {"token": caller.token} | ({"rooms": rooms} if rooms else {})
    answer = await socket.ask({"type": "authenticate", "id": "first", "data": data})
    refused = 0
    while answer is not None and answer["type"] != "welcome":
        assert answer["type"] in ("authorization_denied", "invalid_message_format"), (rooms, answer)
        refused += 1
        if answer.get("id") or answer["code"] in ("bad_text", "malformed_json"):
            await socket.send(
                {"type": "authenticate", "id": "again", "data": {"token": caller.token}}
            )
        answer = await socket.read_answer()
    assert answer is not None, rooms
    assert refused == max(1, len(in_address or [])), rooms
    joined = await socket.read_answer()
    assert joined is not None
    assert set(joined["data"]["rooms"]).isdisjoint(rooms + (in_address or [])), rooms
    return socket


def list_join_commands(scene: Scene) -> list[tuple[str, Any, tuple[str, ...]]]:
    """List commands that name a room of another cafe: type, data, codes that are right."""
    ids, cafe_id = scene.cafes.ids, scene.cafe_id
    shapeless = ("invalid_message", "unknown_field", "bad_text")
    return [
        ("join_cafe", {"cafeId": cafe_id}, ("not_allowed",)),
        ("join_order", {"orderId": ids["order"]}, ("not_found",)),
        ("join_station", {"stationId": ids["station"]}, ("not_found",)),
        ("join_table", {"tableNumber": 1, "cafeId": cafe_id}, shapeless),
        ("join_cafe", {"cafeId": [cafe_id]}, shapeless),
        ("join_cafe", {"cafeId": {"$ne": ""}}, shapeless),
        ("join_cafe", {"cafeId": "*"}, shapeless),
        ("join_cafe", {"cafeId": None}, shapeless),
        ("join_cafe", {"cafeId": cafe_id.upper()}, shapeless),
        ("join_cafe", {"cafeId": cafe_id + "\x00"}, shapeless),
        ("join_cafe", {"cafeId": quote(cafe_id.replace("-", "%2d"))}, shapeless),
        ("join_order", {"orderId": f"{ids['order']}:staff"}, shapeless),
        ("join_order", {"orderId": [ids["order"]]}, shapeless),
        ("join_station", {"stationId": "*"}, shapeless),
        ("join_table", {"tableNumber": "1"}, shapeless),
        ("join_table", {"tableNumber": [1]}, shapeless),
        ("join_room", {"room": f"cafe:{cafe_id}"}, ("unknown_type",)),
    ]


async def listen(socket: RawSocket) -> list[Data]:
    """Return the events up to the second mark, and let the socket go."""
    heard: list[Data] = []
    marks = 0
    while marks < 2:
        message = await socket.read()
        assert message is not None, socket.close_code
        if "eventId" in message:
            heard.append(message)
            marks += message["type"] == "menu_availability_changed"
    await socket.close()
    return heard


# --- T4 -------------------------------------------------------------------------------------------


async def authenticate_as_somebody_else(scene: Scene) -> None:
    """A guest's socket stays a guest's, whichever good token comes second and how."""
    guest = scene.by_name["another table's guest"]
    others = [
        each
        for each in scene.by_name.values()
        if each.role is not None and each is not guest and each.caller.token
    ]
    socket = await RawSocket.connect(guest.caller, "orders")
    await socket.authenticate(guest.caller.token)
    for other in others:
        token = {"token": other.caller.token}
        again = await socket.ask({"type": "authenticate", "id": "second", "data": token})
        assert again is not None
        assert again["code"] == "already_authenticated", other.name
        cancel = {"orderId": scene.cafes.ids["order"], "reason": "x"}
        denied = await socket.ask({"type": "cancel_order", "id": str(uuid.uuid4()), "data": cancel})
        assert denied is not None
        assert denied["code"] == "not_allowed", other.name
    await socket.close()
    for other in others:
        socket = await RawSocket.connect(guest.caller, "orders")
        await socket.authenticate(guest.caller.token)
        token = {"token": other.caller.token}
        refused = await socket.ask({"type": "refresh", "id": "second", "data": token})
        assert refused is not None
        assert refused["type"] in ("authentication_failed", "authorization_denied"), other.name
        await socket.close()


# --- T5 -------------------------------------------------------------------------------------------


async def send_what_must_not_decide(scene: Scene) -> None:
    """A field too many is refused by both doors, in a query too."""
    cafes = scene.cafes
    commands = list_commands(cafes.ids, cafes.line) | list_nameless_commands()
    once = {each.name: each for each in commands.values()}
    connections = {role: KeptConnection(caller) for role, caller in cafes.people.items()}
    sockets: dict[str, RawSocket] = {}
    for command in once.values():
        path, body = to_request(command)
        connection = connections[command.sender]
        if command.namespace not in sockets:
            caller = cafes.people[command.sender]
            sockets[command.namespace] = await RawSocket.connect(caller, command.namespace)
            await sockets[command.namespace].authenticate(caller.token)
        for field, value in DECIDING.items():
            if (command.name, field) in LEGITIMATE or field in command.data:
                continue
            content = json.dumps({**body, field: value}).encode()
            status, error = await connection.ask("POST", path, content)
            assert (status, error["code"]) == (400, "unknown_field"), (command.name, field)
            frame = {"type": command.name, "id": str(uuid.uuid4())}
            answer = await sockets[command.namespace].ask(
                frame | {"data": {**command.data, field: value}}
            )
            assert answer is not None
            assert answer["code"] == "unknown_field", (command.name, field)
        asked = f"{path}?{urlencode({'cafeId': DECIDING['cafeId'], 'role': 'owner'})}"
        status, error = await connection.ask("POST", asked, json.dumps(body).encode())
        assert (status, error["code"]) == (400, "invalid_query"), command.name
    for socket in sockets.values():
        await socket.close()
    for connection in connections.values():
        connection.close()


async def forge_the_actor(scene: Scene) -> None:
    """Headers, the source's envelope and `updatedBy` say anything; the token's actor is kept."""
    cafes = scene.cafes
    guest, clerk, expo = (cafes.people[role] for role in (Role.CUSTOMER, Role.COUNTER, Role.EXPO))
    connection = KeptConnection(clerk)
    content = json.dumps({"lines": [cafes.line]}).encode()
    status, order = await connection.ask("POST", "/orders", content, **DECIDING_HEADERS)
    assert status == 201
    status, _ = await connection.ask("GET", "/audit", b"", **DECIDING_HEADERS)
    assert status == 403
    connection.close()

    socket = await RawSocket.connect(expo, "orders")
    await socket.authenticate(expo.token)
    update = Command(
        "orders",
        "order_status_update",
        {"orderId": order["orderId"], "newStatus": "preparing", "updatedBy": "owner"},
    )
    envelope = {"type": update.name, "id": str(uuid.uuid4()), "data": update.data}
    forged = {"userId": clerk.person_id, "metadata": {"role": "owner"}, "timestamp": 1}
    elsewhere = await socket.ask(envelope | forged | {"cafeId": DECIDING["cafeId"]})
    assert elsewhere is not None
    assert elsewhere["code"] == "not_allowed"
    done = await socket.ask(envelope | forged | {"cafeId": scene.cafe_id, "id": "forged-1"})
    assert done is not None
    assert done["type"] == "ack", done
    await socket.close()

    rows = await cafes.people[Role.MANAGER].read_log()
    told = [row for row in rows if row["event"].get("order", {}).get("orderId") == order["orderId"]]
    created = next(row for row in told if row["event"]["type"] == "order_created")
    (changed,) = [
        row
        for row in told
        if row["event"]["type"] == "order_status_updated"
        and row["event"]["order"]["status"] == "preparing"
    ]
    assert created["userId"] == clerk.person_id
    assert (changed["userId"], changed["event"]["updatedBy"]) == (expo.person_id, "expo")
    assert (await guest.call("GET", f"/orders/{order['orderId']}")).status == 404
