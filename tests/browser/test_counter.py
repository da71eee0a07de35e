"""The till: taking an order with choices, what can go wrong with it, and changing what was sent."""

import re
import sqlite3

import pytest
from playwright.async_api import Locator, Page, expect

from domain.commands import PlaceOrder
from domain.views.kitchen import TicketsView
from domain.views.orders import OrderView
from tests.browser.test_accessibility import press
from tests.support.browser import find_violations, save_screenshot
from tests.support.demo_cafe import DemoCafe, ServeDemo, draft_line


@pytest.fixture
def cafe(serve_demo: ServeDemo) -> DemoCafe:
    """Serve the demo."""
    return serve_demo()


def change_rows(cafe: DemoCafe, *statements: str) -> None:
    """Change what no page or command changes yet: prices, and the cafe's rules."""
    connection = sqlite3.connect(cafe.server.data_dir / "tabletap.db", timeout=30)
    with connection:
        for statement in statements:
            assert connection.execute(statement).rowcount == 1
    connection.close()


async def add(till: Page, dish: str) -> Locator:
    """Tap a dish's key and return its line of the draft."""
    await till.get_by_label("Search the menu").fill(dish)
    await till.locator(f'[data-product][data-name="{dish}"]').tap()
    line = till.locator("[data-draft-line]").filter(has_text=dish)
    await expect(line).to_be_visible()
    return line


def find_card(till: Page, number: int | str) -> Locator:
    return till.locator(".order-card").filter(
        has=till.get_by_text(re.compile(rf"^Order {number}$"), exact=True)
    )


async def give_reason(till: Page, reason: str) -> None:
    """Answer the till's question with one of its keys."""
    await till.get_by_role("dialog").get_by_role("button", name=reason).tap()


async def place_order(cafe: DemoCafe, *dishes: str) -> OrderView:
    counter = await cafe.speak_as("manager")
    menu = await counter.read_menu()
    return await counter.place_order(PlaceOrder(lines=[draft_line(menu, dish) for dish in dishes]))


def send_key(till: Page) -> Locator:
    return till.get_by_role("button", name=re.compile("^Send"))


async def test_an_order_with_choices_goes_out(cafe):
    """Choices, a note, an allergy and a table arrive in the kitchen; the draft is empty again."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    line = await add(till, "Flat white")
    await line.locator('[data-draft="edit"]').tap()
    await line.locator("label.option").filter(has_text="Oat").tap()
    await line.get_by_label("Note for the kitchen").fill("Two sugars")
    await line.get_by_role("button", name="One more").tap()
    await line.get_by_role("button", name="Done").tap()
    await till.get_by_label("Allergy").fill("Peanuts")
    await till.locator("[data-draft-table]").select_option("5")
    await expect(send_key(till)).to_contain_text("€7.80")
    await send_key(till).tap()

    await expect(till.get_by_text("1 sent to the kitchen")).to_be_visible()
    await expect(find_card(till, 1)).to_contain_text("Window 5")
    await expect(till.locator("[data-draft-line]")).to_have_count(0)
    (ticket,) = (await (await cafe.speak_as("kitchen")).list_tickets()).tickets
    (item,) = ticket.items
    assert ("Peanuts", 5, 2) == (ticket.allergy, ticket.table_number, item.quantity)
    assert "OAT" in {modifier.kitchen_name for modifier in item.modifiers}
    assert "Two sugars" == item.note


async def test_a_dish_that_needs_a_choice_asks_for_it(cafe):
    """Its line opens by itself, and nothing can be sent before it is answered."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    line = await add(till, "Eggs on toast")
    await expect(line.locator("label.option").filter(has_text="Poached")).to_be_visible()
    await expect(till.locator("[data-draft-message]")).not_to_be_empty()
    await expect(send_key(till)).to_be_disabled()
    await line.locator("label.option").filter(has_text="Poached").tap()

    await expect(send_key(till)).to_be_enabled()
    await expect(till.locator("[data-draft-message]")).to_be_empty()


async def test_a_dish_that_sells_out_in_the_draft_is_refused_in_words(cafe):
    """Its key goes out at once, its line offers others; the order can be sent with one of them."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    await add(till, "Mocha")
    cortado = await add(till, "Cortado")
    await cortado.get_by_role("button", name="Soya").tap()
    await expect(send_key(till)).to_be_enabled()
    manager = await cafe.speak_as("manager")
    mocha = draft_line(await manager.read_menu(), "Mocha").menu_item_id
    soya = draft_line(await manager.read_menu(), "Cortado", "Soya").modifiers[0].modifier_id
    for thing in ({"menuItemId": mocha}, {"modifierId": soya}):
        await manager.command("/menu/availability", dict, {**thing, "isSoldOut": True})

    key = till.locator('[data-product][data-name="Mocha"]')
    await expect(key).to_contain_text("sold out")
    await expect(key).to_be_disabled()
    await expect(till.locator("[data-draft-message]")).to_contain_text("Mocha")
    await expect(send_key(till)).to_be_disabled()
    line = till.locator("[data-draft-line]").filter(has_text="Mocha")
    await expect(line).to_have_attribute("data-sold-out", "")
    cortado = till.locator("[data-draft-line]").filter(has_text="Cortado")
    await expect(cortado).to_contain_text("Soya sold out: choose another")
    assert await find_violations(till) == []
    await save_screenshot(till, "till-sold-out")
    await line.get_by_role("button", name="Instead").first.tap()
    await expect(line).to_have_count(0)
    await expect(till.locator("[data-draft-line]")).to_have_count(2)
    await cortado.locator('[data-draft="edit"]').tap()
    await expect(cortado.get_by_role("radio", name="Soya")).to_be_disabled()
    await cortado.locator("label.option").filter(has_text="Oat").tap()
    await expect(cortado).not_to_have_attribute("data-sold-out", "")
    await send_key(till).tap()
    await expect(find_card(till, 1)).to_contain_text("0 of 2 made")


async def test_a_changed_price_is_shown_before_it_is_asked_for(cafe):
    """The old total is not taken; the new one stands on the key and is."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    await add(till, "Cortado")
    # Quoted by the server: an estimate would say that it is one.
    await expect(send_key(till)).to_have_text(re.compile(r"^Send\s*€2.60$"))
    change_rows(
        cafe,
        "UPDATE menu_item SET price_minor = 290 WHERE name = 'Cortado'",
        "UPDATE cafe SET menu_version = menu_version + 1",
    )
    await send_key(till).tap()

    await expect(send_key(till)).to_contain_text("€2.90")
    await expect(till.locator(".order-card")).to_have_count(0)
    await send_key(till).tap()
    await expect(find_card(till, 1)).to_contain_text("€2.90")


async def test_a_line_is_voided_for_a_reason(cafe):
    """What waits may go by the counter; the kitchen and the sum follow."""
    order = await place_order(cafe, "Cortado", "Mocha")
    till = await cafe.open_display("tablet", "counter", "/counter")
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    card = find_card(till, order.order_number)
    await card.locator("summary").tap()
    await card.get_by_role("button", name="Void 1 Mocha").tap()
    await till.get_by_role("button", name="Keep it").tap()
    await expect(card.get_by_role("button", name="Void 1 Mocha")).to_be_visible()
    await card.get_by_role("button", name="Void 1 Mocha").tap()
    await give_reason(till, "Entered by mistake")

    await expect(card).to_contain_text("0 of 1 made")
    await expect(card).to_contain_text("€2.60")
    await expect(card.locator(".order-line").filter(has_text="Mocha")).to_contain_text("void")
    await expect(wall.get_by_text("VOID Entered by mistake")).to_be_visible()
    await wall.get_by_role("button", name="Seen, stop it").tap()
    await expect(wall.get_by_role("button", name="Seen, stop it")).to_have_count(0)


async def test_what_was_begun_is_voided_by_a_manager_alone(cafe):
    """The counter is told to ask one; a manager's own window takes it off at once."""
    order = await place_order(cafe, "Cortado", "Mocha")
    cook = await cafe.speak_as("kitchen")
    mocha = next(item for item in order.rounds[0].items if item.name == "Mocha")
    await cook.command(f"/items/{mocha.item_id}/start", TicketsView, {})
    for role in ("counter", "manager"):
        till = await cafe.open_display("tablet", role, "/counter")
        card = find_card(till, order.order_number)
        await card.locator("summary").tap()
        await card.get_by_role("button", name="Void 1 Mocha").tap()
        await give_reason(till, "Out of it")
        if role == "counter":
            await expect(till.get_by_text("A manager has to say")).to_be_visible()
        else:
            await expect(card.get_by_role("button", name="Void 1 Mocha")).to_have_count(0)


async def test_an_order_is_cancelled_for_a_reason(cafe):
    """It leaves the counter's list and every wall."""
    order = await place_order(cafe, "Cortado", "Tosta mista")
    till = await cafe.open_display("tablet", "counter", "/counter")
    card = find_card(till, order.order_number)
    await card.locator("summary").tap()
    await card.get_by_role("button", name="Cancel the order").tap()
    await give_reason(till, "Guest changed their mind")

    await expect(card).to_have_count(0)
    await expect(till.get_by_text("No open orders.")).to_be_visible()
    now = await (await cafe.speak_as("manager")).read_order(order.order_id)
    assert "cancelled" == now.status


async def test_another_round_is_added_to_an_order(cafe):
    """From the order's card to its own page; the kitchen gets an add-on."""
    order = await place_order(cafe, "Cortado")
    till = await cafe.open_display("tablet", "counter", "/counter")
    card = find_card(till, order.order_number)
    await card.locator("summary").tap()
    await card.get_by_role("link", name="Add to this order").tap()
    await till.wait_for_url(f"**/counter?order={order.order_id}")
    await add(till, "Espresso")
    await send_key(till).tap()

    await till.wait_for_url("**/counter")
    await expect(find_card(till, order.order_number)).to_contain_text("2 rounds")


async def test_first_orders_wait_for_the_counter(cafe):
    """By keys alone: approved they go to the kitchen, rejected the guest reads why."""
    change_rows(cafe, "UPDATE cafe SET approve_first_order = 1")
    till = await cafe.open_display("tablet", "counter", "/counter")
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/cold")
    phones = []
    for table in (1, 2):
        phone = await cafe.sit_down(table)
        await phone.get_by_role("button", name="Add Carrot cake").tap()
        await phone.get_by_role("link", name="See your order").tap()
        await phone.locator("[data-send-order] button[type=submit]").tap()
        await expect(phone.get_by_text("is with the counter")).to_be_visible()
        phones.append(phone)
    await expect(find_card(till, 2)).to_contain_text("to approve")
    await expect(wall.locator("order-ticket")).to_have_count(0)

    await press(till, find_card(till, 1).get_by_role("button", name="Approve"))
    await expect(wall.locator("order-ticket")).to_contain_text("Carrot cake")
    # What the queue says of it may stand above by now.
    told = phones[0].locator(".progress__what")
    await expect(told).to_contain_text("will be ready in about")
    await expect(find_card(till, 1).locator("summary:focus-visible")).to_have_count(1)
    await press(till, find_card(till, 2).get_by_role("button", name="Reject"))
    await press(till, till.get_by_role("dialog").get_by_role("button", name="Took too long"))
    await expect(find_card(till, 2)).to_have_count(0)
    await expect(find_card(till, 1).locator("summary:focus-visible")).to_have_count(1)
    await expect(phones[1].locator(".progress__when")).to_have_text("Not accepted")
    refusal = phones[1].locator(".notice").filter(has_text="not accepted")
    await expect(refusal).to_contain_text("Took too long")
    await expect(wall.locator("order-ticket")).to_have_count(1)


async def test_a_line_names_what_differs_from_the_usual(cafe):
    """The usual milk and size go without saying; another milk, an extra and a note do not."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    line = await add(till, "Flat white")
    more = line.locator('[data-field="modifiers"]')
    await expect(more).to_be_empty()
    await line.locator('[data-draft="edit"]').tap()
    for choice in ("Soya", "Extra shot"):
        await line.locator("label.option").filter(has_text=choice).tap()
    await line.get_by_label("Note for the kitchen").fill("Two sugars")
    await line.get_by_label("Note for the kitchen").blur()
    await expect(more).to_have_text("Soya, Extra shot, “Two sugars”")


async def test_only_what_is_ready_is_shown(cafe):
    """The ready orders apart; what is ready of half an order goes out with one tap, and back."""
    await place_order(cafe, "Mocha")
    order = await place_order(cafe, "Cortado", "Tosta mista")
    cook = await cafe.speak_as("kitchen")
    await cook.move_item(order.items[0].item_id, "ready")
    till = await cafe.open_display("tablet", "counter", "/counter")
    await expect(till.locator("[data-count-marked=ready]")).to_have_text("1")
    await till.locator(".segmented__part").filter(has_text="Ready").tap()
    await expect(find_card(till, 1)).to_be_hidden()
    card = find_card(till, 2)
    await card.get_by_role("button", name="Hand over 1 of 2").tap()
    await expect(card).to_be_hidden()
    await till.get_by_role("button", name="Undo").tap()
    await card.get_by_role("button", name="Hand over 1 of 2").tap()
    await expect(card).to_be_hidden()
    await expect(till.get_by_text("Nothing waits to be handed over.")).to_be_visible()
    await till.locator(".segmented__part").filter(has_text="Open").tap()
    await expect(card).to_be_visible()


async def count_taps(till: Page) -> None:
    """Begin to count what fingers do on a page, in `globalThis.taps`."""
    await till.evaluate(
        "globalThis.taps = 0; addEventListener('pointerup', () => { globalThis.taps += 1; }, true)"
    )


async def test_two_flat_whites_one_oat_take_four_taps(cafe):
    """Twice the dish, the option under it, send; with another option taken back, and by keys."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    await count_taps(till)
    lines, key = till.locator("[data-draft-line]"), till.locator('[data-name="Flat white"]')
    await key.tap()
    await key.tap()
    oat = lines.get_by_role("button", name=re.compile("^Oat"))
    await oat.tap()
    await expect(lines).to_have_count(2)
    await expect(lines.nth(1).locator('[data-field="modifiers"]')).to_have_text("Oat")
    await expect(oat).to_have_attribute("aria-pressed", "true")
    await expect(oat).to_be_focused()
    assert await find_violations(till) == []
    await save_screenshot(till, "till-shortcuts")
    await expect(send_key(till)).to_be_enabled()
    await send_key(till).tap()
    await expect(find_card(till, 1)).to_contain_text("0 of 2 made")
    assert 4 == await till.evaluate("globalThis.taps")
    (ticket,) = (await (await cafe.speak_as("kitchen")).list_tickets()).tickets
    asked = [[modifier.kitchen_name for modifier in item.modifiers] for item in ticket.items]
    assert [[], ["OAT"]] == asked

    await till.get_by_label("Search the menu").focus()
    await till.keyboard.type("fw")
    await till.keyboard.press("Enter")
    await till.keyboard.press("Enter")
    await till.keyboard.press("ArrowDown")
    await till.keyboard.press("Space")
    await expect(lines).to_have_count(2)
    await till.keyboard.press("Space")
    await expect(lines).to_have_count(1)
    await expect(lines).to_contain_text("2 ×")
    await expect(send_key(till)).to_be_enabled()
    await till.keyboard.press("Control+Enter")
    await expect(find_card(till, 2)).to_contain_text("0 of 2 made")


async def test_a_sale_is_called_by_a_name(cafe):
    """Cook, pass and counter read it, the board its letter; corrected, and in no message."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    frames: list[str] = []
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    wall.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))),
    )
    await wall.reload()
    expo = await cafe.open_display("kitchen", "manager", "/expo")
    board = await cafe.open_display("kitchen", "manager", "/board")
    await add(till, "Cortado")
    await till.get_by_label("Name to call out").fill("Ana")
    await till.locator("label.chip").filter(has_text="Initial on the board").tap()
    await till.locator("[data-draft-table]").select_option("5")
    await expect(till.get_by_label("Name to call out")).to_be_hidden()
    await till.locator("[data-draft-table]").select_option("")
    await save_screenshot(till, "till-name")
    assert await find_violations(till) == []
    await send_key(till).tap()

    shown = [wall.locator(".ticket__place"), expo.locator(".ticket__place"), find_card(till, 1)]
    for place in shown:
        await expect(place).to_contain_text("Ana")
    await expect(board.locator(".board-number")).to_have_text("1 A")
    await expect(till.get_by_label("Name to call out")).to_be_hidden()
    for name, page in (("wall", wall), ("expo", expo), ("board", board)):
        await save_screenshot(page, f"name-{name}")
    await find_card(till, 1).locator("summary").tap()
    await find_card(till, 1).get_by_role("link", name="Add to this order").tap()
    await expect(till.get_by_label("Name to call out")).to_have_value("Ana")
    await till.get_by_label("Name to call out").fill("Anna")
    await till.keyboard.press("Enter")
    for place in shown:
        await expect(place).to_contain_text("Anna")
    assert await find_violations(till) == []
    await till.get_by_label("Name to call out").fill("")
    await till.keyboard.press("Enter")
    for place in shown:
        await expect(place).not_to_contain_text("An")
    await expect(board.locator(".board-number")).to_have_text("1")
    assert frames
    assert not [frame for frame in frames if "Ana" in frame or "Anna" in frame]


async def test_a_usual_drink_takes_three_taps(cafe):
    """Two of it: how many, which, send; the next guest's same again is two, or a few keys."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    await count_taps(till)
    await till.locator('[data-next-quantity="2"]').tap()
    await till.locator('[data-product][data-name="Flat white"]').tap()
    await expect(send_key(till)).to_contain_text("€6.80")
    await send_key(till).tap()
    await expect(find_card(till, 1)).to_contain_text("0 of 2 made")
    assert 3 == await till.evaluate("globalThis.taps")

    await till.get_by_role("button", name="Same again").tap()
    await expect(till.locator("[data-draft-line]")).to_contain_text("2 ×")
    await expect(send_key(till)).to_be_enabled()
    await send_key(till).tap()
    await expect(find_card(till, 2)).to_contain_text("0 of 2 made")
    assert 5 == await till.evaluate("globalThis.taps")

    await till.evaluate("document.activeElement.blur()")
    await till.keyboard.press("3")
    await till.keyboard.press("/")
    await till.keyboard.type("fw")
    await till.keyboard.press("Enter")
    await expect(till.locator("[data-draft-line]")).to_contain_text("3 ×")
    await expect(till.locator("[data-draft-line]")).to_contain_text("Flat white")
    await till.get_by_role("button", name="Same again").press("Enter")
    await expect(till.locator("[data-draft-line]")).to_contain_text("4 ×")


async def test_a_dish_is_held_seen_and_fired(cafe):
    """One tap before Send; greyed beside the others, then alone; fired at wall and till."""
    till = await cafe.open_display("tablet", "counter", "/counter")
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/kitchen")
    expo = await cafe.open_display("kitchen", "manager", "/expo")
    await add(till, "Tosta mista")
    pancakes = await add(till, "Buttermilk pancakes")
    await pancakes.get_by_role("button", name="Hold").tap()
    await pancakes.get_by_role("button", name="15 min").tap()
    await till.get_by_label("Search the menu").fill("")
    assert await find_violations(till) == []
    await save_screenshot(till, "counter-hold")
    await send_key(till).tap()

    held_line = wall.locator('order-ticket .line[data-state="held"]')
    await expect(held_line).to_contain_text("Pancakes")
    await expect(held_line).to_contain_text("HELD")
    await expect(wall.locator("[data-all-day]")).to_have_text(re.compile("^1Tosta mista$"))
    assert await find_violations(wall) == []
    await wall.locator(".ticket__head").click()
    held = wall.locator("order-ticket[data-held]")
    await expect(held).to_contain_text("fires")
    await expect(wall.locator('[data-count="kitchen_ticket:open"]')).to_have_text("0")
    await expect(expo.locator("order-ticket")).to_contain_text("HELD")
    assert await find_violations(expo) == []
    await held.locator(".ticket__head").click()
    await wall.get_by_role("button", name="1 Pancakes", exact=True).click()
    fired = wall.locator('order-ticket[data-column="open"]:not([data-held])')
    await expect(fired).to_contain_text("FIRED")
    await expect(expo.locator("order-ticket")).to_contain_text("FIRED")

    card = find_card(till, 1)
    await card.locator("summary").tap()
    await card.get_by_role("button", name="Hold 1 Buttermilk pancakes").tap()
    await expect(held).to_contain_text("until fired")
    await card.get_by_role("button", name="Fire", exact=True).tap()
    await expect(fired).to_contain_text("FIRED")
