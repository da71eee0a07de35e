"""Two of each screen are used in the same moment, over and over; at the end all show the same.

    python -m bench.agree [--rounds 200] [--seed 1]

Two walls of one station, two tills at one table's order and two phones of one seating, in Chromium.
In each round two of a kind do something at once, half of the time to the very same ticket, line or
order. At the end what every screen shows is held against a page that is loaded anew, and that
against what the database says. Exit code 1 where they differ or a screen complained of a fault.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random

from playwright.async_api import Error, Locator, Page

from bench.demo_server import employ, list_complaints, read_description, run_demo
from bench.machine import build_parser, describe_run, report_verdict, run_proof
from bench.windows import open_at_table, open_browser, open_signed_in
from client.rest import RestClient
from domain.commands import PlaceOrder
from domain.demo import DemoDescription
from domain.roles import Role
from tests.support.demo_cafe import draft_line
from tests.support.waiting import wait_for

_TABLE = 3
# What somebody reached for may be gone when the finger comes down: the other one was there first.
_REACH_MS = 1500
_LOAD_MS = 10_000
_DISHES = ("Cortado", "Espresso", "Americano")
# What a card is, whatever its words: which, in which column, as of which change.
_READ = """(selector) => [...document.querySelectorAll(selector)].map(card =>
  [card.id, card.dataset.column, card.dataset.version].join(' ')).sort()"""

_Act = Callable[[Page, Random], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class _Pair:
    """Two windows of one kind. path: of their page. cards: what is compared, as a selector."""

    name: str
    pages: tuple[Page, Page]
    path: str
    cards: str
    acts: tuple[_Act, ...]
    done: Counter[str] = field(default_factory=Counter)

    async def act_at_once(self, random: Random) -> None:
        """Let both do something; half of the time both choose the same."""
        act = random.choice(self.acts)
        seeds = (
            [random.random()] * 2 if random.random() < 0.5 else [random.random(), random.random()]
        )
        outcomes = await asyncio.gather(
            *(_try(act, page, Random(seed)) for page, seed in zip(self.pages, seeds, strict=True))
        )
        for did in outcomes:
            self.done[f"{act.__name__.removeprefix('_')}{'' if did else ' came too late'}"] += 1

    async def read(self) -> list[list[str]]:
        """Return the cards of both windows."""
        return [await page.evaluate(_READ, self.cards) for page in self.pages]


async def _try(act: _Act, page: Page, random: Random) -> bool:
    try:
        await act(page, random)
    except Error:
        return False
    return True


def main() -> int:
    """Run the proof and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(describe_run())
    with run_demo() as server:
        description = read_description(server)
        faults = asyncio.run(_prove(description, options.rounds, Random(options.seed)))
        return report_verdict(faults + list_complaints(server))


async def _prove(description: DemoDescription, rounds: int, random: Random) -> list[str]:
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(open_browser())
        manager = employ(description, Role.MANAGER)
        stack.callback(manager.close)
        rest = await manager.sign_in()
        phones = [await open_at_table(browser, description.url, description, _TABLE) for _ in "ab"]
        menu = await rest.read_menu()
        order = await rest.place_order(
            PlaceOrder(lines=[draft_line(menu, "Cortado")], table_number=_TABLE)
        )
        till_path = f"/counter?order={order.order_id}"

        async def open_two(screen: str, path: str, role: Role) -> tuple[Page, Page]:
            first, second = [
                await open_signed_in(browser, description.url, screen, path, description, role)
                for _ in "ab"
            ]
            return first, second

        pairs = [
            _Pair(
                name="walls",
                pages=await open_two("kitchen", "/kitchen/bar", Role.KITCHEN),
                path="/kitchen/bar",
                # Of what is finished each keeps the newest that it saw, and finds the rest.
                cards='[data-column="open"] > order-ticket',
                acts=(_bump, _finish_line, _finish_line, _recall),
            ),
            _Pair(
                name="tills",
                pages=await open_two("tablet", till_path, Role.COUNTER),
                path=till_path,
                cards=".order-card",
                acts=(_send, _send, _hand_over),
            ),
            _Pair(
                name="phones",
                pages=(phones[0], phones[1]),
                path="/orders",
                cards=".progress",
                acts=(_order_by_phone,),
            ),
        ]
        for number in range(rounds):
            if number % 3 == 0:
                await rest.place_order(PlaceOrder(lines=[draft_line(menu, random.choice(_DISHES))]))
            await random.choices(pairs, weights=(5, 3, 2))[0].act_at_once(random)
        for page in phones:
            await page.goto(f"{description.url}/orders")
        faults: list[str] = []
        for pair in pairs:
            faults += await _compare(pair)
        faults += await _ask_database(rest, pairs)
        return faults


async def _bump(wall: Page, random: Random) -> None:
    await _tap_one(wall.locator('[data-column="open"] .ticket__head:visible'), random)


async def _finish_line(wall: Page, random: Random) -> None:
    await _tap_one(wall.locator('[data-column="open"] .line:visible'), random)


async def _recall(wall: Page, random: Random) -> None:
    await _tap_one(wall.locator('[data-column="finished"] [data-command="recall_ticket"]'), random)


async def _send(till: Page, random: Random) -> None:
    dish = random.choice(_DISHES)
    await till.locator(f'[data-product][data-name="{dish}"]').tap(timeout=_REACH_MS)
    await till.locator('[data-draft="send"]:enabled').tap(timeout=_REACH_MS * 4)


async def _hand_over(till: Page, random: Random) -> None:
    cards = till.locator(".order-card[data-ready]")
    count = await cards.count()
    if not count:
        raise Error("nothing is ready")
    card = cards.nth(int(random.random() * count))
    if await card.locator("details:not([open])").count():
        await card.locator("summary").tap(timeout=_REACH_MS)
    await card.locator('[data-command="serve_items"]').tap(timeout=_REACH_MS)


async def _order_by_phone(phone: Page, random: Random) -> None:
    origin = phone.url.split("/", 3)
    home = "/".join(origin[:3])
    await phone.goto(f"{home}/menu")
    await _tap_one(phone.locator("[data-add-to-cart] button:visible"), random)
    await phone.locator(".cart-bar:visible").wait_for(timeout=_LOAD_MS)
    await phone.goto(f"{home}/cart")
    await phone.locator("[data-send-order] button[type=submit]").tap(timeout=_LOAD_MS)
    await phone.wait_for_url("**/orders", timeout=_LOAD_MS)


async def _tap_one(choice: Locator, random: Random) -> None:
    count = await choice.count()
    if not count:
        raise Error("there is none")
    await choice.nth(int(random.random() * count)).tap(timeout=_REACH_MS)


async def _compare(pair: _Pair) -> list[str]:
    """Wait until both windows agree with a page that was loaded after them."""
    fresh = await pair.pages[0].context.new_page()
    home = "/".join(pair.pages[0].url.split("/", 3)[:3])
    shown: list[list[str]] = []

    async def agree() -> bool:
        await fresh.goto(home + pair.path)
        shown[:] = [await fresh.evaluate(_READ, pair.cards), *await pair.read()]
        return shown[0] == shown[1] == shown[2]

    began_s = time.monotonic()
    faults: list[str] = []
    try:
        await wait_for(agree, f"the {pair.name} to agree")
    except AssertionError:
        truth = set(shown[0])
        faults = [
            f"the {pair.name} differ: {sorted(set(cards) ^ truth)[:6]}" for cards in shown[1:]
        ]
    done = ", ".join(f"{count} {what}" for what, count in sorted(pair.done.items()))
    print(
        f"{pair.name:<9} {done}; {len(shown[0])} cards,"
        f" compared after {time.monotonic() - began_s:.1f} s"
    )
    await fresh.close()
    return faults


async def _ask_database(rest: RestClient, pairs: list[_Pair]) -> list[str]:
    """Hold the walls' open tickets and the tills' orders against what the API reads."""
    walls, tills, _ = pairs
    tickets = {
        f"kitchen_ticket-{ticket.ticket_id}"
        for ticket in (await rest.list_tickets()).tickets
        if ticket.station_name == "Bar"
    }
    orders = {f"order_card-{order.order_id}" for order in (await rest.list_orders()).orders}
    orders |= {
        f"order_card-{each.order_id}" for each in (await rest.list_unsettled_orders()).orders
    }
    seen_tickets = {card.split()[0] for card in (await walls.read())[0]}
    seen_orders = {card.split()[0] for card in (await tills.read())[0]}
    print(f"database  {len(tickets)} open tickets at the bar, {len(orders)} orders on the till")
    return [
        f"{name} and the database differ: {sorted(seen ^ truth)[:6]}"
        for name, seen, truth in (
            ("the walls", seen_tickets, tickets),
            ("the tills", seen_orders, orders),
        )
        if seen != truth
    ]


if __name__ == "__main__":
    run_proof(main)
