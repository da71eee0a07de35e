"""Faults of a draft are told in words, all at once."""

import msgspec
import pytest

from domain.drafts import (
    CafeDraft,
    MenuCategoryDraft,
    MenuDraft,
    MenuItemDraft,
    ModifierDraft,
    ModifierGroupDraft,
    PersonDraft,
    StationDraft,
    TableDraft,
    TaxDraft,
    list_draft_faults,
)
from domain.roles import Role

MILK = ModifierGroupDraft(
    key="milk",
    name="Milk",
    minimum=1,
    maximum=1,
    options=(ModifierDraft(name="Oat", kitchen_name="OAT", is_default=True),),
)
TEA = MenuItemDraft(
    name="Tea",
    kitchen_name="Tea",
    description="",
    price_minor=200,
    prep_s=60,
    station="bar",
    tax_code="food",
    plate="tea",
    groups=("milk",),
)
CAFE = CafeDraft(
    name="Small",
    currency="EUR",
    timezone="Europe/Lisbon",
    stations=(StationDraft(slug="bar", name="Bar", target_s=240),),
    tables=(TableDraft(number=1, label="1", area="Inside", seats=2),),
    people=(PersonDraft(name="A", email="a@small.example", role=Role.OWNER),),
    menu=MenuDraft(
        taxes=(TaxDraft(code="food", name="Food", rate_ppm=130_000),),
        groups=(MILK,),
        categories=(MenuCategoryDraft(name="All", items=(TEA,)),),
    ),
)


def _with_item(**changes) -> CafeDraft:
    item = msgspec.structs.replace(TEA, **changes)
    category = MenuCategoryDraft(name="All", items=(item,))
    return msgspec.structs.replace(
        CAFE, menu=msgspec.structs.replace(CAFE.menu, categories=(category,))
    )


def _with_group(**changes) -> CafeDraft:
    group = msgspec.structs.replace(MILK, **changes)
    return msgspec.structs.replace(CAFE, menu=msgspec.structs.replace(CAFE.menu, groups=(group,)))


def test_a_sound_draft_has_no_faults():
    """The smallest whole cafe passes."""
    assert list_draft_faults(CAFE) == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"station": "grill"}, "grill"),
        ({"tax_code": "luxury"}, "luxury"),
        ({"groups": ("bread",)}, "bread"),
        ({"allergens": ("dust",)}, "dust"),
        ({"diets": ("keto",)}, "keto"),
        ({"kitchen_name": "Nineteen letters ab"}, "kitchen name"),
        ({"kitchen_name": ""}, "kitchen name"),
        ({"price_minor": -1}, "negative"),
    ],
)
def test_an_item_that_refers_to_nothing_is_named(changes, word):
    """Each wrong word of an item makes exactly one fault that quotes it."""
    faults = list_draft_faults(_with_item(**changes))

    assert len(faults) == 1
    assert "Tea" in faults[0]
    assert word in faults[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"minimum": 2, "maximum": 1},
        {"minimum": 3, "maximum": 0},
        {"options": (*MILK.options, *MILK.options)},
    ],
)
def test_a_group_that_nobody_can_satisfy_is_named(changes):
    """Bounds that contradict the options are told before a guest meets them."""
    faults = list_draft_faults(_with_group(**changes))

    assert faults
    assert all("Milk" in fault for fault in faults)


def test_repeated_words_are_named_once_each():
    """Two tables of one number and two people of one address are two faults."""
    cafe = msgspec.structs.replace(CAFE, tables=CAFE.tables * 2, people=CAFE.people * 3)

    assert list_draft_faults(cafe) == [
        "The table number 1 is there 2 times.",
        "The e-mail address a@small.example is there 3 times.",
    ]
