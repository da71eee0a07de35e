"""The cart in a cookie: what goes in comes out, and nothing else does."""

import zlib
from base64 import urlsafe_b64encode
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UnprocessableInput
from handlers.pages.cart import LONGEST_VALUE, Cart, decode_cart, encode_cart

LANE, OTHER_LANE, COMMAND, OTHER_COMMAND = (str(uuid4()) for _ in range(4))
ids = st.uuids().map(str)
# What a form can carry: no half characters.
notes = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
choices = st.tuples(ids, st.integers(1, 99), st.lists(ids, max_size=4), notes)


def fill(lines) -> Cart:
    cart = Cart(lane_id=LANE, command_id=COMMAND)
    for menu_item_id, quantity, modifiers, note in lines:
        cart = cart.add(
            menu_item_id=menu_item_id, quantity=quantity, modifier_ids=tuple(modifiers), note=note
        )
    return cart


def read_cookie(value, *, lane_id: str = LANE) -> Cart:
    return decode_cart(value, lane_id=lane_id, new_id=lambda: OTHER_COMMAND)


@given(st.lists(choices, max_size=8))
def test_a_cart_survives_the_cookie(lines):
    """Order, quantities, modifiers, notes and the command's id come back exactly."""
    cart = fill(lines)

    assert read_cookie(encode_cart(cart)) == cart


@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_nonsense_is_an_empty_cart(value):
    """A cookie can hold anything; only a cart of this lane counts."""
    assert read_cookie(value) == Cart(lane_id=LANE, command_id=OTHER_COMMAND)


def test_another_lane_finds_nothing():
    """The next seating at the table does not inherit what was chosen."""
    value = encode_cart(fill([(str(uuid4()), 1, [], "")]))

    found = read_cookie(value, lane_id=OTHER_LANE)
    assert (OTHER_COMMAND, ()) == (found.command_id, found.lines)


def test_a_bomb_is_not_unpacked():
    """A short value that unpacks to megabytes is no cart."""
    value = urlsafe_b64encode(zlib.compress(b"\x00" * 2**20, 9)).decode()
    assert len(value) < LONGEST_VALUE

    assert read_cookie(value).lines == ()


def test_the_same_choice_twice_is_one_line():
    """The quantity grows up to its limit, the order of modifiers does not matter."""
    item, first, second = (str(uuid4()) for _ in range(3))

    cart = fill([(item, 60, [first, second], "hot"), (item, 60, [second, first], "hot")])

    assert [(line.line_id, line.quantity) for line in cart.lines] == [("1", 99)]


def test_lines_keep_their_numbers():
    """A form that was open while another line was removed still means its own line."""
    items = [str(uuid4()) for _ in range(3)]
    cart = fill([(item, 1, [], "") for item in items]).change("2", None)

    assert [line.line_id for line in cart.lines] == ["1", "3"]
    kept = cart.find("3")
    assert kept is not None
    assert kept.menu_item_id == items[2]
    assert cart.find("2") is None


def test_a_cart_that_does_not_fit_a_cookie_says_so():
    """Fifty plain lines fit; a hundred do not, and the guest is told what to do."""
    plain = [(str(uuid4()), 1, [str(uuid4())], "") for _ in range(50)]
    assert len(encode_cart(fill(plain))) <= LONGEST_VALUE

    with pytest.raises(UnprocessableInput) as caught:
        encode_cart(fill(plain + [(str(uuid4()), 1, [], "n" * 200) for _ in range(50)]))
    assert caught.value.code == "cart_full"


def test_a_modifier_chosen_twice_is_ordered_twice():
    """Check boxes give each choice once, a program may give one twice."""
    item, shot = str(uuid4()), str(uuid4())

    draft = fill([(item, 2, [shot, shot], "")]).lines[0].to_draft()

    assert [(choice.modifier_id, choice.quantity) for choice in draft.modifiers] == [(shot, 2)]
