"""What cooks do at their wall beside bumping: by touch, and by keys alone."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from domain.commands import PlaceOrder
from domain.views.orders import OrderView
from tests.support.browser import BrowserFaults, find_violations, save_screenshot
from tests.support.demo_cafe import DemoCafe, ServeDemo, draft_line


@pytest.fixture
def cafe(serve_demo: ServeDemo) -> DemoCafe:
    """Serve the demo."""
    return serve_demo()


async def order(cafe: DemoCafe, *dishes: str, quantity: int = 1, **options: object) -> OrderView:
    """Order dishes at the counter."""
    till = await cafe.speak_as("counter")
    menu = await till.read_menu()
    lines = [draft_line(menu, dish, quantity=quantity) for dish in dishes]
    return await till.place_order(PlaceOrder(lines=lines, **options))  # type: ignore[arg-type]


def find_ticket(wall: Page, placed: OrderView) -> Locator:
    """Find an order's open ticket on a wall."""
    return wall.locator(
        f'[data-column="open"] > order-ticket[data-order-number="{placed.order_number}"]'
    )


async def hold(page: Page, target: Locator) -> None:
    """Hold a finger on something until what it opens is there."""
    box = await target.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.down()
    await expect(page.locator("[data-ticket-menu]")).to_be_visible()
    await page.mouse.up()


async def test_a_held_ticket_is_rushed_at_every_station_and_back(cafe: DemoCafe):
    """By a finger that rests and by the plus key; with its reason, first on both walls."""
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/kitchen")
    bar = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    first = await order(cafe, "Tosta mista")
    second = await order(cafe, "Tosta mista", "Espresso", table_number=4)
    await expect(find_ticket(wall, first)).to_be_visible()

    await hold(wall, find_ticket(wall, second).locator(".ticket__head"))
    menu = wall.locator("[data-ticket-menu]")
    await expect(menu).to_contain_text(f"Order {second.order_number}")
    await expect(find_ticket(wall, second)).to_be_visible()  # the finger's release bumped nothing
    assert await find_violations(wall) == []
    await save_screenshot(wall, "kitchen-ticket-menu")
    await menu.get_by_role("button", name="Train to catch").click()
    await expect(find_ticket(bar, second)).to_contain_text("RUSH Train to catch")
    tickets = wall.locator('[data-column="open"] > order-ticket')
    await expect(tickets.first).to_contain_text("RUSH Train to catch")
    await wall.get_by_role("button", name="Undo").click()
    await expect(find_ticket(bar, second)).not_to_contain_text("RUSH")
    await expect(tickets.first).to_contain_text(str(first.order_number))

    await wall.keyboard.press("ArrowRight")
    await wall.keyboard.press("ArrowRight")
    await wall.keyboard.press("+")
    await wall.keyboard.press("Tab")
    await wall.keyboard.press("Enter")
    await expect(find_ticket(bar, second)).to_contain_text("RUSH Guest is leaving")
    await expect(tickets.first).to_contain_text("RUSH Guest is leaving")
    await wall.keyboard.press("m")
    await menu.get_by_role("button", name="No rush after all").press("Enter")
    await expect(find_ticket(bar, second)).not_to_contain_text("RUSH")


async def test_cooks_read_an_allergy_hear_of_fewer_and_call(cafe: DemoCafe):
    """The strip is ticked, a line says what it was, equal lines are one tap, the counter comes."""
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/kitchen")
    counter = await cafe.open_display("tablet", "counter", "/counter")
    placed = await order(cafe, "Tosta mista", quantity=3, allergy="Sesame", table_number=4)
    ticket = find_ticket(wall, placed)
    strip = ticket.locator("button.ticket__allergy")
    await expect(strip).to_have_accessible_name("Allergy Sesame I have read it")
    await strip.tap()
    await expect(strip).to_have_count(0)
    await expect(ticket.locator("p.ticket__allergy")).to_contain_text("Sesame")

    till = await cafe.speak_as("counter")
    one = {"itemId": placed.items[0].item_id, "quantity": 1}
    body = {"items": [one], "reason": "Ordered twice"}
    await till.command(f"/orders/{placed.order_id}/void", OrderView, body)
    await expect(ticket).to_contain_text("CHANGED 3 → 2")
    await expect(ticket).to_contain_text("VOID Ordered twice")
    assert await find_violations(wall) == []
    await save_screenshot(wall, "kitchen-changed")
    await ticket.get_by_role("button", name="Seen, stop it").tap()
    await expect(ticket).not_to_contain_text("CHANGED")

    await wall.keyboard.press("ArrowRight")
    await wall.keyboard.press("m")
    await wall.get_by_role("button", name="Call a server").press("Enter")
    await expect(counter.locator(".notification")).to_contain_text("Kitchen calls")

    twice = await order(cafe, "Tosta mista", "Tomato soup with poached egg", "Tosta mista")
    both = find_ticket(wall, twice).locator(".line").filter(has_text="Tosta")
    await expect(both.locator(".line__quantity")).to_have_text(re.compile("^2"))
    for state in ("ready", "started"):
        await both.tap()
        await expect(both).to_have_attribute("data-state", state)
        now = await till.read_order(twice.order_id)
        assert [state] * 2 == [each.status for each in now.items if each.name == "Tosta mista"]


async def test_anything_of_the_day_is_found_and_recalled(cafe: DemoCafe):
    """By its table on the pad of figures, by its dish from the keyboard; what is back says so."""
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/kitchen")
    cook = await cafe.speak_as("kitchen")
    toast = await order(cafe, "Tosta mista", table_number=9)
    soup = await order(cafe, "Tomato soup with poached egg", table_number=4)
    for ticket in (await cook.list_tickets()).tickets:
        await cook.move_ticket(ticket.ticket_id, "ready")
    finished = wall.locator('[data-column="finished"] > order-ticket')
    await expect(finished).to_have_count(2)

    await wall.get_by_role("button", name="Recall", exact=True).first.tap()
    panel = wall.locator("[data-recall-panel]")
    rows = panel.locator(".recall__row")
    await expect(rows).to_have_count(2)
    await panel.get_by_role("button", name="9", exact=True).tap()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Tosta mista")
    assert await find_violations(wall) == []
    await save_screenshot(wall, "kitchen-recall")
    await rows.tap()
    await expect(panel).to_be_hidden()
    await expect(find_ticket(wall, toast)).to_contain_text("RECALLED")
    await wall.get_by_role("button", name="Undo").tap()
    await expect(finished).to_have_count(2)

    await wall.keyboard.press("/")
    await wall.keyboard.type("TOMA")
    await wall.keyboard.press("Enter")
    await expect(rows.first).to_be_focused()
    await wall.keyboard.press("Enter")
    await expect(find_ticket(wall, soup)).to_contain_text("RECALLED")

    # What is not finished is no row to recall: why it is not here is said all the same.
    other = await order(cafe, "Espresso")
    await wall.keyboard.press("/")
    await wall.keyboard.type(str(other.order_number))
    await expect(panel).to_contain_text("no screen says that it shows it: Bar has no screen")
    await expect(panel.locator(".whereabouts__steps")).to_contain_text("sent to Bar, by")
    assert await find_violations(wall) == []
    await save_screenshot(wall, "kitchen-why-not-here")


async def test_a_cook_says_that_something_is_out(cafe: DemoCafe):
    """From a ticket's menu and by keys; with the orders it touches, seen at the till, and back."""
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/kitchen")
    till = await cafe.open_display("tablet", "counter", "/counter")
    placed = await order(cafe, "Tosta mista", quantity=2, table_number=4)
    key = till.locator('[data-product][data-name="Tosta mista"]')
    await expect(key).to_be_enabled()

    await hold(wall, find_ticket(wall, placed).locator(".ticket__head"))
    await wall.locator("[data-ticket-menu] [data-sold-out]").tap()
    panel = wall.locator("[data-sold-out-panel]")
    await expect(panel).to_contain_text("1 open order asks for it")
    await expect(panel.locator(".out__orders")).to_have_text(
        f"{placed.order_number} {placed.table_label}, 2 of it"
    )
    assert await find_violations(wall) == []
    await save_screenshot(wall, "kitchen-86-choice")
    await panel.get_by_role("button", name="Until we close").tap()
    await expect(key).to_be_disabled()
    await expect(panel).to_be_hidden()
    await wall.get_by_role("button", name="Undo").tap()
    await expect(key).to_be_enabled()

    await wall.keyboard.press("x")
    oat = panel.get_by_role("button", name="Smoked bacon")
    await expect(oat).to_be_visible()
    await save_screenshot(wall, "kitchen-86")
    await oat.press("Enter")
    await expect(panel).to_contain_text("No open order asks for it")
    # A span would not be offered in the last hours of a business day.
    await panel.get_by_role("button", name="Until we close").press("Enter")
    await expect(panel).to_be_hidden()
    await wall.keyboard.press("x")
    await expect(oat).to_contain_text("out to")
    await wall.keyboard.press("Escape")

    # Counted down: each order takes its own, and the last one sells it out everywhere.
    phone = await cafe.sit_down(5)
    await wall.keyboard.press("x")
    await panel.locator(".out-key", has_text="Tosta mista").press("Enter")
    await panel.get_by_role("button", name="2 left", exact=True).press("Enter")
    await expect(key).to_contain_text("2 left")
    await order(cafe, "Tosta mista")
    await expect(key).to_contain_text("1 left")
    await wall.keyboard.press("x")
    await expect(panel.locator(".out-key", has_text="Tosta mista")).to_contain_text("1 left")
    await panel.locator(".out-key", has_text="Tosta mista").press("Enter")
    await expect(panel).to_contain_text("1 left today, then it is sold out")
    await save_screenshot(wall, "kitchen-86-counted")
    assert await find_violations(wall) == []
    await order(cafe, "Tosta mista")
    await expect(panel).to_contain_text("Sold out until")  # the count was today's
    await expect(key).to_be_disabled()
    await expect(key).not_to_contain_text("left")
    dish = phone.locator("[data-menu-item-id]").filter(has_text="Tosta mista").first
    await expect(dish).to_contain_text(re.compile("sold out|back at"))  # back: after midnight

    # Too much at once: guests are told to wait, the till goes on, one tap opens again.
    await wall.keyboard.press("Escape")
    await wall.keyboard.press("x")
    await panel.get_by_role("button", name="Pause guests").press("Enter")
    await expect(panel.get_by_role("button", name="10 minutes")).to_be_focused()
    assert await find_violations(wall) == []
    await save_screenshot(wall, "kitchen-pause")
    await wall.keyboard.press("Enter")
    said, told = (page.locator("[data-list='station_pause'] > li") for page in (wall, till))
    await expect(said).to_contain_text("Kitchen: paused for guests since")
    await expect(told).to_contain_text("by hand: Too many orders")
    soup = phone.locator("[data-menu-item-id]").filter(has_text="Tomato soup with").first
    await expect(soup).to_contain_text("Paused, back at about")
    assert [await find_violations(page) for page in (wall, till, phone)] == [[], [], []]
    await save_screenshot(wall, "kitchen-paused")
    await save_screenshot(till, "counter-paused")
    await save_screenshot(phone, "guest-menu-paused")
    await order(cafe, "Tomato soup with poached egg")
    await said.get_by_role("button", name="Open now").tap()
    await expect(told).to_have_count(0)
    await expect(soup).not_to_contain_text("Paused")


async def test_a_screen_learns_its_keys_and_says_what_it_heard(
    cafe: DemoCafe, browser_faults: BrowserFaults
):
    """A bump bar's key is taught by pressing it; each cause has its sound, and words in the bar."""
    browser_faults.expect("AudioContext")  # loaded again it waits for a touch, and says so in red
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/kitchen")
    await wall.evaluate(
        """() => {
            globalThis.heard = [];
            document.addEventListener("sound-play", (event) => heard.push(event.detail.tone));
        }"""
    )
    await wall.get_by_role("button", name="SOUND OFF: TAP").tap()
    await expect(wall.get_by_role("button", name="Sound is on")).to_be_visible()
    first = await order(cafe, "Tosta mista")
    await expect(wall.locator("[data-cause]")).to_contain_text(str(first.order_number))
    await expect(wall.locator('[data-for-cause="new"]')).to_be_visible()
    second = await order(cafe, "Tosta mista", allergy="Sesame")
    await expect(wall.locator('[data-for-cause="allergy"]')).to_be_visible()
    assert ["new", "allergy"] == (await wall.evaluate("heard"))[-2:]
    await find_ticket(wall, second).locator("button.ticket__allergy").tap()
    await expect(wall.locator('[data-for-cause="new"]')).to_be_visible()

    await wall.keyboard.press("?")
    legend = wall.get_by_role("dialog", name="Keys of this screen")
    row = legend.locator('[data-action="bump"]')
    await expect(row.locator("kbd")).to_have_text("Enter")
    assert await find_violations(wall) == []
    await save_screenshot(wall, "kitchen-keys")
    await row.get_by_role("button", name="Change").press("Enter")
    await expect(legend.get_by_role("status")).to_contain_text("bump the chosen ticket")
    await wall.keyboard.press("F4")
    await expect(row.locator("kbd")).to_have_text("F4")
    await legend.get_by_label("Figures choose a ticket").check()
    await legend.get_by_role("button", name="Close").press("Enter")
    await wall.reload()
    await expect(wall.get_by_role("button", name="SOUND OFF: TAP TO TURN ON")).to_be_visible()
    await wall.keyboard.press("2")
    await expect(wall.get_by_role("button", name="Sound is on")).to_be_visible()
    await expect(find_ticket(wall, second)).to_have_attribute("data-selected", "")
    await wall.keyboard.press("F4")
    await expect(find_ticket(wall, second)).to_have_count(0)
    await wall.keyboard.press("Backspace")
    await expect(find_ticket(wall, second)).to_contain_text("RECALLED")


async def test_a_wall_is_worked_by_keys_alone_and_by_touch(cafe: DemoCafe):
    """Pages, what is still to make, choosing, a line, a bump, a place, back again: both ways."""
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    till = await cafe.speak_as("counter")
    menu = await till.read_menu()
    lines = [draft_line(menu, "Espresso"), draft_line(menu, "Cortado")]
    placed = [await till.place_order(PlaceOrder(lines=lines)) for _ in range(40)]
    open_tickets = wall.locator('[data-column="open"] > order-ticket')
    number = wall.locator("[data-page-number]")
    await expect(open_tickets).to_have_count(40)
    await expect(number).to_have_text("1")
    key = wall.keyboard

    await key.press("0")
    await expect(number).to_have_text("2")
    await key.press("PageUp")
    await expect(number).to_have_text("1")
    await key.press("*")
    sum_row = wall.locator("[data-all-day] button").first
    await expect(sum_row).to_be_focused()
    await key.press("Enter")
    await expect(sum_row).to_have_attribute("aria-pressed", "true")
    await key.press("Enter")
    await key.press("Escape")
    first, second, third = (find_ticket(wall, each) for each in placed[:3])
    await key.press("ArrowRight")
    await expect(first).to_have_attribute("data-selected", "")
    await key.press("ArrowDown")
    line = first.locator(".line[data-command]").first
    await expect(line).to_be_focused()
    await key.press("Space")
    await expect(line).to_have_attribute("data-state", "ready")
    await key.press("ArrowUp")
    await key.press("Enter")
    await expect(first).to_have_count(0)
    await key.press("Backspace")
    await expect(first).to_contain_text("RECALLED")
    await key.press("2")
    await expect(second).to_have_count(0)
    await expect(open_tickets).to_have_count(39)

    await wall.get_by_role("button", name="Next page").tap()
    await expect(number).to_have_text("2")
    await wall.get_by_role("button", name="Page before").tap()
    await sum_row.tap()
    await expect(sum_row).to_have_attribute("aria-pressed", "true")
    await sum_row.tap()
    await third.locator(".line[data-command]").first.tap()
    await expect(third.locator(".line[data-command]").first).to_have_attribute(
        "data-state", "ready"
    )
    await third.locator(".ticket__head").tap()
    await expect(third).to_have_count(0)
    await wall.get_by_role("button", name="Undo").tap()
    await expect(third).to_have_count(1)
    await expect(open_tickets).to_have_count(39)
