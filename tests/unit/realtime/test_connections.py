"""So many connections of one person in one namespace, and what becomes of one more."""

import json

from realtime.close_codes import CloseCode
from tests.support.desk import Desk
from tests.support.made_views import CAFE, DEVICE, PERSON, STATION
from tests.support.realtime import ListTransport
from tests.support.waiting import wait_for


async def open_more(desk: Desk, count: int, *, who: str = "kitchen") -> list[ListTransport]:
    """Open connections of the same cook or screen, one after the other."""
    transports = []
    for _ in range(count):
        transport = ListTransport()
        session = desk.open(transport)
        message = {"type": "authenticate", "id": "a", "data": {"token": who}}
        await desk.plane.receive(session, json.dumps(message).encode())
        await wait_for(lambda s=session: s.worker is None, "the answer")  # type: ignore[misc]
        session.flush()
        transports.append(transport)
    return transports


async def test_one_more_is_refused_with_a_reason_and_a_wait():
    """It may come back; the others stay, and the audit knows whose it was."""
    desk = Desk(connections_per_person=2)
    first, second, third = await open_more(desk, 3)

    (refusal,) = third.messages
    assert (refusal["type"], refusal["code"]) == ("rate_limit_exceeded", "max_connections_exceeded")
    assert refusal["details"] == {"connectionCount": 2}
    assert refusal["retryAfter"] > 0
    assert third.closed is not None
    assert third.closed[0] == CloseCode.RATE_LIMITED
    assert (first.closed, second.closed) == (None, None)
    (reported,) = desk.services.refusals
    assert reported.kind == "max_connections_exceeded"
    assert reported.details.pop("clientId")
    assert reported.details == {
        "userId": f"person:{PERSON}",
        "ip": "192.0.2.1",
        "namespace": "kitchen",
        "connectionCount": 2,
    }


async def test_the_oldest_may_have_to_go_instead_and_not_to_come_back():
    """Or two screens would chase each other for ever."""
    desk = Desk(connections_per_person=2, connections_full="replace")
    first, second, third = await open_more(desk, 3)

    assert first.closed is not None
    assert first.closed[0] == CloseCode.REPLACED
    assert (second.closed, third.closed) == (None, None)
    assert third.of_type("joined")
    assert desk.services.refusals == []


async def test_the_newest_connection_of_a_screen_is_the_one():
    """Whatever the limit for people: what is left of its earlier life does not come back (H2)."""
    desk = Desk(connections_per_person=5, connections_full="refuse")
    first, second, third = await open_more(desk, 3, who="wall")

    for left in (first, second):
        assert left.closed is not None
        assert left.closed[0] == CloseCode.REPLACED
    assert third.closed is None
    rooms = third.of_type("joined")[0]["data"]["rooms"]
    assert {f"device:{DEVICE}", f"cafe:{CAFE}:station:{STATION}"} <= set(rooms)
