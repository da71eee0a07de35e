"""Views of an order: what guests, counter, kitchen and board are shown of it.

Pure functions of the order and the time; the same whether a page, an answer or an event asks.
"""

from datetime import datetime, timedelta

import msgspec

from domain.kitchen import (
    derive_priority,
    find_earlier_quantity,
    find_neighbour,
    list_neighbours,
    list_station_progress,
)
from domain.orders import Item, Order, Round, Ticket, estimate_round_ready_at
from domain.payments import Payment, Refund, Sums, sum_payments
from domain.statuses import ItemStatus, OrderStatus
from domain.views.boards import BoardNumberView
from domain.views.kitchen import HeldLinesView, TicketItemView, TicketView
from domain.views.money import OrderPaymentView, PaymentView, RefundView
from domain.views.orders import HoldView, OrderItemView, OrderView, RoundView

# What the board shows of an order that the kitchen has or had; any other status is "gone".
NUMBER_STATES: dict[OrderStatus, str] = {
    OrderStatus.CONFIRMED: "preparing",
    OrderStatus.PREPARING: "preparing",
    OrderStatus.READY: "ready",
}


def build_order_view(order: Order) -> OrderView:
    """Show an order with all its rounds and lines, voided ones included."""
    totals = order.totals
    return OrderView(
        order_id=order.order_id,
        order_number=order.number,
        business_date=order.business_date,
        status=order.status,
        version=order.version,
        channel=order.channel,
        table_number=order.table_number,
        table_label=order.table_label,
        table_session_id=order.table_session_id,
        progress_percentage=order.progress_percentage,
        submitted_at=order.submitted_at,
        estimated_ready_at=order.estimated_ready_at,
        completed_at=order.completed_at,
        rounds=[_build_round_view(order, each) for each in order.rounds],
        totals=totals,
        payment=_build_order_payment_view(
            order.payments, sum_payments(totals.total_minor, order.payments)
        ),
        table_area=order.table_area,
        name_revision=order.name_revision,
    )


def build_payment_view(leg: Payment) -> PaymentView:
    """Show one leg to everybody who may see its order: nobody of the staff is named."""
    return PaymentView(
        payment_id=leg.payment_id,
        order_id=leg.order_id,
        number=leg.number,
        method=leg.method,
        status=leg.status,
        version=leg.version,
        amount_minor=leg.amount_minor,
        tendered_minor=leg.tendered_minor,
        change_minor=0 if leg.tendered_minor is None else leg.tendered_minor - leg.amount_minor,
        refunded_minor=leg.refunded_minor,
        refunding_minor=leg.refunding_minor,
        is_checking=leg.is_checking,
        failure_reason=leg.failure_reason,
        lane_id=leg.lane_id,
        created_at=leg.created_at,
        ended_at=leg.ended_at,
    )


def build_refund_view(leg: Payment, refund: Refund, *, shows_reason: bool) -> RefundView:
    """Show a refund. shows_reason: for staff."""
    return RefundView(
        refund_id=refund.refund_id,
        payment_id=leg.payment_id,
        amount_minor=refund.amount_minor,
        status=refund.status,
        with_credit=refund.with_credit,
        reason=refund.reason if shows_reason else "",
        failure_reason=refund.failure_reason,
        created_at=refund.created_at,
        settled_at=refund.settled_at,
        credited_minor=refund.credited_minor,
    )


def build_ticket_view(order: Order, ticket: Ticket, *, now: datetime) -> TicketView:
    """Show a ticket to the kitchen: no price, no name, and what the other stations have ready."""
    station = order.stations[ticket.station_id]
    each = order.get_round(ticket.round_number)
    items = order.list_ticket_items(ticket)
    neighbour = find_neighbour(order, ticket)
    return TicketView(
        ticket_id=ticket.ticket_id,
        order_id=order.order_id,
        order_number=order.number,
        round_number=ticket.round_number,
        station_id=ticket.station_id,
        station_name=station.name,
        status=ticket.status,
        version=ticket.version,
        channel=order.channel,
        table_number=order.table_number,
        table_label=order.table_label,
        priority=derive_priority(ticket, items, is_rushed=each.is_rushed, now=now),
        queued_at=ticket.queued_at,
        started_at=ticket.started_at,
        completed_at=ticket.completed_at,
        target_s=ticket.target_s,
        is_recalled=ticket.is_recalled,
        note=each.note,
        allergy=each.allergy,
        items=[_build_ticket_item(item, items) for item in items],
        others=list_station_progress(order, ticket),
        rush_reason=each.rush_reason,
        allergy_seen=ticket.allergy_seen_at is not None,
        moved_from=ticket.moved_from,
        name_revision=order.name_revision,
        is_course=each.is_course,
        fires_at=each.fires_at,
        held=[_build_held_lines(order, other) for other in list_neighbours(order, ticket)],
        beside_id=None if neighbour is None else neighbour.ticket_id,
    )


def _build_held_lines(order: Order, ticket: Ticket) -> HeldLinesView:
    items = [item for item in order.list_ticket_items(ticket) if item.is_live]
    return HeldLinesView(
        ticket_id=ticket.ticket_id,
        items=[_build_ticket_item(item, items) for item in items],
        fires_at=order.get_round(ticket.round_number).fires_at,
    )


def build_number_view(order: Order) -> BoardNumberView | None:
    """Show an order on the board; None for one of which no round ever passed its gate.

    What the house holds is in no preparation: an order of which nothing else is left is gone from
    the board until it is fired.

    Its version is the order's: events come when the state changes, so a snapshot may show a newer
    version of the same state than the last event did, and never an older one.
    """
    if not any(each.fired_at or each.is_course for each in order.rounds):
        return None
    return BoardNumberView(
        order_number=order.number,
        business_date=order.business_date,
        state=_find_number_state(order),
        version=order.version,
        since=_find_number_since(order),
        initial=order.initial,
    )


def _find_number_state(order: Order) -> str:
    live = order.list_live_items()
    if order.status is OrderStatus.CONFIRMED and all(
        item.status in (ItemStatus.HELD, ItemStatus.SERVED) for item in live
    ):
        return "gone"
    return NUMBER_STATES.get(order.status, "gone")


def _find_number_since(order: Order) -> datetime:
    """Return since when the number stands where it does, from facts that are stored."""
    live = order.list_live_items()
    match _find_number_state(order):
        case "ready":
            return max(item.ready_at for item in live if item.ready_at is not None)
        case "preparing":
            unfinished = {item.round_number for item in live if item.ready_at is None}
            fired = [each.fired_at for each in order.rounds if each.number in unfinished]
            return min((at for at in fired if at is not None), default=order.submitted_at)
    ended = [item.voided_at for item in order.items if item.voided_at is not None]
    return order.completed_at or max(ended, default=order.submitted_at)


def _build_order_payment_view(payments: list[Payment], sums: Sums) -> OrderPaymentView:
    return OrderPaymentView(
        status=sums.status,
        due_minor=sums.due_minor,
        payable_minor=sums.payable_minor,
        captured_minor=sums.captured_minor,
        refunded_minor=sums.refunded_minor,
        credited_minor=sums.credited_minor,
        pending_minor=sums.pending_minor,
        overpaid_minor=sums.overpaid_minor,
        is_overpaid=sums.overpaid_minor > 0,
        legs=[build_payment_view(leg) for leg in payments],
    )


def _build_round_view(order: Order, each: Round) -> RoundView:
    late_at = {
        ticket.station_id: ticket.queued_at + timedelta(seconds=ticket.target_s)
        for ticket in order.tickets
        if ticket.round_number == each.number and not each.is_held
    }
    return RoundView(
        round_number=each.number,
        status=each.status,
        holds=[
            HoldView(kind=hold.kind, reason=hold.reason, expires_at=hold.expires_at)
            for hold in each.holds
            if hold.is_open
        ],
        submitted_at=each.submitted_at,
        fired_at=each.fired_at,
        progress_percentage=each.progress_percentage,
        note=each.note,
        allergy=each.allergy,
        lane_number=each.lane_number,
        reason=each.reason,
        undo_until=each.undo_until,
        items=[
            _build_item_view(order, item, late_at=late_at.get(item.station_id))
            for item in order.list_items(each.number)
        ],
        estimated_ready_at=estimate_round_ready_at(order, each),
        is_rushed=each.is_rushed,
        is_course=each.is_course,
    )


def _build_item_view(order: Order, item: Item, *, late_at: datetime | None) -> OrderItemView:
    return OrderItemView(
        item_id=item.item_id,
        line_number=item.line_number,
        round_number=item.round_number,
        menu_item_id=item.menu_item_id,
        name=item.name,
        kitchen_name=item.kitchen_name,
        plate=item.plate,
        quantity=item.quantity,
        unit_price_minor=item.unit_price_minor,
        line_total_minor=item.gross_minor,
        modifiers=list(item.modifiers),
        note=item.note,
        status=item.status,
        version=item.version,
        station_id=item.station_id,
        station_name=order.stations[item.station_id].name,
        prep_s=item.prep_s,
        lane_id=item.lane_id,
        queued_at=item.queued_at,
        started_at=item.started_at,
        ready_at=item.ready_at,
        served_at=item.served_at,
        voided_at=item.voided_at,
        void_reason=item.void_reason,
        remake_of=item.remake_of,
        late_at=late_at,
    )


def _build_ticket_item(item: Item, beside: list[Item]) -> TicketItemView:
    """beside: all lines of the ticket."""
    return TicketItemView(
        item_id=item.item_id,
        quantity=item.quantity,
        name=item.kitchen_name,
        modifiers=[
            msgspec.structs.replace(modifier, price_minor=0)
            for modifier in item.modifiers
            if not modifier.is_usual
        ],
        note=item.note,
        status=item.status,
        version=item.version,
        is_remake=item.remake_of is not None,
        void_reason=item.void_reason,
        void_seen=item.void_seen_at is not None,
        started_at=item.started_at,
        ready_at=item.ready_at,
        changed_from=find_earlier_quantity(item, beside),
        menu_item_id=item.menu_item_id,
    )
