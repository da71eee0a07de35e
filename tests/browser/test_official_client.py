"""The official SockJS client in Chromium, on each transport that is kept (requirements R3)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

import pytest
import pytest_asyncio

from bench.demo_server import read_description
from config.namespaces import Namespace
from domain.demo import DemoDescription
from domain.roles import Role
from tests.support.browser import BrowserFaults, OpenPage
from tests.support.contract import Contract
from tests.support.official_page import OfficialPage, serve_official_client
from tests.support.people import Caller, sign_in, sit_down
from tests.support.servers import StartServer
from tests.support.two_cafes import list_choosable, make_line

# Who connects to each namespace.
ROLES = {
    Namespace.ORDERS: Role.COUNTER,
    Namespace.KITCHEN: Role.KITCHEN,
    Namespace.COUNTER: Role.COUNTER,
    Namespace.CUSTOMERS: Role.CUSTOMER,
    Namespace.ADMIN: Role.MANAGER,
    Namespace.PAYMENTS: Role.COUNTER,
}
MENU_EVENT = "menu_availability_changed"
MONEY_EVENTS = frozenset({"payment_initiated", "payment_failed"})
MADE_EVENTS = MONEY_EVENTS | {MENU_EVENT}


class Cafe:
    """The demo's people, one guest's order, and two kinds of events at will."""

    def __init__(self, people: dict[Role, Caller], order: Any, line: Any, station_id: str) -> None:
        self.people = people
        self._order = order
        self._line = line
        self._station_id = station_id
        self._is_sold_out = False

    @classmethod
    async def enter(cls, description: DemoDescription, contract: Contract) -> Self:
        """Sign everybody in and let the guest order."""
        people = {
            role: await sign_in(description, role, contract)
            for role in (Role.COUNTER, Role.KITCHEN, Role.MANAGER)
        }
        people[Role.CUSTOMER] = guest = await sit_down(description, contract)
        line = make_line((await list_choosable(guest))[0])
        order = await guest.do("/orders", {"lines": [line]})
        board = await people[Role.KITCHEN].get("/tickets")
        return cls(people, order, line, board["tickets"][0]["stationId"])

    def leave(self) -> None:
        """Let go of the connections of everybody."""
        for caller in self.people.values():
            caller.close()

    async def make_events(self, count: int) -> None:
        """Change the menu and the order's payments as often; each change is one event."""
        clerk = self.people[Role.COUNTER]
        payment: dict[str, Any] | None = None
        for _ in range(count):
            await self.change_menu()
            if payment is None:
                payment = await clerk.do(
                    f"/orders/{self._order['orderId']}/payments",
                    {"method": "card_terminal", "amountMinor": 1},
                )
            else:
                await clerk.do(f"/payments/{payment['paymentId']}/decline")
                payment = None

    async def change_menu(self) -> None:
        """Sell the ordered dish out, or have it again."""
        self._is_sold_out = not self._is_sold_out
        await self.people[Role.COUNTER].do(
            "/menu/availability",
            {"menuItemId": self._line["menuItemId"], "isSoldOut": self._is_sold_out},
        )

    async def find_head(self) -> int:
        """Return where the log stands."""
        return int((await self.people[Role.MANAGER].read_log())[-1]["seq"])

    async def list_seqs(self, *, after: int, namespace: Namespace) -> list[int]:
        """List the places in the log of what `make_events` made and a namespace is to hear."""
        heard = {Namespace.KITCHEN: {MENU_EVENT}, Namespace.PAYMENTS: MONEY_EVENTS}.get(
            namespace, MADE_EVENTS
        )
        log = await self.people[Role.MANAGER].read_log()
        return [row["seq"] for row in log if row["seq"] > after and row["event"]["type"] in heard]

    def write_join(self, namespace: Namespace) -> tuple[str, dict[str, Any]]:
        """Say which room is joined there beside those that come with the role."""
        if namespace is Namespace.KITCHEN:
            return "join_station", {"stationId": self._station_id}
        return "join_order", {"orderId": self._order["orderId"]}

    def write_command(self, namespace: Namespace) -> tuple[str, dict[str, Any]]:
        """Write a command that is accepted there and leaves the menu as it is."""
        if namespace is Namespace.PAYMENTS:
            cash = {"method": "cash", "amountMinor": 5, "tenderedMinor": 5}
            return "initiate_payment", {"orderId": self._order["orderId"], **cash}
        if namespace in (Namespace.KITCHEN, Namespace.ADMIN):
            option = self._line["modifiers"][0]["modifierId"]
            return "set_availability", {"modifierId": option, "isSoldOut": False}
        return "quote", {"lines": [self._line]}


@pytest_asyncio.fixture(loop_scope="session")
async def origin() -> AsyncIterator[str]:
    """Serve the library from an origin of its own."""
    async with serve_official_client() as served:
        yield served


@pytest.mark.parametrize("transport", ["websocket", "xhr-streaming", "xhr-polling"])
async def test_the_official_client_loses_and_doubles_nothing(
    start_server: StartServer,
    open_page: OpenPage,
    browser_faults: BrowserFaults,
    origin: str,
    transport: str,
):
    """Sign in, join, command, events in order and once, over a server that is killed meanwhile.

    At all six namespaces at once, each in a window of its own; what comes is held to the schemas.
    """
    for fault in ("ERR_CONNECTION_RE", "ERR_EMPTY_RESPONSE", "ERR_INCOMPLETE_CHUNKED", "WebSocket"):
        browser_faults.expect(fault)
    browser_faults.expect(f"content policy '': {origin}")  # the page is of another site
    server = start_server("demo", "--json", allowed_origins=origin)
    contract = Contract.fetch(server.url)
    cafe = await Cafe.enter(read_description(server), contract)

    async def attach(page: OfficialPage, namespace: Namespace, **wish: Any) -> dict[str, Any]:
        """Connect, and join what does not come with the role."""
        token = await cafe.people[ROLES[namespace]].fetch_ticket(namespace)
        joined = await page.connect(transport, token=token, **wish)
        await page.do(*cafe.write_join(namespace))
        return joined

    async def begin(namespace: Namespace) -> OfficialPage:
        window = await open_page("desk", origin)
        page = OfficialPage(window, contract, url=server.url, namespace=namespace)
        assert (await attach(page, namespace))["mode"] == "live"
        await page.do(*cafe.write_command(namespace))
        return page

    pages = dict(zip(ROLES, await asyncio.gather(*map(begin, ROLES)), strict=True))
    start = await cafe.find_head()
    await cafe.make_events(25)
    server.kill()
    for page in pages.values():
        await page.wait_until_closed()
    server.start()
    await cafe.make_events(20)
    for namespace, page in pages.items():
        assert (await attach(page, namespace, position=page.position))["mode"] == "replay"
    await cafe.make_events(5)

    for namespace, page in pages.items():
        expected = await cafe.list_seqs(after=start, namespace=namespace)
        await page.reach(expected[-1])
        everything = [event["seq"] for event in page.events]
        assert len(expected) >= 50
        assert [
            event["seq"]
            for event in page.events
            if event["seq"] > start and event["type"] in MADE_EVENTS
        ] == expected, namespace
        assert everything == sorted(set(everything)), namespace
        await page.leave()
    cafe.leave()
