"""The server goes away and comes back: what a screen says meanwhile is true, and nothing is lost.

Nobody touches a screen to bring it back. The outages are of the whole server, by SIGTERM and by
SIGKILL; where one wall has to stay away longer, it gets no ticket for a socket.
"""

import pytest
from playwright.async_api import Locator, Page, Route, expect

from client.rest import RestClient
from domain.commands import PlaceOrder
from domain.views.orders import OrderView
from tests.support.browser import BrowserFaults, save_screenshot
from tests.support.demo_cafe import DemoCafe, ServeDemo, draft_line

CONNECT_TICKETS = "**/api/v1/connect-tickets"


@pytest.fixture
def cafe(serve_demo: ServeDemo, browser_faults: BrowserFaults) -> DemoCafe:
    """Serve the demo; a browser says on its console what it could not reach."""
    for fault in ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_FAILED", "WebSocket"):
        browser_faults.expect(fault)
    return serve_demo()


def find_ticket(wall: Page, order: OrderView) -> Locator:
    return wall.locator(f'[data-column="open"] > [data-order-id="{order.order_id}"]')


def find_finished(wall: Page, order: OrderView) -> Locator:
    return wall.locator(f'[data-column="finished"] > [data-order-id="{order.order_id}"]')


async def place_order(counter: RestClient, *dishes: str, table: int | None = None) -> OrderView:
    """Order as the counter does. table: None is a sale of its own."""
    menu = await counter.read_menu()
    lines = [draft_line(menu, dish) for dish in dishes]
    return await counter.place_order(PlaceOrder(lines=lines, table_number=table))


async def count_events(cafe: DemoCafe, *types: str) -> list[int]:
    """Count events of types in the cafe's whole log."""
    manager = await cafe.speak_as("manager")
    found = await manager.call("GET", "/events?after=0&limit=500", dict)
    return [sum(row["event"]["type"] == each for row in found["events"]) for each in types]


async def test_a_killed_server_is_shown_and_what_was_tapped_meanwhile_happens_once(cafe):
    """Amber, then red with the age of the tickets; then all is there, and the bump done, once."""
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    counter = await cafe.speak_as("counter")
    first = await place_order(counter, "Cortado")
    await expect(find_ticket(wall, first)).to_be_visible()
    status = wall.locator("connection-status")

    cafe.server.kill()
    await expect(status.get_by_text("Reconnecting")).to_be_visible()
    await find_ticket(wall, first).locator(".ticket__head").tap()
    await expect(find_ticket(wall, first)).to_have_attribute("data-pending", "")
    await expect(find_ticket(wall, first).locator(".ticket__kept")).to_be_visible()
    alarm = wall.get_by_role("alert").filter(has_text="OFFLINE")
    await expect(alarm).to_contain_text("tickets are 1")
    await expect(find_ticket(wall, first)).to_be_visible()
    await expect(find_finished(wall, first)).to_have_count(0)

    cafe.server.start()
    second = await place_order(counter, "Mocha")
    await expect(status.get_by_text("Live")).to_be_visible()
    await expect(alarm).to_be_hidden()
    await expect(find_finished(wall, first)).to_have_count(1)
    await expect(find_ticket(wall, first)).to_have_count(0)
    await expect(find_ticket(wall, second)).to_have_count(1)
    await expect(wall.locator("order-ticket")).to_have_count(2)
    assert [1, 2] == await count_events(cafe, "kitchen_order_completed", "order_created")


async def test_a_restart_passes_by_itself_on_every_screen(cafe):
    """SIGTERM and a new server: wall, board and phone go on without a reload or a touch."""
    counter = await cafe.speak_as("counter")
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    board = await cafe.open_display("kitchen", "manager", "/board")
    phone = await cafe.sit_down(3)
    await phone.get_by_role("button", name="Add Carrot cake").tap()
    await phone.get_by_role("link", name="See your order").tap()
    await phone.get_by_role("button", name="Send to the kitchen").tap()
    await phone.wait_for_url("**/orders")
    for page in (wall, board, phone):
        await page.evaluate("globalThis.isSameDocument = true")

    cafe.server.restart()
    guests = await place_order(counter, "Cortado", table=3)
    cook = await cafe.speak_as("kitchen")
    for ticket in (await cook.list_tickets()).tickets:
        await cook.move_ticket(ticket.ticket_id, "ready")

    await expect(find_finished(wall, guests)).to_contain_text("Cortado")
    await expect(board.locator('[data-column="ready"] > .board-number')).to_have_count(1)
    await expect(phone.locator(".progress__when")).to_have_text("Ready")
    await expect(phone.locator(".progress-line")).to_have_count(2)
    for page in (wall, board, phone):
        assert await page.evaluate("globalThis.isSameDocument === true")


async def refuse(route: Route) -> None:
    """Let a request fail as without a network."""
    await route.abort()


async def test_a_guests_phone_says_that_it_is_reconnecting(cafe, browser_faults: BrowserFaults):
    """A phone hears little: its connection's state counts, and is shown from three seconds on.

    A table that was closed meanwhile is told without a touch.
    """
    phone = await cafe.sit_down(3)
    await phone.get_by_role("button", name="Add Carrot cake").tap()
    await phone.get_by_role("link", name="See your order").tap()
    await phone.get_by_role("button", name="Send to the kitchen").tap()
    await phone.wait_for_url("**/orders")

    cafe.server.kill()
    await expect(phone.get_by_text("Reconnecting")).to_be_visible()
    await expect(phone.locator(".progress-line")).to_contain_text("Carrot cake")
    cafe.server.start()

    await expect(phone.get_by_text("Reconnecting")).to_be_hidden()
    cook = await cafe.speak_as("kitchen")
    (ticket,) = (await cook.list_tickets()).tickets
    await cook.move_ticket(ticket.ticket_id, "ready")
    await expect(phone.locator(".progress__when")).to_have_text("Ready")

    await phone.route(CONNECT_TICKETS, refuse)
    cafe.server.restart()
    await expect(phone.get_by_text("Reconnecting")).to_be_visible()
    await save_screenshot(phone, "phone-reconnecting")
    counter = await cafe.speak_as("counter")
    tables = (await counter.call("GET", "/tables", dict))["tables"]
    seating = next(each["tableSessionId"] for each in tables if each["number"] == 3)
    handed_over = {"newStatus": "completed"}
    await counter.command(f"/orders/{ticket.order_id}/status", dict, handed_over)
    await counter.command(f"/table-sessions/{seating}/close", dict, {})
    browser_faults.expect("401")
    await phone.unroute(CONNECT_TICKETS, refuse)
    await expect(phone.get_by_role("heading", name="Thank you, that was it")).to_be_visible()


async def test_a_tap_that_came_too_late_is_undone_and_says_why(cafe):
    """A line finished offline and voided meanwhile: the card shows the void, a list why."""
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    counter = await cafe.speak_as("counter")
    order = await place_order(counter, "Cortado", "Mocha")
    cortado = find_ticket(wall, order).locator(".line").filter(has_text="Cortado")
    await expect(cortado).to_be_visible()

    await wall.route(CONNECT_TICKETS, refuse)
    cafe.server.kill()
    await expect(wall.get_by_text("Reconnecting")).to_be_visible()
    await cortado.tap()
    await expect(find_ticket(wall, order)).to_have_attribute("data-pending", "")
    cafe.server.start()
    item = next(each for each in order.rounds[0].items if each.name == "Cortado")
    void = {"items": [{"itemId": item.item_id}], "reason": "Left without it"}
    await counter.command(f"/orders/{order.order_id}/void", OrderView, void)
    later = await place_order(counter, "Mocha")
    await wall.unroute(CONNECT_TICKETS, refuse)

    await expect(wall.locator("[data-toast]")).to_have_text(
        f"1 ticket arrived while offline: {later.order_number}", use_inner_text=True
    )
    told = wall.get_by_role("alert", name="Pressed while offline, and not done")
    await expect(told.get_by_role("listitem")).to_contain_text(str(order.order_number))
    await expect(find_ticket(wall, order)).not_to_have_attribute("data-pending", "")
    await expect(find_ticket(wall, order)).to_contain_text("VOID Left without it")
    await expect(find_ticket(wall, order).locator('[data-state="ready"]')).to_have_count(0)
    assert [0] == await count_events(cafe, "kitchen_order_completed")
    await told.get_by_role("button", name="Seen").tap()
    await expect(told).to_be_hidden()


async def test_two_taps_act_once(cafe):
    """The key is busy until its answer is there; a second tap is no second command."""
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    counter = await cafe.speak_as("counter")
    order = await place_order(counter, "Cortado")
    head = find_ticket(wall, order).locator(".ticket__head")
    await expect(head).to_be_visible()
    await head.evaluate("key => { key.click(); key.click(); }")

    await expect(find_finished(wall, order)).to_be_visible()
    assert [1] == await count_events(cafe, "kitchen_order_completed")
