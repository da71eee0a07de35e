"""A small service over two processes: a guest at one, kitchen and office at the other.

`open_house` signs everybody in and opens their screens; `serve_table` seats a guest who orders,
is cooked for, pays, gets something back and leaves, and returns when each screen has seen each
step. `check` holds every screen's whole stream against the log: nothing lost, nothing twice.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from domain.roles import Role
from tests.support.contract import Contract
from tests.support.fleet import Fleet
from tests.support.people import Caller, Watcher, sign_in, sit_down
from tests.support.viewpoints import (
    Row,
    Sees,
    find_differences,
    sees_as_guest,
    sees_as_management,
    sees_at_counter,
    sees_in_kitchen,
)

GUESTS_PROCESS, STAFF_PROCESS = 0, 1
_TABLES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """How long a table's steps took. seen_s: from the tap until the other process' display has it.

    order_s, bump_s, pay_s, refund_s: until the answer.
    """

    begun_at_s: float
    order_s: float
    seen_s: float
    bump_s: float
    pay_s: float
    refund_s: float


@dataclass(slots=True, kw_only=True)
class House:
    """People and screens. clerk, manager: through nginx, as browsers come."""

    fleet: Fleet
    contract: Contract
    clerk: Caller
    manager: Caller
    display: Watcher
    counter: Watcher
    office: Watcher
    differences: dict[str, list[str]] = field(default_factory=dict)
    _served: int = 0

    async def serve_table(self) -> Served:
        """Serve a guest from scanning the code to leaving; see every step on every screen."""
        self._served += 1
        number = 1 + self._served % _TABLES
        guest = await sit_down(self.fleet.describe(GUESTS_PROCESS), self.contract, number)
        try:
            async with Watcher(guest, "customers") as phone:
                served = await self._serve(guest, phone)
                seating = (await guest.get("/table-sessions/current"))["tableSessionId"]
                await self._compare(f"phone {self._served}", phone, sees_as_guest(seating, []))
            await self.clerk.do(f"/table-sessions/{seating}/close")
        finally:
            guest.close()
        return served

    async def _serve(self, guest: Caller, phone: Watcher) -> Served:
        line = {"menuItemId": await self._choose_item(guest), "quantity": 2}
        begun_at_s = time.monotonic()
        order = await guest.do("/orders", {"lines": [line]})
        order_s = time.monotonic() - begun_at_s
        order_id = order["orderId"]
        ticket = await self.display.see("kitchen_order_received", orderId=order_id)
        seen_s = time.monotonic() - begun_at_s
        for screen in (self.office, self.counter):
            await screen.see("order_created", orderId=order_id)

        bump_s = await _time(
            self.display.connection.send("bump_ticket", {"ticketId": ticket["ticketId"]})
        )
        for screen in (phone, self.office, self.counter):
            await screen.see("order_status_updated", orderId=order_id, newStatus="ready")

        due = (await guest.get(f"/orders/{order_id}/payments"))["payment"]["dueMinor"]
        paying = {"method": "cash", "amountMinor": due, "tenderedMinor": due}
        pay_s = await _time(self.clerk.do(f"/orders/{order_id}/payments", paying))
        paid = await self.office.see("payment_completed", orderId=order_id)
        for screen in (phone, self.counter):
            await screen.see("payment_completed", orderId=order_id)

        back = {"amountMinor": 1, "reason": "cold", "withCredit": True}
        refund_s = await _time(self.manager.do(f"/payments/{paid['paymentId']}/refunds", back))
        for screen in (phone, self.counter, self.office):
            await screen.see("payment_refunded", orderId=order_id)

        item = order["rounds"][0]["items"][0]
        await self.clerk.do(f"/items/{item['itemId']}/served")
        for screen in (phone, self.counter, self.office):
            await screen.see("order_status_updated", orderId=order_id, newStatus="completed")
        return Served(
            begun_at_s=begun_at_s,
            order_s=order_s,
            seen_s=seen_s,
            bump_s=bump_s,
            pay_s=pay_s,
            refund_s=refund_s,
        )

    async def _choose_item(self, guest: Caller) -> str:
        """Choose something that needs no choice."""
        menu = await guest.get("/menu")
        return next(
            str(item["menuItemId"])
            for category in menu["categories"]
            for item in category["items"]
            if not item["isSoldOut"] and not any(group["minimum"] for group in item["groups"])
        )

    async def check(self) -> None:
        """Hold the staff's screens against the log, and count the money once more.

        Raises: AssertionError.
        """
        await self._compare("display", self.display, sees_in_kitchen)
        await self._compare("counter", self.counter, sees_at_counter)
        await self._compare("office", self.office, sees_as_management)
        assert self.differences == {name: [] for name in self.differences}
        kinds = [row["event"]["type"] for row in await self._read_rows(0)]
        for kind in ("order_created", "payment_completed", "payment_refunded"):
            assert kinds.count(kind) == self._served, kind

    async def _compare(self, name: str, screen: Watcher, sees: Sees) -> None:
        """Compare a screen's stream with the log up to where the log is now."""
        frames = screen.check_frames()
        after_seq = next(
            each["data"]["position"]["seq"] for each in frames if each["type"] == "joined"
        )
        rows = await self._read_rows(after_seq)
        await screen.reach(max(row["seq"] for row in rows if sees(row)))
        self.differences[name] = find_differences(
            [each for each in screen.check_frames() if each.get("seq", 0) <= rows[-1]["seq"]],
            rows,
            after_seq=after_seq,
            sees=sees,
        )

    async def _read_rows(self, after_seq: int) -> list[Row]:
        rows: list[Row] = []
        while True:
            after = rows[-1]["seq"] if rows else after_seq
            page = (await self.manager.get(f"/events?after={after}&limit=500"))["events"]
            rows += page
            if len(page) < 500:
                assert [row["seq"] for row in rows] == list(
                    range(after_seq + 1, after_seq + 1 + len(rows))
                )
                return rows

    async def list_connections(self) -> list[dict[str, Any]] | None:
        """List who is connected according to a process; None where it does not see everybody."""
        answer = await self.manager.get("/connections")
        return answer["connections"] if answer["isComplete"] else None


@contextlib.asynccontextmanager
async def open_house(fleet: Fleet) -> AsyncIterator[House]:
    """Sign everybody in and open their screens: the staff's at one process, guests at the other."""
    contract = Contract.fetch(fleet.url)
    async with AsyncExitStack() as stack:

        async def hire(role: Role, *, is_direct: bool = False) -> Caller:
            where = fleet.describe(STAFF_PROCESS) if is_direct else fleet.description
            caller = await sign_in(where, role, contract)
            stack.callback(caller.close)
            return caller

        async def watch(caller: Caller, namespace: str) -> Watcher:
            return await stack.enter_async_context(Watcher(caller, namespace))

        cook, clerk, manager = [
            await hire(role, is_direct=True) for role in (Role.KITCHEN, Role.COUNTER, Role.MANAGER)
        ]
        yield House(
            fleet=fleet,
            contract=contract,
            clerk=await hire(Role.COUNTER),
            manager=await hire(Role.MANAGER),
            display=await watch(cook, "kitchen"),
            counter=await watch(clerk, "counter"),
            office=await watch(manager, "admin"),
        )


async def _time(work: Any) -> float:
    begun_at_s = asyncio.get_running_loop().time()
    await work
    return asyncio.get_running_loop().time() - begun_at_s
