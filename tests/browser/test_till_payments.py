"""The till takes money: cash with change, the terminal, shares, refunds, and two tills at once."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from domain.commands import PlaceOrder
from domain.views.money import PaymentsView
from domain.views.orders import OrderView
from tests.browser.test_accessibility import press, tab_to
from tests.support.browser import find_violations
from tests.support.demo_cafe import DemoCafe, ServeDemo, draft_line


@pytest.fixture
def cafe(serve_demo: ServeDemo) -> DemoCafe:
    """Serve the demo."""
    return serve_demo()


async def place_order(cafe: DemoCafe, *dishes: str) -> OrderView:
    """Order at the counter. A cortado is 2.60, a mocha 3.90."""
    counter = await cafe.speak_as("manager")
    menu = await counter.read_menu()
    return await counter.place_order(PlaceOrder(lines=[draft_line(menu, dish) for dish in dishes]))


async def serve_order(cafe: DemoCafe, order: OrderView) -> None:
    """Make an order and hand it over."""
    cook = await cafe.speak_as("kitchen")
    for ticket in (await cook.list_tickets()).tickets:
        await cook.move_ticket(ticket.ticket_id, "ready")
    counter = await cafe.speak_as("manager")
    for item in order.items:
        await counter.serve_item(item.item_id)


async def open_payments(cafe: DemoCafe, order: OrderView, role: str = "counter") -> Page:
    return await cafe.open_display("tablet", role, f"/counter/orders/{order.order_id}/pay")


async def read_payments(cafe: DemoCafe, order: OrderView) -> PaymentsView:
    counter = await cafe.speak_as("manager")
    return await counter.call("GET", f"/orders/{order.order_id}/payments", PaymentsView)


def find_card(till: Page, number: int) -> Locator:
    return till.locator(".order-card").filter(
        has=till.get_by_text(re.compile(rf"^Order {number}$"), exact=True)
    )


def main_key(till: Page) -> Locator:
    return till.locator("[data-pay-go]")


async def choose(till: Page, word: str) -> None:
    """Tap a choice of the pad by its word."""
    await till.locator(".segmented__part, .pay-key").filter(has_text=word).first.tap()


async def test_a_guest_pays_cash_and_gets_change(cafe):
    """From the draft to "Pay", a note, the change in large letters, the next order."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    await till.locator('[data-product][data-name="Mocha"]').tap()
    await till.get_by_role("button", name="Pay").tap()
    await till.wait_for_url("**/pay")
    await expect(main_key(till)).to_have_text(re.compile(r"Take cash\s*€3.90"))
    await choose(till, "10")
    await expect(till.locator("[data-change]")).to_have_text(re.compile(r"Change\s*€6.10"))
    assert [] == await find_violations(till)
    await main_key(till).tap()

    await expect(till.locator(".pay__figure")).to_have_text(re.compile(r"Change\s*€6.10"))
    await expect(till.locator(".leg")).to_contain_text("€10.00 given, change €6.10")
    assert [] == await find_violations(till)
    await till.get_by_role("link", name="Next order").tap()
    await till.wait_for_url("**/counter")
    await expect(till.locator(".order-card")).to_contain_text("paid")


async def test_what_was_given_is_typed_on_the_pad(cafe):
    """Digits move in from the end; what is too little cannot be taken."""
    order = await place_order(cafe, "Cortado")
    till = await open_payments(cafe, order)
    for digit in ("2", "00"):
        await till.get_by_role("button", name=digit, exact=True).tap()
    await expect(till.locator("[data-change]")).to_have_text(re.compile(r"Missing\s*€0.60"))
    await expect(main_key(till)).to_be_disabled()
    await till.get_by_role("button", name="Delete a digit").tap()
    await till.get_by_role("button", name="0", exact=True).tap()
    await till.get_by_role("button", name="0", exact=True).tap()
    await expect(till.locator("[data-change]")).to_have_text(re.compile(r"Change\s*€17.40"))
    await main_key(till).tap()

    await expect(till.locator(".pay__figure")).to_have_text(re.compile(r"Change\s*€17.40"))
    (leg,) = (await read_payments(cafe, order)).payment.legs
    assert (260, 2000, 1740) == (leg.amount_minor, leg.tendered_minor, leg.change_minor)


async def test_a_card_is_refused_and_another_one_pays(cafe):
    """The terminal's word is said on the till; what was refused may be paid again at once."""
    order = await place_order(cafe, "Cortado")
    till = await open_payments(cafe, order)
    await choose(till, "Card")
    await main_key(till).tap()
    await till.get_by_role("button", name="Refused: €2.60").tap()
    await expect(till.locator(".leg")).to_contain_text("the card was refused")
    await expect(main_key(till)).to_have_text(re.compile(r"Start card\s*€2.60"))
    await main_key(till).tap()
    await expect(till.get_by_text("waiting for the terminal")).to_be_visible()
    assert [] == await find_violations(till)
    await till.get_by_role("button", name="Give up: €2.60").tap()
    await expect(till.locator(".leg").first).to_contain_text("given up")
    await main_key(till).tap()
    await till.get_by_role("button", name="Paid: €2.60").tap()

    await expect(till.locator(".pay__word")).to_contain_text("Paid")
    legs = (await read_payments(cafe, order)).payment.legs
    assert ["failed", "cancelled", "captured"] == [leg.status for leg in legs]


async def test_three_guests_share_a_bill(cafe):
    """10.00 among three is 3.34, 3.33 and 3.33; a sum of one's own is the fourth way."""
    order = await place_order(cafe, "Cortado", "Mocha")
    till = await open_payments(cafe, order)
    await choose(till, "Share")
    await till.get_by_role("button", name="One share more").tap()
    shares = till.locator('[data-for-part="share"]')
    await expect(shares).to_contain_text("€2.17")
    await main_key(till).tap()
    await expect(till.locator(".leg")).to_have_count(1)
    await expect(shares.locator("output")).to_have_text("2")
    await main_key(till).tap()
    await expect(till.locator(".leg")).to_have_count(2)
    await choose(till, "Sum")
    await till.get_by_label("How much of it").fill("100")
    await expect(main_key(till)).to_have_text(re.compile(r"Take cash\s*€1.00"))
    await main_key(till).tap()
    await expect(till.locator(".leg")).to_have_count(3)
    await main_key(till).tap()

    await expect(till.locator(".pay__word")).to_contain_text("Paid")
    legs = (await read_payments(cafe, order)).payment.legs
    assert [217, 217, 100, 116] == [leg.amount_minor for leg in legs]


async def test_a_part_is_given_back_and_the_counter_has_a_limit(cafe):
    """Goodwill leaves nothing due; a wrong payment is owed again; too much needs a manager."""
    order = await place_order(cafe, *["Shakshuka with goat's curd"] * 6)
    till = await open_payments(cafe, order)
    await main_key(till).tap()
    dialog = till.get_by_role("dialog")
    await till.get_by_role("button", name="Give back of").tap()
    await expect(dialog).to_contain_text("Without a manager the counter gives back €50.00")
    assert [] == await find_violations(till)
    await dialog.get_by_role("button", name="Took too long").tap()
    await dialog.get_by_role("button", name="Give back").tap()
    await expect(dialog.get_by_role("alert")).to_contain_text("Ask a manager")
    await dialog.get_by_label("How much").fill("500")
    await dialog.get_by_role("button", name="Give back").tap()
    await expect(dialog).to_be_hidden()
    await expect(till.locator(".leg")).to_contain_text("€5.00 given back")
    await expect(till.locator(".pay__due")).to_contain_text("€0.00")

    await till.get_by_role("button", name="Give back of").tap()
    await dialog.get_by_label("How much").fill("200")
    await dialog.get_by_text("Wrong payment").tap()
    await dialog.get_by_label("Why").fill("Wrong table")
    await dialog.get_by_label("Why").press("Enter")
    await expect(till.locator(".pay__due")).to_contain_text("€2.00")
    await expect(main_key(till)).to_have_text(re.compile(r"Take cash\s*€2.00"))
    payments = await read_payments(cafe, order)
    assert [("Took too long", True), ("Wrong table", False)] == [
        (refund.reason, refund.with_credit) for refund in payments.refunds
    ]


async def test_the_second_till_sees_the_firsts_claim(cafe):
    """At once and without a reload; who was quicker than the news is refused in plain words."""
    order = await place_order(cafe, "Cortado")
    first = await open_payments(cafe, order)
    second = await open_payments(cafe, order, "manager")
    await choose(first, "Card")
    await main_key(first).tap()
    await expect(second.locator(".pay__word")).to_contain_text("Being paid")
    await expect(second.get_by_role("button", name="Paid: €2.60")).to_be_visible()
    await expect(main_key(second)).to_have_count(0)
    await second.get_by_role("button", name="Refused: €2.60").tap()
    await expect(main_key(first)).to_be_visible()

    # The news does not reach the second one before its own payment goes out.
    await second.locator("main").dispatch_event("pointerdown")
    await main_key(first).tap()
    await expect(first.get_by_text("waiting for the terminal")).to_be_visible()
    await main_key(second).dispatch_event("click")
    await expect(second.locator("[data-pay-message]")).to_contain_text(
        "Another payment of this order is under way"
    )
    legs = (await read_payments(cafe, order)).payment.legs
    assert ["failed", "pending"] == [leg.status for leg in legs]


async def test_what_is_served_and_not_paid_stays_on_the_till(cafe):
    """Under "Unpaid" with a sign of its own, until it is paid; then it leaves."""
    order = await place_order(cafe, "Cortado")
    till = await cafe.open_display("tablet", "counter", "/counter")
    await serve_order(cafe, order)
    card = find_card(till, order.order_number)
    await expect(card).to_contain_text("not paid yet")
    await expect(till.locator('[data-count-marked="unpaid"]')).to_have_text("1")
    await till.locator(".segmented__part").filter(has_text="Unpaid").tap()
    await expect(card).to_be_visible()
    assert [] == await find_violations(till)
    other = await open_payments(cafe, order, "manager")
    await main_key(other).tap()
    await expect(card).to_have_count(0)
    await expect(till.get_by_text("Everything is paid.")).to_be_visible()


async def test_a_line_taken_off_after_paying_is_a_refund_due(cafe):
    """The card says so, and the dialog offers just that much."""
    order = await place_order(cafe, "Cortado", "Mocha")
    till = await open_payments(cafe, order, "manager")
    await main_key(till).tap()
    await expect(till.locator(".pay__word")).to_contain_text("Paid")
    manager = await cafe.speak_as("manager")
    void = {"items": [{"itemId": order.items[0].item_id}], "reason": "Out of it"}
    await manager.command(f"/orders/{order.order_id}/void", OrderView, void)
    await expect(till.locator(".pay__word")).to_contain_text("Refund due")
    await till.get_by_role("button", name="Give back of").tap()
    dialog = till.get_by_role("dialog")
    await expect(dialog.get_by_label("How much")).to_have_value("2.60")
    await dialog.get_by_role("button", name="Line taken off").tap()
    await dialog.get_by_role("button", name="Give back").tap()
    await expect(till.locator(".pay__word")).to_contain_text("Paid")
    await expect(till.locator(".pay__due")).to_contain_text("€0.00")


async def test_a_payment_is_kept_while_there_is_no_connection(cafe, browser_faults):
    """It goes out once when the server is back, though its key was pressed again."""
    browser_faults.expect("ERR_CONNECTION_REFUSED")
    browser_faults.expect("WebSocket")
    order = await place_order(cafe, "Cortado")
    till = await open_payments(cafe, order)
    cafe.server.stop()
    await expect(till.locator("body[data-connection=live]")).to_have_count(0)
    await main_key(till).tap()
    await expect(till.locator("[data-pay-message]")).to_contain_text("Kept")
    await main_key(till).dispatch_event("click")
    cafe.server.start()

    await expect(till.locator(".pay__word")).to_contain_text("Paid")
    assert 1 == len((await read_payments(cafe, order)).payment.legs)


async def test_a_payment_is_taken_by_keys_alone(cafe):
    """Cash, then a card: digits go to the pad from anywhere; Tab, arrows and Enter do the rest."""
    till = await open_payments(cafe, await place_order(cafe, "Cortado"))
    await expect(main_key(till)).to_be_enabled()
    await till.keyboard.type("500")
    await expect(till.locator("[data-change]")).to_have_text(re.compile(r"Change\s*€2.40"))
    await till.keyboard.press("Enter")
    await expect(till.locator(".pay__settled:focus-visible")).to_contain_text("€2.40")
    await press(till, till.get_by_role("button", name="Give back of"))
    await till.keyboard.type("60")
    await tab_to(till, till.get_by_label("Why"))
    await till.keyboard.type("Wrong milk")
    await till.keyboard.press("Enter")
    await expect(till.locator(".leg")).to_contain_text("€0.60 given back")
    await press(till, till.get_by_role("link", name="Next order"))
    await till.wait_for_url("**/counter")

    await place_order(cafe, "Mocha")
    mocha = find_card(till, 2)
    await press(till, mocha.locator("summary"))
    await press(till, mocha.get_by_role("link", name="Pay"))
    await till.wait_for_url("**/pay")
    await tab_to(till, till.locator('[name="method"]:checked'))
    await till.keyboard.press("ArrowRight")
    await expect(main_key(till)).to_have_text(re.compile(r"Start card\s*€3.90"))
    await till.keyboard.press("Enter")
    await expect(till.locator(".pay__settled:focus-visible")).to_contain_text("Being paid")
    await press(till, till.get_by_role("button", name="Refused: €3.90"))
    await expect(till.locator("[data-pay-go]:focus-visible")).to_be_enabled()
    await till.keyboard.press("Enter")
    await expect(till.locator(".pay__settled:focus-visible")).to_contain_text("Being paid")
    await press(till, till.get_by_role("button", name="Paid: €3.90"))
    await expect(till.locator(".pay__settled:focus-visible")).to_contain_text("Paid")
