"""What cooks see: a station's wall and its panels, calm, in a rush, and with all there can be."""

from typing import Any

from playwright.async_api import Locator, Page, expect

from bench.screens.camera import Camera
from client.rest import RestClient
from domain.views.availability import MenuAvailabilityView
from domain.views.kitchen import TicketView
from domain.views.notifications import SentNoticeView
from domain.views.orders import OrderView
from tests.support.waiting import wait_for

WALL = "/kitchen/kitchen"
# Screens say how they are in their heartbeats; the product promises 15 s.
_KNOWN_WITHIN_MS = 60_000


async def show_empty(camera: Camera) -> None:
    """Nothing was ordered yet, and nobody has touched the wall."""
    wall = await camera.cafe.open_display("kitchen", "kitchen", WALL)
    await camera.take(wall, "kitchen-empty")
    await turn_sound_on(wall)
    await press(wall, "/", "[data-recall-panel]")
    await camera.look(wall, "kitchen-recall-empty")
    await escape(wall)
    await camera.leave(wall)
    nowhere = await camera.cafe.open_display("kitchen", "kitchen", "/displays")
    camera.expect(nowhere, "404")
    await nowhere.goto(f"{camera.server.url}/kitchen/no-such-station")
    await camera.look(nowhere, "kitchen-no-such-station")
    await camera.leave(nowhere)


async def man_stations(camera: Camera) -> None:
    """A paired wall shows every station, with sound: then no other screen has to warn of it."""
    wall = await camera.cafe.pair_screen("kitchen", "kitchen", "Wall by the pass")
    await wall.get_by_role("button", name="Yes, start the shift").tap()
    till = await camera.cafe.open_display("tablet", "counter", "/counter")
    await expect(till.locator(".screen-faults")).to_be_hidden(timeout=_KNOWN_WITHIN_MS)
    await camera.leave(till)


async def show_calm(camera: Camera) -> None:
    """Three tickets."""
    wall = await camera.cafe.open_display("kitchen", "kitchen", WALL)
    await turn_sound_on(wall)
    await camera.take(wall, "kitchen-calm")
    await camera.leave(wall)


async def show_rush(camera: Camera) -> None:
    """A full wall, then each panel over it."""
    wall = await camera.cafe.open_display("kitchen", "kitchen", WALL)
    await turn_sound_on(wall)
    await camera.take(wall, "kitchen", "zoomed")
    for key, panel, name in (
        ("/", "[data-recall-panel]", "kitchen-recall"),
        ("x", "[data-sold-out-panel]", "kitchen-86"),
        ("?", "[data-legend]", "kitchen-keys"),
    ):
        await press(wall, key, panel)
        await camera.take(wall, name)
        await escape(wall)
    await _show_choices(camera, wall)
    everything = await camera.cafe.open_display("kitchen", "kitchen", "/kitchen")
    await turn_sound_on(everything)
    await camera.look(everything, "kitchen-all-stations")
    await camera.leave(wall, everything)
    await _show_silence(camera)


async def show_signs(camera: Camera) -> None:
    """Everything that a ticket can say of itself, at once, with a notice and a moved station."""
    wall = await camera.cafe.open_display("kitchen", "kitchen", WALL)
    await turn_sound_on(wall)
    manager = await camera.cafe.speak_as("manager")
    tickets = (await manager.list_tickets()).tickets
    kitchen = [each for each in tickets if each.station_name == "Kitchen"]
    rushed, changed, recalled = kitchen[5], kitchen[2], kitchen[10]
    await _command_ticket(manager, rushed, "rush", {"reason": "Train to catch"})
    toast = next(each for each in changed.items if each.quantity > 1)
    fewer = {"items": [{"itemId": toast.item_id, "quantity": 1}], "reason": "Ordered twice"}
    await manager.command(f"/orders/{changed.order_id}/void", OrderView, fewer)
    await _command_ticket(manager, recalled, "ready", {})
    await _command_ticket(manager, recalled, "recall", {})
    notice = {"title": "No oat milk until four", "message": "Ask before you make it with soya."}
    sent = await manager.command("/notices", SentNoticeView, notice)
    for ticket, words in ((rushed, "RUSH"), (changed, "CHANGED"), (recalled, "RECALLED")):
        await expect(_find_ticket(wall, ticket)).to_contain_text(words)
    await expect(wall.locator(".notification").first).to_contain_text("No oat milk")
    await camera.take(wall, "kitchen-signs")

    bar = next(each for each in camera.cafe.description.stations if each.name == "Bar")
    target = next(each for each in camera.cafe.description.stations if each.name == "Kitchen")
    await manager.command(f"/stations/{bar.id}/move", dict[str, Any], {"toStationId": target.id})
    await expect(wall.locator("[data-guest]").first).to_be_attached()
    await camera.look(wall, "kitchen-with-the-bar")
    await manager.command(f"/stations/{bar.id}/return", dict[str, Any], {})
    notice_id = sent.notification.notification_id
    await manager.command(f"/notifications/{notice_id}/resolve", dict[str, Any], {})
    await camera.leave(wall)


async def show_crowd(camera: Camera) -> None:
    """Sixty tickets with long names and right-to-left notes, page by page; and in large letters."""
    wall = await camera.cafe.open_display("kitchen", "kitchen", WALL)
    await turn_sound_on(wall)
    await camera.take(wall, "kitchen-crowd")
    await wall.keyboard.press("0")
    await camera.look(wall, "kitchen-crowd-next-page")
    for _ in range(4):
        await wall.get_by_role("button", name="A+").tap()
    await camera.take(wall, "kitchen-crowd-large-letters")
    await press(wall, "x", "[data-sold-out-panel]")
    await camera.look(wall, "kitchen-crowd-86")
    await escape(wall)
    await camera.leave(wall)


async def turn_sound_on(wall: Page) -> None:
    """Touch the wall, as the cook does who opens it."""
    await wall.locator('[data-sound="on"]:visible').first.tap()
    await expect(wall.locator("sound-alert")).to_have_attribute("data-state", "on")


async def press(wall: Page, key: str, panel: str) -> None:
    """Open a panel by its key and wait for what is in it."""
    await wall.keyboard.press(key)
    await expect(wall.locator(f"{panel}[open]")).to_be_visible()
    await wall.wait_for_load_state("networkidle")


async def escape(wall: Page) -> None:
    """Close a panel; a key that is pressed before the focus has left it would be a letter there."""
    await wall.keyboard.press("Escape")
    left = "!document.querySelector('dialog[open]') && !document.activeElement.closest('dialog')"
    await wait_for(lambda: wall.evaluate(left), "the focus to leave the panel")


async def _show_choices(camera: Camera, wall: Page) -> None:
    """The menu of a ticket, and until when a dish is out."""
    await wall.keyboard.press("ArrowRight")
    await press(wall, "m", "[data-ticket-menu]")
    await camera.take(wall, "kitchen-ticket-menu")
    await escape(wall)
    await press(wall, "x", "[data-sold-out-panel]")
    panel = wall.locator("[data-sold-out-panel]")
    await panel.get_by_role("button", name="Smoked bacon").tap()
    await expect(panel.get_by_role("button", name="For 1 hour")).to_be_visible()
    await camera.take(wall, "kitchen-86-choice")
    await escape(wall)


async def _show_silence(camera: Camera) -> None:
    """Loaded again the wall wants to sound and may not: nobody has touched it."""
    wall = await camera.cafe.open_display("kitchen", "kitchen", WALL)
    await turn_sound_on(wall)
    silent = await camera.open_beside(wall, f"{camera.server.url}{WALL}")
    camera.expect(silent, "AudioContext")
    await expect(silent.locator("sound-alert")).to_have_attribute("data-state", "blocked")
    await camera.take(silent, "kitchen-sound-off")
    await camera.leave(wall)


async def _command_ticket(
    manager: RestClient, ticket: TicketView, verb: str, body: dict[str, Any]
) -> None:
    await manager.command(f"/tickets/{ticket.ticket_id}/{verb}", TicketView, body)


def _find_ticket(wall: Page, ticket: TicketView) -> Locator:
    return wall.locator(
        f'[data-column="open"] > order-ticket[data-order-number="{ticket.order_number}"]'
    ).first


async def sell_out(camera: Camera, dish: str) -> None:
    """Have a dish sold out, as the kitchen does."""
    await _set_availability(camera, dish, {"isSoldOut": True})


async def count_down(camera: Camera, dish: str, left: int | None) -> None:
    """Say how many of a dish are left, or end that."""
    await _set_availability(camera, dish, {"isSoldOut": False, "left": left})


async def _set_availability(camera: Camera, dish: str, wish: dict[str, Any]) -> None:
    manager = await camera.cafe.speak_as("manager")
    menu = await manager.read_menu()
    item = next(item for each in menu.categories for item in each.items if item.name == dish)
    body = {"menuItemId": item.menu_item_id, **wish}
    await manager.command("/menu/availability", MenuAvailabilityView, body)
