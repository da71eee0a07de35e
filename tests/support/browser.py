"""Real browser windows: Chromium, in the sizes of a kitchen display, a tablet and a phone.

`open_page("kitchen", url)` opens a window of its own, with cookies of its own, as another device
would have. What a page writes to its console as an error or warning, an exception in it, a request
to another host, and a page without a strict content policy fail the test at its end.
`find_violations(page)` runs axe; `save_screenshot(page, name)` keeps a picture in tests/.output.

Chromium is started once per worker, a second of CPU, and so lives on a loop of the session: the
tests of tests/browser run on it, and an async fixture of theirs that awaits anything says
`@pytest_asyncio.fixture(loop_scope="session")`. A test gets windows and cookies that nobody has
had before it, and leaves neither them nor tasks behind.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    Response,
    async_playwright,
)

from tests.support.tools import NODE_MODULES, ROOT, ToolMissing, find_chromium

OUTPUT = ROOT / "tests" / ".output"
# axe's rules for WCAG 2.2 AA and those before it.
_AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Runs axe while what the page says of its connection stands still.
_LOOK = """async tags => {
    const status = document.querySelector('connection-status');
    if (status) status.update = () => {};
    const still = new CSSStyleSheet();
    still.replaceSync('*, *::before, *::after { transition: none !important; }');
    document.adoptedStyleSheets.push(still);
    try {
        return (await axe.run(document, { runOnly: { type: 'tag', values: tags } })).violations;
    } finally {
        document.adoptedStyleSheets.pop();
        if (status) delete status.update;
    }
}"""
# A window's address bar has a list of suggestions, a page with a process of its own, which takes a
# fifth of a test's CPU and which nobody sees. Of such options the last one counts, so the others
# that matter to tests are Playwright's own.
_SWITCHED_OFF = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
# What a browser does by itself would be a request that the test did not ask for.
_QUIET = [
    f"--disable-features={','.join(_SWITCHED_OFF)}",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
]


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of device. width, height: of the page in CSS pixels."""

    width: int
    height: int
    is_touch: bool = True
    is_mobile: bool = False
    pixel_ratio: float = 1.0


SCREENS = {
    "kitchen": Screen(width=1920, height=1080),
    "desk": Screen(width=1440, height=900, is_touch=False),
    "tablet": Screen(width=1180, height=820, pixel_ratio=2.0),
    "phone": Screen(width=390, height=844, is_mobile=True, pixel_ratio=3.0),
}


class BrowserFaults:
    """What went wrong in any window of a test. A test that provokes something says so before."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._expected: list[str] = []

    def expect(self, part: str) -> None:
        """Announce a fault by a part of its text, such as a status code or a path."""
        self._expected.append(part)

    def find_unexpected(self) -> list[str]:
        """Return the faults that nobody announced."""
        return [fault for fault in self.found if not any(part in fault for part in self._expected)]

    def watch(self, page: Page) -> None:
        """Collect the faults of a page from now on."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.found.append(f"exception: {error}"))
        page.on("request", self._on_request)
        page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            place = message.location.get("url", "")
            self.found.append(f"{message.type}: {message.text} ({place})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in (
            "127.0.0.1",
            "localhost",
        ):
            self.found.append(f"request to another host: {request.url}")

    def _on_response(self, response: Response) -> None:
        is_page = response.headers.get("content-type", "").startswith("text/html")
        policy = response.headers.get("content-security-policy", "")
        if is_page and ("default-src 'none'" not in policy or "unsafe-" in policy):
            self.found.append(f"content policy {policy!r}: {response.url}")


class OpenPage(Protocol):
    """What the fixture `open_page` is. screen: a key of SCREENS.

    url: opened when given. options: of Playwright's new_context, over those of the screen.
    """

    async def __call__(self, screen: str, url: str = "", **options: Any) -> Page: ...


class Chromium:
    """The running browser; one that has crashed is replaced by the next."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self._running: Browser | None = None

    async def find_running(self) -> Browser:
        """Return the running browser, started if need be."""
        if self._running is None or not self._running.is_connected():
            executable = find_chromium()
            if executable is None:
                raise ToolMissing("Chromium", "Run `make tools`")
            as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
            self._running = await self._playwright.chromium.launch(
                executable_path=executable, args=[*_QUIET, *as_root]
            )
        return self._running

    async def close(self) -> None:
        """End it."""
        if self._running is not None:
            await self._running.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Chromium]:
    """Run Chromium from the first test that needs it to the end of the session."""
    async with async_playwright() as playwright:
        found = Chromium(playwright)
        yield found
        await found.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Chromium) -> AsyncIterator[Browser]:
    """Lend Chromium to one test; what the test leaves running ends as with a loop of its own."""
    running = await chromium.find_running()
    before = asyncio.all_tasks()
    yield running
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@pytest.fixture
def browser_faults() -> BrowserFaults:
    """Collect what goes wrong in the windows of one test."""
    return BrowserFaults()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, browser_faults: BrowserFaults) -> AsyncIterator[OpenPage]:
    """Give a function that opens windows; faults in any of them fail the test at its end."""
    loop = asyncio.get_running_loop()

    async def open_(screen: str, url: str = "", **options: Any) -> Page:
        assert loop is asyncio.get_running_loop(), 'this runs without loop_scope="session"'
        size = SCREENS[screen]
        context = await browser.new_context(
            **{
                "viewport": {"width": size.width, "height": size.height},
                "device_scale_factor": size.pixel_ratio,
                "has_touch": size.is_touch,
                "is_mobile": size.is_mobile,
                "locale": "en-GB",
                "timezone_id": "Europe/Zurich",
                **options,
            }
        )
        page = await context.new_page()
        browser_faults.watch(page)
        if url:
            await page.goto(url)
        return page

    yield open_
    for context in browser.contexts:
        await context.close()
    assert browser_faults.find_unexpected() == []


async def find_violations(page: Page) -> list[str]:
    """Run axe on a page as it is now; return one line per violated rule and element.

    It is injected by the debugging protocol, which the page's content policy does not stop. On a
    busy machine axe keeps a page from hearing of its server for so long that the page would say so
    meanwhile, and axe would measure the new words on the old ground: the words are held till then.
    Nor is what changes its colours measured on the way from one to the other: it is there at once.
    """
    await page.evaluate((NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    violations = await page.evaluate(_LOOK, _AXE_TAGS)
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']} at {node['target']}"
        for violation in violations
        for node in violation["nodes"]
    ]


async def save_screenshot(page: Page, name: str, *, whole_page: bool = False) -> Path:
    """Keep a picture of what the page shows, in tests/.output, and return its path."""
    OUTPUT.mkdir(exist_ok=True)
    path = OUTPUT / f"{name}.png"
    await page.screenshot(path=path, full_page=whole_page, animations="disabled")
    return path
