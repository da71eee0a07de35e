"""The figures of the day over real sockets: to whom, and when."""

from contextlib import AsyncExitStack
from typing import Any

from domain.roles import Role
from tests.integration.proofs.conftest import DemoCafe
from tests.support.people import Watcher, sign_in

FIGURES = "real_time_analytics"


async def test_figures_come_to_management_when_they_have_changed(demo_cafe: DemoCafe):
    """Manager and owner get each change, with a card where they asked for one; nobody else does."""
    async with AsyncExitStack() as stack:
        people = {}
        for role in (Role.OWNER, Role.MANAGER, Role.COUNTER, Role.KITCHEN):
            people[role] = await sign_in(demo_cafe.description, role, demo_cafe.contract)
            stack.callback(people[role].close)

        async def watch(role: Role, namespace: str, **options: Any) -> Watcher:
            watcher = Watcher(people[role], namespace, **options)
            return await stack.enter_async_context(watcher)

        owner = await watch(Role.OWNER, "admin", render=["live_figures"])
        manager = await watch(Role.MANAGER, "admin")
        others = [await watch(Role.COUNTER, "counter"), await watch(Role.KITCHEN, "kitchen")]
        others.append(await watch(Role.MANAGER, "counter"))
        await owner.see(FIGURES, activeOrders=0)

        menu = await people[Role.COUNTER].get("/menu")
        water = next(
            item
            for category in menu["categories"]
            for item in category["items"]
            if not any(group["isRequired"] for group in item["groups"])
        )
        line = {"menuItemId": water["menuItemId"], "quantity": 1}
        await people[Role.COUNTER].do("/orders", {"lines": [line]})
        seen = [await watcher.see(FIGURES, activeOrders=1) for watcher in (owner, manager)]

        assert seen[0] == seen[1]
        for watcher in (owner, manager):
            pushed = [each for each in watcher.messages if each.type == FIGURES]
            versions = [each.data["analytics"]["version"] for each in pushed]
            assert versions == sorted(set(versions))
        for watcher in others:
            assert FIGURES not in [each.type for each in watcher.messages]
        cards = [each["fragment"] for each in owner.check_frames() if each["type"] == FIGURES]
        assert all('id="live_figures-now"' in card["html"] for card in cards)
        plain = [each for each in manager.check_frames() if each["type"] == FIGURES]
        assert all("fragment" not in each and "seq" not in each for each in plain)
