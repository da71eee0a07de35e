"""The menu as something to order from: what may be combined, and what is sold out when.

A `Catalogue` is one version of a cafe's menu with its taxes; it may be kept in memory, so
whether something is sold out is asked with the time. `choose_line` is the only place that knows
the rules of modifier groups.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from domain.commands import LineDraft
from domain.errors import UnprocessableInput
from domain.taxes import TaxRate
from domain.views.availability import DishAvailabilityView, OptionAvailabilityView
from domain.views.menu import MenuItemView, MenuView, ModifierGroupView, ModifierOptionView

_Thing = TypeVar("_Thing", MenuItemView, ModifierOptionView)


class Sellable(msgspec.Struct, frozen=True, kw_only=True):
    """A menu item with the tax it carries."""

    item: MenuItemView
    tax: TaxRate


Catalogue = Mapping[str, Sellable]  # menu item id -> what it is


class ChosenModifier(msgspec.Struct, frozen=True, kw_only=True):
    """is_usual: what its group comes with, so that a cook need not read it (decision 0016)."""

    option: ModifierOptionView
    quantity: int
    is_usual: bool


class ChosenLine(msgspec.Struct, frozen=True, kw_only=True):
    """A wanted line that the menu allows; modifiers stand in the order of the menu."""

    sellable: Sellable
    quantity: int
    modifiers: tuple[ChosenModifier, ...]
    note: str


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line cannot be ordered."""

    code: str
    message: str
    details: dict[str, Any]


def choose_lines(
    catalogue: Catalogue,
    lines: list[LineDraft],
    *,
    now: datetime,
    left: Mapping[str, int] | None = None,
    is_guest: bool = False,
) -> list[ChosenLine]:
    """Look lines up on the menu. left: units by dish, of those that are counted down.

    is_guest: whoever orders by themselves, and so not what is paused; staff decide for theirs.

    Raises: UnprocessableInput with the code of the first fault; `details.faults` has one for each
    line that cannot be ordered, so that a cart can mark them all.
    """
    faults: list[Fault] = []
    chosen: list[ChosenLine] = []
    to_take = dict(left or {})
    for position, line in enumerate(lines):
        sellable = catalogue.get(line.menu_item_id)
        fault = next(_find_faults(sellable, line, now, is_guest=is_guest), None) or _take(
            to_take, sellable, line
        )
        if fault is not None:
            faults.append(_locate(fault, position, line))
        else:
            assert sellable is not None
            chosen.append(_choose(sellable, line))
    if faults:
        raise UnprocessableInput(
            faults[0].message,
            code=faults[0].code,
            details={
                **faults[0].details,
                "faults": [{"code": fault.code, **fault.details} for fault in faults],
            },
        )
    return chosen


def list_wishes(item: MenuItemView, modifier_ids: Collection[str]) -> list[ModifierOptionView]:
    """List the chosen options in the order of the menu, without what the dish comes with."""
    wishes: list[ModifierOptionView] = []
    for group in item.groups:
        chosen = [option for option in group.options if option.modifier_id in modifier_ids]
        if not _is_usual(group, Counter(option.modifier_id for option in chosen)):
            wishes += chosen
    return wishes


def is_sold_out(thing: MenuItemView | ModifierOptionView, now: datetime) -> bool:
    """Say whether something is sold out at a time; without an end it is until changed."""
    return thing.is_sold_out and (thing.sold_out_until is None or now < thing.sold_out_until)


def is_paused(item: MenuItemView, now: datetime) -> bool:
    """Say whether guests cannot order a dish at a time; a pause never outlasts what it said."""
    return item.is_paused and (item.paused_until is None or now < item.paused_until)


def refresh_item(item: MenuItemView, now: datetime) -> MenuItemView:
    """Return an item as it is to be shown at a time: what can be ordered again says so."""
    groups = [
        msgspec.structs.replace(group, options=[_refresh(option, now) for option in group.options])
        for group in item.groups
    ]
    fresh = msgspec.structs.replace(_refresh(item, now), groups=groups)
    if fresh.is_paused and not is_paused(fresh, now):
        return msgspec.structs.replace(fresh, is_paused=False, paused_until=None)
    return fresh


def refresh_menu(menu: MenuView, now: datetime) -> MenuView:
    """Return a menu as it is to be shown at a time."""
    return msgspec.structs.replace(
        menu,
        categories=[
            msgspec.structs.replace(
                category, items=[refresh_item(item, now) for item in category.items]
            )
            for category in menu.categories
        ],
    )


def show_availability(item: MenuItemView) -> DishAvailabilityView:
    """Leave of a dish what the kitchen may know: whether it and its options can be had."""
    return DishAvailabilityView(
        menu_item_id=item.menu_item_id,
        name=item.name,
        kitchen_name=item.kitchen_name,
        station_id=item.station_id,
        is_sold_out=item.is_sold_out,
        sold_out_until=item.sold_out_until,
        options=[
            OptionAvailabilityView(
                modifier_id=option.modifier_id,
                name=option.name,
                kitchen_name=option.kitchen_name,
                is_sold_out=option.is_sold_out,
                sold_out_until=option.sold_out_until,
            )
            for group in item.groups
            for option in group.options
        ],
        is_paused=item.is_paused,
        paused_until=item.paused_until,
    )


def _refresh(thing: _Thing, now: datetime) -> _Thing:
    if not thing.is_sold_out or is_sold_out(thing, now):
        return thing
    return msgspec.structs.replace(thing, is_sold_out=False, sold_out_until=None)


def _locate(fault: Fault, position: int, line: LineDraft) -> Fault:
    """Say which line of the command a fault is in, counted from 0."""
    where = {"line": position, "menuItemId": line.menu_item_id}
    return msgspec.structs.replace(fault, details={**where, **fault.details})


def _find_faults(
    sellable: Sellable | None, line: LineDraft, now: datetime, *, is_guest: bool
) -> Iterator[Fault]:
    if sellable is None:
        yield Fault(
            code="unknown_menu_item",
            message="There is no such item on the menu. Reload the menu.",
            details={},
        )
        return
    item = sellable.item
    if is_sold_out(item, now):
        yield Fault(
            code="sold_out",
            message=f"{item.name} is sold out. Choose something else.",
            details={"name": item.name},
        )
    if is_guest and is_paused(item, now):
        until = item.paused_until
        yield Fault(
            code="paused",
            message=f"{item.name} is paused for a few minutes. Leave it out, or order it later.",
            details={"name": item.name, "pausedUntil": msgspec.to_builtins(until)},
        )
    yield from _find_strange_modifiers(item, line)
    for group in item.groups:
        yield from _find_group_faults(group, _count_choices(group, line), now)


def _take(to_take: dict[str, int], sellable: Sellable | None, line: LineDraft) -> Fault | None:
    """Take a line's units off those that are left, or say why not; of all dishes some are counted.

    to_take: of the lines before, what they left.
    """
    if sellable is None or line.menu_item_id not in to_take:
        return None
    name, left = sellable.item.name, to_take[line.menu_item_id]
    if line.quantity <= left:
        to_take[line.menu_item_id] = left - line.quantity
        return None
    if not left:
        message = f"{name} is sold out. Choose something else."
        return Fault(code="sold_out", message=message, details={"name": name})
    return Fault(
        code="not_enough_left",
        message=f"{name}: only {left} left. Take fewer or choose something else.",
        details={"name": name, "left": left},
    )


def _find_strange_modifiers(item: MenuItemView, line: LineDraft) -> Iterator[Fault]:
    known = {option.modifier_id for group in item.groups for option in group.options}
    seen: set[str] = set()
    for choice in line.modifiers:
        if choice.modifier_id not in known:
            yield Fault(
                code="unknown_modifier",
                message=f"{item.name} has no such option. Reload the menu.",
                details={"modifierId": choice.modifier_id},
            )
        if choice.modifier_id in seen:
            yield Fault(
                code="repeated_modifier",
                message=f"An option of {item.name} is there twice. Use its quantity instead.",
                details={"modifierId": choice.modifier_id},
            )
        seen.add(choice.modifier_id)


def _count_choices(group: ModifierGroupView, line: LineDraft) -> Counter[str]:
    """Count what a line takes of a group: modifier id -> quantity.

    A required group that a line says nothing about takes its defaults: they are what the menu
    shows as chosen. In an optional group, saying nothing means nothing.
    """
    own = {option.modifier_id for option in group.options}
    counts = Counter(
        {
            choice.modifier_id: choice.quantity
            for choice in line.modifiers
            if choice.modifier_id in own
        }
    )
    if not counts and group.is_required:
        counts.update(option.modifier_id for option in group.options if option.is_default)
    return counts


def _find_group_faults(
    group: ModifierGroupView, counts: Counter[str], now: datetime
) -> Iterator[Fault]:
    limits = {
        "groupId": group.group_id,
        "name": group.name,
        "minimum": group.minimum,
        "maximum": group.maximum,
    }
    for option in group.options:
        count = counts[option.modifier_id]
        if count and is_sold_out(option, now):
            yield Fault(
                code="sold_out",
                message=f"{option.name} is sold out. Choose something else.",
                details={"modifierId": option.modifier_id, "name": option.name},
            )
        # Leaving something out twice says nothing to a cook, and could be a slip of the finger.
        if count > 1 and option.is_removal:
            yield Fault(
                code="too_many_modifiers",
                message=f"{option.name} can be chosen once.",
                details={**limits, "modifierId": option.modifier_id, "maximum": 1},
            )
    if counts.total() < group.minimum:
        yield Fault(
            code="modifier_required",
            message=f"{group.name}: choose {_count(group.minimum)}.",
            details=limits,
        )
    if group.maximum and counts.total() > group.maximum:
        yield Fault(
            code="too_many_modifiers",
            message=f"{group.name}: choose {_count(group.maximum)} at most.",
            details=limits,
        )


def _count(number: int) -> str:
    return "one" if number == 1 else str(number)


def _choose(sellable: Sellable, line: LineDraft) -> ChosenLine:
    modifiers = []
    for group in sellable.item.groups:
        counts = _count_choices(group, line)
        is_usual = _is_usual(group, counts)
        modifiers += [
            ChosenModifier(option=option, quantity=counts[option.modifier_id], is_usual=is_usual)
            for option in group.options
            if counts[option.modifier_id]
        ]
    return ChosenLine(
        sellable=sellable, quantity=line.quantity, modifiers=tuple(modifiers), note=line.note
    )


def _is_usual(group: ModifierGroupView, counts: Counter[str]) -> bool:
    """Say whether what was chosen of a group is exactly what it comes with.

    As a whole, because half of it would read as an addition to the usual. Never in an optional
    group: there nothing may be chosen too, and a cook who reads nothing must be right.
    """
    usual = Counter(option.modifier_id for option in group.options if option.is_default)
    return group.is_required and counts == usual
