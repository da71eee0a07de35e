"""The browser's client in a real window: every transport, a resync, an outage with a kept bump."""

import pytest
from playwright.async_api import Page, Request, Route, expect

from client.rest import RestClient
from domain.commands import PlaceOrder
from domain.views.orders import OrderView
from tests.support.browser import BrowserFaults
from tests.support.demo_cafe import DemoCafe, ServeDemo, draft_line

_OPEN = '[data-column="open"] > order-ticket'


async def place_order(counter: RestClient) -> OrderView:
    menu = await counter.read_menu()
    return await counter.place_order(PlaceOrder(lines=[draft_line(menu, "Espresso")]))


async def open_wall(cafe: DemoCafe) -> Page:
    return await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")


async def check_it_works(cafe: DemoCafe, wall: Page) -> None:
    """A ticket arrives by itself, and a bump is taken."""
    order = await place_order(await cafe.speak_as("counter"))
    ticket = wall.locator(f'{_OPEN}[data-order-number="{order.order_number}"]')
    await expect(ticket).to_be_visible()

    await ticket.locator(".ticket__head").click()

    await expect(ticket).to_have_count(0)
    await expect(wall.locator("[data-toast-text]")).to_have_text(f"{order.order_number} done")


async def deny_websockets(wall: Page) -> None:
    """What a browser sees behind a proxy that lets no upgrade through."""
    await wall.add_init_script("delete globalThis.WebSocket")


async def deny(route: Route) -> None:
    await route.abort()


def watch_requests(wall: Page, ending: str) -> list[str]:
    """Collect the addresses of that ending which the page asks for."""
    found: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith(ending):
            found.append(request.url)

    wall.on("request", note)
    return found


async def test_without_websockets_it_streams(serve_demo: ServeDemo):
    """xhr-streaming carries both ways."""
    cafe = serve_demo()
    wall = await open_wall(cafe)
    await deny_websockets(wall)
    streams = watch_requests(wall, "/xhr_streaming")
    await wall.reload()

    await check_it_works(cafe, wall)

    assert streams != []


async def test_without_streams_it_polls(serve_demo: ServeDemo, browser_faults: BrowserFaults):
    """xhr-polling is what is left where a proxy keeps answers back."""
    browser_faults.expect("xhr_streaming")
    browser_faults.expect("ERR_FAILED")
    cafe = serve_demo()
    wall = await open_wall(cafe)
    await deny_websockets(wall)
    await wall.route("**/xhr_streaming", deny)
    polls = watch_requests(wall, "/xhr")
    await wall.reload()

    await check_it_works(cafe, wall)

    assert polls != []


async def test_a_wall_of_another_epoch_loads_itself_anew(serve_demo: ServeDemo):
    """What is shown cannot be continued: the lists are taken over from a fresh page."""
    cafe = serve_demo()
    order = await place_order(await cafe.speak_as("counter"))
    wall = await open_wall(cafe)
    # Parsed, and no module has run yet: as if the page came from another life of the database.
    await wall.add_init_script(
        """document.addEventListener("readystatechange", () => {
          if (document.readyState !== "interactive") return;
          const live = JSON.parse(document.body.dataset.live);
          live.position.epoch = "another";
          document.body.dataset.live = JSON.stringify(live);
          for (const ticket of document.querySelectorAll("order-ticket")) ticket.remove();
        })"""
    )
    loads = watch_requests(wall, "/kitchen/bar")
    await wall.reload()

    ticket = wall.locator(f'{_OPEN}[data-order-number="{order.order_number}"]')
    await expect(ticket).to_be_visible()
    await expect(wall.locator('[data-count="kitchen_ticket:open"]')).to_have_text("1")
    await check_it_works(cafe, wall)
    # The page itself, and once more for its lists.
    assert 2 == len(loads)


@pytest.mark.timeout(180)
async def test_a_bump_in_an_outage_is_kept_and_sent(
    serve_demo: ServeDemo, browser_faults: BrowserFaults
):
    """The wall says that it is old, keeps the bump with its mark, and sends it by itself."""
    browser_faults.expect("ERR_CONNECTION_REFUSED")
    browser_faults.expect("WebSocket connection")
    cafe = serve_demo()
    wall = await open_wall(cafe)
    order = await place_order(await cafe.speak_as("counter"))
    ticket = wall.locator(f'{_OPEN}[data-order-number="{order.order_number}"]')
    await expect(ticket).to_be_visible()

    cafe.server.kill()
    await expect(wall.locator("body")).to_have_attribute("data-connection", "offline")
    await ticket.locator(".ticket__head").click()
    await expect(ticket).to_have_attribute("data-pending", "")

    cafe.server.start()
    await expect(wall.locator("body")).to_have_attribute("data-connection", "live")
    await expect(ticket).to_have_count(0)
    await expect(wall.locator("[data-pending]")).to_have_count(0)
    await expect(wall.locator("[data-toast-text]")).to_have_text(f"{order.order_number} done")


async def test_a_kitchen_is_run_by_keys(serve_demo: ServeDemo):
    """Select, bump by place, recall the last one: without a pointer."""
    cafe = serve_demo()
    wall = await open_wall(cafe)
    counter = await cafe.speak_as("counter")
    first, second = await place_order(counter), await place_order(counter)
    tickets = wall.locator(_OPEN)
    await expect(tickets).to_have_count(2)

    await wall.keyboard.press("2")
    await expect(tickets).to_have_count(1)
    await expect(tickets).to_have_attribute("data-order-number", str(first.order_number))

    await wall.keyboard.press("Backspace")
    await expect(tickets).to_have_count(2)

    await wall.keyboard.press("ArrowRight")
    await wall.keyboard.press("ArrowRight")
    await expect(tickets.nth(1)).to_have_attribute("data-selected", "")
    await wall.keyboard.press("ArrowDown")
    await wall.keyboard.press("Enter")
    await expect(tickets).to_have_count(1)
    finished = wall.locator('[data-column="finished"] > order-ticket').first
    await expect(finished).to_have_attribute("data-order-number", str(second.order_number))
