"""What the house itself keeps waiting: lines of a later course, and stations paused for guests."""

from typing import Any

import msgspec
from playwright.async_api import Page, expect

from bench.screens.camera import Camera
from bench.screens.kitchen import WALL, escape, press, turn_sound_on
from domain.commands import CourseHold, LineDraft, PlaceOrder
from domain.views.menu import MenuView
from tests.support.demo_cafe import draft_line

_TABLE = 6  # nobody of the lunch sits there
_PAUSED = "Paused, back at about"


async def show_courses(camera: Camera) -> None:
    """Held beside what is made, held alone, held until somebody says so, and fired."""
    manager = await camera.cafe.speak_as("manager")
    till = await camera.cafe.open_display("tablet", "counter", "/counter")
    await _show_holding(camera, till)
    menu = await manager.read_menu()
    beside = [draft_line(menu, "Tosta mista"), _hold(menu, "Buttermilk pancakes", None)]
    await manager.place_order(PlaceOrder(lines=beside, customer_name="Ines"))
    await manager.place_order(
        PlaceOrder(lines=[_hold(menu, "Tomato soup with poached egg", 1_500)])
    )
    later = [draft_line(menu, "Galão"), _hold(menu, "Buttermilk pancakes", 900)]
    fired = await manager.place_order(PlaceOrder(lines=later))
    cake = next(each for each in fired.items if each.name == "Buttermilk pancakes")
    await manager.command(f"/items/{cake.item_id}/fire", dict[str, Any], {})

    wall = await camera.cafe.open_display("kitchen", "kitchen", WALL)
    await turn_sound_on(wall)
    await expect(wall.locator("order-ticket[data-held]").first).to_contain_text("fires")
    await expect(wall.locator('.line[data-state="held"]').first).to_contain_text("HELD")
    await camera.take(wall, "kitchen-courses")
    expo = await camera.cafe.open_display("kitchen", "manager", "/expo")
    await turn_sound_on(expo)
    await camera.look(expo, "expo-courses")
    card = till.locator(".order-card").filter(has_text="Ines")
    await card.locator("summary").tap()
    await camera.look(till, "counter-courses")
    await camera.leave(till, wall, expo)


async def show_pauses(camera: Camera) -> None:
    """Guests are to order nothing of a station: who says so, and what everybody sees of it."""
    phone = await camera.cafe.sit_down(_TABLE)
    await phone.get_by_role("link", name="Tomato soup with poached egg", exact=True).tap()
    await phone.wait_for_url("**/menu/*")
    await phone.get_by_role("button", name="Add to order").tap()
    await phone.wait_for_url("**/menu")
    wall = await camera.cafe.open_display("kitchen", "kitchen", WALL)
    await turn_sound_on(wall)
    till = await camera.cafe.open_display("tablet", "counter", "/counter")
    await press(wall, "x", "[data-sold-out-panel]")
    await wall.get_by_role("button", name="Pause guests").tap()
    await expect(wall.get_by_role("button", name="20 minutes")).to_be_visible()
    await camera.take(wall, "kitchen-pause")
    await wall.get_by_role("button", name="20 minutes").tap()
    for page in (wall, till):
        await expect(page.locator("[data-list='station_pause'] > li")).to_be_visible()
    await escape(wall)
    await camera.take(wall, "kitchen-paused")
    await camera.look(till, "counter-paused")
    soup = phone.locator("[data-menu-item-id]").filter(has_text="Tomato soup with").first
    await expect(soup).to_contain_text(_PAUSED)
    await soup.scroll_into_view_if_needed()
    await camera.take(phone, "guest-menu-paused")
    await phone.goto(f"{camera.server.url}/cart")
    await expect(phone.locator(".notice:visible").first).to_contain_text(_PAUSED)
    await camera.look(phone, "guest-cart-paused")
    admin = await camera.cafe.open_display("desk", "manager", "/admin/menu")
    await camera.look(admin, "admin-menu-paused")
    manager = await camera.cafe.speak_as("manager")
    await manager.command("/menu/resume", dict[str, Any], {})
    await camera.leave(phone, wall, till, admin)


async def _show_holding(camera: Camera, till: Page) -> None:
    """Before it is sent: one line is for now, the other for later."""
    search = till.get_by_label("Search the menu")
    for name in ("Tosta mista", "Buttermilk pancakes"):
        await search.fill(name)
        await till.locator(f'[data-product][data-name="{name}"]').tap()
    line = till.locator("[data-draft-line]").filter(has_text="Buttermilk pancakes")
    await line.get_by_role("button", name="Hold").tap()
    await line.get_by_role("button", name="15 min").tap()
    await search.fill("")
    await till.locator('[data-draft="send"]:enabled').wait_for()
    await camera.take(till, "counter-hold")


def _hold(menu: MenuView, name: str, fires_in_s: int | None) -> LineDraft:
    return msgspec.structs.replace(draft_line(menu, name), hold=CourseHold(fires_in_s=fires_in_s))
