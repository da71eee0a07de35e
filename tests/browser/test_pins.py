"""A shared till: somebody says by PIN who they are, works under their name, and leaves."""

from playwright.async_api import expect

from tests.support.browser import BrowserFaults, find_violations, save_screenshot
from tests.support.demo_cafe import ServeDemo


async def test_two_people_share_a_till(serve_demo: ServeDemo, browser_faults: BrowserFaults):
    """By touch and by keyboard; a wrong PIN says so; leaving leaves the screen to itself."""
    cafe = serve_demo()
    browser_faults.expect("status of 422")
    browser_faults.expect("status of 401")
    person = await cafe.open_display("phone", "counter", "/sign-ins")
    await person.get_by_role("link", name="Your PIN for shared screens").click()
    for typed, words in (("1234", "Choose another one"), ("2846", "Your PIN is set.")):
        await person.get_by_label("Four to eight digits").fill(typed)
        await person.get_by_label("The same once more").fill(typed)
        await person.get_by_role("button", name="Set it").click()
        await expect(person.get_by_text(words)).to_be_visible()
    assert await find_violations(person) == []

    till = await cafe.pair_screen("tablet", "counter", "Till")
    await expect(till.locator(".till__person:visible")).to_contain_text("Till")

    await till.get_by_role("link", name="Who is there?").click()
    assert await find_violations(till) == []
    await save_screenshot(till, "pin-people")
    name = next(each.name for each in cafe.description.accounts if each.role == "counter")
    await till.get_by_role("link", name=name).click()
    for digit in "284":
        await till.get_by_role("button", name=digit, exact=True).tap()
    await till.get_by_role("button", name="Go on").tap()
    await expect(till.get_by_role("alert")).to_contain_text("This PIN is not right")
    assert await find_violations(till) == []
    await save_screenshot(till, "pin-keys")
    await till.keyboard.type("2846")
    await till.keyboard.press("Enter")
    await till.wait_for_url("**/displays")
    await till.goto(f"{cafe.server.url}/counter")
    await expect(till.locator(".till__person:visible")).to_contain_text(name)

    await till.get_by_role("button", name="Sign out").click()
    await till.wait_for_url("**/counter")
    await expect(till.locator(".till__person:visible")).to_contain_text("Till")
