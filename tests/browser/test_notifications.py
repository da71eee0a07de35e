"""What staff must know, on their screens: a table that calls, and who answers."""

from contextlib import closing
from sqlite3 import connect

import pytest
from playwright.async_api import Locator, Page, expect

from tests.support.browser import find_violations, save_screenshot
from tests.support.demo_cafe import DemoCafe, ServeDemo


@pytest.fixture
def cafe(serve_demo: ServeDemo) -> DemoCafe:
    """Serve the demo."""
    return serve_demo()


def find_card(page: Page, title: str) -> Locator:
    """Find a notification's card by its title."""
    return page.locator(".notification").filter(has_text=title)


async def test_a_call_from_a_phone_is_answered_at_the_counter(cafe):
    """The counter hears of it without loading, answers with one tap, and the phone sees it."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    tables = await cafe.open_display("tablet", "counter", "/tables")
    phone = await cafe.sit_down(5)
    await phone.goto(phone.url.replace("/menu", "/orders"))
    await phone.get_by_role("button", name="Call somebody").tap()
    await expect(phone.get_by_text("Your call is with the staff.")).to_be_visible()

    card = till.get_by_role("listitem").filter(has_text="Window 5 calls")
    await expect(card).to_be_visible()
    await save_screenshot(till, "tray-till")
    await save_screenshot(phone, "call-phone")
    assert await find_violations(till) == []
    assert await find_violations(phone) == []
    await card.get_by_role("button", name="I’m coming").tap()

    await expect(phone.get_by_text("Somebody is on the way.")).to_be_visible()
    await expect(card).to_be_hidden()
    await tables.get_by_role("button", name="All notifications").tap()
    shown = tables.get_by_role("listitem").filter(has_text="Window 5 calls")
    await expect(shown).to_contain_text("Counter is on the way")
    await save_screenshot(tables, "tray-open")
    await shown.get_by_role("button", name="Done").tap()
    await expect(phone.get_by_role("button", name="Call somebody")).to_be_visible()


def let_a_minute_pass(cafe: DemoCafe) -> None:
    """Have what stands wait a minute longer than it did: the clock's job looks at the rows."""
    with closing(connect(cafe.server.data_dir / "tabletap.db", timeout=10)) as database, database:
        database.execute("UPDATE notification SET escalates_at = escalates_at - 60000")


async def test_a_call_that_nobody_answers_reaches_management(cafe):
    """After a minute, louder, and not before; an answer in time keeps it at the counter."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    office = await cafe.open_display("tablet", "manager", "/tables")
    phones = [await cafe.sit_down(number) for number in (5, 6)]
    for phone in phones:
        await phone.goto(phone.url.replace("/menu", "/orders"))
        await phone.get_by_role("button", name="Call somebody").tap()
        await expect(phone.get_by_text("Your call is with the staff.")).to_be_visible()
    await till.get_by_role("button", name="All notifications").tap()
    answered = till.get_by_role("listitem").filter(has_text="Window 5 calls")
    waiting = till.get_by_role("listitem").filter(has_text="Window 6 calls")
    await answered.get_by_role("button", name="I’m coming").tap()
    await expect(answered).to_contain_text("on the way")
    await expect(find_card(office, "calls")).to_have_count(0)

    let_a_minute_pass(cafe)

    await expect(find_card(office, "Window 6 calls")).to_have_attribute("data-priority", "urgent")
    await expect(waiting).to_have_attribute("data-priority", "urgent")
    await expect(find_card(office, "Window 5 calls")).to_have_count(0)
    await save_screenshot(office, "call-escalated")


async def find_overlaps(page: Page, part: str, others: str) -> list[str]:
    """List what of one part of a page lies over another, by their boxes on the screen."""
    found: list[str] = await page.evaluate(
        """([part, others]) => {
            const shown = selector => [...document.querySelectorAll(selector)]
                .map(each => [each.className, each.getBoundingClientRect()])
                .filter(([, box]) => box.width && box.height);
            return shown(part).flatMap(([, one]) => shown(others)
                .filter(([, other]) => one.left < other.right && other.left < one.right
                    && one.top < other.bottom && other.top < one.bottom)
                .map(([name]) => `${name} under ${JSON.stringify(one)}`));
        }""",
        [part, others],
    )
    return found


async def test_several_at_once_never_cover_the_order(cafe):
    """Calls, a notice and screens that are away, closed and open: order and keys stay in sight."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    for _ in range(3):
        await till.locator('[data-product][data-name="Flat white"]').tap()
    manager = await cafe.speak_as("manager")
    for title in ("No oat milk until the delivery comes at four", "The terminal is slow today"):
        body = {"title": title, "message": "Please tell guests.", "priority": "urgent"}
        await manager.command("/notices", dict, {**body, "includeRoles": ["counter"]})
    for table in (4, 5, 6):
        phone = await cafe.sit_down(table)
        await phone.get_by_role("button", name="Call somebody").tap()
    cards = till.locator(".notification")
    await expect(cards).to_have_count(5)

    order = ".counter__order, .till__actions, .counter__menu .counter__keys"
    news = "notification-tray .tray, .screen-faults__key, .toast:not([hidden])"
    assert await find_overlaps(till, news, order) == []
    await till.get_by_role("button", name="All notifications").tap()
    await expect(cards.nth(4)).to_be_visible()
    await save_screenshot(till, "tray-many")
    assert await find_overlaps(till, news, order) == []
    assert await find_violations(till) == []
    # Each is one tap, and the order goes on being taken beside the open list.
    for left in (4, 3, 2):
        await cards.get_by_role("button", name="I’m coming").first.tap()
        await expect(cards.get_by_role("button", name="I’m coming")).to_have_count(left - 2)
    await expect(till.locator('[data-draft="send"]')).to_be_enabled()
    await till.locator('[data-draft="send"]').tap()
    await expect(till.locator("[data-draft-line]")).to_have_count(0)


async def test_a_guest_changes_their_mind(cafe):
    """From the menu, without leaving it; the call goes away at the counter."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    phone = await cafe.sit_down(6)
    await phone.evaluate("globalThis.isSameDocument = true")
    await phone.get_by_role("button", name="Call somebody").tap()
    card = till.get_by_role("listitem").filter(has_text="calls")
    await expect(card).to_be_visible()
    await save_screenshot(phone, "call-menu")

    await phone.get_by_role("button", name="Never mind").tap()

    await expect(card).to_have_count(0)
    await expect(phone.get_by_role("button", name="Call somebody")).to_be_visible()
    assert phone.url.endswith("/menu")
    assert await phone.evaluate("globalThis.isSameDocument === true")


async def test_a_notice_reaches_the_named_roles_alone(cafe):
    """A manager writes it; the kitchen and the pass read it, and the counter does not."""
    kitchen = await cafe.open_display("kitchen", "kitchen", "/kitchen")
    expo = await cafe.open_display("tablet", "expo", "/counter")
    till = await cafe.open_display("tablet", "counter", "/counter")
    admin = await cafe.open_display("tablet", "manager", "/admin/notices")
    await admin.get_by_label("What it is about").fill("No oat milk until four")
    for role in ("Kitchen", "Expo"):
        await admin.get_by_role("checkbox", name=role, exact=True).check()
    await save_screenshot(admin, "notice-compose")
    assert await find_violations(admin) == []
    await admin.get_by_role("button", name="Send").tap()

    for page in (kitchen, expo):
        await expect(find_card(page, "No oat milk until four")).to_be_visible()
    await expect(admin.get_by_role("listitem").filter(has_text="No oat milk")).to_be_visible()
    await save_screenshot(kitchen, "notice-kitchen")
    assert await find_violations(kitchen) == []
    await kitchen.keyboard.press("a")
    await expect(find_card(kitchen, "No oat milk until four")).to_be_hidden()
    await expect(find_card(expo, "No oat milk until four")).to_be_visible()
    await expect(find_card(till, "No oat milk until four")).to_have_count(0)
    await till.reload()
    await expect(find_card(till, "No oat milk until four")).to_have_count(0)

    await admin.get_by_role("button", name="Take back No oat milk").tap()
    await expect(find_card(expo, "No oat milk until four")).to_have_count(0)
