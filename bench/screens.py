"""The pictures of docs/screens/, taken from the real product in the middle of a lunch.

    python -m bench.screens [--folder docs/screens] [--only NAME ...] [--check]

Starts the demo on a free port with fresh data, lets a lunch happen in it over REST (bench/lunch.py)
and looks at it with Chromium, as the devices do: a wall of 1920 by 1080, a desk of 1440 by 900, a
tablet of 1180 by 820, a phone of 390 by 844. The phone orders for itself, in its own window.
Run it again after a change of what people see, and look at every picture.
With --check it also looks for overflow, overlaps, cut text and small letters (bench/layout.py) at
every size that a window of that kind may have, and exits with 1 when it finds any.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.async_api import Browser, Page

from bench.demo_server import employ, read_description, run_demo
from bench.layout import find_faults
from bench.lunch import CALM, RUSH, Lunch, Visit, make_it_noon
from bench.machine import ROOT, build_parser, describe_run
from bench.palette import reduce_palette
from bench.windows import open_browser
from domain.roles import Role
from tests.support.browser import SCREENS
from tests.support.servers import Server

_TABLE = 5  # nobody of the lunch sits there
# The alarm says how old the tickets are; from 10 s it is red.
_OFFLINE_AGE = "14 s"
_DEADLINE_MS = 30_000


class Camera:
    """Opens windows at one demo and keeps pictures of them."""

    def __init__(
        self, browser: Browser, server: Server, folder: Path, wanted: frozenset[str], check: bool
    ) -> None:
        """wanted: names of pictures; empty for all. check: look for faults at other sizes too."""
        self.server = server
        self.description = read_description(server)
        self._browser = browser
        self._folder = folder
        self._wanted = wanted
        self._check = check
        self.faults: list[str] = []

    async def open(self, screen: str, path: str, *, role: Role | None = None) -> Page:
        """Open a window; with a role, sign somebody in who has it."""
        size = SCREENS[screen]
        context = await self._browser.new_context(
            viewport={"width": size.width, "height": size.height},
            device_scale_factor=2 if size.is_mobile else 1,
            has_touch=size.is_touch,
            is_mobile=size.is_mobile,
            locale="en-GB",
            reduced_motion="reduce",
        )
        context.set_default_timeout(_DEADLINE_MS)
        page = await context.new_page()
        if role is not None:
            await self._sign_in(page, role)
        await page.goto(self.description.url + path)
        return page

    async def take(self, page: Page, name: str) -> None:
        """Keep what a window shows, if somebody wants it."""
        if self._wanted and name not in self._wanted:
            return
        await page.evaluate("document.fonts.ready")
        picture = await page.screenshot(animations="disabled", caret="hide")
        darkroom = await self._browser.new_page()
        file = self._folder / f"{name}.png"
        file.write_bytes(await reduce_palette(darkroom, picture))
        await darkroom.close()
        print(f"picture   {file} {file.stat().st_size // 1024} KiB")
        if self._check:
            faults = await find_faults(page)
            self.faults.extend(f"{name}: {fault}" for fault in faults)

    async def _sign_in(self, page: Page, role: Role) -> None:
        account = next(each for each in self.description.accounts if each.role is role)
        await page.goto(self.description.sign_in)
        await page.get_by_label("E-mail").fill(account.email)
        await page.get_by_label("Password").fill(account.password)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(lambda url: "sign-in" not in url)


async def show_calm(camera: Camera) -> None:
    """Three tickets on a wall, and the day so far on a manager's desk."""
    wall = await camera.open("kitchen", "/kitchen/kitchen", role=Role.KITCHEN)
    await _hear(wall)
    await camera.take(wall, "kitchen-calm")
    await _show_admin(camera)


async def show_rush(camera: Camera) -> None:
    """Everything else, the wall without its server last of all."""
    await _show_walls(camera)
    await _show_till(camera)
    await _show_phone(camera)
    await camera.take(await camera.open("tablet", "/sign-in"), "sign-in")
    wall = await camera.open("kitchen", "/kitchen/kitchen", role=Role.KITCHEN)
    await _hear(wall)
    camera.server.stop()
    age = wall.locator('.alarm[data-for-state="offline"] [data-figure="age"]')
    await age.get_by_text(_OFFLINE_AGE, exact=True).wait_for()
    await camera.take(wall, "kitchen-offline")


async def _show_walls(camera: Camera) -> None:
    wall = await camera.open("kitchen", "/kitchen/kitchen", role=Role.KITCHEN)
    await _hear(wall)
    await camera.take(wall, "kitchen")
    for key, name in (("/", "kitchen-recall"), ("x", "kitchen-86"), ("?", "kitchen-keys")):
        await wall.keyboard.press(key)
        await wall.locator("dialog[open] button").nth(5).wait_for()
        await camera.take(wall, name)
        await wall.keyboard.press("Escape")
    await camera.take(await camera.open("kitchen", "/board", role=Role.MANAGER), "board")
    expo = await camera.open("kitchen", "/expo", role=Role.MANAGER)
    await _hear(expo)
    await camera.take(expo, "expo")
    tables = await camera.open("tablet", "/tables", role=Role.COUNTER)
    await tables.locator("connection-status[data-state=live]").wait_for(state="attached")
    await camera.take(tables, "tables")


async def _show_admin(camera: Camera) -> None:
    """The day in figures, and a dish in the menu's editor."""
    admin = await camera.open("desk", "/admin", role=Role.MANAGER)
    await admin.locator("connection-status[data-state=live]").wait_for(state="attached")
    await camera.take(admin, "admin")
    await admin.goto(f"{camera.description.url}/admin/menu")
    await admin.get_by_role("link", name="Flat white", exact=True).click()
    await admin.wait_for_url("**/admin/menu?item=*")
    await camera.take(admin, "admin-menu")


async def _show_till(camera: Camera) -> None:
    """The till takes a note for a table's order; then it adds a round, one line open."""
    till = await camera.open("tablet", "/counter", role=Role.COUNTER)
    card = till.locator(".order-card").filter(has_text="Window 6")
    order_id = await card.get_attribute("data-order-id")
    await till.goto(f"{camera.description.url}/counter/orders/{order_id}/pay")
    await till.locator("[data-tender-key]:not([hidden])").first.tap()
    await camera.take(till, "counter-pay")
    await till.goto(f"{camera.description.url}/counter?order={order_id}")
    for quantity, name in (("2", "Flat white"), ("1", "Cortado")):
        await till.locator(f'[data-next-quantity="{quantity}"]').tap()
        await till.locator(f'[data-product][data-name="{name}"]').tap()
    line = till.locator("[data-draft-line]").first
    await line.locator('[data-draft="edit"]').tap()
    await line.locator("label.option").filter(has_text="Oat").tap()
    await till.locator('[data-draft="send"]:enabled').wait_for()
    await camera.take(till, "counter")


async def _show_phone(camera: Camera) -> None:
    """A guest's way from the menu to what becomes of the order."""
    link = next(each.link for each in camera.description.tables if each.number == _TABLE)
    phone = await camera.open("phone", link.removeprefix(camera.description.url))
    await phone.get_by_role("button", name="See the menu").tap()
    await _choose(phone, "Flat white", "Oat", "Extra shot", quantity=2, note="Extra hot, please")
    await _choose(phone, "Shakshuka with goat's curd", "No coriander")
    await _choose(phone, "Pastel de nata")
    await phone.evaluate("scrollTo(0, 0)")
    await camera.take(phone, "guest-menu")
    await phone.get_by_role("link", name="Flat white", exact=True).tap()
    await phone.wait_for_url("**/menu/*")
    await camera.take(phone, "guest-item")
    await phone.goto(f"{camera.description.url}/cart")
    allergy = phone.get_by_label("An allergy the kitchen must know")
    await allergy.fill("Tree nuts")
    await allergy.blur()
    await camera.take(phone, "guest-cart")
    await phone.locator("[data-send-order] button[type=submit]").tap()
    await phone.wait_for_url("**/orders")
    cook = await employ(camera.description, Role.KITCHEN).sign_in()
    for ticket in (await cook.list_tickets()).tickets:
        if ticket.table_number == _TABLE:
            verb = {"Bar": "ready", "Kitchen": "start"}.get(ticket.station_name)
            if verb is not None:
                await cook.move_ticket(ticket.ticket_id, verb)
    cook.close()
    await phone.locator('.progress-line[data-state="started"]').wait_for()
    await camera.take(phone, "guest-progress")
    await phone.locator(".progress__money a").tap()
    await phone.wait_for_url("**/pay")
    await camera.take(phone, "guest-pay")


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


async def _hear(wall: Page) -> None:
    """Turn the sound on, as the cook does who opens a wall."""
    await wall.locator("connection-status[data-state=live]").wait_for(state="attached")
    await wall.locator('[data-sound="on"]:visible').tap()


SCENES: tuple[tuple[tuple[Visit, ...], Callable[[Camera], Awaitable[None]]], ...] = (
    (CALM, show_calm),
    (RUSH, show_rush),
)


def main() -> int:
    """Take the pictures and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "screens")
    parser.add_argument("--only", nargs="*", default=(), metavar="NAME")
    parser.add_argument("--check", action="store_true", help="look for faults of layout too")
    options = parser.parse_args()
    print(describe_run())
    options.folder.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    for visits, show in SCENES:
        with run_demo() as server:
            database = server.data_dir / "tabletap.db"
            lunch = Lunch(read_description(server))
            with _stopped(server):
                make_it_noon(database)
            asyncio.run(lunch.serve(visits))
            with _stopped(server):
                lunch.let_time_pass(database)
            wanted = frozenset(options.only)
            faults += asyncio.run(_look(show, server, options.folder, wanted, options.check))
    for fault in faults:
        print(f"fault     {fault}")
    if options.check:
        print(f"layout    {len(faults)} faults")
    return 1 if faults else 0


@contextmanager
def _stopped(server: Server) -> Iterator[None]:
    server.stop()
    yield
    server.start()


async def _look(
    show: Callable[[Camera], Awaitable[None]],
    server: Server,
    folder: Path,
    wanted: frozenset[str],
    check: bool,
) -> list[str]:
    """Return the faults of layout that were found."""
    async with open_browser() as browser:
        camera = Camera(browser, server, folder, wanted, check)
        await show(camera)
        return camera.faults


if __name__ == "__main__":
    sys.exit(main())
