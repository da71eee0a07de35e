"""The simulated counter: approves, hands over, takes money, gives some back and closes tables.

One person with one socket on /ws/counter. Orders of real guests are served like all others; only
simulated guests are asked for money, and only the tables that they have left are closed.
"""

import asyncio
from random import Random

import msgspec

from client.connection import Connection
from client.messages import Acknowledgement, ClientError, RefusedError
from demo.appetite import choose_allergy, choose_lines, choose_note
from demo.boards import OrderBook, find_order, is_over, list_awaiting_approval, list_ready
from demo.pace import Pace
from demo.purse import (
    choose_complaint,
    choose_counter_method,
    choose_refund,
    choose_tender,
    find_refundable,
    is_refused_by_terminal,
)
from demo.staffer import Staffer
from demo.tally import Tally
from domain.commands import (
    ApproveRound,
    CloseTableSession,
    Command,
    ConfirmTerminalPayment,
    DeclineTerminalPayment,
    InitiatePayment,
    ItemUnits,
    PlaceOrder,
    Quote,
    RefundPayment,
    ServeItems,
)
from domain.payments import PaymentMethod
from domain.views.money import PaymentView, QuoteView
from domain.views.orders import OrderItemView, OrderView

_COMMAND_TYPES: dict[type[Command], str] = {
    ApproveRound: "approve_round",
    CloseTableSession: "close_table_session",
    ConfirmTerminalPayment: "confirm_terminal_payment",
    DeclineTerminalPayment: "decline_terminal_payment",
    InitiatePayment: "initiate_payment",
    PlaceOrder: "place_order",
    Quote: "quote",
    RefundPayment: "refund_payment",
    ServeItems: "serve_items",
}


_TRIES_AGAIN_S = 1.0
_ORDERS_OPEN = "orders_open"


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
        order = msgspec.convert(placed.data, OrderView)
        self._orders.take_in(order)
        self._tally.orders += 1
        self._tally.lines += len(lines)
        await self.collect(order)

    async def collect(self, order: OrderView) -> None:
        """Take what is due of an order, in cash or by the terminal; cash where it refuses."""
        method = choose_counter_method(self._random)
        if method is PaymentMethod.CARD_TERMINAL and not await self._swipe(order):
            method = PaymentMethod.CASH
        if method is PaymentMethod.CASH:
            amount_minor = order.payment.payable_minor
            await self._send(
                InitiatePayment(
                    order_id=order.order_id,
                    method=method,
                    amount_minor=amount_minor,
                    tendered_minor=choose_tender(amount_minor, self._random),
                )
            )
        self._tally.counter_payments += 1

    async def give_back(self, order: OrderView) -> None:
        """Give a part of what was paid back to somebody who has a reason."""
        rest = await self._staffer.sign_in()
        payment = find_refundable(await rest.read_order(order.order_id))
        if payment is None:
            return
        await self._send(
            RefundPayment(
                payment_id=payment.payment_id,
                amount_minor=choose_refund(payment, self._random),
                reason=choose_complaint(self._random),
                with_credit=True,
            )
        )
        self._tally.refunds += 1

    def note_departure(self, table_session_id: str) -> None:
        """Remember guests who have left; their table is closed once nothing is owed to it."""
        self._departed.add(table_session_id)
        self._orders.wake()

    async def _swipe(self, order: OrderView) -> bool:
        """Take what is due by the card terminal; False where it refuses the card."""
        begun = await self._send(
            InitiatePayment(
                order_id=order.order_id,
                method=PaymentMethod.CARD_TERMINAL,
                amount_minor=order.payment.payable_minor,
            )
        )
        payment_id = msgspec.convert(begun.data, PaymentView).payment_id
        await asyncio.sleep(self._random.uniform(0.5, 1.5) * self._pace.handover_s)
        if is_refused_by_terminal(self._random):
            await self._send(DeclineTerminalPayment(payment_id=payment_id))
            self._tally.declined += 1
            return False
        await self._send(ConfirmTerminalPayment(payment_id=payment_id))
        return True

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
                if isinstance(error, RefusedError) and error.body.code == _ORDERS_OPEN:
                    continue  # something was recalled; it shows in a moment, and is served again
            else:
                self._tally.closed_tables += 1
            self._departed.discard(table_session_id)
            self._orders.wake()

    async def _send(self, command: Command) -> Acknowledgement:
        return await self._connection.send(_COMMAND_TYPES[type(command)], command)
