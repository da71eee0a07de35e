"""A guest pays on the phone: their own lines, a refused card, a lost answer, without scripts."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from domain.commands import PlaceOrder
from domain.views.money import PaymentsView
from tests.browser.test_accessibility import tab_to
from tests.support.browser import find_violations
from tests.support.demo_cafe import DemoCafe, ServeDemo, draft_line


@pytest.fixture
def cafe(serve_demo: ServeDemo) -> DemoCafe:
    """Serve the demo; its guests pay by the sandbox."""
    return serve_demo()


async def order_cake(cafe: DemoCafe, table: int, **options: object) -> Page:
    """Sit down, order a carrot cake at 4.40, and look how far it is."""
    phone = await cafe.sit_down(table, **options)
    await phone.get_by_role("button", name="Add Carrot cake").tap()
    await phone.get_by_role("link", name="See your order").tap()
    await phone.locator("#send button[type=submit]").tap()
    await phone.wait_for_url("**/orders")
    return phone


async def add_for_table(cafe: DemoCafe, table: int) -> None:
    """Let the till add a mocha at 3.90 to what the table has ordered."""
    counter = await cafe.speak_as("manager")
    menu = await counter.read_menu()
    await counter.place_order(PlaceOrder(lines=[draft_line(menu, "Mocha")], table_number=table))


async def go_to_pay(phone: Page) -> str:
    """Open the page that pays; return the order's id."""
    await phone.get_by_role("link", name="Pay", exact=False).tap()
    await phone.wait_for_url("**/pay")
    return phone.url.split("/")[-2]


async def choose_card(phone: Page, word: str) -> None:
    await phone.locator("label.option").filter(has_text=word).tap()


async def read_payments(cafe: DemoCafe, order_id: str) -> PaymentsView:
    counter = await cafe.speak_as("manager")
    return await counter.call("GET", f"/orders/{order_id}/payments", PaymentsView)


def notice_of(phone: Page, words: str) -> Locator:
    """Find a notice; what screen readers are told says the same."""
    return phone.locator(".notice").filter(has_text=words)


def word_of(phone: Page) -> Locator:
    return phone.locator(".guest-pay__word")


async def test_a_guest_pays_their_own_and_the_till_follows(cafe):
    """Without a reload on either; the rest stays for the others, and the receipt says both."""
    phone = await order_cake(cafe, 5)
    await add_for_table(cafe, 5)
    await expect(phone.locator(".progress__money")).to_contain_text("€8.30")
    order_id = await go_to_pay(phone)
    till = await cafe.open_display("tablet", "counter", f"/counter/orders/{order_id}/pay")
    for page in (phone, till):
        await expect(page.locator("body[data-connection=live]")).to_have_count(1)
        assert [] == await find_violations(page)
    await till.evaluate("globalThis.isSameDocument = true")
    await phone.get_by_role("button", name="Pay my own").tap()

    await expect(notice_of(phone, "You paid €4.40.")).to_be_visible()
    await expect(word_of(phone)).to_contain_text("€3.90")
    await expect(phone.locator(".receipt__paid")).to_contain_text("you")
    assert [] == await find_violations(phone)
    await expect(till.locator(".leg")).to_contain_text("Test card, by phone")
    await expect(till.locator(".leg__state")).to_contain_text("paid")
    await expect(till.locator("[data-pay-go]")).to_contain_text("€3.90")
    await till.locator("[data-pay-go]").tap()
    await expect(word_of(phone)).to_contain_text("Paid")
    await phone.get_by_role("link", name="Back to your order").tap()
    await expect(phone.locator(".progress__money")).to_contain_text("What was paid")
    assert await till.evaluate("globalThis.isSameDocument === true")


async def test_a_refused_card_is_said_and_another_one_pays(cafe):
    """Nothing was taken, in words; the next try is a payment of its own."""
    phone = await order_cake(cafe, 3)
    order_id = await go_to_pay(phone)
    await choose_card(phone, "is refused")
    await phone.get_by_role("button", name="Pay", exact=False).tap()
    await expect(notice_of(phone, "The card was refused.")).to_be_visible()
    await expect(notice_of(phone, "Nothing was taken.")).to_be_visible()
    assert [] == await find_violations(phone)
    await choose_card(phone, "is accepted")
    await phone.get_by_role("button", name="Pay", exact=False).tap()

    await expect(word_of(phone)).to_contain_text("Paid")
    legs = (await read_payments(cafe, order_id)).payment.legs
    assert ["failed", "captured"] == [leg.status for leg in legs]


async def test_an_answer_that_got_lost_is_waited_for(cafe):
    """The page says not to pay again, and then that it is paid: once."""
    phone = await order_cake(cafe, 4)
    order_id = await go_to_pay(phone)
    await choose_card(phone, "its answer gets lost")
    await phone.get_by_role("button", name="Pay", exact=False).tap()
    await expect(word_of(phone)).to_contain_text("We are checking")
    await expect(notice_of(phone, "Please do not pay again.")).to_be_visible()
    await expect(phone.get_by_role("button", name="Pay", exact=False)).to_have_count(0)
    assert [] == await find_violations(phone)

    await expect(word_of(phone)).to_contain_text("Paid")
    assert ["captured"] == [
        leg.status for leg in (await read_payments(cafe, order_id)).payment.legs
    ]


async def test_a_form_from_another_tab_pays_once(cafe, browser_faults):
    """Sent twice it is one payment; with another amount it is refused in words."""
    browser_faults.expect("409")
    phone = await order_cake(cafe, 6)
    await add_for_table(cafe, 6)
    order_id = await go_to_pay(phone)
    other = await phone.context.new_page()
    third = await phone.context.new_page()
    for page in (other, third):
        browser_faults.watch(page)
        # The pages stay as they were before the payment.
        await page.route("**/ws/**", lambda route: route.abort())
        browser_faults.expect("/ws/")
        browser_faults.expect("ERR_FAILED")
        await page.goto(phone.url)
    await phone.get_by_role("button", name="Pay my own").tap()
    await expect(notice_of(phone, "You paid €4.40.")).to_be_visible()
    await other.get_by_role("button", name="Pay my own").tap()
    await expect(notice_of(other, "You paid €4.40.")).to_be_visible()
    await third.get_by_role("button", name="Pay for everybody").tap()
    await expect(third.get_by_role("alert")).to_contain_text("You have begun to pay already")

    assert [440] == [leg.amount_minor for leg in (await read_payments(cafe, order_id)).payment.legs]


async def test_a_phone_without_scripts_pays_by_a_form(cafe):
    """The page asks again by itself until the answer is there."""
    phone = await order_cake(cafe, 2, java_script_enabled=False)
    order_id = await go_to_pay(phone)
    await choose_card(phone, "takes some seconds")
    await phone.get_by_role("button", name=re.compile("^Pay")).tap()
    await expect(word_of(phone)).to_contain_text("One moment")

    await expect(word_of(phone)).to_contain_text("Paid")
    assert ["captured"] == [
        leg.status for leg in (await read_payments(cafe, order_id)).payment.legs
    ]


async def test_a_guest_pays_by_keys(cafe):
    """The card and the key by Tab, arrows and Enter."""
    phone = await order_cake(cafe, 8)
    await tab_to(phone, phone.get_by_role("link", name="Pay", exact=False))
    await phone.keyboard.press("Enter")
    await phone.wait_for_url("**/pay")
    await tab_to(phone, phone.get_by_role("radio").first)
    await phone.keyboard.press("ArrowDown")
    await tab_to(phone, phone.get_by_role("button", name="Pay", exact=False))
    await phone.keyboard.press("Enter")

    await expect(notice_of(phone, "The card was refused.")).to_be_visible()
