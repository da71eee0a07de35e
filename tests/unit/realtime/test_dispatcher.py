"""From a frame to its answer: order, ids, rights, errors, and what ends a connection."""

import asyncio
import json
from typing import Any

import pytest

from config.namespaces import Namespace
from domain.commands import OrderStatusUpdate
from domain.errors import CommandInFlight, InvalidTransition
from realtime.close_codes import CloseCode
from realtime.dispatcher import FAST_FRAME_LIMIT
from realtime.session import SessionState
from tests.support.desk import Desk
from tests.support.logs import ExpectedLogs
from tests.support.made_events import make_events
from tests.support.made_views import (
    CAFE,
    ITEM,
    NOON,
    ORDER,
    OTHER_CAFE,
    PERSON,
    SEATING,
    STATION,
    TICKET,
    make_id,
)
from tests.support.realtime import ListTransport
from tests.support.waiting import wait_for

EVENTS = make_events()


BUMP = {"type": "bump_ticket", "id": "c-1", "data": {"ticketId": TICKET}}


async def test_welcome_says_who_and_where():
    """Roles, implied rooms, the cards that will come, and how often to beat."""
    desk = Desk()
    wishes = {"render": ["kitchen_ticket", "order_card", "no_such"], "locale": "en"}

    welcome, _ = await desk.authenticate("kitchen", **wishes)

    assert welcome["id"] == "a-1"
    assert welcome["data"] == {
        "connectionId": make_id(500_000),
        "boot": "boot-1",
        "cafeId": CAFE,
        "namespace": "kitchen",
        "roles": ["kitchen"],
        "rooms": [f"cafe:{CAFE}:kitchen", f"cafe:{CAFE}:role:kitchen"],
        "render": ["kitchen_ticket"],
        "locale": "en",
        "serverTime": int(NOON.timestamp() * 1000),
        "heartbeatIntervalMs": 2000,
        "heartbeatGraceMs": 13_000,
        "protocolVersion": "1.0",
    }


async def test_a_command_is_run_as_who_authenticated():
    """The ack carries the command's id, the operation's answer and the seq of its event."""
    desk = Desk()
    await desk.authenticate("kitchen")
    desk.log.append(EVENTS["kitchen_order_completed"])

    answers = await desk.send(BUMP)

    done = {"name": "bump_ticket", "principal": f"person:{PERSON}"}
    assert answers == [{"type": "ack", "id": "c-1", "data": done, "seq": 1}]
    assert [(name, key) for name, key, _ in desk.services.commands] == [("bump_ticket", "c-1")]


async def test_commands_of_a_connection_are_done_in_order():
    """A slow first one is not overtaken."""
    desk = Desk()
    await desk.authenticate("kitchen")
    gate = asyncio.Event()

    async def hold(name: str) -> None:
        if name == "start_ticket":
            await gate.wait()

    desk.services.on_command = hold
    first = {"type": "start_ticket", "id": "c-0", "data": {"ticketId": TICKET}}
    for message in (first, BUMP):
        await desk.plane.receive(desk.session, json.dumps(message).encode())
    await asyncio.sleep(0)
    assert desk.services.commands == []
    gate.set()
    await desk.settle()

    assert [key for _, key, _ in desk.services.commands] == ["c-0", "c-1"]
    assert [ack["id"] for ack in desk.transport.of_type("ack")] == ["c-0", "c-1"]


async def test_a_heartbeat_is_answered_while_a_command_waits_for_the_database():
    """A slow operation is not a frozen connection."""
    desk = Desk()
    await desk.authenticate("kitchen")
    gate = asyncio.Event()

    async def hold(_: str) -> None:
        await gate.wait()

    desk.services.on_command = hold
    await desk.plane.receive(desk.session, json.dumps(BUMP).encode())
    await desk.plane.receive(desk.session, b'{"type":"heartbeat","data":{}}')
    await asyncio.sleep(0)

    assert desk.transport.messages[-1] == {
        "type": "heartbeat",
        "data": {"serverTime": int(NOON.timestamp() * 1000)},
    }
    gate.set()
    await desk.settle()


async def test_a_full_inbox_stops_the_reading():
    """Nothing more is read from a connection that sends faster than it is served."""
    desk = Desk(frame_burst=101)
    await desk.authenticate("kitchen")
    gate = asyncio.Event()

    async def hold(_: str) -> None:
        await gate.wait()

    desk.services.on_command = hold

    async def flood() -> None:
        for number in range(100):
            await desk.plane.receive(
                desk.session, json.dumps(BUMP | {"id": f"c-{number}"}).encode()
            )

    flooding = asyncio.create_task(flood())
    for _ in range(200):
        await asyncio.sleep(0)
    assert 30 <= len(desk.session.inbox) <= 32
    assert not flooding.done()
    gate.set()
    await asyncio.wait_for(flooding, 30)
    await desk.settle()

    assert len(desk.services.commands) == 100


async def test_a_heartbeat_brings_a_mark_when_the_log_moved_on():
    """A filtered client learns where the log stands, once."""
    desk = Desk()
    await desk.authenticate("kitchen")
    desk.plane.on_committed([desk.log.append(EVENTS["order_ready"])])

    first = await desk.send({"type": "heartbeat", "data": {}})
    second = await desk.send({"type": "heartbeat", "data": {}})

    here = {"epoch": desk.log.epoch, "seq": 1, "eventId": make_id(100_001)}
    assert [message["type"] for message in first] == ["mark", "heartbeat"]
    assert first[0]["data"] == here
    assert [message["type"] for message in second] == ["heartbeat"]


MALFORMED = {
    "no JSON": b"hello",
    "nothing": b"",
    "a number": b"7",
    "a list": b"[]",
    "null": b"null",
    "no type": b"{}",
    "type is a number": b'{"type":1}',
    "unknown type": b'{"type":"drop_tables","id":"x-1","data":{}}',
    "unknown field": b'{"type":"bump_ticket","id":"x-1","data":{"ticketId":"%b"},"role":"owner"}'
    % TICKET.encode(),
    "unknown field in data": b'{"type":"bump_ticket","id":"x-1","data":{"ticketId":"%b","a":1}}'
    % TICKET.encode(),
    "no id": b'{"type":"bump_ticket","data":{"ticketId":"%b"}}' % TICKET.encode(),
    "strange id": b'{"type":"bump_ticket","id":"two words","data":{"ticketId":"%b"}}'
    % TICKET.encode(),
    "duplicate key": b'{"type":"heartbeat","type":"heartbeat"}',
    "NaN": b'{"type":"heartbeat","data":{"painted":{"a":NaN}}}',
    "depth": b'{"type":"heartbeat","data":{"painted":' + b'{"a":' * 50 + b"1" + b"}" * 52,
    "surrogate": b'{"type":"heartbeat","id":"\\ud800"}',
    "not UTF-8": b'{"type":"\xff"}',
    "too large": b'"' + b"a" * 70_000 + b'"',
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
@pytest.mark.parametrize("has_authenticated", [True, False])
async def test_a_malformed_frame_is_answered_and_the_connection_lives(
    raw: bytes, has_authenticated: bool
):
    """One structured error that repeats nothing, then the next good message is served."""
    desk = Desk()
    if has_authenticated:
        await desk.authenticate("kitchen")

    answers = await desk.send(raw)

    assert [answer["type"] for answer in answers] == ["invalid_message_format"]
    assert answers[0]["recoverable"] is True
    assert set(answers[0]) <= {"type", "code", "message", "recoverable", "details", "id"}
    assert "drop_tables" not in json.dumps(answers)
    assert desk.services.commands == []
    if not has_authenticated:
        await desk.authenticate("kitchen")
    assert (await desk.send(BUMP))[0]["type"] == "ack"


async def test_an_error_carries_the_id_of_a_message_that_does_not_fit():
    """The client knows which of its commands was wrong, and where."""
    desk = Desk()
    await desk.authenticate("kitchen")

    (answer,) = await desk.send(BUMP | {"data": {"ticketId": 7}})

    assert answer["id"] == "c-1"
    assert answer["details"] == {"path": "$.data.ticketId"}


@pytest.mark.parametrize("command_id", ["a/b+c==", '"8e03978e-40d5"', "!~", "x" * 64])
async def test_whatever_is_a_key_over_http_is_an_id_here(command_id):
    """A command that was begun through one door can be asked about through the other."""
    desk = Desk()
    await desk.authenticate("kitchen")

    (answer,) = await desk.send(BUMP | {"id": command_id})

    assert ("ack", command_id) == (answer["type"], answer["id"])


@pytest.mark.parametrize("command_id", ["", "c 1", "c-1\n", "ü", "x" * 65])
async def test_what_is_no_id_is_refused(command_id):
    """Neither blanks nor a new line at the end, which would begin another line of a log."""
    desk = Desk()
    await desk.authenticate("kitchen")

    (answer,) = await desk.send(BUMP | {"id": command_id})

    assert "invalid_message" == answer["code"]


async def test_unknown_types_and_those_of_other_namespaces_have_codes_of_their_own():
    """A program can tell a typing error from the wrong door."""
    desk = Desk()
    await desk.authenticate("kitchen")

    (unknown,) = await desk.send({"type": "no_such", "id": "c-1", "data": {}})
    (elsewhere,) = await desk.send({"type": "place_order", "id": "c-2", "data": {"lines": []}})

    assert (unknown["type"], unknown["code"]) == ("invalid_message_format", "unknown_type")
    assert (elsewhere["type"], elsewhere["code"]) == ("authorization_denied", "not_in_namespace")
    assert [unknown["id"], elsewhere["id"]] == ["c-1", "c-2"]


async def test_what_a_role_may_not_do_is_refused_before_it_is_run():
    """The counter serves at /counter and does not cook at /orders."""
    desk = Desk(Namespace.ORDERS)
    await desk.authenticate("kitchen")

    (answer,) = await desk.send(
        {"type": "cancel_order", "id": "c-1", "data": {"orderId": ORDER, "reason": "no"}}
    )

    assert (answer["type"], answer["id"]) == ("authorization_denied", "c-1")
    assert desk.services.commands == []


async def test_an_error_of_an_operation_is_answered_in_its_shape():
    """Conflict with what is allowed; in flight with when to ask again."""
    desk = Desk()
    await desk.authenticate("kitchen")
    errors: list[Exception] = [
        InvalidTransition(current="served", attempted="start", allowed=["recall"]),
        CommandInFlight(),
    ]

    async def refuse(_: str) -> None:
        raise errors.pop(0)

    desk.services.on_command = refuse
    (conflict,) = await desk.send(BUMP)
    (in_flight,) = await desk.send(BUMP)

    assert conflict == {
        "type": "conflict",
        "code": "invalid_transition",
        "message": "It is served, so this cannot be done. Possible now: recall.",
        "recoverable": True,
        "details": {"from": "served", "to": "start", "allowed": ["recall"]},
        "id": "c-1",
    }
    assert (in_flight["code"], in_flight["retryAfter"]) == ("command_in_flight", 1)


async def test_a_bug_is_answered_with_an_error_id_and_the_connection_lives(
    expected_logs: ExpectedLogs,
):
    """Nothing of the exception gets out; the log has the trace under the id."""
    expected_logs.add("command_failed")
    desk = Desk()
    await desk.authenticate("kitchen")

    async def fail(_: str) -> None:
        raise RuntimeError("SELECT password FROM /etc/passwd")

    desk.services.on_command = fail
    (answer,) = await desk.send(BUMP)
    desk.services.on_command = None

    assert (answer["type"], answer["code"], answer["id"]) == ("server_error", "server_error", "c-1")
    assert set(answer["details"]) == {"errorId"}
    assert "SELECT" not in json.dumps(answer)
    assert (await desk.send(BUMP))[0]["type"] == "ack"


async def test_a_bug_in_a_heartbeat_is_answered_and_the_connection_lives(
    expected_logs: ExpectedLogs, monkeypatch: pytest.MonkeyPatch
):
    """What is worked on without waiting in the inbox stands behind the same edge (R6)."""
    expected_logs.add("frame_failed")
    desk = Desk()
    await desk.authenticate("kitchen")
    beat = {"type": "heartbeat", "data": {}}

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("SELECT password FROM /etc/passwd")

    with monkeypatch.context() as broken:
        broken.setattr(desk.services.presence, "touch", fail)
        (answer,) = await desk.send(beat)

    assert (answer["type"], set(answer["details"])) == ("server_error", {"errorId"})
    assert "SELECT" not in json.dumps(answer)
    assert (await desk.send(beat))[0]["type"] == "heartbeat"


# --- authentication ---------------------------------------------------------------------------


async def test_a_bad_token_ends_the_connection_for_good():
    """The error first, then the close."""
    desk = Desk()

    answers = await desk.authenticate("nobody")

    assert [answer["type"] for answer in answers] == ["authentication_failed"]
    assert desk.transport.closed is not None
    assert desk.transport.closed[0] == CloseCode.INVALID_TOKEN


@pytest.mark.parametrize(
    "message", [BUMP, {"type": "join_cafe", "id": "j", "data": {"cafeId": CAFE}}]
)
async def test_nothing_is_done_before_authenticating(message: dict[str, Any]):
    """A command without a token before it is refused and ends the connection."""
    desk = Desk()

    (answer,) = await desk.send(message)

    assert (answer["type"], answer["code"]) == ("authentication_failed", "not_authenticated")
    assert desk.session.close_code == CloseCode.INVALID_TOKEN
    assert desk.services.commands == []


async def test_a_role_without_this_namespace_is_turned_away(caplog: pytest.LogCaptureFixture):
    """A guest at /kitchen is told why, and not to come back; the log says so too."""
    desk = Desk()
    caplog.set_level("INFO")

    (answer,) = await desk.authenticate("guest")

    assert (answer["type"], answer["recoverable"]) == ("authorization_denied", False)
    assert desk.session.close_code == CloseCode.NOT_ALLOWED
    refused = [each for each in caplog.records if getattr(each, "event", "") == "socket_refused"]
    assert len(refused) == 1


async def test_a_connection_is_somebodys_for_life():
    """Authenticating again, as whomever, is refused, and nothing changes."""
    desk = Desk()
    await desk.authenticate("kitchen")

    (answer,) = await desk.authenticate("owner")

    assert (answer["type"], answer["code"]) == ("conflict", "already_authenticated")
    assert desk.session.identity.roles == {"kitchen"}
    assert (await desk.send(BUMP))[0]["type"] == "ack"


async def test_the_header_comes_before_the_message():
    """Who has both is who the header says (spec D2)."""
    desk = Desk()
    desk.transport = ListTransport()
    desk.session = desk.open(desk.transport, bearer="expo")

    await desk.authenticate("kitchen")

    assert desk.session.identity.roles == {"expo"}


async def test_a_header_alone_is_enough():
    """A program that only listens sends nothing and gets its stream."""
    desk = Desk()
    transport = ListTransport()
    desk.open(transport, bearer="expo")

    await wait_for(lambda: bool(transport.of_type("joined")), "joined")

    assert transport.of_type("welcome")[0]["data"]["roles"] == ["expo"]


async def test_a_command_right_after_a_header_is_served():
    """Without a word about authentication."""
    desk = Desk()
    desk.transport = ListTransport()
    desk.session = desk.open(desk.transport, bearer="kitchen")

    answers = await desk.send(BUMP)

    assert [answer["type"] for answer in answers] == ["welcome", "joined", "ack"]


async def test_a_token_in_the_address_comes_last_and_is_said_to_be_one():
    """The message wins over it; alone it is verified as a connect ticket."""
    from realtime.messages.commands import AuthenticateData

    desk = Desk()
    desk.transport = ListTransport()
    query = AuthenticateData(token="ticket:expo")
    desk.session = desk.open(desk.transport, query=query)
    await desk.authenticate("kitchen")
    transport = ListTransport()
    desk.open(transport, query=query)
    await wait_for(lambda: bool(transport.of_type("joined")), "joined")

    assert desk.session.identity.roles == {"kitchen"}
    assert transport.of_type("welcome")[0]["data"]["roles"] == ["expo"]
    assert [source.is_query for _, source in desk.services.sources] == [False, True]


# --- rooms ------------------------------------------------------------------------------------


def room_message(verb: str, kind: str, **data: Any) -> dict[str, Any]:
    """Make a room command."""
    return {"type": f"{verb}_{kind}", "id": "r-1", "data": data}


JOINS = [
    ("expo", "cafe", {"cafeId": CAFE}, f"cafe:{CAFE}"),
    ("expo", "order", {"orderId": ORDER}, f"order:{ORDER}"),
    ("expo", "table", {"tableNumber": 7}, f"cafe:{CAFE}:table:7"),
    ("kitchen", "station", {"stationId": STATION}, f"cafe:{CAFE}:station:{STATION}"),
]


@pytest.mark.parametrize(("who", "kind", "data", "room"), JOINS)
async def test_a_room_is_joined_and_left(who: str, kind: str, data: dict[str, Any], room: str):
    """The ack names the room and the position it is complete from."""
    desk = Desk()
    await desk.authenticate(who)

    for verb in ("join", "join", "leave", "leave"):
        (answer,) = await desk.send(room_message(verb, kind, **data))
        assert (answer["type"], answer["data"]["room"]) == ("ack", room)
        names = {str(each) for each in desk.plane._registry.list_rooms(desk.session)}
        assert (room in names) == (verb == "join")


REFUSED_JOINS = [
    ("kitchen", "cafe", {"cafeId": CAFE}, "authorization_denied"),
    ("expo", "cafe", {"cafeId": OTHER_CAFE}, "authorization_denied"),
    ("expo", "cafe", {"cafeId": make_id(999)}, "authorization_denied"),
    ("kitchen", "table", {"tableNumber": 7}, "authorization_denied"),
    ("kitchen", "order", {"orderId": ORDER}, "authorization_denied"),
    ("expo", "order", {"orderId": make_id(999)}, "resource_not_found"),
    ("expo", "cafe", {"cafeId": "*"}, "invalid_message_format"),
    ("expo", "cafe", {"cafeId": [CAFE, OTHER_CAFE]}, "invalid_message_format"),
    ("expo", "cafe", {"cafeId": CAFE.upper()}, "invalid_message_format"),
    ("expo", "cafe", {"cafeId": f"{CAFE}\x00"}, "invalid_message_format"),
    ("expo", "cafe", {"cafeId": CAFE, "role": "owner"}, "invalid_message_format"),
    ("expo", "table", {"tableNumber": "7"}, "invalid_message_format"),
    ("expo", "table", {"tableNumber": True}, "invalid_message_format"),
]


@pytest.mark.parametrize(("who", "kind", "data", "error"), REFUSED_JOINS)
async def test_a_room_that_is_not_open_is_refused(
    who: str, kind: str, data: dict[str, Any], error: str
):
    """Another cafe's looks like none, and nothing is joined."""
    desk = Desk()
    await desk.authenticate(who)
    before = desk.plane._registry.list_rooms(desk.session)

    (answer,) = await desk.send(room_message("join", kind, **data))

    assert answer["type"] == error
    assert desk.plane._registry.list_rooms(desk.session) == before


async def test_rooms_asked_for_at_first_are_joined_where_open():
    """The others are refused one by one, and the connection goes on without them."""
    desk = Desk()
    wanted = [
        f"order:{ORDER}",
        f"order:{make_id(999)}",
        f"cafe:{OTHER_CAFE}",
        f"cafe:{OTHER_CAFE}:kitchen",
        f"cafe:{CAFE}:management",
        f"cafe:{CAFE}:kitchen",
        "cafe:*",
        "everything",
    ]

    answers = await desk.authenticate("expo", rooms=wanted)

    joined = desk.transport.of_type("joined")[0]["data"]["rooms"]
    assert f"order:{ORDER}" in joined
    assert joined.count(f"cafe:{CAFE}:kitchen") == 1
    assert not any(OTHER_CAFE in room or "management" in room for room in joined)
    refused = [answer["type"] for answer in answers if "recoverable" in answer]
    assert sorted(refused) == ["authorization_denied"] * 4 + ["invalid_message_format"] * 2


async def test_a_guest_may_follow_its_own_seating_alone():
    """Another table's session is not open to it."""
    desk = Desk(Namespace.CUSTOMERS)
    other = f"cafe:{CAFE}:session:{make_id(31)}"

    await desk.authenticate("guest", rooms=[other, f"order:{ORDER}"])

    rooms = desk.transport.of_type("joined")[0]["data"]["rooms"]
    assert f"cafe:{CAFE}:session:{SEATING}" in rooms
    assert other not in rooms
    assert f"order:{ORDER}" in rooms


# --- the source's own command -----------------------------------------------------------------


async def test_the_sources_command_is_taken_bare_and_in_its_envelope():
    """`updatedBy`, `userId` and the rest of the envelope decide nothing (spec C7)."""
    desk = Desk(Namespace.ORDERS)
    await desk.authenticate("kitchen")
    data = {"orderId": ORDER, "newStatus": "ready", "updatedBy": "somebody else"}
    envelope = {
        "eventId": "e-1",
        "timestamp": 1,
        "version": "1.0",
        "cafeId": CAFE,
        "userId": "somebody else",
        "metadata": {"a": 1},
        "type": "order_status_update",
        "data": data,
    }

    bare = await desk.send({"type": "order_status_update", "data": data})
    enveloped = await desk.send(envelope)
    foreign = await desk.send(envelope | {"cafeId": OTHER_CAFE})
    newer = await desk.send(envelope | {"version": "2.0"})

    assert [answer["type"] for answer in bare + enveloped] == ["ack", "ack"]
    assert enveloped[0]["id"] == "e-1"
    assert foreign[0]["type"] == "authorization_denied"
    assert newer[0]["type"] == "invalid_message_format"
    assert [type(command) for _, _, command in desk.services.commands] == [OrderStatusUpdate] * 2


# --- endings ----------------------------------------------------------------------------------


async def test_draining_ends_everybody_with_come_back_and_takes_nobody():
    """Those who connect while the server stops are told the same."""
    desk = Desk()
    await desk.authenticate("kitchen")

    await desk.plane.drain()
    late = ListTransport()
    desk.open(late)

    assert desk.transport.closed == late.closed == (4001, "The server is restarting. Come back.")
    await asyncio.sleep(0)
    assert desk.plane.count().connections == {}


async def test_a_crowd_is_sent_away_bit_by_bit_and_whoever_waits_for_an_answer_last():
    """Or all of it would be back, at the other process, in the same moment."""
    desk = Desk(Namespace.ORDERS, connections_per_person=200)
    sessions = [desk.session, *(desk.open(ListTransport()) for _ in range(99))]
    gate = asyncio.Event()
    desk.services.on_command = lambda _: gate.wait()
    await desk.authenticate("guest")
    await desk.plane.receive(
        desk.session,
        json.dumps({"type": "call_staff", "id": "c-1", "data": {}}).encode(),
    )
    draining = asyncio.create_task(desk.plane.drain())
    await asyncio.sleep(0)
    told = sum(session.has_ended() for session in sessions)
    await wait_for(lambda: sum(each.has_ended() for each in sessions) >= 50, "half of them")
    assert not desk.session.has_ended()
    await draining
    gate.set()

    assert told < 50
    assert {session.close_code for session in sessions} == {CloseCode.DRAIN}


async def test_guests_lose_their_connection_when_their_seating_ends():
    """After the message that says so; staff stays."""
    desk = Desk(Namespace.ORDERS)
    await desk.authenticate("guest")
    staff = ListTransport()
    counter = desk.open(staff)
    await desk.plane.receive(counter, b'{"type":"authenticate","data":{"token":"counter"}}')
    await wait_for(lambda: counter.state is SessionState.LIVE, "the counter")

    desk.plane.on_committed([desk.log.append(EVENTS["table_session_closed"])])
    await asyncio.sleep(0)

    told, error = desk.transport.messages[-2:]
    assert told["type"] == "table_session_closed"
    assert (error["type"], error["code"]) == ("authentication_failed", "revoked")
    assert desk.session.close_code == CloseCode.REVOKED
    assert not counter.has_ended()


async def test_whoever_is_revoked_loses_the_connection():
    """By any question about the identity."""
    desk = Desk()
    await desk.authenticate("kitchen")

    ended = desk.plane.close_sessions(
        lambda identity: identity.person_id == PERSON, code=CloseCode.REVOKED
    )

    assert ended == 1
    assert desk.session.close_code == CloseCode.REVOKED


async def test_silence_ends_a_connection():
    """No first frame in time; later no sign of life in time; an expired token."""
    desk = Desk(
        authenticate_timeout_s=0.05,
        heartbeat_interval_s=0.02,
        heartbeat_grace_s=0.03,
    )
    desk.plane.start()
    silent, quiet = desk.session, ListTransport()
    session = desk.open(quiet)
    await desk.plane.receive(session, b'{"type":"authenticate","data":{"token":"kitchen"}}')
    await wait_for(lambda: silent.has_ended() and session.has_ended(), "both to be ended")
    await desk.plane.stop()

    assert desk.transport.messages[-1]["code"] == "authentication_timeout"
    assert silent.close_code == session.close_code == CloseCode.NO_PONG


class LaterClock:
    """The running loop's clock, which goes on when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.later_s = 0.0
        loop = asyncio.get_running_loop()
        begun_at_s = loop.time()
        # It stands still by itself: how fast a test runs must not count.
        monkeypatch.setattr(loop, "time", lambda: begun_at_s + self.later_s)


async def flood(desk: Desk, clock: LaterClock, count: int, *, per_second: float) -> int:
    """Send heartbeats at a rate until the connection ends; return how many were sent."""
    for sent in range(count):
        if desk.session.has_ended():
            return sent
        await desk.plane.receive(desk.session, b'{"type":"heartbeat","data":{}}')
        clock.later_s += 1 / per_second
    return count


@pytest.mark.parametrize("per_second", [30, 100, 1000])
async def test_a_flood_is_told_to_wait_and_then_closed(
    per_second: int, monkeypatch: pytest.MonkeyPatch
):
    """Although twenty of its messages pass each second; each of the others names a wait."""
    desk = Desk()
    await desk.authenticate("kitchen")
    clock = LaterClock(monkeypatch)

    sent = await flood(desk, clock, 10_000, per_second=per_second)

    refusals = desk.transport.of_type("rate_limit_exceeded")
    assert len(refusals) == FAST_FRAME_LIMIT
    assert {(each["code"], each["retryAfter"]) for each in refusals} == {("too_many_frames", 1)}
    assert desk.session.close_code == CloseCode.RATE_LIMITED
    assert len(desk.transport.of_type("heartbeat")) == sent - FAST_FRAME_LIMIT >= 60
    # The audit hears of it once.
    (refusal,) = desk.services.refusals
    assert (refusal.kind, refusal.details["frames"]) == ("rate_limit_exceeded", 60)
    assert refusal.identity == desk.session.identity


async def test_a_burst_that_stops_is_forgiven(monkeypatch: pytest.MonkeyPatch):
    """A few refusals less than close, a minute's rest, the same again; then it is served."""
    desk = Desk()
    await desk.authenticate("kitchen")
    clock = LaterClock(monkeypatch)

    for _ in range(3):
        await flood(desk, clock, 60 + FAST_FRAME_LIMIT - 2, per_second=1e9)
        clock.later_s += 60
    await flood(desk, clock, 1, per_second=20)
    await asyncio.sleep(0)

    assert not desk.session.has_ended()
    assert desk.transport.messages[-1]["type"] == "heartbeat"


async def test_pauses_in_which_the_bucket_fills_do_not_hide_a_flood(
    monkeypatch: pytest.MonkeyPatch,
):
    """Two bursts within a minute are one flood."""
    desk = Desk()
    await desk.authenticate("kitchen")
    clock = LaterClock(monkeypatch)

    await flood(desk, clock, 400, per_second=1000)
    clock.later_s += 4
    assert not desk.session.has_ended()
    await flood(desk, clock, 400, per_second=1000)

    assert desk.session.close_code == CloseCode.RATE_LIMITED


async def test_an_expired_token_ends_with_renew_and_come_back():
    """The connection lives no longer than what opened it."""
    desk = Desk()
    desk.services.expires_at = NOON
    desk.plane.start()
    await desk.authenticate("kitchen")
    await wait_for(desk.session.has_ended, "the connection to be ended")
    await desk.plane.stop()

    assert desk.session.close_code == CloseCode.TOKEN_EXPIRED


async def test_too_many_silent_connections_of_one_address_are_refused(
    monkeypatch: pytest.MonkeyPatch,
):
    """Somebody who holds sockets open is told to come back later; whoever authenticates is not."""
    monkeypatch.setattr("realtime.plane._GREETING_LIMIT_PER_ADDRESS", 3)
    desk = Desk()
    await desk.authenticate("kitchen")

    sessions = [desk.open(ListTransport()) for _ in range(5)]

    overloaded = int(CloseCode.OVERLOADED)
    assert [session.close_code for session in sessions] == [None] * 3 + [overloaded] * 2
    assert not desk.session.has_ended()


async def test_nothing_is_left_of_connections_that_ended():
    """Rooms, counts and tasks."""
    desk = Desk()
    await desk.authenticate("expo", rooms=[f"order:{ORDER}"])
    more = [desk.open(ListTransport()) for _ in range(20)]
    for session in [desk.session, *more]:
        session.on_transport_closed(1006)
    await asyncio.sleep(0)
    counts = desk.plane.count()

    assert (counts.connections, counts.greeting, counts.rooms, counts.outbox_bytes) == ({}, 0, 0, 0)
    assert ITEM not in json.dumps(desk.transport.messages)
