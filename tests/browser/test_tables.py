"""Tables as the till sees them: who comes, what they order, and when the table is free again."""

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from domain.commands import PlaceOrder
from domain.payments import PaymentMethod
from tests.support.browser import BrowserFaults, find_violations, save_screenshot
from tests.support.demo_cafe import DemoCafe, ServeDemo, draft_line


@pytest.fixture
def cafe(serve_demo: ServeDemo) -> DemoCafe:
    """Serve the demo."""
    return serve_demo()


def find_tile(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


async def test_a_table_follows_its_guests(cafe, browser_faults: BrowserFaults):
    """Free, seated, in the kitchen, ready, to pay, free again, each without loading the page."""
    browser_faults.expect("401")  # the phone at the table is told that it was closed
    tables = await cafe.open_display("tablet", "counter", "/tables")
    tile = find_tile(tables, "Window 5")
    await expect(tile).to_have_attribute("data-state", "free")
    await cafe.sit_down(5)
    await expect(tile).to_have_attribute("data-state", "seated")

    till, cook = await cafe.speak_as("counter"), await cafe.speak_as("kitchen")
    line = draft_line(await till.read_menu(), "Cortado")
    order = await till.place_order(PlaceOrder(lines=[line], table_number=5))
    await expect(tile).to_have_attribute("data-state", "cooking")
    await expect(tile).to_contain_text(str(order.order_number))
    await expect(tile.get_by_role("button", name="Free it")).to_have_count(0)
    (ticket,) = (await cook.list_tickets()).tickets
    await cook.move_ticket(ticket.ticket_id, "ready")
    await expect(tile).to_have_attribute("data-state", "ready")
    await till.serve_item(order.items[0].item_id)
    await expect(tile).to_have_attribute("data-state", "bill")
    await expect(tile).to_contain_text("€2.60")
    cash = {"method": PaymentMethod.CASH, "amountMinor": order.totals.total_minor}
    await till.command(f"/orders/{order.order_id}/payments", dict[str, Any], cash)
    await expect(tile).to_have_attribute("data-state", "seated")

    await tile.get_by_role("button", name="Free it").tap()
    await expect(tile).to_have_attribute("data-state", "free")
    await expect(tables.get_by_text("0 of 12 taken")).to_be_visible()


async def test_an_order_begins_at_its_table(cafe):
    """A free table's key leads to the till with the table chosen, a taken one's to its order."""
    tables = await cafe.open_display("tablet", "counter", "/tables")
    await find_tile(tables, "Bench 8").get_by_role("link", name="Order for Bench 8").tap()
    await tables.wait_for_url("**/counter?table=8")
    await expect(tables.locator("[data-draft-table]")).to_have_value("8")

    till = await cafe.speak_as("counter")
    line = draft_line(await till.read_menu(), "Cortado")
    await till.place_order(PlaceOrder(lines=[line], table_number=8))
    await tables.goto(f"{cafe.server.url}/tables")
    await find_tile(tables, "Bench 8").get_by_role("link", name="Add a round").tap()
    await expect(tables.get_by_role("heading", name="Bench 8")).to_be_visible()


async def test_guests_change_tables(cafe):
    """To a free table, then together with another one; a call shows on its tile; by keys too."""
    till, cook = await cafe.speak_as("counter"), await cafe.speak_as("kitchen")
    phone = await cafe.sit_down(5)
    await cafe.sit_down(6)
    line = draft_line(await till.read_menu(), "Cortado")
    order = await till.place_order(PlaceOrder(lines=[line], table_number=5))
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    tables = await cafe.open_display("tablet", "counter", "/tables")
    await phone.get_by_role("button", name="Call somebody").tap()
    await expect(find_tile(tables, "Window 5")).to_have_attribute("data-state", "calls")

    await find_tile(tables, "Window 5").get_by_role("button", name="Move the guests").tap()
    assert await find_violations(tables) == []
    await save_screenshot(tables, "tables-move")
    await tables.locator('[data-move-to="8"]').tap()
    await expect(find_tile(tables, "Bench 8")).to_have_attribute("data-state", "cooking")
    await expect(find_tile(tables, "Window 5")).to_have_attribute("data-state", "free")
    await expect(wall.locator("order-ticket")).to_contain_text("CHANGED Window 5 → Bench 8")
    (ticket,) = (await cook.list_tickets()).tickets
    assert (8, order.order_id) == (ticket.table_number, ticket.order_id)

    await find_tile(tables, "Bench 8").get_by_role("button", name="Move the guests").focus()
    await tables.keyboard.press("Enter")
    await tables.locator('[data-move-to="6"]').focus()
    await tables.keyboard.press("Enter")
    await expect(find_tile(tables, "Bench 8")).to_have_attribute("data-state", "free")
    await expect(find_tile(tables, "Window 6")).to_contain_text(str(order.order_number))
    await phone.goto(f"{cafe.server.url}/orders")  # their access went along
    await expect(phone.locator("[id^=order_progress-]").first).to_be_visible()
    await tables.get_by_text("Terrace", exact=True).first.tap()
    await expect(find_tile(tables, "Window 6")).to_be_hidden()
    assert await find_violations(tables) == []
    await save_screenshot(tables, "tables-zone")
