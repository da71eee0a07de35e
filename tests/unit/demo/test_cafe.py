"""The demo's cafe is whole, legal and varied enough to show every part of the product."""

from collections import Counter
from pathlib import Path

from demo.cafe import CAFE
from domain.drafts import KITCHEN_NAME_LIMIT, list_draft_faults
from domain.roles import PERSON_ROLES


def test_the_demo_cafe_has_no_faults():
    """Every word that the draft refers by leads somewhere."""
    assert list_draft_faults(CAFE) == []


def test_the_demo_cafe_has_forty_items_for_three_stations():
    """The menu is as long as promised, and no station stands idle."""
    menu = CAFE.menu

    assert len(menu.items) == 40
    assert len({item.name for item in menu.items}) == 40
    assert {station.slug for station in CAFE.stations} == {item.station for item in menu.items}
    assert {tax.code for tax in menu.taxes} == {item.tax_code for item in menu.items}


def test_every_modifier_group_is_on_the_menu():
    """No group is written for nobody."""
    used = {key for item in CAFE.menu.items for key in item.groups}

    assert {group.key for group in CAFE.menu.groups} == used


def test_every_role_of_a_person_has_somebody():
    """The demo shows each role's screen."""
    assert {person.role for person in CAFE.people} == PERSON_ROLES


def test_tables_are_twelve_in_two_areas():
    """A map with one area would show too little."""
    assert len(CAFE.tables) == 12
    assert len(Counter(table.area for table in CAFE.tables)) == 2


def test_kitchen_names_tell_the_items_apart():
    """Two dishes of one name on a ticket would be cooked alike."""
    names = [item.kitchen_name for item in CAFE.menu.items]

    assert len(names) == len(set(names))
    assert max(map(len, names)) <= KITCHEN_NAME_LIMIT


def test_every_item_has_a_drawing_of_its_own_kind():
    """An unknown kind would be an empty plate on every phone."""
    plates = Path(__file__).parents[3] / "templates" / "components" / "plate.html"
    drawn = plates.read_text()

    assert [item.name for item in CAFE.menu.items if f'"{item.plate}"' not in drawn] == []


def test_a_group_without_default_asks_the_guest():
    """At least one required group has no default, so that clients must choose."""
    asking = [
        group
        for group in CAFE.menu.groups
        if group.is_required and not any(option.is_default for option in group.options)
    ]

    assert asking
