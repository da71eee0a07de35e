"""Attach and resume: from any position, at any moment, the client has exactly the log."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from config.namespaces import Namespace
from domain.errors import StorageUnavailable
from domain.rooms import Room, RoomKind
from domain.views.base import Position
from realtime.messages.commands import AuthenticateData, KnownPosition
from realtime.session import Session, SessionState
from tests.support.logs import ExpectedLogs
from tests.support.made_events import make_events
from tests.support.made_views import CAFE, EPOCH, make_id
from tests.support.realtime import ListTransport, MemoryLog, Services, build_plane
from tests.support.waiting import wait_for

EVENTS = make_events()
TICKET, ORDER_READY = EVENTS["kitchen_order_received"], EVENTS["order_ready"]


class World:
    """A plane over a log in memory, and clients that come and go."""

    def __init__(self, **settings: Any) -> None:
        self.log = MemoryLog()
        self.services = Services(self.log)
        self.plane = build_plane(self.services, **settings)

    def commit(self, count: int = 1, *, is_offered: bool = True) -> None:
        """Append events and, unless they are another process's, offer them."""
        rows = [self.log.append(TICKET) for _ in range(count)]
        if is_offered:
            self.plane.on_committed(rows)

    async def connect(
        self, position: Position | KnownPosition | None = None, *, token: str = "kitchen"
    ) -> tuple[Session, ListTransport]:
        """Open a connection and send the first frame."""
        transport = ListTransport()
        session = self.plane.open(transport, namespace=Namespace.KITCHEN, address="192.0.2.1")
        data: dict[str, Any] = {"token": token}
        if position is not None:
            data["position"] = {
                "epoch": position.epoch,
                "seq": position.seq,
                "eventId": position.event_id,
            }
        await self.plane.receive(
            session, msgspec_encode({"type": "authenticate", "id": "a-1", "data": data})
        )
        return session, transport

    async def attach(
        self, position: Position | KnownPosition | None = None
    ) -> tuple[Session, ListTransport]:
        """Connect and wait until the session is live or has ended."""
        session, transport = await self.connect(position)
        await wait_for(lambda: session.worker is None, "the session to be attached")
        return session, transport


def msgspec_encode(message: Any) -> bytes:
    """Encode a client's message."""
    import msgspec

    return msgspec.json.encode(message)


def known(seq: int, *, epoch: str = EPOCH, event_id: str | None = None) -> KnownPosition:
    """Make a position as a client holds it."""
    default = make_id(100_000 + seq) if seq else ""
    return KnownPosition(epoch=epoch, seq=seq, event_id=default if event_id is None else event_id)


def seqs(transport: ListTransport) -> list[int]:
    """List the seqs of the events that arrived."""
    return [message["seq"] for message in transport.messages if "eventId" in message]


async def test_without_a_position_the_stream_begins_now():
    """`joined` says from where it is complete; nothing old comes."""
    world = World()
    world.commit(5)

    _, transport = await world.attach()
    world.commit(2)
    await asyncio.sleep(0)

    assert [message["type"] for message in transport.messages[:2]] == ["welcome", "joined"]
    assert transport.messages[1]["data"] == {
        "rooms": [f"cafe:{CAFE}:kitchen", f"cafe:{CAFE}:role:kitchen"],
        "mode": "live",
        "position": {"epoch": EPOCH, "seq": 5, "eventId": make_id(100_005)},
    }
    assert seqs(transport) == [6, 7]


@pytest.mark.parametrize("seq", [0, 1, 250, 299, 300])
async def test_a_position_within_reach_is_continued(seq: int):
    """Exactly what is missing, in order, once, then live."""
    world = World()
    world.commit(300)

    _, transport = await world.attach(known(seq))
    world.commit(2)
    await asyncio.sleep(0)

    joined = transport.of_type("joined")[0]["data"]
    assert joined["mode"] == "replay"
    assert joined["position"]["seq"] == seq
    assert seqs(transport) == list(range(seq + 1, 303))


UNUSABLE = {
    "another log": (known(290, epoch="another"), "epoch_changed"),
    "another event there": (known(290, event_id=make_id(5)), "log_differs"),
    "no event named": (known(290, event_id=""), "log_differs"),
    "another last event": (known(310, event_id=make_id(5)), "log_differs"),
    "ahead of the log": (known(311), "ahead"),
    "301 behind": (known(9), "too_far_behind"),
    "nothing known": (known(0), "too_far_behind"),
}


@pytest.mark.parametrize(("position", "reason"), UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_a_position_that_is_not_usable_is_said_to_be(position: KnownPosition, reason: str):
    """`resync` with where the stream goes on from, and never a part of a replay."""
    world = World()
    world.commit(310)

    _, transport = await world.attach(position)
    world.commit(1)
    await asyncio.sleep(0)

    here = {"epoch": EPOCH, "seq": 310, "eventId": make_id(100_310)}
    assert transport.of_type("joined")[0]["data"]["mode"] == "resync"
    assert transport.of_type("resync")[0]["data"] == {"position": here, "reason": reason}
    assert seqs(transport) == [311]


async def test_a_position_older_than_the_floor_is_not_usable():
    """Rows that retention took cannot be replayed."""
    world = World()
    world.commit(20)
    world.log.floor_seq = 15

    _, transport = await world.attach(known(10))

    assert transport.of_type("resync")[0]["data"]["reason"] == "too_old"


async def test_rows_that_are_gone_are_never_passed_over_in_silence():
    """A replay that would begin later than the client's position is none."""
    world = World()
    world.commit(20)
    world.log.lost_until_seq = 5

    _, transport = await world.attach(known(0))

    assert transport.of_type("resync")[0]["data"]["reason"] == "too_old"
    assert seqs(transport) == []


async def test_a_position_further_back_than_the_ring_is_read_from_the_log():
    """A small memory costs a query, not a resync."""
    world = World(ring_size_events=10)
    await world.attach()
    world.commit(200)

    _, transport = await world.attach(known(50))

    assert transport.of_type("joined")[0]["data"]["mode"] == "replay"
    assert seqs(transport) == list(range(51, 201))


async def test_a_snapshot_newer_than_the_tail_is_no_reason_to_resync():
    """Another process wrote; the page was rendered from that; the tail catches up."""
    world = World()
    await world.attach()
    world.commit(5, is_offered=False)

    _, transport = await world.attach(known(5))
    world.commit(1)
    await asyncio.sleep(0)

    assert transport.of_type("joined")[0]["data"]["mode"] == "replay"
    assert seqs(transport) == [6]


async def test_what_is_not_for_a_session_moves_its_position_on():
    """A filtered client sees 1, 3: the replay passes over what is another's."""
    world = World()
    rows = [world.log.append(each) for each in (TICKET, ORDER_READY, TICKET)]
    world.plane.on_committed(rows)

    session, transport = await world.attach(known(0))

    assert seqs(transport) == [1, 3]
    assert session.seq == 3


async def test_a_replay_larger_than_the_outbox_arrives_whole():
    """It is sent no faster than it is read, and live events wait their turn."""
    world = World(outbox_limit_bytes=64 * 2**10)
    world.commit(300)
    session, transport = await world.connect(known(0))
    transport.is_blocked = True
    for _ in range(20):
        await asyncio.sleep(0)
    waiting_bytes = session.outbox_bytes
    world.commit(50)

    while session.worker is not None:
        take(session, transport)
        await asyncio.sleep(0)
    take(session, transport)

    assert 32 * 2**10 < waiting_bytes <= 64 * 2**10

    assert seqs(transport) == list(range(1, 351))
    assert session.state is SessionState.LIVE


def take(session: Session, transport: ListTransport) -> None:
    """Read what is there, then stop reading again."""
    transport.is_blocked = False
    session.on_writable()
    transport.is_blocked = True


async def test_a_database_that_is_away_ends_the_connection_with_come_back():
    """A connection that cannot become live does not pretend to be."""
    world = World()

    async def fail() -> None:
        raise StorageUnavailable("The database is away.")

    world.log.pause = fail
    session, transport = await world.attach()

    assert transport.messages[-1]["code"] == "storage_unavailable"
    assert session.close_code == 4002


@pytest.mark.parametrize("is_opened", [True, False], ids=["known cafe", "after a restart"])
async def test_an_unreadable_replay_becomes_a_resync(is_opened: bool, expected_logs: ExpectedLogs):
    """A row that cannot be decoded must not lock a client into coming back for ever."""
    expected_logs.add("replay_not_read", "log_unreadable")
    world = World(ring_size_events=5)
    if is_opened:
        await world.attach()
    world.commit(50)
    world.log.unreadable = {20}

    session, transport = await world.attach(known(10))
    world.commit(1)
    await asyncio.sleep(0)

    assert transport.of_type("resync")[0]["data"]["reason"] == "log_unreadable"
    assert session.state is SessionState.LIVE
    assert seqs(transport) == [51]


@pytest.mark.parametrize("place", [20, 50], ids=["beyond memory", "in memory"])
async def test_who_stands_at_an_unreadable_row_goes_on_from_it(place: int):
    """What is there at a place is known by its id: nobody has to read it for that."""
    world = World(ring_size_events=20)
    await world.attach()
    world.commit(50)
    world.log.unreadable = {place}

    _, transport = await world.attach(known(place))
    world.commit(1)
    await asyncio.sleep(0)

    assert transport.of_type("resync") == []
    assert seqs(transport) == list(range(place + 1, 52))


async def test_a_new_epoch_resyncs_whoever_is_live():
    """A failover under open connections is said, never mixed."""
    world = World()
    _, transport = await world.attach()
    world.commit(3)
    world.log.epoch = "another"
    world.log.rows = world.log.rows[:1]
    world.commit(1)
    await wait_for(lambda: bool(transport.of_type("resync")), "resync")
    world.commit(1)
    await asyncio.sleep(0)

    assert transport.of_type("resync")[0]["data"]["position"]["epoch"] == "another"
    assert seqs(transport) == [1, 2, 3, 3]


async def test_a_herd_that_returns_causes_one_read():
    """Two hundred displays after a restart: the log is read once, everybody has everything."""
    world = World(connections_per_person=200)
    world.commit(200, is_offered=False)

    clients = await asyncio.gather(*(world.attach(known(100)) for _ in range(200)))

    assert world.log.reads == 1
    assert all(seqs(transport) == list(range(101, 201)) for _, transport in clients)


class Trial:
    """One random schedule: a client that loses its connection while others write.

    The last frames of a connection may never have arrived at the client.
    """

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World(ring_size_events=self.chance.choice([5, 1000]), replay_limit_events=25)
        self.world.log.pause = self.dawdle
        self.has: list[int] = []
        self.position: KnownPosition | None = None

    async def run(self) -> bool:
        """Say whether the client ends with exactly the log."""
        writer = asyncio.create_task(self.write())
        while not writer.done():
            session, transport = await self.world.connect(self.position)
            for _ in range(self.chance.randint(1, 30)):
                await asyncio.sleep(0)
            messages = transport.messages
            self.follow(messages[: len(messages) - self.chance.randint(0, 3)])
            session.on_transport_closed(1006)
            await self.dawdle()
        session, transport = await self.world.connect(self.position)
        await turn_until(lambda: session.worker is None)
        self.world.commit(1)
        total = len(self.world.log.rows)
        arrived = await turn_until(lambda: total in seqs(transport))
        self.follow(transport.messages)
        await self.world.plane.stop()
        return arrived and self.has == list(range(1, total + 1))

    async def write(self) -> None:
        """Commit sixty events, some of them as another process would."""
        while len(self.world.log.rows) < 60:
            self.world.commit(1, is_offered=self.chance.random() < 0.8)
            await self.dawdle()

    async def dawdle(self) -> None:
        """Let others go first, for a while."""
        for _ in range(self.chance.randint(0, 3)):
            await asyncio.sleep(0)

    def follow(self, messages: list[dict[str, Any]]) -> None:
        """Do what a client does with what arrived."""
        self.has, self.position = follow(messages, self.has, self.position)


async def turn_until(is_true: Callable[[], bool]) -> bool:
    """Turn the loop until something is so; False if it never is."""
    for _ in range(5000):
        if is_true():
            return True
        await asyncio.sleep(0)
    return False


def follow(
    messages: list[dict[str, Any]], has: list[int], position: KnownPosition | None
) -> tuple[list[int], KnownPosition | None]:
    """Do what a client does: resync means a snapshot, which holds everything up to its seq."""
    for message in messages:
        if message["type"] == "joined" and message["data"]["mode"] == "live":
            start = message["data"]["position"]
            has = list(range(1, start["seq"] + 1))
            position = known(start["seq"])
        elif message["type"] in ("resync", "mark"):
            here = message["data"].get("position", message["data"])
            if message["type"] == "resync":
                has = list(range(1, here["seq"] + 1))
            position = known(here["seq"])
        elif "eventId" in message:
            has = [*has, message["seq"]]
            position = known(message["seq"])
    return has, position


@pytest.mark.parametrize("first_seed", range(0, 400, 50))
async def test_cut_at_any_moment_the_client_has_exactly_the_log(first_seed: int):
    """Fifty random schedules each: no event missing, none doubled, none out of order."""
    for seed in range(first_seed, first_seed + 50):
        assert await Trial(seed).run(), f"seed {seed}"


def join_late(world: World) -> None:
    """Plant a bug: the session enters its rooms only after the replay."""
    attachment = world.plane._attachment
    registry, read = attachment._registry, attachment._tail.read
    held: list[tuple[Session, list[Room]]] = []
    join = registry.join

    async def read_then_join(*args: Any, **options: Any) -> Any:
        replay = await read(*args, **options)
        await asyncio.sleep(0)
        for session, rooms in held:
            join(session, rooms)
        held.clear()
        return replay

    registry.join = lambda session, rooms: held.append((session, list(rooms)))  # type: ignore[method-assign,assignment]
    attachment._tail.read = read_then_join  # type: ignore[method-assign]


def forget_to_drop(world: World) -> None:
    """Plant a bug: what happened meanwhile is sent although the replay had it."""
    attachment = world.plane._attachment

    def send(session: Session, publication: Any) -> None:
        session.seq = publication.seq
        session.queue(attachment._hub.encode(publication, session.representation))

    attachment._pass = send  # type: ignore[method-assign]


@pytest.mark.parametrize("sabotage", [join_late, forget_to_drop])
async def test_the_trials_find_a_planted_bug(sabotage: Callable[[World], None]):
    """A test that cannot fail proves nothing: each of these two must be caught soon."""
    for seed in range(100):
        trial = Trial(seed)
        sabotage(trial.world)
        if not await trial.run():
            return

    raise AssertionError(f"{sabotage.__name__} was not found in 100 trials")


async def test_a_room_joined_later_is_complete_from_the_position_in_its_ack():
    """Events after that position arrive; those before are in the snapshot that follows."""
    world = World()
    session, transport = await world.attach()
    await world.plane.receive(
        session,
        msgspec_encode({"type": "join_station", "id": "j-1", "data": {"stationId": make_id(20)}}),
    )
    await wait_for(lambda: bool(transport.of_type("ack")), "the ack")

    room = f"cafe:{CAFE}:station:{make_id(20)}"
    here = {"epoch": EPOCH, "seq": 0, "eventId": ""}
    assert transport.of_type("ack")[0]["data"] == {"room": room, "position": here}
    assert Room(CAFE, RoomKind.STATION, make_id(20)) in world.plane._registry.list_rooms(session)


def test_an_authenticate_without_wishes_is_the_default():
    """Nothing asked for: no rooms beside the implied, no cards, no position."""
    assert AuthenticateData() == AuthenticateData(
        token=None, rooms=[], position=None, render=[], locale=""
    )
