"""A database that was copied while it was served, and put back: nobody mixes two histories."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bench.demo_server import read_description
from domain.roles import Role
from tests.integration.proofs.conftest import DemoCafe
from tests.support.contract import Contract
from tests.support.people import Caller, Watcher, sign_in, sit_down
from tests.support.servers import StartServer
from tests.support.two_cafes import list_choosable, make_line


async def _sleep_little(_: float) -> None:
    await asyncio.sleep(0.1)


async def _watch(stack: AsyncExitStack, callers: Iterable[tuple[Caller, str]]) -> list[Watcher]:
    return [
        await stack.enter_async_context(
            Watcher(caller, namespace, max_attempts=None, sleep=_sleep_little)
        )
        for caller, namespace in callers
    ]


def _check_histories(watcher: Watcher, epoch: str) -> None:
    """What came before the resync is of one life of the log, what came after of the other."""
    kinds = [each.type for each in watcher.messages]
    place = kinds.index("resync")
    before = {each.position.epoch for each in watcher.messages[:place] if each.position}
    after = {each.position.epoch for each in watcher.messages[place:] if each.position}
    assert kinds.count("resync") == 1
    assert after == {epoch}
    assert epoch not in before


async def _read_head(caller: Caller) -> dict[str, Any]:
    head: dict[str, Any] = (await caller.get("/events?after=0"))["head"]
    return head


async def test_a_restored_database_makes_every_client_reload_once(
    sqlite_url: str, start_server: StartServer, tmp_path: Path
):
    """What was ordered after the backup is gone, and is told to nobody as if it were there."""
    server = start_server("demo", "--json", database_url=sqlite_url)
    description, contract = read_description(server), Contract.fetch(server.url)
    backup = tmp_path / "backup.db"
    async with AsyncExitStack() as stack:
        guest = await sit_down(description, contract)
        manager = await sign_in(description, Role.MANAGER, contract)
        for caller in (guest, manager):
            stack.callback(caller.close)
        watchers = await _watch(
            stack, [(guest, "customers"), (manager, "admin"), (manager, "counter")]
        )
        line = make_line((await list_choosable(guest))[0])
        kept = await guest.do("/orders", {"lines": [line]}, command_id="kept")

        assert (await asyncio.to_thread(server.run, "backup", str(backup))).returncode == 0
        assert backup.stat().st_mode & 0o777 == 0o600
        again = await asyncio.to_thread(server.run, "backup", str(backup))
        assert (again.returncode, "is there already" in again.stderr) == (2, True)

        old = await _read_head(manager)
        lost = await guest.do(f"/orders/{kept['orderId']}/rounds", {"lines": [line]})
        assert len(lost["rounds"]) == 2
        for watcher in watchers[1:]:
            await watcher.see("order_round_added", orderId=kept["orderId"])
        refused = await asyncio.to_thread(server.run, "restore", str(backup))
        assert (refused.returncode, "already serves" in refused.stderr) == (2, True)

        await asyncio.to_thread(server.kill)
        done = await asyncio.to_thread(server.run, "restore", str(backup))
        assert done.returncode == 0, done.stderr
        assert "tabletap.db.before-restore" in done.stdout
        await asyncio.to_thread(server.start)
        for watcher in watchers:
            assert (await watcher.see("resync"))["reason"] == "epoch_changed"

        new = await _read_head(manager)
        assert (new["seq"], new["eventId"]) == (old["seq"], old["eventId"])
        assert new["epoch"] != old["epoch"]
        # A command that the backup knows is answered again, and goes into no second order.
        repeated = await guest.do("/orders", {"lines": [line]}, command_id="kept")
        assert (repeated["orderId"], len(repeated["rounds"])) == (kept["orderId"], 1)
        more = await guest.do(f"/orders/{kept['orderId']}/rounds", {"lines": [line]})
        assert len(more["rounds"]) == 2
        for watcher in watchers:
            await watcher.see("order_round_added", orderId=kept["orderId"])
            _check_histories(watcher, new["epoch"])


def test_what_is_no_backup_is_refused_and_nothing_is_touched(
    sqlite_url: str, start_server: StartServer, tmp_path: Path
):
    """Each in a sentence that says so; the database serves on."""
    server = start_server("demo", "--json", database_url=sqlite_url)
    server.stop()
    database = tmp_path / "tabletap.db"
    before = database.read_bytes()
    (tmp_path / "text.db").write_text("this is no database, whatever its name says" * 100)
    (tmp_path / "empty.db").touch()

    for name, reason in (
        ("missing.db", "There is no file"),
        ("text.db", "Nothing was restored"),
        ("empty.db", "no backup of TableTap"),
    ):
        result = server.run("restore", str(tmp_path / name))
        assert (result.returncode, reason in result.stderr) == (2, True), result.stderr
        assert "Traceback" not in result.stderr
    assert database.read_bytes() == before
    assert not list(tmp_path.glob("*.restoring*"))
    server.start()


async def test_a_new_epoch_reaches_the_clients_of_running_servers(
    postgres_url: str, start_server: StartServer
):
    """After pg_restore or a failover: no restart, one reload each."""
    server = start_server("demo", "--json", database_url=postgres_url)
    cafe = DemoCafe(
        server=server,
        description=read_description(server),
        contract=Contract.fetch(server.url),
        database_url=postgres_url,
    )
    async with AsyncExitStack() as stack:
        guest = await sit_down(cafe.description, cafe.contract)
        manager = await sign_in(cafe.description, Role.MANAGER, cafe.contract)
        for caller in (guest, manager):
            stack.callback(caller.close)
        watchers = await _watch(stack, [(guest, "customers"), (manager, "admin")])
        line = make_line((await list_choosable(guest))[0])
        order = await guest.do("/orders", {"lines": [line]})
        backup = await asyncio.to_thread(server.run, "backup", "anywhere.db")
        assert (backup.returncode, "pg_dump" in backup.stderr) == (2, True)

        renewed = await asyncio.to_thread(server.run, "renew-epoch")
        assert renewed.returncode == 0, renewed.stderr
        for watcher in watchers:
            assert (await watcher.see("resync"))["reason"] == "epoch_changed"
        await guest.do(f"/orders/{order['orderId']}/rounds", {"lines": [line]})
        for watcher in watchers:
            await watcher.see("order_round_added", orderId=order["orderId"])
            _check_histories(watcher, (await _read_head(manager))["epoch"])
