"""The colours keep what the visual language promises, in both themes."""

from pathlib import Path

import pytest

from tests.support.colours import (
    THEMES,
    TOKENS,
    measure_contrast,
    parse_oklch,
    read_colours,
    write_fallback,
)

# What is read from across a kitchen: 7:1 on every surface and tint that it meets.
ITEM_TEXT = [
    (text, ground)
    for text in ("text", "text-2")
    for ground in ("canvas", "surface", "surface-2", "new-soft", "accent-soft", "late-soft")
]
# Everything else that is read: 4.5:1.
READ_TEXT = [
    ("text", "surface-3"),
    ("text", "raised"),
    ("text-3", "canvas"),
    ("text-3", "surface"),
    ("text-3", "surface-2"),
    ("on-inverse", "inverse"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("accent-text", "canvas"),
    ("accent-text", "surface"),
    ("ready-text", "ready-soft"),
    ("ready-on", "ready-fill"),
    ("new-on", "new-fill"),
    ("new-text", "surface"),
    ("new-text", "new-soft"),
    ("started-on", "started-fill"),
    ("started-text", "surface"),
    ("warn-on", "warn-fill"),
    ("warn-text", "surface"),
    ("warn-text", "warn-soft"),
    ("text", "warn-soft"),
    ("late-on", "late-fill"),
    ("late-on", "late-hatch"),
    ("late-text", "canvas"),
    ("late-text", "surface"),
    ("late-text", "late-soft"),
    ("allergy-on", "allergy-fill"),
    ("allergy-text", "surface"),
]
# The edge of what can be pressed or typed in, and the ring of what has the focus: 3:1.
EDGES = [
    ("line-strong", "canvas"),
    ("line-strong", "surface"),
    ("focus", "canvas"),
    ("focus", "surface"),
    ("focus", "surface-2"),
    ("new-fill", "canvas"),
]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("pairs", "least"),
    [(ITEM_TEXT, 7.0), (READ_TEXT, 4.5), (EDGES, 3.0)],
    ids=["item", "read", "edge"],
)
def test_every_pair_reaches_its_contrast(
    theme: str, pairs: list[tuple[str, str]], least: float
) -> None:
    """No text, edge or ring falls below the ratio that its use asks for."""
    colours = read_colours(theme)

    weak = {
        f"{front} on {ground}": round(measure_contrast(colours[front], colours[ground]), 2)
        for front, ground in pairs
        if measure_contrast(colours[front], colours[ground]) < least
    }

    assert {} == weak


def test_contrast_is_measured_as_the_standard_does() -> None:
    """Black on white is 21, a colour on itself 1."""
    black, white = parse_oklch("oklch(0 0 0)"), parse_oklch("oklch(1 0 0)")

    assert 21.0 == pytest.approx(measure_contrast(black, white), abs=0.01)
    assert 1.0 == measure_contrast(white, white)


def test_every_colour_has_a_day_and_a_night() -> None:
    """A colour that is not one line of light-dark() would be missing from the fallback."""
    declared = [line for line in TOKENS.read_text().splitlines() if "oklch(" in line]

    assert len(declared) == sum("light-dark(" in line for line in declared)
    assert read_colours("light").keys() == read_colours("dark").keys()


def test_the_fallback_repeats_the_tokens() -> None:
    """Browsers without light-dark() get the same colours, not older ones."""
    fallback = Path(TOKENS.parent / "fallback.css").read_text()

    assert write_fallback() == fallback
