"""From the order's transaction to its card on the kitchen's wall, a hundred times.

    python -m bench.commit_to_paint [--orders 100]

A quiet server, one Chromium with a station's display, one till that sells. The clock starts when
the order's transaction begins, which is a few milliseconds before its commit (the time in the
log), and stops in the first task after the frame in which the new card was drawn. Both are read
on one machine. Exit code 1 when the 99th percentile is over a second.
"""

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from random import Random

from playwright.async_api import Page, async_playwright

from bench.demo_server import employ, list_complaints, read_description, read_log, run_demo
from bench.machine import build_parser, describe_run, describe_spread, find_percentile
from bench.windows import OBSERVE_PAINTING
from client.rest import RestClient
from domain.commands import LineDraft, ModifierChoice, PlaceOrder
from domain.demo import DemoDescription
from domain.roles import Role
from domain.views.menu import MenuItemView
from tests.support.tools import ToolMissing, find_chromium
from tests.support.waiting import wait_for

_LARGEST_P99_MS = 1000
_LONGEST_PAUSE_S = 0.2
_STATION = "kitchen"


def main() -> int:
    """Run the measurement and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--orders", type=int, default=100)
    options = parser.parse_args()
    print(describe_run())
    with run_demo() as server:
        description = read_description(server)
        delays_ms = asyncio.run(_measure(description, orders=options.orders))
        complaints = list_complaints(server)
    print(f"paint     {describe_spread(delays_ms, 'ms')}")
    for complaint in complaints:
        print(f"FAULT     logged: {complaint}")
    is_slow = find_percentile(delays_ms, 99) > _LARGEST_P99_MS
    print("result    " + ("FAILED" if is_slow or complaints else "passed"))
    return 1 if is_slow or complaints else 0


async def _measure(description: DemoDescription, *, orders: int) -> list[float]:
    """Sell one order after the other; return the milliseconds each took to be seen."""
    executable = find_chromium()
    if executable is None:
        raise ToolMissing("Chromium", "Run `make tools`")
    random = Random(1)
    till = await employ(description, Role.COUNTER).sign_in()
    kitchen = await employ(description, Role.KITCHEN).sign_in()
    manager = await employ(description, Role.MANAGER).sign_in()
    station = next(each for each in description.stations if each.slug == _STATION)
    menu = await till.read_menu()
    items = [
        item
        for category in menu.categories
        for item in category.items
        if item.station_id == station.id
    ]
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=executable, args=as_root)
        stack.push_async_callback(browser.close)
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        await _open_display(page, description, station.link)
        for _ in range(orders):
            await _sell(till, random.choice(items))
            await _wait_and_bump(page, kitchen)
            await asyncio.sleep(random.random() * _LONGEST_PAUSE_S)
        painted_at_ms: dict[str, float] = await page.evaluate("window.paintedAt")
    committed_at_ms = {
        row.event["ticket"]["ticketId"]: row.at.timestamp() * 1000
        for row in await read_log(manager)
        if row.event["type"] == "kitchen_order_received"
    }
    return [painted_at_ms[ticket_id] - at_ms for ticket_id, at_ms in committed_at_ms.items()]


async def _open_display(page: Page, description: DemoDescription, link: str) -> None:
    account = next(each for each in description.accounts if each.role is Role.KITCHEN)
    await page.goto(description.sign_in)
    await page.fill("input[name=email]", account.email)
    await page.fill("input[name=password]", account.password)
    await page.click("button[type=submit]")
    await page.wait_for_url(lambda url: "sign-in" not in url)
    await page.goto(link)
    await page.wait_for_selector("connection-status[data-state=live]")
    # By the debugging protocol, which the page's content policy does not stop.
    await page.evaluate(OBSERVE_PAINTING)


async def _sell(till: RestClient, item: MenuItemView) -> None:
    chosen = [option for group in item.groups for option in group.options[: group.minimum]]
    line = LineDraft(
        menu_item_id=item.menu_item_id,
        quantity=1,
        modifiers=[ModifierChoice(modifier_id=option.modifier_id) for option in chosen],
    )
    await till.place_order(PlaceOrder(lines=[line]))


async def _wait_and_bump(page: Page, kitchen: RestClient) -> None:
    """Wait for the newest card, then clear it away: a full wall would page."""
    tickets = (await kitchen.list_tickets()).tickets

    async def is_painted() -> bool:
        known: dict[str, float | None] = await page.evaluate("window.paintedAt")
        return all(known.get(ticket.ticket_id) is not None for ticket in tickets)

    await wait_for(is_painted, "the card to be painted")
    for ticket in tickets:
        await kitchen.move_ticket(ticket.ticket_id, "ready")


if __name__ == "__main__":
    sys.exit(main())
