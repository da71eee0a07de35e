"""Money through the real interfaces: who hears of it, both doors, races, a process that dies."""

import asyncio
import json
import sqlite3
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from typing import Any

import pytest

from demo.cafe import CAFE
from domain.roles import Role
from gateways.sandbox import FILE_NAME
from tests.integration.proofs.conftest import DemoCafe
from tests.support.people import Caller, Watcher, sign_in, sit_down
from tests.support.two_cafes import TwoCafes, list_choosable, make_line, open_two_cafes
from tests.support.waiting import wait_for

RACES = 20
PAYMENT_EVENTS = {
    "payment_initiated",
    "payment_updated",
    "payment_completed",
    "payment_failed",
    "payment_refunded",
}
# The demo's cards that end in money, and the one that does not.
CARDS = ("approve", "authorize", "time_out", "late", "decline")

Data = dict[str, Any]
# Place in the log, type and payment of a message.
Heard = tuple[int, str, str]


@pytest.fixture
async def cafes(demo_cafe: DemoCafe) -> AsyncIterator[TwoCafes]:
    """Return two filled cafes on the real server."""
    async with open_two_cafes(
        demo_cafe.description, demo_cafe.contract, database_url=demo_cafe.database_url
    ) as opened:
        yield opened


async def place(caller: Caller, **options: Any) -> Data:
    """Order something that costs more than a euro."""
    line = make_line((await list_choosable(caller))[0])
    order: Data = await caller.do("/orders", {"lines": [{**line, "quantity": 2}], **options})
    return order


async def pay(caller: Caller, order: Data, method: str, **options: Any) -> Data:
    """Begin a payment over REST, of the whole order unless told otherwise."""
    body = {"method": method, "amountMinor": order["totals"]["totalMinor"], **options}
    payment: Data = await caller.do(f"/orders/{order['orderId']}/payments", body)
    return payment


async def read_payments(caller: Caller, order: Data) -> Data:
    """Read what is booked of an order."""
    booked: Data = await caller.get(f"/orders/{order['orderId']}/payments")
    return booked


async def wait_until_settled(caller: Caller, order: Data) -> Data:
    """Wait until nothing of an order's payments is open; return what is booked."""
    booked: Data = {}

    async def is_settled() -> bool:
        nonlocal booked
        booked = await read_payments(caller, order)
        return booked["payment"]["pendingMinor"] == 0 and all(
            leg["refundingMinor"] == 0 for leg in booked["payment"]["legs"]
        )

    await wait_for(is_settled, "the payments to be settled")
    return booked


def list_heard(watcher: Watcher) -> list[Heard]:
    """List the messages about payments that a socket got."""
    return [
        (each.seq, each.type, each.data["paymentId"])
        for each in watcher.messages
        if each.type in PAYMENT_EVENTS and each.seq is not None
    ]


async def play_every_payment(cafes: TwoCafes, guest: Caller, phone: Watcher) -> list[Heard]:
    """Pay and give back in every way; return what is told of it, as the log has it."""
    clerk, manager = cafes.people[Role.COUNTER], cafes.people[Role.MANAGER]
    order = await place(guest)
    path = f"/orders/{order['orderId']}/payments"
    by_card = {"orderId": order["orderId"], "method": "sandbox", "amountMinor": 50}
    charged = await phone.connection.send(
        "initiate_payment", {**by_card, "sandboxCard": "time_out"}
    )
    await guest.do(path, {"method": "sandbox", "amountMinor": 30, "sandboxCard": "decline"})
    cash = await clerk.do(path, {"method": "cash", "amountMinor": 40, "tenderedMinor": 100})
    swiped = await clerk.do(path, {"method": "card_terminal", "amountMinor": 20})
    await clerk.do(f"/payments/{swiped['paymentId']}/decline", {"reason": "A stolen card"})
    await wait_until_settled(clerk, order)
    for payment_id in (cash["paymentId"], charged.data["paymentId"]):
        back = {"amountMinor": 10, "reason": "A fly in it", "withCredit": True}
        await manager.do(f"/payments/{payment_id}/refunds", back)
    await wait_until_settled(clerk, order)
    told = [
        (row["seq"], row["event"]["type"], row["event"]["payment"]["paymentId"])
        for row in await manager.read_log()
        if row["event"]["type"] in PAYMENT_EVENTS
        and row["event"]["order"]["orderId"] == order["orderId"]
    ]
    assert {kind for _, kind, _ in told} == PAYMENT_EVENTS
    return told


async def test_who_hears_of_money_and_what(demo_cafe: DemoCafe, cafes: TwoCafes):
    """Guest, till and manager each hear every step; nobody else does, and guests hear no names."""
    clerk, manager = cafes.people[Role.COUNTER], cafes.people[Role.MANAGER]
    guest, neighbour = [
        await sit_down(demo_cafe.description, demo_cafe.contract, number) for number in (2, 3)
    ]
    async with AsyncExitStack() as stack:
        stack.callback(guest.close)
        stack.callback(neighbour.close)

        async def watch(caller: Caller, *namespaces: str) -> list[Watcher]:
            return [
                await stack.enter_async_context(Watcher(caller, namespace))
                for namespace in namespaces
            ]

        phones = await watch(guest, "payments", "customers")
        screens = [
            *await watch(clerk, "counter", "payments"),
            *await watch(manager, "admin", "payments"),
        ]
        (kitchen,) = await watch(cafes.people[Role.KITCHEN], "kitchen")
        (next_table,) = await watch(neighbour, "payments")
        elsewhere = await watch(cafes.other, "payments", "counter", "admin")

        told = await play_every_payment(cafes, guest, phones[0])
        # What comes afterwards comes last: whoever has that has heard all there was before.
        theirs = await pay(neighbour, await place(neighbour), "sandbox", sandboxCard="decline")
        foreign = await pay(cafes.other, await place(cafes.other), "cash")
        for watcher in (*screens, next_table):
            await watcher.see("payment_failed", paymentId=theirs["paymentId"])
        for watcher in elsewhere:
            await watcher.see("payment_completed", paymentId=foreign["paymentId"])
        await kitchen.see("kitchen_order_received", orderId=theirs["orderId"])
        for watcher in phones:
            await watcher.reach(told[-1][0])

        for watcher in (*phones, *screens):
            heard = [each for each in list_heard(watcher) if each[2] != theirs["paymentId"]]
            assert heard == told, watcher.namespace
        assert list_heard(kitchen) == []
        assert {each[2] for each in list_heard(next_table)} == {theirs["paymentId"]}
        for watcher in elsewhere:
            assert {each[2] for each in list_heard(watcher)} == {foreign["paymentId"]}
        for watcher in (*phones, *screens, kitchen, next_table, *elsewhere):
            watcher.check_frames()

    heard_by_guest = "".join(frame for watcher in phones for frame in watcher.frames)
    secrets = [
        *("A stolen card", "A fly in it"),
        *(person.name for person in CAFE.people),
        *(caller.person_id for caller in cafes.people.values() if caller.person_id),
    ]
    assert [each for each in secrets if each in heard_by_guest] == []
    assert clerk.person_id in "".join(screens[0].frames), "staff see who did it"


async def test_a_payment_is_the_same_through_both_doors(cafes: TwoCafes):
    """Begun over a socket and repeated over REST, and the other way round: the first answer."""
    clerk = cafes.people[Role.COUNTER]
    order = await place(clerk)
    path = f"/orders/{order['orderId']}/payments"
    body = {"method": "card_terminal", "amountMinor": 30}
    over_socket, over_rest = str(uuid.uuid4()), str(uuid.uuid4())
    async with Watcher(clerk, "payments") as till:
        first = await till.connection.send(
            "initiate_payment", {"orderId": order["orderId"], **body}, command_id=over_socket
        )
        repeated = await clerk.call("POST", path, body, command_id=over_socket)
        second = await clerk.call("POST", path, body, command_id=over_rest)
        again = await till.connection.send(
            "initiate_payment", {"orderId": order["orderId"], **body}, command_id=over_rest
        )
        other = await clerk.call("POST", path, {**body, "amountMinor": 31}, command_id=over_socket)
        for payment_id in (first.data["paymentId"], again.data["paymentId"]):
            await till.connection.send("confirm_terminal_payment", {"paymentId": payment_id})

    assert (repeated.status, repeated.data) == (201, first.data)
    assert repeated.headers["Idempotency-Replayed"] == "true"
    assert (second.status, second.data) == (201, again.data)
    assert (other.status, other.data["code"]) == (422, "idempotency_mismatch")
    booked = await read_payments(clerk, order)
    assert [leg["amountMinor"] for leg in booked["payment"]["legs"]] == [30, 30]
    assert booked["payment"]["capturedMinor"] == 60


async def test_two_tablets_that_pay_one_order_take_it_once(cafes: TwoCafes):
    """Both take the whole of it at once with keys of their own: one 201, one 409, each time."""
    tablets = [cafes.people[Role.COUNTER], cafes.people[Role.MANAGER]]
    outcomes = []
    for race in range(RACES):
        order = await place(tablets[0])
        total_minor = order["totals"]["totalMinor"]
        # By turns the whole twice, and two parts that do not fit beside each other.
        share_minor = total_minor if race % 2 else total_minor * 6 // 10
        body = {"method": ("cash", "card_terminal")[race % 4 // 2], "amountMinor": share_minor}
        answers = await asyncio.gather(
            *(
                tablet.call(
                    "POST",
                    f"/orders/{order['orderId']}/payments",
                    body,
                    command_id=str(uuid.uuid4()),
                )
                for tablet in tablets
            )
        )
        booked = (await read_payments(tablets[0], order))["payment"]
        claimed_minor = booked["capturedMinor"] + booked["pendingMinor"]
        assert claimed_minor == share_minor <= total_minor
        assert len(booked["legs"]) == 1
        outcomes += [(each.status, (each.data or {}).get("code")) for each in answers]

    assert outcomes.count((201, None)) == RACES
    assert outcomes.count((409, "amount_exceeds_due")) == RACES


async def test_a_payment_survives_the_process_that_began_it(demo_cafe: DemoCafe):
    """Acknowledged and killed at once, with every card: charged and booked once, or neither."""
    description, contract = demo_cafe.description, demo_cafe.contract
    guest = await sit_down(description, contract)
    manager = await sign_in(description, Role.MANAGER, contract)
    order = await place(guest)
    begun = {
        card: (await pay(guest, order, "sandbox", amountMinor=20, sandboxCard=card))["paymentId"]
        for card in CARDS
    }

    for _ in range(3):
        await asyncio.to_thread(demo_cafe.server.kill)
        await asyncio.to_thread(demo_cafe.server.start)
    booked = await wait_until_settled(manager, order)

    statuses = {leg["paymentId"]: leg["status"] for leg in booked["payment"]["legs"]}
    assert statuses == {
        payment_id: "failed" if card == "decline" else "captured"
        for card, payment_id in begun.items()
    }
    with closing(sqlite3.connect(demo_cafe.server.data_dir / FILE_NAME)) as books:
        charged = dict(books.execute("SELECT key, COUNT(*) FROM capture GROUP BY key").fetchall())
    assert charged == {
        payment_id: 1 for payment_id, status in statuses.items() if status == "captured"
    }
    log = await manager.read_log()
    completed = [
        row["event"]["payment"]["paymentId"]
        for row in log
        if row["event"]["type"] == "payment_completed"
    ]
    assert sorted(completed) == sorted(charged), json.dumps(statuses)
    for caller in (guest, manager):
        caller.close()
