"""Rows that have run out go, in steps; rows that somebody may still use stay."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from config.settings import Settings
from demo.cafe import CAFE
from domain.identifiers import build_uuid7
from jobs.housekeeping import build_housekeeping_job, remove_expired
from models.base import bind, database_proxy
from models.database import close_database, open_database
from models.idempotency import CommandAnswer
from models.migrations import migrate
from models.staff import Person, RevokedToken, SignIn, UsedTicket
from services.runner import Runner
from services.setup import SetupContext, create_cafe

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)
SOON = NOW + timedelta(hours=1)

_numbers = count(1)


def _new_id() -> str:
    number = next(_numbers)
    return build_uuid7(unix_ms=1_777_800_000_000 + number, random_bits=number)


def _migrate(url: str) -> None:
    database = open_database(url)
    migrate(database)
    close_database(database)


@pytest.fixture(params=["sqlite", "postgres"])
def cafe_id(request, make_database) -> Iterator[str]:
    """A cafe in a database of each kind, bound."""
    database = open_database(make_database(request.param, filled_by=_migrate))
    bind(database)
    cafe_id = _new_id()
    create_cafe(
        CAFE,
        cafe_id=cafe_id,
        password_hashes={person.email: "hash" for person in CAFE.people},
        context=SetupContext(now=LONG_AGO, new_id=_new_id, new_code=lambda: "c" * 22 + _new_id()),
    )
    with database.connection_context():
        _write_rows(cafe_id, LONG_AGO, 5)
        _write_rows(cafe_id, SOON, 2)
    yield cafe_id
    close_database(database)


def _write_rows(cafe_id: str, expires_at: datetime, how_many: int) -> None:
    person_id = Person.select().first().id
    for _ in range(how_many):
        SignIn.create(
            id=_new_id(),
            token_hash=_new_id(),
            person_id=person_id,
            cafe_id=cafe_id,
            created_at=LONG_AGO,
            expires_at=expires_at,
            last_seen_at=LONG_AGO,
        )
        UsedTicket.create(jti=_new_id(), cafe_id=cafe_id, used_at=NOW, expires_at=expires_at)
        RevokedToken.create(jti=_new_id(), cafe_id=cafe_id, revoked_at=NOW, expires_at=expires_at)
        CommandAnswer.create(
            cafe_id=cafe_id,
            principal="lane:1",
            command_type="place_order",
            command_id=_new_id(),
            body_hash="",
            answer="{}",
            seq=1,
            created_at=LONG_AGO if expires_at < NOW else NOW - timedelta(hours=71),
        )


@pytest.fixture
async def runner(cafe_id):
    """The real runner on that database; `cafe_id` has bound it."""
    runner = Runner(
        database_proxy.obj,
        Settings(),
        clock=lambda: NOW,
        new_id=_new_id,
        on_committed=lambda events: None,
    )
    runner.start()
    yield runner
    await runner.close()


def _count_rows() -> list[int]:
    return [table.select().count() for table in (SignIn, UsedTicket, RevokedToken, CommandAnswer)]


async def test_what_ran_out_is_removed_and_the_rest_stays(runner):
    """Five of each kind had run out, two had not."""
    removed = await remove_expired(runner, limit=500)

    assert removed == 20
    assert await runner.read(_count_rows) == [2, 2, 2, 2]


async def test_many_rows_go_in_steps(runner):
    """A step takes no more than its limit, and there are as many steps as it takes."""
    removed = await remove_expired(runner, limit=2)

    assert removed == 20
    assert await runner.read(_count_rows) == [2, 2, 2, 2]


async def test_a_second_run_finds_nothing(runner):
    """Running twice does no harm."""
    await build_housekeeping_job(runner).run()

    assert await remove_expired(runner, limit=500) == 0
