"""Signing keys rotate while two processes serve: nobody is refused, until a key is gone."""

import asyncio
import subprocess
import sys
from pathlib import Path

import jwt

from domain.roles import Role
from tests.support.contract import Contract
from tests.support.fleet import Fleet
from tests.support.people import Caller, sign_in
from tests.support.tools import ROOT
from tests.support.waiting import wait_for


class Load:
    """Somebody signs in again and again at one process, and is asked for at all of them."""

    def __init__(self, fleet: Fleet, contract: Contract, number: int) -> None:
        self._description = fleet.describe(number)
        self._contract = contract
        self._urls = [process.url for process in fleet.processes]
        self.statuses: list[int] = []
        self.kids: set[str] = set()
        self.is_enough = False

    async def run(self) -> None:
        """Go on to the end of a round once it is enough: a request cut short leaves its socket."""
        while not self.is_enough:
            caller = await sign_in(self._description, Role.KITCHEN, self._contract)
            try:
                self.kids.add(read_kid(caller.token))
                for url in self._urls * 5:
                    self.statuses.append(await ask(url, self._contract, caller.token))
            finally:
                caller.close()


def read_kid(token: str) -> str:
    """Say which key has signed a token."""
    return str(jwt.get_unverified_header(token)["kid"])


async def ask(url: str, contract: Contract, token: str) -> int:
    """Ask for something that takes a token, at one process."""
    caller = Caller(url, contract, token=token)
    try:
        return (await caller.call("GET", "/tickets")).status
    finally:
        caller.close()


async def rotate(folder: Path) -> None:
    """Rotate as an operator does."""
    command = [sys.executable, str(ROOT / "tabletap.py"), "rotate-key", "--data-dir", str(folder)]
    await asyncio.to_thread(subprocess.run, command, check=True, stdout=subprocess.DEVNULL)


async def test_keys_rotate_under_load_and_a_removed_key_refuses(fleet):
    """Old and new tokens are good at both processes all the while; two rotations end the oldest."""
    contract = Contract.fetch(fleet.url)
    cook = await sign_in(fleet.description, Role.KITCHEN, contract)
    loads = [Load(fleet, contract, number) for number in range(len(fleet.processes))]
    tasks = [asyncio.create_task(load.run()) for load in loads]
    try:
        await wait_for(lambda: all(load.statuses for load in loads), "the load")
        await rotate(fleet.folder / "data")
        await wait_for(lambda: all(len(load.kids) == 2 for load in loads), "a new key in use")
        for process in fleet.processes:
            assert await ask(process.url, contract, cook.token) == 200
        await rotate(fleet.folder / "data")

        async def is_refused() -> bool:
            answers = [await ask(each.url, contract, cook.token) for each in fleet.processes]
            return answers == [401] * len(answers)

        await wait_for(is_refused, "the removed key to be refused")
        await wait_for(lambda: all(len(load.kids) == 3 for load in loads), "the last key in use")
    finally:
        for load in loads:
            load.is_enough = True
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        cook.close()

    assert outcomes == [None] * len(loads)
    assert [set(load.statuses) for load in loads] == [{200}] * len(loads)
    assert loads[0].kids == loads[1].kids
