"""Access that was taken back ends the connections that lived on it, and no others."""

from typing import Any

import msgspec
import pytest

from config.namespaces import Namespace
from domain.errors import AuthenticationFailed, StorageUnavailable
from domain.roles import Role
from realtime.close_codes import CloseCode
from tests.support.desk import Desk
from tests.support.made_views import CAFE
from tests.support.realtime import IDENTITIES, ListTransport
from tests.support.waiting import wait_for

BUMP = {"type": "bump_ticket", "id": "c-1", "data": {"ticketId": "018f"}}


async def connect(desk: Desk, token: str) -> ListTransport:
    """Open one more connection and make it somebody's."""
    transport = ListTransport()
    session = desk.open(transport)
    await desk.plane.receive(
        session, b'{"type": "authenticate", "id": "a", "data": {"token": "%s"}}' % token.encode()
    )
    await wait_for(lambda: bool(transport.of_type("joined")), f"{token} to be in")
    return transport


def take_back(desk: Desk, who: str, result: Any) -> None:
    """Say what the database says of somebody from now on, and count it as the services do."""
    desk.services.taken_back[IDENTITIES[who].principal] = result
    desk.services.access_counts[CAFE] = desk.services.access_counts.get(CAFE, 0) + 1


async def test_whose_access_was_taken_back_is_told_and_closed():
    """An error that says so, then a code that says: do not come back."""
    desk = Desk(Namespace.CUSTOMERS)
    guest = await connect(desk, "guest")
    await desk.plane.access_watch.look()
    take_back(desk, "guest", AuthenticationFailed("gone", code="table_session_closed"))
    await desk.plane.access_watch.look()

    assert guest.messages[-1]["type"] == "authentication_failed"
    assert guest.messages[-1]["code"] == "revoked"
    assert not guest.messages[-1]["recoverable"]
    assert guest.closed is not None
    assert guest.closed[0] == CloseCode.REVOKED


async def test_others_of_the_cafe_stay():
    """They are looked at once and go on."""
    desk = Desk(Namespace.ORDERS)
    guest, owner = await connect(desk, "guest"), await connect(desk, "owner")
    take_back(desk, "guest", AuthenticationFailed("gone"))
    await desk.plane.access_watch.look()

    assert (guest.closed is None, owner.closed) == (False, None)


async def test_roles_that_changed_end_a_connection_that_may_come_back():
    """With other rooms: it authenticates again and gets those."""
    desk = Desk()
    cook = await connect(desk, "kitchen")
    await desk.plane.access_watch.look()
    fewer = msgspec.structs.replace(IDENTITIES["kitchen"], roles=frozenset({Role.EXPO}))
    take_back(desk, "kitchen", fewer)
    await desk.plane.access_watch.look()

    assert cook.closed is not None
    assert cook.closed[0] == CloseCode.ROOMS_CHANGED


async def test_a_cafe_that_was_closed_says_so():
    """Nobody comes back to it."""
    desk = Desk()
    cook = await connect(desk, "kitchen")
    take_back(desk, "kitchen", AuthenticationFailed("closed", code="cafe_closed"))
    await desk.plane.access_watch.look()

    assert cook.closed is not None
    assert cook.closed[0] == CloseCode.CAFE_CLOSED


async def test_who_came_in_while_access_was_taken_back_is_looked_at_too():
    """Between the check of a token and the first look nothing may be missed."""
    desk = Desk()
    await connect(desk, "kitchen")
    await desk.plane.access_watch.look()
    desk.services.taken_back[IDENTITIES["owner"].principal] = AuthenticationFailed("gone")
    owner = await connect(desk, "owner")
    await desk.plane.access_watch.look()

    assert owner.closed is not None


async def test_without_a_change_nobodys_rights_are_read():
    """A second costs one look at the counts."""
    desk = Desk()
    cook = await connect(desk, "kitchen")
    await desk.plane.access_watch.look()
    desk.services.taken_back[IDENTITIES["kitchen"].principal] = AuthenticationFailed("uncounted")
    await desk.plane.access_watch.look()

    assert cook.closed is None


@pytest.mark.parametrize("is_hinted", [True, False])
async def test_it_looks_by_itself_and_goes_on_after_a_fault(is_hinted: bool):
    """At once when somebody says so, else within a second; the database may be away for a while."""
    desk = Desk()
    cook = await connect(desk, "kitchen")
    failures = iter([True, True])
    read_counts = desk.services.read_access_counts

    async def read_or_fail(cafe_ids):
        if next(failures, False):
            raise StorageUnavailable("away")
        return await read_counts(cafe_ids)

    desk.plane.access_watch._read_counts = read_or_fail
    take_back(desk, "kitchen", AuthenticationFailed("gone"))
    desk.plane.start()
    for _ in range(3 if is_hinted else 0):
        desk.plane.access_watch.look_now()
    await wait_for(lambda: cook.closed is not None, "the connection to be closed")
    await desk.plane.stop()
