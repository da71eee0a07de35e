"""Every page and its main states by axe, and the work of each role by keyboard alone.

The windows fail a test as well when a page writes an error or a warning to its console, or asks
another host for something (tests/support/browser.py).
"""

import pytest
from playwright.async_api import Locator, Page, expect

from domain.commands import PlaceOrder
from domain.views.orders import OrderView
from tests.support.browser import BrowserFaults, OpenPage, find_violations
from tests.support.demo_cafe import DemoCafe, ServeDemo, draft_line

# More keys than any page has before its last one: a way that never ends is a fault.
MOST_TABS = 120


@pytest.fixture
def cafe(serve_demo: ServeDemo) -> DemoCafe:
    """Serve the demo."""
    return serve_demo()


async def place_order(cafe: DemoCafe, *dishes: str, allergy: str = "") -> OrderView:
    counter = await cafe.speak_as("manager")
    menu = await counter.read_menu()
    lines = [draft_line(menu, dish) for dish in dishes]
    return await counter.place_order(PlaceOrder(lines=lines, allergy=allergy))


async def check(page: Page, what: str) -> None:
    """Let axe look at a page as it is now."""
    assert [] == await find_violations(page), what


async def test_pages_before_anybody_is_known(cafe, open_page: OpenPage, browser_faults):
    """Signing in, a refused sign-in, an unknown table and page, the style guide, the API's."""
    browser_faults.expect("404")
    browser_faults.expect("401")
    page = await open_page("desk", f"{cafe.server.url}/sign-in")
    await check(page, "sign-in")
    await page.get_by_label("E-mail").fill("nobody@mare-alta.example")
    await page.get_by_label("Password").fill("not the password")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await check(page, "refused sign-in")
    for path in ("/t/unknown-unknown-unknown", "/nowhere", "/styleguide", "/api/docs"):
        await page.goto(f"{cafe.server.url}{path}")
        found = await find_violations(page)
        # The guide shows every card by day and by night, each with the landmarks that it has.
        is_guide = path == "/styleguide"
        assert [] == [
            each for each in found if not (is_guide and each.startswith("landmark-unique"))
        ], path


async def test_walls_and_boards_empty_and_full(cafe):
    """Kitchen and board without anything, with tickets of every kind, and the list of keys."""
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen")
    board = await cafe.open_display("kitchen", "manager", "/board")
    await expect(wall.get_by_text("All caught up")).to_be_visible()
    await check(wall, "empty kitchen")
    await check(board, "empty board")

    order = await place_order(cafe, "Cortado", "Espresso", "Tosta mista", allergy="Sesame")
    await place_order(cafe, "Mocha")
    void = {"items": [{"itemId": order.rounds[0].items[2].item_id}], "reason": "Left"}
    manager = await cafe.speak_as("manager")
    await manager.command(f"/orders/{order.order_id}/void", OrderView, void)
    await expect(wall.get_by_role("button", name="Seen, stop it")).to_be_visible()
    cortado = wall.locator(".line").filter(has_text="Cortado")
    await cortado.tap()
    await expect(cortado).to_have_attribute("data-state", "ready")
    await wall.locator("order-ticket").filter(has_text="Mocha").locator(".ticket__head").tap()
    await expect(wall.locator('[data-column="finished"] > order-ticket')).to_have_count(1)
    await expect(board.locator('[data-column="ready"] > .board-number')).to_have_count(1)
    await expect(wall.locator("[data-highlight]")).to_have_count(0)
    await check(wall, "kitchen with tickets")
    await check(board, "board with numbers")

    await wall.keyboard.press("?")
    await expect(wall.get_by_role("dialog")).to_be_visible()
    await check(wall, "list of keys")
    await wall.keyboard.press("Escape")
    await expect(wall.get_by_role("dialog")).to_be_hidden()


async def test_pages_of_the_counter(cafe, browser_faults: BrowserFaults):
    """The till empty, with a draft, with open orders and its question; displays and tables."""
    browser_faults.expect("404")
    till = await cafe.open_display("tablet", "manager", "/counter")
    await expect(till.get_by_text("No open orders.")).to_be_visible()
    await check(till, "empty till")

    await place_order(cafe, "Cortado")
    till_key = till.locator('[data-product][data-name="Flat white"]')
    await till_key.tap()
    await till.locator('[data-draft="edit"]').tap()
    await till.locator(".order-card summary").tap()
    await expect(till.get_by_role("button", name="Void 1 Cortado")).to_be_visible()
    await check(till, "till with a draft and an open order")
    await till.get_by_role("button", name="Void 1 Cortado").tap()
    await expect(till.get_by_role("dialog")).to_be_visible()
    await check(till, "question for a reason")
    await till.get_by_role("button", name="Keep it").tap()
    await till.get_by_role("button", name="Clear").tap()
    await till.locator(".segmented__part").filter(has_text="Ready").tap()
    await expect(till.get_by_text("Nothing waits to be handed over.")).to_be_visible()
    await check(till, "no ready orders")

    phone = await cafe.sit_down(3)
    await check(phone, "menu")
    await till.goto(f"{cafe.server.url}/tables")
    await expect(till.get_by_role("button", name="Free it")).to_be_visible()
    await check(till, "tables of which one is taken")

    for path in ("/displays", "/cafes", "/kitchen/no-such-station"):
        await till.goto(f"{cafe.server.url}{path}")
        await check(till, path)


async def test_pages_of_a_guest(cafe, browser_faults: BrowserFaults):
    """From the table's link to the progress of the order, with a fault of the form between."""
    browser_faults.expect("422")
    phone = await cafe.sit_down(5)
    await check(phone, "menu")
    await phone.goto(cafe.find_table_link(5))
    await check(phone, "table's link")
    await phone.goto(f"{cafe.server.url}/orders")
    await check(phone, "nothing ordered")
    await phone.goto(f"{cafe.server.url}/cart")
    await check(phone, "empty cart")
    await phone.goto(f"{cafe.server.url}/menu")
    await phone.get_by_label("Search the menu").fill("nothing like it")
    await expect(phone.get_by_text("Nothing on the menu is like that.")).to_be_visible()
    await check(phone, "search that finds nothing")
    await phone.get_by_label("Search the menu").fill("egg")

    await phone.get_by_role("link", name="Eggs on toast", exact=True).tap()
    await phone.wait_for_url("**/menu/*")
    await check(phone, "dish")
    # A browser would not send it: the server's own answer is what is looked at.
    await phone.locator("[data-item-form]").evaluate("form => { form.noValidate = true; }")
    await phone.get_by_role("button", name="Add to order").tap()
    await expect(phone.locator(".error-summary")).to_be_visible()
    await check(phone, "dish with a fault")
    await phone.locator("label.option").filter(has_text="Fried").tap()
    await phone.get_by_role("button", name="Add to order").tap()
    await phone.get_by_role("link", name="See your order").tap()
    await phone.wait_for_url("**/cart")
    await check(phone, "cart")
    await phone.locator("[data-send-order] button[type=submit]").tap()
    await phone.wait_for_url("**/orders")
    await check(phone, "progress")

    cook = await cafe.speak_as("kitchen")
    for ticket in (await cook.list_tickets()).tickets:
        await cook.move_ticket(ticket.ticket_id, "ready")
    await expect(phone.locator(".progress__when")).to_have_text("Ready")
    await check(phone, "progress of what is ready")


async def tab_to(page: Page, target: Locator) -> None:
    """Go to an element by Tab, as somebody without a pointer does."""
    for _ in range(MOST_TABS):
        if await target.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{MOST_TABS} tabs do not lead to {target}")


async def test_a_cook_bumps_by_keys(cafe):
    """A line by Space, a ticket by Enter, the next by its place, the last back by Backspace."""
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen")
    for dishes in (("Cortado", "Mocha"), ("Tosta mista",)):
        await place_order(cafe, *dishes)
    open_tickets = wall.locator('[data-column="open"] > order-ticket')
    finished = wall.locator('[data-column="finished"] > order-ticket')
    await expect(open_tickets).to_have_count(2)

    await wall.keyboard.press("ArrowRight")
    await wall.keyboard.press("ArrowDown")
    await expect(wall.locator(".line:focus")).to_contain_text("Cortado")
    await wall.keyboard.press("Space")
    await expect(wall.locator('.line[data-state="ready"]')).to_contain_text("Cortado")
    await expect(wall.locator(".line:focus")).to_contain_text("Cortado")
    await wall.keyboard.press("Enter")
    await expect(finished).to_have_count(1)
    await wall.keyboard.press("1")
    await expect(finished).to_have_count(2)
    await wall.keyboard.press("Backspace")
    await expect(open_tickets).to_contain_text("Tosta mista")
    await expect(finished).to_have_count(1)


async def test_an_order_is_taken_at_the_counter_by_keys(cafe):
    """Found by its first letters, chosen by Enter, given oat milk, sent."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    await tab_to(till, till.get_by_label("Search the menu"))
    await till.keyboard.type("fw")
    await till.keyboard.press("Enter")
    await tab_to(till, till.locator('[data-draft="edit"]'))
    await till.keyboard.press("Enter")
    milk = till.locator("[data-draft-line] .option-group").filter(has_text="Milk")
    await tab_to(till, milk.locator("input:checked"))
    await till.keyboard.press("ArrowDown")
    await till.keyboard.press("ArrowDown")
    await expect(till.locator('[data-field="modifiers"]')).to_contain_text("Oat")
    await tab_to(till, till.locator('[data-draft="send"]'))
    await till.keyboard.press("Enter")

    await expect(till.locator(".order-card")).to_contain_text("0 of 1 made")


async def press(page: Page, target: Locator, key: str = "Enter") -> None:
    """Go to a key by Tab and press it."""
    await expect(target).to_be_visible()
    await tab_to(page, target)
    await page.keyboard.press(key)


async def test_orders_and_tables_are_worked_off_by_keys(cafe, browser_faults: BrowserFaults):
    """Void, cancel, hand over and take back; what staff is told; a zone, a move, a table freed."""
    browser_faults.expect("401")  # the phone at the table is told that it was closed
    await place_order(cafe, "Cortado", "Mocha")
    done = await place_order(cafe, "Espresso")
    await (await cafe.speak_as("kitchen")).move_item(done.items[0].item_id, "ready")
    manager = await cafe.speak_as("manager")
    await manager.command("/notices", dict, {"title": "No oat", "includeRoles": ["counter"]})
    till = await cafe.open_display("tablet", "counter", "/counter")
    cards = till.locator(".order-card")
    card, ready = cards.nth(0), cards.nth(1)
    await press(till, till.get_by_role("button", name="Got it"))
    await expect(till.locator(".notification").filter(has_text="No oat")).to_be_hidden()
    await press(till, card.locator("summary"))
    await press(till, card.get_by_role("button", name="Void 1 Mocha"))
    await press(till, till.get_by_role("dialog").get_by_role("button", name="Out of it"))
    await expect(card).to_contain_text("0 of 1 made")
    for again in (True, False):
        await press(till, ready.get_by_role("button", name="Hand over"))
        await expect(ready.get_by_role("button", name="Hand over")).to_have_count(0)
        if again:
            await press(till, till.get_by_role("button", name="Undo"))
    await press(till, card.get_by_role("button", name="Cancel the order"))
    await press(till, till.get_by_role("dialog").get_by_role("button", name="Took too long"))
    await expect(cards).to_have_count(1)
    await tab_to(till, till.locator('[data-show="open"]'))
    await till.keyboard.press("ArrowRight")
    await expect(till.get_by_text("Nothing waits to be handed over.")).to_be_visible()

    await cafe.sit_down(5)
    await press(till, till.get_by_role("link", name="Tables"))
    await till.wait_for_url("**/tables")
    await press(till, till.get_by_role("button", name="Move the guests"))
    await press(till, till.locator('[data-move-to="8"]'))
    tile = till.get_by_role("article", name="Bench 8", exact=True)
    await expect(tile).to_have_attribute("data-state", "seated")
    await press(till, tile.get_by_role("button", name="Free it"))
    await expect(tile).to_have_attribute("data-state", "free")
    zones = till.locator(".tables__zones input")
    await tab_to(till, zones.first)
    await till.keyboard.press("ArrowRight")
    await expect(till.locator("[data-zone]:visible")).to_have_count(1)
    await check(till, "one zone")


async def test_a_guest_orders_by_keys(cafe, open_page: OpenPage):
    """From the table's link to the kitchen and back without a touch."""
    phone = await open_page("desk", cafe.find_table_link(6))
    await tab_to(phone, phone.get_by_role("button", name="See the menu"))
    await phone.keyboard.press("Enter")
    await phone.wait_for_url("**/menu")
    vegan = phone.get_by_role("checkbox", name="Vegan")
    await tab_to(phone, vegan)
    await phone.keyboard.press("Space")
    await expect(phone.locator("[data-found]")).not_to_be_empty()
    await phone.keyboard.press("Space")
    await press(phone, phone.get_by_role("button", name="Call somebody"))
    await press(phone, phone.get_by_role("button", name="Never mind"))
    await expect(phone.get_by_role("button", name="Call somebody")).to_be_visible()
    await press(phone, phone.get_by_role("link", name="Espresso", exact=True))
    await phone.wait_for_url("**/menu/*")
    await tab_to(phone, phone.get_by_role("radio", name="House roast"))
    await phone.keyboard.press("ArrowDown")
    await tab_to(phone, phone.get_by_role("button", name="Add to order"))
    await phone.keyboard.press("Enter")
    await tab_to(phone, phone.get_by_role("link", name="See your order"))
    await phone.keyboard.press("Enter")
    await phone.wait_for_url("**/cart")
    await press(phone, phone.get_by_role("button", name="One more Espresso"))
    await expect(phone.locator(".cart-line output")).to_have_text("2")
    await press(phone, phone.get_by_role("button", name="One fewer Espresso"))
    await expect(phone.locator(".cart-line output")).to_have_text("1")
    await press(phone, phone.get_by_role("link", name="Change Espresso"))
    await phone.wait_for_url("**/menu/*")
    await press(phone, phone.get_by_role("button", name="Save"))
    await phone.wait_for_url("**/cart")
    await tab_to(phone, phone.locator("[data-send-order] button[type=submit]"))
    await phone.keyboard.press("Enter")

    await phone.wait_for_url("**/orders")
    await expect(phone.locator(".progress-line")).to_contain_text("1 Espresso")
    await expect(phone.locator(".progress-line")).to_contain_text("Decaf")
    await press(phone, phone.get_by_role("button", name="Take it back"))
    await expect(phone.locator(".progress__when")).to_have_text("Cancelled")
