"""The pass: whole orders come together, are carried, taken back, and closed early with consent."""

import re

from playwright.async_api import Locator, Page, expect

from client.rest import RestClient
from domain.commands import PlaceOrder
from domain.views.orders import OrderView
from tests.support.browser import BrowserFaults, find_violations, save_screenshot
from tests.support.demo_cafe import DemoCafe, ServeDemo, draft_line


def _find(wall: Page, order: OrderView) -> Locator:
    return wall.locator(f"#pass_order-{order.order_id}")


async def _place(till: RestClient, *dishes: str, table: int | None = None) -> OrderView:
    menu = await till.read_menu()
    lines = [draft_line(menu, dish) for dish in dishes]
    return await till.place_order(PlaceOrder(lines=lines, table_number=table))


async def _bump(cafe: DemoCafe, order: OrderView, station: str = "") -> None:
    cook = await cafe.speak_as("kitchen")
    for ticket in (await cook.list_tickets()).tickets:
        if ticket.order_id == order.order_id and station in ("", ticket.station_name):
            await cook.move_ticket(ticket.ticket_id, "ready")


async def test_an_order_comes_together_and_is_carried(
    serve_demo: ServeDemo, browser_faults: BrowserFaults
):
    """A paired screen, by touch and by keys, alone and with a manager's PIN."""
    cafe = serve_demo()
    browser_faults.expect("status of 401")  # the wrong PIN
    manager_name = await cafe.choose_pin("manager", "2846")
    wall = await cafe.pair_screen("kitchen", "expo", "Pass")
    assert wall.url.endswith("/expo")
    await expect(wall.get_by_text("Nothing to carry")).to_be_visible()
    assert await find_violations(wall) == []

    till = await cafe.speak_as("manager")
    mixed = await _place(till, "Cortado", "Eggs on toast", table=5)
    quick = await _place(till, "Mocha")
    await _bump(cafe, mixed, "Bar")
    await expect(_find(wall, mixed).locator(".pass-missing")).to_contain_text("Kitchen")
    await expect(_find(wall, mixed)).not_to_have_attribute("data-complete", "")
    await _bump(cafe, quick)
    await expect(_find(wall, quick)).to_have_attribute("data-complete", "")
    await expect(wall.locator("[data-carry]")).to_contain_text("Counter")
    assert await find_violations(wall) == []
    await save_screenshot(wall, "pass")

    served = wall.locator('[data-list="pass_order"][data-column="served"]')
    await _find(wall, quick).get_by_role("button", name=re.compile("^Served")).tap()
    await expect(served.locator(f"#pass_order-{quick.order_id}")).to_be_visible()
    await expect(wall.get_by_text(f"{quick.order_number} handed over")).to_be_visible()
    await wall.get_by_role("button", name="Undo").tap()
    await expect(_find(wall, quick)).to_have_attribute("data-complete", "")
    await wall.keyboard.press("2")  # the second place
    await expect(served.locator(f"#pass_order-{quick.order_id}")).to_be_visible()
    await wall.keyboard.press("Backspace")
    await expect(_find(wall, quick)).to_have_attribute("data-complete", "")

    await wall.locator("[data-zones]").select_option("Counter")
    await expect(_find(wall, mixed)).to_be_hidden()
    await expect(_find(wall, quick)).to_be_visible()
    await wall.locator("[data-zones]").select_option("")
    await wall.locator("[data-carry-only]").tap()
    await expect(_find(wall, mixed)).to_be_visible()  # its cortado is ready
    await wall.locator("[data-carry-only]").tap()

    card = _find(wall, mixed)
    await card.locator("summary").tap()
    await card.get_by_role("button", name="Close it as it is").tap()
    await wall.get_by_role("button", name="Guest took it already").tap()
    consent = wall.get_by_role("dialog", name="A manager’s PIN")
    await expect(consent).to_contain_text(manager_name)
    assert await find_violations(wall) == []
    await save_screenshot(wall, "pass-consent")
    await consent.get_by_label("PIN").fill("1111")
    await consent.get_by_role("button", name="Consent").tap()
    await expect(consent.get_by_role("alert")).to_contain_text("not right")
    for digit in "2846":
        await consent.get_by_role("button", name=digit, exact=True).tap()
    await consent.get_by_role("button", name="Consent").tap()
    await expect(served.locator(f"#pass_order-{mixed.order_id}")).to_be_visible()
    closed = await till.read_order(mixed.order_id)
    assert "completed" == closed.status
    office = await cafe.open_display("desk", "manager", "/admin/audit")
    await expect(office.locator("main")).to_contain_text(
        re.compile(r"with 1 line that was not ready")
    )
    await expect(office.locator("main")).to_contain_text("Guest took it already")
