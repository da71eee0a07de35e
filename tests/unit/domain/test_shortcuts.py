"""Which options of a dish are keys of the till."""

from domain.shortcuts import list_shortcuts
from tests.support.menus import FLAT_WHITE, OAT, SHOT, SYRUP, WHOLE, make_group, make_item
from tests.support.menus import make_option as option

MILK = make_group("Milk", 1, 1, option(WHOLE, "Whole", is_default=True), option(OAT, "Oat"))
EXTRAS = make_group(
    "Extras", 0, 0, option(SYRUP, "Syrup", is_default=True), option(SHOT, "Shot"),
    *(option(f"extra-{number}", f"Extra {number}") for number in range(3)),
)  # fmt: skip
DISH = make_item(FLAT_WHITE, "Flat white", MILK, EXTRAS)


def _name(asked) -> list[str]:
    return [each.name for each in list_shortcuts(DISH, asked)]


def test_nothing_asked_for_yet_offers_the_first_of_the_menu():
    """Without what a required group comes with: that is chosen already."""
    assert _name({}) == ["Oat", "Syrup", "Shot", "Extra 0"]


def test_what_is_asked_for_most_is_offered_in_the_menus_order():
    """A key stays where it is, whoever asks for it. Another dish's habits do not count."""
    asked = {FLAT_WHITE: {"extra-2": 9, "extra-1": 1, SHOT: 4}, "another": {SYRUP: 99}}
    assert _name(asked) == ["Oat", "Shot", "Extra 1", "Extra 2"]
