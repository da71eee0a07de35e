"""Two processes on PostgreSQL with a Valkey behind nginx."""

import contextlib

import pytest

from tests.support.fleet import run_fleet


@pytest.fixture
def start_fleet(tmp_path, postgres_url, valkey, expected_logs):
    """Give a function that runs them until the test ends. settings: of all processes.

    What they log must be what the test announced.
    """
    running = []
    # On a busy machine a call may take half a second, and a subscription miss its heartbeats for
    # three: what Redis does is done without it for a moment.
    expected_logs.add("redis_away", "bus_lost")
    with contextlib.ExitStack() as stack:

        def start(**settings: str):
            redis_url = settings.pop("redis_url", valkey.url)
            opened = run_fleet(
                tmp_path, database_url=postgres_url, redis_url=redis_url, count=2, **settings
            )
            running.append(stack.enter_context(opened))
            return running[-1]

        yield start
    for process in (each for fleet in running for each in fleet.processes):
        assert expected_logs.find_unexpected(process.read_log()) == []


@pytest.fixture
def fleet(start_fleet):
    """Run them without limits that a test would meet."""
    return start_fleet()
