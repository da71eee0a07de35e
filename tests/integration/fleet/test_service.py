"""A service goes on over two processes, whatever becomes of the Redis between them."""

import json
import urllib.request

import pytest

from tests.support.fleet import Fleet
from tests.support.house import House, open_house
from tests.support.valkey import ValkeyServer
from tests.support.waiting import wait_for

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# In each state: enough to be in the middle of it, and the whole test in a minute.
_TABLES = 2


def read(url: str) -> str:
    """Ask a process by itself."""
    with _OPENER.open(url, timeout=30) as answer:
        return str(answer.read().decode())


def are_healthy(fleet: Fleet) -> bool:
    """Whether every process says that everything works."""
    return all(not json.loads(read(f"{each.url}/readyz"))["isDegraded"] for each in fleet.processes)


def are_degraded(fleet: Fleet) -> bool:
    """Whether every process says, everywhere it can, that its Redis does not do, and serves on."""
    for process in fleet.processes:
        readiness = json.loads(read(f"{process.url}/readyz"))
        if not readiness["isDegraded"]:
            return False
        assert readiness["isReady"]
        failed = [each["name"] for each in readiness["checks"] if not each["isOk"]]
        assert failed == ["redis"]
        assert "tabletap_redis_up 0.0" in read(f"{process.url}/metrics")
    return True


async def serve_tables(house: House) -> None:
    """Serve some tables, one after the other."""
    for _ in range(_TABLES):
        await house.serve_table()


async def see_everybody(house: House) -> None:
    """Wait until both processes see the three screens of the staff and nobody else."""
    expected = {"admin", "counter", "kitchen"}

    async def are_all_seen() -> bool:
        # Twice: nginx asks one process and then the other.
        for _ in range(2):
            connections = await house.list_connections()
            if connections is None:
                return False
            if {each["namespace"] for each in connections} != expected:
                return False
            if len(connections) != len(expected):
                return False
        return True

    await wait_for(are_all_seen, "presence to be right")


@pytest.mark.timeout(400)
async def test_nothing_is_lost_or_doubled_whatever_becomes_of_redis(
    fleet: Fleet, valkey: ValkeyServer, expected_logs
):
    """Killed, frozen, flushed and restarted in the middle of a service; all of it is seen."""
    expected_logs.add("redis_away", "bus_lost")
    async with open_house(fleet) as house:
        await wait_for(lambda: are_healthy(fleet), "both processes to be well")
        await serve_tables(house)
        await see_everybody(house)

        for break_it, mend_it in (
            (valkey.kill, valkey.start),
            (valkey.freeze, valkey.thaw),
        ):
            break_it()
            await serve_tables(house)
            await wait_for(lambda: are_degraded(fleet), "both processes to say so")
            await serve_tables(house)
            mend_it()
            await serve_tables(house)
            await wait_for(lambda: are_healthy(fleet), "both processes to be well again")
            await see_everybody(house)

        for forget in (valkey.flush, valkey.restart):
            forget()
            await serve_tables(house)
            await wait_for(lambda: are_healthy(fleet), "both processes to be well again")
            await see_everybody(house)
        await house.check()

    for process in fleet.processes:
        told = [line["event"] for line in process.read_log()]
        for lost, found in (("redis_away", "redis_back"), ("bus_lost", "bus_live")):
            assert told.count(lost) >= 2
            # One more is the first connection.
            assert told.count(found) >= 2
    assert fleet.read_complaints_of_nginx() == []
