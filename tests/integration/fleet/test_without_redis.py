"""A Redis that is not there from the beginning, or is there and refuses."""

import pytest

from tests.integration.fleet.test_service import are_degraded, are_healthy
from tests.support.house import open_house
from tests.support.services import find_free_port
from tests.support.waiting import wait_for


async def test_processes_start_and_serve_without_the_redis_they_were_promised(
    start_fleet, expected_logs
):
    """They say so, and find each other's commits in the database."""
    expected_logs.add("redis_away")
    fleet = start_fleet(redis_url=f"redis://127.0.0.1:{find_free_port()}/0")
    async with open_house(fleet) as house:
        assert are_degraded(fleet)
        for _ in range(2):
            await house.serve_table()
        await house.check()


@pytest.mark.parametrize(
    ("refuse", "agree"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    ],
    ids=["out-of-memory", "read-only"],
)
async def test_a_redis_that_refuses_stops_nobody(fleet, valkey, expected_logs, refuse, agree):
    """Out of memory, or a replica by mistake; every process says that it is not well."""
    expected_logs.add("redis_refused", "redis_away", "bus_lost")
    async with open_house(fleet) as house:
        await wait_for(lambda: are_healthy(fleet), "both processes to be well")
        with valkey.connect() as client:
            client.execute_command(*refuse)
            await house.serve_table()
            await wait_for(lambda: are_degraded(fleet), "both processes to say so")
            await house.serve_table()
            client.execute_command(*agree)
        await house.serve_table()
        await wait_for(lambda: are_healthy(fleet), "both processes to be well again")
        await house.check()
