"""Rooms, outboxes and the hub: who gets what, once, and what a slow or broken peer costs."""

import asyncio

import msgspec
import pytest

from config.namespaces import Namespace
from domain.rooms import Room, RoomKind
from realtime.batches import Reader
from realtime.close_codes import CloseCode
from realtime.ephemera import Ephemeral, announce_analytics
from realtime.hub import Hub
from realtime.ports import Admission
from realtime.publications import Publication, publish
from realtime.rate_limit import FrameCeiling
from realtime.registry import Registry
from realtime.session import BUFFER_LIMIT, Session
from tests.support.logs import ExpectedLogs
from tests.support.made_events import log_event, make_events
from tests.support.made_views import CAFE, make_analytics, make_id
from tests.support.realtime import IDENTITIES, ListTransport, render_card

KITCHEN = Room(CAFE, RoomKind.KITCHEN)
ALL = Room(CAFE, RoomKind.CAFE)
MANAGEMENT = Room(CAFE, RoomKind.MANAGEMENT)
EVENTS = make_events()


class Floor:
    """A registry, a hub and sessions that are live in it."""

    def __init__(self) -> None:
        self.registry: Registry[Session] = Registry()
        self.ended: list[Session] = []
        self.delivered: list[tuple[int, int]] = []
        self.hub = Hub(
            self.registry,
            render=render_card,
            on_delivered=lambda publication, count: self.delivered.append((publication.seq, count)),
            on_closed=self.ended.append,
        )

    def open(
        self,
        *rooms: Room,
        limit: int = 2**20,
        who: str = "expo",
        namespace: Namespace = Namespace.KITCHEN,
    ) -> Session:
        """Make a live session in some rooms."""
        session = Session(
            ListTransport(),
            connection_id=make_id(len(self.ended)),
            namespace=namespace,
            address="192.0.2.1",
            now_s=0.0,
            outbox_limit_bytes=limit,
            ceiling=FrameCeiling(per_second=20, burst=60, now_s=0.0),
            feeder=self.hub,
        )
        session.admission = Admission(identity=IDENTITIES[who])
        session.go_live()
        session.set_wire(read(session).take)
        self.registry.join(session, rooms)
        return session


@pytest.fixture
async def floor() -> Floor:
    """Return a floor on the running loop."""
    return Floor()


def read(session: Session) -> ListTransport:
    """Return the transport of the tests below a session."""
    assert isinstance(session.transport, ListTransport)
    return session.transport


def block(session: Session) -> None:
    """Let a peer stop reading: nothing goes straight, and nothing is taken."""
    read(session).is_blocked = True
    session.set_wire(None)


def publish_ticket(seq: int) -> Publication:
    """Make a publication for KITCHEN and ALL."""
    return publish(log_event(EVENTS["kitchen_order_received"], seq=seq))


def test_leaving_and_removing_leave_nothing_behind():
    """Both directions of the registry agree at every step."""
    registry: Registry[str] = Registry()
    registry.join("a", [KITCHEN, ALL])
    registry.join("b", [KITCHEN])
    registry.leave("a", KITCHEN)
    registry.leave("a", KITCHEN)

    assert registry.find_members([KITCHEN]) == ["b"]
    assert registry.list_rooms("a") == {ALL}
    registry.remove("a")
    registry.remove("b")
    registry.remove("b")
    assert registry.room_count == 0
    assert registry.find_members([KITCHEN, ALL]) == []


async def test_a_session_in_several_rooms_gets_an_event_once(floor: Floor):
    """The union of the rooms counts."""
    session = floor.open(KITCHEN, ALL)

    floor.hub.deliver(publish_ticket(1))
    floor.hub.flush()

    assert floor.delivered == [(1, 1)]
    assert [message["seq"] for message in read(session).messages] == [1]


async def test_messages_of_one_turn_leave_as_one_frame_shared_by_the_room(floor: Floor):
    """Ten events, a hundred sessions: one frame object."""
    sessions = [floor.open(KITCHEN) for _ in range(100)]

    for seq in range(1, 11):
        floor.hub.deliver(publish_ticket(seq))
    await asyncio.sleep(0)

    frames = [read(session).frames for session in sessions]
    assert {len(each) for each in frames} == {1}
    assert {id(each[0]) for each in frames} == {id(frames[0][0])}


async def test_what_an_idle_session_gets_goes_straight_to_its_wire(floor: Floor):
    """Again too, once what waited before it has left."""
    session = floor.open(KITCHEN)

    floor.hub.deliver(publish_ticket(1))
    floor.hub.flush()
    session.queue(b'{"seq":"answer"}')
    floor.hub.deliver(publish_ticket(2))
    floor.hub.flush()
    floor.hub.deliver(publish_ticket(3))
    floor.hub.flush()

    transport = read(session)
    assert [each["seq"] for each in transport.messages] == [1, "answer", 2, 3]
    assert [transport.frames.index(each) for each in transport.straight] == [0, 2]


async def test_nothing_goes_straight_that_only_the_newest_matters_of_waits_for(floor: Floor):
    """Figures that wait have their turn first, and leave with what was published."""
    session = floor.open(MANAGEMENT, ALL, who="manager", namespace=Namespace.ADMIN)

    floor.hub.push(announce_analytics(CAFE, make_analytics(), event_id=make_id(1)))
    floor.hub.deliver(publish_ticket(1))
    floor.hub.flush()

    assert read(session).straight == []
    assert len(read(session).frames) == 1


async def test_what_a_wire_does_not_take_goes_on_by_the_transport(floor: Floor):
    """A part, or all of it where the wire fails; the frame never starts again."""
    partly, failing = floor.open(KITCHEN), floor.open(KITCHEN)
    read(partly).wire_bytes = 10
    read(failing).is_blocked = True

    floor.hub.deliver(publish_ticket(1))
    floor.hub.flush()

    size = len(read(partly).frames[0])
    assert (read(partly).unsent_bytes, read(failing).unsent_bytes) == (size - 10, size)
    assert read(failing).frames == []
    assert floor.delivered == [(1, 2)]


async def test_a_rest_above_the_limit_cuts_off(floor: Floor):
    """What the transport holds counts as what the outbox holds does."""
    slow = floor.open(KITCHEN, limit=100)
    read(slow).wire_bytes = 10

    floor.hub.deliver(publish_ticket(1))
    floor.hub.flush()

    assert slow.close_code == CloseCode.SLOW_CONSUMER


async def test_nothing_goes_straight_before_a_session_is_live_or_after_its_end(floor: Floor):
    """Whatever its transport offers."""
    attaching, ended = floor.open(KITCHEN), floor.open(KITCHEN)
    attaching.start_attaching()
    ended.close(CloseCode.DRAIN)
    for session in (attaching, ended):
        session.set_wire(read(session).take)

    floor.hub.deliver(publish_ticket(1))
    floor.hub.flush()

    assert read(attaching).frames == read(ended).frames == []
    assert [each.seq for each in attaching.buffer] == [1]


async def test_an_answer_does_not_overtake_what_was_published_before_it(floor: Floor):
    """Neither does a close: what waits for the end of the turn is put before both."""
    answered, closed = floor.open(KITCHEN), floor.open(KITCHEN)

    floor.hub.deliver(publish_ticket(1))
    answered.queue(b'{"seq":"answer"}')
    floor.hub.deliver(publish_ticket(2))
    closed.close(CloseCode.DRAIN)
    floor.hub.deliver(publish_ticket(3))
    floor.hub.flush()

    assert [each["seq"] for each in read(answered).messages] == [1, "answer", 2, 3]
    assert len(read(answered).frames) == 1
    assert [each["seq"] for each in read(closed).messages] == [1, 2]
    assert floor.delivered == [(1, 2), (2, 2), (3, 1)]


async def test_what_different_rooms_get_in_one_turn_leaves_as_one_frame(floor: Floor):
    """In the order of the log, whoever else gets a part of it."""
    both, guest = floor.open(KITCHEN, ALL), floor.open(Room(CAFE, RoomKind.CUSTOMERS))

    floor.hub.deliver(publish_ticket(1))
    floor.hub.deliver(publish(log_event(EVENTS["order_number_ready"], seq=2)))
    floor.hub.deliver(publish_ticket(3))
    floor.hub.flush()

    assert [each["seq"] for each in read(both).messages] == [1, 2, 3]
    assert len(read(both).frames) == 1
    assert [each["seq"] for each in read(guest).messages] == [2]


async def test_a_session_that_knows_a_part_gets_the_rest(floor: Floor):
    """A position in the middle of a turn's events, as a snapshot leaves it."""
    session = floor.open(KITCHEN)
    session.seq = 1

    for seq in (1, 2, 3):
        floor.hub.deliver(publish_ticket(seq))
    floor.hub.flush()

    assert [each["seq"] for each in read(session).messages] == [2, 3]
    assert (session.seq, session.told_seq) == (3, 3)


async def test_what_is_not_newer_than_the_position_is_dropped(floor: Floor):
    """A snapshot may be newer than the tail."""
    session = floor.open(KITCHEN)
    session.seq = 2

    for seq in range(1, 5):
        floor.hub.deliver(publish_ticket(seq))
    floor.hub.flush()

    assert [message["seq"] for message in read(session).messages] == [3, 4]


async def test_a_namespace_gets_only_the_types_of_its_row(floor: Floor):
    """The position moves on over what is not for it."""
    session = floor.open(KITCHEN)
    session.reader = Reader(
        frozenset({"order_progress"}), session.representation, session.transport.codec
    )

    floor.hub.deliver(publish_ticket(1))
    floor.hub.settle()

    assert not session.has_unsent
    assert session.seq == 1


async def test_a_peer_that_does_not_read_is_cut_off_at_its_limit(floor: Floor):
    """Its outbox never holds more than the limit, and the others get everything."""
    slow, quick = floor.open(KITCHEN, limit=20_000), floor.open(KITCHEN, limit=20_000)
    block(slow)
    most = 0

    for seq in range(1, 101):
        floor.hub.deliver(publish_ticket(seq))
        floor.hub.settle()
        most = max(most, slow.outbox_bytes)
        floor.hub.flush()

    assert most <= 20_000
    assert slow.close_code == CloseCode.SLOW_CONSUMER
    assert slow in floor.ended
    assert [message["seq"] for message in read(quick).messages] == list(range(1, 101))


async def test_what_the_transport_has_not_sent_counts_too(floor: Floor):
    """Frames handed over and not taken by the system are memory as well."""
    slow = floor.open(KITCHEN, limit=20_000)
    read(slow).unsent_bytes = 19_500
    slow.set_wire(None)

    floor.hub.deliver(publish_ticket(1))
    floor.hub.flush()

    assert slow.close_code == CloseCode.SLOW_CONSUMER


async def test_a_reader_that_catches_up_gets_what_waited(floor: Floor):
    """Blocked for a while, below the limit: nothing is lost, one frame."""
    slow = floor.open(KITCHEN)
    block(slow)
    for seq in range(1, 6):
        floor.hub.deliver(publish_ticket(seq))
        floor.hub.flush()
    assert read(slow).frames == []

    read(slow).is_blocked = False
    slow.on_writable()

    assert [message["seq"] for message in read(slow).messages] == [1, 2, 3, 4, 5]
    assert len(read(slow).frames) == 1


async def test_one_broken_session_does_not_stop_the_others(
    floor: Floor, expected_logs: ExpectedLogs
):
    """Neither while messages are handed out nor while they are sent."""
    expected_logs.add("session_failed")
    sessions = [floor.open(KITCHEN) for _ in range(5)]

    def fail(frame: bytes) -> int:
        raise RuntimeError(f"broken transport, {len(frame)} bytes")

    sessions[0].set_wire(fail)
    sessions[1].seq = "not a position"  # type: ignore[assignment]
    floor.hub.deliver(publish_ticket(1))
    floor.hub.flush()

    assert [len(read(session).messages) for session in sessions[2:]] == [1, 1, 1]
    assert [session.close_code for session in sessions[:2]] == [CloseCode.SERVER_ERROR] * 2


async def test_an_error_leaves_before_the_close(floor: Floor):
    """Closing sends what was queued first, and nothing after."""
    session = floor.open(KITCHEN)

    session.queue(b'{"type":"server_error"}')
    session.close(CloseCode.DRAIN)
    session.queue(b'{"type":"too late"}')
    floor.hub.flush()

    assert read(session).messages == [{"type": "server_error"}]
    assert read(session).closed == (4001, "The server is restarting. Come back.")


async def test_a_session_ends_once(floor: Floor):
    """Whatever comes later does not change why, and it is reported once."""
    session = floor.open(KITCHEN)

    session.close(CloseCode.DRAIN)
    session.close(CloseCode.REVOKED)
    session.on_transport_closed(1001)
    await asyncio.sleep(0)

    assert session.close_code == CloseCode.DRAIN
    assert floor.ended == [session]


async def test_a_buffer_that_outgrows_the_ring_starts_afresh(floor: Floor):
    """Catching up that never ends is ended."""
    session = floor.open(KITCHEN)
    session.start_attaching()

    for seq in range(1, BUFFER_LIMIT + 2):
        floor.hub.deliver(publish_ticket(seq))
    floor.hub.flush()

    assert session.close_code == CloseCode.INSUFFICIENT_STATE


async def test_waiting_for_space_ends_when_the_session_does(floor: Floor):
    """Nobody waits for a peer that is gone."""
    session = floor.open(KITCHEN, limit=10_000)
    block(session)
    session.queue(b"x" * 9_000)
    waiting = asyncio.create_task(session.wait_for_space())
    await asyncio.sleep(0)
    assert not waiting.done()

    session.on_transport_closed(1006)

    await asyncio.wait_for(waiting, 30)


def test_every_close_reason_fits_its_frame():
    """RFC 6455 5.5: 125 bytes, two of which are the code; the range says whether to come back."""
    from realtime.close_codes import CLOSE_RULES, render_close_code_table

    for code, rule in CLOSE_RULES.items():
        assert len(rule.reason.encode()) <= 123
        assert rule.comes_back == (4000 <= code < 4500)
        assert f"| {code:d} | `{rule.name}` |" in render_close_code_table()
    assert msgspec.to_builtins(CLOSE_RULES[CloseCode.DRAIN])["comesBack"] is True


def announce_figures(*, active: int) -> Ephemeral:
    """Make a message that is not in the log."""
    view = make_analytics()
    figures = msgspec.structs.replace(view.figures, active_orders=active)
    view = msgspec.structs.replace(view, figures=figures)
    return announce_analytics(CAFE, view, event_id=make_id(active))


async def test_of_what_is_not_in_the_log_a_slow_reader_gets_the_newest_alone(floor: Floor):
    """An unsent one gives way, and events that wait leave before it."""
    session = floor.open(MANAGEMENT, KITCHEN, who="manager", namespace=Namespace.ADMIN)

    for active in range(1, 50):
        floor.hub.push(announce_figures(active=active))
    floor.hub.deliver(publish_ticket(1))
    floor.hub.settle()
    waiting_bytes = session.outbox_bytes
    floor.hub.flush()

    messages = read(session).messages
    assert [message["type"] for message in messages] == [
        "kitchen_order_received",
        "real_time_analytics",
    ]
    assert messages[1]["data"]["activeOrders"] == 49
    assert "seq" not in messages[1]
    assert waiting_bytes == sum(len(msgspec.json.encode(message)) for message in messages)
    assert session.outbox_bytes == 0


async def test_what_is_not_in_the_log_moves_nobodys_position(floor: Floor):
    """A mark tells of events; figures are none."""
    session = floor.open(MANAGEMENT, who="manager", namespace=Namespace.ADMIN)
    before = (session.seq, session.told_seq)

    assert floor.hub.push(announce_figures(active=1)) == 1

    assert (session.seq, session.told_seq) == before


async def test_a_namespace_that_does_not_carry_a_message_gets_none(floor: Floor):
    """A manager at the kitchen's address hears the kitchen."""
    session = floor.open(MANAGEMENT, who="manager")

    assert floor.hub.push(announce_figures(active=1)) == 0

    floor.hub.flush()
    assert read(session).messages == []


async def test_figures_beyond_the_limit_close_a_reader_like_everything_else(floor: Floor):
    """The outbox is bounded, whatever is in it."""
    session = floor.open(MANAGEMENT, limit=100, who="manager", namespace=Namespace.ADMIN)

    floor.hub.push(announce_figures(active=1))

    assert session.close_code == CloseCode.SLOW_CONSUMER
