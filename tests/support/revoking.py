"""Taking access back from somebody who is connected to two processes, in each way there is.

`revoke_each_way` opens sockets of the victim at both processes, takes access back, and says how
long it took until each was closed and with which code. tests/integration/fleet asserts the codes,
bench/revocation.py prints the times.
"""

import asyncio
import urllib.parse
import urllib.request
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from domain.roles import Role
from realtime.close_codes import CloseCode
from tests.support.contract import Contract
from tests.support.fleet import Fleet
from tests.support.people import Caller, Watcher, sign_in, sign_in_with, sit_down
from tests.support.waiting import DEADLINE_S, wait_for

_PASSWORD = "a password of ten"


@dataclass(slots=True, kw_only=True)
class Ending:
    """How the victim's sockets ended, one entry a process. lasted_s: from the request on."""

    way: str
    codes: list[int]
    lasted_s: list[float]

    @property
    def is_right(self) -> bool:
        """Whether the codes say what is true: come back with other rights, or do not."""
        expected = CloseCode.ROOMS_CHANGED if self.way == "role" else CloseCode.REVOKED
        return all(code == expected for code in self.codes)


@dataclass(slots=True)
class _Screens:
    """Sockets of one person at every process."""

    watchers: list[Watcher] = field(default_factory=list)
    ends: dict[int, tuple[int, float]] = field(default_factory=dict)

    def end(self, number: int, code: int) -> None:
        self.ends.setdefault(number, (code, asyncio.get_running_loop().time()))


async def revoke_each_way(fleet: Fleet) -> list[Ending]:
    """Take access back from a person, from everybody, by signing out, of a guest's token and of a
    paired screen; change a role, end a sign-in, and remove somebody."""
    contract = Contract.fetch(fleet.url)
    owner = await sign_in(fleet.description, Role.OWNER, contract)
    try:
        async with _open_screens(fleet, owner, "admin") as office:
            endings = [
                await _change_roles(fleet, contract, owner),
                await _end_sign_in(fleet, contract),
                await _remove_person(fleet, contract, owner),
                await _end_person(fleet, contract, owner),
                await _end(fleet, await _sign_in(fleet, contract), "sign-out", _sign_out),
                await _end_guest(fleet, contract),
                await _end_screen(fleet, contract, owner),
                await _end_everybody(fleet, contract, owner),
            ]
            assert office.ends == {}, "the sockets of who took access back stay"
        return endings
    finally:
        owner.close()


async def _change_roles(fleet: Fleet, contract: Contract, owner: Caller) -> Ending:
    cook = await _sign_in(fleet, contract)

    async def change(_: Caller) -> None:
        await owner.do(f"/people/{cook.person_id}/roles", {"roles": ["kitchen", "counter"]})

    try:
        return await _end(fleet, cook, "role", change)
    finally:
        await owner.do(f"/people/{cook.person_id}/roles", {"roles": ["kitchen"]})


async def _end_sign_in(fleet: Fleet, contract: Contract) -> Ending:
    cook, other = await _sign_in(fleet, contract), await _sign_in(fleet, contract)

    async def end(_: Caller) -> None:
        await other.do("/sign-ins/end-others")

    try:
        return await _end(fleet, cook, "sign-in", end)
    finally:
        other.close()


async def _remove_person(fleet: Fleet, contract: Contract, owner: Caller) -> Ending:
    """Invite somebody as a cook, let them in, and remove them from the cafe."""
    email = f"cook-{uuid.uuid4().hex}@cafe.example"
    invited = await owner.do("/people", {"name": "Cook", "email": email, "roles": ["kitchen"]})
    await asyncio.to_thread(_take_up, fleet.url, invited["link"].rpartition("/")[2])
    cook = await sign_in_with(fleet.url, contract, email=email, password=_PASSWORD)

    async def remove(_: Caller) -> None:
        await owner.do(f"/people/{cook.person_id}/revoke", {"removeRoles": True})

    return await _end(fleet, cook, "removal", remove)


def _take_up(url: str, code: str) -> None:
    form = urllib.parse.urlencode({"password": _PASSWORD}).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/join/{code}", form, timeout=DEADLINE_S) as answer:
        assert answer.status == 200


async def _sign_in(fleet: Fleet, contract: Contract) -> Caller:
    return await sign_in(fleet.description, Role.KITCHEN, contract)


async def _end_person(fleet: Fleet, contract: Contract, owner: Caller) -> Ending:
    account = next(each for each in fleet.description.accounts if each.role is Role.KITCHEN)
    cook = Caller(fleet.url, contract)
    signed_in = await cook.do("/sign-in", {"email": account.email, "password": account.password})
    cook.token = signed_in["token"]

    async def revoke(_: Caller) -> None:
        await owner.do(f"/people/{signed_in['personId']}/revoke", {})

    return await _end(fleet, cook, "person", revoke)


async def _end_everybody(fleet: Fleet, contract: Contract, owner: Caller) -> Ending:
    async def revoke(_: Caller) -> None:
        await owner.do("/people/revoke")

    return await _end(fleet, await _sign_in(fleet, contract), "everybody", revoke)


async def _end_guest(fleet: Fleet, contract: Contract) -> Ending:
    guest = await sit_down(fleet.description, contract)
    return await _end(fleet, guest, "token", _sign_out, namespaces=("customers",))


async def _end_screen(fleet: Fleet, contract: Contract, owner: Caller) -> Ending:
    """A screen has one connection in a namespace, so this one is in another at each process."""
    screen = Caller(fleet.url, contract)
    begun = await screen.do("/device-pairings")
    wish = {"userCode": begun["userCode"], "name": "Wall", "role": "expo"}
    device = await owner.do("/devices", wish)
    paired = await screen.do("/device-pairings/claim", {"deviceCode": begun["deviceCode"]})
    given = await screen.do("/device-tokens", {"credential": paired["credential"]})
    screen.token = given["token"]

    async def revoke(_: Caller) -> None:
        await owner.do(f"/devices/{device['deviceId']}/revoke")

    return await _end(fleet, screen, "screen", revoke, namespaces=("kitchen", "counter"))


async def _sign_out(caller: Caller) -> None:
    await caller.do("/sign-out")


async def _end(
    fleet: Fleet,
    victim: Caller,
    way: str,
    revoke: Callable[[Caller], Awaitable[None]],
    *,
    namespaces: tuple[str, ...] = ("kitchen",),
) -> Ending:
    try:
        async with _open_screens(fleet, victim, *namespaces) as screens:
            begun_at_s = asyncio.get_running_loop().time()
            await revoke(victim)
            await wait_for(
                lambda: len(screens.ends) == len(fleet.processes), f"all to end by {way}"
            )
    finally:
        victim.close()
    ends = [screens.ends[number] for number in sorted(screens.ends)]
    return Ending(
        way=way,
        codes=[code for code, _ in ends],
        lasted_s=[at_s - begun_at_s for _, at_s in ends],
    )


@asynccontextmanager
async def _open_screens(fleet: Fleet, caller: Caller, *namespaces: str) -> AsyncIterator[_Screens]:
    """namespaces: one for all processes, or one for each."""
    screens = _Screens()
    async with AsyncExitStack() as stack:
        for number, process in enumerate(fleet.processes):
            here = Caller(process.url, caller.contract, token=caller.token)
            stack.callback(here.close)
            namespace = namespaces[number % len(namespaces)]
            watcher = Watcher(here, namespace, on_disconnected=_remember(screens, number))
            screens.watchers.append(await stack.enter_async_context(watcher))
        yield screens


def _remember(screens: _Screens, number: int) -> Callable[[int, str], Any]:
    return lambda code, _: screens.end(number, code)
