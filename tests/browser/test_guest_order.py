"""A guest's order from the key to the last word: time to think again, the kitchen, how it was."""

import re

from playwright.async_api import Locator, Page, expect

from client.rest import RestClient
from domain.commands import PlaceOrder
from tests.support.browser import find_violations, save_screenshot
from tests.support.demo_cafe import ServeDemo, draft_line


async def test_a_guest_thinks_again_and_tells_how_it_was(serve_demo: ServeDemo):
    """The wall hears of what is kept alone; a round that was served asks how it was, once."""
    cafe = serve_demo()
    manager = await cafe.speak_as("manager")
    await manager.command("/cafe/grace", dict, {"graceS": 20})
    phone = await cafe.sit_down(3)
    await take_back(phone, manager)
    await manager.command("/cafe/grace", dict, {"graceS": 2})
    await keep(phone)
    (ticket,) = (await manager.list_tickets()).tickets
    assert [item.name for item in ticket.items] == ["Carrot cake"]
    await manager.move_ticket(ticket.ticket_id, "ready")
    await expect(phone.locator(".progress__when").first).to_have_text("Ready")
    await manager.serve_item(ticket.items[0].item_id)
    await rate(phone)


async def test_a_guest_reads_german_then_spanish(serve_demo: ServeDemo):
    """What is shown and what comes over the socket; nothing runs over an edge, from either side."""
    cafe = serve_demo()
    manager = await cafe.speak_as("manager")
    phone = await cafe.sit_down(4, locale="de-DE", viewport={"width": 320, "height": 640})
    await expect(phone.locator("html")).to_have_attribute("lang", "de")
    await check_width(phone)
    assert await find_violations(phone) == []
    await save_screenshot(phone, "guest-menu-de-320")
    await phone.get_by_role("button", name="Carrot cake hinzufügen").tap()
    await phone.get_by_role("link", name="Deine Bestellung").tap()
    await phone.wait_for_url("**/cart")
    await check_width(phone)
    await save_screenshot(phone, "guest-cart-de-320")
    await phone.locator("[data-send-order] button[type=submit]").tap()
    await phone.wait_for_url("**/orders")
    (ticket,) = (await manager.list_tickets()).tickets
    await manager.move_ticket(ticket.ticket_id, "ready")
    await expect(phone.locator(".progress__when").first).to_have_text("Fertig")
    await expect(phone.locator("live-region")).to_contain_text("ist fertig.")
    await check_width(phone)
    await save_screenshot(phone, "guest-progress-de-320")

    await phone.goto(phone.url.replace("/orders", "/menu"))
    async with phone.expect_navigation():
        await phone.get_by_role("button", name="Español").tap()
    await expect(phone.locator("html")).to_have_attribute("lang", "es")
    await expect(phone.get_by_text("Tu pedido")).to_be_visible()
    await phone.evaluate("document.documentElement.dir = 'rtl'")
    await check_width(phone)
    await save_screenshot(phone, "guest-menu-rtl-320")


async def test_a_cart_follows_the_house(serve_demo: ServeDemo):
    """What sells out offers something instead, what is short says so; a wait says what it was."""
    cafe = serve_demo()
    manager = await cafe.speak_as("manager")
    menu = await manager.read_menu()
    phone = await cafe.sit_down(2)
    await phone.get_by_role("link", name="Flat white", exact=True).tap()
    await phone.locator("label.option").filter(has_text="Almond").tap()
    await phone.get_by_label("A note for us").fill("Hot")
    almond = draft_line(menu, "Flat white", "Almond").modifiers[0].modifier_id
    await manager.command("/menu/availability", dict, {"modifierId": almond, "isSoldOut": True})
    await expect(phone.get_by_role("radio", name="Almond")).to_be_disabled()
    await expect(phone.locator("live-region")).to_contain_text("Almond just ran out.")
    await expect(phone.get_by_label("A note for us")).to_have_value("Hot")
    await phone.locator("label.option").filter(has_text="Oat").tap()
    await phone.get_by_role("button", name="Add to order").tap()
    await phone.get_by_role("button", name="Add Carrot cake").tap()
    await phone.get_by_role("link", name="See your order").tap()
    await phone.get_by_label("An allergy the kitchen must know").press_sequentially("Sesa")
    await phone.evaluate("globalThis.isSameDocument = true")
    white, cake = (phone.locator(".cart-line").nth(place) for place in (0, 1))
    await expect(white).to_contain_text("Oat")

    oat = draft_line(menu, "Flat white", "Oat").modifiers[0].modifier_id
    cake_id = draft_line(menu, "Carrot cake").menu_item_id
    for thing in ({"modifierId": oat}, {"menuItemId": cake_id}):
        await manager.command("/menu/availability", dict, {**thing, "isSoldOut": True})
    await expect(white).to_contain_text("Oat just ran out.")
    await expect(cake).to_contain_text("The last one just went.")
    await expect(phone.locator("[data-send-order] button[type=submit]")).to_be_disabled()
    await expect(phone.locator("live-region")).to_contain_text("Oat just ran out.")
    # Whoever types goes on typing.
    await phone.keyboard.type("me")
    await expect(phone.get_by_label("An allergy the kitchen must know")).to_have_value("Sesame")
    assert await find_violations(phone) == []
    await check_width(phone)
    await save_screenshot(phone, "guest-cart-sold-out", whole_page=True)
    await (
        white.get_by_role("button", name="Soya")
        .or_(white.locator(".substitutes__dish").first)
        .first.tap()
    )
    await expect(white.locator(".notice:visible")).to_have_count(0)
    await expect(white).not_to_contain_text("Oat")
    instead = cake.locator(".substitutes__dish").first
    other = (await instead.inner_text()).strip()
    await instead.focus()
    await phone.keyboard.press("Enter")
    await expect(cake.locator(".cart-line__name")).to_have_text(other)
    await expect(phone.locator("[data-send-order] button[type=submit]")).to_be_enabled()
    await expect(phone.get_by_label("An allergy the kitchen must know")).to_have_value("Sesame")

    pause = {"minutes": 10, "reason": "Too many orders"}
    await manager.command("/menu/pause", dict, pause)
    await expect(cake).to_contain_text("Paused, back at about")
    await expect(phone.locator("live-region")).to_contain_text("Paused, back at about")
    await expect(phone.locator("[data-send-order] button[type=submit]")).to_be_disabled()
    assert await find_violations(phone) == []
    await save_screenshot(phone, "guest-cart-paused", whole_page=True)
    await manager.command("/menu/resume", dict, {})
    await expect(phone.locator(".notice:visible")).to_have_count(0)
    await expect(phone.locator("[data-send-order] button[type=submit]")).to_be_enabled()

    # Somebody else takes two of four while three are in the cart.
    wanted = draft_line(menu, other)
    count = {"menuItemId": wanted.menu_item_id, "isSoldOut": False}
    await manager.command("/menu/availability", dict, {**count, "left": 4})
    for quantity in ("2", "3"):
        await cake.get_by_role("button", name="One more").tap()
        await expect(cake.locator("output")).to_have_text(quantity)
    await manager.place_order(PlaceOrder(lines=[wanted, wanted]))
    await expect(cake).to_contain_text("Only 2 are left.")
    await expect(phone.locator("live-region")).to_contain_text("Only 2 are left.")
    assert await find_violations(phone) == []
    await save_screenshot(phone, "guest-cart-short", whole_page=True)
    await cake.get_by_role("button", name="Take 2").tap()
    await expect(cake.locator(".notice")).to_have_count(0)
    await expect(phone.locator("[data-send-order] button[type=submit]")).to_be_enabled()
    await manager.command("/menu/availability", dict, count)

    estimate = await phone.locator("[data-estimate]").get_attribute("data-estimate")
    other_phone = await cafe.sit_down(3)
    lines = [draft_line(menu, "Flat white"), draft_line(menu, other)]
    for _ in range(8):
        await manager.place_order(PlaceOrder(lines=lines))
    await expect(phone.locator("[data-estimate-before]")).to_contain_text(f"{estimate} min before")
    await expect(phone.locator(".cart-page__when")).to_contain_text("The kitchen is busy.")
    await expect(other_phone.locator(".guest-waits")).to_contain_text("The kitchen is busy.")
    await expect(other_phone.locator("live-region")).to_contain_text("The kitchen is busy.")
    assert await find_violations(phone) == []
    await save_screenshot(phone, "guest-cart-waits", whole_page=True)
    await save_screenshot(other_phone, "guest-menu-waits")
    assert await phone.evaluate("globalThis.isSameDocument === true")
    await phone.locator("[data-send-order] button[type=submit]").tap()
    await phone.wait_for_url("**/orders")
    await expect(phone.get_by_text("Allergy: Sesame")).to_be_visible()


async def test_two_phones_at_one_table(serve_demo: ServeDemo):
    """Each has its own cart; what was sent both see, and whose it is."""
    cafe = serve_demo()
    first, second = await cafe.sit_down(5), await cafe.sit_down(5)
    await first.get_by_role("button", name="Add Green salad").tap()
    await send(second, "Carrot cake")
    await expect(second.locator(".progress-line")).to_have_count(1)
    await first.goto(first.url)
    await expect(first.locator(".cart-bar__count")).to_have_text("1")
    await first.get_by_role("link", name="See your order").tap()
    await expect(first.locator(".cart-line")).to_have_count(1)
    await first.locator("[data-send-order] button[type=submit]").tap()
    await first.wait_for_url("**/orders")

    for phone in (first, second):
        await expect(phone.locator(".progress-line")).to_have_count(2)
        rounds = phone.locator(".progress__round")
        await expect(rounds.filter(has_text="Carrot cake")).to_contain_text("Guest 2")
        await expect(rounds.filter(has_text="Green salad")).to_contain_text("Guest 1")
    await expect(first.get_by_text("You are guest 1.")).to_be_visible()
    others = first.locator(".progress__round").filter(has_text="Carrot cake")
    await expect(others.get_by_role("button", name="Take it back")).to_have_count(0)
    assert await find_violations(first) == []
    await save_screenshot(first, "guest-two-phones")


async def check_width(phone: Page) -> None:
    """Nobody has to scroll sideways."""
    assert await phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


async def send(phone: Page, dish: str) -> None:
    await phone.goto(phone.url.replace("/orders", "/menu"))
    await phone.get_by_role("button", name=f"Add {dish}").tap()
    await phone.get_by_role("link", name="See your order").tap()
    await phone.locator("[data-send-order] button[type=submit]").tap()
    await phone.wait_for_url("**/orders")


async def take_back(phone: Page, manager: RestClient) -> None:
    """Seconds are counted down; the kitchen has no ticket, before and after."""
    await send(phone, "Green salad")
    await expect(phone.get_by_role("heading", level=2).first).to_contain_text("to the kitchen in")
    seconds: Locator = phone.locator('.progress__when [data-figure="seconds"]')
    shown = int(await seconds.inner_text())
    assert 0 < shown <= 20
    await expect(seconds).not_to_have_text(str(shown))
    assert await find_violations(phone) == []
    await save_screenshot(phone, "guest-grace")
    assert (await manager.list_tickets()).tickets == []
    await phone.get_by_role("button", name="Take it back").tap()
    await expect(phone.locator(".progress__when").first).to_have_text("Cancelled")
    assert (await manager.list_tickets()).tickets == []


async def keep(phone: Page) -> None:
    """Nobody touches anything: the clock sends it, and the page follows by itself."""
    await send(phone, "Carrot cake")
    await phone.evaluate("globalThis.isSameDocument = true")
    await expect(phone.get_by_role("heading", level=2).first).to_contain_text("will be ready")
    await expect(phone.get_by_role("button", name="Take it back")).to_have_count(0)
    await expect(phone.locator(".queue-place__range")).to_have_text(re.compile(r"\d+–\d+ min"))
    await expect(phone.get_by_text("You are next in the kitchen.")).to_be_visible()
    await save_screenshot(phone, "guest-range")
    assert await phone.evaluate("globalThis.isSameDocument === true")


async def rate(phone: Page) -> None:
    """By keyboard; said once, it is thanked for and not asked again."""
    stars = phone.get_by_role("radio", name="4 of 5")
    await stars.focus()
    await phone.keyboard.press("Space")
    await expect(stars).to_be_checked()
    await phone.get_by_label("A word about it").fill("Moist.")
    assert await find_violations(phone) == []
    await phone.locator(".rating").scroll_into_view_if_needed()
    await save_screenshot(phone, "guest-rating")
    await phone.get_by_role("button", name="Tell us").tap()
    await expect(phone.locator(".rating")).to_have_text("Thank you for telling us: 4 of 5.")
    await phone.reload()
    await expect(phone.locator(".rating")).to_contain_text("Thank you for telling us")
    await expect(phone.get_by_role("button", name="Tell us")).to_have_count(0)
