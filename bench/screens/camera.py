"""Windows at one demo: opened as devices open them, looked at, and kept as pictures.

A window has `reduced motion` set and stands still, so a picture is the same whenever it is taken.
`take` keeps a picture, `look` only looks; both tell what is wrong where a check was asked for. What
a page writes to its console, a request to another host and a content policy with a hole count
too (tests/support/browser.py): whoever provokes one says so before, with `expect`.
"""

from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec
from playwright.async_api import Browser, Page

from bench.screens.layout import zoom
from bench.screens.looks import find_all_faults
from bench.screens.palette import reduce_palette
from tests.support.browser import SCREENS, BrowserFaults
from tests.support.demo_cafe import DemoCafe
from tests.support.servers import Server

_DEADLINE_MS = 30_000

# Another view of a window that is worth a picture of its own.
View = Literal["dark", "zoomed", "whole"]


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants of a run.

    wanted: names of pictures; empty for all. is_checking: look for faults. keeps_all: keep a
    picture of what is only looked at too, and of every view, to be seen through by a person.
    """

    folder: Path
    wanted: frozenset[str]
    is_checking: bool
    keeps_all: bool


class Camera:
    """The windows of one demo. Faults that were found are in `faults`, with the picture's name."""

    def __init__(self, browser: Browser, server: Server, orders: Orders) -> None:
        self.server = server
        self.faults: list[str] = []
        self._browser = browser
        self._orders = orders
        self._watched: dict[Page, BrowserFaults] = {}
        self._allowed: dict[Page, str] = {}

    @cached_property
    def cafe(self) -> DemoCafe:
        """The demo's people and tables; there is none on a server without a cafe."""
        return DemoCafe(self.server, self.open)

    async def open(self, screen: str, url: str = "", **options: Any) -> Page:
        """Open a window. screen: a key of SCREENS. options: of Playwright's new_context."""
        size = SCREENS[screen]
        context = await self._browser.new_context(
            **{
                "viewport": {"width": size.width, "height": size.height},
                "device_scale_factor": 2 if size.is_mobile else 1,
                "has_touch": size.is_touch,
                "is_mobile": size.is_mobile,
                "locale": "en-GB",
                "reduced_motion": "reduce",
                **options,
            }
        )
        context.set_default_timeout(_DEADLINE_MS)
        return await self._watch(await context.new_page(), url)

    async def open_beside(self, page: Page, url: str) -> Page:
        """Open another window of the same device: same cookies, same choices, not yet touched."""
        return await self._watch(await page.context.new_page(), url)

    def expect(self, page: Page, *parts: str) -> None:
        """Announce faults of a window by parts of their texts."""
        for part in parts:
            self._watched[page].expect(part)

    def allow(self, page: Page, rule: str) -> None:
        """Let a window break a rule of axe; the reason stands where this is called."""
        self._allowed[page] = rule

    async def take(self, page: Page, name: str, *views: View) -> None:
        """Keep a picture of a window, and of other views of it, and look for faults."""
        await self._keep(page, name, views)
        await self._check(page, name)

    async def snap(self, page: Page, name: str) -> None:
        """Keep a picture of what does not last until it is judged."""
        await self._develop(page, name)

    async def look(self, page: Page, name: str) -> None:
        """Look for faults, without a picture."""
        if self._orders.keeps_all:
            await self._keep(page, name, ())
        await self._check(page, name)

    def complain(self, fault: str) -> None:
        """Note a fault, and say it at once: a run takes minutes."""
        self.faults.append(fault)
        print(f"fault     {fault}", flush=True)

    async def leave(self, *pages: Page) -> None:
        """Close windows, each with its device."""
        for page in pages:
            self._watched.pop(page)
            await page.context.close()

    def close(self) -> None:
        """Let go of the API's connections, if there were any."""
        if "cafe" in vars(self):
            self.cafe.close()

    async def _watch(self, page: Page, url: str) -> Page:
        self._watched[page] = BrowserFaults()
        self._watched[page].watch(page)
        if url:
            await page.goto(url)
        return page

    async def _keep(self, page: Page, name: str, views: tuple[View, ...]) -> None:
        await page.evaluate("document.fonts.ready")
        if self._orders.keeps_all:
            views = ("dark", "zoomed", "whole")
        await self._develop(page, name)
        if "dark" in views:
            await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
            await self._develop(page, f"{name}-dark")
            await page.emulate_media(color_scheme="light", reduced_motion="reduce")
        if "whole" in views:
            await self._develop(page, f"{name}-whole", is_whole=True)
        if "zoomed" in views:
            async with zoom(page):
                await self._develop(page, f"{name}-zoomed")

    async def _develop(self, page: Page, name: str, *, is_whole: bool = False) -> None:
        if self._orders.wanted and name not in self._orders.wanted:
            return
        picture = await page.screenshot(animations="disabled", caret="hide", full_page=is_whole)
        darkroom = await self._browser.new_page()
        file = self._orders.folder / f"{name}.png"
        file.write_bytes(await reduce_palette(darkroom, picture))
        await darkroom.close()
        print(f"picture   {file} {file.stat().st_size // 1024} KiB", flush=True)

    async def _check(self, page: Page, name: str) -> None:
        if not self._orders.is_checking:
            return
        found = await find_all_faults(page)
        if page in self._allowed:
            found = [each for each in found if self._allowed[page] not in each]
        watched = self._watched[page]
        found += watched.find_unexpected()
        watched.found.clear()
        print(f"looked    {name}", flush=True)
        for each in found:
            self.complain(f"{name}: {each}")
