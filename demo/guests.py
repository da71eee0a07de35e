"""Simulated guests at tables: scan, look, quote, order, change their minds, wait, leave.

A guest uses what a phone uses: the REST interface with the seating's token, and a socket on
/ws/customers for the progress of the order.
"""

import asyncio
from collections.abc import Callable
from random import Random
from uuid import UUID

from client.connection import Connection
from client.messages import ClientError
from demo.appetite import choose_allergy, choose_lines, choose_note
from demo.boards import find_order, is_over
from demo.house import House, Seating
from demo.pace import Pace
from demo.tally import Tally
from domain.commands import AddRound, ItemUnits, LineDraft, PlaceOrder, VoidItems
from domain.statuses import ItemStatus
from domain.views import OrderView


class Guest:
    """One guest, from the scan of a table's code to leaving it."""

    def __init__(self, *, house: House, pace: Pace, random: Random, tally: Tally) -> None:
        self._house = house
        self._pace = pace
        self._random = random
        self._tally = tally

    async def visit(self, table_code: str, *, leave: Callable[[str], None]) -> None:
        """Sit down, order, wait until all is served, leave.

        leave: tells the counter that this seating (its id) has ended; always called.
        """
        seating = await self._house.open_seating(table_code)
        try:
            async with self._house.connect("customers", seating) as connection:
                await connection.wait_until_live()
                order = await self._order(seating)
                if order is not None:
                    await self._stay(order, seating, connection)
        finally:
            leave(seating.view.table_session_id)

    async def _order(self, seating: Seating) -> OrderView | None:
        lines = await self._choose(seating)
        if not lines:
            return None
        quote = await self._house.quote(seating, lines)
        order = await self._house.place_order(
            seating,
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

    async def _choose(self, seating: Seating) -> list[LineDraft]:
        menu = await self._house.read_menu(seating)
        await asyncio.sleep(self._random.uniform(0.5, 1.5) * self._pace.look_at_menu_s)
        return choose_lines(menu, self._random)

    async def _stay(self, order: OrderView, seating: Seating, connection: Connection) -> None:
        if self._random.random() < self._pace.void_share:
            order = await self._take_back(order, seating)
        if not is_over(order) and self._random.random() < self._pace.second_round_share:
            order = await self._order_more(order, seating)
        await self._wait_until_over(order, seating, connection)
        await asyncio.sleep(self._random.uniform(0.5, 1.5) * self._pace.linger_s)

    async def _take_back(self, order: OrderView, seating: Seating) -> OrderView:
        """Void one line within the grace time; too late is the kitchen's luck."""
        queued = [item for item in order.items if item.status is ItemStatus.QUEUED]
        if not queued:
            return order
        item = self._random.choice(queued)
        command = VoidItems(order_id=order.order_id, items=[ItemUnits(item_id=item.item_id)])
        try:
            order = await self._house.void_items(
                seating, command, command_id=self._make_command_id()
            )
        except ClientError as error:
            self._tally.note(error, f"Taking a line of order {order.order_number} back")
        else:
            self._tally.voids += 1
        return order

    async def _order_more(self, order: OrderView, seating: Seating) -> OrderView:
        await asyncio.sleep(self._random.uniform(0.5, 1.5) * self._pace.linger_s)
        lines = await self._choose(seating)
        if not lines:
            return order
        quote = await self._house.quote(seating, lines)
        order = await self._house.add_round(
            seating,
            AddRound(order_id=order.order_id, lines=lines, quote_hash=quote.quote_hash),
            command_id=self._make_command_id(),
        )
        self._tally.rounds += 1
        self._tally.lines += len(lines)
        return order

    async def _wait_until_over(
        self, order: OrderView, seating: Seating, connection: Connection
    ) -> None:
        # Read once: the last message may have come before anybody listened.
        order = await self._house.read_order(seating, order.order_id)
        if is_over(order):
            return
        async for message in connection.messages():
            if message.type == "resync":
                order = await self._house.read_order(seating, order.order_id)
            elif (seen := find_order(message)) and seen.order_id == order.order_id:
                order = seen if seen.version > order.version else order
            if is_over(order):
                return

    def _make_command_id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))
