"""A cafe's menu and stations in memory, one version at a time.

Every order needs the menu and few change it, so it is read once per version and process. A
version that may still be undone must not be remembered under its number: `distrust` marks one
that a unit has just made, and only a snapshot of what is committed takes the mark away.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import msgspec

from domain.errors import NotFound
from domain.menu import Catalogue, Sellable, refresh_item
from domain.photos import build_photo_path
from domain.taxes import TaxRate
from domain.views.kitchen import StationView
from domain.views.menu import (
    MenuCategoryView,
    MenuItemView,
    MenuView,
    ModifierGroupView,
    ModifierOptionView,
)
from models.base import database_proxy
from models.fields import from_optional_unix_ms
from models.rows import fetch_rows
from services.cafes import CafeRules, read_cafe
from services.unit_of_work import UnitOfWork

_GROUPS_QUERY = """
SELECT link.menu_item_id, grp.id, grp.name, grp.is_required, grp.minimum, grp.maximum
FROM menu_item_modifier_group AS link
JOIN modifier_group AS grp ON grp.id = link.modifier_group_id
WHERE grp.cafe_id = ? AND grp.archived_at IS NULL
ORDER BY link.menu_item_id, link.position
"""
_OPTIONS_QUERY = """
SELECT modifier_group_id, id, name, kitchen_name, price_minor, is_default, is_removal,
    allergens, sold_out_at, sold_out_until, version
FROM modifier
WHERE cafe_id = ? AND archived_at IS NULL
ORDER BY modifier_group_id, position
"""
_PAUSES_QUERY = """
SELECT station_id, ends_at, from_prep_s FROM station_pause
WHERE cafe_id = ? AND cause IS NOT NULL
"""
_ITEMS_QUERY = """
SELECT item.id, item.category_id, item.station_id, item.name, item.kitchen_name,
    item.description, item.price_minor, item.prep_s, item.plate, item.allergens, item.diets,
    item.sold_out_at, item.sold_out_until, item.version, item.cafe_id, photo.id,
    item.archived_at IS NULL, tax.code, tax.name, tax.rate_ppm
FROM menu_item AS item
JOIN tax_code AS tax ON tax.id = item.tax_code_id
LEFT JOIN menu_photo AS photo ON photo.menu_item_id = item.id
WHERE item.cafe_id = ?
ORDER BY item.category_id, item.position
"""


class EditableItem(msgspec.Struct, frozen=True, kw_only=True):
    """A dish as it is edited. is_listed: on the menu; what is taken off it can be put back."""

    item: MenuItemView
    is_listed: bool


class _Pause(NamedTuple):
    """What guests cannot order of a station: from so many seconds on, until about then."""

    until: datetime | None
    from_prep_s: int


class MenuBook(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a menu. What is sold out or paused until a time says so, whatever it is now.

    stations: by id, in the order of the kitchen, former ones included. counted: dishes of which
    units are counted down; how many are left changes within a version.
    """

    menu: MenuView
    catalogue: Catalogue
    stations: dict[str, StationView]
    counted: frozenset[str]


# By database first: a test process opens many, and ids may be the same in a copy of one.
_books: WeakKeyDictionary[Any, dict[str, MenuBook]] = WeakKeyDictionary()
_distrusted: WeakKeyDictionary[Any, set[tuple[str, int]]] = WeakKeyDictionary()


def get_menu_book(cafe: CafeRules) -> MenuBook:
    """Return the menu for an operation, from memory where it is there."""
    known = _find_known(cafe)
    if known is not None:
        return known
    while True:
        book = _read_book(cafe)
        # Another process may have changed the menu between two of the queries.
        now = read_cafe(cafe.cafe_id)
        if now.menu_version == cafe.menu_version:
            break
        cafe = now
    if (cafe.cafe_id, cafe.menu_version) not in _distrusted.get(database_proxy.obj, set()):
        _remember(cafe, book)
    return book


def read_menu_book(cafe_id: str) -> MenuBook:
    """Return the menu inside a snapshot, where all that is seen is committed."""
    cafe = read_cafe(cafe_id)
    _distrusted.setdefault(database_proxy.obj, set()).discard((cafe_id, cafe.menu_version))
    known = _find_known(cafe)
    if known is not None:
        return known
    book = _read_book(cafe)
    _remember(cafe, book)
    return book


def list_editable_items(cafe_id: str) -> list[EditableItem]:
    """List all dishes of a cafe in the order of the menu, those that were taken off it too."""
    return [editable for editable, _ in _read_items(cafe_id)]


def find_editable_item(cafe_id: str, menu_item_id: str) -> EditableItem:
    """Find a dish, on the menu or off it. Raises: NotFound."""
    for each in list_editable_items(cafe_id):
        if each.item.menu_item_id == menu_item_id:
            return each
    raise NotFound("There is no such item on the menu.")


def list_items(
    book: MenuBook, *, menu_item_id: str | None, modifier_id: str | None, now: datetime
) -> list[MenuItemView]:
    """List the items that a change shows on: the item itself, or all that offer the option."""
    return [
        refresh_item(item, now)
        for category in book.menu.categories
        for item in category.items
        if item.menu_item_id == menu_item_id
        or any(
            option.modifier_id == modifier_id for group in item.groups for option in group.options
        )
    ]


def raise_menu_version(unit: UnitOfWork) -> int:
    """Make a new version of the menu; until it is committed nobody may remember it."""
    ((menu_version,),) = fetch_rows(
        "UPDATE cafe SET menu_version = menu_version + 1 WHERE id = ? RETURNING menu_version",
        (unit.cafe_id,),
    )
    distrust(unit.cafe_id, menu_version)
    return int(menu_version)


def distrust(cafe_id: str, menu_version: int) -> None:
    """Keep a version out of memory until it is seen committed. Call it where it is made."""
    _distrusted.setdefault(database_proxy.obj, set()).add((cafe_id, menu_version))


def _find_known(cafe: CafeRules) -> MenuBook | None:
    book = _books.get(database_proxy.obj, {}).get(cafe.cafe_id)
    return book if book is not None and book.menu.menu_version == cafe.menu_version else None


def _remember(cafe: CafeRules, book: MenuBook) -> None:
    _books.setdefault(database_proxy.obj, {})[cafe.cafe_id] = book


def _read_book(cafe: CafeRules) -> MenuBook:
    items: dict[str, list[MenuItemView]] = defaultdict(list)
    catalogue: dict[str, Sellable] = {}
    for editable, tax in _read_items(cafe.cafe_id):
        if editable.is_listed:
            item = editable.item
            items[item.category_id].append(item)
            catalogue[item.menu_item_id] = Sellable(item=item, tax=tax)
    return MenuBook(
        menu=MenuView(
            cafe_id=cafe.cafe_id,
            cafe_name=cafe.name,
            currency=cafe.terms.currency,
            prices_include_tax=cafe.terms.prices_include_tax,
            menu_version=cafe.menu_version,
            categories=_read_categories(cafe.cafe_id, items),
        ),
        catalogue=catalogue,
        stations=_read_stations(cafe.cafe_id),
        counted=frozenset(catalogue) & _read_counted(cafe.cafe_id),
    )


def _read_items(cafe_id: str) -> Iterator[tuple[EditableItem, TaxRate]]:
    groups = _read_groups(cafe_id)
    pauses = {
        station_id: _Pause(from_optional_unix_ms(ends_at), from_prep_s)
        for station_id, ends_at, from_prep_s in fetch_rows(_PAUSES_QUERY, (cafe_id,))
    }
    for row in fetch_rows(_ITEMS_QUERY, (cafe_id,)):
        is_listed, code, name, rate_ppm = row[-4:]
        item = _build_item(row, groups.get(row[0], []))
        yield (
            EditableItem(item=_mark(item, pauses.get(item.station_id)), is_listed=bool(is_listed)),
            TaxRate(code=code, name=name, rate_ppm=rate_ppm),
        )


def _mark(item: MenuItemView, pause: _Pause | None) -> MenuItemView:
    if pause is None or item.prep_s < pause.from_prep_s:
        return item
    return msgspec.structs.replace(item, is_paused=True, paused_until=pause.until)


def _read_categories(cafe_id: str, items: dict[str, list[MenuItemView]]) -> list[MenuCategoryView]:
    rows = fetch_rows(
        "SELECT id, name FROM menu_category WHERE cafe_id = ? AND archived_at IS NULL"
        " ORDER BY position",
        (cafe_id,),
    )
    return [
        MenuCategoryView(category_id=category_id, name=name, items=items.get(category_id, []))
        for category_id, name in rows
    ]


def _read_stations(cafe_id: str) -> dict[str, StationView]:
    rows = fetch_rows(
        "SELECT id, name, slug, target_s FROM station WHERE cafe_id = ? ORDER BY position, id",
        (cafe_id,),
    )
    return {
        station_id: StationView(station_id=station_id, name=name, slug=slug, target_s=target_s)
        for station_id, name, slug, target_s in rows
    }


def _read_counted(cafe_id: str) -> set[str]:
    rows = fetch_rows(
        "SELECT id FROM menu_item WHERE cafe_id = ? AND left_count IS NOT NULL", (cafe_id,)
    )
    return {menu_item_id for (menu_item_id,) in rows}


def _read_groups(cafe_id: str) -> dict[str, list[ModifierGroupView]]:
    """Read the groups of each item: menu item id -> groups in their order."""
    options: dict[str, list[ModifierOptionView]] = defaultdict(list)
    for row in fetch_rows(_OPTIONS_QUERY, (cafe_id,)):
        options[row[0]].append(_build_option(row))
    groups: dict[str, list[ModifierGroupView]] = defaultdict(list)
    for item_id, group_id, name, is_required, minimum, maximum in fetch_rows(
        _GROUPS_QUERY, (cafe_id,)
    ):
        groups[item_id].append(
            ModifierGroupView(
                group_id=group_id,
                name=name,
                is_required=bool(is_required),
                minimum=minimum,
                maximum=maximum,
                options=options.get(group_id, []),
            )
        )
    return groups


def _build_option(row: tuple[Any, ...]) -> ModifierOptionView:
    (
        _,
        modifier_id,
        name,
        kitchen_name,
        price_minor,
        is_default,
        is_removal,
        allergens,
        sold_out_at,
        sold_out_until,
        version,
    ) = row
    return ModifierOptionView(
        modifier_id=modifier_id,
        name=name,
        kitchen_name=kitchen_name,
        price_minor=price_minor,
        is_default=bool(is_default),
        is_removal=bool(is_removal),
        is_sold_out=sold_out_at is not None,
        allergens=json.loads(allergens),
        sold_out_until=from_optional_unix_ms(sold_out_until),
        version=version,
    )


def _build_item(row: tuple[Any, ...], groups: list[ModifierGroupView]) -> MenuItemView:
    (
        menu_item_id,
        category_id,
        station_id,
        name,
        kitchen_name,
        description,
        price_minor,
        prep_s,
        plate,
        allergens,
        diets,
        sold_out_at,
        sold_out_until,
        version,
        cafe_id,
        photo_id,
        *_,
    ) = row
    return MenuItemView(
        menu_item_id=menu_item_id,
        category_id=category_id,
        name=name,
        kitchen_name=kitchen_name,
        description=description,
        price_minor=price_minor,
        prep_s=prep_s,
        station_id=station_id,
        plate=plate,
        allergens=json.loads(allergens),
        diets=json.loads(diets),
        is_sold_out=sold_out_at is not None,
        sold_out_until=from_optional_unix_ms(sold_out_until),
        groups=groups,
        version=version,
        photo_path=None if photo_id is None else build_photo_path(cafe_id, photo_id),
    )
