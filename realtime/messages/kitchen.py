"""Kitchen messages: the source's fields flat, and the whole ticket as its view under `ticket`."""

from domain.events import (
    KitchenOrderCompleted,
    KitchenOrderReceived,
    KitchenOrderStarted,
    KitchenTicketUpdated,
)
from domain.statuses import ItemStatus, Priority
from domain.views.kitchen import TicketItemView, TicketView
from realtime.messages.envelope import Data, EventMessage


class KitchenItem(Data, frozen=True, kw_only=True):
    """A line in short, without a price."""

    item_id: str
    name: str
    quantity: int
    status: ItemStatus
    modifiers: list[str]
    special_instructions: str | None = None


class KitchenOrderData(Data, frozen=True, kw_only=True):
    """One station's part of one round. estimated_prep_time: minutes, rounded up.

    special_instructions: the allergy first: who reads the source's fields alone must not miss it.
    """

    order_id: str
    order_number: int
    items: list[KitchenItem]
    priority: Priority
    special_instructions: str | None = None
    estimated_prep_time: int
    kitchen_station_id: str
    ticket_id: str
    version: int
    ticket: TicketView

    @property
    def view(self) -> TicketView:
        return self.ticket


class KitchenTicketUpdatedData(KitchenOrderData, frozen=True, kw_only=True):
    """change: item, void, recall or others."""

    change: str


class KitchenOrderReceivedMessage(
    EventMessage, frozen=True, kw_only=True, tag="kitchen_order_received"
):
    data: KitchenOrderData


class KitchenOrderStartedMessage(
    EventMessage, frozen=True, kw_only=True, tag="kitchen_order_started"
):
    data: KitchenOrderData


class KitchenOrderCompletedMessage(
    EventMessage, frozen=True, kw_only=True, tag="kitchen_order_completed"
):
    data: KitchenOrderData


class KitchenTicketUpdatedMessage(
    EventMessage, frozen=True, kw_only=True, tag="kitchen_ticket_updated"
):
    data: KitchenTicketUpdatedData


def build_kitchen_order(
    event: KitchenOrderReceived | KitchenOrderStarted | KitchenOrderCompleted,
) -> KitchenOrderData:
    """Say what a station has to do, does or did."""
    ticket = event.ticket
    return KitchenOrderData(
        order_id=ticket.order_id,
        order_number=ticket.order_number,
        items=[_shorten(item) for item in ticket.items],
        priority=ticket.priority,
        special_instructions=_instruct(ticket),
        estimated_prep_time=_count_minutes(ticket.target_s),
        kitchen_station_id=ticket.station_id,
        ticket_id=ticket.ticket_id,
        version=ticket.version,
        ticket=ticket,
    )


def build_ticket_updated(event: KitchenTicketUpdated) -> KitchenTicketUpdatedData:
    """Say what changed on a ticket."""
    ticket = event.ticket
    return KitchenTicketUpdatedData(
        order_id=ticket.order_id,
        order_number=ticket.order_number,
        items=[_shorten(item) for item in ticket.items],
        priority=ticket.priority,
        special_instructions=_instruct(ticket),
        estimated_prep_time=_count_minutes(ticket.target_s),
        kitchen_station_id=ticket.station_id,
        ticket_id=ticket.ticket_id,
        version=ticket.version,
        ticket=ticket,
        change=event.change,
    )


def _shorten(item: TicketItemView) -> KitchenItem:
    return KitchenItem(
        item_id=item.item_id,
        name=item.name,
        quantity=item.quantity,
        status=item.status,
        modifiers=[modifier.kitchen_name or modifier.name for modifier in item.modifiers],
        special_instructions=item.note or None,
    )


def _instruct(ticket: TicketView) -> str | None:
    allergy = f"ALLERGY: {ticket.allergy}" if ticket.allergy else ""
    return "\n".join(filter(None, (allergy, ticket.note))) or None


def _count_minutes(seconds: int) -> int:
    return -(-seconds // 60)
