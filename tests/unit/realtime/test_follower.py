"""A process in step with what others commit: by hints, and by looking."""

import asyncio
from collections.abc import Collection

import pytest

from domain.errors import StorageUnavailable
from realtime.broker import Hint
from realtime.follower import Follower
from realtime.tail import Tail
from tests.support.made_events import make_events
from tests.support.made_views import CAFE, EPOCH, OTHER_CAFE
from tests.support.realtime import MemoryLog
from tests.support.waiting import wait_for

EVENTS = list(make_events().values())


class Office:
    """A tail over a log that somebody else writes, and its follower."""

    def __init__(self, *, is_live: bool) -> None:
        self.log = MemoryLog()
        self.seen: list[int] = []
        self.looks: list[list[str]] = []
        self.ignored = 0
        self.is_live = is_live
        self.is_away = False
        self.tail = Tail(
            read_head=self.log.read_head,
            read_log=self.log.read_log,
            read_event_id=self.log.read_event_id,
            deliver=lambda publication: self.seen.append(publication.seq),
            on_broken=lambda *_: None,
            ring_size=100,
            prime_events=10,
        )
        self.follower = Follower(
            self.tail,
            read_heads=self.read_heads,
            is_live=lambda: self.is_live,
            on_ignored=self.count_ignored,
        )

    async def read_heads(self, cafe_ids: Collection[str]):
        """Read where the logs stand, unless the database is away."""
        self.looks.append(sorted(cafe_ids))
        if self.is_away:
            raise StorageUnavailable("away")
        return {cafe_id: await self.log.read_head(cafe_id) for cafe_id in cafe_ids}

    def count_ignored(self) -> None:
        """Count what nobody here needs."""
        self.ignored += 1

    def commit_elsewhere(self, count: int = 1) -> None:
        """Let another process commit."""
        for _ in range(count):
            self.log.append(EVENTS[0])

    async def see(self, count: int) -> None:
        """Wait until the log is here up to a place, once and in order."""
        await wait_for(lambda: len(self.seen) >= count, f"{count} events")
        assert self.seen == list(range(1, count + 1))


@pytest.fixture
async def start_office():
    """Give a function that starts offices; all of them end with the test."""
    offices: list[Office] = []

    async def start(**options) -> Office:
        office = Office(**options)
        offices.append(office)
        await office.tail.open(CAFE)
        return office

    yield start
    for office in offices:
        await office.follower.stop()
        await office.tail.stop()


async def test_a_hint_brings_what_was_committed_elsewhere(start_office):
    """One read for many of them, in whatever order they come."""
    office = await start_office(is_live=True)
    office.commit_elsewhere(20)
    before = office.log.reads
    for seq in (7, 20, 3, 20, 1):
        office.follower.on_hint(Hint(cafe=CAFE, epoch=EPOCH, seq=seq))
    await office.see(20)

    assert office.log.reads - before <= 2


async def test_an_old_hint_costs_nothing_and_a_forged_one_a_read(start_office):
    """What is known is known; what is not there is not sent."""
    office = await start_office(is_live=True)
    office.commit_elsewhere(3)
    office.follower.on_hint(Hint(cafe=CAFE, epoch=EPOCH, seq=3))
    await office.see(3)
    before = office.log.reads
    office.follower.on_hint(Hint(cafe=CAFE, epoch=EPOCH, seq=2))
    assert office.log.reads == before

    office.follower.on_hint(Hint(cafe=CAFE, epoch="forged", seq=10**9))
    office.follower.on_hint(Hint(cafe=CAFE, epoch=EPOCH, seq=10**9))
    stream = office.tail.find(CAFE)
    assert stream is not None
    assert stream.looker is not None
    await stream.looker
    assert (stream.epoch, stream.seq) == (EPOCH, 3)
    assert office.seen == [1, 2, 3]


async def test_a_hint_about_a_cafe_without_listeners_is_counted_and_ignored(start_office):
    """Also one about a cafe that is not ours."""
    office = await start_office(is_live=True)
    office.follower.on_hint(Hint(cafe=OTHER_CAFE, epoch=EPOCH, seq=1))

    assert (office.ignored, office.log.reads) == (1, 1)


@pytest.mark.parametrize("is_live", [False, True])
async def test_what_no_hint_told_is_found_by_looking(start_office, is_live: bool):
    """Soon where no hints come, and a little later where they should and one was lost."""
    office = await start_office(is_live=is_live)
    office.follower.start()
    await wait_for(lambda: bool(office.looks), "the first look")
    office.commit_elsewhere(2)
    await office.see(2)


async def test_where_hints_come_heads_are_looked_at_rarely(start_office):
    """Every two seconds, not four times in one."""
    office = await start_office(is_live=True)
    office.follower.start()
    loop = asyncio.get_running_loop()
    begins = loop.time()
    await wait_for(lambda: len(office.looks) >= 3, "three looks")

    assert loop.time() - begins > 3.5


async def test_an_alarm_makes_it_look_at_once(start_office):
    """After a new subscription nobody knows what was missed."""
    office = await start_office(is_live=True)
    office.follower.start()
    await wait_for(lambda: bool(office.looks), "the first look")
    office.commit_elsewhere()
    office.follower.look_now()
    await wait_for(lambda: len(office.looks) == 2, "a second look")
    await office.see(1)


async def test_it_goes_on_when_the_database_comes_back(start_office):
    """Heads that cannot be read are read the next time."""
    office = await start_office(is_live=False)
    office.is_away = True
    office.follower.start()
    await wait_for(lambda: len(office.looks) >= 2, "looks that fail")
    office.commit_elsewhere()
    office.is_away = False
    await office.see(1)
