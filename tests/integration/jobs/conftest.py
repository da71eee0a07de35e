"""The demo's cafe in a database of each kind, and the real runner on it with a clock to set."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import msgspec
import pytest

from config.settings import Settings
from demo.cafe import CAFE
from domain.identifiers import build_uuid7
from models.base import bind, database_proxy
from models.database import close_database, open_database
from models.migrations import migrate
from services.runner import Runner
from services.setup import SetupContext, create_cafe

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)

_numbers = count(1)


def new_id() -> str:
    """Make an id; ids of one run never repeat."""
    number = next(_numbers)
    return build_uuid7(unix_ms=1_777_800_000_000 + number, random_bits=number)


class Clock:
    """The runner's clock; a test moves `now`."""

    def __init__(self) -> None:
        self.now = NOW

    def read(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _migrate(url: str) -> None:
    database = open_database(url)
    migrate(database)
    close_database(database)


@pytest.fixture(params=["sqlite", "postgres"])
def cafe_id(request, make_database) -> Iterator[str]:
    """The demo's cafe, with a first order that waits for approval; its database is bound."""
    database = open_database(make_database(request.param, filled_by=_migrate))
    bind(database)
    cafe_id = new_id()
    create_cafe(
        msgspec.structs.replace(CAFE, approve_first_order=True),
        cafe_id=cafe_id,
        password_hashes={person.email: "hash" for person in CAFE.people},
        context=SetupContext(now=LONG_AGO, new_id=new_id, new_code=lambda: f"code-{new_id()}"),
    )
    yield cafe_id
    close_database(database)


@pytest.fixture
async def runner(cafe_id, clock):
    """The real runner on the database that `cafe_id` has bound."""
    runner = Runner(
        database_proxy.obj,
        Settings(),
        clock=clock.read,
        new_id=new_id,
        on_committed=lambda events: None,
    )
    runner.start()
    yield runner
    await runner.close()
