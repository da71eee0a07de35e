"""A guest's phone without scripts: menu, choices, cart, sending, progress, taking back."""

import pytest
from playwright.async_api import Page, expect

from tests.support.demo_cafe import DemoCafe, ServeDemo, draft_line, number_of


@pytest.fixture
def cafe(serve_demo: ServeDemo) -> DemoCafe:
    """Serve the demo."""
    return serve_demo()


async def sit_down(cafe: DemoCafe) -> Page:
    return await cafe.sit_down(2, java_script_enabled=False)


async def test_a_guest_orders_by_plain_forms_and_sees_it_get_ready(cafe):
    """From the table's link to "Ready": the page of the order asks again by itself."""
    phone = await sit_down(cafe)

    await phone.get_by_role("link", name="Cortado", exact=True).tap()
    await phone.locator("label.option").filter(has_text="Soya").tap()
    await phone.get_by_label("A note for us").fill("Not too hot")
    await phone.get_by_role("spinbutton", name="How many Cortado").fill("2")
    await phone.get_by_role("button", name="Add to order").tap()
    await phone.get_by_role("link", name="See your order").tap()
    line = phone.locator(".cart-line").filter(has_text="Cortado")
    await expect(line).to_contain_text("Soya")
    await expect(line).to_contain_text("Not too hot")
    # What runs out meanwhile is replaced by a plain form as well.
    manager = await cafe.speak_as("manager")
    soya = draft_line(await manager.read_menu(), "Cortado", "Soya").modifiers[0].modifier_id
    await manager.command("/menu/availability", dict, {"modifierId": soya, "isSoldOut": True})
    await phone.reload()
    await expect(line).to_contain_text("Soya just ran out.")
    await line.locator("button.substitutes__dish").first.tap()
    await expect(line.locator(".notice")).to_have_count(0)
    await expect(line).to_contain_text("Not too hot")
    await expect(phone.locator("[data-estimate-before]")).to_be_hidden()

    await line.get_by_role("button", name="One more Cortado").tap()
    await expect(line.locator("output")).to_have_text("3")
    await phone.get_by_label("An allergy the kitchen must know").fill("Sesame")
    await phone.get_by_role("button", name="Send to the kitchen").tap()
    await phone.wait_for_url("**/orders")
    await expect(phone.locator(".progress-line")).to_contain_text("3 Cortado")
    await expect(phone.locator(".progress-line")).to_contain_text("Waiting")
    await expect(phone.get_by_text("Allergy: Sesame")).to_be_visible()

    cook = await cafe.speak_as("kitchen")
    (ticket,) = (await cook.list_tickets()).tickets
    assert ("Sesame", 3) == (ticket.allergy, ticket.items[0].quantity)
    await cook.move_ticket(ticket.ticket_id, "ready")
    await expect(phone.locator(".progress__when")).to_have_text("Ready")


async def test_a_quick_dish_goes_into_the_cart_and_out_again(cafe):
    """The plus key adds without leaving the menu; the cart's keys take it out."""
    phone = await sit_down(cafe)
    await phone.get_by_role("button", name="Add Carrot cake").tap()
    await expect(
        phone.get_by_role("button", name="1 in your order, add another Carrot cake")
    ).to_be_visible()
    await phone.get_by_role("link", name="See your order").tap()
    await phone.get_by_role("button", name="Remove Carrot cake").tap()

    await expect(phone.get_by_text("Nothing chosen yet")).to_be_visible()


async def test_a_round_is_taken_back_within_the_grace_time(cafe):
    """ "Take it back" is a form as well; the kitchen is told."""
    phone = await sit_down(cafe)
    await phone.get_by_role("button", name="Add Carrot cake").tap()
    await phone.get_by_role("link", name="See your order").tap()
    await phone.get_by_role("button", name="Send to the kitchen").tap()
    await phone.wait_for_url("**/orders")
    number = number_of(await phone.get_by_role("heading", level=2).inner_text())
    await phone.get_by_role("button", name="Take it back").tap()

    await expect(phone.locator(".progress-line")).to_contain_text("Taken off")
    await expect(phone.get_by_role("heading", level=2)).to_have_text(f"Order {number}")
    await expect(phone.locator(".progress__when")).to_have_text("Cancelled")


async def test_the_menu_is_filtered_by_a_form(cafe):
    """Diets, allergens and words go into the address; the phone keeps them but for the words."""
    phone = await sit_down(cafe)
    cortado = phone.get_by_role("link", name="Cortado", exact=True)
    espresso = phone.get_by_role("link", name="Espresso", exact=True)
    await phone.locator("summary").filter(has_text="Without").tap()
    await phone.locator("label.chip").filter(has_text="Nuts").tap()
    await phone.locator("label.chip").filter(has_text="Vegan").tap()
    await phone.get_by_label("Search the menu").fill("esp")
    await phone.get_by_role("button", name="Show", exact=True).tap()

    await phone.wait_for_url("**/menu?*diet=vegan*without=nuts*")
    await expect(cortado).to_be_hidden()
    await expect(espresso).to_be_visible()
    await expect(phone.locator("[data-found]")).to_contain_text("1 of ")

    await espresso.tap()
    await phone.wait_for_url("**/menu/*")
    await phone.goto(f"{cafe.server.url}/menu")
    await expect(phone.get_by_label("Search the menu")).to_have_value("")
    await expect(phone.locator("label.chip").filter(has_text="Vegan")).to_be_visible()
    await expect(espresso).to_be_visible()
    await expect(cortado).to_be_hidden()
    await phone.get_by_role("link", name="Show all").tap()
    await expect(cortado).to_be_visible()
