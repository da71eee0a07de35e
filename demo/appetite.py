"""What a simulated guest feels like: lines for an order that the menu allows.

Pure choice from a menu as clients see it; whether the kitchen still has it is the server's word.
"""

from collections.abc import Sequence
from random import Random

from domain.commands import LineDraft, ModifierChoice
from domain.views.menu import MenuItemView, MenuView, ModifierGroupView, ModifierOptionView

# How many lines a guest orders: most have one or two, few feed the table.
_LINE_COUNTS, _LINE_WEIGHTS = (1, 2, 3, 4, 5), (34, 34, 18, 9, 5)
_SECOND_UNIT_SHARE = 0.12
_KEEPS_DEFAULT_SHARE = 0.7
_WANTS_OPTION_SHARE = 0.25
_MOST_OPTIONAL = 2
_NOTES = ("", "", "", "", "", "", "Please bring everything together.", "No hurry.", "For sharing.")
_ALLERGIES = ("nuts", "sesame", "egg", "shellfish")
_ALLERGY_SHARE = 0.04


def choose_lines(menu: MenuView, random: Random) -> list[LineDraft]:
    """Choose one to five lines, each with valid modifiers; empty when nothing is on sale."""
    items = [item for item in list_items(menu) if _is_on_sale(item)]
    if not items:
        return []
    count = random.choices(_LINE_COUNTS, _LINE_WEIGHTS)[0]
    return [_choose_line(item, random) for item in random.sample(items, min(count, len(items)))]


def choose_note(random: Random) -> str:
    """Choose what a guest writes beside the order; mostly nothing."""
    return random.choice(_NOTES)


def choose_allergy(random: Random) -> str:
    """Choose what a guest must not eat; mostly nothing."""
    return random.choice(_ALLERGIES) if random.random() < _ALLERGY_SHARE else ""


def list_items(menu: MenuView) -> list[MenuItemView]:
    """List all items of a menu in its order."""
    return [item for category in menu.categories for item in category.items]


def _is_on_sale(item: MenuItemView) -> bool:
    return not (item.is_sold_out or item.is_paused) and all(
        len(_list_available(group)) >= group.minimum for group in item.groups
    )


def _list_available(group: ModifierGroupView) -> list[ModifierOptionView]:
    return [option for option in group.options if not option.is_sold_out]


def _choose_line(item: MenuItemView, random: Random) -> LineDraft:
    chosen = [option for group in item.groups for option in _choose_options(group, random)]
    return LineDraft(
        menu_item_id=item.menu_item_id,
        quantity=2 if random.random() < _SECOND_UNIT_SHARE else 1,
        modifiers=[ModifierChoice(modifier_id=option.modifier_id) for option in chosen],
    )


def _choose_options(group: ModifierGroupView, random: Random) -> Sequence[ModifierOptionView]:
    available = _list_available(group)
    if group.minimum:
        defaults = [option for option in available if option.is_default]
        if len(defaults) == group.minimum and random.random() < _KEEPS_DEFAULT_SHARE:
            return defaults
        return random.sample(available, group.minimum)
    if not available or random.random() >= _WANTS_OPTION_SHARE:
        return []
    most = min(group.maximum or len(available), len(available), _MOST_OPTIONAL)
    return random.sample(available, random.randint(1, most))
