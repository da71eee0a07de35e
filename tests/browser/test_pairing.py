"""A screen is paired from a phone, works, is moved, is unpaired: without a touch of its own."""

from playwright.async_api import Locator, Page, expect

from domain.commands import PlaceOrder
from tests.support.browser import BrowserFaults, OpenPage, find_violations, save_screenshot
from tests.support.demo_cafe import DemoCafe, ServeDemo, draft_line


async def _read_code(screen: Page) -> str:
    code = screen.locator(".pair__code")
    await code.wait_for()
    return (await code.inner_text()).split()[-1]


async def _order(cafe: DemoCafe, *dishes: str) -> None:
    till = await cafe.speak_as("counter")
    menu = await till.read_menu()
    await till.place_order(PlaceOrder(lines=[draft_line(menu, dish) for dish in dishes]))


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
    bar, *_, kitchen = cafe.description.stations
    await phone.get_by_label(f"Kitchen, {kitchen.name}").check()
    await phone.get_by_label("How large it is").select_option("24 inches")
    await phone.get_by_label("From how far it is read").select_option("1.5 m")
    await phone.get_by_role("button", name="Pair it").click()
    await expect(phone.get_by_text("Wall by the oven is paired.")).to_be_visible()

    await wall.wait_for_url(f"**/kitchen/{kitchen.link.rpartition('/')[2]}")
    await expect(wall.locator(".kitchen")).to_have_css("--kds-base", "45px")
    shift = wall.get_by_role("dialog", name="Can you read this from where you stand?")
    await expect(shift).to_be_visible()
    assert await find_violations(wall) == []
    await save_screenshot(wall, "kitchen-shift")
    await expect(phone.locator(".screen-row")).to_contain_text("since", timeout=15_000)
    assert await find_violations(phone) == []
    states = phone.locator(".station-state")

    def find_state(name: str) -> Locator:
        # By its own name: others may say that their tickets are shown there.
        return states.filter(has=phone.locator(".station-state__name", has_text=name))

    await expect(find_state(kitchen.name)).to_contain_text(
        "Wall by the oven: sound is off", timeout=15_000
    )
    await expect(find_state(bar.name)).to_contain_text("no screen shows")
    await save_screenshot(phone, "admin-screens")

    tickets = wall.locator('[data-column="open"] > order-ticket')
    await shift.get_by_role("button", name="A+").tap()
    await shift.get_by_role("button", name="Yes, start the shift").tap()
    await expect(find_state(kitchen.name)).not_to_contain_text("sound is off", timeout=15_000)
    await _order(cafe, "Flat white", "Tosta mista")
    await expect(tickets).to_have_count(1)
    await expect(tickets).to_contain_text("Tosta mista")

    await phone.locator(".screen-row summary").first.focus()
    await phone.keyboard.press("Enter")
    await phone.keyboard.press("Tab")
    await phone.keyboard.type("Wall by the door")
    await phone.keyboard.press("Enter")
    row = phone.locator(".screen-row")
    await expect(row.locator("h3")).to_have_text("Wall by the door")
    await expect(row.locator(".screen-row__place")).to_have_text(f"Kitchen, {kitchen.name}")
    await expect(wall.locator("connection-status [data-for-state=live]")).to_be_visible()

    await phone.locator(".screen-row summary").first.click()
    await save_screenshot(phone, "admin-screens-change")
    assert await find_violations(phone) == []
    await phone.get_by_role("button", name=f"Kitchen, {bar.name}").click()
    await wall.wait_for_url(f"**/kitchen/{bar.link.rpartition('/')[2]}")
    await expect(wall.locator("connection-status [data-for-state=live]")).to_be_visible()

    await phone.locator(".confirm > summary").click()
    await phone.get_by_role("button", name="Unpair it now").click()
    await wall.wait_for_url("**/pair")
    await expect(wall.get_by_text("This screen was unpaired.")).to_be_visible()
    assert await _read_code(wall) != code
    await wall.goto(f"{cafe.server.url}/kitchen")
    await wall.wait_for_url("**/sign-in**")
