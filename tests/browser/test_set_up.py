"""The first minute of an installation: a printed link, a form, an owner who is signed in."""

import re

from tests.support.browser import BrowserFaults, OpenPage, find_violations, save_screenshot
from tests.support.servers import Server, StartServer
from tests.support.waiting import wait_until


def _read_link(server: Server) -> str:
    found: list[str] = []

    def is_printed() -> bool:
        found[:] = re.findall(r"https?://\S+/set-up/\S+", server.output_file.read_text())
        return bool(found)

    wait_until(is_printed, "the link of the set-up")
    return found[-1]


async def test_an_owner_opens_the_first_cafe(
    database_url: str,
    start_server: StartServer,
    open_page: OpenPage,
    browser_faults: BrowserFaults,
):
    """Faults are said with what was typed kept; afterwards the link is dead, for everybody."""
    server = start_server(database_url=database_url)
    link = _read_link(server)
    browser_faults.expect("status of 422")
    browser_faults.expect("status of 404")
    page = await open_page("desk", link, timezone_id="Europe/Lisbon")
    await save_screenshot(page, "set-up")

    assert await page.input_value("#timezone") == "Europe/Lisbon"
    await page.fill("#cafe_name", "Mar\u00e9 Alta")
    await page.fill("#currency", "euros")
    await page.fill("#name", "Ana Luz")
    await page.fill("#email", "ana@cafe.example")
    await page.fill("#password", "short")
    await page.keyboard.press("Enter")
    summary = page.get_by_role("alert")

    await summary.wait_for()
    words = await summary.inner_text()
    assert "EUROS is not the code of a currency" in words
    assert "10 to 200 characters" in words
    assert await page.input_value("#cafe_name") == "Mar\u00e9 Alta"
    assert await find_violations(page) == []

    await page.fill("#currency", "eur")
    await page.fill("#password", "a long enough password")
    await page.get_by_role("button", name="Open the cafe").click()
    await page.wait_for_url("**/displays")
    assert await page.get_by_text("Mar\u00e9 Alta").is_visible()
    assert await find_violations(page) == []

    await save_screenshot(page, "first-displays")
    late = await open_page("desk", link)
    assert "There is no such page" in await late.inner_text("main")
    server.restart()
    assert server.output_file.read_text().count("/set-up/") == 1
    assert link.rpartition("/")[2] not in server.log_file.read_text()
