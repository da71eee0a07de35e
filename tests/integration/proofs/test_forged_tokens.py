"""More than a hundred tokens that are not what they say, at every door (requirements A1, A2).

All of them are refused with the error of the contract and none with a fault, each is one change
away from a token that is good, and none of them is in the server's log.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest_asyncio
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

from bench.demo_server import read_description
from config.secrets import load_secrets
from domain.permissions import COMMAND_ROLES
from domain.roles import Role
from handlers.api.route import PUBLIC, Route
from handlers.api.table import ROUTES
from realtime.close_codes import CloseCode
from tests.support.contract import Contract
from tests.support.forged_tokens import Forge, list_forged, list_groundless
from tests.support.people import Caller, sign_in, sit_down
from tests.support.raw_wire import RawSocket
from tests.support.servers import Server, StartServer
from tests.support.two_cafes import TwoCafes, open_two_cafes
from tests.support.waiting import DEADLINE_S

CLOSED_ROUTES = [route for route in ROUTES if route.permission != PUBLIC]
# Those that need no more than a token to say who is asking, and one that asks in its transaction.
CHEAP_ROUTES = [route for route in CLOSED_ROUTES if not route.rereads_rights and not route.body]
ORDER_ROUTES = [route for route in CLOSED_ROUTES if route.operation == "placeOrder"]
INVALID_TOKEN = 4501
# A message or an address with a longer one, or with none, does not fit its schema.
LONGEST_TOKEN = 4096
REFUSING_CODES = frozenset({INVALID_TOKEN, CloseCode.TOKEN_EXPIRED, CloseCode.REVOKED})
# What HTTP itself does not let into a header.
NO_HEADERS = frozenset({"text: a line break"})
NAMESPACE = "admin"
# Requests at once: enough to keep the server busy.
_AT_ONCE = 10
_ROUTES_PER_TOKEN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """A server with two cafes, and what its key can be made to sign."""

    server: Server
    cafes: TwoCafes
    forge: Forge
    http: AsyncHTTPClient

    async def ask(self, route: Route, token: str, *, body: str = "{}") -> HTTPResponse:
        """Use a route with a token in the header, naming things that do not exist."""
        path = route.path.replace("{round_number}", "1")
        for name in route.path_names:
            path = path.replace(f"{{{name}}}", str(uuid.uuid4()))
        request = HTTPRequest(
            f"{self.server.url}/api/v1{path}",
            method=route.method,
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Idempotency-Key": str(uuid.uuid4()),
            },
            body=None if route.method == "GET" else body if route.body is not None else "",
            request_timeout=DEADLINE_S,
        )
        return await self.http.fetch(request, raise_error=False)

    async def connect(self, *, bearer: str | None = None, query: str = "") -> Any:
        """Open a plain socket with a token in the header or in the address."""
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        address = f"{self.server.url.replace('http', 'ws', 1)}/ws/{NAMESPACE}/websocket{query}"
        return await websocket_connect(HTTPRequest(address, headers=headers))


@pytest_asyncio.fixture
async def doors(start_server: StartServer) -> AsyncIterator[Doors]:
    """Serve two cafes and sign a manager in, whose token is the model of all forgeries."""
    server = start_server("demo", "--json")
    contract = Contract.fetch(server.url)
    http = AsyncHTTPClient(force_instance=True, max_clients=_AT_ONCE)
    database_url = f"sqlite:///{next(server.data_dir.glob('*.db'))}"
    async with open_two_cafes(
        read_description(server), contract, database_url=database_url
    ) as cafes:
        key = load_secrets(server.data_dir, now=datetime.now(UTC)).current_key
        yield Doors(
            server=server,
            cafes=cafes,
            forge=Forge(key, cafes.people[Role.MANAGER].token),
            http=http,
        )
    http.close()


async def test_no_forged_token_opens_anything(doors: Doors):
    """Over REST 401; on sockets, whichever way it came, an error and the end.

    Each token is tried at some routes in turn, so that each route meets a dozen of them.
    """
    forged = list_forged(doors.forge)
    found: list[str] = []
    places = asyncio.Semaphore(_AT_ONCE)

    async def try_token(number: int, name: str, token: str) -> None:
        async with places:
            found.extend(await _find_open_routes(doors, name, token, _take_turns(number)))
            found.extend(await _find_open_sockets(doors, name, token))

    tries = [try_token(number, *row) for number, row in enumerate(forged.items())]
    await asyncio.gather(*tries)

    assert len(forged) >= 80
    assert found == []
    _assert_not_logged(doors.server, [*forged.values(), doors.forge.token])


async def test_the_same_token_without_a_fault_is_good(doors: Doors):
    """Written by the same hand: at every route, and on sockets by message and by header."""
    token = doors.forge.write()
    manager = Caller(doors.server.url, doors.cafes.people[Role.MANAGER].contract, token=token)

    for route in CLOSED_ROUTES:
        if route.operation not in ("signOut", "revokeEverybody"):
            assert (await doors.ask(route, token)).code != 401, route.operation
    for is_sockjs in (False, True):
        socket = await RawSocket.connect(manager, NAMESPACE, is_sockjs=is_sockjs)
        await socket.authenticate(token)
        await socket.close()
    await _greet_and_leave(await doors.connect(bearer=token))
    manager.close()
    _assert_not_logged(doors.server, [token])


async def test_a_token_gives_no_more_than_the_database(doors: Doors):
    """Roles that a token adds, and a cafe that it names, count for nothing."""
    cook = Forge(doors.forge.key, doors.cafes.people[Role.KITCHEN].token)
    inflated = cook.write({"roles": [role.value for role in Role]})

    for route in CLOSED_ROUTES:
        if route.operation != "signOut":
            plain, more = await doors.ask(route, cook.token), await doors.ask(route, inflated)
            # An empty body may be looked at before the rights are read again; nothing happens.
            assert more.code == plain.code or (plain.code, more.code) == (403, 400), route.operation
    line = json.dumps({"lines": [doors.cafes.line]})
    assert (await doors.ask(ORDER_ROUTES[0], inflated, body=line)).code == 403


async def test_good_tokens_about_what_is_not_so_are_refused(doors: Doors):
    """Of nobody, of another cafe, used up, or taken back in each way there is."""
    people, contract = doors.cafes.people, doors.cafes.other.contract
    description = read_description(doors.server)
    manager = people[Role.MANAGER]
    clerk = await sign_in(description, Role.COUNTER, contract)
    await clerk.do("/sign-out")
    await manager.do(f"/people/{people[Role.EXPO].person_id}/revoke", {})
    left, closed = (
        await sit_down(description, contract, 4),
        await sit_down(description, contract, 5),
    )
    await left.do("/sign-out")
    seating = (await closed.get("/table-sessions/current"))["tableSessionId"]
    await manager.do(f"/table-sessions/{seating}/close")
    used = await manager.fetch_ticket(NAMESPACE)
    await _greet_and_leave(await doors.connect(query=f"?token={used}"))
    groundless = list_groundless(
        doors.forge,
        other_cafe_id=Forge(doors.forge.key, doors.cafes.other.token).claims["cafe"],
        stranger_id=doors.cafes.other.person_id,
    )
    ended = groundless | {
        "signed out": clerk.token,
        "a person": people[Role.EXPO].token,
        "a guest who left": left.token,
        "a table that was closed": closed.token,
    }
    tickets = {
        "a ticket that was used": used,
        "a ticket for another namespace": await manager.fetch_ticket("counter"),
        "a ticket of who is gone": Forge(
            doors.forge.key, await manager.fetch_ticket(NAMESPACE)
        ).write({"sub": f"person:{people[Role.EXPO].person_id}"}),
    }
    found: list[str] = []
    for name, token in ended.items():
        found += await _find_open_routes(doors, name, token, CHEAP_ROUTES)
        if name != "a person":  # who never was allowed to
            order = json.dumps({"lines": [doors.cafes.line]})
            found += await _find_open_routes(doors, name, token, ORDER_ROUTES, body=order)
    for name, token in (ended | tickets).items():
        found += await _find_open_sockets(doors, name, token)
    for name, token in tickets.items():
        found += await _find_open_routes(doors, name, token)
    owner = await sign_in(description, Role.OWNER, contract)
    await owner.do("/people/revoke")
    found += await _find_open_routes(doors, "everybody", people[Role.COUNTER].token, CHEAP_ROUTES)
    found += await _find_open_sockets(doors, "everybody", people[Role.COUNTER].token)

    assert found == []
    _assert_not_logged(doors.server, [*ended.values(), *tickets.values()])
    for caller in (clerk, left, closed, owner):
        caller.close()


async def test_no_kind_of_token_stands_where_another_belongs(doors: Doors):
    """Tickets open no route, bearer tokens no address, a guest's nothing of the staff's."""
    guest, manager = doors.cafes.people[Role.CUSTOMER], doors.cafes.people[Role.MANAGER]
    ticket = await guest.fetch_ticket("customers")

    assert await _find_open_routes(doors, "a guest's ticket", ticket) == []
    for caller in (guest, manager):
        socket = await doors.connect(query=f"?token={caller.token}")
        assert await _read_refusal(socket) == ("authentication_failed", INVALID_TOKEN)
    for route in CLOSED_ROUTES:
        allowed = COMMAND_ROLES.get(route.permission, frozenset(Role))
        if Role.CUSTOMER not in allowed:
            assert (await doors.ask(route, guest.token)).code in (400, 403), route.operation


def _take_turns(number: int) -> list[Route]:
    """Return some routes: the next ones of the table for the next number."""
    first = number * _ROUTES_PER_TOKEN
    return [CLOSED_ROUTES[(first + step) % len(CLOSED_ROUTES)] for step in range(_ROUTES_PER_TOKEN)]


async def _find_open_routes(
    doors: Doors, name: str, token: str, routes: list[Route] = CLOSED_ROUTES, *, body: str = "{}"
) -> list[str]:
    """List the routes that answer a token with anything but the contract's 401."""
    if name in NO_HEADERS:
        return []
    places = asyncio.Semaphore(_AT_ONCE)

    async def ask(route: Route) -> str | None:
        async with places:
            answer = await doors.ask(route, token, body=body)
        error = json.loads(answer.body)
        is_refused = (answer.code, error["type"]) == (401, "authentication_failed")
        is_told = answer.headers.get("WWW-Authenticate", "").startswith("Bearer")
        return None if is_refused and is_told else f"{name}: {route.operation} -> {error}"

    return [fault for fault in await asyncio.gather(*map(ask, routes)) if fault is not None]


async def _find_open_sockets(doors: Doors, name: str, token: str) -> list[str]:
    """List the ways onto a socket that end otherwise than with an error and a close."""
    manager = doors.cafes.people[Role.MANAGER]
    ends: dict[str, tuple[str, int | None]] = {}
    fits_schema = 0 < len(token) <= LONGEST_TOKEN
    for is_sockjs in (False, True):
        socket = await RawSocket.connect(manager, NAMESPACE, is_sockjs=is_sockjs)
        answer = await socket.ask({"type": "authenticate", "data": {"token": token}})
        assert answer is not None
        if not fits_schema:
            assert answer["type"] == "invalid_message_format"
            await socket.close()
            continue
        is_over = await socket.read() is None
        kind = "SockJS" if is_sockjs else "plain"
        ends[kind] = str(answer["type"]), socket.close_code if is_over else None
        await socket.close()
    if fits_schema:
        by_address = await doors.connect(query=f"?token={quote(token, safe='')}")
        ends["in the address"] = await _read_refusal(by_address)
        if name not in NO_HEADERS:
            ends["in the header"] = await _read_refusal(await doors.connect(bearer=token))
    return [
        f"{name}: {way} -> {end}"
        for way, end in ends.items()
        if end[0] != "authentication_failed" or end[1] not in REFUSING_CODES
    ]


async def _greet_and_leave(socket: WebSocketClientConnection) -> None:
    """Be welcomed and close, to the end."""
    first = await asyncio.wait_for(socket.read_message(), DEADLINE_S)
    assert first is not None
    assert json.loads(first)["type"] == "welcome"
    socket.close()
    while await asyncio.wait_for(socket.read_message(), DEADLINE_S) is not None:
        pass


async def _read_refusal(socket: WebSocketClientConnection) -> tuple[str, int | None]:
    first = await asyncio.wait_for(socket.read_message(), DEADLINE_S)
    assert first is not None
    assert await asyncio.wait_for(socket.read_message(), DEADLINE_S) is None
    code = socket.close_code
    socket.close()
    return json.loads(first)["type"], code


def _assert_not_logged(server: Server, tokens: Iterable[str]) -> None:
    """Neither a token nor the part of it that makes it one stands in the log."""
    log = server.log_file.read_text()
    for token in tokens:
        parts = [part for part in (token, token.rpartition(".")[2]) if len(part) > 20]
        assert [part for part in parts if part in log] == []
    assert '"trace"' not in log
