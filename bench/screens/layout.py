"""Faults of layout that a person would see: overflow, overlaps, cut text, small letters.

`find_faults(page)` resizes an open window to every size that such a device may have, and zooms it
to 200 %, and lets layout.js look at what is there. `zoom(page)` shows a window at 200 % for a
while. Colours are axe's business (looks.py).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from playwright.async_api import Page

from tests.support.waiting import wait_for

_SCRIPT = (Path(__file__).parent / "layout.js").read_text()
# Who manages a cafe sits before it, on whatever device: the design's meta line of 13 px.
_SMALLEST = "document.querySelector('.admin') ? 13 : 16"
# A page hears of its new size a moment after it was given.
_HEARD = "([width, height]) => matchMedia(`(width: ${width}px) and (height: ${height}px)`).matches"
# Two frames: pages that are laid out by script do it in the first.
_SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


class _Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of device. sizes: of its pages in CSS pixels, zoomed: the one at 200 %.

    smallest_px: no letter may be smaller (static/css/tokens.css says which size is for what).
    """

    sizes: tuple[tuple[int, int], ...]
    zoomed: tuple[int, int]
    smallest_px: float


# By the width that a window is opened with.
_KINDS = {
    1920: _Kind(
        sizes=((1280, 720), (1366, 768), (1920, 1080), (2560, 1440), (3840, 2160), (960, 540)),
        zoomed=(960, 540),
        smallest_px=14,
    ),
    1440: _Kind(
        sizes=((1024, 768), (1280, 800), (1440, 900), (1920, 1080), (720, 450)),
        zoomed=(720, 450),
        smallest_px=13,
    ),
    1180: _Kind(
        sizes=((820, 1180), (1024, 768), (1180, 820), (1366, 1024), (590, 410)),
        zoomed=(590, 410),
        smallest_px=14,
    ),
    # A phone that zooms keeps its layout and shows a part of it; the text alone grows twofold on
    # the narrowest there is.
    390: _Kind(
        sizes=((320, 568), (360, 740), (390, 844), (430, 932), (844, 390)),
        zoomed=(320, 568),
        smallest_px=16,
    ),
}


async def find_faults(page: Page) -> list[str]:
    """Return what is wrong at any size, as "1280x720: sentence". The window's size is kept."""
    kind = _find_kind(page)
    smallest_px = min(kind.smallest_px, await page.evaluate(_SMALLEST))
    found: list[str] = []
    for size in kind.sizes:
        async with _resized(page, size):
            faults: list[str] = await page.evaluate(_SCRIPT, smallest_px)
            if faults:
                # Chromium leaves single letters at their old size now and then, for a frame more,
                # where a window becomes a quarter of what it was: what is wrong stays wrong.
                await page.evaluate(_SETTLED)
                faults = await page.evaluate(_SCRIPT, smallest_px)
            found.extend(f"{size[0]}x{size[1]}: {fault}" for fault in faults)
    return found


@asynccontextmanager
async def zoom(page: Page) -> AsyncIterator[None]:
    """Show a window as somebody sees it who zooms to 200 %: half as many CSS pixels each way."""
    async with _resized(page, _find_kind(page).zoomed):
        yield


def _find_kind(page: Page) -> _Kind:
    assert page.viewport_size is not None
    return _KINDS[page.viewport_size["width"]]


@asynccontextmanager
async def _resized(page: Page, size: tuple[int, int]) -> AsyncIterator[None]:
    before = page.viewport_size
    assert before is not None
    await _resize(page, size)
    yield
    await _resize(page, (before["width"], before["height"]))


async def _resize(page: Page, size: tuple[int, int]) -> None:
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await wait_for(lambda: page.evaluate(_HEARD, list(size)), "the page to hear of its size")
    await page.evaluate(_SETTLED)
