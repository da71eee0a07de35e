"""How large letters must be on a wall, by its size and how far away its cooks stand.

Legibility standards ask for capitals of 16 minutes of arc at least and prefer 20 to 22. A letter's
capital is 0.7 of its size. Sizes are CSS pixels of a screen that is 1920 of them wide; a screen
with more or fewer of them scales (static/js/core/screen.js).
"""

import math

import msgspec

_PREFERRED_ARC_MINUTES = 20
_CAPITAL_SHARE = 0.7
_WIDTH_PX, _HEIGHT_PX = 1920, 1080
# Below, fingers miss; above, a wall shows two tickets.
SMALLEST_PX, LARGEST_PX = 20, 72


class DisplaySize(msgspec.Struct, frozen=True, kw_only=True):
    """A size of screens that are sold. diagonal_mm: what is stored."""

    diagonal_mm: int
    name: str


SCREEN_SIZES: tuple[DisplaySize, ...] = tuple(
    DisplaySize(diagonal_mm=round(inches * 25.4), name=f"{inches:g} inches")
    for inches in (10.5, 13.3, 15.6, 22, 24, 27, 32, 43, 55)
)
DISTANCES_CM: tuple[int, ...] = (70, 100, 150, 200, 300)


def compute_item_px(*, diagonal_mm: int, distance_cm: int) -> int:
    """Return the size of a ticket's lines that is read with ease from there."""
    pixel_mm = diagonal_mm / math.hypot(_WIDTH_PX, _HEIGHT_PX)
    capital_mm = distance_cm * 10 * math.tan(math.radians(_PREFERRED_ARC_MINUTES / 60))
    return min(max(round(capital_mm / pixel_mm / _CAPITAL_SHARE), SMALLEST_PX), LARGEST_PX)
