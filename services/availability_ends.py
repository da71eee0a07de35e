"""What ends by itself on a menu: being sold out until a time, and a count of units until a time.

Whoever reads the menu sees at once that something is sold again (domain/menu.py); this tells those
who have it open. jobs/availability.py calls it by the clock, cafe by cafe:
`list_cafes_with_ends` inside a read, then `end_availability` for each of them.
"""

from datetime import datetime
from typing import Any

import msgspec

from domain.commands import Command
from domain.events import MenuAvailabilityChanged
from domain.views.menu import MenuItemView
from models.fields import to_unix_ms
from models.menu import MenuItem, Modifier
from models.rows import fetch_rows
from services.cafes import read_cafe
from services.dish_counts import record_count
from services.menu_books import MenuBook, get_menu_book, list_items, raise_menu_version
from services.unit_of_work import UnitOfWork

_CAFES_QUERIES = (
    "SELECT cafe_id FROM menu_item WHERE left_until <= ?",
    "SELECT cafe_id FROM menu_item WHERE sold_out_until <= ?",
    "SELECT cafe_id FROM modifier WHERE sold_out_until <= ?",
)
_COUNTS_QUERY = "SELECT id FROM menu_item WHERE cafe_id = ? AND left_until <= ? ORDER BY id"
_ITEMS_QUERY = "SELECT id FROM menu_item WHERE cafe_id = ? AND sold_out_until <= ? ORDER BY id"
_MODIFIERS_QUERY = "SELECT id FROM modifier WHERE cafe_id = ? AND sold_out_until <= ? ORDER BY id"


class EndAvailability(Command, frozen=True):
    """End what has run out on a cafe's menu. Sent by the clock alone."""


class EndedAvailability(msgspec.Struct, frozen=True, kw_only=True):
    """menu_item_ids: dishes that are sold again, or counted no longer, or have such an option."""

    menu_item_ids: list[str]


def list_cafes_with_ends(now: datetime) -> list[str]:
    """List the cafes where something has run out; for `runner.read`."""
    now_ms = (to_unix_ms(now),)
    return sorted({cafe_id for query in _CAFES_QUERIES for (cafe_id,) in fetch_rows(query, now_ms)})


def end_availability(unit: UnitOfWork, _: EndAvailability) -> EndedAvailability:
    """End what has run out of a cafe, and tell everybody who has its menu open.

    A dish that its count sold out is sold again with the count's end: what was counted was of that
    time (decision 0054).
    """
    counted = _clear_counts(unit)
    items = _sell_again(unit, MenuItem, _ITEMS_QUERY)
    modifiers = _sell_again(unit, Modifier, _MODIFIERS_QUERY)
    if not counted and not items and not modifiers:
        return EndedAvailability(menu_item_ids=[])
    menu_version = raise_menu_version(unit)
    book = get_menu_book(read_cafe(unit.cafe_id))
    found = [
        *(_list(unit, book, menu_item_id=each) for each in sorted({*counted, *items})),
        *(_list(unit, book, modifier_id=each) for each in modifiers),
    ]
    shown = {item.menu_item_id: item for some in found for item in some}
    for item in shown.values():
        unit.record(MenuAvailabilityChanged(item=item, menu_version=menu_version))
    for menu_item_id in counted:
        record_count(unit, menu_item_id, None)
    return EndedAvailability(menu_item_ids=list(shown))


def _clear_counts(unit: UnitOfWork) -> list[str]:
    """Forget counts that have run out, in the order in which whoever takes units locks them."""
    rows = fetch_rows(_COUNTS_QUERY, (unit.cafe_id, to_unix_ms(unit.now)))
    for (menu_item_id,) in rows:
        MenuItem.update(left_count=None, left_until=None).where(
            MenuItem.id == menu_item_id, MenuItem.cafe_id == unit.cafe_id
        ).execute()
    return [menu_item_id for (menu_item_id,) in rows]


def _sell_again(unit: UnitOfWork, model: Any, query: str) -> list[str]:
    rows = fetch_rows(query, (unit.cafe_id, to_unix_ms(unit.now)))
    for (thing_id,) in rows:
        model.update(sold_out_at=None, sold_out_until=None).where(
            model.id == thing_id, model.cafe_id == unit.cafe_id
        ).execute()
    return [thing_id for (thing_id,) in rows]


def _list(
    unit: UnitOfWork,
    book: MenuBook,
    *,
    menu_item_id: str | None = None,
    modifier_id: str | None = None,
) -> list[MenuItemView]:
    return list_items(book, menu_item_id=menu_item_id, modifier_id=modifier_id, now=unit.now)
