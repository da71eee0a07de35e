"""Finding something on a guest's menu: words, diets, allergens, headings, and what is sold out."""

import re

from playwright.async_api import Page, expect

from client.rest import RestClient
from tests.support.browser import find_violations, save_screenshot
from tests.support.demo_cafe import ServeDemo
from tests.support.waiting import wait_for


async def test_a_guest_finds_a_dish(serve_demo: ServeDemo):
    """By touch and by keyboard; the page follows at once, and comes back as it was."""
    cafe = serve_demo()
    phone = await cafe.sit_down(3)
    await follow_the_headings(phone)
    await search(phone)
    await filter_by_allergens(phone)
    await offer_something_else(phone, await cafe.speak_as("manager"))


async def follow_the_headings(phone: Page) -> None:
    """A heading that is chosen comes up under the bar, which stays and marks it."""
    bar = phone.locator("[data-categories]")
    last = bar.get_by_role("link").last
    await expect(bar.locator('[aria-current="true"]')).to_have_count(1)
    await bar.get_by_role("link").nth(3).tap()

    await expect(bar.get_by_role("link").nth(3)).to_have_attribute("aria-current", "true")
    await expect(bar.locator('[aria-current="true"]')).to_have_count(1)
    top = "document.querySelector('[data-categories]').getBoundingClientRect().top"
    await wait_for(lambda: phone.evaluate(f"{top} === 0"), "the bar to be at the top")
    await last.scroll_into_view_if_needed()
    await phone.evaluate("scrollTo(0, 0)")
    await expect(bar.get_by_role("link").first).to_have_attribute("aria-current", "true")


async def search(phone: Page) -> None:
    """Initials find; what is on no menu says so, and the way back is a link."""
    field = phone.get_by_label("Search the menu")
    await field.press_sequentially("fw")
    await expect(phone.get_by_role("link", name="Flat white", exact=True)).to_be_visible()
    await expect(phone.get_by_role("link", name="Cortado", exact=True)).to_be_hidden()
    await expect(phone.locator("[data-found]")).to_have_text(re.compile(r"1 of \d+ dishes"))
    await field.fill("pizza")
    await expect(phone.get_by_text("Nothing on the menu is like that.")).to_be_visible()
    await save_screenshot(phone, "guest-menu-nothing")
    await field.fill("")
    await expect(phone.locator("[data-found]")).to_be_hidden()


async def filter_by_allergens(phone: Page) -> None:
    """Boxes by keyboard; a dish that needs another choice says so; reloading forgets nothing."""
    summary = phone.locator("summary").filter(has_text="Without")
    await summary.focus()
    await phone.keyboard.press("Enter")
    await phone.get_by_role("checkbox", name="Milk", exact=True).focus()
    async with phone.expect_response(re.compile("without=milk")):  # the phone keeps it
        await phone.keyboard.press("Space")

    flat_white = phone.locator(".menu-item").filter(
        has=phone.get_by_role("link", name="Flat white", exact=True)
    )
    await expect(flat_white.get_by_text("Only if you choose so")).to_be_visible()
    await expect(phone).to_have_url(re.compile("without=milk"))
    assert await find_violations(phone) == []
    await save_screenshot(phone, "guest-menu-without")
    await phone.goto(phone.url.split("?")[0])
    await expect(phone.get_by_role("checkbox", name="Milk", exact=True)).to_be_checked()
    await expect(flat_white.get_by_text("Only if you choose so")).to_be_visible()
    await phone.get_by_role("link", name="Show all").tap()
    await expect(phone.locator('[data-filter="without-milk"]')).not_to_be_checked()


async def offer_something_else(phone: Page, manager: RestClient) -> None:
    """What sells out while somebody looks offers others of its heading, and comes back."""
    menu = await manager.read_menu()
    coffee = next(
        each for each in menu.categories if any(item.name == "Flat white" for item in each.items)
    )
    item = next(each for each in coffee.items if each.name == "Flat white")
    dish = phone.locator(f"#menu_item-{item.menu_item_id}")
    await expect(dish.locator(".menu-item__add")).to_be_visible()
    await manager.command(
        "/menu/availability", dict, {"menuItemId": item.menu_item_id, "isSoldOut": True}
    )

    await expect(dish).to_contain_text("sold out")
    instead = dish.locator(".substitutes__dish")
    await expect(instead).to_have_count(2)
    await dish.scroll_into_view_if_needed()
    await save_screenshot(phone, "guest-menu-sold-out")
    await manager.command(
        "/menu/availability", dict, {"menuItemId": item.menu_item_id, "isSoldOut": False}
    )
    await expect(instead).to_have_count(0)
    await expect(dish.locator(".menu-item__add")).to_be_visible()
