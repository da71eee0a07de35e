"""People come and go by the pages of management: by touch, and looked at by axe."""

import pytest
from playwright.async_api import Page, expect

from tests.support.browser import OpenPage, find_violations, save_screenshot
from tests.support.demo_cafe import DemoCafe, ServeDemo


@pytest.fixture
def cafe(serve_demo: ServeDemo) -> DemoCafe:
    """Serve the demo."""
    return serve_demo()


async def check(page: Page, what: str) -> None:
    """Let axe look at a page as it is now."""
    assert [] == await find_violations(page), what


async def test_somebody_is_invited_comes_in_and_gets_another_role(cafe, open_page: OpenPage):
    """The owner makes a link; a phone opens it; the kitchen's wall of the new cook follows."""
    office = await cafe.open_display("tablet", "owner", "/admin/people")
    await office.get_by_text("Add a person").tap()
    await office.get_by_label("Name").fill("Noor")
    await office.get_by_label("E-mail").fill("noor@mare-alta.example")
    await office.get_by_label("Kitchen").check()
    await check(office, "people with the form open")
    await office.get_by_role("button", name="Make the link").tap()
    link = await office.locator(".people__link").input_value()
    await check(office, "people with a link")

    phone = await open_page("phone", link)
    await check(phone, "an invitation")
    await phone.get_by_label("Password").fill("a password of ten")
    await phone.get_by_role("button", name="Join").tap()
    await phone.wait_for_url("**/displays")
    await phone.goto(f"{cafe.server.url}/sign-ins")
    await expect(phone.get_by_text("this one", exact=True)).to_be_visible()
    await check(phone, "one's own sign-ins")
    await phone.goto(f"{cafe.server.url}/kitchen")
    await expect(phone.get_by_text("All caught up")).to_be_visible()

    await office.goto(f"{cafe.server.url}/admin/people")
    await office.get_by_role("link", name="Noor").tap()
    await office.wait_for_url("**/admin/people/*")
    await expect(office.get_by_role("button", name="Save the roles")).to_be_visible()
    await check(office, "a person")
    await office.get_by_label("Counter").check()
    await office.get_by_role("button", name="Save the roles").tap()
    await expect(office.get_by_text("The roles are changed.")).to_be_visible()
    await check(office, "a person with other roles")
    await phone.goto(f"{cafe.server.url}/counter")
    await expect(phone.get_by_text("No open orders.")).to_be_visible()


async def test_a_shift_begins_and_ends(cafe, open_page: OpenPage):
    """By one key of one's own page; the dashboard counts who has one, and says that it does."""
    office = await cafe.open_display("desk", "manager", "/admin")
    duty = office.locator(".metric").filter(has_text="Staff on duty")
    await expect(duty).to_contain_text("acted in the last 15 min")
    phone = await cafe.open_display("phone", "kitchen", "/shift")
    await expect(phone.get_by_text("Your shift has not begun.")).to_be_visible()
    await check(phone, "before a shift")

    await phone.get_by_role("button", name="Start my shift").tap()
    await expect(phone.get_by_role("status")).to_contain_text("Your shift has begun.")
    await expect(duty).to_contain_text("with an open shift")
    await expect(duty).to_contain_text("1")
    await check(phone, "in a shift")
    await save_screenshot(phone, "shift-open")
    await phone.reload()
    await phone.get_by_role("button", name="End my shift").press("Enter")
    await expect(phone.get_by_role("status")).to_contain_text("Your shift is over.")
    await expect(duty).to_contain_text("0")
    await expect(duty).to_contain_text("with an open shift")
