"""Two tablets pay one order in the same moment, again and again: never more than is due.

    python -m bench.payment_races [--races 500] [--database sqlite postgres]

Each race is a new order and two tablets, of two people and with a key each, that take it at once:
by turns both the whole, or 60 % each, in cash, on the card terminal, or one of each. On
PostgreSQL the tablets are at two processes of the product. At the end, through the API and the
log alone:
  - of each race one payment was made and the other refused as more than is due,
  - no order has more captured and claimed than it comes to,
  - asking again with the winner's key gives its first answer, and takes nothing more.
Exit code 1 when one of these fails.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from uuid import uuid4

import msgspec

from bench.demo_server import (
    employ,
    list_complaints,
    open_database,
    read_description,
    read_log,
    run_demo,
)
from bench.machine import build_parser, describe_run, describe_spread, report_verdict, run_proof
from client.messages import RefusedError
from client.rest import RestClient
from demo.appetite import choose_lines
from domain.commands import InitiatePayment, PlaceOrder
from domain.payments import PaymentMethod
from domain.roles import Role
from domain.views.money import PaymentView
from domain.views.orders import OrderView
from tests.support.servers import Server

_CASH, _TERMINAL = PaymentMethod.CASH, PaymentMethod.CARD_TERMINAL
_PAIRS = ((_CASH, _CASH), (_TERMINAL, _TERMINAL), (_CASH, _TERMINAL))
_SHARES_PERCENT = (100, 60)
_REPEATED = 50


@dataclass(slots=True)
class Book:
    """What became of the races: told, what each tablet was answered; won, by command id."""

    told: Counter[str] = field(default_factory=Counter)
    won: dict[str, tuple[RestClient, InitiatePayment, PaymentView]] = field(default_factory=dict)
    durations_ms: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def main() -> int:
    """Run the proof on the databases that were asked for and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--races", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", nargs="+", default=["sqlite", "postgres"])
    options = parser.parse_args()
    print(describe_run())
    faults: list[str] = []
    for kind in options.database:
        with open_database(kind) as url, run_demo(database_url=url) as server:
            with _run_second(server, url) as second:
                found = asyncio.run(
                    _race(server, second, races=options.races, random=Random(options.seed))
                )
                complaints = list_complaints(server)
                if second is not server:
                    complaints += list_complaints(second)
            faults += [f"{kind}: {fault}" for fault in found]
            print(f"{kind:<9} log: {len(complaints)} lines at warning or above")
            faults += [f"{kind}: logged: {each}" for each in complaints[:10]]
    return report_verdict(faults)


@contextmanager
def _run_second(server: Server, database_url: str) -> Iterator[Server]:
    """Start a second process on the same data; SQLite has one, so there it is the first."""
    if not database_url:
        yield server
        return
    folder = server.data_dir / "second"
    folder.mkdir()
    # The keys that sign tokens lie in the data folder, so both have the same.
    settings = {"data_dir": str(server.data_dir), "database_url": database_url}
    second = Server(data_dir=folder, settings=settings, command=["serve"])
    second.start()
    try:
        yield second
    finally:
        second.stop()


async def _race(server: Server, second: Server, *, races: int, random: Random) -> list[str]:
    description = read_description(server)
    clerk = await employ(description, Role.COUNTER).sign_in()
    manager = await employ(description, Role.MANAGER).sign_in()
    tablets = [
        RestClient(server.url, token=clerk.token, tries=1),
        RestClient(second.url, token=manager.token, tries=1),
    ]
    menu = await clerk.read_menu()
    book = Book()
    for number in range(races):
        order = await clerk.place_order(PlaceOrder(lines=choose_lines(menu, random)))
        share_percent = _SHARES_PERCENT[number % len(_SHARES_PERCENT)]
        amount_minor = -(-order.totals.total_minor * share_percent // 100)
        methods = _PAIRS[number % len(_PAIRS)]
        await _let_race(tablets, order, amount_minor, methods, book)
        await _check_order(clerk, order, amount_minor, book)
    await _check_repeats(book, random)
    log = await read_log(manager)
    begun = [row for row in log if row.event["type"] in ("payment_initiated", "payment_completed")]
    if len(begun) != races:
        book.faults.append(f"the log has {len(begun)} payments after {races} races")
    told = ", ".join(f"{count} times {what}" for what, count in sorted(book.told.items()))
    print(f"races     {races}, tablets at {len({server.url, second.url})} processes, told {told}")
    print(f"race      {describe_spread(book.durations_ms, 'ms')}")
    return book.faults


async def _let_race(
    tablets: list[RestClient],
    order: OrderView,
    amount_minor: int,
    methods: tuple[PaymentMethod, PaymentMethod],
    book: Book,
) -> None:
    """Let both tablets pay at once and note what each was told."""

    async def pay(tablet: RestClient, method: PaymentMethod) -> str:
        command_id = str(uuid4())
        command = InitiatePayment(order_id=order.order_id, method=method, amount_minor=amount_minor)
        try:
            payment = await tablet.pay(command, command_id=command_id)
        except RefusedError as error:
            return f"{error.status} {error.body.code}"
        book.won[command_id] = (tablet, command, payment)
        return "201"

    started_s = time.perf_counter()
    answers = await asyncio.gather(*map(pay, tablets, methods))
    book.durations_ms.append((time.perf_counter() - started_s) * 1000)
    book.told.update(answers)
    if sorted(answers) != ["201", "409 amount_exceeds_due"]:
        book.faults.append(f"order {order.order_number}: the tablets were told {answers}")


async def _check_order(rest: RestClient, order: OrderView, amount_minor: int, book: Book) -> None:
    booked = (await rest.list_payments(order.order_id)).payment
    held_minor = booked.captured_minor + booked.pending_minor
    if len(booked.legs) != 1 or held_minor != amount_minor:
        book.faults.append(f"order {order.order_number}: {len(booked.legs)} legs, {held_minor}")
    if held_minor > order.totals.total_minor or booked.is_overpaid:
        book.faults.append(f"order {order.order_number}: {held_minor} of {order.totals}")


async def _check_repeats(book: Book, random: Random) -> None:
    """Ask again with winners' keys: the first answer comes, and no further payment."""
    keys = random.sample(sorted(book.won), min(_REPEATED, len(book.won)))
    for key in keys:
        tablet, command, payment = book.won[key]
        again = await tablet.pay(command, command_id=key)
        if msgspec.json.encode(again) != msgspec.json.encode(payment):
            book.faults.append("a repeated key got another answer")


if __name__ == "__main__":
    run_proof(main)
