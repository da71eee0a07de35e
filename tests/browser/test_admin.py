"""Management at work: figures that move, a menu that guests see change, access that ends."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from client.rest import RestClient
from domain.commands import PlaceOrder
from domain.views.money import PaymentView, RefundView
from domain.views.orders import OrderView
from tests.support.browser import BrowserFaults, find_violations, save_screenshot
from tests.support.demo_cafe import DemoCafe, ServeDemo, draft_line
from tests.support.pictures import draw_picture

SIZES = ("desk", "tablet", "phone")
PAGES = (
    "/admin",
    "/admin/replay",
    "/admin/menu",
    "/admin/money",
    "/admin/people",
    "/admin/audit",
)


@pytest.fixture
def cafe(serve_demo: ServeDemo) -> DemoCafe:
    """Serve the demo."""
    return serve_demo()


def find_figure(page: Page, label: str) -> Locator:
    """Find the value of a key figure."""
    return page.locator(".metric").filter(has_text=label).locator(".metric__value")


async def order(till: RestClient, *dishes: str) -> OrderView:
    menu = await till.read_menu()
    return await till.place_order(PlaceOrder(lines=[draft_line(menu, dish) for dish in dishes]))


async def pay(till: RestClient, paid: OrderView) -> PaymentView:
    """Take the whole order in cash."""
    total_minor = paid.totals.total_minor
    body = {"method": "cash", "amountMinor": total_minor, "tenderedMinor": total_minor}
    return await till.command(f"/orders/{paid.order_id}/payments", PaymentView, body)


def read_lines(path: Path) -> list[str]:
    """Read a file that was taken along."""
    return path.read_text("utf-8-sig").splitlines()


async def finish_all(cafe: DemoCafe) -> None:
    cook = await cafe.speak_as("kitchen")
    for ticket in (await cook.list_tickets()).tickets:
        await cook.move_ticket(ticket.ticket_id, "ready")


async def test_figures_move_while_the_cafe_works(cafe):
    """An order, its dishes ready and served, its payment and a refund: each is seen to happen."""
    admin = await cafe.open_display("desk", "manager", "/admin")
    till = await cafe.speak_as("manager")
    await expect(find_figure(admin, "Active orders")).to_have_text("0")
    await expect(find_figure(admin, "Revenue today")).to_have_text("€0.00")
    await expect(admin.get_by_role("heading", level=1)).to_have_text("A quiet day so far")

    sold = await order(till, "Flat white", "Tosta mista")
    await expect(find_figure(admin, "Active orders")).to_have_text("1")
    await expect(find_figure(admin, "Kitchen load")).not_to_have_text("0%")
    await expect(find_figure(admin, "Revenue today")).not_to_have_text("€0.00")
    await expect(admin.locator(".sales-chart__bar")).to_have_count(1)
    revenue = await find_figure(admin, "Revenue today").text_content()

    payment = await pay(till, sold)
    await finish_all(cafe)
    await expect(find_figure(admin, "Average order time")).to_contain_text("min")
    for item in sold.items:
        await till.serve_item(item.item_id)
    await expect(find_figure(admin, "Completed today")).to_have_text("1")
    await expect(find_figure(admin, "Active orders")).to_have_text("0")
    await expect(find_figure(admin, "Revenue today")).to_have_text(str(revenue))

    refund = {"amountMinor": 100, "reason": "Cold", "withCredit": True}
    await till.command(f"/payments/{payment.payment_id}/refunds", RefundView, refund)
    await expect(find_figure(admin, "Revenue today")).not_to_have_text(str(revenue))
    await expect(admin.get_by_text("refunded", exact=False)).to_be_visible()
    await save_screenshot(admin, "admin-live")


async def test_what_is_sold_out_leaves_the_guests_open_menu(cafe):
    """Marked in the list: the guest's page and the till follow without being loaded again."""
    admin = await cafe.open_display("desk", "manager", "/admin/menu")
    phone = await cafe.sit_down(5)
    till = await cafe.open_display("tablet", "counter", "/counter")
    dish = phone.get_by_role("article").filter(has_text="Cortado")
    key = till.locator('[data-product][data-name="Cortado"]')
    row = admin.get_by_role("listitem").filter(has_text="Cortado")
    switch = row.get_by_role("switch", name="Sell Cortado")
    await expect(dish.get_by_text("sold out")).to_have_count(0)

    await switch.click()

    await expect(switch).to_have_attribute("aria-checked", "false")
    await expect(row.get_by_text("sold out")).to_be_visible()
    await expect(dish.get_by_text("sold out")).to_be_visible()
    await expect(key).to_be_disabled()
    await expect(admin.get_by_text("Version 2 is live.")).to_be_visible()
    await switch.click()
    await expect(dish.get_by_text("sold out")).to_have_count(0)
    await expect(key).to_be_enabled()


async def test_a_new_price_reaches_guests_and_an_unsent_line(cafe):
    """Saved once; the guest sees it, the till's key and its unsent line cost it."""
    admin = await cafe.open_display("desk", "manager", "/admin/menu")
    phone = await cafe.sit_down(5)
    till = await cafe.open_display("tablet", "counter", "/counter")
    key = till.locator('[data-product][data-name="Espresso"]')
    await key.tap()
    await expect(till.locator('[data-draft="send"]')).to_contain_text("€1.60")
    await admin.get_by_role("link", name="Espresso").click()
    await admin.get_by_label("Price, tax in").fill("1.85")

    await admin.get_by_role("button", name="Save", exact=True).click()

    await expect(admin.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    dish = phone.get_by_role("article").filter(has_text="A bica")
    await expect(dish).to_contain_text("€1.85")
    await expect(key).to_contain_text("1.85")
    await expect(till.locator('[data-draft-line] [data-field="price"]')).to_have_text("1.85")
    await expect(till.locator('[data-draft="send"]')).to_contain_text("€1.85")


async def test_a_dish_off_the_menu_is_gone_from_open_pages(cafe):
    """And there again where it stood when it is put back."""
    admin = await cafe.open_display("desk", "manager", "/admin/menu")
    phone = await cafe.sit_down(5)
    till = await cafe.open_display("tablet", "counter", "/counter")
    dish = phone.get_by_role("article").filter(has_text="Cortado")
    key = till.locator('[data-product][data-name="Cortado"]')
    await admin.get_by_role("link", name="Cortado").click()

    await admin.get_by_role("button", name="Take it off the menu").click()

    await expect(dish).to_have_count(0)
    await expect(key).to_have_count(0)
    await admin.get_by_role("button", name="Put it back on the menu").click()
    await expect(dish).to_be_visible()
    await expect(key).to_be_enabled()


async def test_a_photo_reaches_the_guests_open_menu(cafe, browser_faults: BrowserFaults):
    """Chosen by the editor's own field; one that is none is said beside it."""
    admin = await cafe.open_display("desk", "manager", "/admin/menu")
    phone = await cafe.sit_down(5)
    dish = phone.get_by_role("article").filter(has_text="Cortado")
    await admin.get_by_role("link", name="Cortado").click()
    field = admin.get_by_label("A picture of the dish")
    key = admin.get_by_role("button", name="Show it to guests")

    browser_faults.expect("422")
    await field.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"none"})
    await key.click()
    await expect(admin.get_by_role("alert")).to_contain_text("no picture that can be read")
    assert await find_violations(admin) == []
    picture = draw_picture(width=4000, height=3000)
    await field.set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture})
    await key.click()

    await expect(admin.locator("[data-done]")).to_have_text("Guests see the photo now.")
    photo = dish.locator(".plate__photo")
    await expect(photo).to_have_js_property("complete", value=True)
    await expect(photo).to_have_js_property("naturalWidth", 312)
    await save_screenshot(admin, "admin-menu-photo", whole_page=True)
    await dish.scroll_into_view_if_needed()
    await save_screenshot(phone, "guest-menu-photo")
    await dish.get_by_role("link", name="Cortado", exact=True).click()
    await expect(phone.locator(".dish-hero .plate__photo")).to_have_js_property(
        "naturalWidth", 1170
    )
    assert await find_violations(phone) == []
    await save_screenshot(phone, "guest-item-photo")


async def test_a_price_that_is_none_is_said_beside_it(cafe, browser_faults: BrowserFaults):
    """What was typed stays; the summary has the focus and leads to the field."""
    browser_faults.expect("422")
    admin = await cafe.open_display("desk", "manager", "/admin/menu")
    await admin.get_by_role("link", name="Espresso").click()
    await admin.get_by_label("Price, tax in").fill("a lot")

    await admin.get_by_role("button", name="Save", exact=True).click()

    summary = admin.get_by_role("alert")
    await expect(summary).to_be_focused()
    await summary.get_by_role("link").click()
    await expect(admin.get_by_label("Price, tax in")).to_be_focused()
    await expect(admin.get_by_label("Price, tax in")).to_have_value("a lot")
    assert [] == await find_violations(admin)


async def test_money_is_given_back_from_the_list(cafe):
    """Another's payment comes by itself; the refund shows with its reason in the audit."""
    admin = await cafe.open_display("desk", "manager", "/admin/money")
    await expect(admin.get_by_text("Nothing was paid yet.")).to_be_visible()
    till = await cafe.speak_as("manager")
    await pay(till, await order(till, "Flat white"))
    await admin.reload()
    second = await order(till, "Cortado")
    await pay(till, second)
    card = admin.get_by_role("listitem").filter(has_text=f"Order {second.order_number}").first
    await expect(card.locator(".pay-state")).to_have_text("paid")

    await card.get_by_role("button", name="Give back").click()
    dialog = admin.get_by_role("dialog")
    await dialog.get_by_role("button", name="Not as it should be").click()
    assert [] == await find_violations(admin)
    await dialog.locator("[data-refund-go]").click()

    await expect(dialog).to_be_hidden()
    await expect(card.locator(".pay-state")).to_have_text("given back")
    await admin.goto(f"{cafe.server.url}/admin/audit?about=money")
    await expect(
        admin.get_by_text(f"gave back €2.60 of order {second.order_number}")
    ).to_be_visible()


async def test_whoever_is_revoked_stops_at_once(cafe, browser_faults: BrowserFaults):
    """The open display says that it was signed out; the list shows them gone."""
    browser_faults.expect("401")
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen")
    admin = await cafe.open_display("desk", "manager", "/admin/people")
    cook = admin.get_by_role("listitem").filter(has_text="kitchen").filter(has_text="connected")
    cook = cook.filter(has_text="kitchen display")
    await expect(cook).to_be_visible()

    await cook.get_by_text("End access").click()
    await cook.get_by_role("button", name="End it now").click()

    await expect(admin.get_by_role("status").filter(has_text="ended")).to_be_visible()
    await expect(wall.locator('connection-status[data-state="stopped"]')).to_be_attached()
    await expect(cook).to_have_count(0)
    await admin.goto(f"{cafe.server.url}/admin/audit")
    await expect(admin.get_by_text("ended the access of")).to_be_visible()


async def test_pages_of_management_fit_their_screens(cafe):
    """No page is wider than its screen, and axe finds nothing, on desk, tablet and phone."""
    till = await cafe.speak_as("manager")
    menu = await till.read_menu()
    item_id = menu.categories[0].items[0].menu_item_id
    await pay(till, await order(till, "Flat white", "Tosta mista"))
    for size in SIZES:
        admin = await cafe.open_display(size, "owner", "/admin")
        for path in (*PAGES, f"/admin/menu?item={item_id}"):
            await admin.goto(f"{cafe.server.url}{path}")
            name = path.partition("?")[0].strip("/").replace("/", "-")
            wide = await admin.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{path} on {size}"
            assert [] == await find_violations(admin), f"{path} on {size}"
            await save_screenshot(admin, f"{name}-{size}", whole_page=True)
        await admin.context.close()


async def test_the_audit_is_searched_and_taken_along(cafe):
    """By keys alone; what fits comes as a file, what does not says so and leads back."""
    till = await cafe.speak_as("manager")
    await pay(till, await order(till, "Flat white"))
    # Taking it along is the owner's.
    admin = await cafe.open_display("desk", "owner", "/admin/audit")
    facts = admin.locator(".audit-entry")
    await expect(facts.first).to_be_visible()

    name = await admin.locator(".admin-nav__person").inner_text()

    await admin.get_by_label("Name, reason or order").focus()
    await admin.keyboard.type(name.strip())
    await admin.keyboard.press("Tab")
    await admin.keyboard.press("Tab")
    await admin.keyboard.type("Sign")
    await admin.get_by_label("Name, reason or order").press("Enter")
    await admin.wait_for_url("**/admin/audit?*kind=sign_in*")

    await expect(facts.first).to_contain_text("signed in")
    shown = await facts.count()
    async with admin.expect_download() as download:
        await admin.get_by_role("link", name="Export as CSV").click()
    lines = read_lines(await (await download.value).path())
    assert len(lines) == shown + 1
    assert all(',"sign_in",' in line for line in lines[1:])
    await admin.get_by_label("Name, reason or order").fill("nobody is called this")
    await admin.keyboard.press("Enter")
    await expect(admin.get_by_text("Nothing fits")).to_be_visible()
    assert [] == await find_violations(admin)
    for size in SIZES:
        window = await cafe.open_display(size, "manager", "/admin/audit")
        await window.goto(f"{cafe.server.url}/admin/audit?text=nobody")
        assert [] == await find_violations(window), size
        await save_screenshot(window, f"admin-audit-none-{size}", whole_page=True)
    await admin.get_by_role("link", name="Clear the search").click()
    await expect(facts.first).to_be_visible()


async def test_a_past_service_is_looked_at_second_by_second(cafe):
    """By keys and by playing it: the wall of each moment, with nothing on it that acts."""
    till = await cafe.speak_as("manager")
    placed = await order(till, "Tosta mista")
    await finish_all(cafe)
    admin = await cafe.open_display("desk", "manager", "/admin/replay?station=kitchen")
    wall = admin.locator("[data-replay-moment]")
    ticket = wall.locator("[data-replay-open] > order-ticket")
    await expect(wall.locator("h2")).to_contain_text("replayed")
    await expect(admin.locator("connection-status")).to_have_count(0)

    await admin.keyboard.press("Shift+ArrowRight")
    finished = wall.locator('[data-column="finished"]')
    await expect(finished).to_contain_text(str(placed.order_number))
    await expect(ticket).to_have_count(0)
    await admin.keyboard.press("Shift+ArrowLeft")
    await expect(finished).to_have_count(0)
    second = await wall.get_attribute("data-second")
    await expect(admin).to_have_url(re.compile(f"station=kitchen&second={second}$"))
    await admin.get_by_role("button", name="60×").click()

    await expect(finished).to_have_count(1)
    await admin.keyboard.press("n")
    await expect(admin.get_by_text("No ticket became late after this.")).to_be_visible()
    assert await wall.locator("button, a, input, [data-command]").count() == 0


async def test_a_manager_works_by_keys(cafe):
    """From the figures to the menu, a price changed and a dish sold out without a pointer."""
    admin = await cafe.open_display("desk", "manager", "/admin")

    async def tab_to(target: Locator) -> None:
        for _ in range(120):
            if await target.evaluate("element => element === document.activeElement"):
                return
            await admin.keyboard.press("Tab")
        raise AssertionError(f"tabs do not lead to {target}")

    await tab_to(admin.get_by_role("link", name="Menu", exact=True))
    await admin.keyboard.press("Enter")
    await admin.wait_for_url("**/admin/menu")
    await tab_to(admin.get_by_role("link", name="Cortado"))
    await admin.keyboard.press("Enter")
    await admin.wait_for_url("**/admin/menu?item=*")
    price = admin.get_by_label("Price, tax in")
    await tab_to(price)
    await admin.keyboard.press("Control+A")
    await admin.keyboard.type("2.75")
    await admin.keyboard.press("Enter")
    await expect(admin.get_by_text("Version 2 is live.")).to_be_visible()
    row = admin.get_by_role("listitem").filter(has_text="Cortado").filter(has_text="2.75")
    await expect(row).to_be_visible()
    switch = row.get_by_role("switch")
    await admin.keyboard.press("Shift+Tab")
    await switch.focus()
    await admin.keyboard.press("Space")
    await expect(switch).to_have_attribute("aria-checked", "false")
    await expect(switch).to_be_focused()
