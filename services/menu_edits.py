"""Editing the menu: what a dish is called, costs and takes, and whether it is on the menu.

Orders copied what they needed when they were sent, so an edit changes none of them. Every edit is
a new version of the menu, and one of the thing that was edited: who edits what somebody else has
changed meanwhile is told.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from domain.commands import EditMenuItem, EditModifier
from domain.diets import Diet
from domain.errors import NotFound, UnprocessableInput
from domain.estimates import Learned
from domain.events import MenuItemChanged
from domain.menu import refresh_item
from domain.routing import Route, find_route
from domain.views.kitchen import StationView
from domain.views.menu import MenuCategoryView, MenuChangeView, MenuItemView
from domain.views.screens import KitchenScreensView
from models.menu import MenuItem, Modifier
from models.rows import fetch_rows
from services.cafes import CafeRules, read_cafe
from services.dish_counts import list_counts
from services.estimates import read_learned
from services.menu_books import (
    EditableItem,
    find_editable_item,
    get_menu_book,
    list_editable_items,
    list_items,
    raise_menu_version,
    read_menu_book,
)
from services.order_changes import check_version
from services.station_screens import read_kitchen_screens
from services.unit_of_work import UnitOfWork

# Fields of the command that are columns as they are.
_PLAIN = ("name", "kitchen_name", "description", "price_minor", "prep_s", "station_id")


class EditableMenu(msgspec.Struct, frozen=True, kw_only=True):
    """A menu as its editor sees it. categories: without their items, which `items` has all of.

    kitchen: where what is ordered is seen. left: units by dish, of those that are counted down.
    learned: how long dishes took lately, of those that were made often enough.
    """

    cafe: CafeRules
    categories: list[MenuCategoryView]
    items: list[EditableItem]
    stations: list[StationView]
    kitchen: KitchenScreensView
    left: dict[str, int | None]
    learned: Learned

    def find_route(self, item: MenuItemView) -> Route:
        """Say where a dish goes now."""
        return find_route(self.kitchen, item.station_id)


def read_editable_menu(cafe_id: str, *, now: datetime) -> EditableMenu:
    """Read a menu with what is not on it; for `runner.read`. Raises: NotFound."""
    book = read_menu_book(cafe_id)
    open_stations = fetch_rows(
        "SELECT id FROM station WHERE cafe_id = ? AND archived_at IS NULL ORDER BY position, id",
        (cafe_id,),
    )
    return EditableMenu(
        cafe=read_cafe(cafe_id),
        categories=[
            msgspec.structs.replace(category, items=[]) for category in book.menu.categories
        ],
        items=[
            msgspec.structs.replace(each, item=refresh_item(each.item, now))
            for each in list_editable_items(cafe_id)
        ],
        stations=[book.stations[station_id] for (station_id,) in open_stations],
        kitchen=read_kitchen_screens(cafe_id, now=now),
        left={each.menu_item_id: each.left for each in list_counts(cafe_id)},
        learned=read_learned(cafe_id, now=now),
    )


def edit_menu_item(unit: UnitOfWork, command: EditMenuItem) -> MenuChangeView:
    """Change a dish for orders to come.

    What is set to what it is already is no change, and makes no new version.

    Raises: NotFound (also its new station), VersionConflict, UnprocessableInput for saying nothing.
    """
    before = find_editable_item(unit.cafe_id, command.menu_item_id)
    check_version(before.item.version, command.expected_version, what="dish")
    changes = _read_changes(unit, command, before)
    if not changes:
        menu_version = read_cafe(unit.cafe_id).menu_version
        return MenuChangeView(
            items=[refresh_item(before.item, unit.now)], menu_version=menu_version
        )
    _update(unit, MenuItem, command.menu_item_id, before.item.version, changes)
    return record_edit(unit, before, changed=[name for name in changes if name != "archived_at"])


def record_edit(
    unit: UnitOfWork, before: EditableItem, *, changed: Iterable[str]
) -> MenuChangeView:
    """Tell everybody what a dish is now, after its row was changed. changed: what of it."""
    menu_version = raise_menu_version(unit)
    after = find_editable_item(unit.cafe_id, before.item.menu_item_id)
    item = refresh_item(after.item, unit.now)
    unit.record(MenuItemChanged(item=item, is_listed=after.is_listed, menu_version=menu_version))
    unit.audit(
        "menu_item_edited",
        menu_item_id=item.menu_item_id,
        changed=sorted(changed),
        price_before_minor=before.item.price_minor,
        price_minor=item.price_minor,
        was_listed=before.is_listed,
        is_listed=after.is_listed,
    )
    return MenuChangeView(items=[item], menu_version=menu_version)


def edit_modifier(unit: UnitOfWork, command: EditModifier) -> MenuChangeView:
    """Change an option's price, in every dish that offers it. Raises: NotFound, VersionConflict."""
    rows = fetch_rows(
        "SELECT version, price_minor FROM modifier"
        " WHERE id = ? AND cafe_id = ? AND archived_at IS NULL",
        (command.modifier_id, unit.cafe_id),
    )
    if not rows:
        raise NotFound("There is no such option on the menu.")
    version, price_before_minor = rows[0]
    check_version(version, command.expected_version, what="option")
    _update(unit, Modifier, command.modifier_id, version, {"price_minor": command.price_minor})
    menu_version = raise_menu_version(unit)
    items = list_items(
        get_menu_book(read_cafe(unit.cafe_id)),
        menu_item_id=None,
        modifier_id=command.modifier_id,
        now=unit.now,
    )
    for item in items:
        unit.record(MenuItemChanged(item=item, is_listed=True, menu_version=menu_version))
    unit.audit(
        "modifier_edited",
        modifier_id=command.modifier_id,
        price_before_minor=price_before_minor,
        price_minor=command.price_minor,
    )
    return MenuChangeView(items=items, menu_version=menu_version)


def _read_changes(unit: UnitOfWork, command: EditMenuItem, before: EditableItem) -> dict[str, Any]:
    """Return the new values by column, those that are new."""
    wanted = {name: getattr(command, name) for name in _PLAIN}
    if command.allergens is not None:
        wanted["allergens"] = sorted({str(allergen) for allergen in command.allergens})
    if command.diets is not None:
        wanted["diets"] = [str(diet) for diet in Diet if diet in command.diets]
    said = {name: value for name, value in wanted.items() if value is not None}
    if not said and command.is_listed is None:
        raise UnprocessableInput("Say what is to change.", code="nothing_to_change")
    changes = {name: value for name, value in said.items() if value != getattr(before.item, name)}
    if command.is_listed not in (None, before.is_listed):
        changes["archived_at"] = None if command.is_listed else unit.now
    if command.station_id is not None and not fetch_rows(
        "SELECT 1 FROM station WHERE id = ? AND cafe_id = ? AND archived_at IS NULL",
        (command.station_id, unit.cafe_id),
    ):
        raise NotFound("There is no such station.")
    return changes


def _update(
    unit: UnitOfWork, model: Any, thing_id: str, version: int, changes: dict[str, Any]
) -> None:
    """Write changes, unless another process has just written some: then it was another version."""
    written = (
        model.update(version=version + 1, **changes)
        .where(model.id == thing_id, model.cafe_id == unit.cafe_id, model.version == version)
        .execute()
    )
    if not written:
        check_version(version + 1, version, what="dish")
