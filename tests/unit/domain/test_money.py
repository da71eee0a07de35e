"""Rounding and sharing out: exact for every input."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import apportion, divide_half_up, find_typed_amount


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(5, 10, 1), (4, 10, 0), (15, 10, 2), (-5, 10, -1), (-4, 10, 0), (0, 7, 0), (25, 10, 3)],
)
def test_halves_round_away_from_zero(numerator, denominator, expected):
    """Half a unit counts as one, in both directions."""
    assert divide_half_up(numerator, denominator) == expected


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
def test_rounding_is_off_by_half_a_unit_at_most(numerator, denominator):
    """The result is the nearest whole number, and its sign never matters."""
    rounded = divide_half_up(numerator, denominator)

    assert abs(rounded - Fraction(numerator, denominator)) <= Fraction(1, 2)
    assert divide_half_up(-numerator, denominator) == -rounded


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=60))
def test_parts_sum_to_the_whole(total, weights):
    """Nothing is lost or made up, nothing is negative, no part is off by a whole unit."""
    parts = apportion(total, weights)

    assert sum(parts) == total
    assert min(parts) >= 0
    if sum(weights):
        exact = [Fraction(total * weight, sum(weights)) for weight in weights]
        assert all(abs(part - share) < 1 for part, share in zip(parts, exact, strict=True))


def test_equal_remainders_favour_the_earlier_part():
    """A third of ten euros is a cent more for the first (domain page 2)."""
    assert apportion(1000, [1, 1, 1]) == [334, 333, 333]


def test_nothing_to_weigh_gives_all_to_the_first():
    """A total is never dropped because its parts weigh nothing."""
    assert apportion(7, [0, 0]) == [7, 0]
    assert apportion(0, []) == []


@pytest.mark.parametrize(
    ("text", "exponent", "minor"),
    [
        ("11.50", 2, 1150),
        ("11,5", 2, 1150),
        ("11", 2, 1100),
        ("0", 2, 0),
        ("3.", 2, 300),
        ("500", 0, 500),
        ("1.234", 3, 1234),
    ],
)
def test_an_amount_is_read_as_it_is_typed(text, exponent, minor):
    """Point or comma, all decimals or fewer."""
    assert find_typed_amount(text, exponent=exponent) == minor


@pytest.mark.parametrize(
    "text", ["", "-1", "1.234", "1,234.50", "1 000", "abc", "1e3", "٣", ".50", "9999999999"]
)
def test_what_is_no_amount_is_not_guessed(text):
    """A price off by a thousand is worse than a question."""
    assert find_typed_amount(text, exponent=2) is None
