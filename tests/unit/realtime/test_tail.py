"""The road from the log: every seq once, in order, whatever comes when."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import StorageUnavailable
from realtime.publications import Publication
from realtime.tail import Tail
from tests.support.logs import ExpectedLogs
from tests.support.made_events import log_event, make_events
from tests.support.made_views import CAFE, make_id
from tests.support.realtime import MemoryLog
from tests.support.waiting import wait_for

EVENT = make_events()["kitchen_order_received"]


class Listener:
    """A tail over a log in memory, and what came out of it."""

    def __init__(self, *, ring_size: int = 1000, prime_events: int = 301) -> None:
        self.log = MemoryLog()
        self.delivered: list[Publication] = []
        self.broken: list[tuple[str, str]] = []
        self.tail = Tail(
            read_head=self.log.read_head,
            read_log=self.log.read_log,
            read_event_id=self.log.read_event_id,
            deliver=self.delivered.append,
            on_broken=lambda cafe_id, reason: self.broken.append((cafe_id, reason)),
            ring_size=ring_size,
            prime_events=prime_events,
        )

    @property
    def seqs(self) -> list[int]:
        """What was delivered."""
        return [publication.seq for publication in self.delivered]

    def commit(self, count: int) -> list[Any]:
        """Append events to the log."""
        return [self.log.append(EVENT) for _ in range(count)]


async def test_what_follows_is_used_as_it_is():
    """No read for events that continue the last one."""
    listener = Listener()
    await listener.tail.open(CAFE)
    reads = listener.log.reads

    for _ in range(10):
        listener.tail.offer(listener.commit(1))

    assert listener.seqs == list(range(1, 11))
    assert listener.log.reads == reads


async def test_a_cafe_without_listeners_costs_nothing():
    """Events of a cafe that nobody opened are neither kept nor delivered."""
    listener = Listener()

    listener.tail.offer(listener.commit(3))

    assert listener.seqs == []
    assert listener.tail.find(CAFE) is None


async def test_what_came_before_the_first_listener_is_in_the_ring_and_not_delivered():
    """The ring is filled from the log, so that returning clients need no query."""
    listener = Listener(prime_events=5)
    listener.commit(20)

    stream = await listener.tail.open(CAFE)

    assert listener.seqs == []
    assert (stream.seq, stream.event_id) == (20, make_id(100_020))
    assert [each.seq for each in stream.list_after(0)] == [16, 17, 18, 19, 20]


async def test_many_listeners_cause_one_read():
    """A herd that returns after a restart opens a cafe once."""
    listener = Listener()
    listener.commit(10)

    streams = await asyncio.gather(*(listener.tail.open(CAFE) for _ in range(200)))

    assert listener.log.reads == 1
    assert len(set(map(id, streams))) == 1


async def test_a_listener_that_goes_away_does_not_take_the_read_from_the_others():
    """Cancelling one of two leaves the other's."""
    listener = Listener()
    first = asyncio.create_task(listener.tail.open(CAFE))
    second = asyncio.create_task(listener.tail.open(CAFE))
    await asyncio.sleep(0)

    first.cancel()

    assert (await asyncio.wait_for(second, 30)).seq == 0


@pytest.mark.parametrize("kept", [[3], [2, 4], [5], [5, 3, 1], [1, 5], [5, 4, 3, 2, 1]])
async def test_a_gap_is_read_from_the_log(kept: list[int]):
    """Whatever is lost or late, everything comes out once and in order."""
    listener = Listener()
    await listener.tail.open(CAFE)
    rows = listener.commit(5)

    for seq in kept:
        listener.tail.offer([rows[seq - 1]])
    await wait_for(lambda: len(listener.seqs) >= max(kept), "the gap to be healed")

    assert listener.seqs[: max(kept)] == list(range(1, max(kept) + 1))


async def test_a_repeated_event_is_not_repeated():
    """Offered twice, delivered once."""
    listener = Listener()
    await listener.tail.open(CAFE)
    rows = listener.commit(3)

    listener.tail.offer(rows)
    listener.tail.offer(rows)

    assert listener.seqs == [1, 2, 3]


async def test_a_gap_waits_for_a_database_that_is_away(expected_logs: ExpectedLogs):
    """It asks again until it is answered, and says so."""
    expected_logs.add("log_not_read")
    listener = Listener()
    await listener.tail.open(CAFE)
    rows = listener.commit(3)
    failures = 0

    async def fail_twice() -> None:
        nonlocal failures
        failures += 1
        if failures <= 2:
            raise StorageUnavailable("The database is away.")

    listener.log.pause = fail_twice
    listener.tail.offer(rows[2:])
    await wait_for(lambda: listener.seqs == [1, 2, 3], "the gap to be healed")

    assert failures > 2


async def test_catching_up_reads_what_another_process_wrote():
    """Events that were never offered come from the log, in as many reads as it takes."""
    listener = Listener()
    stream = await listener.tail.open(CAFE)
    listener.commit(1200)

    await asyncio.gather(*(listener.tail.catch_up(stream) for _ in range(20)))

    assert listener.seqs == list(range(1, 1201))
    assert len(stream.ring) == 1000
    assert stream.ring[0].seq == 201


async def test_another_epoch_starts_the_stream_afresh():
    """A restored database: what was known is forgotten, and everybody is told."""
    listener = Listener()
    stream = await listener.tail.open(CAFE)
    listener.tail.offer(listener.commit(3))

    listener.log.epoch = "another"
    listener.log.rows = listener.log.rows[:1]
    row = listener.log.append(EVENT)
    listener.tail.offer([row])
    await wait_for(lambda: bool(listener.broken), "the new epoch to be seen")

    assert listener.broken == [(CAFE, "epoch_changed")]
    assert (stream.epoch, stream.seq) == ("another", 2)
    assert stream.list_after(0) == []
    listener.tail.offer([listener.log.append(EVENT)])
    assert listener.seqs == [1, 2, 3, 3]


async def test_a_straggler_of_an_old_log_is_forgotten():
    """An event of another epoch than the log's is never delivered, wherever its seq would fit."""
    listener = Listener()
    stream = await listener.tail.open(CAFE)
    listener.tail.offer(listener.commit(2))

    listener.tail.offer([log_event(EVENT, seq=3, epoch="older")])
    listener.tail.offer(listener.log.rows)
    await wait_for(lambda: not stream.waiting, "the straggler to be forgotten")
    listener.tail.offer(listener.commit(1))

    assert listener.seqs == [1, 2, 3]
    assert {publication.epoch for publication in listener.delivered} == {stream.epoch}


async def test_an_event_that_cannot_be_published_does_not_stop_the_stream(
    expected_logs: ExpectedLogs,
):
    """It is logged, everybody gets a snapshot, and the next one goes out."""
    expected_logs.add("event_not_published")
    listener = Listener()
    await listener.tail.open(CAFE)

    listener.tail.offer([log_event(object(), seq=1)])  # type: ignore[arg-type]
    listener.tail.offer([log_event(EVENT, seq=2)])

    assert listener.broken == [(CAFE, "log_unreadable")]
    assert listener.seqs == [2]


async def test_a_row_that_cannot_be_read_does_not_keep_listeners_out(expected_logs: ExpectedLogs):
    """The stream begins at the head, with nothing in memory, and goes on from there."""
    expected_logs.add("log_unreadable")
    listener = Listener()
    listener.commit(10)
    listener.log.unreadable = {4}

    stream = await listener.tail.open(CAFE)
    listener.tail.offer(listener.commit(1))

    assert (stream.position.seq, stream.position.event_id) == (11, make_id(100_011))
    assert [each.seq for each in stream.list_after(0)] == [11]
    assert listener.seqs == [11]


async def test_a_gap_that_cannot_be_read_is_passed_over(expected_logs: ExpectedLogs):
    """Everybody gets a snapshot from the head on; what came after it goes out."""
    expected_logs.add("log_unreadable")
    listener = Listener()
    await listener.tail.open(CAFE)
    rows = listener.commit(5)
    listener.log.unreadable = {2}

    listener.tail.offer(rows[3:])
    await wait_for(lambda: bool(listener.broken), "the gap to be passed over")
    listener.tail.offer(listener.commit(1))

    assert listener.broken == [(CAFE, "log_unreadable")]
    assert listener.seqs == [6]


async def test_what_comes_while_a_stream_starts_afresh_is_not_forgotten(
    expected_logs: ExpectedLogs,
):
    """An event that was committed after the head was read follows without another to push it."""
    expected_logs.add("log_unreadable")
    listener = Listener()
    await listener.tail.open(CAFE)
    rows = listener.commit(3)
    listener.log.unreadable = {2}
    reads = 0

    async def commit_once_the_head_is_read() -> None:
        nonlocal reads
        reads += 1
        if reads == 2:
            listener.tail.offer(listener.commit(1))

    listener.log.pause = commit_once_the_head_is_read
    listener.tail.offer(rows[2:])
    await wait_for(lambda: bool(listener.seqs), "the event to come out")

    assert listener.broken == [(CAFE, "log_unreadable")]
    assert listener.seqs == [4]


async def test_missing_rows_before_the_head_begin_at_the_head():
    """Retention took what is old: the stream begins where the log stands."""
    listener = Listener()
    listener.commit(10)
    listener.log.floor_seq = 8

    stream = await listener.tail.open(CAFE)

    assert [each.seq for each in stream.list_after(0)] == [9, 10]
    assert not stream.covers(7)
    assert stream.covers(8)


@pytest.mark.parametrize("lost_until_seq", [3, 9, 10])
async def test_rows_that_are_gone_do_not_keep_listeners_out(lost_until_seq: int):
    """Retention without a floor: the ring begins with the first row that is there."""
    listener = Listener()
    listener.commit(10)
    listener.log.lost_until_seq = lost_until_seq

    stream = await listener.tail.open(CAFE)
    listener.tail.offer(listener.commit(1))

    assert [each.seq for each in stream.list_after(0)] == list(range(lost_until_seq + 1, 12))
    assert listener.seqs == [11]


async def test_a_read_beyond_the_ring_goes_to_the_log():
    """Memory first, the log where memory ends; the same events either way."""
    listener = Listener(ring_size=5)
    stream = await listener.tail.open(CAFE)
    listener.tail.offer(listener.commit(20))

    near = await listener.tail.read(stream, after_seq=17, until_seq=20)
    far = await listener.tail.read(stream, after_seq=3, until_seq=20)

    assert [each.seq for each in near] == [18, 19, 20]
    assert [each.seq for each in far] == list(range(4, 21))
    assert await listener.tail.read_event_id(stream, 2) == make_id(100_002)
    assert await listener.tail.read_event_id(stream, 18) == make_id(100_018)


@pytest.mark.parametrize("seed", range(200))
async def test_any_order_of_offers_comes_out_in_order(seed: int):
    """Offers late, twice, out of order or never; reads that take their time."""
    chance = random.Random(seed)
    listener = Listener(ring_size=10, prime_events=chance.randint(0, 9))
    listener.log.pause = _make_pause(chance)
    already = chance.randint(0, 5)
    listener.commit(already)
    opening = asyncio.create_task(listener.tail.open(CAFE))
    waiting: list[Any] = []
    for _ in range(30):
        waiting += listener.commit(chance.randint(0, 2))
        chance.shuffle(waiting)
        while waiting and chance.random() < 0.6:
            row = waiting.pop()
            listener.tail.offer([row] * chance.randint(0, 2))
        if chance.random() < 0.3:
            await asyncio.sleep(0)
    stream = await opening
    first = listener.seqs[0] if listener.seqs else stream.seq + 1
    listener.tail.offer(listener.commit(1))
    await wait_for(lambda: stream.seq == len(listener.log.rows), "everything to come out")

    first = listener.seqs[0]
    assert listener.seqs == list(range(first, len(listener.log.rows) + 1))
    assert first > already


def _make_pause(chance: random.Random) -> Callable[[], Any]:
    async def pause() -> None:
        for _ in range(chance.randint(0, 3)):
            await asyncio.sleep(0)

    return pause
