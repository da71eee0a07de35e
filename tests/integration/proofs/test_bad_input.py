"""Bad input over REST and over a socket: the error it gets, nothing written, the next one served.

One server a test and many inputs, each with the same questions: is it the right error, in the
published shape; are the row counts of all tables what they were; is the next good request served
on the same connection. Faults are gathered, so that one run tells all of them; at the end of it
all tables hold what they held.
"""

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, ParamSpec, Self

import pytest

from domain.roles import Role
from handlers.api.table import ROUTES
from realtime.messages.commands import COMMAND_TYPES
from services.operations import OPERATIONS
from tests.integration.proofs.conftest import DemoCafe
from tests.support.bad_input import (
    BROKEN_UTF8,
    list_bad_frames,
    list_bad_orders,
    list_bad_texts,
    list_misfits,
)
from tests.support.raw_wire import RawSocket
from tests.support.two_cafes import TwoCafes, open_two_cafes
from tests.support.two_doors import (
    COMMAND_ROUTES,
    Command,
    Doors,
    encode_name,
    list_commands,
    list_nameless_commands,
    list_other_requests,
    open_doors,
    to_request,
)

UNKNOWN_ID = "018f0000-0000-7000-8000-00000000dead"
# The defaults of config/settings.py.
BODY_LIMIT_BYTES, FRAME_LIMIT_BYTES = 256 * 2**10, 64 * 2**10
UNREAD_FRAME_BYTES = 4 * FRAME_LIMIT_BYTES

Data = dict[str, Any]
_Arguments = ParamSpec("_Arguments")

# Hundreds of inputs that are refused before a database is asked: one of the two is enough.
needs_no_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Examination:
    """Sends bad input and gathers what is wrong with what becomes of it.

    Used as `async with`, it compares at the end what is in all tables with the beginning.
    """

    def __init__(self, cafes: TwoCafes) -> None:
        self._rows = cafes.rows
        self._counts: Mapping[str, int] = {}
        self._fingerprint: Mapping[str, str] = {}
        self.faults: list[str] = []
        self.count = 0

    async def __aenter__(self) -> Self:
        self._counts = await asyncio.to_thread(self._rows.count)
        self._fingerprint = await asyncio.to_thread(self._rows.fingerprint)
        return self

    async def __aexit__(self, *_: object) -> None:
        after = await asyncio.to_thread(self._rows.fingerprint)
        self.faults += [
            f"{table} holds something else"
            for table in after
            if after[table] != self._fingerprint[table]
        ]

    async def expect(
        self,
        name: str,
        expected: object,
        send: Callable[_Arguments, Awaitable[object]],
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> None:
        """Send one input. expected: what `send` must return."""
        self.count += 1
        try:
            got = await send(*args, **kwargs)
        except AssertionError as error:
            got = f"{error}"
        counts = await asyncio.to_thread(self._rows.count)
        if got != expected:
            self.faults.append(f"{name}: {got} instead of {expected}")
        self.faults += [
            f"{name}: {table} has {counts[table]} rows and had {self._counts[table]}"
            for table in counts
            if counts[table] != self._counts[table]
        ]
        self._counts = counts


@pytest.fixture
async def cafes(demo_cafe: DemoCafe) -> AsyncIterator[TwoCafes]:
    """Return two filled cafes on the real server."""
    async with open_two_cafes(
        demo_cafe.description, demo_cafe.contract, database_url=demo_cafe.database_url
    ) as opened:
        yield opened


@pytest.fixture
async def doors(cafes: TwoCafes) -> AsyncIterator[Doors]:
    """Return everybody's connections."""
    async with open_doors(cafes) as opened:
        yield opened


async def refuse_body(
    doors: Doors, role: Role, path: str, content: bytes, **headers: str
) -> tuple[int, str, bool]:
    """Post what must be refused; return the error and whether the next good one is served."""
    status, error = await doors.post(role, path, content, **headers)
    return status, error["code"], await doors.is_served_over_rest(role)


async def refuse_frame(doors: Doors, namespace: str, frame: Any) -> tuple[object, bool]:
    """Send what must be refused; return the error and whether the next good one is served."""
    answer = await doors.send(namespace, frame)
    return answer.get("code", answer), await doors.is_served_over_socket(namespace)


def make_frame(command: Command) -> Data:
    """Make a frame with a new id."""
    return {"type": command.name, "id": str(uuid.uuid4()), "data": command.data}


async def place_good_order(cafes: TwoCafes) -> None:
    """Do at the end what everything before was denied."""
    order = await cafes.people[Role.CUSTOMER].do("/orders", {"lines": [cafes.line]})
    assert order["rounds"][-1]["items"][0]["status"] == "queued"


async def test_malformed_bodies_are_refused(cafes: TwoCafes, doors: Doors):
    """Text that is no JSON, JSON that is no order, orders that break a rule: over REST."""
    good = json.dumps({"lines": [cafes.line]}).encode()
    noted = json.dumps({"lines": [{**cafes.line, "note": "@"}]}).encode()
    bodies: dict[str, tuple[int, str, bytes]] = {
        name: (400, code, text.encode()) for name, text, code in list_bad_texts(cafes.line)
    }
    bodies |= {
        name: (400, "bad_text", noted.replace(b"@", broken)) for name, broken in BROKEN_UTF8.items()
    }
    bodies |= {
        bad.name: (bad.status, bad.code, json.dumps(bad.body).encode())
        for bad in list_bad_orders(cafes.line, unknown_id=UNKNOWN_ID)
    }
    bodies |= {
        "a byte above the limit": (413, "too_large", good.ljust(BODY_LIMIT_BYTES + 1)),
        "far above the limit": (413, "too_large", good.ljust(2**22)),
        "no body": (400, "invalid_message", b""),
        "a byte order mark": (400, "malformed_json", b"\xef\xbb\xbf" + good),
        "UTF-16": (400, "bad_text", good.decode().encode("utf-16")),
    }
    headers: dict[str, tuple[int, str, dict[str, str]]] = {
        "no command id": (400, "idempotency_key_missing", {"Idempotency_Key": ""}),
        "a long command id": (400, "invalid_idempotency_key", {"Idempotency_Key": "x" * 65}),
        "a space in it": (400, "invalid_idempotency_key", {"Idempotency_Key": "a b"}),
        "a text": (415, "unsupported_media_type", {"Content_Type": "text/plain"}),
    }

    async with Examination(cafes) as examination:
        for name, (status, code, body) in bodies.items():
            await examination.expect(
                name, (status, code, True), refuse_body, doors, Role.CUSTOMER, "/orders", body
            )
        for name, (status, code, changed) in headers.items():
            await examination.expect(
                name,
                (status, code, True),
                refuse_body,
                doors,
                Role.CUSTOMER,
                "/orders",
                good,
                **changed,
            )

    assert examination.faults == []
    assert examination.count > 50
    await place_good_order(cafes)


@pytest.mark.parametrize("is_sockjs", [False, True], ids=["plain", "sockjs"])
async def test_malformed_frames_are_refused(cafes: TwoCafes, is_sockjs: bool):
    """The same over a socket, and frames that are no message; the connection lives."""

    def write(data: str) -> str:
        return f'{{"type":"place_order","id":"{uuid.uuid4()}","data":{data}}}'

    frames: dict[str, tuple[Any, str]] = {
        name: (write(text), code) for name, text, code in list_bad_texts(cafes.line)
    }
    frames |= {
        bad.name: (write(json.dumps(bad.body)), bad.code)
        for bad in list_bad_orders(cafes.line, unknown_id=UNKNOWN_ID)
    }
    frames |= list_bad_frames(cafes.line, limit_bytes=FRAME_LIMIT_BYTES)
    frames["a binary frame"] = (write(json.dumps({"lines": [cafes.line]})).encode(), "bad_frame")

    async with open_doors(cafes, is_sockjs=is_sockjs) as doors, Examination(cafes) as examination:
        for name, (frame, code) in frames.items():
            await examination.expect(name, (code, True), refuse_frame, doors, "customers", frame)

    assert examination.faults == []
    assert examination.count > 70
    await place_good_order(cafes)


async def test_whoever_has_not_authenticated_is_told_what_is_wrong(cafes: TwoCafes):
    """A bad first frame is an error, and the next one may be the right one."""
    guest = cafes.people[Role.CUSTOMER]
    frames = {
        "no JSON": ("{", "malformed_json"),
        "no token that could be one": (
            {"type": "authenticate", "id": "x", "data": {"token": 7}},
            "invalid_message",
        ),
        "an unknown field": (
            {"type": "authenticate", "id": "x", "data": {"password": "x"}},
            "unknown_field",
        ),
        "a place that is true": (
            {"type": "authenticate", "id": "x", "data": {"position": {"epoch": "x", "seq": True}}},
            "invalid_message",
        ),
        "rooms as a text": (
            {"type": "authenticate", "id": "x", "data": {"rooms": "order:1"}},
            "invalid_message",
        ),
    }

    async def greet(frame: Any) -> tuple[object, str]:
        socket = await RawSocket.connect(guest, "customers")
        error = await socket.ask(frame)
        await socket.authenticate(guest.token)
        await socket.close()
        return error and error.get("code"), "live"

    async with Examination(cafes) as examination:
        for name, (frame, code) in frames.items():
            await examination.expect(name, (code, "live"), greet, frame)

    assert examination.faults == []


async def test_frames_that_no_websocket_may_carry_end_only_their_connection(cafes: TwoCafes):
    """Broken UTF-8 and frames beyond reading: RFC 6455 ends the connection; the next is fine."""
    guest = cafes.people[Role.CUSTOMER]
    frame = json.dumps(
        {"type": "place_order", "id": "x", "data": {"lines": [cafes.line], "note": "@"}}
    ).encode()
    payloads = {name: frame.replace(b"@", broken) for name, broken in BROKEN_UTF8.items()}
    payloads["four times the limit"] = frame.ljust(UNREAD_FRAME_BYTES + 1)

    async def send(payload: bytes) -> tuple[object, str]:
        socket = await RawSocket.connect(guest, "customers")
        await socket.authenticate(guest.token)
        await socket.send_as_text(payload)
        answer = await socket.read_answer()
        await socket.close()
        following = await RawSocket.connect(guest, "customers")
        await following.authenticate(guest.token)
        await following.close()
        return answer, "the next is live"

    async with Examination(cafes) as examination:
        for name, payload in payloads.items():
            await examination.expect(name, (None, "the next is live"), send, payload)

    assert examination.faults == []
    await place_good_order(cafes)


@needs_no_database
@pytest.mark.timeout(300)
async def test_every_field_of_every_body_is_checked(cafes: TwoCafes, doors: Doors):
    """Missing, unknown, of another type (a bool is no int, nor is a float) or beyond a limit."""
    named = list_commands(cafes.ids, cafes.line)
    commands = [*named.values(), *list_nameless_commands().values()]
    requests = {COMMAND_ROUTES[each.name]: (each.sender, to_request(each)) for each in commands}
    others = list_other_requests(cafes.ids)
    requests |= {
        route: others[route.path]
        for route in ROUTES
        if route.method == "POST" and route.path in others
    }

    async with Examination(cafes) as examination:
        for route, (role, request) in requests.items():
            assert route.body is not None
            elsewhere = [encode_name(each) for each in route.path_names]
            for misfit in list_misfits(route.body, request.body, elsewhere=elsewhere):
                await examination.expect(
                    f"{route.path}: {misfit.name}",
                    (400, misfit.code, True),
                    refuse_body,
                    doors,
                    role,
                    request.path,
                    json.dumps(misfit.data).encode(),
                )

    assert examination.faults == []
    assert {each.path for each in requests} == {each.path for each in ROUTES if each.body}
    await place_good_order(cafes)


@needs_no_database
@pytest.mark.timeout(300)
async def test_every_field_of_every_command_is_checked(cafes: TwoCafes, doors: Doors):
    """The same over the sockets."""
    listed = list_commands(cafes.ids, cafes.line) | list_nameless_commands()
    commands = {each.name: each for each in listed.values()}

    async with Examination(cafes) as examination:
        for command in commands.values():
            for misfit in list_misfits(COMMAND_TYPES[command.name], command.data):
                await examination.expect(
                    f"{command.name}: {misfit.name}",
                    (misfit.code, True),
                    refuse_frame,
                    doors,
                    command.namespace,
                    make_frame(command._replace(data=misfit.data)),
                )

    assert examination.faults == []
    assert set(commands) == set(COMMAND_TYPES) == set(OPERATIONS) - {"open_table_session"}
    await place_good_order(cafes)


def list_illegal_moves(cafes: TwoCafes) -> dict[str, tuple[Command, list[str]]]:
    """List moves that the state does not allow: name -> (command, what is possible instead)."""
    order, done = {"orderId": cafes.ids["order"]}, cafes.completed

    def move(namespace: str, name: str, status: str, **more: Any) -> Command:
        return Command(namespace, name, {"items": [{"itemId": cafes.items[status]}], **more})

    queued = ["hold", "start", "finish", "void"]
    ready = ["serve", "recall", "void"]
    served = ["recall", "hand_back"]
    void = {**order, "items": [{"itemId": cafes.items["served"]}], "reason": "No"}
    cancel = {"orderId": done["order"], "reason": "Too late"}
    status = {"orderId": done["order"], "newStatus": "preparing"}
    waiting = {**order, "roundNumber": 1}
    return {
        "serving what is queued": (move("counter", "serve_items", "queued"), queued),
        "serving what is served": (move("counter", "serve_items", "served"), served),
        "serving what is voided": (move("counter", "serve_items", "voided"), []),
        "recalling what is queued": (move("kitchen", "recall_items", "queued"), queued),
        "starting what is ready": (move("kitchen", "start_items", "ready"), ready),
        "starting what is served": (move("kitchen", "start_items", "served"), served),
        "finishing what is served": (move("kitchen", "finish_items", "served"), served),
        "finishing what is voided": (move("kitchen", "finish_items", "voided"), []),
        "voiding what is served": (Command("counter", "void_items", void), served),
        "remaking what is queued": (
            move("counter", "remake_items", "queued", reason="No"),
            queued,
        ),
        "seeing a void of what is queued": (
            Command("kitchen", "acknowledge_void", {"itemId": cafes.items["queued"]}),
            queued,
        ),
        "starting a finished ticket": (
            Command("kitchen", "start_ticket", {"ticketId": done["ticket"]}),
            ["recall"],
        ),
        "bumping a finished ticket": (
            Command("kitchen", "bump_ticket", {"ticketId": done["ticket"]}),
            ["recall"],
        ),
        "confirming a payment that was": (
            Command("payments", "confirm_terminal_payment", {"paymentId": done["payment"]}),
            [],
        ),
        "declining a payment that was confirmed": (
            Command("payments", "decline_terminal_payment", {"paymentId": done["payment"]}),
            [],
        ),
        "cancelling a payment that was confirmed": (
            Command("payments", "cancel_payment", {"paymentId": done["payment"]}),
            [],
        ),
        "cancelling what is over": (Command("counter", "cancel_order", cancel), []),
        "preparing what is over": (Command("orders", "order_status_update", status), []),
        "letting through what waits for nothing": (
            Command("counter", "approve_round", waiting),
            ["hold", "cancel"],
        ),
        "turning down what was confirmed": (
            Command("counter", "reject_round", {**waiting, "reason": "No"}),
            ["hold", "cancel"],
        ),
    }


async def test_illegal_moves_are_refused_with_the_allowed_ones(cafes: TwoCafes, doors: Doors):
    """409 with what is possible now, the same error through both doors."""

    async def post(command: Command) -> tuple[int, str, list[str] | None, bool]:
        status, error = await doors.post_command(command)
        is_served = await doors.is_served_over_rest(command.sender)
        return status, error["code"], error.get("details", {}).get("allowed"), is_served

    async def send(command: Command) -> tuple[str, list[str] | None, bool]:
        error = await doors.send_command(command)
        is_served = await doors.is_served_over_socket(command.namespace)
        return error["code"], error.get("details", {}).get("allowed"), is_served

    async with Examination(cafes) as examination:
        for name, (command, allowed) in list_illegal_moves(cafes).items():
            expected = ("invalid_transition", allowed, True)
            await examination.expect(f"{name}, REST", (409, *expected), post, command)
            await examination.expect(f"{name}, socket", expected, send, command)

    assert examination.faults == []
    await place_good_order(cafes)


def list_rule_breaks(cafes: TwoCafes) -> dict[str, tuple[Command, int, str]]:
    """List commands that fit their schema and no rule: name -> (command, status, code)."""
    queued = {"itemId": cafes.items["queued"]}
    stale = {"orderId": cafes.ids["order"], "reason": "No", "expectedVersion": 999}
    cash = {"orderId": cafes.ids["order"], "method": "cash", "amountMinor": 2}
    refund = {"paymentId": cafes.completed["payment"], "reason": "No", "withCredit": True}
    served_in_part = {"orderId": cafes.ids["order"], "reason": "No"}
    return {
        "a sold-out item": (
            Command("customers", "place_order", {"lines": [cafes.sold_out["item"]]}),
            422,
            "sold_out",
        ),
        "a sold-out option": (
            Command("customers", "place_order", {"lines": [cafes.sold_out["option"]]}),
            422,
            "sold_out",
        ),
        "a sold-out item among others": (
            Command("customers", "place_order", {"lines": [cafes.line, cafes.sold_out["item"]]}),
            422,
            "sold_out",
        ),
        "the price of a sold-out item": (
            Command("customers", "quote", {"lines": [cafes.sold_out["item"]]}),
            422,
            "sold_out",
        ),
        "more units than there are": (
            Command("kitchen", "finish_items", {"items": [{**queued, "quantity": 9}]}),
            422,
            "too_many_units",
        ),
        "neither item nor option": (
            Command("counter", "set_availability", {"isSoldOut": True}),
            422,
            "one_of_item_or_modifier",
        ),
        "an old version": (Command("counter", "cancel_order", stale), 409, "version_conflict"),
        "an old version of a line": (
            Command("kitchen", "finish_items", {"items": [{**queued, "expectedVersion": 99}]}),
            409,
            "version_conflict",
        ),
        "cancelling what was eaten in part": (
            Command("counter", "cancel_order", served_in_part),
            409,
            "already_served",
        ),
        "paying more than is due": (
            Command("payments", "initiate_payment", {**cash, "amountMinor": 99_999_999}),
            409,
            "amount_exceeds_due",
        ),
        "giving less than one pays": (
            Command("payments", "initiate_payment", {**cash, "tenderedMinor": 1}),
            422,
            "tendered_too_little",
        ),
        "change from a card": (
            Command(
                "payments",
                "initiate_payment",
                {**cash, "method": "card_terminal", "tenderedMinor": 5},
            ),
            422,
            "tendered_without_cash",
        ),
        "a test card for cash": (
            Command("payments", "initiate_payment", {**cash, "sandboxCard": "approve"}),
            422,
            "card_without_sandbox",
        ),
        "a guest's way to pay at the till": (
            Command("payments", "initiate_payment", {**cash, "method": "sandbox"}),
            403,
            "method_not_allowed",
        ),
        "giving more back than was paid": (
            Command("payments", "refund_payment", {**refund, "amountMinor": 2}),
            409,
            "refund_exceeds_captured",
        ),
        "giving back what was not paid": (
            Command(
                "payments",
                "refund_payment",
                {**refund, "paymentId": cafes.ids["payment"], "amountMinor": 1},
            ),
            409,
            "refund_exceeds_captured",
        ),
        "giving more back than the counter may": (
            Command("payments", "refund_payment", {**refund, "amountMinor": 99_999_999}),
            403,
            "refund_over_limit",
        ),
        "a notice for nobody": (
            Command(
                "admin",
                "send_notice",
                {"title": "x", "includeRoles": ["owner"], "excludeRoles": ["management"]},
            ),
            422,
            "nobody_reached",
        ),
        "taking a call back that nobody made": (
            Command("customers", "cancel_call", {}),
            404,
            "not_found",
        ),
        "closing a table with an open order": (
            Command(
                "counter",
                "close_table_session",
                {"tableSessionId": cafes.ids["table session"]},
            ),
            409,
            "orders_open",
        ),
    }


async def test_what_breaks_a_rule_is_refused(cafes: TwoCafes, doors: Doors):
    """Sold out, more than there is, stale: the same error over REST and a socket."""

    async def post(command: Command) -> tuple[int, str, bool]:
        status, error = await doors.post_command(command)
        return status, error["code"], await doors.is_served_over_rest(command.sender)

    async with Examination(cafes) as examination:
        for name, (command, status, code) in list_rule_breaks(cafes).items():
            await examination.expect(f"{name}, REST", (status, code, True), post, command)
            await examination.expect(
                f"{name}, socket",
                (code, True),
                refuse_frame,
                doors,
                command.namespace,
                make_frame(command),
            )

    assert examination.faults == []
    await place_good_order(cafes)


async def test_a_command_id_with_another_body_is_refused(cafes: TwoCafes, doors: Doors):
    """422 over both doors, also when the first came through the other; the first answer stands."""
    first = Command("customers", "place_order", {"lines": [cafes.line]})
    other = first._replace(data={"lines": [{**cafes.line, "quantity": 2}]})
    used = {"REST": str(uuid.uuid4()), "a socket": str(uuid.uuid4())}
    answered = await doors.post_command(first, Idempotency_Key=used["REST"])
    acknowledged = await doors.send_command(first, command_id=used["a socket"])
    assert (answered[0], acknowledged["type"]) == (201, "ack")

    async with Examination(cafes) as examination:
        for door, command_id in used.items():
            await examination.expect(
                f"first over {door}, then REST",
                (422, "idempotency_mismatch", True),
                refuse_body,
                doors,
                Role.CUSTOMER,
                "/orders",
                json.dumps(other.data).encode(),
                Idempotency_Key=command_id,
            )
            await examination.expect(
                f"first over {door}, then a socket",
                ("idempotency_mismatch", True),
                refuse_frame,
                doors,
                "customers",
                {**make_frame(other), "id": command_id},
            )

    assert examination.faults == []
    assert await doors.post_command(first, Idempotency_Key=used["REST"]) == answered
    assert await doors.send_command(first, command_id=used["a socket"]) == acknowledged


def without_ids(answer: Any) -> str:
    """Write an answer down with every id of ours replaced: what a stranger learns from it."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", json.dumps(answer, sort_keys=True))


async def test_ids_of_another_cafe_look_exactly_like_unknown_ones(cafes: TwoCafes, doors: Doors):
    """Status and body are the same over REST; over a socket the error is."""
    unknown = list_commands(dict.fromkeys(cafes.other_ids, UNKNOWN_ID), cafes.line)
    foreign = list_commands(cafes.other_ids, cafes.line)

    async def post(command: Command) -> str:
        return without_ids(await doors.post_command(command))

    async def send(command: Command) -> str:
        return without_ids(await doors.send_command(command))

    async def revoke(ids: dict[str, str]) -> str:
        role, (path, body) = list_other_requests(ids)["/people/{person_id}/revoke"]
        return without_ids(await doors.post(role, path, json.dumps(body).encode()))

    async with Examination(cafes) as examination:
        expected = await revoke(dict.fromkeys(cafes.other_ids, UNKNOWN_ID))
        assert expected.startswith("[404")
        await examination.expect("a person's access", expected, revoke, cafes.other_ids)
        for name, command in foreign.items():
            for door, ask in (("REST", post), ("socket", send)):
                expected = await ask(unknown[name])
                if not re.search(
                    '"code": "(not_found|unknown_menu_item|unknown_modifier)"', expected
                ):
                    examination.faults.append(f"{name}, {door}: an unknown id is {expected}")
                await examination.expect(f"{name}, {door}", expected, ask, command)

    assert examination.faults == []
    await place_good_order(cafes)


async def test_things_of_another_cafe_cannot_be_read_or_joined(cafes: TwoCafes, doors: Doors):
    """Neither by address, nor by query, nor as a room."""

    async def read(role: Role, path: str) -> str:
        return without_ids(await doors.get(role, path))

    async def join(namespace: str, kind: str, data: Data) -> str:
        return without_ids(await doors.send_command(Command(namespace, kind, data)))

    theirs = cafes.other_ids
    reads = {
        "an order": (Role.COUNTER, "/orders/{}", theirs["order"]),
        "a guest's order": (Role.CUSTOMER, "/orders/{}", theirs["order"]),
        "an order's payments": (Role.COUNTER, "/orders/{}/payments", theirs["order"]),
        "a guest's order's payments": (Role.CUSTOMER, "/orders/{}/payments", theirs["order"]),
        "a station": (Role.EXPO, "/tickets?stationId={}", theirs["station"]),
    }
    joins = {
        "an order's room": ("counter", "join_order", "orderId", theirs["order"]),
        "a guest's order's room": ("customers", "join_order", "orderId", theirs["order"]),
        "a station's room": ("kitchen", "join_station", "stationId", theirs["station"]),
    }

    async with Examination(cafes) as examination:
        for name, (role, path, their_id) in reads.items():
            expected = await read(role, path.format(UNKNOWN_ID))
            assert expected.startswith("[404")
            await examination.expect(name, expected, read, role, path.format(their_id))
        for name, (namespace, kind, field, their_id) in joins.items():
            expected = await join(namespace, kind, {field: UNKNOWN_ID})
            assert '"code": "not_found"' in expected
            await examination.expect(name, expected, join, namespace, kind, {field: their_id})

    assert examination.faults == []
