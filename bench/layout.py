"""Faults of layout that a person would see: overflow, overlaps, cut text, small letters.

`find_faults(page)` resizes an open window to every size that such a device may have, and zooms it
to 200 %, and lets bench/layout.js look at what is there. `bench.screens --check` does that for
every picture that it takes. Contrast is axe's business (tests/browser/test_accessibility.py).
"""

from pathlib import Path

import msgspec
from playwright.async_api import Page

_SCRIPT = (Path(__file__).parent / "layout.js").read_text()


class _Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of device. sizes: of its pages in CSS pixels; the last is a zoom of 200 %.

    smallest_px: no letter may be smaller (static/css/tokens.css says which size is for what).
    """

    sizes: tuple[tuple[int, int], ...]
    smallest_px: float


# By the width that bench.screens opens the window with.
_KINDS = {
    1920: _Kind(
        sizes=((1280, 720), (1366, 768), (1920, 1080), (2560, 1440), (3840, 2160), (960, 540)),
        smallest_px=14,
    ),
    1440: _Kind(
        sizes=((1024, 768), (1280, 800), (1440, 900), (1920, 1080), (720, 450)), smallest_px=13
    ),
    1180: _Kind(
        sizes=((820, 1180), (1024, 768), (1180, 820), (1366, 1024), (590, 410)), smallest_px=14
    ),
    390: _Kind(sizes=((320, 568), (360, 740), (390, 844), (430, 932), (844, 390)), smallest_px=16),
}


async def find_faults(page: Page) -> list[str]:
    """Return what is wrong at any size, as "1280x720: sentence". The window's size is kept."""
    before = page.viewport_size
    assert before is not None
    kind = _KINDS[before["width"]]
    found: list[str] = []
    for width, height in kind.sizes:
        await page.set_viewport_size({"width": width, "height": height})
        # Two frames: pages that are laid out by script do it in the first.
        await page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        faults: list[str] = await page.evaluate(_SCRIPT, kind.smallest_px)
        found.extend(f"{width}x{height}: {fault}" for fault in faults)
    await page.set_viewport_size(before)
    return found
