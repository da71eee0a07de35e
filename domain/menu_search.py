"""Which dishes a guest looks for: by words, by diet, without allergens; and what else there is.

Allergens are the cafe's declaration, so «without» asks them and never a label. A dish may be had
without something only if another choice than the usual is made: it is shown, and says so. The
phone applies the same filters at once: it compares the codes that are listed here.
"""

import re
from collections.abc import Collection

import msgspec

from domain.allergens import Allergen
from domain.diets import Diet
from domain.views.menu import MenuItemView, MenuView, ModifierGroupView, ModifierOptionView

_SUBSTITUTES = 2
_NO_LETTERS = re.compile(r"[\W_]+")


# Gluten is looked for among the allergens, where the law wants it named.
DIET_FILTERS = (Diet.VEGAN, Diet.VEGETARIAN)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a guest looks for. text: as it was typed, "" for anything."""

    diets: tuple[Diet, ...] = ()
    without: tuple[Allergen, ...] = ()
    text: str = ""

    @property
    def codes(self) -> list[str]:
        """The filters as a dish's `fits` names them."""
        return [*self.diets, *map(code_of, self.without)]


class ShownDish(msgspec.Struct, frozen=True, kw_only=True):
    """A dish on a guest's menu.

    fits: codes of the filters that it passes. by_choice: those of them that it passes only with
    other choices than the usual. substitutes: what to have instead while it is sold out.
    """

    item: MenuItemView
    fits: list[str]
    by_choice: list[str]
    is_found: bool
    needs_choice: bool
    substitutes: list[MenuItemView]


class ShownCategory(msgspec.Struct, frozen=True, kw_only=True):
    category_id: str
    name: str
    dishes: list[ShownDish]

    @property
    def is_found(self) -> bool:
        return any(dish.is_found for dish in self.dishes)


class ShownMenu(msgspec.Struct, frozen=True, kw_only=True):
    """A menu as one guest looks at it. diets, allergens: filters that this menu has a use for."""

    categories: list[ShownCategory]
    diets: list[Diet]
    allergens: list[Allergen]

    @property
    def found(self) -> int:
        return sum(dish.is_found for each in self.categories for dish in each.dishes)


def show_menu(menu: MenuView, wanted: Wanted) -> ShownMenu:
    """Show all dishes of a menu, each with whether it is what a guest looks for."""
    items = [item for category in menu.categories for item in category.items]
    declared = {each for item in items for each in _list_declared(item)}
    allergens = [each for each in Allergen if each in declared]
    labels = {label for item in items for label in item.diets}
    return ShownMenu(
        categories=[
            ShownCategory(
                category_id=category.category_id,
                name=category.name,
                dishes=[
                    _show_dish(item, category.items, wanted, allergens) for item in category.items
                ],
            )
            for category in menu.categories
        ],
        diets=[diet for diet in DIET_FILTERS if labels & _labels_of(diet)],
        allergens=allergens,
    )


def list_substitutes(item: MenuItemView, heading: list[MenuItemView]) -> list[MenuItemView]:
    """List what is on sale instead of a dish, of the same heading.

    First what keeps its diets (a vegan guest is not offered milk), then what is nearest in price.
    """
    on_sale = [each for each in heading if is_to_be_had(each) and each is not item]
    return sorted(
        on_sale,
        key=lambda each: (
            not set(item.diets) <= set(each.diets),
            abs(each.price_minor - item.price_minor),
        ),
    )[:_SUBSTITUTES]


def is_to_be_had(item: MenuItemView) -> bool:
    """Say whether guests can order a dish as it is shown: neither sold out nor paused."""
    return not (item.is_sold_out or item.is_paused)


def code_of(allergen: Allergen) -> str:
    """Name the filter «without this»."""
    return f"without-{allergen}"


def matches(text: str, typed: str) -> bool:
    """Whether a text has what was typed: beginnings of words, or initials ("fw", Flat white).

    The same rule as static/js/core/search.js, which finds while somebody types.
    """
    words, parts = _split(text), _split(typed)
    initials = "".join(word[0] for word in words)
    return initials.startswith("".join(parts)) or all(
        any(word.startswith(part) for word in words) for part in parts
    )


def _split(text: str) -> list[str]:
    return [word for word in _NO_LETTERS.split(text.lower()) if word]


def _show_dish(
    item: MenuItemView, heading: list[MenuItemView], wanted: Wanted, allergens: list[Allergen]
) -> ShownDish:
    possible = [each for each in allergens if _is_possible_without(item, each)]
    by_choice = [code_of(each) for each in possible if _is_usual_with(item, each)]
    fits = [
        *(diet for diet in DIET_FILTERS if _labels_of(diet) & set(item.diets)),
        *map(code_of, possible),
    ]
    return ShownDish(
        item=item,
        fits=fits,
        by_choice=by_choice,
        is_found=set(wanted.codes) <= set(fits) and _is_called(item, wanted.text),
        needs_choice=not set(by_choice).isdisjoint(wanted.codes),
        substitutes=[] if is_to_be_had(item) else list_substitutes(item, heading),
    )


def list_usual(item: MenuItemView) -> list[str] | None:
    """List what a dish comes with where nothing is chosen; None where a guest must choose."""
    usual: list[str] = []
    for group in item.groups:
        defaults = [each for each in group.options if each.is_default and not each.is_sold_out]
        if group.is_required and len(defaults) < group.minimum:
            return None
        usual += [each.modifier_id for each in defaults if group.is_required]
    return usual


class Replacement(msgspec.Struct, frozen=True, kw_only=True):
    """A chosen option that is sold out, and what of its group there is instead.

    may_leave_out: the dish can be had without it.
    """

    sold_out: ModifierOptionView
    options: list[ModifierOptionView]
    may_leave_out: bool


def list_replacements(item: MenuItemView, modifier_ids: Collection[str]) -> list[Replacement]:
    """List what of a chosen dish is sold out, with what it may be instead, the usual one first."""
    found = []
    for group in item.groups:
        chosen = [option for option in group.options if option.modifier_id in modifier_ids]
        free = [
            option
            for option in group.options
            if not (option.is_sold_out or option.is_removal or option in chosen)
        ]
        found += [
            Replacement(
                sold_out=option,
                options=sorted(free, key=lambda each: not each.is_default)[:_SUBSTITUTES],
                may_leave_out=len(chosen) > group.minimum,
            )
            for option in chosen
            if option.is_sold_out
        ]
    return found


def _labels_of(diet: Diet) -> set[str]:
    """What is vegan is vegetarian, whether its label says both or not."""
    return {Diet.VEGAN, Diet.VEGETARIAN} if diet is Diet.VEGETARIAN else {diet}


def _is_called(item: MenuItemView, typed: str) -> bool:
    return not typed.strip() or matches(item.name, typed) or matches(item.description, typed)


def _list_declared(item: MenuItemView) -> set[str]:
    options = (option for group in item.groups for option in group.options)
    return set(item.allergens).union(*(option.allergens for option in options))


def _is_possible_without(item: MenuItemView, allergen: Allergen) -> bool:
    """Whether a dish can be ordered without it. Leaving something out is no promise to anybody
    with an allergy, so what the dish itself declares stands."""
    return allergen not in item.allergens and all(
        group.minimum == 0 or _has_choice_without(group, allergen) for group in item.groups
    )


def _is_usual_with(item: MenuItemView, allergen: Allergen) -> bool:
    """Whether it comes with it unless the guest chooses: by default, or with nothing chosen."""
    return any(_comes_with(group, allergen) for group in item.groups)


def _comes_with(group: ModifierGroupView, allergen: Allergen) -> bool:
    usual = [option for option in group.options if option.is_default]
    offered = usual or (group.options if group.minimum else [])
    return any(allergen in option.allergens for option in offered)


def _has_choice_without(group: ModifierGroupView, allergen: Allergen) -> bool:
    return any(
        allergen not in option.allergens and not option.is_sold_out for option in group.options
    )
