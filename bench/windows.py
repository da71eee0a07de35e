"""Windows of a real browser at a demo cafe, each with cookies of its own, as another device has."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, async_playwright

from domain.demo import DemoDescription
from domain.roles import Role
from tests.support.browser import SCREENS
from tests.support.tools import ToolMissing, find_chromium

# Notes each new card's ticket and the time of the first task after the frame that shows it.
OBSERVE_PAINTING = """
window.paintedAt = {};
new MutationObserver(() => {
  for (const card of document.querySelectorAll('order-ticket')) {
    const id = card.dataset.ticketId;
    if (id in window.paintedAt) continue;
    window.paintedAt[id] = null;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        window.paintedAt[id] = performance.timeOrigin + performance.now();
      };
      channel.port2.postMessage(null);
    });
  }
}).observe(document.body, {childList: true, subtree: true});
"""


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Start Chromium and end it.

    Raises:
        ToolMissing: it is not on this machine.
    """
    executable = find_chromium()
    if executable is None:
        raise ToolMissing("Chromium", "Run `make tools`")
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=as_root)
        yield browser
        await browser.close()


async def open_signed_in(
    browser: Browser, url: str, screen: str, path: str, description: DemoDescription, role: Role
) -> Page:
    """Open a window at a page, with somebody signed in who has this role.

    url: of the server, or of what stands before it. screen: a name of `SCREENS`.
    """
    page = await _open_window(browser, screen)
    account = next(each for each in description.accounts if each.role is role)
    await page.goto(f"{url}/sign-in?after={path}")
    await page.get_by_label("E-mail").fill(account.email)
    await page.get_by_label("Password").fill(account.password)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{url}{path}")
    return page


async def open_at_table(
    browser: Browser, url: str, description: DemoDescription, table: int
) -> Page:
    """Open a phone that has scanned a table's link, at the menu."""
    link = next(each.link for each in description.tables if each.number == table)
    phone = await _open_window(browser, "phone")
    await phone.goto(url + "/" + link.split("/", 3)[3])
    await phone.get_by_role("button", name="See the menu").tap()
    await phone.wait_for_url("**/menu")
    return phone


async def _open_window(browser: Browser, screen: str) -> Page:
    size = SCREENS[screen]
    context = await browser.new_context(
        viewport={"width": size.width, "height": size.height},
        has_touch=True,
        is_mobile=size.is_mobile,
        locale="en-GB",
    )
    return await context.new_page()
