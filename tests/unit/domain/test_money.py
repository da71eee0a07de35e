"""Rounding and sharing out: exact for every input."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import apportion, divide_half_up


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
