"""Which PINs will do, and how guessing slows down."""

from datetime import timedelta

import pytest

from domain.pins import find_pin_fault, find_wait


@pytest.mark.parametrize("pin", ["2846", "1397", "90210", "83716254", "1212", "1123"])
def test_a_pin_that_is_not_obvious_will_do(pin: str):
    """Four to eight digits, in no plain order."""
    assert find_pin_fault(pin) == ""


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "123",
        "123456789",
        "12a4",
        "1234",
        "4321",
        "0000",
        "7777777",
        "7890",
        "\u0661\u0662\u0663\u0664",
    ],
)
def test_a_pin_that_anybody_would_try_will_not(pin: str):
    """Nor what is no number of ours."""
    assert find_pin_fault(pin).endswith(".")


def test_from_the_fifth_wrong_one_each_waits_twice_as_long():
    """Four slips are free; nobody is shut out for longer than a quarter of an hour."""
    waits = [find_wait(failures) for failures in range(20)]

    assert waits[:5] == [timedelta(0)] * 5
    assert waits[5:8] == [timedelta(seconds=seconds) for seconds in (5, 10, 20)]
    assert waits[-1] == timedelta(minutes=15)
