"""Simulated guests order what the menu allows, whatever the seed."""

from collections import Counter
from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from demo.appetite import choose_allergy, choose_lines, choose_note, list_items
from demo.cafe import CAFE
from domain.drafts import MenuItemDraft
from domain.views.menu import (
    MenuCategoryView,
    MenuItemView,
    MenuView,
    ModifierGroupView,
    ModifierOptionView,
)


def _name_id(*words: str) -> str:
    return "-".join(words).replace(" ", "").lower().ljust(36, "0")[:36]


def _show_item(item: MenuItemDraft, category: str) -> MenuItemView:
    groups = {group.key: group for group in CAFE.menu.groups}
    return MenuItemView(
        menu_item_id=_name_id(item.name),
        category_id=category,
        name=item.name,
        kitchen_name=item.kitchen_name,
        description=item.description,
        price_minor=item.price_minor,
        prep_s=item.prep_s,
        station_id=item.station,
        plate=item.plate,
        allergens=list(item.allergens),
        diets=list(item.diets),
        is_sold_out=False,
        sold_out_until=None,
        groups=[
            ModifierGroupView(
                group_id=key,
                name=groups[key].name,
                is_required=groups[key].is_required,
                minimum=groups[key].minimum,
                maximum=groups[key].maximum,
                options=[
                    ModifierOptionView(
                        modifier_id=_name_id(key, option.name),
                        name=option.name,
                        kitchen_name=option.kitchen_name,
                        price_minor=option.price_minor,
                        is_default=option.is_default,
                        is_removal=option.is_removal,
                        is_sold_out=False,
                        allergens=list(option.allergens),
                    )
                    for option in groups[key].options
                ],
            )
            for key in item.groups
        ],
    )


MENU = MenuView(
    cafe_id="cafe",
    cafe_name=CAFE.name,
    currency=CAFE.currency,
    prices_include_tax=True,
    menu_version=1,
    categories=[
        MenuCategoryView(
            category_id=category.name,
            name=category.name,
            items=[_show_item(item, category.name) for item in category.items],
        )
        for category in CAFE.menu.categories
    ],
)
ITEMS = {item.menu_item_id: item for item in list_items(MENU)}


@given(seed=st.integers(0, 2**32))
def test_every_choice_keeps_the_limits_of_its_groups(seed):
    """Required groups have what they need, none has more than it allows, nothing is foreign."""
    for line in choose_lines(MENU, Random(seed)):
        item = ITEMS[line.menu_item_id]
        chosen = {choice.modifier_id for choice in line.modifiers}
        assert len(chosen) == len(line.modifiers)
        for group in item.groups:
            options = {option.modifier_id for option in group.options}
            count = len(chosen & options)
            chosen -= options
            assert group.minimum <= count
            assert group.maximum == 0 or count <= group.maximum
        assert not chosen


@given(seed=st.integers(0, 2**32))
def test_one_to_five_different_items_are_ordered(seed):
    """An order is never empty while something is on sale, and never a banquet."""
    lines = choose_lines(MENU, Random(seed))

    assert 1 <= len(lines) <= 5
    assert len({line.menu_item_id for line in lines}) == len(lines)


@given(seed=st.integers(0, 2**32))
def test_the_same_seed_orders_the_same(seed):
    """A run can be repeated."""
    assert choose_lines(MENU, Random(seed)) == choose_lines(MENU, Random(seed))


@given(seed=st.integers(0, 2**32))
def test_sold_out_things_are_left_alone(seed):
    """No item that is sold out, and none whose required choice is."""
    sold_out = [
        msgspec.structs.replace(
            item,
            is_sold_out=item.station_id == "bar",
            groups=[
                msgspec.structs.replace(
                    group,
                    options=[
                        msgspec.structs.replace(option, is_sold_out=group.group_id == "bread")
                        for option in group.options
                    ],
                )
                for group in item.groups
            ],
        )
        for item in ITEMS.values()
    ]
    menu = msgspec.structs.replace(
        MENU, categories=[MenuCategoryView(category_id="all", name="All", items=sold_out)]
    )

    lines = choose_lines(menu, Random(seed))

    assert lines
    for line in lines:
        item = ITEMS[line.menu_item_id]
        assert item.station_id != "bar"
        assert "bread" not in {group.group_id for group in item.groups}


def test_nobody_orders_from_an_empty_menu():
    """Nothing on sale is no error: the guest has nothing."""
    assert choose_lines(msgspec.structs.replace(MENU, categories=[]), Random(1)) == []


def test_over_many_guests_everything_gets_ordered():
    """All forty items, every modifier, some notes and some allergies come up."""
    random = Random(7)
    lines = [line for _ in range(3000) for line in choose_lines(MENU, random)]
    items = Counter(line.menu_item_id for line in lines)
    modifiers = {choice.modifier_id for line in lines for choice in line.modifiers}
    all_options = {
        option.modifier_id
        for item in ITEMS.values()
        for group in item.groups
        for option in group.options
    }

    assert set(items) == set(ITEMS)
    assert modifiers == all_options
    assert any(choose_note(random) for _ in range(100))
    assert any(choose_allergy(random) for _ in range(1000))
