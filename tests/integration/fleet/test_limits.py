"""Limits over two processes: exactly as many commands and connections as one may have."""

import asyncio
import contextlib
import uuid
from typing import Any

import pytest

from domain.roles import Role
from tests.support.contract import Contract
from tests.support.fleet import Fleet, read_audit
from tests.support.people import Caller, Watcher, sign_in
from tests.support.raw_wire import RawSocket
from tests.support.waiting import wait_for

KITCHEN_LIMIT = 200
# As a cafe has them; frames alone are let through as fast as a test sends them.
REAL_LIMITS = {"rate_limit_factor": "1", "connections_per_person": "5"}


class Person:
    """Somebody who is signed in once and speaks to both processes."""

    def __init__(self, fleet: Fleet, contract: Contract, token: str) -> None:
        self.callers = [Caller(process.url, contract, token=token) for process in fleet.processes]

    @classmethod
    async def sign_in(cls, fleet: Fleet, role: Role) -> "Person":
        """Sign in through nginx."""
        contract = Contract.fetch(fleet.url)
        caller = await sign_in(fleet.description, role, contract)
        caller.close()
        return cls(fleet, contract, caller.token)

    def close(self) -> None:
        """Let go of the connections."""
        for caller in self.callers:
            caller.close()


@pytest.fixture
def limited(start_fleet) -> Fleet:
    """Two processes with the limits of a cafe."""
    return start_fleet(**REAL_LIMITS)


@pytest.fixture
async def cook(limited):
    """A cook at both processes."""
    person = await Person.sign_in(limited, Role.KITCHEN)
    yield person
    person.close()


async def ask_over_rest(caller: Caller, number: int) -> dict[str, Any]:
    """Start a ticket that is not there: refused for its own reasons, and counted."""
    answer = await caller.call("POST", f"/tickets/{uuid.uuid4()}/start", command_id=f"r-{number}")
    return {"code": answer.data["code"], "retryAfter": answer.data.get("retryAfter")}


async def ask_over_socket(socket: RawSocket, numbers: range) -> list[dict[str, Any]]:
    """Do the same over a socket, as fast as it takes them."""
    for number in numbers:
        data = {"ticketId": str(uuid.uuid4())}
        await socket.send({"type": "start_ticket", "id": f"s-{number}", "data": data})
    answers: list[dict[str, Any]] = []
    while len(answers) < len(numbers):
        answer = await socket.read_answer()
        assert answer is not None
        answers.append({"code": answer["code"], "retryAfter": answer.get("retryAfter")})
    return answers


async def test_four_hundred_commands_over_both_processes_and_both_doors(
    limited: Fleet, cook: Person, postgres_url: str
):
    """Exactly the limit passes; the rest learns how long to wait, and the audit of it once."""
    sockets = [await RawSocket.open(caller, "kitchen") for caller in cook.callers]
    per_way = KITCHEN_LIMIT // 2
    answered = await asyncio.gather(
        *(
            ask_over_socket(socket, range(number * per_way, (number + 1) * per_way))
            for number, socket in enumerate(sockets)
        ),
        *(
            ask_over_rest(caller, number * per_way + each)
            for number, caller in enumerate(cook.callers)
            for each in range(per_way)
        ),
    )
    answers = [*answered[0], *answered[1], *answered[2:]]
    for socket in sockets:
        await socket.close()

    codes = [answer["code"] for answer in answers]
    assert {code: codes.count(code) for code in set(codes)} == {
        "not_found": KITCHEN_LIMIT,
        "rate_limit_exceeded": 4 * per_way - KITCHEN_LIMIT,
    }
    waits = [each["retryAfter"] for each in answers if each["code"] == "rate_limit_exceeded"]
    assert all(1 <= wait <= 60 for wait in waits)
    await wait_for(
        lambda: bool(read_audit(postgres_url, "rate_limit_exceeded")), "the audit to know"
    )
    (audited,) = read_audit(postgres_url, "rate_limit_exceeded")
    assert audited["userId"].startswith("person:")
    assert (audited["ip"], audited["namespace"], audited["command"], audited["limit"]) == (
        "127.0.0.1",
        "kitchen",
        "start_ticket",
        KITCHEN_LIMIT,
    )
    assert "clientId" in audited


async def test_the_sixth_connection_is_refused_wherever_it_comes(
    limited: Fleet, cook: Person, postgres_url: str
):
    """With a reason and a wait; a place that is free again is given again."""
    async with contextlib.AsyncExitStack() as stack:
        for number in range(5):
            await stack.enter_async_context(Watcher(cook.callers[number % 2], "kitchen"))
        for caller in cook.callers:
            socket = await RawSocket.connect(caller, "kitchen")
            data = {"token": await caller.fetch_ticket("kitchen")}
            refusal = await socket.ask({"type": "authenticate", "id": "a", "data": data})
            assert refusal is not None
            assert (refusal["type"], refusal["code"], refusal["details"]) == (
                "rate_limit_exceeded",
                "max_connections_exceeded",
                {"connectionCount": 5},
            )
            assert refusal["retryAfter"] > 0
            assert await socket.read() is None
            assert socket.close_code == 4013
            await socket.close()
        await wait_for(
            lambda: len(read_audit(postgres_url, "max_connections_exceeded")) == 2,
            "the audit to know",
        )
    for audited in read_audit(postgres_url, "max_connections_exceeded"):
        assert audited["userId"].startswith("person:")
        assert audited["clientId"]
        assert (audited["ip"], audited["namespace"], audited["connectionCount"]) == (
            "127.0.0.1",
            "kitchen",
            5,
        )
    async with Watcher(cook.callers[0], "kitchen"):
        pass


async def test_what_a_killed_process_left_counts_for_nobody_for_long(limited: Fleet, cook: Person):
    """Its ghosts keep their person out for no longer than their lease (spec B4: 30 s)."""
    async with contextlib.AsyncExitStack() as stack:
        left = [Watcher(cook.callers[1], "kitchen") for _ in range(5)]
        for watcher in left:
            await stack.enter_async_context(watcher)
        limited.processes[1].kill()
        for watcher in left:
            await watcher.connection.close()
        loop = asyncio.get_running_loop()
        begun_at_s = loop.time()
        async with Watcher(cook.callers[0], "kitchen"):
            assert loop.time() - begun_at_s < 30
    limited.processes[1].start()
