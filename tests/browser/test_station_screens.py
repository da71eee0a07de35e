"""How the kitchen's screens are, as the counter and management see it without a reload."""

from playwright.async_api import Page, expect

from domain.commands import PlaceOrder
from tests.support.browser import find_violations, save_screenshot
from tests.support.demo_cafe import ServeDemo, draft_line

# What staff may rely on, in milliseconds.
KNOWN_WITHIN_MS = 15_000


async def expect_told(pages: list[Page], words: str) -> None:
    """Expect every page to say something of the bar's screen in time."""
    for page in pages:
        bar = page.locator(".station-state, .screen-faults__station").filter(has_text="Bar")
        await expect(bar).to_contain_text(words, timeout=KNOWN_WITHIN_MS)


async def hide(page: Page, *, is_hidden: bool) -> None:
    """Let a page be told what a display that goes to sleep tells it."""
    await page.evaluate(
        """state => {
          Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
        }""",
        "hidden" if is_hidden else "visible",
    )


async def test_a_muted_sleeping_or_dead_screen_is_known_at_counter_and_admin(serve_demo: ServeDemo):
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
    await expect(till.locator(".screen-faults__station").filter(has_text="Bar")).to_have_count(
        0, timeout=KNOWN_WITHIN_MS
    )
    await expect(admin.locator(".station-state").filter(has_text="Bar")).to_contain_text(
        "shows everything"
    )
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

    debugger = await wall.context.new_cdp_session(wall)
    await debugger.send("Debugger.enable")
    await debugger.send("Debugger.pause")
    await expect_told([till, admin], "not heard of")
    await expect(till.get_by_role("button", name="Send")).to_be_visible()
    await save_screenshot(till, "counter-screens-dead")
    await debugger.send("Debugger.resume")
    await debugger.send("Debugger.disable")
    await expect_told([till, admin], "sound is off")
