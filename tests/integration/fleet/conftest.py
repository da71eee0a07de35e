"""Two processes on PostgreSQL with a Valkey behind nginx."""

import pytest

from tests.support.fleet import run_fleet


@pytest.fixture
def fleet(tmp_path, postgres_url, valkey, expected_logs):
    """Run them for one test; what they log must be what the test announced."""
    with run_fleet(tmp_path, database_url=postgres_url, redis_url=valkey.url) as running:
        yield running
    for process in running.processes:
        assert expected_logs.find_unexpected(process.read_log()) == []
