"""How large letters must be on a wall."""

import pytest

from domain.displays import compute_item_px


@pytest.mark.parametrize(
    ("inches", "distance_cm", "expected_px"),
    [
        (15.6, 70, 32),
        (15.6, 150, 69),
        (22, 100, 33),
        (24, 150, 45),
        (24, 200, 60),
        (32, 200, 45),
        (43, 300, 50),
    ],
)
def test_letters_have_twenty_minutes_of_arc(inches, distance_cm, expected_px):
    """The table of the standard, within a pixel of rounding."""
    found = compute_item_px(diagonal_mm=round(inches * 25.4), distance_cm=distance_cm)

    assert abs(found - expected_px) <= 1


@pytest.mark.parametrize(("inches", "distance_cm", "expected_px"), [(43, 70, 20), (10.5, 300, 72)])
def test_no_letter_is_too_small_to_hit_or_too_large_to_fit(inches, distance_cm, expected_px):
    """Near a large screen, and far from a small one."""
    found = compute_item_px(diagonal_mm=round(inches * 25.4), distance_cm=distance_cm)

    assert found == expected_px
