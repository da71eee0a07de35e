"""One service through real windows: a guest's phone, two kitchen walls, the counter, the board.

Nothing is loaded again by hand: what a window shows came to it.
"""

import re

import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.support.demo_cafe import DemoCafe, ServeDemo, number_of

TABLE = 4


class Service:
    """The windows of one service and what they show of one order."""

    def __init__(self, cafe: DemoCafe) -> None:
        self._cafe = cafe
        self.number = ""

    async def open(self) -> None:
        """Open every screen before the guest comes."""
        cafe = self._cafe
        self.bar = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
        self.kitchen = await cafe.open_display("kitchen", "kitchen", "/kitchen/kitchen")
        self.counter = await cafe.open_display("tablet", "counter", "/counter")
        self.board = await cafe.open_display("kitchen", "manager", "/board")
        self.phone = await cafe.sit_down(TABLE)
        for page in (self.bar, self.kitchen, self.counter, self.board):
            # A page that is loaded again loses this.
            await page.evaluate("globalThis.isSameDocument = true")

    async def check_nothing_was_reloaded(self) -> None:
        for page in (self.bar, self.kitchen, self.counter, self.board):
            assert await page.evaluate("globalThis.isSameDocument === true"), page.url

    def ticket(self, wall: Page, *, is_add_on: bool = False) -> Locator:
        """Find an open ticket of the order on a wall."""
        mark = "[data-add-on]" if is_add_on else ":not([data-add-on])"
        tickets = wall.locator('[data-column="open"] > order-ticket')
        return tickets.and_(wall.locator(f'{mark}[data-order-number="{self.number}"]'))

    def finished(self, wall: Page) -> Locator:
        """Find a ticket of the order among those that can be recalled."""
        tickets = wall.locator('[data-column="finished"] > order-ticket')
        return tickets.and_(wall.locator(f'[data-order-number="{self.number}"]'))

    def card(self) -> Locator:
        """Find the order in the counter's list."""
        return self.counter.locator(".order-card").filter(
            has=self.counter.get_by_text(f"Order {self.number}", exact=True)
        )

    def on_board(self, state: str) -> Locator:
        """Find the order's number in a column of the board."""
        numbers = self.board.locator(f'[data-column="{state}"] > .board-number')
        return numbers.filter(has_text=re.compile(rf"^{self.number}$"))

    def on_phone(self, dish: str, *, nth: int = 0) -> Locator:
        """Find a line of the guest's progress."""
        return self.phone.locator(".progress-line").filter(has_text=dish).nth(nth)


# The database is asked for first, so that it outlives the server.
@pytest_asyncio.fixture(loop_scope="session")
async def service(database_url: str, serve_demo: ServeDemo) -> Service:
    """Open the windows; on both databases."""
    windows = Service(serve_demo(database_url=database_url))
    await windows.open()
    return windows


async def choose(phone: Page, dish: str, *options: str, more: int = 0) -> None:
    """Add a dish with its choices to the order, by touch."""
    await phone.get_by_role("link", name=dish, exact=True).tap()
    for option in options:
        await phone.locator("label.option").filter(has_text=option).first.tap()
    for _ in range(more):
        await phone.get_by_role("button", name="One more").tap()
    await phone.get_by_role("button", name="Add to order").tap()


async def send(phone: Page) -> None:
    """Go to the cart and send it, by touch."""
    await phone.get_by_role("link", name="See your order").tap()
    await phone.locator("[data-send-order] button[type=submit]").tap()
    await phone.wait_for_url("**/orders")


async def test_an_order_goes_through_the_house(service: Service):
    """Three dishes for two stations, a recall, a second round, handed over: all windows follow."""
    phone = service.phone
    await choose(phone, "Flat white", "Oat")
    await choose(phone, "Espresso", "Decaf", more=1)
    await choose(phone, "Tosta mista", "Dark rye", "No mustard")
    await send(phone)

    await expect(phone.get_by_role("heading", level=2)).to_contain_text("will be ready")
    service.number = number_of(await phone.get_by_role("heading", level=2).inner_text())
    await phone.evaluate("globalThis.isSameDocument = true")
    await check_tickets_arrived(service)

    await finish_the_kitchen(service)
    await finish_the_bar(service)
    await recall_the_toastie(service)
    await order_another_round(service)
    await hand_over(service)

    await service.check_nothing_was_reloaded()
    await pay(service)


async def check_tickets_arrived(service: Service) -> None:
    """Each station has its own part and the word about the other's."""
    at_bar, at_kitchen = service.ticket(service.bar), service.ticket(service.kitchen)
    await expect(at_bar).to_contain_text("Flat white")
    await expect(at_bar).to_contain_text("OAT")
    await expect(at_bar.locator(".line").filter(has_text="Espresso")).to_contain_text("2")
    await expect(at_bar).to_contain_text("DECAF")
    await expect(at_bar).not_to_contain_text("Tosta mista")
    await expect(at_bar).to_contain_text("Kitchen 0/1")
    await expect(at_bar.get_by_text("NEW", exact=True)).to_be_visible()
    await expect(at_kitchen).to_contain_text("Tosta mista")
    await expect(at_kitchen).to_contain_text("RYE")
    await expect(at_kitchen).to_contain_text("NO mustard")
    await expect(at_kitchen).not_to_contain_text("Espresso")
    await expect(at_kitchen).to_contain_text("Bar 0/3")
    await expect(service.card()).to_contain_text("0 of 4 made")
    await expect(service.on_board("preparing")).to_be_visible()
    await expect(service.on_phone("Flat white")).to_contain_text("Waiting")


async def finish_the_kitchen(service: Service) -> None:
    """One line of the bar by a tap on it, then the kitchen's ticket by its head."""
    await service.ticket(service.bar).locator(".line").filter(has_text="Espresso").tap()
    await expect(service.ticket(service.bar).locator('.line[data-state="ready"]')).to_contain_text(
        "Espresso"
    )
    await expect(service.on_phone("Espresso")).to_contain_text("Ready")
    await expect(service.on_phone("Flat white")).to_contain_text("Waiting")
    await expect(service.card()).to_contain_text("2 of 4 ready")
    await expect(service.ticket(service.kitchen)).to_contain_text("Bar 2/3")
    await expect(service.on_board("preparing")).to_be_visible()

    await service.ticket(service.kitchen).locator(".ticket__head").tap()
    await expect(service.finished(service.kitchen)).to_contain_text("Tosta mista")
    await expect(service.ticket(service.kitchen)).to_have_count(0)
    await expect(service.on_phone("Tosta mista")).to_contain_text("Ready")
    await expect(service.card()).to_contain_text("3 of 4 ready")
    await expect(service.ticket(service.bar)).to_contain_text("Kitchen 1/1")


async def finish_the_bar(service: Service) -> None:
    """The last ticket's head makes the whole order ready."""
    await service.ticket(service.bar).locator(".ticket__head").tap()
    await expect(service.finished(service.bar)).to_be_visible()
    await expect(service.phone.locator(".progress__when")).to_have_text("Ready")
    await expect(service.card()).to_contain_text("all ready")
    await expect(service.on_board("ready")).to_be_visible()
    await expect(service.on_board("preparing")).to_have_count(0)


async def recall_the_toastie(service: Service) -> None:
    """A recall takes it back everywhere; bumping again makes it ready again."""
    await service.finished(service.kitchen).get_by_role("button", name="Recall").tap()
    await expect(service.ticket(service.kitchen)).to_contain_text("RECALLED")
    await expect(service.on_phone("Tosta mista")).to_contain_text("Being made")
    await expect(service.phone.locator(".progress__when")).not_to_have_text("Ready")
    await expect(service.card()).to_contain_text("3 of 4 ready")
    await expect(service.on_board("preparing")).to_be_visible()
    await expect(service.on_board("ready")).to_have_count(0)

    await service.ticket(service.kitchen).locator(".ticket__head").tap()
    await expect(service.on_board("ready")).to_be_visible()


async def order_another_round(service: Service) -> None:
    """A second round is a ticket of its own; the first stays as it was."""
    first = service.finished(service.bar)
    version = await first.get_attribute("data-version")
    phone = service.phone
    await phone.get_by_role("link", name="Add more").tap()
    await phone.wait_for_url("**/menu")
    await choose(phone, "Cortado", "Soya")
    await send(phone)

    add_on = service.ticket(service.bar, is_add_on=True)
    await expect(add_on).to_contain_text("ADD-ON 2")
    await expect(add_on).to_contain_text("Cortado")
    await expect(add_on).not_to_contain_text("Espresso")
    await expect(first).to_be_visible()
    assert version == await first.get_attribute("data-version")
    await expect(service.ticket(service.kitchen, is_add_on=True)).to_have_count(0)
    await expect(service.on_phone("Cortado")).to_contain_text("Waiting")
    await expect(service.on_phone("Tosta mista")).to_contain_text("Ready")
    await expect(phone.get_by_role("heading", name="Second round")).to_be_visible()
    await expect(service.card()).to_contain_text("4 of 5 ready")

    await add_on.locator(".ticket__head").tap()
    await expect(service.card()).to_contain_text("all ready")


async def hand_over(service: Service) -> None:
    """Served ends it: off the board, and the guest is wished well; unpaid it stays on the till."""
    await service.card().get_by_role("button", name="Hand over").tap()
    await expect(service.card()).to_contain_text("not paid yet")
    await expect(service.on_board("ready")).to_have_count(0)
    await expect(service.on_board("preparing")).to_have_count(0)
    await expect(service.phone.locator(".progress__when")).to_have_text("Enjoy it")
    await expect(service.on_phone("Tosta mista")).to_contain_text("Served")


async def pay(service: Service) -> None:
    """The till takes cash; the guest reads that it is paid, and the order leaves the counter."""
    till = service.counter
    await service.card().get_by_role("link", name="Pay").tap()
    await till.wait_for_url("**/pay")
    await till.locator("[data-pay-go]").tap()
    await expect(service.phone.locator(".progress__money")).to_contain_text("What was paid")
    await till.get_by_role("link", name="Next order").tap()
    await till.wait_for_url("**/counter")
    await expect(till.get_by_text("No open orders.")).to_be_visible()
