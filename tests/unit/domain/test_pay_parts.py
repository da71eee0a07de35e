"""Sharing a bill out at the till, and what guests may hand over for a share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payments import MOST_PARTS, list_pay_parts, suggest_tenders


@given(amount_minor=st.integers(1, 10_000_000), parts=st.integers(1, MOST_PARTS))
def test_shares_paid_one_after_the_other_come_to_the_whole(amount_minor: int, parts: int) -> None:
    """What is left is shared by one guest less, and no share is a cent more than another."""
    left_minor, shares = amount_minor, []
    for number in range(min(parts, amount_minor), 0, -1):
        part = list_pay_parts(left_minor, minor_per_unit=100)[number - 1]
        assert number == part.parts
        shares.append(part.amount_minor)
        left_minor -= part.amount_minor

    assert (amount_minor, 0) == (sum(shares), left_minor)
    assert max(shares) - min(shares) <= 1


def test_a_few_cents_go_into_few_shares() -> None:
    """Nobody is asked for nothing."""
    parts = list_pay_parts(2, minor_per_unit=100)

    assert [(1, 2), (2, 1)] == [(part.parts, part.amount_minor) for part in parts]


@pytest.mark.parametrize(
    ("amount_minor", "minor_per_unit", "notes"),
    [
        (2720, 100, [3000, 4000, 5000]),
        (390, 100, [500, 1000, 2000]),
        (2000, 100, [5000, 10_000, 20_000]),
        (50_000, 100, [60_000]),
        (27, 1, [30, 40, 50]),
        (27_200, 1000, [30_000, 40_000, 50_000]),
    ],
)
def test_notes_that_cover_an_amount(
    amount_minor: int, minor_per_unit: int, notes: list[int]
) -> None:
    """In currencies with two decimals, none and three."""
    assert notes == suggest_tenders(amount_minor, minor_per_unit=minor_per_unit)
