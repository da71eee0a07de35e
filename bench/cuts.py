"""Each screen loses the network for a while: what it says is true, and it heals by itself.

    python -m bench.cuts [--away 5 30 300] [--only SCREEN ...]

A wall, the pass, a till, its tables, a board and a guest's phone, in Chromium, behind a network
that swallows everything for so many seconds while the cafe works on. Four times a second each is
asked what it shows: what is on it, and what it says of its connection. At the end that is held
against the server's log: a screen may show only what held at some moment, and once what it shows is
older than three seconds it must not say that it is live (a phone, which hears little, after 48);
after ten a wall, pass, till or board must say that it is offline, and never that it is younger than
it is. In the middle of each cut somebody taps something on wall, till and phone, which happens
once. Nobody touches a screen to bring it back, and wall, pass, till and board are there within 12 s
of their network, a phone within 32. Exit code 1 otherwise.
"""

import asyncio
import json
import math
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, Page

from bench.demo_server import LoggedEvent, employ, read_description, read_log, run_demo
from bench.machine import build_parser, describe_run, report_verdict, run_proof
from bench.network import Network
from bench.windows import open_at_table, open_browser, open_signed_in
from client.rest import RestClient
from demo.staffer import Staffer
from domain.commands import PlaceOrder
from domain.demo import DemoDescription
from domain.roles import Role
from domain.views.orders import OrderView
from tests.support.demo_cafe import draft_line
from tests.support.waiting import wait_for

_AMBER_S, _RED_S = 3.0, 10.0
# A phone hears something every 25 s, believes that it hears nothing after 20 more, and says so
# after another three.
_PHONE_S = 48.0
# A screen looks at its clock twice a second, we look four times, and a busy machine is late.
_SLACK_S = 2.0
# The longest back-off of decision 0051, and what an attempt takes.
_HEALED_S, _PHONE_HEALED_S = 10.0 + 2.0, 30.0 + 2.0
_TABLE = 3
_LOOK_S = 0.25
_STEP_S = 1.5
_AGE = re.compile(r"(\d+) (s|min|h)")
_UNIT_S = {"s": 1, "min": 60, "h": 3600}

# What is on a screen and what it says of itself, read in one go.
_LOOK = """(shown) => ({
  content: [...document.querySelectorAll(shown.cards)]
    .map(card => shown.fields.map(field => card.dataset[field] ?? '').join(' ')).sort(),
  state: document.querySelector('connection-status').dataset.state,
  age: [...document.querySelectorAll('connection-status [data-figure="age"]')]
    .map(figure => figure.textContent)[0] ?? '',
})"""

_Content = frozenset[str]


@dataclass(slots=True, kw_only=True)
class _Look:
    """What a screen showed at a moment. age_s: what it says of its age; None while it is live."""

    at_s: float
    content: _Content
    state: str
    age_s: float | None


@dataclass(slots=True, kw_only=True)
class _Screen:
    """A window, what of it is looked at, and what a row of the log does to that.

    cards, fields: a selector and the data attributes that say what a card is. apply: what is so
    after a row of the log. before: what is so before the first. show: what of that stands on the
    screen.
    """

    name: str
    page: Page
    cards: str
    fields: tuple[str, ...]
    apply: Callable[[_Content, dict[str, Any]], _Content]
    before: _Content = frozenset()
    show: Callable[[_Content], _Content] = lambda content: content
    is_dashboard: bool = True
    looks: list[_Look] = field(default_factory=list)

    @property
    def healed_within_s(self) -> float:
        """How long after its network it may take to be live again."""
        return _HEALED_S if self.is_dashboard else _PHONE_HEALED_S

    async def look(self) -> _Look:
        """Ask the window what it shows."""
        seen = await self.page.evaluate(_LOOK, {"cards": self.cards, "fields": self.fields})
        found = _AGE.search(seen["age"])
        age_s = float(found[1]) * _UNIT_S[found[2]] if found else None
        look = _Look(
            at_s=time.time(),
            content=frozenset(seen["content"]),
            state=seen["state"],
            age_s=None if seen["state"] == "live" else age_s,
        )
        self.looks.append(look)
        return look


def main() -> int:
    """Run the proof and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--away", type=float, nargs="+", default=[5.0, 30.0, 300.0])
    parser.add_argument("--only", nargs="*", default=(), metavar="SCREEN")
    options = parser.parse_args()
    print(describe_run())
    with run_demo() as server:
        description = read_description(server)
        return report_verdict(
            asyncio.run(_prove(description, server.port, options.away, frozenset(options.only)))
        )


async def _prove(
    description: DemoDescription, port: int, away: list[float], only: frozenset[str]
) -> list[str]:
    faults: list[str] = []
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(Network(port))
        browser = await stack.enter_async_context(open_browser())
        house = await stack.enter_async_context(_open_house(description))
        screens = [
            screen
            async for screen in _open_screens(browser, network.url, description)
            if not only or screen.name in only
        ]
        watching = asyncio.create_task(_watch(screens), name="looking at the screens")
        for away_s in away:
            faults += await _lose(house, network, screens, away_s)
            if watching.done():
                watching.result()  # a window that cannot be looked at any more proves nothing
        watching.cancel()
        log = await read_log(house.manager)
    for screen in screens:
        faults += _judge(screen, log)
    return faults


class _House:
    """The people of the cafe, who have another network, and what they do."""

    def __init__(self, till: RestClient, cook: RestClient, manager: RestClient) -> None:
        self.manager = manager
        self._till = till
        self._cook = cook
        self._step = 0

    async def order(self, *dishes: str, table: int | None = None) -> OrderView:
        """Sell dishes. table: None for a sale at the counter."""
        menu = await self._till.read_menu()
        lines = [draft_line(menu, dish) for dish in dishes]
        return await self._till.place_order(PlaceOrder(lines=lines, table_number=table))

    async def finish(self, order_id: str) -> None:
        """Make everything of an order."""
        for ticket in (await self._cook.list_tickets()).tickets:
            if ticket.order_id == order_id:
                await self._cook.move_ticket(ticket.ticket_id, "ready")

    async def work(self, ends_at_s: float) -> None:
        """Sell, sell and make the first of them, over and over; every third is the table's."""
        orders: list[str] = []
        while time.time() < ends_at_s:
            table = _TABLE if self._step % 3 == 2 else None
            orders.append((await self.order("Cortado", table=table)).order_id)
            if self._step % 2:
                await self.finish(orders.pop(0))
            self._step += 1
            await asyncio.sleep(_STEP_S)


@asynccontextmanager
async def _open_house(description: DemoDescription) -> AsyncIterator[_House]:
    staff: list[Staffer] = [
        employ(description, role) for role in (Role.COUNTER, Role.KITCHEN, Role.MANAGER)
    ]
    till, cook, manager = [await each.sign_in() for each in staff]
    try:
        yield _House(till, cook, manager)
    finally:
        for each in staff:
            each.close()


async def _open_screens(
    browser: Browser, url: str, description: DemoDescription
) -> AsyncIterator[_Screen]:
    bar = next(each for each in description.stations if each.slug == "bar")
    yield _Screen(
        name="wall",
        page=await open_signed_in(
            browser, url, "kitchen", "/kitchen/bar", description, Role.KITCHEN
        ),
        cards='[data-column="open"] > order-ticket',
        fields=("ticketId",),
        apply=lambda content, event: _apply_to_wall(content, event, bar.id),
    )
    yield _Screen(
        name="pass",
        page=await open_signed_in(browser, url, "kitchen", "/expo", description, Role.MANAGER),
        cards='[data-column="open"] > order-ticket',
        fields=("orderId", "version"),
        apply=_apply_to_pass,
    )
    yield _Screen(
        name="till",
        page=await open_signed_in(browser, url, "tablet", "/counter", description, Role.COUNTER),
        cards='[data-column="open"] > .order-card',
        fields=("orderId", "version"),
        apply=_apply_to_till,
    )
    yield _Screen(
        name="tables",
        page=await open_signed_in(browser, url, "tablet", "/tables", description, Role.COUNTER),
        cards=f'.table-tile[data-rank="{_TABLE}"]',
        fields=("state",),
        apply=_apply_to_tables,
        before=frozenset(("free",)),
        show=_show_table,
    )
    yield _Screen(
        name="board",
        page=await open_signed_in(browser, url, "kitchen", "/board", description, Role.MANAGER),
        cards=".board-number",
        fields=("orderNumber", "column"),
        apply=_apply_to_board,
    )
    phone = await open_at_table(browser, url, description, _TABLE)
    await phone.goto(f"{url}/orders")
    yield _Screen(
        name="phone",
        page=phone,
        cards=".progress",
        fields=("orderId", "version"),
        apply=lambda content, event: (
            _apply_to_till(content, event) if _find_table(event) == _TABLE else content
        ),
        is_dashboard=False,
    )


def _apply_to_wall(content: _Content, event: dict[str, Any], station_id: str) -> _Content:
    ticket = event.get("ticket")
    if ticket is None or ticket["stationId"] != station_id:
        return content
    mine = frozenset((ticket["ticketId"],))
    return content - mine if ticket["status"] == "completed" else content | mine


def _apply_to_pass(content: _Content, event: dict[str, Any]) -> _Content:
    order = event.get("order")
    if order is None:
        return content
    others = frozenset(each for each in content if not each.startswith(order["orderId"]))
    is_over = order["status"] in ("completed", "cancelled")
    return others if is_over else others | {f"{order['orderId']} {order['version']}"}


def _apply_to_till(content: _Content, event: dict[str, Any]) -> _Content:
    order = event.get("order")
    if order is None:
        return content
    others = frozenset(each for each in content if not each.startswith(order["orderId"]))
    return others | {f"{order['orderId']} {order['version']}"}


def _apply_to_tables(content: _Content, event: dict[str, Any]) -> _Content:
    """Keep how the table's order stands, and whether its guests call."""
    calls = content & {"calls"}
    if _find_table(event) == _TABLE:
        return calls | {event["order"]["status"]}
    if event["type"] == "table_session_opened" and event["table"]["number"] == _TABLE:
        return frozenset((event["table"]["status"],))
    if event["type"] == "table_called":
        return content | {"calls"}
    is_over = event["type"] == "table_call_updated" and event["call"]["status"] != "waiting"
    return content - {"calls"} if is_over else content


def _show_table(content: _Content) -> _Content:
    states = {"submitted": "waiting", "confirmed": "cooking", "preparing": "cooking"}
    return frozenset(states.get(each, each) for each in content & {"calls"} or content)


def _apply_to_board(content: _Content, event: dict[str, Any]) -> _Content:
    if not event["type"].startswith("order_number_"):
        return content
    number = event["number"]["orderNumber"]
    others = frozenset(each for each in content if each.split()[0] != str(number))
    column = event["type"].removeprefix("order_number_")
    return others if column == "cleared" else others | {f"{number} {column}"}


def _find_table(event: dict[str, Any]) -> int | None:
    order = event.get("order")
    return None if order is None else order["tableNumber"]


async def _lose(
    house: _House, network: Network, screens: list[_Screen], away_s: float
) -> list[str]:
    """Cut the network once, and return what did not heal or did not happen once."""
    taps = _Taps(house, {screen.name: screen.page for screen in screens})
    await taps.prepare()
    await wait_for(lambda: _all_are_live(screens), "every screen to be live")
    network.silence()
    lost_at_s = time.time()
    works = asyncio.create_task(house.work(lost_at_s + away_s + 5))
    await asyncio.sleep(away_s / 2)
    await taps.tap()
    await asyncio.sleep(max(0.0, lost_at_s + away_s - time.time()))
    await network.begin()
    back_at_s = time.time()
    await works
    rest_s = back_at_s + _PHONE_HEALED_S - time.time()
    healed = await _find_healed(screens, back_at_s, rest_s)
    words = ", ".join(f"{name} {after_s:.1f} s" for name, after_s in healed.items())
    print(f"away {away_s:>4.0f} s live again after {words}")
    faults = [
        f"after {away_s:.0f} s: {screen.name} was not live again"
        f" within {screen.healed_within_s:.0f} s"
        for screen in screens
        if healed.get(screen.name, math.inf) > screen.healed_within_s
    ]
    return faults + [f"after {away_s:.0f} s: {fault}" for fault in await taps.find_faults()]


def _all_are_live(screens: list[_Screen]) -> bool:
    return all(screen.looks and screen.looks[-1].state == "live" for screen in screens)


async def _watch(screens: list[_Screen]) -> None:
    while True:
        await asyncio.gather(*(screen.look() for screen in screens))
        await asyncio.sleep(_LOOK_S)


async def _find_healed(screens: list[_Screen], back_at_s: float, rest_s: float) -> dict[str, float]:
    """Return how long after the network came back each screen said again that it is live."""
    healed: dict[str, float] = {}
    ends_at_s = time.time() + max(rest_s, 1.0)
    while len(healed) < len(screens) and time.time() < ends_at_s:
        for screen in screens:
            first = next(
                (look for look in screen.looks if look.at_s > back_at_s and look.state == "live"),
                None,
            )
            if first is not None:
                healed.setdefault(screen.name, first.at_s - back_at_s)
        await asyncio.sleep(_LOOK_S)
    return healed


class _Taps:
    """What is tapped while there is no network, and how often it has happened at the end."""

    def __init__(self, house: _House, pages: dict[str, Page]) -> None:
        self._house = house
        self._pages = pages
        self._after = 0
        self._orders: dict[str, OrderView] = {}

    async def prepare(self) -> None:
        """Sell what will be tapped, and wait until each screen shows it."""
        log = await read_log(self._house.manager)
        self._after = log[-1].seq if log else 0
        if wall := self._pages.get("wall"):
            order = self._orders["wall"] = await self._house.order("Mocha")
            await wall.locator(f'order-ticket[data-order-id="{order.order_id}"]').wait_for()
        if till := self._pages.get("till"):
            order = self._orders["till"] = await self._house.order("Mocha")
            await self._house.finish(order.order_id)
            card = till.locator(f'.order-card[data-order-id="{order.order_id}"]')
            await card.locator("summary").tap()
            await card.get_by_role("button", name="Hand over").wait_for()

    async def tap(self) -> None:
        """Bump on the wall, hand over at the till, call somebody by phone."""
        if wall := self._pages.get("wall"):
            ticket = f'order-ticket[data-order-id="{self._orders["wall"].order_id}"]'
            await wall.locator(f"{ticket} .ticket__head").first.tap()
        if till := self._pages.get("till"):
            card = till.locator(f'.order-card[data-order-id="{self._orders["till"].order_id}"]')
            await card.get_by_role("button", name="Hand over").tap()
        if phone := self._pages.get("phone"):
            await phone.get_by_role("button", name="Call somebody").tap()

    async def find_faults(self) -> list[str]:
        """Wait until each has happened; say which did not, or more than once."""
        wanted = dict(self._list_wanted())
        counts: dict[str, int] = {}

        async def count() -> bool:
            await asyncio.sleep(_LOOK_S)  # reading the whole log is not for every moment
            log = [row for row in await read_log(self._house.manager) if row.seq > self._after]
            for name, is_it in wanted.items():
                counts[name] = sum(1 for row in log if is_it(row.event))
            return all(counts.values())

        with suppress(AssertionError):  # what has not happened is told below
            await wait_for(count, "everything that was tapped to happen")
        await self._settle()
        return [
            f"what was tapped on the {name} happened {times} times"
            for name, times in counts.items()
            if times != 1
        ]

    def _list_wanted(self) -> Iterator[tuple[str, Callable[[dict[str, Any]], bool]]]:
        if "wall" in self._pages:
            bumped = self._orders["wall"].order_id
            yield (
                "wall",
                lambda event: (
                    event["type"] == "kitchen_order_completed"
                    and event["ticket"]["orderId"] == bumped
                ),
            )
        if "till" in self._pages:
            served = self._orders["till"].order_id
            yield (
                "till",
                lambda event: (
                    event["type"] == "order_status_updated"
                    and event["order"]["orderId"] == served
                    and event["order"]["status"] == "completed"
                ),
            )
        if "phone" in self._pages:
            yield "phone", lambda event: event["type"] == "table_called"

    async def _settle(self) -> None:
        """End the call, so that the next cut begins as this one did."""
        if phone := self._pages.get("phone"):
            key = phone.get_by_role("button", name="Never mind")
            if await key.count():
                await key.tap()
                await phone.get_by_role("button", name="Call somebody").wait_for()


def _judge(screen: _Screen, log: list[LoggedEvent]) -> list[str]:
    """Hold what a screen has shown against the log; print how often and return what was untrue."""
    held = _list_contents(screen, log)
    faults: list[str] = []
    oldest_s = 0.0
    for look in screen.looks:
        stale_s = _find_staleness(look, held)
        if stale_s is None:
            faults.append(f"{screen.name} showed what never held: {_describe(look, held)}")
            continue
        oldest_s = max(oldest_s, stale_s)
        live_s = _AMBER_S if screen.is_dashboard else _PHONE_S
        if stale_s > live_s + _SLACK_S and look.state == "live":
            shown = f"at {look.at_s:.1f}: {_describe(look, held)}"
            faults.append(f"{screen.name} said live, {stale_s:.1f} s behind, {shown}")
        if screen.is_dashboard and stale_s > _RED_S + _SLACK_S and look.state != "offline":
            faults.append(f"{screen.name} said {look.state}, {stale_s:.1f} s behind")
        if screen.is_dashboard and look.age_s is not None:
            unit_s = 60 if look.age_s >= 120 else 1
            if look.age_s + unit_s + _SLACK_S < stale_s:
                faults.append(f"{screen.name} said {look.age_s:.0f} s old, it was {stale_s:.1f} s")
    states = {
        state: sum(look.state == state for look in screen.looks)
        for state in ("live", "reconnecting", "offline", "stopped")
    }
    print(
        f"{screen.name:<9} looked at {len(screen.looks)} times: "
        + ", ".join(f"{count} {state}" for state, count in states.items() if count)
        + f"; oldest content {oldest_s:.1f} s; {len(faults)} untrue"
    )
    return faults[:5]


def _list_contents(screen: _Screen, log: list[LoggedEvent]) -> list[tuple[float, _Content]]:
    """Return each content that held, with the time from which it did, oldest first."""
    content = screen.before
    held = [(0.0, screen.show(content))]
    for row in log:
        content = screen.apply(content, row.event)
        shown = screen.show(content)
        if shown != held[-1][1]:
            held.append((row.at.timestamp(), shown))
    return held


def _find_staleness(look: _Look, held: list[tuple[float, _Content]]) -> float | None:
    """Return for how long what was seen had not held any more; None where it never had."""
    for number in range(len(held) - 1, -1, -1):
        from_s, content = held[number]
        # A row bears the time at which its work began, its commit is a moment later.
        if content == look.content and from_s <= look.at_s + _SLACK_S:
            ended_s = held[number + 1][0] if number + 1 < len(held) else look.at_s
            return max(0.0, look.at_s - ended_s)
    return None


def _describe(look: _Look, held: list[tuple[float, _Content]]) -> str:
    then = next((content for at_s, content in reversed(held) if at_s <= look.at_s), frozenset())
    return json.dumps(
        {"more": sorted(look.content - then)[:4], "less": sorted(then - look.content)[:4]}
    )


if __name__ == "__main__":
    run_proof(main)
