"""The simulated counter: approves, hands over, sells over the counter and closes tables.

One person with one socket on /ws/counter. Orders of real guests are served like all others; only
tables that a simulated guest has left are closed.
"""

import asyncio
from random import Random

import msgspec

from client.connection import Connection
from client.messages import Acknowledgement, ClientError
from demo.appetite import choose_allergy, choose_lines, choose_note
from demo.boards import OrderBook, find_order, is_over, list_awaiting_approval, list_ready
from demo.pace import Pace
from demo.staffer import Staffer
from demo.tally import Tally
from domain.commands import (
    ApproveRound,
    CloseTableSession,
    Command,
    ItemUnits,
    PlaceOrder,
    Quote,
    ServeItems,
)
from domain.views import OrderItemView, OrderView, QuoteView

_COMMAND_TYPES: dict[type[Command], str] = {
    ApproveRound: "approve_round",
    CloseTableSession: "close_table_session",
    PlaceOrder: "place_order",
    Quote: "quote",
    ServeItems: "serve_items",
}


_TRIES_AGAIN_S = 1.0


class Floor:
    """The counter person. `work` runs until it is cancelled."""

    def __init__(self, *, staffer: Staffer, pace: Pace, random: Random, tally: Tally) -> None:
        self._staffer = staffer
        self._pace = pace
        self._random = random
        self._tally = tally
        self._orders = OrderBook()
        # What was handed over while its message is still on the way: (line, version).
        self._carried: set[tuple[str, int]] = set()
        self._departed: set[str] = set()
        self._connection: Connection = staffer.connect("counter")
        self._is_open = asyncio.Event()

    async def work(self) -> None:
        """Open the counter's screen and work on what it shows."""
        async with self._connection as connection:
            await connection.wait_until_live()
            await self._load()
            self._is_open.set()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch())
                tasks.create_task(self._carry())

    async def wait_until_open(self) -> None:
        """Wait until somebody stands at the counter."""
        await self._is_open.wait()

    async def wait_until_all_is_served(self) -> None:
        """Wait until no order has anything left to be made or carried, and no table to close."""
        while True:
            seen = self._orders.revision
            open_orders = [each for each in self._orders.list_orders() if not is_over(each)]
            if not open_orders and not self._departed:
                return
            await self._orders.wait_for_change(seen)

    async def sell(self) -> None:
        """Take an order over the counter: a sale without a table."""
        rest = await self._staffer.sign_in()
        lines = choose_lines(await rest.read_menu(), self._random)
        if not lines:
            return
        quoted = await self._send(Quote(lines=lines))
        quote = msgspec.convert(quoted.data, QuoteView)
        placed = await self._send(
            PlaceOrder(
                lines=lines,
                note=choose_note(self._random),
                allergy=choose_allergy(self._random),
                quote_hash=quote.quote_hash,
            )
        )
        self._orders.take_in(msgspec.convert(placed.data, OrderView))
        self._tally.orders += 1
        self._tally.lines += len(lines)

    def note_departure(self, table_session_id: str) -> None:
        """Remember guests who have left; their table is closed once nothing is owed to it."""
        self._departed.add(table_session_id)
        self._orders.wake()

    async def _load(self) -> None:
        rest = await self._staffer.sign_in()
        self._orders.load((await rest.list_orders()).orders)

    async def _watch(self) -> None:
        async for message in self._connection.messages():
            if message.type == "resync":
                await self._load()
            elif order := find_order(message):
                self._orders.take_in(order)

    async def _carry(self) -> None:
        seen = -1
        while True:
            await self._orders.wait_for_change(seen)
            await asyncio.sleep(self._pace.handover_s)
            seen = self._orders.revision
            orders = self._orders.list_orders()
            ready = {(item.item_id, item.version) for each in orders for item in list_ready(each)}
            self._carried &= ready
            for order in orders:
                await self._attend(order)
            await self._close_tables(orders)

    async def _attend(self, order: OrderView) -> None:
        try:
            for waiting in list_awaiting_approval(order):
                await self._send(
                    ApproveRound(order_id=order.order_id, round_number=waiting.round_number)
                )
            items = [
                item
                for item in list_ready(order)
                if (item.item_id, item.version) not in self._carried
            ]
            if items:
                await self._serve(items)
        except ClientError as error:
            self._tally.note(error, f"Serving order {order.order_number}")
            asyncio.get_running_loop().call_later(_TRIES_AGAIN_S, self._orders.wake)

    async def _serve(self, items: list[OrderItemView]) -> None:
        await self._send(
            ServeItems(
                items=[
                    ItemUnits(item_id=item.item_id, expected_version=item.version) for item in items
                ]
            )
        )
        self._carried |= {(item.item_id, item.version) for item in items}
        self._tally.served += len(items)

    async def _close_tables(self, orders: list[OrderView]) -> None:
        owed = {order.table_session_id for order in orders if not is_over(order)}
        for table_session_id in sorted(self._departed - owed):
            try:
                await self._send(CloseTableSession(table_session_id=table_session_id))
            except ClientError as error:
                self._tally.note(error, "Closing a table")
            else:
                self._tally.closed_tables += 1
            self._departed.discard(table_session_id)
            self._orders.wake()

    async def _send(self, command: Command) -> Acknowledgement:
        return await self._connection.send(_COMMAND_TYPES[type(command)], command)
