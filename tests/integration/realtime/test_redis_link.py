"""Calls to a Redis that works, hangs, dies, refuses or forgets: none of them waits for long."""

import asyncio
import contextlib
from functools import partial

import pytest

from realtime.redis_link import Call, RedisAway, RedisLink, Script
from tests.support.waiting import wait_for

ECHO = Script("return {KEYS[1], ARGV[1]}")
WRITE = Script("return redis.call('SET', KEYS[1], ARGV[1])")


async def refuse_all(link: RedisLink, count: int) -> None:
    """Call so often, all at once, and see every call fail."""
    answers = await asyncio.gather(
        *(link.run(ECHO, Call(("k",), (str(number),))) for number in range(count)),
        return_exceptions=True,
    )
    assert {type(answer) for answer in answers} == {RedisAway}


async def test_a_script_runs_also_after_redis_forgot_it(valkey, make_link):
    """One call, and many in one round trip."""
    link = make_link()
    calls = [Call((f"k{number}",), (number,)) for number in range(450)]
    expected = [[f"k{number}".encode(), str(number).encode()] for number in range(450)]

    for _ in range(2):
        assert await link.run(ECHO, calls[0]) == expected[0]
        valkey.flush()
        assert await link.run_many(ECHO, calls) == expected
        valkey.flush()
    assert await link.run_many(ECHO, []) == []


async def test_four_hundred_calls_at_once_share_the_connections(make_link):
    """More than the pool holds wait for one another and are answered."""
    link = make_link()
    answers = await asyncio.gather(
        *(link.run(ECHO, Call(("k",), (number,))) for number in range(400))
    )

    assert [int(answer[1]) for answer in answers] == list(range(400))


async def test_a_frozen_redis_costs_one_time_out(valkey, make_link, expected_logs):
    """For all who ask at that moment together; afterwards nobody waits until a probe succeeds."""
    expected_logs.add("redis_away")
    link = make_link(timeout_s=0.5)
    await wait_for(partial(_answers, link), "the first answer")
    valkey.freeze()

    # One after the other they would need fifty seconds.
    async with asyncio.timeout(20):
        await refuse_all(link, 100)
    assert link.is_away
    with pytest.raises(RedisAway):
        link.run(ECHO, Call(("k",), ("v",))).send(None)  # without waiting for anything at all
    with pytest.raises(RedisAway):
        await link.probe()

    valkey.thaw()
    await wait_for(partial(_answers, link), "Redis to be back")
    # Answers to the calls that were given up must not be taken for those of later ones.
    for number in range(50):
        await wait_for(partial(_echoes, link, number), "the right answer")


async def _echoes(link: RedisLink, number: int) -> bool:
    try:
        answer = await link.run(ECHO, Call(("k",), (number,)))
    except RedisAway:  # on a busy machine half a second is soon over
        await _answers(link)
        return False
    assert answer == [b"k", str(number).encode()]
    return True


async def _answers(link: RedisLink) -> bool:
    with contextlib.suppress(RedisAway):
        await link.probe()
        return True
    return False


async def test_a_dead_redis_is_back_after_a_probe(valkey, make_link, expected_logs):
    """Connections of before are no hindrance."""
    expected_logs.add("redis_away")
    link = make_link()
    await asyncio.gather(*(link.publish("c", b"") for _ in range(20)))
    valkey.kill()
    await refuse_all(link, 20)
    with pytest.raises(RedisAway):
        await link.probe()
    valkey.start()
    await link.probe()

    await asyncio.gather(*(link.publish("c", b"") for _ in range(20)))


async def test_a_redis_without_memory_refuses_and_is_not_away(valkey, make_link, expected_logs):
    """What needs no memory goes on; who asks learns that it is not well."""
    expected_logs.add("redis_refused")
    link = make_link()
    with valkey.connect() as client:
        client.config_set("maxmemory", "1")
        for _ in range(3):
            with pytest.raises(RedisAway):
                await link.run(WRITE, Call(("k",), ("v",)))
        with pytest.raises(RedisAway):
            await link.run_many(WRITE, [Call(("k",), ("v",))] * 3)
        assert (link.is_away, link.is_refusing) == (False, True)
        await link.publish("c", b"")
        client.config_set("maxmemory", "0")

    assert await link.run(WRITE, Call(("k",), ("v",))) == b"OK"


async def test_nobody_is_there_at_all(valkey, make_link, expected_logs):
    """A process starts without its Redis, and finds it when it comes."""
    expected_logs.add("redis_away")
    valkey.kill()
    link = make_link()
    with pytest.raises(RedisAway):
        await link.run(ECHO, Call(("k",), ("v",)))
    with pytest.raises(RedisAway):
        async with link.subscribe("c"):
            pass
    valkey.start()
    await link.probe()

    assert await link.run(ECHO, Call(("k",), ("v",)))


async def test_what_is_published_is_heard_by_who_subscribed(make_link):
    """And by nobody else."""
    link = make_link()
    async with link.subscribe("ours", "others") as subscription:
        await link.publish("ours", b"\x00\xff")
        await link.publish("elsewhere", b"no")
        heard = [await subscription.read(wait_s=0.05) for _ in range(6)]

    assert [each for each in heard if each is not None] == [("ours", b"\x00\xff")]


async def test_a_subscription_ends_with_its_connection(valkey, make_link, expected_logs):
    """Whoever reads it is told."""
    expected_logs.add("redis_away")
    link = make_link()

    async def read_on() -> None:
        async with link.subscribe("ours") as subscription:
            valkey.kill()
            while True:
                await subscription.read(wait_s=0.1)

    with pytest.raises(RedisAway):
        await read_on()


async def test_a_call_that_is_given_up_harms_no_other(make_link):
    """The socket that asked is gone; the next one on that connection gets its own answer."""
    link = make_link()
    for number in range(50):
        asking = asyncio.create_task(link.run(ECHO, Call(("k",), ("given up",))))
        for _ in range(number % 7):
            await asyncio.sleep(0)
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        assert await link.run(ECHO, Call(("k",), (number,))) == [b"k", str(number).encode()]


async def test_whoever_stops_a_task_that_calls_need_not_wait(make_link):
    """A cancellation is never lost in a call, wherever it meets it."""
    link = make_link()

    async def call_on() -> None:
        while True:
            await link.run_many(ECHO, [Call(("k",), (number,)) for number in range(3)])

    for number in range(200):
        calling = asyncio.create_task(call_on())
        for _ in range(number % 40):
            await asyncio.sleep(0)
        calling.cancel()
        await asyncio.wait({calling}, timeout=10)
        assert calling.cancelled()
