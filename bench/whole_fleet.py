"""Two processes behind nginx for one benchmark, with a PostgreSQL and a Valkey of their own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.demo_server import open_database
from tests.support.fleet import Fleet, run_fleet
from tests.support.valkey import ValkeyServer, run_valkey


class WholeFleet(NamedTuple):
    """The processes, and what stands between them."""

    fleet: Fleet
    valkey: ValkeyServer
    database_url: str


@contextmanager
def run_whole_fleet(**settings: str) -> Iterator[WholeFleet]:
    """Start everything with fresh data and stop it at the end. settings: of both processes."""
    with (
        tempfile.TemporaryDirectory(prefix="tabletap-bench-") as folder,
        open_database("postgres") as database_url,
        run_valkey() as valkey,
        run_fleet(
            Path(folder), database_url=database_url, redis_url=valkey.url, count=2, **settings
        ) as fleet,
    ):
        yield WholeFleet(fleet, valkey, database_url)
