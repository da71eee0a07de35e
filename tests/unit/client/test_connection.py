"""The Python client against a real socket: resume, resend, back-off, close codes (spec F1-F4)."""

import asyncio
import random
from contextlib import suppress
from functools import partial
from unittest.mock import Mock

import pytest

from client.connection import Connection, Options, State, _part
from client.messages import ConnectionStopped, NoAnswerError, RefusedError
from domain.errors import ErrorBody, ErrorType
from domain.views.base import Position
from tests.support.waiting import wait_for
from tests.unit.client.conftest import EPOCH, acknowledge

_START = Position(epoch=EPOCH, seq=0)


def build_options(server, **changes):
    async def token():
        return "ticket"

    async def no_wait(delay_s):
        await asyncio.sleep(0)

    return Options(**{"url": server.url, "token": token, "sleep": no_wait} | changes)


def has_attached_again(server, cuts):
    return len(server.authentications) > cuts


async def collect(connection, count):
    """Read the numbers of the next events."""
    numbers = []
    async with asyncio.timeout(30):
        async for message in connection.messages():
            numbers.append(message.seq)
            if len(numbers) == count:
                break
    return numbers


async def test_the_first_frame_carries_token_rooms_position_and_render(server):
    """Everything that the server needs to attach is in the first frame."""
    wishes = {"rooms": ["order:x"], "position": _START, "render": ["kitchen_ticket"]}

    async with Connection(build_options(server, **wishes)) as connection:
        await connection.wait_until_live()

    assert [
        {
            "token": "ticket",
            "rooms": ["order:x"],
            "position": {"epoch": EPOCH, "seq": 0, "eventId": ""},
            "render": ["kitchen_ticket"],
        }
    ] == server.authentications


@pytest.mark.parametrize("is_reset", [False, True])
async def test_fifty_cuts_lose_nothing_and_repeat_nothing(server, is_reset):
    """The stream over many connections is the log, also where a cut takes what is on its way."""
    async with Connection(build_options(server, position=_START)) as connection:
        for cut in range(1, 51):
            await connection.wait_until_live()
            server.append(random.randrange(4))
            await asyncio.sleep(0)
            connection.drop(is_reset=is_reset)
            server.append(random.randrange(3))
            await wait_for(partial(has_attached_again, server, cut), "the next connection")
        server.append()
        numbers = await collect(connection, len(server.log))

    assert list(range(1, len(server.log) + 1)) == numbers
    assert 51 == len(server.authentications)


async def test_an_event_that_comes_twice_is_read_once(server):
    """Whatever is not newer than the position is dropped."""
    async with Connection(build_options(server, position=_START)) as connection:
        await connection.wait_until_live()
        await wait_for(lambda: bool(server.connections), "the server's side")
        server.append(2)
        server.connections[0].send(server.log[0])
        server.append()
        numbers = await collect(connection, 3)

    assert [1, 2, 3] == numbers


async def test_a_mark_moves_the_position_on(server):
    """A filtered client resumes from where nothing for it happened."""
    async with Connection(build_options(server, position=_START)) as connection:
        await wait_for(lambda: bool(server.connections), "the server's side")
        server.connections[0].send({"type": "mark", "data": {"seq": 40, "eventId": "event-40"}})
        marked = Position(epoch=EPOCH, seq=40, event_id="event-40")
        await wait_for(lambda: connection.position == marked, "the mark")


async def test_a_resync_is_told_to_the_reader_and_moves_the_position(server):
    """A reader learns that it has to load a snapshot."""
    server.append(5)
    server.resync_reason = "too_old"
    async with Connection(build_options(server, position=_START)) as connection:
        async with asyncio.timeout(30):
            message = await anext(connection.messages())

    assert ("resync", "too_old") == (message.type, message.data["reason"])
    assert Position(epoch=EPOCH, seq=5, event_id="event-5") == connection.position


async def test_what_waits_for_the_reader_and_is_in_its_snapshot_is_dropped(server):
    """A snapshot is loaded while events go on; those that it holds are not read again."""
    server.append(5)
    server.resync_reason = "too_old"
    async with Connection(build_options(server, position=_START)) as connection:
        messages = connection.messages()
        async with asyncio.timeout(30):
            assert (await anext(messages)).type == "resync"
        server.resync_reason = None
        server.append(5)
        latest = Position(epoch=EPOCH, seq=10, event_id="event-10")
        await wait_for(lambda: connection.position == latest, "what happens meanwhile")
        connection.resume_from(Position(epoch=EPOCH, seq=8, event_id="event-8"))

        assert await collect(connection, 2) == [9, 10]
        connection.drop()
        await wait_for(partial(has_attached_again, server, 1), "the next connection")
        server.append()
        assert await collect(connection, 1) == [11]


async def test_a_command_is_answered_by_its_acknowledgement(server):
    """The answer carries data and seq."""
    async with Connection(build_options(server)) as connection:
        answer = await connection.send("bump_ticket", {"ticketId": "t"})

    assert ({"ticketId": "t"}, 7) == (answer.data, answer.seq)


async def test_an_unanswered_command_goes_out_again_with_its_id(server):
    """The connection breaks before the answer; the same id makes the second sending harmless."""

    def break_first(connection, command):
        server.answer = acknowledge
        connection.ws_connection.stream.close()

    server.answer = break_first
    async with Connection(build_options(server)) as connection:
        answer = await connection.send("bump_ticket", {"ticketId": "t"}, command_id="one")

    assert "one" == answer.id
    assert ["one", "one"] == [command["id"] for command in server.commands]


async def test_commands_given_while_offline_go_out_in_order(server):
    """More than fit the window, all answered, in the order they were given."""
    async with Connection(build_options(server)) as connection:
        sends = [connection.send("quote", {}, command_id=f"{number}") for number in range(50)]
        await asyncio.gather(*sends)

    assert [f"{number}" for number in range(50)] == [command["id"] for command in server.commands]


async def test_a_refusal_reaches_the_one_who_asked(server):
    """An error with the command's id is raised there."""
    body = {
        "type": "conflict",
        "code": "invalid_transition",
        "message": "It is served.",
        "recoverable": True,
        "details": {"allowed": ["recall"]},
    }
    server.answer = lambda connection, command: connection.send(body | {"id": command["id"]})
    async with Connection(build_options(server)) as connection:
        with pytest.raises(RefusedError) as caught:
            await connection.send("bump_ticket", {})

    assert {"allowed": ["recall"]} == caught.value.body.details


async def test_a_command_in_flight_is_asked_again(server):
    """The first sending is still being worked on: not a failure."""

    def answer_second(connection, command):
        server.answer = acknowledge
        connection.send(
            {
                "type": "conflict",
                "code": "command_in_flight",
                "message": "Being worked on.",
                "recoverable": True,
                "retryAfter": 1,
                "id": command["id"],
            }
        )

    server.answer = answer_second
    async with Connection(build_options(server)) as connection:
        await connection.send("bump_ticket", {}, command_id="one")

    assert ["one", "one"] == [command["id"] for command in server.commands]


async def test_no_answer_in_time_is_said(server):
    """The id is there for another try."""
    server.answer = lambda connection, command: None
    async with Connection(build_options(server)) as connection:
        with pytest.raises(NoAnswerError) as caught:
            await connection.send("bump_ticket", {}, command_id="one", timeout_s=0.05)

    assert "one" == caught.value.command_id


async def test_a_stopping_close_code_ends_it_for_good(server):
    """4500-4999: no further attempt, readers and commands learn why."""
    server.answer = lambda connection, command: connection.close(4502, "revoked")
    async with Connection(build_options(server)) as connection:
        with pytest.raises(ConnectionStopped) as caught:
            await connection.send("bump_ticket", {})
        with pytest.raises(ConnectionStopped):
            await anext(connection.messages())
        with pytest.raises(ConnectionStopped):
            await connection.wait_until_live()
        assert State.STOPPED is connection.state

    assert (4502, "revoked") == (caught.value.code, caught.value.reason)
    assert 1 == len(server.authentications)


async def test_a_drain_comes_back(server):
    """4001 and its kin: the connection is there again."""
    async with Connection(build_options(server)) as connection:
        await wait_for(lambda: bool(server.connections), "the server's side")
        server.connections[0].close(4001, "drain")
        await wait_for(lambda: len(server.authentications) == 2, "the second attempt")
        await connection.wait_until_live()

    # It says which life of the server it knew: a return to another one is not counted.
    assert [None, "boot-1"] == [each.get("boot") for each in server.authentications]


async def test_a_ticket_that_is_refused_for_good_ends_it(server):
    """Whoever is signed out need not knock again."""
    refusal = ErrorBody(
        type=ErrorType.AUTHENTICATION_FAILED,
        code="signed_out",
        message="Sign in again.",
        recoverable=False,
    )

    async def token():
        raise RefusedError(refusal, status=401)

    async with Connection(build_options(server, token=token)) as connection:
        with pytest.raises(ConnectionStopped):
            await connection.wait_until_live()

    assert [] == server.authentications


async def test_failed_attempts_back_off_and_go_on_after_the_last_counted_one(server):
    """Ten counted attempts, the callback once, then waits of the longest."""
    delays_s: list[float] = []
    errors: list[Exception] = []
    reached: list[int] = []

    async def note(delay_s):
        delays_s.append(delay_s)
        await asyncio.sleep(0)

    async def token():
        raise OSError("no network")

    options = build_options(
        server,
        token=token,
        sleep=note,
        random=lambda: 0.5,
        on_connection_error=errors.append,
        on_max_reconnection_attempts_reached=lambda: reached.append(len(delays_s)),
    )
    async with Connection(options):
        await wait_for(lambda: len(delays_s) >= 12, "twelve attempts")

    expected_s = [0.75 * min(30.0, 1.5**attempt) for attempt in range(12)]
    assert expected_s == delays_s[:12]
    assert [10] == reached
    assert 12 <= len(errors)


async def test_a_dashboard_comes_back_sooner_unless_it_was_let_in_before(server):
    """What was let in and lost is a return, which is counted: those are rarer (decision 0051)."""
    delays_s: list[float] = []

    async def note(delay_s):
        delays_s.append(delay_s)
        await asyncio.sleep(0)

    async def token():
        if len(delays_s) < 8:
            raise OSError("no network")
        return "ticket"

    options = build_options(
        server, token=token, sleep=note, random=lambda: 1.0, longest_delay_s=10.0
    )
    async with Connection(options) as connection:
        await connection.wait_until_live()
        connection.drop()
        await wait_for(lambda: len(delays_s) >= 9, "the ninth wait")

    assert [1.5**5, 10.0, 10.0, 1.5**8] == delays_s[5:9]


async def test_a_retry_after_holds_the_next_attempt_back(server):
    """The server's own wish counts when it is longer than the back-off."""
    delays_s = []

    async def note(delay_s):
        delays_s.append(delay_s)
        server.refuse_with = None
        await asyncio.sleep(0)

    error = {
        "type": "rate_limit_exceeded",
        "code": "reconnects",
        "message": "Wait.",
        "recoverable": True,
        "retryAfter": 17,
    }
    server.refuse_with = (error, 4013)
    async with Connection(build_options(server, sleep=note)) as connection:
        await connection.wait_until_live()

    assert [17.0] == delays_s


async def test_a_retry_after_is_not_forgotten_over_another_error(server):
    """Only another wish of the server's takes its place."""
    delays_s = []

    async def note(delay_s):
        delays_s.append(delay_s)
        await asyncio.sleep(0)

    base = {"message": "No.", "recoverable": True}
    limited = base | {"type": "rate_limit_exceeded", "code": "reconnects", "retryAfter": 17}
    denied = base | {"type": "authorization_denied", "code": "not_allowed"}
    async with Connection(build_options(server, sleep=note)) as connection:
        await connection.wait_until_live()
        await wait_for(lambda: bool(server.connections), "the server's side")
        server.connections[0].send(limited)
        server.connections[0].send(denied)
        server.connections[0].close(4013, "Wait.")
        await wait_for(partial(has_attached_again, server, 1), "the next connection")

    assert delays_s[:1] == [17.0]


async def test_somebody_who_asks_need_not_wait_for_the_back_off(server):
    """As a tap on a phone does; the attempts count anew."""
    waiting = asyncio.Event()

    async def wait_for_ever(delay_s):
        waiting.set()
        await asyncio.Event().wait()

    async with Connection(build_options(server, sleep=wait_for_ever)) as connection:
        await connection.wait_until_live()
        connection.drop()
        async with asyncio.timeout(30):
            await waiting.wait()
        assert len(server.authentications) == 1
        connection.reconnect()
        await wait_for(partial(has_attached_again, server, 1), "the next connection")
        assert connection.attempts == 0


async def test_whoever_asks_still_waits_as_long_as_the_server_said(server):
    """A hurry does not shorten what a limit asks for."""
    delays_s = []
    waiting = asyncio.Event()

    async def note(delay_s):
        delays_s.append(delay_s)
        if len(delays_s) == 1:
            waiting.set()
            await asyncio.Event().wait()
        server.refuse_with = None

    error = {"type": "rate_limit_exceeded", "code": "reconnects", "message": "Wait."}
    server.refuse_with = (error | {"recoverable": True, "retryAfter": 17}, 4013)
    async with Connection(build_options(server, sleep=note)) as connection:
        async with asyncio.timeout(30):
            await waiting.wait()
        connection.reconnect()
        await connection.wait_until_live()

    assert delays_s[0] == 17.0
    assert 0 < delays_s[1] <= 17.0


async def test_the_server_is_told_whether_a_connection_was_left_or_given_up(server):
    """Who leaves owes nothing; a connection that is no good may be a screen that is lost."""
    options = build_options(server, heartbeat_s=60.0, dead_after_s=0.2)
    async with Connection(options):
        await wait_for(lambda: len(server.authentications) >= 2, "a second attempt")
    await wait_for(lambda: not server.connections, "the end")

    assert server.close_codes[0] == 3001
    assert server.close_codes[-1] == 3000


async def test_heartbeats_carry_the_position(server):
    """So that the server knows how far a client is."""
    options = build_options(server, position=_START, heartbeat_s=0.05)
    async with Connection(options):
        await wait_for(lambda: len(server.heartbeats) >= 2, "two heartbeats")

    assert {"position": {"epoch": EPOCH, "seq": 0, "eventId": ""}} == server.heartbeats[0]


async def test_a_heartbeat_says_what_is_painted_at_once(server):
    """A program that shows tickets need not wait for its next beat."""
    options = build_options(server, position=_START, painted=lambda: {"tickets": {"t": 1}})
    async with Connection(options) as connection:
        await connection.wait_until_live()
        connection.beat()
        await wait_for(lambda: bool(server.heartbeats), "a heartbeat")

    assert server.heartbeats[0]["painted"] == {"tickets": {"t": 1}}


async def test_a_frame_that_cannot_be_read_is_a_lost_connection(server):
    """Nothing is guessed; the resume brings what was missed."""
    async with Connection(build_options(server, position=_START)) as connection:
        await wait_for(lambda: bool(server.connections), "the server's side")
        server.connections[0].write_message('{"type": ')
        await wait_for(lambda: len(server.authentications) == 2, "the second attempt")
        await wait_for(lambda: bool(server.connections), "the server's side")
        server.append()
        numbers = await collect(connection, 1)

    assert [1] == numbers


async def test_closing_ends_the_reader_and_what_waits(server):
    """A reader stops without an error, a command says that it was not answered."""
    server.answer = lambda connection, command: None
    connection = Connection(build_options(server))
    connection.open()
    reader = asyncio.create_task(collect(connection, 1))
    command = asyncio.create_task(connection.send("quote", {}))
    await wait_for(lambda: bool(server.commands), "the command")
    await connection.close()

    assert [] == await reader
    with suppress(ConnectionStopped):
        await command
    assert isinstance(command.exception(), ConnectionStopped)
    assert State.CLOSED is connection.state


class Tickets:
    """Gives a fresh ticket each time, unless the test says otherwise."""

    def __init__(self) -> None:
        self.given = 0
        self.failures: list[Exception] = []

    async def __call__(self) -> str:
        if self.given and self.failures:
            raise self.failures.pop(0)
        self.given += 1
        return f"ticket-{self.given}"


async def ask_for_renewal(server) -> None:
    """Say on the only connection that its token runs out."""
    await wait_for(lambda: bool(server.connections), "the server's side")
    server.connections[0].send({"type": "refresh_due", "data": {"expiresAt": 2_000_000}})


async def test_closing_waits_for_a_connection_that_is_being_made(server):
    """And closes it: nothing of it is left when the event loop ends."""
    server.is_open.clear()
    connection = Connection(build_options(server))
    connection.open()
    await wait_for(lambda: server.waiting == 1, "the connection's request")

    closing = asyncio.create_task(connection.close())
    for _ in range(3):
        await asyncio.sleep(0)
    was_waiting = not closing.done()
    server.is_open.set()
    await closing

    assert was_waiting
    await wait_for(lambda: len(server.close_codes) == 1, "the socket that was opened to be closed")


async def test_a_parting_that_is_cancelled_leaves_no_socket():
    """Somebody closes for good while the other side still owes the answer to a close."""
    stream, has_been_asked = Mock(), asyncio.Event()

    async def never() -> None:
        has_been_asked.set()
        await asyncio.Event().wait()

    life = Mock(has_ended=False, socket=Mock(protocol=Mock(stream=stream), read_message=never))
    parting = asyncio.create_task(_part(life, code=3000))
    await has_been_asked.wait()

    parting.cancel()
    with suppress(asyncio.CancelledError):
        await parting

    stream.close.assert_called_once_with()


async def test_a_token_that_runs_out_is_renewed_on_the_same_connection(server):
    """With a fresh ticket; nothing is missed and the reader sees nothing of it."""
    async with Connection(build_options(server, token=Tickets(), position=_START)) as connection:
        server.append()
        await ask_for_renewal(server)
        server.append()
        await wait_for(lambda: bool(server.commands), "the renewal")
        server.append()
        assert await collect(connection, 3) == [1, 2, 3]

    assert [(each["type"], each["data"]) for each in server.commands] == [
        ("refresh", {"token": "ticket-2"})
    ]
    assert len(server.authentications) == 1


async def test_a_renewal_without_a_ticket_is_tried_again(server):
    """There is a minute for it; a network that fails for some seconds is no reason to part."""
    tickets = Tickets()
    tickets.failures = [OSError("no network"), OSError("no network")]
    async with Connection(build_options(server, token=tickets)) as connection:
        await connection.wait_until_live()
        await ask_for_renewal(server)
        await wait_for(lambda: bool(server.commands), "the renewal")

    assert server.commands[0]["data"] == {"token": "ticket-2"}


async def test_a_sign_in_that_has_ended_is_not_renewed(server):
    """The server closes when the old token runs out, and the next attempt says why."""
    refusal = ErrorBody(
        type=ErrorType.AUTHENTICATION_FAILED,
        code="signed_out",
        message="Sign in again.",
        recoverable=False,
    )
    tickets = Tickets()
    tickets.failures = [RefusedError(refusal, status=401), RefusedError(refusal, status=401)]
    async with Connection(build_options(server, token=tickets)) as connection:
        await connection.wait_until_live()
        await ask_for_renewal(server)
        await wait_for(lambda: len(tickets.failures) == 1, "the attempt")
        server.connections[0].close(4003, "The token has run out.")
        with suppress(ConnectionStopped):
            async for _ in connection.messages():
                pass
        assert connection.state is State.STOPPED

    assert server.commands == []
