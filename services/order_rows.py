"""Orders from their rows: seven queries for one order or for a whole board.

Reading is all this does; services/order_writes.py puts changes back. Plain SQL, because a board
of a hundred orders is a few thousand rows, and every command of the kitchen reads one order.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from domain.orders import Hold, Item, Order, Round, Ticket
from domain.statuses import (
    Channel,
    HoldKind,
    ItemStatus,
    OrderStatus,
    RoundStatus,
    TicketStatus,
)
from domain.taxes import PriceTerms, TaxRate, TaxRounding
from domain.views.kitchen import StationView
from domain.views.orders import ItemModifierView
from models.base import database_proxy
from models.fields import from_optional_unix_ms, from_unix_ms
from models.rows import fetch_rows
from services.payment_rows import read_payments

_ORDERS_QUERY = """
SELECT orders.id, orders.cafe_id, orders.number, orders.business_date, orders.channel,
    orders.table_id, orders.table_number, orders.table_label, orders.table_session_id,
    orders.lane_id, orders.person_id, orders.status, orders.version, orders.currency,
    orders.prices_include_tax, cafe.tax_rounding, orders.submitted_at,
    orders.estimated_ready_at, orders.completed_at, cafe_table.area,
    order_contact.revision, order_contact.initial
FROM orders
JOIN cafe ON cafe.id = orders.cafe_id
LEFT JOIN cafe_table ON cafe_table.id = orders.table_id
LEFT JOIN order_contact ON order_contact.order_id = orders.id
"""
_ROUNDS_QUERY = """
SELECT order_round.order_id, order_round.id, order_round.number, order_round.status,
    order_round.submitted_at, order_round.menu_version, order_round.lane_id, lane.number,
    order_round.person_id, order_round.note, order_round.allergy, order_round.reason,
    order_round.fired_at, order_round.undo_until, order_round.progress_percentage,
    order_round.rush_reason
FROM order_round
LEFT JOIN lane ON lane.id = order_round.lane_id
WHERE order_round.order_id IN ({places})
ORDER BY order_round.order_id, order_round.number
"""
_HOLDS_QUERY = """
SELECT round_hold.round_id, round_hold.kind, round_hold.reason, round_hold.owner,
    round_hold.created_at, round_hold.expires_at, round_hold.cleared_at
FROM round_hold
JOIN order_round ON order_round.id = round_hold.round_id
WHERE order_round.order_id IN ({places})
ORDER BY round_hold.round_id, round_hold.kind
"""
_ITEMS_QUERY = """
SELECT order_item.order_id, order_item.id, order_item.line_number, order_round.number,
    order_item.menu_item_id, order_item.name, order_item.kitchen_name, order_item.plate,
    order_item.quantity, order_item.unit_price_minor, order_item.note, order_item.tax_code,
    order_item.tax_name, order_item.rate_ppm, order_item.tax_minor, order_item.status,
    order_item.prep_s, order_item.version, order_item.lane_id, order_item.queued_at,
    order_item.started_at, order_item.ready_at, order_item.served_at, order_item.voided_at,
    order_item.void_reason, order_item.void_seen_at, order_item.remake_of_id,
    order_item.split_from_id, station.id, station.name, station.slug, station.target_s,
    station.position
FROM order_item
JOIN order_round ON order_round.id = order_item.round_id
JOIN station ON station.id = order_item.station_id
WHERE order_item.order_id IN ({places})
ORDER BY order_item.order_id, order_item.line_number
"""
_MODIFIERS_QUERY = """
SELECT order_item_modifier.order_item_id, order_item_modifier.modifier_id,
    order_item_modifier.name, order_item_modifier.kitchen_name, order_item_modifier.quantity,
    order_item_modifier.price_minor, order_item_modifier.is_removal, order_item_modifier.is_usual
FROM order_item_modifier
JOIN order_item ON order_item.id = order_item_modifier.order_item_id
WHERE order_item.order_id IN ({places})
ORDER BY order_item_modifier.order_item_id, order_item_modifier.position
"""
_TICKETS_QUERY = """
SELECT ticket.order_id, ticket.id, order_round.number, ticket.station_id, ticket.target_s,
    ticket.queued_at, ticket.status, ticket.version, ticket.started_at, ticket.completed_at,
    ticket.is_recalled, ticket.allergy_seen_at, ticket.moved_from
FROM ticket
JOIN order_round ON order_round.id = ticket.round_id
JOIN station ON station.id = ticket.station_id
WHERE ticket.order_id IN ({places})
ORDER BY ticket.order_id, order_round.number, station.position, station.id
"""


def lock_order(cafe_id: str, order_id: str) -> Order | None:
    """Read one order to change it; others who want to change it wait. None: no such order here."""
    # Only PostgreSQL has several writers; SQLite's one writer has the whole file.
    lock = " FOR UPDATE OF orders" if database_proxy.for_update else ""
    rows = fetch_rows(
        f"{_ORDERS_QUERY} WHERE orders.id = ? AND orders.cafe_id = ?{lock}", (order_id, cafe_id)
    )
    orders = _build_orders(rows, with_refunds=True)
    return orders[0] if orders else None


def read_orders(cafe_id: str, order_ids: Sequence[str]) -> list[Order]:
    """Read orders of a cafe as they are now, in the order of the ids; unknown ids are left out."""
    if not order_ids:
        return []
    rows = fetch_rows(
        f"{_ORDERS_QUERY} WHERE orders.cafe_id = ? AND orders.id IN ({_places(order_ids)})",
        (cafe_id, *order_ids),
    )
    by_id = {order.order_id: order for order in _build_orders(rows)}
    return [by_id[order_id] for order_id in order_ids if order_id in by_id]


def _build_orders(rows: list[tuple[Any, ...]], *, with_refunds: bool = False) -> list[Order]:
    orders = {row[0]: _build_order(row) for row in rows}
    if orders:
        _add_rounds(orders)
        _add_items(orders)
        _add_tickets(orders)
        for order_id, payments in read_payments(tuple(orders), with_refunds=with_refunds).items():
            orders[order_id].payments = payments
    return list(orders.values())


def _add_rounds(orders: dict[str, Order]) -> None:
    rounds: dict[str, Round] = {}
    for row in _fetch(_ROUNDS_QUERY, orders):
        each = _build_round(row)
        rounds[each.round_id] = each
        orders[row[0]].rounds.append(each)
    for row in _fetch(_HOLDS_QUERY, orders):
        rounds[row[0]].holds.append(_build_hold(row))


def _add_items(orders: dict[str, Order]) -> None:
    modifiers: dict[str, list[ItemModifierView]] = defaultdict(list)
    for row in _fetch(_MODIFIERS_QUERY, orders):
        modifiers[row[0]].append(_build_modifier(row))
    stations: dict[str, dict[str, tuple[int, StationView]]] = defaultdict(dict)
    for row in _fetch(_ITEMS_QUERY, orders):
        orders[row[0]].items.append(_build_item(row, tuple(modifiers.get(row[1], ()))))
        station_id, name, slug, target_s, position = row[-5:]
        stations[row[0]][station_id] = (
            position,
            StationView(station_id=station_id, name=name, slug=slug, target_s=target_s),
        )
    for order_id, found in stations.items():
        in_order = sorted(found.values(), key=lambda each: (each[0], each[1].station_id))
        orders[order_id].stations = {station.station_id: station for _, station in in_order}


def _add_tickets(orders: dict[str, Order]) -> None:
    for row in _fetch(_TICKETS_QUERY, orders):
        orders[row[0]].tickets.append(_build_ticket(row))


def _fetch(query: str, orders: dict[str, Order]) -> list[tuple[Any, ...]]:
    return fetch_rows(query.format(places=_places(orders)), tuple(orders))


def _places(values: Sequence[str] | dict[str, Order]) -> str:
    return ", ".join("?" * len(values))


def _build_order(row: tuple[Any, ...]) -> Order:
    (
        order_id,
        cafe_id,
        number,
        business_date,
        channel,
        table_id,
        table_number,
        table_label,
        table_session_id,
        lane_id,
        person_id,
        status,
        version,
        currency,
        prices_include_tax,
        tax_rounding,
        submitted_at,
        estimated_ready_at,
        completed_at,
        table_area,
        name_revision,
        initial,
    ) = row
    return Order(
        order_id=order_id,
        cafe_id=cafe_id,
        number=number,
        business_date=date.fromisoformat(business_date),
        channel=Channel(channel),
        terms=PriceTerms(
            currency=currency,
            prices_include_tax=bool(prices_include_tax),
            tax_rounding=TaxRounding(tax_rounding),
        ),
        submitted_at=from_unix_ms(submitted_at),
        stations={},
        table_id=table_id,
        table_number=table_number,
        table_label=table_label,
        table_area=table_area or "",
        table_session_id=table_session_id,
        lane_id=lane_id,
        person_id=person_id,
        status=OrderStatus(status),
        version=version,
        estimated_ready_at=from_optional_unix_ms(estimated_ready_at),
        completed_at=from_optional_unix_ms(completed_at),
        name_revision=name_revision or 0,
        initial=initial or "",
    )


def _build_round(row: tuple[Any, ...]) -> Round:
    (
        _,
        round_id,
        number,
        status,
        submitted_at,
        menu_version,
        lane_id,
        lane_number,
        person_id,
        note,
        allergy,
        reason,
        fired_at,
        undo_until,
        progress_percentage,
        rush_reason,
    ) = row
    return Round(
        round_id=round_id,
        number=number,
        status=RoundStatus(status),
        submitted_at=from_unix_ms(submitted_at),
        menu_version=menu_version,
        lane_id=lane_id,
        lane_number=lane_number,
        person_id=person_id,
        note=note,
        allergy=allergy,
        reason=reason,
        fired_at=from_optional_unix_ms(fired_at),
        undo_until=from_optional_unix_ms(undo_until),
        progress_percentage=progress_percentage,
        rush_reason=rush_reason,
    )


def _build_hold(row: tuple[Any, ...]) -> Hold:
    _, kind, reason, owner, created_at, expires_at, cleared_at = row
    return Hold(
        kind=HoldKind(kind),
        reason=reason,
        owner=owner,
        created_at=from_unix_ms(created_at),
        expires_at=from_optional_unix_ms(expires_at),
        cleared_at=from_optional_unix_ms(cleared_at),
    )


def _build_modifier(row: tuple[Any, ...]) -> ItemModifierView:
    _, modifier_id, name, kitchen_name, quantity, price_minor, is_removal, is_usual = row
    return ItemModifierView(
        modifier_id=modifier_id,
        name=name,
        kitchen_name=kitchen_name,
        quantity=quantity,
        price_minor=price_minor,
        is_removal=bool(is_removal),
        is_usual=bool(is_usual),
    )


def _build_item(row: tuple[Any, ...], modifiers: tuple[ItemModifierView, ...]) -> Item:
    (
        _,
        item_id,
        line_number,
        round_number,
        menu_item_id,
        name,
        kitchen_name,
        plate,
        quantity,
        unit_price_minor,
        note,
        tax_code,
        tax_name,
        rate_ppm,
        tax_minor,
        status,
        prep_s,
        version,
        lane_id,
        queued_at,
        started_at,
        ready_at,
        served_at,
        voided_at,
        void_reason,
        void_seen_at,
        remake_of,
        split_from,
        station_id,
        *_,
    ) = row
    return Item(
        item_id=item_id,
        line_number=line_number,
        round_number=round_number,
        menu_item_id=menu_item_id,
        name=name,
        kitchen_name=kitchen_name,
        plate=plate,
        quantity=quantity,
        unit_price_minor=unit_price_minor,
        modifiers=modifiers,
        note=note,
        rate=TaxRate(code=tax_code, name=tax_name, rate_ppm=rate_ppm),
        tax_minor=tax_minor,
        status=ItemStatus(status),
        station_id=station_id,
        prep_s=prep_s,
        version=version,
        lane_id=lane_id,
        queued_at=from_optional_unix_ms(queued_at),
        started_at=from_optional_unix_ms(started_at),
        ready_at=from_optional_unix_ms(ready_at),
        served_at=from_optional_unix_ms(served_at),
        voided_at=from_optional_unix_ms(voided_at),
        void_reason=void_reason,
        void_seen_at=from_optional_unix_ms(void_seen_at),
        remake_of=remake_of,
        split_from=split_from,
    )


def _build_ticket(row: tuple[Any, ...]) -> Ticket:
    (
        _,
        ticket_id,
        round_number,
        station_id,
        target_s,
        queued_at,
        status,
        version,
        started_at,
        completed_at,
        is_recalled,
        allergy_seen_at,
        moved_from,
    ) = row
    return Ticket(
        ticket_id=ticket_id,
        round_number=round_number,
        station_id=station_id,
        target_s=target_s,
        queued_at=from_unix_ms(queued_at),
        status=TicketStatus(status),
        version=version,
        started_at=from_optional_unix_ms(started_at),
        completed_at=from_optional_unix_ms(completed_at),
        is_recalled=bool(is_recalled),
        allergy_seen_at=from_optional_unix_ms(allergy_seen_at),
        moved_from=moved_from,
    )
