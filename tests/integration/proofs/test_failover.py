"""PostgreSQL is failed over under a running server: a new epoch, once, without an operator."""

import asyncio
from collections.abc import Iterator

import pytest

from bench.demo_server import read_description
from domain.roles import Role
from tests.support.contract import Contract
from tests.support.logs import ExpectedLogs
from tests.support.people import Caller, Watcher, sign_in
from tests.support.servers import StartServer
from tests.support.services import PostgresCluster, PostgresServer, run_cluster


@pytest.fixture
def cluster() -> Iterator[PostgresCluster]:
    """Run a server that nobody else uses."""
    with run_cluster() as running:
        yield running


async def _read_epoch(caller: Caller) -> str:
    return str((await caller.get("/events?after=0"))["head"]["epoch"])


async def test_a_failover_makes_every_client_reload_once(
    cluster: PostgresCluster, start_server: StartServer, expected_logs: ExpectedLogs
):
    """Nobody says `renew-epoch`; a server that starts later finds the life that is noted."""
    expected_logs.add("timeline_changed", "storage_unavailable", "group_failed", "job_failed")
    url = PostgresServer(cluster.url).create_database()
    server = start_server("demo", "--json", database_url=url)
    description, contract = read_description(server), Contract.fetch(server.url)
    manager = await sign_in(description, Role.MANAGER, contract)
    before = await _read_epoch(manager)
    async with Watcher(manager, "admin") as watcher:
        await asyncio.to_thread(cluster.fail_over)
        assert (await watcher.see("resync"))["reason"] == "epoch_changed"

    after = await _read_epoch(manager)
    assert after != before
    await asyncio.to_thread(server.restart)
    assert await _read_epoch(manager) == after
    manager.close()
    told = [line for line in server.read_log() if line["event"] == "timeline_changed"]
    assert len(told) == 1
