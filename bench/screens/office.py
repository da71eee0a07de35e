"""What management sees: the day in figures, the menu's editor, money, people, screens, audit."""

import re

from playwright.async_api import Page, expect

from bench.screens.camera import Camera

_PAGES = ("", "replay", "menu", "money", "people", "screens", "notices", "audit", "screens/pair")


async def show_empty(camera: Camera) -> None:
    """The first morning: each page says what will be there."""
    admin = await camera.cafe.open_display("desk", "owner", "/admin")
    for page in _PAGES:
        await admin.goto(f"{camera.server.url}/admin/{page}".rstrip("/"))
        name = f"admin-{page.replace('/', '-')}".rstrip("-") + "-empty"
        await (camera.take(admin, name) if page == "" else camera.look(admin, name))
    await camera.leave(admin)


async def show_calm(camera: Camera) -> None:
    """The day in figures, and a dish in the menu's editor."""
    admin = await camera.cafe.open_display("desk", "manager", "/admin")
    await camera.take(admin, "admin", "dark", "zoomed")
    await admin.goto(f"{camera.server.url}/admin/menu")
    await admin.get_by_role("link", name="Flat white", exact=True).click()
    await admin.wait_for_url("**/admin/menu?item=*")
    await camera.take(admin, "admin-menu")
    camera.expect(admin, "422")
    await admin.get_by_label("Price, tax in").fill("a lot")
    await admin.get_by_role("button", name="Save", exact=True).click()
    await expect(admin.get_by_role("alert")).to_be_visible()
    await camera.look(admin, "admin-menu-fault")
    await camera.leave(admin)


async def show_rush(camera: Camera) -> None:
    """Every page with something in it, the questions that they ask, and on a tablet and a phone."""
    admin = await camera.cafe.open_display("desk", "owner", "/admin")
    await camera.look(admin, "admin-rush")
    for page in ("replay", "money", "people", "screens", "audit", "notices"):
        await admin.goto(f"{camera.server.url}/admin/{page}")
        await camera.take(admin, f"admin-{page}")
    await _show_refund(camera, admin)
    await _show_people(camera, admin)
    await admin.goto(f"{camera.server.url}/admin/screens?find=Tosta")
    await camera.look(admin, "admin-screens-search")
    await admin.goto(f"{camera.server.url}/admin/audit?text=nobody")
    await camera.look(admin, "admin-audit-nothing")
    await camera.leave(admin)
    for screen in ("tablet", "phone"):
        small = await camera.cafe.open_display(screen, "owner", "/admin")
        for page in _PAGES:
            await small.goto(f"{camera.server.url}/admin/{page}".rstrip("/"))
            name = f"admin-{page.replace('/', '-')}".rstrip("-")
            await camera.look(small, f"{name}-on-a-{screen}")
        await camera.leave(small)


async def show_crowd(camera: Camera) -> None:
    """Long names in figures, lists and the editor."""
    admin = await camera.cafe.open_display("desk", "manager", "/admin")
    await camera.take(admin, "admin-crowd")
    await admin.goto(f"{camera.server.url}/admin/menu")
    await camera.look(admin, "admin-menu-crowd-list")
    await admin.get_by_role("link", name=re.compile("^(Breakfast|Lunch)")).first.click()
    await admin.get_by_role("link", name=re.compile("شكشوكة|Slow-cooked")).first.click()
    await admin.wait_for_url("**/admin/menu?item=*")
    await camera.take(admin, "admin-menu-crowd")
    for page in ("replay", "money", "audit", "screens"):
        await admin.goto(f"{camera.server.url}/admin/{page}")
        await camera.look(admin, f"admin-{page}-crowd")
    await camera.leave(admin)


async def _show_refund(camera: Camera, admin: Page) -> None:
    await admin.goto(f"{camera.server.url}/admin/money")
    await admin.get_by_role("button", name="Give back").first.click()
    await expect(admin.get_by_role("dialog")).to_be_visible()
    await camera.look(admin, "admin-refund")
    await admin.get_by_role("button", name="Keep it").click()


async def _show_people(camera: Camera, admin: Page) -> None:
    """Somebody is invited; somebody's access would be ended; somebody's own page."""
    await admin.goto(f"{camera.server.url}/admin/people")
    await admin.get_by_text("Add a person").click()
    await admin.get_by_label("Name").fill("Noor")
    await admin.get_by_label("E-mail").fill("noor@mare-alta.example")
    await admin.get_by_label("Kitchen").check()
    await camera.look(admin, "admin-people-form")
    await admin.get_by_role("button", name="Make the link").click()
    link = await admin.locator(".people__link").input_value()
    await camera.look(admin, "admin-people-link")
    await admin.locator(".staff-member").nth(2).get_by_text("End access").click()
    await camera.look(admin, "admin-people-end")
    await admin.locator(".staff-member__name a").nth(2).click()
    await admin.wait_for_url("**/admin/people/*")
    await camera.look(admin, "admin-person")
    phone = await camera.open("phone", link)
    await camera.take(phone, "join")
    await camera.leave(phone)
