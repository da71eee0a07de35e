"""Reconnect storms: which connections are returns, and what becomes of one too many (spec H3)."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from config.namespaces import Namespace
from domain.roles import IdentityKind, Role
from realtime.close_codes import CloseCode
from realtime.session import Session
from tests.support.made_views import make_id
from tests.support.realtime import (
    ListTransport,
    MemoryLog,
    Services,
    build_plane,
    make_person,
)
from tests.support.waiting import wait_for

_LOST = 1006
_CAFE_ADDRESS = "192.0.2.1"


class Cafe:
    """A plane to which everybody comes from one address."""

    def __init__(self, **settings: Any) -> None:
        self.services = Services(MemoryLog())
        self.plane = build_plane(self.services, **settings)

    async def connect(
        self, token: str = "kitchen", *, address: str = _CAFE_ADDRESS, **wishes: Any
    ) -> tuple[Session, ListTransport]:
        """Open a connection and say who it is."""
        transport = ListTransport()
        session = self.plane.open(transport, namespace=Namespace.ORDERS, address=address)
        message = {"type": "authenticate", "id": "a", "data": {"token": token, **wishes}}
        await self.plane.receive(session, json.dumps(message).encode())
        await wait_for(lambda: session.worker is None, "the answer")
        session.flush()
        return session, transport

    async def count_returns(
        self, tries: int, token: str = "kitchen", *, code: int = _LOST, **wishes: Any
    ) -> int:
        """Connect, and come back so often after an end with a code; say how often it worked."""
        session, _ = await self.connect(token, **wishes)
        for returned in range(tries):
            session.on_transport_closed(code)
            session, _ = await self.connect(token, **wishes)
            if session.has_ended():
                return returned
        session.on_transport_closed(code)
        return tries


async def test_the_twenty_first_return_in_five_minutes_waits():
    """It is told how long, and then it passes; others are not concerned."""
    cafe = Cafe()
    assert await cafe.count_returns(30) == 20
    cafe.services.now += timedelta(seconds=40)

    session, transport = await cafe.connect()
    (error,) = transport.messages
    assert (error["type"], error["code"]) == ("rate_limit_exceeded", "rate_limit_exceeded")
    assert error["retryAfter"] == 260
    assert session.close_code == CloseCode.RATE_LIMITED
    other, _ = await cafe.connect("runner")
    assert not other.has_ended()


async def test_the_wait_is_enough():
    """A refused try is not counted, or whoever asks again would never be let in."""
    cafe = Cafe()
    await cafe.count_returns(30)
    _, transport = await cafe.connect()
    retry_after_s = transport.messages[0]["retryAfter"]
    cafe.services.now += timedelta(seconds=retry_after_s)

    session, _ = await cafe.connect()
    assert not session.has_ended()


async def test_a_first_connection_is_no_return():
    """Five screens of one person, and thousands of phones, each for the first time."""
    cafe = Cafe(connections_per_person=100)
    sessions = [(await cafe.connect())[0] for _ in range(60)]

    assert not any(session.has_ended() for session in sessions)


@pytest.mark.parametrize(
    "code",
    [
        CloseCode.DRAIN,
        CloseCode.TOKEN_EXPIRED,
        CloseCode.SLOW_CONSUMER,
        CloseCode.INSUFFICIENT_STATE,
        CloseCode.ROOMS_CHANGED,
        CloseCode.OVERLOADED,
    ],
)
async def test_who_was_sent_away_by_the_server_may_come_back(code: CloseCode):
    """As often as it happens."""
    cafe = Cafe()
    for _ in range(40):
        session, _ = await cafe.connect()
        session.close(code)

    session, _ = await cafe.connect()
    assert not session.has_ended()


async def test_a_client_that_claims_the_servers_code_is_counted():
    """What the peer sends as its close code is the peer's."""
    assert await Cafe().count_returns(30, code=int(CloseCode.DRAIN)) == 20


async def test_who_was_sent_away_for_its_own_fault_is_counted():
    """A program that floods, is cut off and comes back at once is what the rule is for."""
    cafe = Cafe()
    for _ in range(21):
        session, _ = await cafe.connect()
        assert not session.has_ended()
        session.close(CloseCode.RATE_LIMITED)

    session, _ = await cafe.connect()
    assert session.has_ended()


async def test_pages_that_are_left_are_no_storm_and_have_a_limit_of_their_own():
    """Somebody who reads the menu page by page is not shut out; a loop that says so is."""
    cafe = Cafe()

    assert await cafe.count_returns(400, code=1001) == 300
    assert await Cafe().count_returns(100, code=3000) == 100


async def test_a_return_to_another_life_is_not_counted():
    """Everybody comes back after a restart; who says so all day is counted after twenty times."""
    cafe = Cafe()

    assert await cafe.count_returns(60, boot="boot-0") == 40
    assert await Cafe().count_returns(60, boot="boot-1") == 20


async def test_an_address_has_three_hundred_returns(monkeypatch: pytest.MonkeyPatch):
    """Three breaks of a hundred devices behind one address pass; the fourth waits, at that
    address alone.
    """
    people = {f"p{each}": make_person(Role.KITCHEN, person_id=make_id(each)) for each in range(100)}
    monkeypatch.setattr("tests.support.realtime.IDENTITIES", people)
    cafe = Cafe()
    passed = 0
    sessions = [(await cafe.connect(name))[0] for name in people]
    for _ in range(4):
        for session in sessions:
            session.on_transport_closed(_LOST)
        sessions = [(await cafe.connect(name))[0] for name in people]
        passed += sum(not session.has_ended() for session in sessions)

    assert passed == 300
    elsewhere, _ = await cafe.connect("p0", address="198.51.100.7")
    assert not elsewhere.has_ended()
    (refusal, *_) = cafe.services.refusals
    assert refusal.details["command"] == "reconnect"
    assert refusal.details["limit"] == 300


async def test_paired_screens_are_not_counted_for_their_address(monkeypatch: pytest.MonkeyPatch):
    """A wall that breaks again and again counts for itself; no phone beside it waits for that."""
    screens = {
        f"s{each}": msgspec.structs.replace(
            make_person(Role.KITCHEN), kind=IdentityKind.DEVICE, principal=f"device:{make_id(each)}"
        )
        for each in range(20)
    }
    people = {"p": make_person(Role.KITCHEN)}
    monkeypatch.setattr("tests.support.realtime.IDENTITIES", screens | people)
    cafe = Cafe()

    assert [await cafe.count_returns(20, name) for name in screens] == [20] * 20
    assert await cafe.count_returns(20, "p") == 20


async def test_a_crowd_that_the_server_has_not_missed_yet_is_not_counted():
    """After a blip the new connections come before the old ones are known to be dead."""
    cafe = Cafe(connections_full="replace")
    first = [(await cafe.connect())[0] for _ in range(5)]
    again = [(await cafe.connect())[0] for _ in range(5)]

    assert all(session.close_code == CloseCode.REPLACED for session in first)
    assert not any(session.has_ended() for session in again)
    assert cafe.services.refusals == []
