"""Simulated guests at tables: scan, look, quote, order, change their minds, wait, leave.

A guest uses what a phone uses: the REST interface with the seating's token, and a socket on
/ws/customers for the progress of the order.
"""

import asyncio
from collections.abc import Callable
from contextlib import closing
from random import Random
from uuid import UUID

from client.connection import Connection
from client.messages import ClientError
from client.rest import RestClient
from demo.appetite import choose_allergy, choose_lines, choose_note
from demo.boards import find_order, is_over
from demo.pace import Pace
from demo.tally import Tally
from domain.commands import AddRound, ItemUnits, LineDraft, PlaceOrder
from domain.statuses import ItemStatus
from domain.views import OrderView


class Guest:
    """One guest, from the scan of a table's code to leaving it."""

    def __init__(self, *, url: str, pace: Pace, random: Random, tally: Tally) -> None:
        self._rest = RestClient(url)
        self._pace = pace
        self._random = random
        self._tally = tally

    async def visit(self, table_code: str, *, leave: Callable[[str], None]) -> None:
        """Sit down, order, wait until all is served, leave.

        leave: tells the counter that the guest of this seating (its id) has gone.
        """
        with closing(self._rest):
            seating = await self._rest.open_table_session(table_code)
            try:
                await self._eat()
            finally:
                leave(seating.session.table_session_id)

    async def _eat(self) -> None:
        async with self._rest.connect("customers") as connection:
            await connection.wait_until_live()
            order = await self._order()
            if order is not None:
                await self._stay(order, connection)

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

    async def _stay(self, order: OrderView, connection: Connection) -> None:
        if self._random.random() < self._pace.void_share:
            order = await self._take_back(order)
        if not is_over(order) and self._random.random() < self._pace.second_round_share:
            order = await self._order_more(order)
        await self._wait_until_over(order, connection)
        await asyncio.sleep(self._random.uniform(0.5, 1.5) * self._pace.linger_s)

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

    async def _wait_until_over(self, order: OrderView, connection: Connection) -> None:
        # Read once: the last message may have come before anybody listened.
        order = await self._rest.read_order(order.order_id)
        if is_over(order):
            return
        async for message in connection.messages():
            if message.type == "resync":
                order = await self._rest.read_order(order.order_id)
            elif (seen := find_order(message)) and seen.order_id == order.order_id:
                order = seen if seen.version > order.version else order
            if is_over(order):
                return

    def _make_command_id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))
