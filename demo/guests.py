"""Simulated guests at tables: scan, look, quote, order, change their minds, wait, pay, leave.

A guest uses what a phone uses: the REST interface with the seating's token, and a socket on
/ws/customers for the progress of the order and of its payment.
"""

import asyncio
from collections.abc import Callable
from contextlib import closing
from random import Random
from typing import Protocol
from uuid import UUID

from client.connection import Connection
from client.messages import ClientError
from client.rest import RestClient
from demo.appetite import choose_allergy, choose_lines, choose_note
from demo.boards import find_order, find_payment, has_ended, is_over
from demo.pace import Pace
from demo.purse import choose_card
from demo.tally import Tally
from domain.commands import AddRound, InitiatePayment, ItemUnits, LineDraft, PlaceOrder
from domain.payments import LegStatus, PaymentMethod
from domain.statuses import ItemStatus
from domain.views.orders import OrderView


class Counter(Protocol):
    """What guests say at the counter."""

    def note_departure(self, table_session_id: str) -> None:
        """Say good-bye: the guests of this seating have gone."""

    async def collect(self, order: OrderView) -> None:
        """Pay what is due of an order."""

    async def give_back(self, order: OrderView) -> None:
        """Complain about an order that is paid."""


class Guest:
    """One guest, from the scan of a table's code to leaving it."""

    def __init__(self, *, url: str, pace: Pace, random: Random, tally: Tally) -> None:
        self._rest = RestClient(url)
        self._pace = pace
        self._random = random
        self._tally = tally

    async def visit(self, table_code: str, *, counter: Counter) -> None:
        """Sit down, order, wait until all is served, pay, leave."""
        with closing(self._rest):
            seating = await self._rest.open_table_session(table_code)
            try:
                await self._eat(counter)
            finally:
                counter.note_departure(seating.session.table_session_id)

    async def _eat(self, counter: Counter) -> None:
        async with self._rest.connect("customers") as connection:
            await connection.wait_until_live()
            order = await self._order()
            if order is not None:
                order = await self._stay(order, connection)
                await self._pay(order, connection, counter)

    async def _order(self) -> OrderView | None:
        lines = await self._choose()
        if not lines:
            return None
        quote = await self._rest.quote(lines)
        order = await self._rest.place_order(
            PlaceOrder(
                lines=lines,
                note=choose_note(self._random),
                allergy=choose_allergy(self._random),
                quote_hash=quote.quote_hash,
            ),
            command_id=self._make_command_id(),
        )
        self._tally.orders += 1
        self._tally.lines += len(lines)
        return order

    async def _choose(self) -> list[LineDraft]:
        menu = await self._rest.read_menu()
        await asyncio.sleep(self._random.uniform(0.5, 1.5) * self._pace.look_at_menu_s)
        return choose_lines(menu, self._random)

    async def _stay(self, order: OrderView, connection: Connection) -> OrderView:
        if self._random.random() < self._pace.void_share:
            order = await self._take_back(order)
        if not is_over(order) and self._random.random() < self._pace.second_round_share:
            order = await self._order_more(order)
        order = await self._wait_until(order, connection, is_over)
        await asyncio.sleep(self._random.uniform(0.5, 1.5) * self._pace.linger_s)
        return order

    async def _pay(self, order: OrderView, connection: Connection, counter: Counter) -> None:
        """Pay on the phone, or at the counter: also what the phone's card did not pay."""
        if self._random.random() < self._pace.phone_share:
            order = await self._pay_by_phone(order, connection)
        if order.payment.payable_minor:
            await counter.collect(order)
        if order.totals.total_minor and self._random.random() < self._pace.complaint_share:
            await counter.give_back(order)

    async def _pay_by_phone(self, order: OrderView, connection: Connection) -> OrderView:
        """Pay all that is due and wait what becomes of it."""
        if not order.payment.payable_minor:
            return order
        payment = await self._rest.pay(
            InitiatePayment(
                order_id=order.order_id,
                method=PaymentMethod.SANDBOX,
                amount_minor=order.payment.payable_minor,
                sandbox_card=choose_card(self._random),
            ),
            command_id=self._make_command_id(),
        )
        order = await self._wait_until(
            order, connection, lambda seen: has_ended(seen, payment.payment_id)
        )
        ended = find_payment(order, payment.payment_id)
        if ended is not None and ended.status is LegStatus.CAPTURED:
            self._tally.phone_payments += 1
        else:
            self._tally.declined += 1
        return order

    async def _take_back(self, order: OrderView) -> OrderView:
        """Void one line within the grace time; too late is the kitchen's luck."""
        queued = [item for item in order.items if item.status is ItemStatus.QUEUED]
        if not queued:
            return order
        item = self._random.choice(queued)
        try:
            order = await self._rest.command(
                f"/orders/{order.order_id}/void",
                OrderView,
                {"items": [ItemUnits(item_id=item.item_id)]},
                command_id=self._make_command_id(),
            )
        except ClientError as error:
            self._tally.note(error, f"Taking a line of order {order.order_number} back")
        else:
            self._tally.voids += 1
        return order

    async def _order_more(self, order: OrderView) -> OrderView:
        await asyncio.sleep(self._random.uniform(0.5, 1.5) * self._pace.linger_s)
        lines = await self._choose()
        if not lines:
            return order
        quote = await self._rest.quote(lines)
        order = await self._rest.add_round(
            AddRound(order_id=order.order_id, lines=lines, quote_hash=quote.quote_hash),
            command_id=self._make_command_id(),
        )
        self._tally.rounds += 1
        self._tally.lines += len(lines)
        return order

    async def _wait_until(
        self, order: OrderView, connection: Connection, is_true: Callable[[OrderView], bool]
    ) -> OrderView:
        """Follow an order until something is true of it, and return it as it is then."""
        # Read once: the last message may have come before anybody listened.
        order = await self._rest.read_order(order.order_id)
        if is_true(order):
            return order
        async for message in connection.messages():
            if message.type == "resync":
                order = await self._rest.read_order(order.order_id)
            elif (seen := find_order(message)) and seen.order_id == order.order_id:
                order = seen if seen.version > order.version else order
            if is_true(order):
                break
        return order

    def _make_command_id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))
