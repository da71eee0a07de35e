"""Tokens that run out again and again under open sockets, on the real server (spec D7)."""

from contextlib import AsyncExitStack

from bench.demo_server import read_description
from domain.roles import Role
from tests.support.contract import Contract
from tests.support.people import Watcher, sign_in, sit_down
from tests.support.viewpoints import find_differences, sees_as_management
from tests.support.waiting import wait_for

RENEWALS = 4


async def test_sockets_are_renewed_in_band_without_a_lost_message(database_url, start_server):
    """Half a minute a token, renewed as soon as it is asked for; the stream stays the log."""
    server = start_server(
        "demo", "--json", database_url=database_url, access_token_ttl_s="30", refresh_warning_s="29"
    )
    description, contract = read_description(server), Contract.fetch(server.url)
    async with AsyncExitStack() as stack:
        manager = await sign_in(description, Role.MANAGER, contract)
        guest = await sit_down(description, contract)
        ended: list[int] = []
        screens = []
        for caller, namespace in ((manager, "counter"), (guest, "customers")):
            stack.callback(caller.close)
            watcher = Watcher(caller, namespace, on_disconnected=lambda code, _: ended.append(code))
            screens.append(await stack.enter_async_context(watcher))
        menu = await manager.get("/menu")
        item = menu["categories"][0]["items"][0]["menuItemId"]
        begun_at = (await manager.get("/events?after=0"))["head"]["seq"]
        changes = 0

        async def are_renewed() -> bool:
            nonlocal changes
            # A message every few milliseconds: one falls into each moment of a renewal.
            change = {"menuItemId": item, "isSoldOut": changes % 2 == 0}
            await manager.do("/menu/availability", change)
            changes += 1
            return all(
                sum('"type":"refresh_due"' in text for text in screen.frames) >= RENEWALS
                for screen in screens
            )

        await wait_for(are_renewed, f"{RENEWALS} renewals of both")
        rows = await manager.read_log()
        for screen in screens:
            await screen.reach(rows[-1]["seq"])
            differences = find_differences(
                screen.check_frames(), rows, after_seq=begun_at, sees=sees_as_management
            )
            assert differences == []

    assert ended == []
    assert changes > RENEWALS
