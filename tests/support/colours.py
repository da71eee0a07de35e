"""Reads the colours of static/css/tokens.css and measures them.

For the contrast test, and for writing static/css/fallback.css (the same colours for browsers that
do not know light-dark()): `python -m tests.support.colours` prints that file.
"""

import math
import re
import sys
from pathlib import Path

import msgspec

TOKENS = Path(__file__).parents[2] / "static" / "css" / "tokens.css"
THEMES = ("light", "dark")

_OKLCH = re.compile(r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)(?: / ([\d.]+))?\)")
_PAIR = re.compile(r"^\s*--([\w-]+): light-dark\((oklch\([^)]*\)), (oklch\([^)]*\))\);", re.M)
_ALIAS = re.compile(r"^\s*--([\w-]+): var\(--([\w-]+)\);", re.M)


class Colour(msgspec.Struct, frozen=True):
    """A colour in gamma-encoded sRGB, each part 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    @property
    def css(self) -> str:
        parts = [round(part * 255) for part in (self.red, self.green, self.blue)]
        text = "#" + "".join(f"{part:02x}" for part in parts)
        return text if self.alpha == 1 else f"{text}{round(self.alpha * 255):02x}"


def parse_oklch(text: str) -> Colour:
    """Turn `oklch(L C H / A)` into sRGB; what lies outside the gamut is clipped, as screens do."""
    found = _OKLCH.fullmatch(text)
    assert found, f"not an oklch colour: {text}"
    lightness, chroma, hue = (float(part) for part in found.groups()[:3])
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    # Oklab to linear sRGB, from its definition (bottosson.github.io/posts/oklab).
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return Colour(_encode(red), _encode(green), _encode(blue), float(found[4] or 1))


def read_colours(theme: str) -> dict[str, Colour]:
    """Read every colour token as it is in one theme. theme: light or dark."""
    text = TOKENS.read_text()
    colours = {
        name: parse_oklch(light if theme == "light" else dark)
        for name, light, dark in _PAIR.findall(text)
    }
    body = text.split("prefers-contrast")[0]
    return colours | {
        name: colours[other] for name, other in _ALIAS.findall(body) if other in colours
    }


def measure_contrast(first: Colour, second: Colour) -> float:
    """Measure the contrast ratio of WCAG 2.2, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def write_fallback() -> str:
    """Write static/css/fallback.css from the tokens."""
    light, dark = (_declare(read_colours(theme)) for theme in THEMES)
    return f"""\
/* The colours of tokens.css for browsers without light-dark() (before spring 2024).
   Written by `python -m tests.support.colours`; a test holds it to tokens.css. */
@layer tokens {{
  @supports not (color: light-dark(#000, #fff)) {{
    :root, [data-theme="light"], [data-theme="auto"] {{
{light}
    }}
    [data-theme="dark"], [data-theme="kitchen"] {{
{dark}
    }}
    @media (prefers-color-scheme: dark) {{
      [data-theme="auto"] {{
{dark.replace("      --", "        --")}
      }}
    }}
  }}
}}
"""


def _declare(colours: dict[str, Colour]) -> str:
    lines = [f"      --{name}: {colour.css};" for name, colour in colours.items()]
    # What tokens.css builds from colours is built once, at the root: here again for each theme.
    built = re.findall(r"^\s*(--(?:lift-\d|late-stripes[\w-]*): .*;)$", TOKENS.read_text(), re.M)
    return "\n".join(lines + [f"      {line}" for line in built])


def _encode(linear: float) -> float:
    linear = min(max(linear, 0.0), 1.0)
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def _luminance(colour: Colour) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.red, colour.green, colour.blue)
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


if __name__ == "__main__":
    sys.stdout.write(write_fallback())
