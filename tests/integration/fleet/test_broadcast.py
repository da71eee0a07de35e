"""A broadcast over two processes: include, less exclude, less people, as a set (spec B5)."""

import contextlib
from typing import Any

from config.namespaces import Namespace
from domain.roles import Role
from tests.support.contract import Contract
from tests.support.people import Caller, Watcher, sign_in

# Who listens, each at both processes.
NAMESPACES = {
    Role.KITCHEN: Namespace.KITCHEN,
    Role.EXPO: Namespace.KITCHEN,
    Role.COUNTER: Namespace.COUNTER,
    Role.MANAGER: Namespace.ADMIN,
    Role.OWNER: Namespace.ADMIN,
}
EVERYBODY = set(NAMESPACES)


async def test_a_broadcast_reaches_its_set_on_both_processes(fleet):
    """Whichever process takes it: each one meant hears it once on each socket, nobody else does."""
    contract = Contract.fetch(fleet.url)
    async with contextlib.AsyncExitStack() as stack:
        people = {role: await sign_in(fleet.description, role, contract) for role in NAMESPACES}
        callers = {
            role: [Caller(each.url, contract, token=person.token) for each in fleet.processes]
            for role, person in people.items()
        }
        for caller in [*people.values(), *(one for both in callers.values() for one in both)]:
            stack.callback(caller.close)
        watchers = {
            (role, number): await stack.enter_async_context(Watcher(caller, NAMESPACES[role]))
            for role, both in callers.items()
            for number, caller in enumerate(both)
        }
        audiences = _list_audiences(people)
        for title, (audience, _) in audiences.items():
            for caller in callers[Role.MANAGER]:
                await caller.do("/notices", {"title": title, **audience})

        rows = await people[Role.MANAGER].read_log()
        for (role, number), watcher in watchers.items():
            await watcher.see("staff_notification", title="over")
            await watcher.see("staff_notification", title="over")
            heard = [
                each.data["title"] for each in watcher.messages if each.type == "staff_notification"
            ]
            meant = [title for title, (_, roles) in audiences.items() if role in roles]
            assert heard == [title for title in meant for _ in range(2)], (role, number)
        told = [row for row in rows if row["event"]["type"] == "staff_notification"]
        assert len(told) == 2 * len(audiences)


def _list_audiences(people: dict[Role, Caller]) -> dict[str, tuple[dict[str, Any], set[Role]]]:
    """List audiences by title, the last one for everybody."""
    cook, expo = people[Role.KITCHEN].person_id, people[Role.EXPO].person_id
    return {
        "one role": ({"includeRoles": ["counter"]}, {Role.COUNTER}),
        "a word for several": (
            {"includeRoles": ["management", "kitchen"]},
            {Role.MANAGER, Role.OWNER, Role.KITCHEN},
        ),
        "all but a role": ({"excludeRoles": ["kitchen"]}, EVERYBODY - {Role.KITCHEN}),
        "all but a person": ({"excludeUsers": [cook]}, EVERYBODY - {Role.KITCHEN}),
        "included, and excluded by role": (
            {"includeRoles": ["staff"], "excludeRoles": ["expo", "admin"]},
            {Role.COUNTER, Role.MANAGER},
        ),
        "included, and excluded by name": (
            {"includeRoles": ["kitchen", "expo"], "excludeUsers": [expo]},
            {Role.KITCHEN},
        ),
        "over": ({}, EVERYBODY),
    }
