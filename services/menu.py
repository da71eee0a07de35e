"""The menu as guests and staff see it, and what is sold out."""

from datetime import datetime, timedelta
from typing import Any

from domain.commands import SetAvailability
from domain.errors import NotFound, UnprocessableInput
from domain.events import MenuAvailabilityChanged
from domain.menu import refresh_menu, show_availability
from domain.views.availability import MenuAvailabilityView
from domain.views.menu import MenuView
from models.menu import MenuItem, Modifier
from services.cafes import read_cafe
from services.dish_counts import list_counts, lock_count, record_count
from services.menu_books import get_menu_book, list_items, raise_menu_version, read_menu_book
from services.pauses import list_pauses
from services.unit_of_work import UnitOfWork

# Beyond that it is off the menu and not sold out; and the last days of a calendar, which a time
# may name, fall out of it in some zones.
_LONGEST_SOLD_OUT = timedelta(days=366)


def read_menu(cafe_id: str, *, now: datetime) -> MenuView:
    """Show a cafe's menu; for `runner.read`. Raises: NotFound."""
    return refresh_menu(read_menu_book(cafe_id).menu, now)


def read_availability(cafe_id: str, *, now: datetime) -> MenuAvailabilityView:
    """Show what of a cafe's menu can be had; for `runner.read`. Raises: NotFound."""
    menu = read_menu(cafe_id, now=now)
    return MenuAvailabilityView(
        items=[show_availability(item) for each in menu.categories for item in each.items],
        menu_version=menu.menu_version,
        counts=list_counts(cafe_id),
        pauses=list_pauses(cafe_id, now=now),
    )


def set_availability(unit: UnitOfWork, command: SetAvailability) -> MenuAvailabilityView:
    """Mark an item or an option sold out, or sellable again: an item uncounted, or counted.

    Raises: UnprocessableInput (not exactly one thing named, an end that is past, too far or without
    a zone, a count of what is not an item for sale), NotFound.
    """
    _check(unit, command)
    model: Any = MenuItem if command.menu_item_id is not None else Modifier
    changes: dict[str, Any] = {
        "sold_out_at": unit.now if command.is_sold_out else None,
        "sold_out_until": command.until if command.is_sold_out else None,
    }
    left_before = None
    if command.menu_item_id is not None:
        left_before = lock_count(unit.cafe_id, command.menu_item_id)
        changes["left_count"] = command.left
        changes["left_until"] = command.until if command.left is not None else None
    marked = (
        model.update(**changes)
        .where(
            model.id == (command.menu_item_id or command.modifier_id),
            model.cafe_id == unit.cafe_id,
            model.archived_at.is_null(),
        )
        .execute()
    )
    if not marked:
        raise NotFound("There is no such item or option on the menu.")
    menu_version = raise_menu_version(unit)
    items = list_items(
        get_menu_book(read_cafe(unit.cafe_id)),
        menu_item_id=command.menu_item_id,
        modifier_id=command.modifier_id,
        now=unit.now,
    )
    for item in items:
        unit.record(MenuAvailabilityChanged(item=item, menu_version=menu_version))
    if command.menu_item_id is not None and (left_before, command.left) != (None, None):
        record_count(unit, command.menu_item_id, command.left)
    unit.audit(
        "availability_changed",
        menu_item_id=command.menu_item_id,
        modifier_id=command.modifier_id,
        is_sold_out=command.is_sold_out,
        left=command.left,
    )
    shown = {item.menu_item_id for item in items}
    return MenuAvailabilityView(
        items=[show_availability(item) for item in items],
        menu_version=menu_version,
        counts=[each for each in list_counts(unit.cafe_id) if each.menu_item_id in shown],
    )


def _check(unit: UnitOfWork, command: SetAvailability) -> None:
    if (command.menu_item_id is None) is (command.modifier_id is None):
        raise UnprocessableInput(
            "Name either an item or an option.", code="one_of_item_or_modifier"
        )
    if command.left is not None and (command.is_sold_out or command.menu_item_id is None):
        raise UnprocessableInput(
            "Only an item that is for sale can be counted down.", code="cannot_be_counted"
        )
    if command.until is None:
        return
    if command.until.tzinfo is None or command.until <= unit.now:
        raise UnprocessableInput(
            "Give a time to come, with its zone, like 2026-11-23T18:00:00Z.", code="bad_time"
        )
    if command.until - unit.now > _LONGEST_SOLD_OUT:
        raise UnprocessableInput(
            "Give a time within a year, or none: it is then sold out until you say otherwise.",
            code="bad_time",
        )
