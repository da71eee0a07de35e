"""What people in front see: the till, how it takes money, the tables, the pass, the ready board."""

import re

from playwright.async_api import Page, expect

from bench.screens.camera import Camera
from bench.screens.kitchen import turn_sound_on

_PIN = "2846"


async def show_empty(camera: Camera) -> None:
    """Before the first guest."""
    till = await camera.cafe.open_display("tablet", "counter", "/counter")
    await camera.take(till, "counter-empty")
    await till.locator(".screen-faults summary").tap()
    await camera.take(till, "counter-screens")
    await till.goto(f"{camera.server.url}/tables")
    await camera.look(till, "tables-empty")
    expo = await camera.cafe.open_display("kitchen", "manager", "/expo")
    await camera.look(expo, "expo-empty")
    await expo.keyboard.press("s")
    await expect(expo.locator(".screen-faults details")).to_have_attribute("open", "")
    await camera.take(expo, "expo-screens")
    board = await camera.cafe.open_display("kitchen", "manager", "/board")
    await camera.take(board, "board-empty")
    await camera.leave(till, expo, board)


async def show_walls(camera: Camera) -> None:
    """The pass and the board in a rush, and the pass's own questions."""
    board = await camera.cafe.open_display("kitchen", "manager", "/board")
    await camera.take(board, "board")
    expo = await camera.cafe.open_display("kitchen", "manager", "/expo")
    await turn_sound_on(expo)
    await camera.take(expo, "expo")
    await expo.keyboard.press("?")
    await expect(expo.locator("dialog[open]")).to_be_visible()
    await camera.look(expo, "expo-keys")
    await camera.leave(board, expo)


async def show_till(camera: Camera) -> None:
    """A round is added, a line is taken off, money is taken in each way, tables are moved."""
    till = await camera.cafe.open_display("tablet", "counter", "/counter")
    card = till.locator(".order-card").filter(has_text="Window 6")
    order_id = await card.get_attribute("data-order-id")
    await _show_round(camera, till, f"{camera.server.url}/counter?order={order_id}")
    await _show_void(camera, till)
    await till.goto(f"{camera.server.url}/counter/orders/{order_id}/pay")
    await _show_payment(camera, till)
    tables = await camera.cafe.open_display("tablet", "counter", "/tables")
    await camera.take(tables, "tables")
    await tables.get_by_role("button", name="Move the guests").first.tap()
    await camera.take(tables, "tables-move")
    await camera.leave(till, tables)
    await _show_consent(camera)


async def show_crowd(camera: Camera) -> None:
    """Sixty orders, long names and notes, on each screen in front."""
    till = await camera.cafe.open_display("tablet", "counter", "/counter")
    for name in ("Slow-cooked free-range", "Vollkornbauern", "شكشوكة", "תפוחי"):
        await till.get_by_label("Search the menu").fill(name)
        await till.locator("[data-product]:visible").first.tap()
    await till.get_by_label("Search the menu").fill("")
    line = till.locator("[data-draft-line]").first
    await line.locator('[data-draft="edit"]').tap()
    await line.locator("label.option").filter(has_text="Poached").tap()
    await line.get_by_label("Note for the kitchen").fill("بدون بصل من فضلك " * 9)
    await till.locator('[data-draft="send"]:enabled').wait_for()
    await till.locator(".order-card summary").first.tap()
    await camera.take(till, "counter-crowd", "zoomed")
    for path, name in (("/tables", "tables-crowd"), ("/counter", "counter-crowd-open")):
        await till.goto(f"{camera.server.url}{path}")
        await camera.look(till, name)
    expo = await camera.cafe.open_display("kitchen", "manager", "/expo")
    await turn_sound_on(expo)
    await camera.take(expo, "expo-crowd")
    board = await camera.cafe.open_display("kitchen", "manager", "/board")
    await camera.take(board, "board-crowd")
    await camera.leave(till, expo, board)


async def _show_round(camera: Camera, till: Page, url: str) -> None:
    await till.goto(url)
    for quantity, name in (("2", "Flat white"), ("1", "Cortado")):
        await till.locator(f'[data-next-quantity="{quantity}"]').tap()
        await till.locator(f'[data-product][data-name="{name}"]').tap()
    line = till.locator("[data-draft-line]").first
    await line.locator('[data-draft="edit"]').tap()
    await line.locator("label.option").filter(has_text="Oat").tap()
    await till.locator('[data-draft="send"]:enabled').wait_for()
    await camera.take(till, "counter")
    await till.get_by_label("Search the menu").fill("nothing like it")
    await camera.look(till, "counter-search-finds-nothing")
    await till.get_by_label("Search the menu").fill("")


async def _show_void(camera: Camera, till: Page) -> None:
    """What is ready alone, an order opened, and the question why a line is taken off."""
    await till.goto(f"{camera.server.url}/counter")
    await till.locator(".segmented__part").filter(has_text="Ready").tap()
    await camera.look(till, "counter-ready")
    await till.locator(".segmented__part").filter(has_text="Open").tap()
    await till.locator(".order-card summary").first.tap()
    await camera.look(till, "counter-order")
    await till.get_by_role("button", name=re.compile("^Void ")).first.tap()
    await expect(till.get_by_role("dialog")).to_be_visible()
    await camera.take(till, "counter-void")
    await till.get_by_role("button", name="Keep it").tap()


async def _show_consent(camera: Camera) -> None:
    """What the kitchen has begun is taken off by a manager, at the counter's own screen."""
    await camera.cafe.choose_pin("manager", _PIN)
    till = await camera.cafe.pair_screen("tablet", "counter", "Till")
    await till.goto(f"{camera.server.url}/counter")
    begun = till.locator(".order-card").filter(has=till.locator('[data-state="started"]')).first
    await begun.locator("summary").tap()
    await begun.locator('[data-state="started"]').get_by_role("button").first.tap()
    await till.get_by_role("dialog").get_by_role("button", name="Out of it").tap()
    consent = till.get_by_role("dialog", name="A manager’s PIN")
    await expect(consent).to_be_visible()
    for digit in _PIN[:2]:
        await consent.get_by_role("button", name=digit, exact=True).tap()
    await camera.take(till, "counter-consent")
    await consent.get_by_role("button", name="Leave it as it is").tap()
    await camera.leave(till)


async def _show_payment(camera: Camera, till: Page) -> None:
    """A note, a share, a terminal that is waited for, and money that is given back."""
    await till.locator("[data-tender-key]:not([hidden])").first.tap()
    await camera.take(till, "counter-pay")
    await _choose(till, "Share")
    await camera.look(till, "counter-pay-share")
    await till.locator("[data-pay-go]").tap()
    await expect(till.locator(".leg")).to_have_count(1)
    await _choose(till, "Card")
    await till.locator("[data-pay-go]").tap()
    await expect(till.get_by_text("waiting for the terminal")).to_be_visible()
    await camera.take(till, "counter-pay-card")
    await till.get_by_role("button", name=re.compile("^Paid: ")).tap()
    await expect(till.locator(".pay__word")).to_contain_text("Paid")
    await camera.look(till, "counter-paid")
    await till.get_by_role("button", name=re.compile("^Give back")).first.tap()
    await expect(till.get_by_role("dialog")).to_be_visible()
    await camera.take(till, "counter-refund")
    await till.get_by_role("button", name="Keep it").tap()


async def _choose(till: Page, word: str) -> None:
    await till.locator(".segmented__part, .pay-key").filter(has_text=word).first.tap()
