"""What a guest finds on the menu, and what is offered instead."""

from datetime import UTC, datetime

import msgspec
import pytest

from domain.allergens import Allergen
from domain.diets import Diet
from domain.menu_search import (
    Wanted,
    list_replacements,
    list_substitutes,
    list_usual,
    matches,
    show_menu,
)
from domain.views.menu import MenuCategoryView, MenuItemView, MenuView, ModifierGroupView
from tests.support.menus import OAT, SHOT, WHOLE, make_group, make_item, make_option

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def label(item: MenuItemView, *, allergens=(), diets=(), **changes) -> MenuItemView:
    return msgspec.structs.replace(item, allergens=list(allergens), diets=list(diets), **changes)


def milks(*, default: str | None = WHOLE, oat_is_sold_out: bool = False) -> ModifierGroupView:
    """Whole milk has milk, oat has gluten."""
    whole = make_option(WHOLE, "Whole", is_default=default == WHOLE)
    oat = make_option(OAT, "Oat", is_default=default == OAT, is_sold_out=oat_is_sold_out)
    return make_group(
        "Milk",
        1,
        1,
        msgspec.structs.replace(whole, allergens=["milk"]),
        msgspec.structs.replace(oat, allergens=["gluten"]),
    )


def make_menu(*items: MenuItemView) -> MenuView:
    return MenuView(
        cafe_id="cafe",
        cafe_name="Harbour Lane",
        currency="EUR",
        prices_include_tax=True,
        menu_version=1,
        categories=[MenuCategoryView(category_id="coffee", name="Coffee", items=list(items))],
    )


def find(wanted: Wanted, *items: MenuItemView) -> list[str]:
    shown = show_menu(make_menu(*items), wanted)
    return [dish.item.name for dish in shown.categories[0].dishes if dish.is_found]


def test_vegetarian_has_what_is_vegan():
    """A label says the strictest word only."""
    soup = label(make_item("soup", "Soup"), diets=["vegan"])
    eggs = label(make_item("eggs", "Eggs"), diets=["vegetarian"])
    ham = make_item("ham", "Ham")

    assert find(Wanted(diets=(Diet.VEGETARIAN,)), soup, eggs, ham) == ["Soup", "Eggs"]
    assert find(Wanted(diets=(Diet.VEGAN,)), soup, eggs, ham) == ["Soup"]


def test_without_asks_the_allergens_and_not_the_label():
    """A dish labelled free of gluten that declares it is not shown."""
    bun = label(make_item("bun", "Bun"), allergens=["gluten"], diets=["gluten_free"])
    soup = make_item("soup", "Soup")

    assert find(Wanted(without=(Allergen.GLUTEN,)), bun, soup) == ["Soup"]


@pytest.mark.parametrize(
    ("group", "allergen", "expected"),
    [
        (milks(), Allergen.MILK, (True, True)),
        (milks(), Allergen.GLUTEN, (True, False)),
        (milks(default=OAT), Allergen.MILK, (True, False)),
        (milks(default=None), Allergen.MILK, (True, True)),
        (milks(oat_is_sold_out=True), Allergen.MILK, (False, False)),
    ],
    ids=["usual has it", "usual is free", "another usual", "nothing is usual", "no other there"],
)
def test_a_choice_may_be_what_makes_it_possible(group, allergen, expected):
    """A required choice without it, on sale; where the usual one has it, the guest is told."""
    shown = show_menu(make_menu(make_item("latte", "Latte", group)), Wanted(without=(allergen,)))
    (dish,) = shown.categories[0].dishes

    assert (dish.is_found, dish.needs_choice) == expected


def test_an_optional_extra_is_no_obstacle():
    """Who does not choose the cream does not get it."""
    cream = msgspec.structs.replace(make_option("cream", "Cream"), allergens=["milk"])
    cocoa = make_item("cocoa", "Cocoa", make_group("Extras", 0, 2, cream))

    assert find(Wanted(without=(Allergen.MILK,)), cocoa) == ["Cocoa"]


def test_leaving_something_out_is_no_promise():
    """ "No mustard" is a wish; with mustard declared the dish is not without it."""
    removal = make_option("no-mustard", "No mustard", is_removal=True)
    toastie = label(
        make_item("toastie", "Toastie", make_group("Leave out", 0, 1, removal)),
        allergens=["mustard"],
    )

    assert find(Wanted(without=(Allergen.MUSTARD,)), toastie) == []


def test_filters_are_those_that_the_menu_has_a_use_for():
    """Allergens of options count; nobody is offered "without celery" where nothing has any."""
    latte = label(make_item("latte", "Latte", milks()), allergens=["soya"], diets=["vegan"])
    shown = show_menu(make_menu(latte), Wanted())

    assert shown.allergens == [Allergen.GLUTEN, Allergen.MILK, Allergen.SOYA]
    assert shown.diets == [Diet.VEGAN, Diet.VEGETARIAN]


def test_all_that_is_asked_for_must_be_so():
    """Filters and words together."""
    soup = label(make_item("soup", "Tomato soup"), diets=["vegan"], allergens=["celery"])
    salad = label(make_item("salad", "Tomato salad"), diets=["vegan"])
    juice = label(make_item("juice", "Orange juice"), diets=["vegan"])
    wanted = Wanted(diets=(Diet.VEGAN,), without=(Allergen.CELERY,), text=" tom ")

    assert find(wanted, soup, salad, juice) == ["Tomato salad"]


def test_a_substitute_keeps_the_diet_then_the_price():
    """Two of the same heading that are there now."""
    wanted = label(make_item("a", "Cold brew", price_minor=440), diets=["vegan"])
    milky = make_item("b", "Flat white", price_minor=440)
    tea = label(make_item("c", "Tea", price_minor=200), diets=["vegan"])
    filter_ = label(make_item("d", "Filter", price_minor=400), diets=["vegan"])
    gone = label(make_item("e", "Espresso", price_minor=440, is_sold_out=True), diets=["vegan"])

    assert list_substitutes(wanted, [wanted, milky, tea, filter_, gone]) == [filter_, tea]


@pytest.mark.parametrize(
    ("text", "typed", "is_found"),
    [  # as in tests/js/search.test.mjs: one rule, written twice
        ("Tomato soup with poached egg", "tom", True),
        ("Tomato soup with poached egg", "egg TOM", True),
        ("Tomato soup with poached egg", "mato", False),
        ("Flat white", "fw", True),
        ("Shakshuka with goat's curd", "s w", True),
        ("Flat white", "wf", False),
        ("Galão", "  galã ", True),
        ("Чай с мятой", "мят", True),
    ],
)
def test_dishes_are_found_as_people_type(text, typed, is_found):
    """Beginnings of words in any order, or initials."""
    assert matches(text, typed) is is_found


def test_an_option_that_ran_out_is_replaced_by_its_own_group():
    """The usual one first; nothing that is out itself, and no dish without what it must have."""
    white = make_item("fw", "Flat white", milks(oat_is_sold_out=True))
    (found,) = list_replacements(white, [OAT])
    assert [each.name for each in found.options] == ["Whole"]
    assert (found.sold_out.name, found.may_leave_out) == ("Oat", False)
    assert list_replacements(white, [WHOLE]) == []
    shot = make_option(SHOT, "Shot", is_sold_out=True)
    (extra,) = list_replacements(
        make_item("fw", "Flat white", make_group("Extras", 0, 2, shot)), [SHOT]
    )
    assert (extra.options, extra.may_leave_out) == ([], True)


def test_what_a_dish_comes_with_is_known_where_nobody_must_choose():
    """A required choice without a usual one, or whose usual one is out, is the guest's to make."""
    assert list_usual(make_item("fw", "Flat white", milks())) == [WHOLE]
    assert list_usual(make_item("fw", "Flat white", milks(default=None))) is None
    assert (
        list_usual(make_item("fw", "Flat white", milks(default=OAT, oat_is_sold_out=True))) is None
    )
    assert list_usual(make_item("cake", "Cake")) == []
