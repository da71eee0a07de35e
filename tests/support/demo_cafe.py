"""The demo's cafe on a real server, with the windows of its people: what browser tests stand on.

`cafe = serve_demo()` starts `tabletap.py demo` and reads what it says about itself.
`open_display` opens a window, signs somebody in by the real form and ends at a page of theirs;
`sit_down` opens a phone that has scanned a table's link. `speak_as` gives the REST client of a
person, for what a test needs done but is not about.
"""

import re
from collections.abc import Iterator
from typing import Any, Protocol

import msgspec
import pytest
from playwright.async_api import Page, expect

from client.rest import RestClient
from domain.commands import LineDraft, ModifierChoice
from domain.demo import DemoDescription
from domain.views.menu import MenuView
from tests.support.browser import OpenPage
from tests.support.servers import Server, StartServer
from tests.support.waiting import DEADLINE_S, wait_until

# Expectations on pages wait as long as every other condition here does.
expect.set_options(timeout=DEADLINE_S * 1000)


class DemoCafe:
    """One served demo. Roles are those of domain/roles.py as words."""

    def __init__(self, server: Server, open_page: OpenPage) -> None:
        self.server = server
        self.description = _read_description(server)
        self._open_page = open_page
        self._clients: list[RestClient] = []

    async def open_display(self, screen: str, role: str, path: str, **options: Any) -> Page:
        """Open a window, sign somebody of a role in, and go to a page of theirs."""
        page = await self._open_page(screen, f"{self.server.url}/sign-in?after={path}", **options)
        account = next(each for each in self.description.accounts if each.role == role)
        await page.get_by_label("E-mail").fill(account.email)
        await page.get_by_label("Password").fill(account.password)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{self.server.url}{path}")
        return page

    async def sit_down(self, table_number: int, **options: Any) -> Page:
        """Open a phone, scan a table's link and go on to the menu."""
        page = await self._open_page("phone", self.find_table_link(table_number), **options)
        await page.locator('form[action^="/t/"] button').click()  # in whatever language
        await page.wait_for_url(f"{self.server.url}/menu")
        return page

    async def pair_screen(self, screen: str, role: str, name: str) -> Page:
        """Open a window that a manager lets in as a paired screen; it is at its own page then."""
        page = await self._open_page(screen, f"{self.server.url}/pair")
        code = (await page.locator(".pair__code").inner_text()).split()[-1]
        manager = await self.speak_as("manager")
        await manager.command(
            "/devices", dict[str, Any], {"userCode": code, "name": name, "role": role}
        )
        await page.wait_for_url(lambda url: "/pair" not in url)
        return page

    async def choose_pin(self, role: str, pin: str) -> str:
        """Let somebody of a role choose a PIN, on a phone of their own; return their name."""
        phone = await self.open_display("phone", role, "/sign-ins/pin")
        await phone.get_by_label("Four to eight digits").fill(pin)
        await phone.get_by_label("The same once more").fill(pin)
        await phone.get_by_role("button", name="Set it").click()
        await expect(phone.get_by_text("Your PIN is set.")).to_be_visible()
        await phone.context.close()
        return next(each.name for each in self.description.accounts if each.role == role)

    def find_table_link(self, number: int) -> str:
        """Return what the square on a table opens."""
        return next(each.link for each in self.description.tables if each.number == number)

    async def speak_as(self, role: str) -> RestClient:
        """Return a client that speaks to the API as somebody of a role."""
        client = RestClient(self.server.url)
        self._clients.append(client)
        account = next(each for each in self.description.accounts if each.role == role)
        await client.sign_in(account.email, account.password)
        return client

    def close(self) -> None:
        """Let go of the API's connections."""
        for client in self._clients:
            client.close()


class ServeDemo(Protocol):
    """What the fixture `serve_demo` is. settings: fields of config/settings.py."""

    def __call__(self, **settings: str) -> DemoCafe: ...


@pytest.fixture
def serve_demo(start_server: StartServer, open_page: OpenPage) -> Iterator[ServeDemo]:
    """Give a function that serves the demo's cafe, new at each call."""
    cafes: list[DemoCafe] = []

    def serve(**settings: str) -> DemoCafe:
        cafe = DemoCafe(start_server("demo", "--json", **settings), open_page)
        cafes.append(cafe)
        return cafe

    yield serve
    for cafe in cafes:
        cafe.close()


def draft_line(menu: MenuView, name: str, *choices: str, quantity: int = 1) -> LineDraft:
    """Write a line of the menu by names; what has a default is chosen where nothing else is."""
    item = next(
        item for category in menu.categories for item in category.items if item.name == name
    )
    chosen: list[ModifierChoice] = []
    for group in item.groups:
        named = [option for option in group.options if option.name in choices]
        usual = [option for option in group.options if option.is_default]
        chosen += [
            ModifierChoice(modifier_id=option.modifier_id)
            for option in (named or usual or group.options[: group.minimum])
        ]
    return LineDraft(menu_item_id=item.menu_item_id, quantity=quantity, modifiers=chosen)


def number_of(text: str) -> str:
    """Read the order number out of a sentence such as "Order 118 is served"."""
    found = re.search(r"\d+", text)
    assert found is not None, f"no number in {text!r}"
    return found.group()


def _read_description(server: Server) -> DemoDescription:
    wait_until(lambda: b"\n" in server.output_file.read_bytes(), "the demo's line")
    line = server.output_file.read_bytes().splitlines()[0]
    return msgspec.json.decode(line, type=DemoDescription)
