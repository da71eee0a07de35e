"""A past service in the browser: what it shows, to whom, and that nothing there acts."""

import re

import pytest

from domain.roles import Role
from tests.integration.http.conftest import World

PAGE, PART = "/admin/replay", "/admin/replay/moment"


def read_numbers(page: str) -> list[str]:
    """List the order numbers of the open tickets, in their order."""
    return re.findall(r'data-order-number="(\d+)"[^>]*data-column="open"', page)


async def order(world: World) -> dict:
    till = await world.staff(Role.COUNTER)
    placed: dict = await world.order(till)
    return placed


async def test_a_manager_looks_at_a_service(world: World):
    """The wall's own cards at a moment of today, with its figures and its time line."""
    placed = await order(world)
    manager = await world.open_browser(Role.MANAGER)

    answer = await manager.get(PAGE)

    page = answer.body.decode()
    assert answer.code == 200
    assert read_numbers(page) == [str(placed["orderNumber"])]
    assert "replayed</span>" in page
    assert "<b>1</b> open" in page
    assert 'class="timeline"' in page
    assert f'href="{PAGE}" aria-current="page"' in page
    found = re.search(r'data-second="(\d+)" data-next-second', page)
    assert found is not None
    second = int(found.group(1))
    before = (await manager.get(f"{PART}?second={second - 2}")).body.decode()
    assert read_numbers(before) == []
    assert re.search(rf'data-next-second="{second}"', before)
    assert "<html" not in before
    by_clock = (await manager.get(f"{PAGE}?day=2020-01-01&station=bar&at=12:31:05")).body.decode()
    assert "Nothing happened before" in by_clock


async def test_nothing_there_acts_or_costs(world: World):
    """No key, no command, no price, no live connection: it cannot be taken for the wall."""
    await order(world)
    manager = await world.open_browser(Role.MANAGER)

    page = (await manager.get(PAGE)).body.decode()
    wall = (await manager.get(f"{PART}?second=99999")).body.decode()

    assert read_numbers(wall)
    for forbidden in ("<button", "<form", "<input", "data-command", "data-payload", "€", "Minor"):
        assert forbidden not in wall
    for live in ("data-live=", "data-connection", "<connection-status"):
        assert live not in page


@pytest.mark.parametrize("role", [Role.COUNTER, Role.EXPO, Role.KITCHEN])
async def test_the_past_is_for_management(world: World, role: Role):
    """Others are refused, with a browser and with none."""
    browser = await world.open_browser(role)

    assert [(await browser.get(path)).code for path in (PAGE, PART)] == [403, 403]
    assert [(await world.client().get(path)).code for path in (PAGE, PART)] == [303, 303]


async def test_what_is_asked_in_vain_is_said(world: World):
    """A day, a time or a second that is none; a station that is not here; another method."""
    manager = await world.open_browser(Role.OWNER)

    for query in ("day=yesterday", "at=noon", "second=-1", "second=1e3", "day=9999-12-31"):
        for path in (PAGE, PART):
            assert (await manager.get(f"{path}?{query}")).code == 400, query
    assert (await manager.get(f"{PAGE}?station=cellar")).code == 404
    assert (await manager.request("POST", PAGE, form={})).code == 405
    assert b"yet to come" in (await manager.get(f"{PAGE}?day=2990-01-01")).body
