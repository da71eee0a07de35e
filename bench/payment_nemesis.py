"""kill -9 while guests pay by phone: each payment is charged once and booked once, or neither.

    python -m bench.payment_nemesis [--payments 200] [--database sqlite postgres]

Guests at tables order and pay with every card of the sandbox (also those whose answer is late or
lost), over REST, each payment with an Idempotency-Key; a client that got no answer asks again with
the same key, or now and then gives up. A manager gives a part of some payments back. The server is
killed at random moments, every other time just after the provider has charged something that the
product cannot know yet, and started again on the same data, until all have paid; then the clock's
job settles what is open. At the end the provider's own books are held against ours:
  - every captured payment was charged exactly once, of the same amount, and told once in the log,
  - what failed or ran out was never charged, and the provider charged nothing that we do not know,
  - every refund of ours was made there once, and nothing else was,
  - every acknowledged payment is there, once; asking again with its key gives the first answer,
  - no order is paid more than it comes to.
Exit code 1 when one of these fails.
"""

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar
from uuid import uuid4

from bench.demo_server import (
    LoggedEvent,
    employ,
    list_complaints,
    open_database,
    read_description,
    read_log,
    run_demo,
)
from bench.machine import build_parser, describe_run, report_verdict, run_proof
from client.messages import RefusedError
from client.rest import RestClient, UnansweredError
from demo.appetite import choose_lines
from domain.commands import InitiatePayment, PlaceOrder, RefundPayment
from domain.payments import LegStatus, PaymentMethod, RefundStatus, SandboxCard
from domain.roles import Role
from domain.views.menu import MenuView
from domain.views.money import PaymentsView, PaymentView
from domain.views.orders import OrderView
from gateways.sandbox import FILE_NAME
from tests.support.servers import Server
from tests.support.waiting import wait_for

_Answer = TypeVar("_Answer")

_GUESTS = 8
_GIVES_UP_SHARE = 0.3
_ASKS_AGAIN_AFTER_S = 0.2
_EARLIEST_KILL_S, _LATEST_KILL_S = 0.2, 2.5
_PAUSE_S = 1.0
_REFUND_SHARE = 0.4
# The longest a provider is not asked is a minute (domain/payments.py).
_SETTLE_DEADLINE_S = 180.0
_REPEATED = 50
_ENDS = frozenset({LegStatus.CAPTURED, LegStatus.FAILED, LegStatus.CANCELLED, LegStatus.EXPIRED})


@dataclass(slots=True)
class Book:
    """What clients know. sent: command id -> by whom and what; acknowledged: -> payment's id.

    in_doubt: payments that a kill left charged over there and open here.
    """

    sent: dict[str, tuple[RestClient, InitiatePayment]] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)
    refunds: dict[str, str] = field(default_factory=dict)
    orders: list[str] = field(default_factory=list)
    given_up: int = 0
    retries: int = 0
    kills: int = 0
    in_doubt: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True, frozen=True)
class Statement:
    """What the provider's books say: key -> amounts, one for each time that money moved."""

    charged: dict[str, list[int]]
    refunded: dict[str, list[int]]


def main() -> int:
    """Run the proof on the databases that were asked for and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--payments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", nargs="+", default=["sqlite", "postgres"])
    options = parser.parse_args()
    print(describe_run())
    faults: list[str] = []
    for kind in options.database:
        with open_database(kind) as url, run_demo(database_url=url) as server:
            found = asyncio.run(
                _torment(server, payments=options.payments, random=Random(options.seed))
            )
            faults += [f"{kind}: {fault}" for fault in found]
            complaints = list_complaints(server)
            print(f"{kind:<9} log: {len(complaints)} lines at warning or above")
            faults += [f"{kind}: logged: {each}" for each in complaints[:10]]
    return report_verdict(faults)


async def _torment(server: Server, *, payments: int, random: Random) -> list[str]:
    description = read_description(server)
    manager = await employ(description, Role.MANAGER).sign_in()
    menu = await manager.read_menu()
    guests = []
    for table in description.tables[:_GUESTS]:
        guest = RestClient(description.url, tries=1)
        await guest.open_table_session(table.link.rpartition("/")[2])
        guests.append(guest)
    book = Book()
    refunding = RestClient(description.url, token=manager.token, tries=1)
    shares = [payments // _GUESTS + (n < payments % _GUESTS) for n in range(_GUESTS)]
    paying = asyncio.gather(
        *(
            _pay_again_and_again(guest, refunding, menu, book, Random(random.random()), count)
            for guest, count in zip(guests, shares, strict=True)
        )
    )
    while not paying.done():
        await asyncio.sleep(random.uniform(_EARLIEST_KILL_S, _LATEST_KILL_S))
        if book.kills % 2:
            await asyncio.to_thread(_wait_for_charge, server)
        await asyncio.to_thread(server.kill)
        charged = _read_statement(server).charged
        await asyncio.to_thread(server.start)
        book.kills += 1
        open_ids = [
            leg.payment_id
            for each in await _read_booked(manager, book)
            for leg in each.payment.legs
            if leg.status not in _ENDS
        ]
        book.in_doubt |= charged.keys() & set(open_ids)
    await paying
    booked = await _wait_until_settled(manager, book)
    log = await read_log(manager)
    statement = _read_statement(server)
    faults = [
        *book.faults,
        *_check_payments(booked, statement),
        *_check_refunds(booked, statement, book),
        *_check_log(booked, log),
        *_check_acknowledged(booked, book),
        *await _check_repeats(book, random),
    ]
    _report(booked, statement, book)
    return faults


async def _pay_again_and_again(
    guest: RestClient,
    manager: RestClient,
    menu: MenuView,
    book: Book,
    random: Random,
    count: int,
) -> None:
    """Order and pay with a card drawn by lot, `count` times; have some of it given back."""
    order = await _order(guest, menu, book, random)
    book.orders.append(order.order_id)
    paid: list[PaymentView] = []
    for _ in range(count):
        order = await _order(guest, menu, book, random)
        command = InitiatePayment(
            order_id=order.order_id,
            method=PaymentMethod.SANDBOX,
            amount_minor=random.randint(1, max(1, order.payment.payable_minor)),
            sandbox_card=random.choice(list(SandboxCard)),
        )
        payment = await _pay(guest, command, book, may_give_up=random.random() < _GIVES_UP_SHARE)
        if payment is not None:
            paid.append(payment)
        await asyncio.sleep(random.uniform(0.5, 1.5) * _PAUSE_S)
        if paid and random.random() < _REFUND_SHARE:
            await _give_back(manager, paid.pop(0), book, random)


async def _order(guest: RestClient, menu: MenuView, book: Book, random: Random) -> OrderView:
    """Order something more, until there is an answer."""
    command = PlaceOrder(lines=choose_lines(menu, random))
    command_id = str(uuid4())
    order = await _ask(lambda: guest.place_order(command, command_id=command_id), book)
    assert order is not None, "no rule refuses an order"
    return order


async def _pay(
    guest: RestClient, command: InitiatePayment, book: Book, *, may_give_up: bool
) -> PaymentView | None:
    command_id = str(uuid4())
    book.sent[command_id] = (guest, command)
    payment = await _ask(
        lambda: guest.pay(command, command_id=command_id), book, may_give_up=may_give_up
    )
    if payment is not None:
        book.acknowledged[command_id] = payment.payment_id
    return payment


async def _give_back(manager: RestClient, payment: PaymentView, book: Book, random: Random) -> None:
    """Give a part back if it was captured by now; what was not is refused."""
    command = RefundPayment(
        payment_id=payment.payment_id,
        amount_minor=random.randint(1, payment.amount_minor),
        reason="A proof",
        with_credit=random.random() < 0.5,
    )
    command_id = str(uuid4())
    refund = await _ask(lambda: manager.refund(command, command_id=command_id), book)
    if refund is not None:
        book.refunds[refund.refund_id] = payment.payment_id


async def _ask(
    send: Callable[[], Awaitable[_Answer]], book: Book, *, may_give_up: bool = False
) -> _Answer | None:
    """Ask until there is an answer; None where the client gave up or was refused by a rule."""
    while True:
        try:
            return await send()
        except UnansweredError:
            if may_give_up:
                book.given_up += 1
                return None
        except RefusedError as error:
            if error.body.code in ("amount_exceeds_due", "refund_exceeds_captured"):
                return None
            # 503: the server is full or its database slow; 409: the first request is under way.
            if error.status not in (409, 503):
                raise
        book.retries += 1
        await asyncio.sleep(_ASKS_AGAIN_AFTER_S)


async def _wait_until_settled(manager: RestClient, book: Book) -> list[PaymentsView]:
    """Wait until the job has settled every leg and refund; return what is booked."""
    booked: list[PaymentsView] = []

    async def is_settled() -> bool:
        nonlocal booked
        booked = await _read_booked(manager, book)
        return all(
            leg.status in _ENDS and leg.refunding_minor == 0
            for each in booked
            for leg in each.payment.legs
        )

    try:
        await wait_for(is_settled, "the last payment", deadline_s=_SETTLE_DEADLINE_S)
    except AssertionError:
        book.faults.append("some payments were never settled")
    return booked


async def _read_booked(manager: RestClient, book: Book) -> list[PaymentsView]:
    return [await manager.list_payments(order_id) for order_id in book.orders]


def _wait_for_charge(server: Server) -> None:
    """Wait until the provider charges something; the product hears of it a moment later."""
    ends_s = time.monotonic() + _LATEST_KILL_S
    before = _count_charges(server)
    # As soon as the file tells it: the product books the answer some ten milliseconds later.
    while _count_charges(server) == before and time.monotonic() < ends_s:
        time.sleep(0.001)


def _count_charges(server: Server) -> int:
    return sum(map(len, _read_statement(server).charged.values()))


def _read_statement(server: Server) -> Statement:
    """Read the provider's own file beside it: the money that moved there."""
    charged: dict[str, list[int]] = {}
    refunded: dict[str, list[int]] = {}
    with closing(sqlite3.connect(server.data_dir / FILE_NAME)) as books:
        # The provider begins its books with the first payment.
        if books.execute("SELECT name FROM sqlite_master WHERE name = 'capture'").fetchone():
            for key, amount_minor in books.execute("SELECT key, amount_minor FROM capture"):
                charged.setdefault(key, []).append(amount_minor)
            for key, amount_minor in books.execute(
                "SELECT key, amount_minor FROM refund WHERE state = 'refunded'"
            ):
                refunded.setdefault(key, []).append(amount_minor)
    return Statement(charged, refunded)


def _list_legs(booked: list[PaymentsView]) -> list[PaymentView]:
    return [leg for each in booked for leg in each.payment.legs]


def _check_payments(booked: list[PaymentsView], statement: Statement) -> list[str]:
    expected = {
        leg.payment_id: [leg.amount_minor]
        for leg in _list_legs(booked)
        if leg.status is LegStatus.CAPTURED
    }
    faults = _compare(expected, statement.charged, "payments")
    for each in booked:
        payment = each.payment
        kept_minor = payment.captured_minor - payment.refunded_minor
        if payment.is_overpaid or kept_minor > each.total_minor:
            faults.append(f"order {each.order_number} is overpaid")
    return faults


def _check_refunds(booked: list[PaymentsView], statement: Statement, book: Book) -> list[str]:
    refunds = [refund for each in booked for refund in each.refunds]
    expected = {
        refund.refund_id: [refund.amount_minor]
        for refund in refunds
        if refund.status is RefundStatus.SUCCEEDED
    }
    faults = _compare(expected, statement.refunded, "refunds")
    lost = set(book.refunds) - {refund.refund_id for refund in refunds}
    if lost:
        faults.append(f"{len(lost)} acknowledged refunds are lost")
    sums: Counter[str] = Counter()
    for refund in refunds:
        if refund.status is RefundStatus.SUCCEEDED:
            sums[refund.payment_id] += refund.amount_minor
    wrong = [leg for leg in _list_legs(booked) if leg.refunded_minor != sums[leg.payment_id]]
    if wrong:
        faults.append(f"{len(wrong)} payments do not sum up their refunds")
    return faults


def _compare(ours: dict[str, list[int]], theirs: dict[str, list[int]], what: str) -> list[str]:
    strange = {key: theirs[key] for key in theirs if key not in ours}
    missing = {key: ours[key] for key in ours if key not in theirs}
    other = {
        key: (ours[key], theirs[key]) for key in ours if ours[key] != theirs.get(key, ours[key])
    }
    return [
        f"{len(found)} {what} {words}, such as {next(iter(found.items()))}"
        for found, words in (
            (strange, "the provider made and we did not book"),
            (missing, "we booked and the provider did not make"),
            (other, "were made twice or of another amount"),
        )
        if found
    ]


def _check_log(booked: list[PaymentsView], log: list[LoggedEvent]) -> list[str]:
    """Hold the log against the rows: each end of a payment and each refund is told once."""
    told: Counter[tuple[str, str]] = Counter()
    for row in log:
        kind = row.event["type"]
        if kind in ("payment_completed", "payment_failed"):
            told[kind, row.event["payment"]["paymentId"]] += 1
        elif kind == "payment_refunded":
            told[kind, row.event["refund"]["refundId"]] += 1
    expected: Counter[tuple[str, str]] = Counter()
    for leg in _list_legs(booked):
        is_paid = leg.status is LegStatus.CAPTURED
        expected["payment_completed" if is_paid else "payment_failed", leg.payment_id] += 1
    for each in booked:
        for refund in each.refunds:
            if refund.status is RefundStatus.SUCCEEDED:
                expected["payment_refunded", refund.refund_id] += 1
    if [row.seq for row in log] != list(range(1, len(log) + 1)):
        return ["the log's seq has a gap or a double"]
    differing = (told - expected) + (expected - told)
    return [f"the log tells otherwise of {len(differing)} payments"] if differing else []


def _check_acknowledged(booked: list[PaymentsView], book: Book) -> list[str]:
    legs = _list_legs(booked)
    payment_ids = {leg.payment_id for leg in legs}
    faults = []
    lost = [each for each in book.acknowledged.values() if each not in payment_ids]
    if lost:
        faults.append(f"{len(lost)} acknowledged payments are lost")
    if len(legs) > len(book.sent):
        faults.append(f"{len(legs)} payments came of {len(book.sent)} commands")
    return faults


async def _check_repeats(book: Book, random: Random) -> list[str]:
    """Ask again with old keys: the first answer comes, and no further payment."""
    keys = random.sample(sorted(book.acknowledged), min(_REPEATED, len(book.acknowledged)))
    wrong = 0
    for key in keys:
        guest, command = book.sent[key]
        wrong += (await guest.pay(command, command_id=key)).payment_id != book.acknowledged[key]
    return [f"{wrong} of {len(keys)} repeated keys got another answer"] if wrong else []


def _report(booked: list[PaymentsView], statement: Statement, book: Book) -> None:
    statuses = Counter(leg.status.value for leg in _list_legs(booked))
    refunds = Counter(refund.status.value for each in booked for refund in each.refunds)
    print(
        f"payments  {len(book.sent)} sent, {len(book.acknowledged)} acknowledged, "
        f"{book.given_up} given up, {book.retries} asked again"
    )
    print(
        f"kills     {book.kills}, which left {len(book.in_doubt)} payments charged and not booked"
    )
    print(f"booked    {_describe(statuses)}; refunds: {_describe(refunds)}")
    charged_minor = sum(sum(amounts) for amounts in statement.charged.values())
    back_minor = sum(sum(amounts) for amounts in statement.refunded.values())
    ours_minor = sum(each.payment.captured_minor for each in booked)
    our_back_minor = sum(each.payment.refunded_minor for each in booked)
    print(
        f"money     we captured {ours_minor} and gave back {our_back_minor}; "
        f"the provider charged {charged_minor} and gave back {back_minor}"
    )


def _describe(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


if __name__ == "__main__":
    run_proof(main)
