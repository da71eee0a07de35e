"""Stall the database under load: the server keeps answering, and an order times out as an order.

    python -m bench.stalls [--database sqlite postgres] [--seconds 10]

Three times so many seconds, with tills that order all the while: at rest, with a lock on the order
tables for 2 s again and again, and with 600 ms before every commit. /healthz, WebSocket pings and
heartbeats are asked one after the other and timed. An order without an answer after 1.5 s is a
`timeout`; the till asks again with the same key until it is placed. Exit code 1 when a sign of life
took more than 100 ms, an order got another error, or one is not there exactly once.

Server and tills share one process and its loop, so what is printed is an upper bound: it holds the
tills' own work too. What the loop spent ready to run while other programs had the CPUs is the
machine's doing; it is printed as `queued` and not counted.
"""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import uuid4

from bench.demo_server import employ, list_submitted, open_database, read_log
from bench.machine import (
    build_parser,
    describe_run,
    describe_spread,
    read_queued_ms,
    report_verdict,
    run_proof,
)
from client.messages import RefusedError
from client.rest import RestClient
from config.logging import configure_logging
from demo.appetite import choose_lines
from domain.commands import PlaceOrder
from domain.demo import DemoDescription
from domain.roles import Role
from domain.views.menu import MenuView
from tests.support.contract import Contract
from tests.support.people import sit_down
from tests.support.product import serve_here
from tests.support.raw_wire import RawSocket
from tests.support.stalls import CommitGate, Pulse, hold_order_tables

_LIMIT_MS = 100.0
_LOCKED_S, _UNLOCKED_S = 2.0, 0.5
_COMMIT_DELAY_S = 0.6
# Less than a lock lasts, more than the commit before one's own and one's own.
_OPERATION_TIMEOUT_S = 1.5
_TILLS = 3
_TILL_PAUSE_S = 0.2
_ASKS_AGAIN_AFTER_S = 0.2
_SIGN_PAUSE_S = 0.01
_TIMED_OUT = "operation_timeout"
# While the first request is still being worked on, the second is told so.
_EXPECTED_REFUSALS = frozenset({_TIMED_OUT, "command_in_flight"})

_Stall = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Measured:
    """What a period came to. orders_ms: from the first sending to the order.

    signs_ms: by kind, without what is in queued_ms: ready to run, while others had the CPUs.
    """

    signs_ms: dict[str, list[float]] = field(default_factory=dict)
    queued_ms: list[float] = field(default_factory=list)
    orders_ms: list[float] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)


def main() -> int:
    """Run the proof on the databases that were asked for and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--database", nargs="+", default=["sqlite", "postgres"])
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    configure_logging(log_format="json", log_level="warning")
    print(describe_run())
    faults: list[str] = []
    for kind in options.database:
        with open_database(kind) as url, tempfile.TemporaryDirectory(prefix="tabletap-") as folder:
            database_url = url or f"sqlite:///{folder}/tabletap.db"
            found = asyncio.run(_prove(kind, Path(folder), database_url, options.seconds))
            faults += [f"{kind}: {fault}" for fault in found]
    return report_verdict(faults)


async def _prove(kind: str, folder: Path, database_url: str, seconds: float) -> list[str]:
    gate = CommitGate()
    faults: list[str] = []

    async def lock() -> None:
        ends_s = time.monotonic() + seconds
        while time.monotonic() < ends_s:
            with ExitStack() as held:
                # Getting the lock waits for the transactions that have the tables.
                await asyncio.to_thread(held.enter_context, hold_order_tables(database_url))
                await asyncio.sleep(_LOCKED_S)
            await asyncio.sleep(_UNLOCKED_S)

    async def delay() -> None:
        gate.delay_s = _COMMIT_DELAY_S
        await asyncio.sleep(seconds)
        gate.delay_s = 0.0

    stalls: dict[str, _Stall] = {
        "at rest": lambda: asyncio.sleep(seconds),
        f"order tables locked for {_LOCKED_S:.0f} s each time": lock,
        f"{_COMMIT_DELAY_S * 1000:.0f} ms before every commit": delay,
    }
    async with AsyncExitStack() as stack:
        description = await stack.enter_async_context(
            serve_here(
                folder,
                database_url=database_url,
                before_commit=gate.pass_through,
                operation_timeout_s=_OPERATION_TIMEOUT_S,
            )
        )
        pulse = await _open_pulse(stack, description)
        tills = await _hire_tills(stack, description)
        sent: list[str] = []
        for name, stall in stalls.items():
            measured = await _measure(stall, pulse, tills, sent)
            _print_period(f"{kind:<9} {name}", measured)
            faults += [f"{name}: {fault}" for fault in _list_faults(measured)]
        manager = employ(description, Role.MANAGER)
        stack.callback(manager.close)
        counts = Counter(list_submitted(await read_log(await manager.sign_in())))
    print(f"{kind:<9} {len(sent)} orders sent, {len(counts)} in the log, each once")
    if counts != Counter(sent):
        faults.append("the orders in the log are not those that were sent, each once")
    return faults


async def _open_pulse(stack: AsyncExitStack, description: DemoDescription) -> Pulse:
    contract = await asyncio.to_thread(Contract.fetch, description.url)
    guest = await sit_down(description, contract)
    stack.callback(guest.close)
    socket = await RawSocket.open(guest, "customers")
    stack.push_async_callback(socket.close)
    pulse = await Pulse.connect(description.url, socket)
    stack.push_async_callback(pulse.close)
    return pulse


async def _hire_tills(
    stack: AsyncExitStack, description: DemoDescription
) -> list[tuple[RestClient, MenuView]]:
    clerk = employ(description, Role.COUNTER)
    stack.callback(clerk.close)
    signed_in = await clerk.sign_in()
    menu = await signed_in.read_menu()
    tills = [RestClient(description.url, token=signed_in.token, tries=1) for _ in range(_TILLS)]
    return [(stack.enter_context(closing(till)), menu) for till in tills]


async def _measure(
    stall: _Stall, pulse: Pulse, tills: list[tuple[RestClient, MenuView]], sent: list[str]
) -> Measured:
    measured = Measured()
    is_over = asyncio.Event()
    signs = {"/healthz": pulse.check_health, "ping": pulse.ping, "heartbeat": pulse.beat}

    async def feel() -> None:
        while not is_over.is_set():
            for name, ask in signs.items():
                queued_before_ms, started_s = read_queued_ms(), time.perf_counter()
                await ask()
                taken_ms = (time.perf_counter() - started_s) * 1000
                queued_ms = read_queued_ms() - queued_before_ms
                measured.signs_ms.setdefault(name, []).append(taken_ms - queued_ms)
                measured.queued_ms.append(queued_ms)
            await asyncio.sleep(_SIGN_PAUSE_S)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(feel())
        for number, (till, menu) in enumerate(tills):
            tasks.create_task(_sell(till, menu, Random(number), is_over, measured, sent))
        await stall()
        is_over.set()
    return measured


async def _sell(
    till: RestClient,
    menu: MenuView,
    random: Random,
    is_over: asyncio.Event,
    measured: Measured,
    sent: list[str],
) -> None:
    while not is_over.is_set():
        key = str(uuid4())
        sent.append(key)
        started_s = time.perf_counter()
        await _place(till, PlaceOrder(lines=choose_lines(menu, random), note=key), measured)
        measured.orders_ms.append((time.perf_counter() - started_s) * 1000)
        await asyncio.sleep(_TILL_PAUSE_S)


async def _place(till: RestClient, command: PlaceOrder, measured: Measured) -> None:
    """Ask with one key until the order is placed, and keep what was answered instead."""
    while True:
        try:
            await till.place_order(command, command_id=command.note)
            return
        except RefusedError as error:
            measured.refusals[error.body.code] += 1
        await asyncio.sleep(_ASKS_AGAIN_AFTER_S)


def _list_faults(measured: Measured) -> list[str]:
    slow = {name: max(taken) for name, taken in measured.signs_ms.items()}
    faults = [
        f"{name} took {worst_ms:.0f} ms" for name, worst_ms in slow.items() if worst_ms > _LIMIT_MS
    ]
    return faults + [
        f"orders were refused with {code}"
        for code in measured.refusals
        if code not in _EXPECTED_REFUSALS
    ]


def _print_period(name: str, measured: Measured) -> None:
    print(name)
    for sign, taken_ms in measured.signs_ms.items():
        print(f"  {sign:<10} {describe_spread(taken_ms, 'ms')}")
    print(f"  queued     {describe_spread(measured.queued_ms, 'ms')}")
    refusals = ", ".join(f"{count} {code}" for code, count in sorted(measured.refusals.items()))
    print(
        f"  orders     {describe_spread(measured.orders_ms, 'ms')}; told: {refusals or 'nothing'}"
    )


if __name__ == "__main__":
    run_proof(main)
