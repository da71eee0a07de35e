"""How far a tail is behind a log, measured from the outside."""

from collections.abc import Collection
from datetime import timedelta

from domain.errors import StorageUnavailable
from realtime.lag import Lag, LagWatch
from realtime.ports import LogHead
from realtime.tail import Tail
from tests.support.made_events import make_events
from tests.support.made_views import CAFE, NOON, OTHER_CAFE, make_id
from tests.support.realtime import MemoryLog

EVENT = next(iter(make_events().values()))


class Gauge:
    """A tail that nobody tells anything, its log, and what measures the distance."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.now = NOON
        self.is_away = False
        self.tail = Tail(
            read_head=self.log.read_head,
            read_log=self.log.read_log,
            read_event_id=self.log.read_event_id,
            deliver=lambda _: None,
            on_broken=lambda *_: None,
            ring_size=100,
            prime_events=10,
        )
        self.watch = LagWatch(
            self.tail,
            read_heads=self.read_heads,
            read_log=self.log.read_log,
            now=lambda: self.now,
        )

    async def read_heads(self, cafe_ids: Collection[str]) -> dict[str, LogHead]:
        """Read where the logs stand, unless the database is away."""
        if self.is_away:
            raise StorageUnavailable("away")
        return {cafe_id: await self.log.read_head(cafe_id) for cafe_id in cafe_ids}


async def test_what_was_committed_and_not_sent_is_counted_and_timed():
    """From the oldest of it; nothing once the tail has caught up."""
    gauge = Gauge()
    stream = await gauge.tail.open(CAFE)
    await gauge.watch.look()
    assert gauge.watch.list_by_cafe() == {CAFE: Lag()}
    rows = [gauge.log.append(EVENT) for _ in range(3)]
    gauge.now = rows[0].at + timedelta(seconds=7)
    await gauge.watch.look()

    assert gauge.watch.list_by_cafe() == {CAFE: Lag(events=3, oldest_s=7.0)}
    assert gauge.watch.find_worst() == Lag(events=3, oldest_s=7.0)
    await gauge.tail.catch_up(stream)
    await gauge.watch.look()
    assert gauge.watch.find_worst() == Lag()


async def test_another_life_of_the_log_and_a_row_nobody_can_read_are_behind_too():
    """Whatever the tail stands still for is seen."""
    gauge = Gauge()
    await gauge.tail.open(CAFE)
    gauge.log.epoch = make_id(4711)
    await gauge.watch.look()
    assert gauge.watch.find_worst().events == 1

    gauge.log.append(EVENT)
    gauge.log.append(EVENT)
    await gauge.watch.look()
    assert gauge.watch.find_worst().events == 2


async def test_while_the_database_is_away_the_last_figures_stand():
    """Nobody is told that all is well because nobody could look."""
    gauge = Gauge()
    await gauge.tail.open(CAFE)
    gauge.log.append(EVENT)
    await gauge.watch.look()
    gauge.is_away = True
    await gauge.watch.look()

    assert gauge.watch.find_worst().events == 1


async def test_twenty_cafes_are_named_and_the_worst_of_all_counts():
    """However many an installation has: those that are furthest behind."""
    gauge = Gauge()
    for number in range(50):
        await gauge.tail.open(make_id(number))
    await gauge.tail.open(CAFE)
    gauge.log.append(EVENT)
    await gauge.tail.open(OTHER_CAFE)
    await gauge.watch.look()

    named = gauge.watch.list_by_cafe()
    assert len(named) == 20
    assert named[CAFE].events == 1
