"""How the kitchen's screens are, as the counter and management see it without a reload."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.async_api import Locator, Page, expect

from demo.cafe import CAFE
from domain.commands import PlaceOrder
from tests.support.browser import BrowserFaults, find_violations, save_screenshot
from tests.support.demo_cafe import ServeDemo, draft_line

# What staff may rely on, in milliseconds.
# The product promises 15 s; a test on a busy machine waits as long as every other.
KNOWN_WITHIN_MS = 30_000
# A server that has just begun accuses no screen for 45 s: they may be on their way.
WARMED_UP_WITHIN_MS = 90_000


def find_bar(page: Page) -> Locator:
    """Find what a page says of the bar; other stations' keys name it too."""
    name = page.locator("b, .station-state__name", has_text=re.compile("^Bar$"))
    return page.locator(".station-state, .screen-faults__station").filter(has=name)


async def expect_told(pages: list[Page], words: str) -> None:
    """Expect every page to say something of the bar's screen in time."""
    for page in pages:
        await expect(find_bar(page)).to_contain_text(words, timeout=KNOWN_WITHIN_MS)


async def hide(page: Page, *, is_hidden: bool) -> None:
    """Let a page be told what a display that goes to sleep tells it."""
    await page.evaluate(
        """state => {
          Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
        }""",
        "hidden" if is_hidden else "visible",
    )


async def test_a_muted_sleeping_or_dead_screen_is_known_at_counter_and_admin(
    serve_demo: ServeDemo, browser_faults: BrowserFaults
):
    """Within fifteen seconds each; a ticket that such a screen does not paint is an alarm."""
    cafe = serve_demo()
    till = await cafe.open_display("tablet", "counter", "/counter")
    admin = await cafe.open_display("desk", "manager", "/admin")
    key = till.locator(".screen-faults summary")
    await expect(key).to_contain_text("Bar: no screen")
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    await expect(key).to_contain_text("3", timeout=KNOWN_WITHIN_MS)
    await key.tap()

    await wall.locator('[data-sound="on"]:visible').tap()
    await expect(find_bar(till)).to_have_count(0, timeout=KNOWN_WITHIN_MS)
    await expect(find_bar(admin)).to_contain_text("shows everything")
    await wall.locator("[data-sound-panel]").tap()
    await wall.locator('[data-sound="off"]').tap()
    await expect_told([till, admin], "sound is off")
    assert await find_violations(till) == []
    await save_screenshot(till, "counter-screens")
    await save_screenshot(admin, "admin-kitchen-screens", whole_page=True)

    await hide(wall, is_hidden=True)
    await expect_told([till, admin], "asleep or hidden")
    counter = await cafe.speak_as("counter")
    menu = await counter.read_menu()
    await counter.place_order(PlaceOrder(lines=[draft_line(menu, "Espresso")]))
    alarm = till.locator('.notification[data-kind="ticket_unseen"]')
    await expect(alarm).to_contain_text("Bar")
    await hide(wall, is_hidden=False)
    await expect_told([till, admin], "sound is off")
    await expect(alarm).to_have_count(0)

    # Without a word: a page that is closed says goodbye.
    browser_faults.expect("ERR_INTERNET_DISCONNECTED")
    await wall.context.set_offline(True)
    await expect_told([till, admin], "not heard of")
    await expect(till.get_by_role("button", name="Send")).to_be_visible()
    await save_screenshot(till, "counter-screens-dead")


async def test_a_dead_stations_tickets_are_made_at_another_and_go_home(
    serve_demo: ServeDemo, browser_faults: BrowserFaults
):
    """By two taps at the counter while its screen sleeps, and back by hand; without a touch both
    ways where its screen has lost its network.
    """
    cafe = serve_demo()
    counter = await cafe.speak_as("counter")
    menu = await counter.read_menu()

    async def order_espresso() -> None:
        await counter.place_order(PlaceOrder(lines=[draft_line(menu, "Espresso")]))

    bar = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    kitchen = await cafe.open_display("kitchen", "kitchen", "/kitchen/kitchen")
    till = await cafe.open_display("tablet", "counter", "/counter")
    await order_espresso()
    own = bar.locator('[data-column="open"] > order-ticket')
    guests = kitchen.locator('[data-column="open"] > order-ticket')
    banner = kitchen.locator(".station-move")
    await expect(own).to_have_count(1)

    await hide(bar, is_hidden=True)
    await till.locator(".screen-faults summary").tap()
    await till.get_by_role("button", name="Show Bar at Kitchen").tap(timeout=KNOWN_WITHIN_MS)
    await expect(banner).to_contain_text("Bar’s tickets are shown here since")
    await expect(guests).to_have_count(1)
    await order_espresso()
    await expect(guests).to_have_count(2)
    await expect(guests.first.locator(".station--own")).to_have_text("Bar")
    await expect(bar.locator(".station-move")).to_contain_text("also shown at Kitchen")
    await expect(till.locator('.notification[data-kind="ticket_unseen"]')).to_have_count(0)
    assert await find_violations(kitchen) == []
    assert await find_violations(till) == []
    await save_screenshot(kitchen, "kitchen-guests")
    await save_screenshot(bar, "kitchen-moved")
    await save_screenshot(till, "counter-moved")
    await guests.first.locator(".ticket__head").tap()
    await expect(guests).to_have_count(1)
    await expect(own).to_have_count(1)

    # At the pass by keys alone: back, and there again.
    runner = await cafe.open_display("kitchen", "expo", "/expo")
    await expect(find_bar(runner)).to_contain_text("shown at Kitchen")
    await runner.keyboard.press("s")
    await expect(find_bar(runner).get_by_role("button", name="Move back")).to_be_focused()
    assert await find_violations(runner) == []
    await save_screenshot(runner, "pass-screens")
    await runner.keyboard.press("Enter")
    await expect(banner).to_have_count(0)
    move = find_bar(runner).get_by_role("button", name="Show Bar at Kitchen")
    await expect(move).to_have_count(1)
    await runner.keyboard.press("Escape")
    await expect(move).to_be_hidden()
    await runner.keyboard.press("s")
    await expect(move).to_be_focused()
    await runner.keyboard.press("Enter")
    await expect(banner).to_contain_text("Bar’s tickets are shown here since")
    await runner.context.close()

    await banner.get_by_role("button", name="Move them back").tap()
    await expect(banner).to_have_count(0)
    await expect(guests).to_have_count(0)
    await expect(own).to_have_count(1)

    admin = await cafe.open_display("desk", "manager", "/admin/screens")
    row = admin.locator(".failover-row").first
    await expect(row).to_contain_text("nobody stands in")
    await row.locator("summary").click()
    await row.get_by_label("show them at").select_option("Kitchen")
    await row.get_by_label("after").select_option("15 seconds")
    await save_screenshot(admin, "admin-failover")
    assert await find_violations(admin) == []
    await row.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("dark for 15 seconds: shown at Kitchen")
    await hide(bar, is_hidden=False)
    await expect_told([till], "sound is off")
    browser_faults.expect("ERR_INTERNET_DISCONNECTED")
    await bar.context.set_offline(True)
    await expect_told([till], "not heard of")
    # A server that has just begun accuses no screen (jobs/screens.py).
    await expect(banner).to_be_visible(timeout=60_000)
    await expect(admin.locator(".station-state").first).to_contain_text("by itself")
    await expect(guests).to_have_count(1)
    await bar.context.set_offline(False)
    await expect(banner).to_have_count(0, timeout=KNOWN_WITHIN_MS)
    await expect(guests).to_have_count(0)
    await expect(own).to_have_count(1)


async def test_the_menu_says_where_a_dish_goes_and_the_search_where_an_order_is(
    serve_demo: ServeDemo,
):
    """A warning at save names dish and station; a screen that wakes up takes it back."""
    cafe = serve_demo()
    admin = await cafe.open_display("desk", "manager", "/admin/menu")
    row = admin.locator(".menu-row").filter(has_text="Espresso").first
    await expect(row).to_contain_text("nobody sees it")
    await row.get_by_role("link", name="Espresso").click()
    editor = admin.locator("[data-editor]")
    await expect(editor).to_contain_text("Nobody would see Espresso: Bar has no screen.")
    await editor.get_by_role("button", name="Save", exact=False).first.click()
    saved = admin.locator("[data-done]")
    await expect(saved).to_contain_text("Saved. But nobody would see Espresso: Bar has no screen.")
    assert await find_violations(admin) == []
    await save_screenshot(admin, "admin-menu-route")

    bar = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    await expect(row).to_contain_text("Bar on a page", timeout=KNOWN_WITHIN_MS)
    await expect(row).not_to_contain_text("nobody sees it")
    counter = await cafe.speak_as("counter")
    menu = await counter.read_menu()
    lines = [draft_line(menu, "Espresso"), draft_line(menu, "Tosta mista")]
    await counter.place_order(PlaceOrder(lines=lines))
    await expect(bar.locator('[data-column="open"] > order-ticket')).to_have_count(1)

    await admin.goto(f"{cafe.server.url}/admin/screens")
    await admin.get_by_label("An order’s number of today, or a dish").fill("1")
    await admin.keyboard.press("Enter")
    parts = admin.locator(".whereabouts__part")
    await expect(parts.filter(has_text="1 Espresso")).to_contain_text("stands at Bar since")
    await expect(parts.filter(has_text="1 Tosta mista")).to_contain_text(
        "no screen says that it shows it: Kitchen has no screen"
    )
    steps = admin.locator(".whereabouts__steps")
    await expect(steps).to_contain_text("sent to Bar, by")
    await expect(steps).to_contain_text("shown at Bar by a page that somebody opened")
    assert await find_violations(admin) == []
    await save_screenshot(admin, "admin-whereabouts", whole_page=True)
    unseen = admin.locator(".opening__unseen")
    await expect(unseen).to_contain_text("Kitchen has no screen")
    await expect(unseen).not_to_contain_text("Bar has no screen")
    await admin.get_by_label("Monday").fill("07:30")
    await admin.get_by_role("button", name="Save times").press("Enter")
    await expect(admin.get_by_label("Monday")).to_have_value("07:30")
    await expect(admin.get_by_label("Sunday")).to_have_value("")
    await admin.get_by_label("An order’s number of today, or a dish").fill("tosta")
    await admin.keyboard.press("Enter")
    await expect(parts).to_contain_text("Tosta mista goes to Kitchen, and nobody would see it")


async def test_at_opening_time_management_reads_which_dishes_nobody_would_see(
    serve_demo: ServeDemo,
):
    """By the clock, with no till there; a station's screen that comes takes its warning back."""
    cafe = serve_demo()
    manager = await cafe.speak_as("manager")
    kitchen = next(each for each in cafe.description.stations if each.name == "Kitchen")
    items = [item for each in (await manager.read_menu()).categories for item in each.items]
    dish = next(each.name for each in items if each.station_id == kitchen.id)
    expo = await cafe.open_display("kitchen", "manager", "/expo")
    told = expo.locator('.notification[data-kind="no_screen"]')
    await expect(told).to_have_count(0)

    admin = await cafe.open_display("desk", "manager", "/admin/screens")
    opened = datetime.now(UTC).astimezone(ZoneInfo(CAFE.timezone)) - timedelta(minutes=1)
    await admin.get_by_label(f"{opened:%A}").fill(f"{opened:%H:%M}")
    await admin.get_by_role("button", name="Save times").press("Enter")
    kitchens = told.filter(has_text="Kitchen has no screen")
    await expect(kitchens).to_contain_text(dish, timeout=WARMED_UP_WITHIN_MS)
    await expect(told).to_have_count(len(cafe.description.stations))
    await expo.get_by_role("button", name="All notifications").tap()
    assert await find_violations(expo) == []
    await save_screenshot(expo, "expo-opening")

    await cafe.open_display("kitchen", "kitchen", "/kitchen/kitchen")
    await expect(kitchens).to_have_count(0)
    await expect(told.filter(has_text="Bar has no screen")).to_have_count(1)
