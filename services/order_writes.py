"""Orders back into their rows: new rows in one statement a table, changed ones by what changed.

`describe_rows` says which rows an order should have; comparing that with the rows it had when it
was read says what to write. Rows that change alike (the lines of a bumped ticket) are one UPDATE.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any, cast

import msgspec
from peewee import Model

from domain.kitchen import derive_priority
from domain.orders import Hold, Item, Order, Round, Ticket
from models.orders import Order as OrderRow
from models.orders import OrderItem, OrderItemModifier, RoundHold
from models.orders import Round as RoundRow
from models.orders import Ticket as TicketRow
from models.payments import UnsettledOrder
from models.rows import insert_rows
from services.payment_rows import (
    describe_payments,
    describe_refunds,
    write_payments,
    write_refunds,
)

Row = dict[str, Any]


class OrderRows(msgspec.Struct, kw_only=True):
    """The rows of one order, each table's by key, as field name -> value."""

    orders: dict[str, Row]
    rounds: dict[str, Row]
    holds: dict[tuple[str, str], Row]
    items: dict[str, Row]
    tickets: dict[str, Row]
    payments: dict[str, Row]
    refunds: dict[str, Row]
    is_unsettled: bool


def describe_nothing() -> OrderRows:
    """Say what an order has before it exists."""
    return OrderRows(
        orders={},
        rounds={},
        holds={},
        items={},
        tickets={},
        payments={},
        refunds={},
        is_unsettled=False,
    )


def describe_rows(order: Order, *, now: datetime) -> OrderRows:
    """Say which rows an order has, all but the modifiers, which never change."""
    round_ids = {each.number: each.round_id for each in order.rounds}
    return OrderRows(
        orders={order.order_id: _describe_order(order)},
        rounds={each.round_id: _describe_round(order, each) for each in order.rounds},
        holds={
            (each.round_id, hold.kind): _describe_hold(each, hold)
            for each in order.rounds
            for hold in each.holds
        },
        items={
            item.item_id: _describe_item(order, item, round_ids[item.round_number])
            for item in order.items
        },
        tickets={
            ticket.ticket_id: _describe_ticket(
                order, ticket, round_ids[ticket.round_number], now=now
            )
            for ticket in order.tickets
        },
        payments=describe_payments(order),
        refunds=describe_refunds(order),
        is_unsettled=order.is_unsettled,
    )


def write_changes(order: Order, before: OrderRows, *, now: datetime) -> None:
    """Write what differs from the rows before, in an order that foreign keys allow."""
    after = describe_rows(order, now=now)
    _write_table(OrderRow, before.orders, after.orders)
    _write_table(RoundRow, before.rounds, after.rounds)
    _write_holds(before.holds, after.holds)
    _write_table(OrderItem, before.items, after.items)
    _insert_modifiers([item for item in order.items if item.item_id not in before.items])
    _write_table(TicketRow, before.tickets, after.tickets)
    write_payments(order, before.payments)
    write_refunds(order, before.refunds)
    _write_attention(order, was_unsettled=before.is_unsettled, now=now)


def _write_table(model: type[Model], before: dict[str, Row], after: dict[str, Row]) -> None:
    insert_rows(model, [row for row_id, row in after.items() if row_id not in before])
    alike: dict[tuple[tuple[str, object], ...], list[str]] = defaultdict(list)
    for row_id, row in after.items():
        changes = _find_changes(before.get(row_id, row), row)
        if changes:
            alike[changes].append(row_id)
    for changes, row_ids in alike.items():
        values = dict(changes)
        if "version" in values:
            # Versions differ between rows that change alike; each rises by one.
            values["version"] = cast("Any", model).version + 1
        model.update(values).where(cast("Any", model).id.in_(row_ids)).execute()


def _find_changes(before: Row, after: Row) -> tuple[tuple[str, object], ...]:
    """List what changed, in the order of the columns. A new version is one more than before."""
    return tuple(
        (name, "risen" if name == "version" else value)
        for name, value in after.items()
        if before[name] != value
    )


def _write_holds(before: dict[tuple[str, str], Row], after: dict[tuple[str, str], Row]) -> None:
    insert_rows(RoundHold, [row for key, row in after.items() if key not in before])
    for key, row in after.items():
        if before.get(key, row) != row:
            # One that the house holds again begins anew.
            RoundHold.update(
                created_at=row["created_at"],
                expires_at=row["expires_at"],
                cleared_at=row["cleared_at"],
            ).where(RoundHold.round_id == row["round_id"], RoundHold.kind == row["kind"]).execute()


def _write_attention(order: Order, *, was_unsettled: bool, now: datetime) -> None:
    """Keep an order that is over on the till for as long as its money is not settled."""
    if order.is_unsettled and not was_unsettled:
        row = {"order_id": order.order_id, "cafe_id": order.cafe_id, "since": now}
        insert_rows(UnsettledOrder, [row])
    elif was_unsettled and not order.is_unsettled:
        UnsettledOrder.delete().where(UnsettledOrder.order_id == order.order_id).execute()


def _insert_modifiers(items: list[Item]) -> None:
    insert_rows(
        OrderItemModifier,
        [
            {
                "order_item_id": item.item_id,
                "position": position,
                "modifier_id": modifier.modifier_id,
                "name": modifier.name,
                "kitchen_name": modifier.kitchen_name,
                "quantity": modifier.quantity,
                "price_minor": modifier.price_minor,
                "is_removal": modifier.is_removal,
                "is_usual": modifier.is_usual,
            }
            for item in items
            for position, modifier in enumerate(item.modifiers)
        ],
    )


def _describe_order(order: Order) -> Row:
    totals = order.totals
    return {
        "id": order.order_id,
        "cafe_id": order.cafe_id,
        "number": order.number,
        "business_date": order.business_date,
        "channel": order.channel,
        "table_id": order.table_id,
        "table_number": order.table_number,
        "table_label": order.table_label,
        "table_session_id": order.table_session_id,
        "lane_id": order.lane_id,
        "person_id": order.person_id,
        "status": order.status,
        "version": order.version,
        "currency": order.terms.currency,
        "prices_include_tax": order.terms.prices_include_tax,
        "subtotal_minor": totals.subtotal_minor,
        "tax_minor": totals.tax_minor,
        "total_minor": totals.total_minor,
        "taxes": tuple(totals.taxes),
        "submitted_at": order.submitted_at,
        "estimated_ready_at": order.estimated_ready_at,
        "completed_at": order.completed_at,
    }


def _describe_round(order: Order, each: Round) -> Row:
    return {
        "id": each.round_id,
        "order_id": order.order_id,
        "number": each.number,
        "status": each.status,
        "lane_id": each.lane_id,
        "person_id": each.person_id,
        "note": each.note,
        "allergy": each.allergy,
        "menu_version": each.menu_version,
        "progress_percentage": each.progress_percentage,
        "submitted_at": each.submitted_at,
        "fired_at": each.fired_at,
        "undo_until": each.undo_until,
        "reason": each.reason,
        "rush_reason": each.rush_reason,
    }


def _describe_hold(each: Round, hold: Hold) -> Row:
    return {
        "round_id": each.round_id,
        "kind": hold.kind,
        "reason": hold.reason,
        "owner": hold.owner,
        "created_at": hold.created_at,
        "expires_at": hold.expires_at,
        "cleared_at": hold.cleared_at,
    }


def _describe_item(order: Order, item: Item, round_id: str) -> Row:
    tax_minor = item.tax_minor or 0
    is_inclusive = order.terms.prices_include_tax
    return {
        "id": item.item_id,
        "cafe_id": order.cafe_id,
        "order_id": order.order_id,
        "round_id": round_id,
        "station_id": item.station_id,
        "menu_item_id": item.menu_item_id,
        "lane_id": item.lane_id,
        "line_number": item.line_number,
        "name": item.name,
        "kitchen_name": item.kitchen_name,
        "plate": item.plate,
        "quantity": item.quantity,
        "note": item.note,
        "prep_s": item.prep_s,
        "unit_price_minor": item.unit_price_minor,
        "line_total_minor": item.gross_minor,
        "tax_code": item.rate.code,
        "tax_name": item.rate.name,
        "rate_ppm": item.rate.rate_ppm,
        "net_minor": item.gross_minor - tax_minor if is_inclusive else item.gross_minor,
        "tax_minor": tax_minor,
        "status": item.status,
        "version": item.version,
        "queued_at": item.queued_at,
        "started_at": item.started_at,
        "ready_at": item.ready_at,
        "served_at": item.served_at,
        "voided_at": item.voided_at,
        "void_reason": item.void_reason,
        "void_seen_at": item.void_seen_at,
        "remake_of": item.remake_of,
        "split_from": item.split_from,
    }


def _describe_ticket(order: Order, ticket: Ticket, round_id: str, *, now: datetime) -> Row:
    return {
        "id": ticket.ticket_id,
        "cafe_id": order.cafe_id,
        "order_id": order.order_id,
        "round_id": round_id,
        "station_id": ticket.station_id,
        "status": ticket.status,
        "version": ticket.version,
        "priority": derive_priority(
            ticket,
            order.list_ticket_items(ticket),
            is_rushed=order.get_round(ticket.round_number).is_rushed,
            now=now,
        ),
        "is_recalled": ticket.is_recalled,
        "allergy_seen_at": ticket.allergy_seen_at,
        "moved_from": ticket.moved_from,
        "target_s": ticket.target_s,
        "queued_at": ticket.queued_at,
        "started_at": ticket.started_at,
        "completed_at": ticket.completed_at,
    }
