"""Reading where things are that somebody misses on a wall: an order of today, or a dish."""

import re
from datetime import datetime

import msgspec

from domain.routing import Route, find_route
from domain.whereabouts import (
    STEP_EVENTS,
    Step,
    StepKind,
    Whereabouts,
    explain_order,
    list_steps,
)
from models.fields import from_unix_ms, to_unix_ms
from models.rows import fetch_rows
from services.cafes import read_cafe
from services.event_log import read_events_about
from services.order_rows import read_orders
from services.station_screens import read_kitchen_screens

_ORDER_NUMBER = re.compile("[0-9]{1,6}")
# An order has some ten; one that was recalled and rushed all day shows its beginning.
_EVENTS_LIMIT = 100
_RECEIPTS_QUERY = """
SELECT ticket_receipt.ticket_id, ticket_receipt.painted_at, station.name, device.name
FROM ticket_receipt
JOIN ticket ON ticket.id = ticket_receipt.ticket_id
JOIN station ON station.id = ticket.station_id
LEFT JOIN device ON device.cafe_id = ticket_receipt.cafe_id
    AND device.id = ticket_receipt.screen_key
WHERE ticket_receipt.cafe_id = ? AND ticket.order_id = ?
    AND ticket_receipt.painted_at >= ticket.queued_at
"""
_NAMES_QUERY = """
SELECT DISTINCT person.id, personal_data.name
FROM membership
JOIN person ON person.id = membership.person_id
JOIN personal_data ON personal_data.id = person.personal_data_id
WHERE membership.cafe_id = ?
"""
# Of dishes that are called alike; whoever looks for "a" is to write more.
_DISHES_LIMIT = 8


class DishWhereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """Where a dish goes now. is_listed: on the menu; is_sold_out: not to be ordered now."""

    menu_item_id: str
    name: str
    is_listed: bool
    is_sold_out: bool
    route: Route


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a question found; nothing at all where there is nothing of that name today."""

    order: Whereabouts | None
    dishes: list[DishWhereabouts]


def find_whereabouts(cafe_id: str, question: str, *, now: datetime) -> Found:
    """Answer for an order's number or a part of a dish's name; for `runner.read`."""
    question = question.strip()
    if _ORDER_NUMBER.fullmatch(question):
        return Found(order=_find_order(cafe_id, int(question), now), dishes=[])
    return Found(order=None, dishes=_find_dishes(cafe_id, question, now) if question else [])


def _find_order(cafe_id: str, number: int, now: datetime) -> Whereabouts | None:
    business_date = read_cafe(cafe_id).find_business_date(now)
    rows = fetch_rows(
        "SELECT id FROM orders WHERE cafe_id = ? AND business_date = ? AND number = ?",
        (cafe_id, business_date.isoformat(), number),
    )
    if not rows:
        return None
    (order,) = read_orders(cafe_id, [rows[0][0]])
    receipts = fetch_rows(_RECEIPTS_QUERY, (cafe_id, order.order_id))
    shown = [
        Step(
            at=from_unix_ms(at_ms),
            kind=StepKind.SHOWN,
            station_name=station_name,
            screen=screen_name or "",
        )
        for _, at_ms, station_name, screen_name in receipts
    ]
    events = read_events_about(
        cafe_id,
        order.order_id,
        types=STEP_EVENTS,
        since=order.submitted_at,
        limit=_EVENTS_LIMIT,
    )
    return explain_order(
        order,
        painted_at={ticket_id: from_unix_ms(at_ms) for ticket_id, at_ms, *_ in receipts},
        kitchen=read_kitchen_screens(cafe_id, now=now),
        steps=[*_name_people(cafe_id, list_steps(events)), *shown],
    )


def _name_people(cafe_id: str, steps: list[Step]) -> list[Step]:
    """Put names for ids; who does not work here any more has none."""
    names = dict(fetch_rows(_NAMES_QUERY, (cafe_id,))) if any(step.by for step in steps) else {}
    return [msgspec.structs.replace(step, by=names.get(step.by, "")) for step in steps]


def _find_dishes(cafe_id: str, question: str, now: datetime) -> list[DishWhereabouts]:
    kitchen = read_kitchen_screens(cafe_id, now=now)
    rows = fetch_rows(
        "SELECT id, name, station_id, archived_at IS NULL, sold_out_at IS NOT NULL"
        " AND (sold_out_until IS NULL OR sold_out_until > ?)"
        " FROM menu_item WHERE cafe_id = ? AND lower(name) LIKE ? ESCAPE '!'"
        " ORDER BY archived_at IS NOT NULL, lower(name), id LIMIT ?",
        (to_unix_ms(now), cafe_id, _make_pattern(question), _DISHES_LIMIT),
    )
    return [
        DishWhereabouts(
            menu_item_id=menu_item_id,
            name=name,
            is_listed=bool(is_listed),
            is_sold_out=bool(is_sold_out),
            route=find_route(kitchen, station_id),
        )
        for menu_item_id, name, station_id, is_listed, is_sold_out in rows
    ]


def _make_pattern(question: str) -> str:
    """Make a LIKE pattern that takes the letters as they are."""
    escaped = "".join(f"!{letter}" if letter in "!%_" else letter for letter in question.lower())
    return f"%{escaped}%"
