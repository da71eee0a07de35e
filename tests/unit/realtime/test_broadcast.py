"""What is sent to an audience reaches everybody in it once and nobody else, live and replayed."""

import asyncio

import msgspec
import pytest

from config.namespaces import NAMESPACES, Namespace
from domain.audiences import Audience, build_audience
from domain.roles import Role
from realtime.session import Session
from tests.support.made_views import CAFE, EPOCH, PERSON, RUNNER, make_notice
from tests.support.realtime import IDENTITIES, ListTransport, MemoryLog, Services, build_plane
from tests.support.waiting import wait_for

# Who is connected here, each through a namespace of theirs. `runner` has two roles.
CONNECTED = {
    "kitchen": Namespace.KITCHEN,
    "expo": Namespace.KITCHEN,
    "runner": Namespace.COUNTER,
    "counter": Namespace.COUNTER,
    "manager": Namespace.ADMIN,
    "owner": Namespace.ORDERS,
    "board": Namespace.CUSTOMERS,
    "guest": Namespace.CUSTOMERS,
}
AUDIENCES = {
    "one role": (build_audience(include=["counter"]), {"counter", "runner"}),
    "two roles": (build_audience(include=["counter", "expo"]), {"counter", "expo", "runner"}),
    "all": (build_audience(), {"kitchen", "expo", "runner", "counter", "manager", "owner"}),
    "all but one role": (
        build_audience(exclude=["expo"]),
        {"kitchen", "counter", "manager", "owner"},
    ),
    "a role but those with another": (
        build_audience(include=["counter"], exclude=["expo"]),
        {"counter"},
    ),
    "all but one person": (build_audience(exclude_people=[PERSON]), {"runner"}),
    "two roles but one person": (
        build_audience(include=["counter", "expo"], exclude_people=[RUNNER]),
        {"counter", "expo"},
    ),
}


class Floor:
    """A plane over a log in memory, with everybody of CONNECTED."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.plane = build_plane(Services(self.log))

    async def connect(self, who: str, *, seq: int | None = None) -> ListTransport:
        """Attach somebody, from the beginning of the log where `seq` says 0."""
        transport = ListTransport()
        session: Session = self.plane.open(transport, namespace=CONNECTED[who], address="192.0.2.1")
        data: dict[str, object] = {"token": who}
        if seq is not None:
            data["position"] = {"epoch": EPOCH, "seq": seq}
        frame = {"type": "authenticate", "id": "a-1", "data": data}
        await self.plane.receive(session, msgspec.json.encode(frame))
        await wait_for(lambda: session.worker is None, f"{who} to be attached")
        return transport


def count_notices(transport: ListTransport) -> int:
    """Say how many notices arrived."""
    return len(transport.of_type("staff_notification"))


@pytest.mark.parametrize(("audience", "expected"), AUDIENCES.values(), ids=AUDIENCES.keys())
async def test_everybody_who_is_meant_gets_it_once_and_nobody_else(
    audience: Audience, expected: set[str]
):
    """Live: somebody with two of the roles is in two of the rooms, and is told once."""
    floor = Floor()
    transports = {who: await floor.connect(who) for who in CONNECTED}

    floor.plane.on_committed([floor.log.append(make_notice(audience))])
    await asyncio.sleep(0)

    assert {who: count_notices(each) for who, each in transports.items()} == {
        who: int(who in expected) for who in CONNECTED
    }


@pytest.mark.parametrize(("audience", "expected"), AUDIENCES.values(), ids=AUDIENCES.keys())
async def test_a_replay_reaches_whom_the_live_stream_reached(
    audience: Audience, expected: set[str]
):
    """Whoever comes back gets what was theirs, once, and nobody else's."""
    floor = Floor()
    floor.log.append(make_notice(audience))

    transports = {who: await floor.connect(who, seq=0) for who in CONNECTED}

    assert {who: count_notices(each) for who, each in transports.items()} == {
        who: int(who in expected) for who in CONNECTED
    }


async def test_what_comes_while_somebody_attaches_is_held_to_the_audience_too():
    """The buffer between replay and live is no side door."""
    floor = Floor()
    for_expo = make_notice(build_audience(include=["expo"], exclude_people=[RUNNER]))
    gate = asyncio.Event()
    await floor.connect("kitchen")  # the stream is open, so attaching reads the log alone
    floor.log.pause = gate.wait
    attaching = asyncio.create_task(floor.connect("runner", seq=0))
    await asyncio.sleep(0)

    floor.plane.on_committed([floor.log.append(for_expo)])
    gate.set()
    transport = await attaching

    assert count_notices(transport) == 0


def test_every_staff_role_hears_notifications_through_a_namespace_of_its_own():
    """An audience's rooms are of no use to who connects where they are not carried."""
    for role in (Role.KITCHEN, Role.EXPO, Role.COUNTER, Role.MANAGER, Role.OWNER):
        assert any(
            role in rule.roles and "staff_notification" in rule.events
            for rule in NAMESPACES.values()
        )
    assert "staff_notification" not in NAMESPACES[Namespace.CUSTOMERS].events
    assert IDENTITIES["runner"].cafe_id == CAFE
