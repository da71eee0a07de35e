"""nginx as deploy/ configures it: every transport, and a process that dies."""

import contextlib
import urllib.error
import urllib.request
from typing import Any

import pytest

from domain.roles import Role
from tests.support.contract import Contract
from tests.support.official_client import OfficialClient
from tests.support.people import Watcher, sign_in
from tests.support.waiting import wait_for

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture
async def manager(fleet):
    """A manager who comes through nginx."""
    caller = await sign_in(fleet.description, Role.MANAGER, Contract.fetch(fleet.url))
    yield caller
    caller.close()


@pytest.mark.parametrize("transport", ["websocket", "xhr-streaming", "xhr-polling"])
async def test_the_official_client_comes_through_on_each_transport(fleet, manager, transport: str):
    """Eight connections, on both processes; each hears what was done, once."""
    clients = [
        await OfficialClient.start(
            f"{fleet.url}/ws/counter", transport, token=await manager.fetch_ticket("counter")
        )
        for _ in range(8)
    ]
    boots = []
    for client in clients:
        welcome = await client.read()
        assert welcome["type"] == "welcome"
        boots.append(welcome["data"]["boot"])
        assert (await client.read())["type"] == "joined"
    assert len(set(boots)) == 2, "one process has got them all"

    menu = await manager.get("/menu")
    item = menu["categories"][0]["items"][0]["menuItemId"]
    for is_sold_out in (True, False):
        await manager.do("/menu/availability", {"menuItemId": item, "isSoldOut": is_sold_out})
    for client in clients:
        heard = [await _read_logged(client) for _ in range(2)]
        assert [each["type"] for each in heard] == ["menu_availability_changed"] * 2
        assert [each["data"]["isSoldOut"] for each in heard] == [True, False]
        await client.stop()


async def _read_logged(client: OfficialClient) -> dict[str, Any]:
    """Read what comes next of the log; what is told beside it comes when it likes."""
    while "seq" not in (message := await client.read()):
        pass
    return message


async def test_a_process_that_is_killed_is_missed_by_nobody(fleet, manager):
    """Requests go to the other one, sockets come back to it and resume; its ghosts vanish."""
    # Nor do the numbers of one process mean anything here: each request may be another's answer.
    with pytest.raises(urllib.error.HTTPError) as refusal:
        _OPENER.open(f"{fleet.url}/metrics", timeout=30)
    with refusal.value as answer:
        assert answer.code == 404
    contract = manager.contract
    watchers = [Watcher(manager, "counter") for _ in range(4)]
    async with contextlib.AsyncExitStack() as stack:
        for watcher in watchers:
            await stack.enter_async_context(watcher)
        menu = await manager.get("/menu")
        item = menu["categories"][0]["items"][0]["menuItemId"]
        fleet.processes[1].kill()
        # No request fails: a connection that is refused goes on to the next process.
        for number in range(10):
            change = {"menuItemId": item, "isSoldOut": number % 2 == 0}
            await manager.do("/menu/availability", change)
        rows = await manager.read_log()
        for watcher in watchers:
            await watcher.reach(rows[-1]["seq"])
            changes = [
                each
                for each in (contract.check_frame("counter", text) for text in watcher.frames)
                if each["type"] == "menu_availability_changed"
            ]
            assert [each["data"]["isSoldOut"] for each in changes] == [True, False] * 5

        async def are_ghosts_gone() -> bool:
            answer = await manager.get("/connections")
            return len(answer["connections"]) == len(watchers)

        await wait_for(are_ghosts_gone, "the dead process' connections to vanish")
        fleet.processes[1].start()
