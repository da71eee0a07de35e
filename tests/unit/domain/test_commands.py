"""Commands refuse what they do not mean, before anybody looks at a row."""

import json

import msgspec
import pytest

from domain.commands import AddRound, ItemUnits, PlaceOrder, SetAvailability, VoidItems

ID = "01890a5d-0000-774b-bcce-0000000000a1"
LINE = {"menuItemId": ID, "quantity": 1}


def _decode(command, body):
    return msgspec.json.decode(json.dumps(body).encode(), type=command)


def test_a_command_as_it_should_be():
    """The smallest one, with what it leaves out filled in."""
    command = _decode(PlaceOrder, {"lines": [LINE]})

    assert command.lines[0].modifiers == []
    assert command.table_number is None


@pytest.mark.parametrize("quantity", [0, -1, 100, 10_000, True, 1.0, 1.5, "1", None, 10**30])
def test_a_quantity_is_a_whole_number_from_1_to_99(quantity):
    """A bool is no number, and neither is a number in quotes."""
    with pytest.raises(msgspec.ValidationError):
        _decode(PlaceOrder, {"lines": [{**LINE, "quantity": quantity}]})
    if quantity is not None:
        with pytest.raises(msgspec.ValidationError):
            _decode(ItemUnits, {"itemId": ID, "quantity": quantity})


@pytest.mark.parametrize(
    "line",
    [
        {**LINE, "unitPriceMinor": 1},
        {**LINE, "menuItemId": "1"},
        {**LINE, "menuItemId": ID.upper()},
        {**LINE, "menuItemId": 7},
        {**LINE, "note": "x" * 201},
        {**LINE, "modifiers": [{"modifierId": ID, "quantity": 0}]},
        {**LINE, "modifiers": [{"modifierId": ID, "quantity": 10}]},
        {**LINE, "modifiers": [{"modifierId": ID, "priceMinor": 0}]},
        {**LINE, "modifiers": [{"modifierId": ID}] * 31},
        {"quantity": 1},
        [],
        "x",
    ],
)
def test_a_line_has_what_it_has(line):
    """Unknown fields (a price above all), other types, too much of anything."""
    with pytest.raises(msgspec.ValidationError):
        _decode(PlaceOrder, {"lines": [line]})


@pytest.mark.parametrize(
    ("command", "body"),
    [
        (PlaceOrder, {"lines": []}),
        (PlaceOrder, {"lines": [LINE] * 61}),
        (PlaceOrder, {"lines": [LINE], "tableNumber": True}),
        (PlaceOrder, {"lines": [LINE], "tableNumber": 0}),
        (PlaceOrder, {"lines": [LINE], "tableNumber": 10_000}),
        (PlaceOrder, {"lines": [LINE], "allergy": "x" * 61}),
        (PlaceOrder, {"lines": [LINE], "cafeId": ID}),
        (AddRound, {"lines": [LINE]}),
        (VoidItems, {"orderId": ID, "items": []}),
        (VoidItems, {"orderId": ID, "items": [{"itemId": ID, "expectedVersion": 0}]}),
        (SetAvailability, {"isSoldOut": 1, "menuItemId": ID}),
        (SetAvailability, {"isSoldOut": True, "menuItemId": ID, "until": 1.5}),
    ],
)
def test_a_command_has_what_it_has(command, body):
    """Empty lists, lists without end, whose cafe it is: nothing of that is the sender's to say."""
    with pytest.raises(msgspec.ValidationError):
        _decode(command, body)
