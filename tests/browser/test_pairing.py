"""A screen is paired from a phone, works, is moved, is unpaired: without a touch of its own."""

from playwright.async_api import Page, expect

from tests.support.browser import BrowserFaults, OpenPage, find_violations, save_screenshot
from tests.support.demo_cafe import ServeDemo


async def _read_code(screen: Page) -> str:
    code = screen.locator(".pair__code")
    await code.wait_for()
    return (await code.inner_text()).split()[-1]


async def test_a_wall_is_paired_moved_and_unpaired(
    serve_demo: ServeDemo, open_page: OpenPage, browser_faults: BrowserFaults
):
    """From its code to its tickets without a touch, to another station, and out again."""
    cafe = serve_demo()
    wall = await open_page("kitchen", f"{cafe.server.url}/pair")
    code = await _read_code(wall)
    assert await find_violations(wall) == []
    await save_screenshot(wall, "pair")
    phone = await cafe.open_display("phone", "manager", "/admin/screens")
    await expect(phone.get_by_text("No screen is paired yet")).to_be_visible()
    assert await find_violations(phone) == []

    await phone.get_by_role("link", name="Pair a screen").click()
    browser_faults.expect("status of 404")
    await phone.get_by_label("The code on the screen").fill("BBBB-BBBB")
    await phone.keyboard.press("Enter")
    await expect(phone.get_by_role("alert")).to_contain_text("No screen shows this code")
    await phone.get_by_label("The code on the screen").fill(code.lower().replace("-", " "))
    await phone.keyboard.press("Enter")
    await expect(phone.get_by_text("127.0.0.1")).to_be_visible()
    assert await find_violations(phone) == []
    await save_screenshot(phone, "admin-pair")
    await phone.get_by_label("What it is called").fill("Wall by the oven")
    stations = cafe.description.stations
    await phone.get_by_label(f"Kitchen, {stations[0].name}").check()
    await phone.get_by_role("button", name="Pair it").click()
    await expect(phone.get_by_text("Wall by the oven is paired.")).to_be_visible()

    await wall.wait_for_url(f"**/kitchen/{stations[0].link.rpartition('/')[2]}")
    await expect(phone.locator(".screen-row")).to_contain_text("since", timeout=15_000)
    assert await find_violations(phone) == []
    await save_screenshot(phone, "admin-screens")

    await phone.get_by_text("Change", exact=False).first.click()
    await phone.get_by_role("button", name=f"Kitchen, {stations[1].name}").click()
    await wall.wait_for_url(f"**/kitchen/{stations[1].link.rpartition('/')[2]}")
    await expect(wall.locator("connection-status [data-for-state=live]")).to_be_visible()

    await phone.locator(".confirm > summary").click()
    await phone.get_by_role("button", name="Unpair it now").click()
    await wall.wait_for_url("**/pair")
    await expect(wall.get_by_text("This screen was unpaired.")).to_be_visible()
    assert await _read_code(wall) != code
    await wall.goto(f"{cafe.server.url}/kitchen")
    await wall.wait_for_url("**/sign-in**")
