"""What a guest sees on the phone: from the square on the table to the receipt and beyond."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from playwright.async_api import Page, expect

from bench.screens.camera import Camera
from bench.screens.kitchen import count_down, sell_out
from client.rest import RestClient
from gateways.sandbox import FILE_NAME

_TABLE, _SECOND_TABLE = 5, 8  # nobody of the lunch sits there
_LONG_NOTE = "Bitte alles vierteln und die Soße daneben, بدون بصل من فضلك, " * 3


async def show_empty(camera: Camera) -> None:
    """Before anything is ordered, and what the phone says to what it cannot do."""
    phone = await camera.open("phone", camera.cafe.find_table_link(_TABLE))
    await camera.take(phone, "guest-welcome")
    await phone.get_by_role("button", name="See the menu").tap()
    await phone.wait_for_url("**/menu")
    await camera.look(phone, "guest-menu-empty")
    await phone.get_by_label("Search the menu").fill("nothing like it")
    await expect(phone.get_by_text("Nothing on the menu is like that.")).to_be_visible()
    await camera.look(phone, "guest-search-finds-nothing")
    await phone.goto(f"{camera.server.url}/cart")
    await camera.take(phone, "guest-cart-empty")
    await phone.goto(f"{camera.server.url}/orders")
    await camera.look(phone, "guest-nothing-ordered")
    await _show_fault(camera, phone)
    await camera.leave(phone)
    stranger = await camera.open("phone")
    camera.expect(stranger, "404", "401")
    for path, name in (("/t/unknown-unknown", "guest-unknown-table"), ("/menu", "guest-no-table")):
        await stranger.goto(f"{camera.server.url}{path}")
        await camera.look(stranger, name)
    await camera.leave(stranger)


async def show_way(camera: Camera) -> None:
    """From the menu to what becomes of the order; what is made meanwhile is made over REST."""
    phone = await camera.cafe.sit_down(_TABLE)
    await _choose(phone, "Flat white", "Oat", "Extra shot", quantity=2, note="Extra hot, please")
    await _choose(phone, "Shakshuka with goat's curd", "No coriander")
    await _choose(phone, "Pastel de nata")
    await phone.evaluate("scrollTo(0, 0)")
    await camera.take(phone, "guest-menu", "dark")
    await phone.get_by_role("link", name="Flat white", exact=True).tap()
    await phone.wait_for_url("**/menu/*")
    await camera.take(phone, "guest-item")
    await phone.goto(f"{camera.server.url}/cart")
    allergy = phone.get_by_label("An allergy the kitchen must know")
    await allergy.fill("Tree nuts")
    await allergy.blur()
    await camera.take(phone, "guest-cart")
    await _show_short(camera, phone)
    await _send(phone)
    cook = await camera.cafe.speak_as("kitchen")
    for ticket in (await cook.list_tickets()).tickets:
        verb = {"Bar": "ready", "Kitchen": "start"}.get(ticket.station_name)
        if ticket.table_number == _TABLE and verb is not None:
            await cook.move_ticket(ticket.ticket_id, verb)
    await expect(phone.locator('.progress-line[data-state="started"]')).to_be_visible()
    await camera.take(phone, "guest-progress", "dark")
    await phone.get_by_role("button", name="Call somebody").tap()
    await expect(phone.get_by_text("Your call is with the staff.")).to_be_visible()
    await camera.look(phone, "guest-call")
    await phone.get_by_role("button", name="Never mind").tap()
    await phone.locator(".progress__money a").tap()
    await phone.wait_for_url("**/pay")
    await camera.take(phone, "guest-pay")
    await _show_payment(camera, phone)
    await _show_rating(camera, phone, cook)
    await camera.leave(phone)
    await _show_sold_out(camera)


async def show_crowd(camera: Camera) -> None:
    """Long and right-to-left names, in English and in German, whose words are longest."""
    phone = await camera.open("phone", camera.cafe.find_table_link(_SECOND_TABLE))
    await phone.get_by_role("button", name="Deutsch").tap()
    await expect(phone.locator("html")).to_have_attribute("lang", "de")
    await phone.locator('form[action^="/t/"] button').tap()
    await phone.wait_for_url("**/menu")
    await phone.locator(".menu-item", has_text="Slow-cooked").scroll_into_view_if_needed()
    await camera.take(phone, "guest-menu-crowd")
    for name in ("Slow-cooked", "شكشوكة"):
        await phone.get_by_role("link", name=re.compile(f"^{name}")).first.tap()
        await phone.wait_for_url("**/menu/*")
        await camera.look(phone, "guest-item-long" if name == "Slow-cooked" else "guest-item-rtl")
        for group in await phone.locator("fieldset:has(input[type=radio]:not(:checked))").all():
            if not await group.locator("input:checked").count():
                await group.locator("label.option").first.tap()
        await phone.locator("textarea[name=note]").fill(_LONG_NOTE[:200])
        await phone.locator("footer button[type=submit]").tap()
        await phone.wait_for_url("**/menu")
    await phone.goto(f"{camera.server.url}/cart")
    await phone.locator("#allergy").fill("حساسية شديدة من المكسرات والسمسم")
    await phone.locator("#allergy").blur()
    await camera.take(phone, "guest-cart-crowd", "zoomed")
    await _send(phone)
    await expect(phone.locator(".progress-line").first).to_be_visible()
    await camera.take(phone, "guest-progress-crowd")
    await phone.locator(".progress__money a").tap()
    await phone.wait_for_url("**/pay")
    await camera.look(phone, "guest-pay-crowd")
    await camera.leave(phone)


async def _show_fault(camera: Camera, phone: Page) -> None:
    """A choice is missing. A browser would not send it: the server's own answer is looked at."""
    camera.expect(phone, "422")
    await phone.goto(f"{camera.server.url}/menu")
    await phone.get_by_role("link", name="Eggs on toast", exact=True).tap()
    await phone.wait_for_url("**/menu/*")
    await phone.locator("[data-item-form]").evaluate("form => { form.noValidate = true; }")
    await phone.get_by_role("button", name="Add to order").tap()
    await expect(phone.locator(".error-summary")).to_be_visible()
    await camera.take(phone, "guest-item-fault")


async def _show_short(camera: Camera, phone: Page) -> None:
    """Fewer are left than the cart asks for: the line says so, and the guest alone."""
    await count_down(camera, "Flat white", 1)
    line = phone.locator(".cart-line", has_text="Flat white")
    await expect(line).to_contain_text("Only 1 is left.")
    await camera.take(phone, "guest-cart-short")
    await count_down(camera, "Flat white", None)
    await expect(line).not_to_contain_text("Only 1 is left.")


async def _show_payment(camera: Camera, phone: Page) -> None:
    """The card is refused, then nobody answers, then all is paid."""
    await phone.locator("label.option").filter(has_text="is refused").tap()
    await phone.get_by_role("button", name=re.compile("^Pay")).first.tap()
    await expect(phone.locator(".notice").filter(has_text="The card was refused.")).to_be_visible()
    await camera.take(phone, "guest-pay-refused")
    with _lose_answers(camera):
        await phone.locator("label.option").filter(has_text="is accepted").tap()
        await phone.get_by_role("button", name=re.compile("^Pay")).first.tap()
        await expect(phone.locator(".guest-pay__word")).to_contain_text("We are checking")
        await camera.take(phone, "guest-pay-checking")
    await expect(phone.locator(".guest-pay__word")).to_contain_text("Paid")
    await camera.take(phone, "guest-paid")


@contextmanager
def _lose_answers(camera: Camera) -> Iterator[None]:
    """Keep the provider from its books: what it is asked meanwhile has no answer."""
    with closing(sqlite3.connect(camera.server.data_dir / FILE_NAME, timeout=30)) as books:
        books.execute("BEGIN EXCLUSIVE")
        yield


async def _show_rating(camera: Camera, phone: Page, cook: RestClient) -> None:
    """All is made and served: the phone asks how it was; then the table is freed."""
    tickets = [t for t in (await cook.list_tickets()).tickets if t.table_number == _TABLE]
    for ticket in tickets:
        await cook.move_ticket(ticket.ticket_id, "ready")
    manager = await camera.cafe.speak_as("manager")
    orders = (await manager.list_orders()).orders
    order = next(each for each in orders if each.table_number == _TABLE)
    for item in order.items:
        await manager.serve_item(item.item_id)
    await phone.goto(f"{camera.server.url}/orders")
    await phone.locator(".rating__star").nth(3).tap()
    await phone.locator(".rating").scroll_into_view_if_needed()
    await camera.take(phone, "guest-rating")


async def _show_sold_out(camera: Camera) -> None:
    """What is sold out offers what else there is."""
    phone = await camera.cafe.sit_down(_SECOND_TABLE)
    await sell_out(camera, "Flat white")
    await phone.reload()
    await camera.look(phone, "guest-menu-sold-out")
    await phone.get_by_role("link", name="Flat white", exact=True).tap()
    await phone.wait_for_url("**/menu/*")
    await camera.take(phone, "guest-item-sold-out")
    await camera.leave(phone)


async def _choose(phone: Page, dish: str, *options: str, quantity: int = 1, note: str = "") -> None:
    """Put a dish into the cart and come back to the menu."""
    await phone.get_by_role("link", name=dish, exact=True).tap()
    await phone.wait_for_url("**/menu/*")
    for option in options:
        await phone.locator("label.option").filter(has_text=option).tap()
    await phone.locator("input[name=quantity]").fill(str(quantity))
    await phone.locator("textarea[name=note]").fill(note)
    await phone.get_by_role("button", name="Add to order").tap()
    await phone.wait_for_url("**/menu")


async def _send(phone: Page) -> None:
    await phone.locator("[data-send-order] button[type=submit]").tap()
    await phone.wait_for_url("**/orders")
