"""A database that stands still holds orders up and nothing else: no frozen server.

No clock is asked: while the stall lasts, signs of life are answered again and again, and what an
order gets comes before the stall ends, or after it. The figures are bench/stalls.py's.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import pytest

from tests.support.contract import Contract
from tests.support.people import Answer, Caller, sit_down
from tests.support.product import serve_here
from tests.support.raw_wire import RawSocket
from tests.support.stalls import CommitGate, Pulse, hold_order_tables
from tests.support.two_cafes import list_choosable, make_line
from tests.support.waiting import wait_for

SIGNS = 10
# PostgreSQL is told to give a lock up after 3 s, and a busy machine may need longer for the signs.
PATIENTLY = "?options=-c%20lock_timeout%3D60s%20-c%20statement_timeout%3D60s"


@dataclass(kw_only=True)
class Stallable:
    """A served cafe with a guest in it, and the way to stall its database."""

    hold: Callable[[], AbstractContextManager[None]]
    guest: Caller
    socket: RawSocket
    pulse: Pulse
    line: dict[str, Any]

    async def feel_pulse(self) -> None:
        """Get signs of life, one after the other."""
        for _ in range(SIGNS):
            await self.pulse.check_health()
            await self.pulse.ping()
            await self.pulse.beat()

    async def place_order(self, command_id: str) -> Answer:
        """Order over REST; the note tells it from others."""
        order = {"lines": [self.line], "note": command_id}
        return await self.guest.call("POST", "/orders", order, command_id=command_id)

    def make_frame(self, command_id: str) -> dict[str, Any]:
        """Make the frame that orders over the socket."""
        order = {"lines": [self.line], "note": command_id}
        return {"type": "place_order", "id": command_id, "data": order}

    async def list_notes(self) -> list[str]:
        """Say which orders there are by their notes."""
        orders = (await self.guest.get("/orders"))["orders"]
        return [each["note"] for order in orders for each in order["rounds"]]


class ServeStallable(Protocol):
    """What the fixture `serve_stallable` is. operation_timeout_s: the server's patience."""

    def __call__(self, *, operation_timeout_s: float) -> AbstractAsyncContextManager[Stallable]: ...


@pytest.fixture(params=["locked tables", "held commits"])
def serve_stallable(request, tmp_path, database_url):
    """Give a function that serves a cafe whose database can be stalled in one of two ways."""
    gate = CommitGate()
    is_file = database_url.startswith("sqlite:")
    hold = (
        gate.hold if request.param == "held commits" else partial(hold_order_tables, database_url)
    )

    @asynccontextmanager
    async def serve(*, operation_timeout_s: float) -> AsyncIterator[Stallable]:
        async with AsyncExitStack() as stack:
            description = await stack.enter_async_context(
                serve_here(
                    tmp_path,
                    database_url=database_url + ("" if is_file else PATIENTLY),
                    before_commit=gate.pass_through,
                    operation_timeout_s=operation_timeout_s,
                )
            )
            contract = await asyncio.to_thread(Contract.fetch, description.url)
            guest = await sit_down(description, contract)
            stack.callback(guest.close)
            socket = await RawSocket.open(guest, "customers")
            stack.push_async_callback(socket.close)
            pulse = await Pulse.connect(description.url, socket)
            stack.push_async_callback(pulse.close)
            line = make_line((await list_choosable(guest))[0])
            yield Stallable(hold=hold, guest=guest, socket=socket, pulse=pulse, line=line)

    return serve


async def test_signs_of_life_are_answered_while_orders_wait(serve_stallable):
    """Rounds of them before an order over REST and one over the socket get their answers."""
    by_rest, by_socket = str(uuid.uuid4()), str(uuid.uuid4())
    async with serve_stallable(operation_timeout_s=60) as cafe:
        with cafe.hold():
            ordering = asyncio.create_task(cafe.place_order(by_rest))
            await cafe.socket.send(cafe.make_frame(by_socket))
            await cafe.feel_pulse()  # an answer to the order would be taken for the heartbeat's
            was_done = ordering.done()
        answer = await ordering
        acknowledged = await cafe.socket.read_answer()

        assert not was_done
        assert answer.status == 201
        assert (acknowledged["type"], acknowledged["id"]) == ("ack", by_socket)
        assert sorted(await cafe.list_notes()) == sorted([by_rest, by_socket])


async def test_an_order_that_stalls_times_out_as_an_order(serve_stallable):
    """503 `timeout` over REST and the same error over the socket; asking again finds it once."""
    by_rest, by_socket = str(uuid.uuid4()), str(uuid.uuid4())
    async with serve_stallable(operation_timeout_s=1) as cafe:
        with cafe.hold():
            answer = await cafe.place_order(by_rest)
            error = await cafe.socket.ask(cafe.make_frame(by_socket))
            await cafe.feel_pulse()

        async def is_placed() -> bool:
            return (await cafe.place_order(by_rest)).status == 201

        async def is_acknowledged() -> bool:
            return (await cafe.socket.ask(cafe.make_frame(by_socket)))["type"] == "ack"

        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert (answer.data["type"], answer.data["code"]) == ("timeout", "operation_timeout")
        assert error == {**answer.data, "id": by_socket}
        await wait_for(is_placed, "the order, asked for again over REST")
        await wait_for(is_acknowledged, "the order, asked for again over the socket")
        assert sorted(await cafe.list_notes()) == sorted([by_rest, by_socket])
