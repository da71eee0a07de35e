"""Hints between two processes, and a subscription that only looks alive."""

import pytest

from realtime import redis_bus
from realtime.broker import Hint, Topic, encode_hint
from realtime.redis_bus import RedisBus
from tests.integration.realtime.conftest import HintCounts
from tests.support.half_open import Wire
from tests.support.made_views import CAFE, EPOCH, OTHER_CAFE
from tests.support.waiting import wait_for


class Process:
    """The bus of one process and what it was told."""

    def __init__(self, link, name: str) -> None:
        self.metrics = HintCounts()
        self.hints: list[tuple[Topic, Hint]] = []
        self.gaps = 0
        self.bus = RedisBus(
            link,
            process=name,
            on_hint=lambda topic, hint: self.hints.append((topic, hint)),
            on_gap=self.count_gap,
            metrics=self.metrics,
        )

    def count_gap(self) -> None:
        """Count that hints may have been lost."""
        self.gaps += 1

    async def wait(self, is_live: bool) -> None:
        """Wait until hints arrive, or are known not to."""
        await wait_for(lambda: self.bus.is_live is is_live, f"live: {is_live}")

    async def hear(self, *hints: tuple[Topic, Hint]) -> None:
        """Wait until the last of these was heard."""
        await wait_for(lambda: hints[-1] in self.hints, f"{hints[-1]}")


@pytest.fixture
async def processes(make_link):
    """Two processes whose buses are live."""
    both = [Process(make_link(), name) for name in ("one", "other")]
    for process in both:
        process.bus.start()
    for process in both:
        await process.wait(is_live=True)
    yield both
    for process in both:
        await process.bus.stop()


async def test_a_hint_reaches_the_others_with_its_topic(processes):
    """Also the one who sent it, who knows already."""
    one, other = processes
    hints = [
        (Topic.ACCESS, Hint(cafe=CAFE)),
        (Topic.FIGURES, Hint(cafe=CAFE)),
        (Topic.LOG, Hint(cafe=CAFE, epoch=EPOCH, seq=8)),
    ]
    for topic, hint in hints:
        one.bus.publish(topic, hint)
    await other.hear(*hints)

    assert other.hints == hints
    assert (one.metrics.counts["sent"], other.metrics.counts["received"]) == (3, 3)
    assert [one.gaps, other.gaps] == [1, 1], "each looked once when it began to listen"


async def test_of_many_hints_about_one_cafe_the_last_is_enough(processes):
    """A burst of commits is one message; other cafes have their own."""
    one, other = processes
    for seq in range(1, 501):
        one.bus.publish(Topic.LOG, Hint(cafe=CAFE, epoch=EPOCH, seq=seq))
    one.bus.publish(Topic.LOG, Hint(cafe=OTHER_CAFE, epoch=EPOCH, seq=1))
    await other.hear((Topic.LOG, Hint(cafe=OTHER_CAFE, epoch=EPOCH, seq=1)))

    assert [hint.seq for _, hint in other.hints] == [500, 1]


async def test_what_is_no_hint_is_counted_and_ignored(valkey, processes, expected_logs):
    """Forged, foreign, oversized, no text at all; what follows is heard."""
    expected_logs.add("hint_ignored")
    other = processes[1]
    noise = [
        b"",
        b"\xff\x00",
        b"hello",
        b"{}",
        b'{"cafe": "*"}',
        b'{"cafe": "c", "type": "order_created", "data": {}}',
        encode_hint(Hint(cafe=CAFE))[:-1],
        b'{"cafe": "' + b"a" * 100_000 + b'"}',
        b"[" * 100_000,
    ]
    with valkey.connect() as client:
        for raw in noise:
            client.publish("tabletap:log", raw)
        client.publish("tabletap:unheard_of", encode_hint(Hint(cafe=CAFE)))
        client.publish("tabletap:log", encode_hint(Hint(cafe=CAFE, seq=1)))
    await other.hear((Topic.LOG, Hint(cafe=CAFE, seq=1)))

    assert other.metrics.counts == {"ignored": len(noise), "received": 1}
    assert len(other.hints) == 1


async def test_a_redis_that_died_is_noticed_and_found_again(valkey, processes, expected_logs):
    """Each change makes the process look at the database itself."""
    expected_logs.add("redis_away", "bus_lost")
    one, other = processes
    valkey.kill()
    for process in processes:
        await process.wait(is_live=False)
    one.bus.publish(Topic.LOG, Hint(cafe=CAFE, seq=1))
    await wait_for(lambda: one.metrics.counts.get("unsent") == 1, "the hint to be given up")
    valkey.start()
    for process in processes:
        await process.wait(is_live=True)

    assert [one.gaps, other.gaps] == [3, 3]
    one.bus.publish(Topic.LOG, Hint(cafe=CAFE, seq=2))
    await other.hear((Topic.LOG, Hint(cafe=CAFE, seq=2)))


async def test_a_redis_that_hangs_is_noticed(valkey, processes, expected_logs):
    """Its connections stay open and say nothing."""
    expected_logs.add("redis_away", "bus_lost")
    valkey.freeze()
    for process in processes:
        await process.wait(is_live=False)
    valkey.thaw()
    for process in processes:
        await process.wait(is_live=True)


async def test_a_subscription_that_only_looks_alive_is_made_anew(
    valkey, processes, make_link, expected_logs
):
    """Calls are answered and nothing is forwarded: as behind a firewall that forgot it."""
    expected_logs.add("bus_lost")
    async with Wire(valkey.port) as wire:
        far = Process(make_link(port=wire.port), "far")
        far.bus.start()
        await far.wait(is_live=True)
        assert wire.silence(b"SUBSCRIBE") == 1
        await far.wait(is_live=False)
        await far.wait(is_live=True)
        processes[0].bus.publish(Topic.LOG, Hint(cafe=CAFE, seq=7))
        await far.hear((Topic.LOG, Hint(cafe=CAFE, seq=7)))
        await far.bus.stop()

    assert far.gaps == 3


def test_silence_is_noticed_before_a_person_would():
    """Several beats may be late before a subscription counts as dead."""
    assert 2 * redis_bus._BEAT_S < redis_bus._SILENCE_S <= 5.0
