"""A demo cafe on the real server, as a process of its own, on either database."""

from dataclasses import dataclass

import pytest

from bench.demo_server import read_description
from domain.demo import DemoDescription
from tests.support.contract import Contract
from tests.support.servers import Server, StartServer


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCafe:
    """A running demo, what it says about itself, and what it publishes."""

    server: Server
    description: DemoDescription
    contract: Contract
    database_url: str


@pytest.fixture
def demo_cafe(database_url: str, start_server: StartServer) -> DemoCafe:
    """Serve the demo on SQLite and on PostgreSQL."""
    server = start_server("demo", "--json", database_url=database_url)
    return DemoCafe(
        server=server,
        description=read_description(server),
        contract=Contract.fetch(server.url),
        database_url=database_url,
    )
