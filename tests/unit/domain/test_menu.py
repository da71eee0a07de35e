"""What may be ordered: modifier groups, sold out, unknown things."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.commands import LineDraft, ModifierChoice
from domain.errors import UnprocessableInput
from domain.menu import Sellable, choose_lines, refresh_item
from tests.support.menus import (
    FLAT_WHITE,
    NO_ONION,
    NORMAL,
    OAT,
    RYE,
    SHOT,
    SYRUP,
    TOASTIE,
    WHITE_BREAD,
    WHOLE,
    make_catalogue,
    make_group,
    make_item,
    make_option,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
UNKNOWN = "01890a5d-0000-774b-bcce-0000000000ff"


def _line(menu_item_id, *choices, quantity=1):
    return LineDraft(
        menu_item_id=menu_item_id,
        quantity=quantity,
        modifiers=[ModifierChoice(modifier_id=each, quantity=count) for each, count in choices],
    )


def _refuse(*lines, catalogue=None):
    with pytest.raises(UnprocessableInput) as refusal:
        choose_lines(catalogue or make_catalogue(), list(lines), now=NOW)
    return refusal.value


def test_modifiers_come_in_the_order_of_the_menu():
    """A cook reads milk before extras, whatever the phone sent first."""
    (chosen,) = choose_lines(
        make_catalogue(), [_line(FLAT_WHITE, (SYRUP, 1), (SHOT, 2), (OAT, 1))], now=NOW
    )

    assert [(each.option.modifier_id, each.quantity) for each in chosen.modifiers] == [
        (OAT, 1),
        (SHOT, 2),
        (SYRUP, 1),
    ]


@pytest.mark.parametrize(
    ("choices", "usual"),
    [
        ([], [WHOLE]),
        ([(WHOLE, 1)], [WHOLE]),
        ([(OAT, 1)], []),
        ([(OAT, 1), (SHOT, 1)], []),
        ([(SHOT, 1)], [WHOLE]),
    ],
    ids=["nothing said", "the usual milk", "another milk", "another milk and an extra", "an extra"],
)
def test_what_a_dish_comes_with_is_told_from_what_was_wished(choices, usual):
    """The usual milk is usual, chosen or not; any other one and every extra is a wish."""
    (chosen,) = choose_lines(make_catalogue(), [_line(FLAT_WHITE, *choices)], now=NOW)

    assert [each.option.modifier_id for each in chosen.modifiers if each.is_usual] == usual


def test_half_of_what_is_usual_is_a_wish():
    """Of a group that comes with two, one alone or one with another is told to the cook in full."""
    sides = make_group(
        "Sides",
        1,
        3,
        make_option(WHITE_BREAD, "Bread", is_default=True),
        make_option(RYE, "Butter", is_default=True),
        make_option(SHOT, "Jam"),
    )
    catalogue = {TOASTIE: Sellable(item=make_item(TOASTIE, "Toastie", sides), tax=NORMAL)}

    def find_usual(*choices):
        (chosen,) = choose_lines(catalogue, [_line(TOASTIE, *choices)], now=NOW)
        return {each.is_usual for each in chosen.modifiers}

    assert find_usual() == find_usual((WHITE_BREAD, 1), (RYE, 1)) == {True}
    assert find_usual((WHITE_BREAD, 1)) == {False}
    assert find_usual((WHITE_BREAD, 1), (RYE, 1), (SHOT, 1)) == {False}
    assert find_usual((WHITE_BREAD, 2), (RYE, 1)) == {False}


def test_in_a_group_that_may_stay_empty_nothing_is_usual():
    """Who leaves the butter out says nothing, so who wants it has to be heard."""
    spread = make_group("Spread", 0, 1, make_option(RYE, "Butter", is_default=True))
    catalogue = {TOASTIE: Sellable(item=make_item(TOASTIE, "Toastie", spread), tax=NORMAL)}

    (chosen,) = choose_lines(catalogue, [_line(TOASTIE, (RYE, 1))], now=NOW)

    assert [each.is_usual for each in chosen.modifiers] == [False]


def test_a_required_group_takes_its_default():
    """Saying nothing about milk means the milk that the menu shows as chosen."""
    (chosen,) = choose_lines(make_catalogue(), [_line(FLAT_WHITE)], now=NOW)

    assert [each.option.modifier_id for each in chosen.modifiers] == [WHOLE]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (_line(UNKNOWN), "unknown_menu_item"),
        (_line(FLAT_WHITE, (UNKNOWN, 1)), "unknown_modifier"),
        (_line(FLAT_WHITE, (RYE, 1)), "unknown_modifier"),
        (_line(FLAT_WHITE, (OAT, 1), (OAT, 1)), "repeated_modifier"),
        (_line(FLAT_WHITE, (OAT, 1), (WHOLE, 1)), "too_many_modifiers"),
        (_line(FLAT_WHITE, (OAT, 2)), "too_many_modifiers"),
        (_line(FLAT_WHITE, (SHOT, 2), (SYRUP, 2)), "too_many_modifiers"),
        (_line(TOASTIE), "modifier_required"),
        (_line(TOASTIE, (RYE, 1), (NO_ONION, 2)), "too_many_modifiers"),
    ],
)
def test_what_the_menu_does_not_allow_is_refused(line, code):
    """Each refusal has its code and says which line."""
    good = _line(TOASTIE, (RYE, 1))

    error = _refuse(good, line)

    assert error.code == code
    assert error.details["line"] == 1
    assert error.details["menuItemId"] == line.menu_item_id


def test_every_faulty_line_is_listed():
    """A cart can mark all that is wrong at once."""
    error = _refuse(_line(TOASTIE), _line(FLAT_WHITE), _line(UNKNOWN))

    assert [(each["line"], each["code"]) for each in error.details["faults"]] == [
        (0, "modifier_required"),
        (2, "unknown_menu_item"),
    ]


@pytest.mark.parametrize(
    ("until", "is_refused"),
    [(None, True), (NOW + timedelta(minutes=1), True), (NOW, False), (NOW - timedelta(1), False)],
)
def test_sold_out_ends_when_it_says(until, is_refused):
    """Sold out without an end stays so; with one it ends then, without anybody's touch."""
    catalogue = {
        **make_catalogue(),
        FLAT_WHITE: Sellable(
            item=make_item(FLAT_WHITE, "Flat white", is_sold_out=True, sold_out_until=until),
            tax=NORMAL,
        ),
    }

    if is_refused:
        assert _refuse(_line(FLAT_WHITE), catalogue=catalogue).code == "sold_out"
    else:
        assert choose_lines(catalogue, [_line(FLAT_WHITE)], now=NOW)


def test_a_sold_out_option_is_refused_also_as_a_default():
    """No whole milk left: the guest chooses another one, nobody guesses for them."""
    milk = make_group(
        "Milk",
        1,
        1,
        make_option(WHOLE, "Whole", is_default=True, is_sold_out=True),
        make_option(OAT, "Oat"),
    )
    catalogue = {FLAT_WHITE: Sellable(item=make_item(FLAT_WHITE, "Flat white", milk), tax=NORMAL)}

    assert _refuse(_line(FLAT_WHITE), catalogue=catalogue).code == "sold_out"
    assert choose_lines(catalogue, [_line(FLAT_WHITE, (OAT, 1))], now=NOW)


def test_what_is_sellable_again_is_shown_so():
    """A menu that was kept in memory shows the present."""
    item = make_item(
        TOASTIE,
        "Toastie",
        make_group("Bread", 1, 1, make_option(WHITE_BREAD, "White", is_sold_out=True)),
        is_sold_out=True,
        sold_out_until=NOW,
    )

    shown = refresh_item(item, NOW)

    assert not shown.is_sold_out
    assert shown.sold_out_until is None
    assert shown.groups[0].options[0].is_sold_out
