"""Every kind of screen while its server is away: it says so, and how old what it shows is."""

import re

from playwright.async_api import Page, expect

from bench.screens.camera import Camera
from bench.screens.kitchen import WALL, turn_sound_on

# The alarm says how old the tickets are; from 10 s it is red.
_OLD = re.compile(r"(1[4-9]|[2-9]\d|\d{3}) s|\d+ min")
# What a browser says by itself of a server that is not there.
_GONE = ("ERR_CONNECTION", "WebSocket", "ERR_EMPTY_RESPONSE", "ERR_INCOMPLETE_CHUNKED_ENCODING")


async def show_offline(camera: Camera) -> None:
    """The last thing of an act: the server is stopped and stays away."""
    wall = await camera.cafe.open_display("kitchen", "kitchen", WALL)
    await turn_sound_on(wall)
    windows = {"kitchen-offline": wall}
    for screen, role, path, name in (
        ("kitchen", "manager", "/expo", "expo-offline"),
        ("kitchen", "manager", "/board", "board-offline"),
        ("tablet", "counter", "/counter", "counter-offline"),
        ("tablet", "counter", "/tables", "tables-offline"),
        ("desk", "manager", "/admin", "admin-offline"),
    ):
        windows[name] = await camera.cafe.open_display(screen, role, path)
    phone = await camera.cafe.sit_down(8)
    await phone.goto(f"{camera.server.url}/orders")
    for window in (*windows.values(), phone):
        camera.expect(window, *_GONE)
    await windows["counter-offline"].locator("[data-product]:enabled").first.tap()
    camera.server.stop()
    for name in ("kitchen", "counter", "admin"):
        window = windows[f"{name}-offline"]
        await expect(window.locator("body")).to_have_attribute("data-connection", "reconnecting")
        await camera.snap(window, f"{name}-reconnecting")
    for name, window in windows.items():
        await expect(window.locator("body")).to_have_attribute("data-connection", "offline")
        if name == "kitchen-offline":
            await _bump_meanwhile(wall)
        keeps = name in ("kitchen-offline", "counter-offline", "board-offline")
        await (camera.take if keeps else camera.look)(window, name)
    await expect(phone.locator("body")).not_to_have_attribute("data-connection", "live")
    await camera.take(phone, "guest-offline")
    await camera.leave(*windows.values(), phone)


async def _bump_meanwhile(wall: Page) -> None:
    """A ticket that is bumped without a server stays, with a clock, until there is an answer."""
    await wall.keyboard.press("3")
    await expect(wall.locator("order-ticket[data-pending]").first).to_be_visible()
    age = wall.locator('.alarm[data-for-state="offline"] [data-figure="age"]')
    await expect(age).to_have_text(_OLD)
