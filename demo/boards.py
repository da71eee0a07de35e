"""What simulated staff have in front of them: tickets of a station, orders of the cafe.

Filled from a snapshot and from messages in any order: views are absolute, the newest version
wins. Pure state, except that whoever waits for work is woken when something arrives.
"""

import asyncio
from collections.abc import Iterable

import msgspec

from client.messages import Message
from domain.payments import OPEN_LEG_STATUSES
from domain.statuses import (
    TERMINAL_ORDER_STATUSES,
    HoldKind,
    ItemStatus,
    RoundStatus,
    TicketStatus,
)
from domain.views.kitchen import TicketItemView, TicketView
from domain.views.money import PaymentView
from domain.views.orders import OrderItemView, OrderView, RoundView

_OPEN_TICKETS = frozenset({TicketStatus.RECEIVED, TicketStatus.STARTED})
_UNCOOKED = frozenset({ItemStatus.QUEUED, ItemStatus.STARTED})


class TicketBoard:
    """The tickets of one station. A cook claims one, works on it and lets it go."""

    def __init__(self) -> None:
        self._tickets: dict[str, TicketView] = {}
        self._claimed: set[str] = set()
        self._changed = asyncio.Event()

    def load(self, tickets: Iterable[TicketView]) -> None:
        """Start over from a snapshot; what is claimed stays claimed."""
        self._tickets = {}
        for ticket in tickets:
            self.take_in(ticket)

    def take_in(self, ticket: TicketView) -> None:
        """Keep a ticket if it is newer than what is known of it."""
        known = self._tickets.get(ticket.ticket_id)
        if known is None or ticket.version > known.version:
            self._tickets[ticket.ticket_id] = ticket
            self._forget_if_done(ticket)
            self._changed.set()

    def find(self, ticket_id: str) -> TicketView | None:
        """Return a ticket as it was last seen."""
        return self._tickets.get(ticket_id)

    def claim(self) -> TicketView | None:
        """Take the oldest ticket that has something to do and that nobody works on."""
        free = [
            ticket
            for ticket in self._tickets.values()
            if ticket.ticket_id not in self._claimed and needs_work(ticket)
        ]
        if not free:
            return None
        oldest = min(free, key=lambda ticket: (ticket.queued_at, ticket.ticket_id))
        self._claimed.add(oldest.ticket_id)
        return oldest

    async def wait_and_claim(self) -> TicketView:
        """Wait until there is a ticket to claim."""
        while (ticket := self.claim()) is None:
            self._changed.clear()
            await self._changed.wait()
        return ticket

    def release(self, ticket_id: str) -> None:
        """Let a ticket go; if it still needs work, somebody may claim it again."""
        self._claimed.discard(ticket_id)
        ticket = self._tickets.get(ticket_id)
        if ticket is not None:
            self._forget_if_done(ticket)
        self._changed.set()

    def _forget_if_done(self, ticket: TicketView) -> None:
        # A recalled ticket comes back as a message, so nothing is lost by forgetting.
        is_free = ticket.ticket_id not in self._claimed
        if is_free and ticket.status not in _OPEN_TICKETS and not needs_work(ticket):
            del self._tickets[ticket.ticket_id]


class OrderBook:
    """The open orders of the cafe as the counter sees them.

    revision: rises with every change; whoever looks remembers it and waits for a later one.
    """

    def __init__(self) -> None:
        self._orders: dict[str, OrderView] = {}
        self._changed = asyncio.Event()
        self.revision = 0

    def load(self, orders: Iterable[OrderView]) -> None:
        """Start over from a snapshot."""
        self._orders = {order.order_id: order for order in orders}
        self.wake()

    def take_in(self, order: OrderView) -> None:
        """Keep an order if it is newer than what is known of it."""
        known = self._orders.get(order.order_id)
        if known is None or order.version > known.version:
            self._orders[order.order_id] = order
            self.wake()

    def list_orders(self) -> list[OrderView]:
        """List all known orders, oldest first, and forget those that are over."""
        orders = sorted(self._orders.values(), key=lambda order: order.submitted_at)
        for order in orders:
            if is_over(order):
                del self._orders[order.order_id]
        return orders

    def wake(self) -> None:
        """Have whoever waits look again: something beside the orders has changed."""
        self.revision += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for_change(self, revision: int) -> None:
        """Wait until something is newer than that revision."""
        while self.revision == revision:
            await self._changed.wait()


def needs_work(ticket: TicketView) -> bool:
    """Say whether a cook has something to do with a ticket."""
    if list_unseen_voids(ticket):
        return True
    return ticket.status in _OPEN_TICKETS and bool(list_uncooked(ticket))


def list_uncooked(ticket: TicketView) -> list[TicketItemView]:
    """List the lines of a ticket that are still to be made."""
    return [item for item in ticket.items if item.status in _UNCOOKED]


def list_unseen_voids(ticket: TicketView) -> list[TicketItemView]:
    """List the lines that were taken off while no cook has looked."""
    return [
        item for item in ticket.items if item.status is ItemStatus.VOIDED and not item.void_seen
    ]


def list_ready(order: OrderView) -> list[OrderItemView]:
    """List the lines of an order that can be carried to the guests."""
    return [item for item in order.items if item.status is ItemStatus.READY]


def list_awaiting_approval(order: OrderView) -> list[RoundView]:
    """List the rounds that wait for somebody of the counter to look at the guests."""
    return [
        each
        for each in order.rounds
        if each.status is RoundStatus.SUBMITTED
        and any(hold.kind is HoldKind.APPROVAL for hold in each.holds)
    ]


def is_over(order: OrderView) -> bool:
    """Say whether nothing more happens to an order by itself: all of it served or voided."""
    return order.status in TERMINAL_ORDER_STATUSES


def find_payment(order: OrderView, payment_id: str) -> PaymentView | None:
    """Return a payment of an order, if the order is new enough to show it."""
    legs = order.payment.legs
    return next((leg for leg in legs if leg.payment_id == payment_id), None)


def has_ended(order: OrderView, payment_id: str) -> bool:
    """Say whether a payment of an order is captured or failed, and nothing is waited for."""
    payment = find_payment(order, payment_id)
    return payment is not None and payment.status not in OPEN_LEG_STATUSES


def find_order(message: Message) -> OrderView | None:
    """Return the order that a message is about, if it is about one."""
    if isinstance(message.data, dict) and "order" in message.data:
        return msgspec.convert(message.data["order"], OrderView)
    return None


def find_ticket(message: Message) -> TicketView | None:
    """Return the ticket that a message is about, if it is about one."""
    if isinstance(message.data, dict) and "ticket" in message.data:
        return msgspec.convert(message.data["ticket"], TicketView)
    return None
