"""Rows that have run out go, in steps; rows that somebody may still use stay."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from jobs.housekeeping import build_housekeeping_job, remove_expired
from models.base import database_proxy
from models.idempotency import CommandAnswer
from models.staff import Person, RefreshToken, RevokedToken, SignIn, UsedTicket

KEPT_S = 72 * 3600


@pytest.fixture(autouse=True)
def rows(cafe_id, clock):
    """Five rows of each kind that have run out, and two that have not."""
    with database_proxy.connection_context():
        _write_rows(cafe_id, clock.now - timedelta(days=30), 5, now=clock.now)
        _write_rows(cafe_id, clock.now + timedelta(hours=1), 2, now=clock.now)


def _write_rows(cafe_id: str, expires_at: datetime, how_many: int, *, now: datetime) -> None:
    person_id = Person.select().first().id
    for _ in range(how_many):
        sign_in_id = str(uuid4())
        SignIn.create(
            id=sign_in_id,
            token_hash=str(uuid4()),
            person_id=person_id,
            cafe_id=cafe_id,
            created_at=now,
            expires_at=expires_at,
            last_seen_at=now,
        )
        RefreshToken.create(
            token_hash=str(uuid4()), cafe_id=cafe_id, sign_in_id=sign_in_id, created_at=now
        )
        UsedTicket.create(jti=str(uuid4()), cafe_id=cafe_id, used_at=now, expires_at=expires_at)
        RevokedToken.create(
            jti=str(uuid4()), cafe_id=cafe_id, revoked_at=now, expires_at=expires_at
        )
        CommandAnswer.create(
            cafe_id=cafe_id,
            principal="lane:1",
            command_type="place_order",
            command_id=str(uuid4()),
            body_hash="",
            answer="{}",
            seq=1,
            created_at=now - timedelta(hours=73 if expires_at < now else 71),
        )


def _count_rows() -> list[int]:
    tables = (SignIn, RefreshToken, UsedTicket, RevokedToken, CommandAnswer)
    return [table.select().count() for table in tables]


async def test_what_ran_out_is_removed_and_the_rest_stays(runner):
    """Five of each kind had run out, two had not."""
    removed = await remove_expired(runner, answers_kept_s=KEPT_S, limit=500)

    assert removed == 20
    assert await runner.read(_count_rows) == [2, 2, 2, 2, 2]


async def test_many_rows_go_in_steps(runner):
    """A step takes no more than its limit, and there are as many steps as it takes."""
    removed = await remove_expired(runner, answers_kept_s=KEPT_S, limit=2)

    assert removed == 20
    assert await runner.read(_count_rows) == [2, 2, 2, 2, 2]


async def test_a_second_run_finds_nothing(runner):
    """Running twice does no harm."""
    await build_housekeeping_job(runner).run()

    assert await remove_expired(runner, answers_kept_s=KEPT_S, limit=500) == 0
