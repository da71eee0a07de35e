"""The pages of management, as a browser sees them."""

import json
import re
from html import unescape

import pytest

from domain.roles import Role
from tests.integration.http.conftest import World


def read_live(page: str) -> dict:
    """Return what the page's script attaches with."""
    found = re.search(r'data-live="([^"]*)"', page)
    assert found is not None
    live: dict = json.loads(unescape(found.group(1)))
    return live


async def test_the_day_is_shown_in_figures(world: World):
    """An order's rounds and lines are in the figures; what nobody knows says so."""
    till = await world.staff(Role.COUNTER)
    await world.order(till)
    manager = await world.open_browser(Role.MANAGER)

    answer = await manager.get("/admin")

    page = answer.body.decode()
    assert answer.code == 200
    assert re.search(r"Active orders</h3>\s*<p[^>]*>1</p>", page)
    assert "n 1 round fired today" in page
    assert "not enough data" in page
    live = read_live(page)
    assert (live["namespace"], live["render"]) == ("admin", ["live_figures"])
    assert live["position"]["seq"] > 0


@pytest.mark.parametrize("role", [Role.COUNTER, Role.EXPO, Role.KITCHEN])
async def test_figures_are_for_management(world: World, role: Role):
    """Others are refused, and the displays do not offer the page."""
    browser = await world.open_browser(role)

    assert (await browser.get("/admin")).code == 403
    assert b'href="/admin"' not in (await browser.get("/displays")).body


async def test_managers_find_the_page(world: World):
    """It stands among the displays."""
    browser = await world.open_browser(Role.MANAGER)

    assert b'href="/admin"' in (await browser.get("/displays")).body
