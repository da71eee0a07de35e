"""The REST client against a real HTTP server: what it tries again, and under which key."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from client.messages import RefusedError
from client.rest import RestClient, UnansweredError

_BUSY = (
    503,
    {
        "type": "server_error",
        "code": "overloaded",
        "message": "Too busy.",
        "recoverable": True,
        "retryAfter": 9,
    },
)
_IN_FLIGHT = (
    409,
    {
        "type": "conflict",
        "code": "command_in_flight",
        "message": "Wait.",
        "recoverable": True,
        "retryAfter": 1,
    },
)
_REFUSED = (
    409,
    {
        "type": "conflict",
        "code": "invalid_transition",
        "message": "It is served.",
        "recoverable": True,
    },
)


class _Script:
    """Answers one after the other; the last one for ever. "cut" ends the connection unanswered."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.requests: list[Any] = []
        self.url = ""

    def take(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _ScriptHandler(RequestHandler):
    def initialize(self, script: _Script) -> None:
        self.script = script

    async def _answer(self) -> None:
        self.script.requests.append(self.request)
        answer = self.script.take()
        if answer == "cut":
            self.detach().close()
            return
        status, body = answer
        self.set_status(status)
        self.finish(body if isinstance(body, str) else msgspec.json.encode(body))

    get = post = _answer


@pytest.fixture
async def script() -> AsyncIterator[_Script]:
    answers = _Script()
    listener, port = bind_unused_port(address="127.0.0.1")
    routes = [("/.*", _ScriptHandler, {"script": answers})]
    http = HTTPServer(Application(routes, log_function=lambda handler: None))
    http.add_socket(listener)
    answers.url = f"http://127.0.0.1:{port}"
    yield answers
    http.stop()
    await http.close_all_connections()


@pytest.fixture
async def delays_s() -> list[float]:
    return []


@pytest.fixture
async def rest(script, delays_s) -> AsyncIterator[RestClient]:
    async def note(delay_s):
        delays_s.append(delay_s)

    client = RestClient(script.url, token="t", sleep=note, random=lambda: 0.999)
    yield client
    client.close()


async def test_a_command_keeps_its_key_over_all_tries(script, rest, delays_s):
    """Cut off, too busy, still in flight: tried again under the same key until it is answered."""
    script.answers = ["cut", _BUSY, _IN_FLIGHT, (200, {"x": 1})]

    answer = await rest.command("/orders", dict, {"a": 1}, command_id="one")

    assert {"x": 1} == answer
    keys = [request.headers["Idempotency-Key"] for request in script.requests]
    assert ["one"] * 4 == keys
    assert 9 == delays_s[1]


async def test_a_refusal_is_raised_at_once(script, rest):
    """Trying again would change nothing."""
    script.answers = [_REFUSED]

    with pytest.raises(RefusedError) as caught:
        await rest.command("/orders", dict, {})

    assert (409, "invalid_transition") == (caught.value.status, caught.value.body.code)
    assert 1 == len(script.requests)


async def test_without_an_answer_the_key_is_given_back(script, rest, delays_s):
    """Whoever gives up can go on later under the same key."""
    script.answers = ["cut"]

    with pytest.raises(UnansweredError) as caught:
        await rest.command("/orders", dict, {}, command_id="one")

    assert "one" == caught.value.command_id
    assert (5, 4) == (len(script.requests), len(delays_s))


async def test_a_post_without_a_key_is_sent_once(script, rest):
    """A sign-in that was cut off may have happened."""
    script.answers = ["cut"]

    with pytest.raises(UnansweredError):
        await rest.sign_in("a@example.org", "secret")

    assert 1 == len(script.requests)


async def test_the_token_of_the_sign_in_goes_with_what_follows(script, rest):
    """One client speaks as one identity."""
    signed_in = {
        "token": "fresh",
        "refreshToken": "next",
        "signedInUntil": "2026-12-10T12:00:00Z",
        "expiresAt": "2026-11-23T12:00:00Z",
        "cafeId": "c",
        "personId": "p",
        "roles": ["owner"],
    }
    script.answers = [(200, signed_in), (201, {"token": "ticket", "expiresAt": "x"})]

    await rest.sign_in("a@example.org", "secret")
    ticket = await rest.fetch_connect_ticket("kitchen", ("kitchen",))

    assert "ticket" == ticket
    assert "Bearer fresh" == script.requests[1].headers["Authorization"]
    assert b'{"namespace":"kitchen","roles":["kitchen"]}' == script.requests[1].body


async def test_an_answer_of_somebody_in_between_is_an_error_too(script, rest):
    """A proxy's page is no error body of ours, and is said plainly."""
    script.answers = [(502, "<html>Bad gateway</html>")]

    with pytest.raises(RefusedError) as caught:
        await rest.read_menu()

    assert "http_502" == caught.value.body.code
    assert 5 == len(script.requests)
