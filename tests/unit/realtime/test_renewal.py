"""Tokens that run out while a connection is open are renewed on it (spec D7)."""

import asyncio
from datetime import timedelta

import pytest

from realtime.close_codes import CloseCode
from tests.support.desk import Desk
from tests.support.made_events import make_events
from tests.support.made_views import NOON

EVENT = make_events()["kitchen_order_received"]
LATER = NOON + timedelta(minutes=15)


def to_ms(moment) -> int:
    """Unix milliseconds."""
    return int(moment.timestamp() * 1000)


@pytest.fixture
async def desk():
    """Open a connection of a cook whose token runs out in a quarter of an hour."""
    made = Desk()
    made.services.expires_at = LATER
    await made.authenticate("kitchen")
    yield made
    await made.plane.stop()


async def refresh(desk: Desk, token: str = "kitchen", *, expires_at=LATER + timedelta(minutes=15)):
    """Send another token and return what was answered."""
    desk.services.expires_at = expires_at
    return await desk.send({"type": "refresh", "id": "r-1", "data": {"token": token}})


def pass_until(desk: Desk, moment) -> None:
    """Let the clock be there and the plane look at its connections, as each second."""
    desk.services.now = moment
    desk.plane._look_at(desk.session, now_s=asyncio.get_running_loop().time(), now=moment)
    desk.session.flush()


async def test_a_minute_before_the_end_it_is_told_once(desk: Desk):
    """And not earlier."""
    pass_until(desk, LATER - timedelta(seconds=61))
    assert desk.transport.of_type("refresh_due") == []

    for seconds in (60, 59, 1):
        pass_until(desk, LATER - timedelta(seconds=seconds))
    assert desk.transport.of_type("refresh_due") == [
        {"type": "refresh_due", "data": {"expiresAt": to_ms(LATER)}}
    ]


async def test_with_another_token_it_goes_on_and_misses_nothing(desk: Desk):
    """Every event is there once, before, during and after; the next end is announced again."""
    for _ in range(3):
        desk.plane.on_committed([desk.log.append(EVENT)])
        pass_until(desk, desk.services.now + timedelta(minutes=14, seconds=30))
        assert len(desk.transport.of_type("refresh_due")) == 1
        desk.plane.on_committed([desk.log.append(EVENT)])
        ends_at = desk.services.now + timedelta(minutes=15)
        answered = await refresh(desk, expires_at=ends_at)
        acknowledged = {"type": "ack", "id": "r-1", "data": {"expiresAt": to_ms(ends_at)}}
        assert acknowledged in answered
        desk.plane.on_committed([desk.log.append(EVENT)])
        await desk.settle()
        desk.transport.frames.clear()

    assert desk.session.seq == 9
    assert desk.transport.closed is None


async def test_without_one_it_is_closed_with_a_code_that_says_come_back(desk: Desk):
    """Renew, then come back."""
    pass_until(desk, LATER)

    assert desk.transport.closed is not None
    assert desk.transport.closed[0] == CloseCode.TOKEN_EXPIRED


async def test_somebody_elses_token_is_refused_and_the_connection_stays(desk: Desk):
    """A connection belongs to one person for life, whoever holds the tablet now."""
    for other in ("guest", "elsewhere"):
        (error,) = await refresh(desk, other)
        assert (error["type"], error["code"]) == ("authorization_denied", "another_principal")
        assert desk.session.identity.principal.startswith("person:")

    assert desk.transport.closed is None


async def test_a_token_that_is_none_is_refused(desk: Desk):
    """As at the beginning of a connection: what is wrong with it does not mend itself."""
    (error,) = await refresh(desk, "nonsense")

    assert (error["type"], error["id"]) == ("authentication_failed", "r-1")


async def test_a_token_with_other_rights_makes_it_come_back_for_other_rooms(desk: Desk):
    """The connection's rooms follow from its roles, so it begins anew."""
    await refresh(desk, "counter")

    assert desk.transport.closed is not None
    assert desk.transport.closed[0] == CloseCode.ROOMS_CHANGED


async def test_a_token_with_more_rights_gives_this_connection_none(desk: Desk):
    """What was narrowed stays narrow."""
    before = desk.session.identity.roles
    await refresh(desk, "kitchen")

    assert desk.session.identity.roles == before
    assert desk.session.is_unchecked, "the next look reads the new identity's rights"
