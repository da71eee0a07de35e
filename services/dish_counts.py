"""Dishes that are counted down: how many units are left, and who took or gave back some.

A count is a column of its dish. An order takes its units in its own transaction, with the dish's
row locked, so that the last one is sold once (decision 0054). `follow_units` is called wherever an
order is saved; nothing else changes a count but whoever sets it (services/menu.py).
"""

from collections import Counter
from collections.abc import Iterable

from domain.events import DishStockChanged, MenuAvailabilityChanged, MenuItemCounted
from domain.views.availability import DishCountView, DishStockView
from models.base import database_proxy
from models.fields import from_optional_unix_ms
from models.menu import MenuItem
from models.rows import fetch_rows
from services.cafes import read_cafe
from services.menu_books import MenuBook, get_menu_book, list_items, raise_menu_version
from services.unit_of_work import UnitOfWork

_COUNTS_QUERY = """
SELECT id, name, kitchen_name, left_count, left_until FROM menu_item
WHERE cafe_id = ? AND left_count IS NOT NULL AND archived_at IS NULL
ORDER BY id
"""


def list_counts(cafe_id: str) -> list[DishCountView]:
    """List the dishes on the menu that are counted down; for `runner.read`."""
    return [
        DishCountView(
            menu_item_id=menu_item_id,
            name=name,
            kitchen_name=kitchen_name,
            left=left,
            until=from_optional_unix_ms(until),
        )
        for menu_item_id, name, kitchen_name, left, until in fetch_rows(_COUNTS_QUERY, (cafe_id,))
    ]


def find_left(
    cafe_id: str, book: MenuBook, menu_item_ids: Iterable[str], *, takes: bool
) -> dict[str, int]:
    """Return how many units are left of those dishes that are counted.

    takes: some are to be taken, so whoever else wants to take some waits.
    """
    return _read_left(cafe_id, book.counted.intersection(menu_item_ids), locks=takes)


def lock_count(cafe_id: str, menu_item_id: str) -> int | None:
    """Return how many units of a dish are left, before that is changed; None: not counted."""
    return _read_left(cafe_id, [menu_item_id], locks=True).get(menu_item_id)


def follow_units(
    unit: UnitOfWork,
    *,
    before: Counter[str],
    after: Counter[str],
    counted: frozenset[str] | None,
) -> None:
    """Take the units that an order uses more than before off what is left, or give them back.

    What is counted becomes sold out with its last unit, and is sold again when one comes back. A
    remake is never refused: it takes what is left. counted: as for `save_order`; an order of what
    nobody counts asks the database for nothing.
    """
    changes = {each: after[each] - before[each] for each in before.keys() | after.keys()}
    changed = {each for each, units in changes.items() if units}
    if counted is not None:
        changed &= counted
    if not changed:
        return
    for menu_item_id, left in _read_left(unit.cafe_id, changed, locks=True).items():
        _write(unit, menu_item_id, left=left, now_left=max(0, left - changes[menu_item_id]))


def record_count(unit: UnitOfWork, menu_item_id: str, left: int | None) -> None:
    """Tell staff how many units of a dish are left."""
    ((name, kitchen_name, until),) = fetch_rows(
        "SELECT name, kitchen_name, left_until FROM menu_item WHERE id = ? AND cafe_id = ?",
        (menu_item_id, unit.cafe_id),
    )
    count = DishCountView(
        menu_item_id=menu_item_id,
        name=name,
        kitchen_name=kitchen_name,
        left=left,
        until=from_optional_unix_ms(until),
    )
    unit.record(MenuItemCounted(count=count))


def _read_left(cafe_id: str, menu_item_ids: Iterable[str], *, locks: bool) -> dict[str, int]:
    wanted = sorted(menu_item_ids)
    if not wanted:
        return {}
    lock = " FOR UPDATE" if locks and database_proxy.for_update else ""
    places = ", ".join("?" * len(wanted))
    # In one order whoever asks, so that two orders for the same two dishes cannot wait for
    # each other.
    return dict(
        fetch_rows(
            "SELECT id, left_count FROM menu_item"  # noqa: S608 - place-holders
            f" WHERE cafe_id = ? AND left_count IS NOT NULL AND id IN ({places})"
            f" ORDER BY id{lock}",
            (cafe_id, *wanted),
        )
    )


def _write(unit: UnitOfWork, menu_item_id: str, *, left: int, now_left: int) -> None:
    if left == now_left:
        return
    changes: dict[str, object] = {"left_count": now_left}
    if not now_left:
        changes |= {"sold_out_at": unit.now, "sold_out_until": MenuItem.left_until}
    elif not left:
        changes |= {"sold_out_at": None, "sold_out_until": None}
    MenuItem.update(**changes).where(
        MenuItem.id == menu_item_id, MenuItem.cafe_id == unit.cafe_id
    ).execute()
    if not now_left or not left:
        menu_version = raise_menu_version(unit)
        book = get_menu_book(read_cafe(unit.cafe_id))
        for item in list_items(book, menu_item_id=menu_item_id, modifier_id=None, now=unit.now):
            unit.record(MenuAvailabilityChanged(item=item, menu_version=menu_version))
    else:
        unit.record(DishStockChanged(stock=DishStockView(menu_item_id=menu_item_id)))
    record_count(unit, menu_item_id, now_left)
