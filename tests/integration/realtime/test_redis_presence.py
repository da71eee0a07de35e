"""Who is connected over all processes: leases, counts, what a flush and a death leave behind."""

import contextlib
import time
from functools import partial

import msgspec
import pytest

from config.namespaces import Namespace
from domain.roles import Role
from realtime import redis_presence
from realtime.redis_link import RedisAway
from realtime.redis_presence import RedisPresence
from tests.support.made_views import CAFE, NOON, OTHER_CAFE, make_id
from tests.support.realtime import make_record
from tests.support.waiting import wait_for

LATER_MS = int(NOON.timestamp() * 1000) + 99_000


@pytest.fixture
async def processes(make_link):
    """The presence of two processes."""
    both = [RedisPresence(make_link()) for _ in range(2)]
    for presence in both:
        presence.start()
    yield both
    for presence in both:
        await presence.stop()


async def test_each_process_sees_the_connections_of_both(processes):
    """By id, by cafe, by role, by person; oldest first; another cafe's are not there."""
    one, other = processes
    cook = make_record(2)
    expo = make_record(1, user="person:b", roles=[Role.EXPO, Role.COUNTER])
    elsewhere = make_record(3, cafe_id=OTHER_CAFE)
    assert await one.track(cook, limit=5)
    assert await other.track(expo, limit=5)
    assert await other.track(elsewhere, limit=5)

    for presence in processes:
        assert await presence.get_connection(cook.connection_id) == cook
        assert await presence.get_active_connections(CAFE) == [expo, cook]
        assert await presence.get_active_connections(CAFE, Role.COUNTER) == [expo]
        assert await presence.get_active_connections(CAFE, Role.OWNER) == []
        assert await presence.get_user_connections("person:a") == [cook, elsewhere]
        assert await presence.get_connection(make_id(9)) is None
        assert presence.is_complete


async def test_what_redis_holds_is_what_the_specification_says(valkey, processes):
    """Names, fields and the hour that a hash lives."""
    record = make_record(1, roles=[Role.KITCHEN, Role.EXPO])
    await processes[0].track(record, limit=5)
    with valkey.connect() as client:
        held = client.hgetall(f"connection:{record.connection_id}")
        assert {name.decode(): value.decode() for name, value in held.items()} == {
            "socketId": record.connection_id,
            "userId": "person:a",
            "cafeId": CAFE,
            "namespace": "kitchen",
            "roles": "kitchen,expo",
            "connectedAt": "2026-11-23T12:00:00.001+00:00",
            "lastActivity": "2026-11-23T12:00:00.001+00:00",
        }
        assert 3500 < client.ttl(f"connection:{record.connection_id}") <= 3600
        for key in (
            "user:person:a:connections",
            f"cafe:{CAFE}:connections",
            f"cafe:{CAFE}:role:kitchen:connections",
            f"cafe:{CAFE}:role:expo:connections",
        ):
            assert client.zscore(key, record.connection_id) > time.time() * 1000


async def test_what_is_removed_is_gone_everywhere(valkey, processes):
    """Nothing is left in Redis."""
    one, other = processes
    for number in range(5):
        await one.track(make_record(number), limit=5)
    for number in range(5):
        one.remove(make_id(number))
    one.remove(make_id(1))

    with valkey.connect() as client:
        await wait_for(lambda: client.dbsize() == 0, "Redis to be empty")
    assert await other.get_active_connections(CAFE) == []


async def test_the_sixth_of_a_person_is_refused_wherever_they_are(processes):
    """Counted over processes, in each namespace alone; one that goes makes room."""
    one, other = processes
    tracked = [
        await (one if number % 2 else other).track(make_record(number), limit=5)
        for number in range(7)
    ]
    assert tracked == [True] * 5 + [False] * 2
    assert len(await one.get_user_connections("person:a")) == 5
    assert await one.track(make_record(10, namespace=Namespace.ADMIN), limit=5)
    assert await one.track(make_record(11, user="person:b"), limit=5)

    one.remove(make_id(1))
    await wait_for(lambda: _count(other, "person:a", Namespace.KITCHEN, 4), "the place to be free")
    assert await other.track(make_record(12), limit=5)
    assert not await one.track(make_record(13), limit=5)


async def _count(presence: RedisPresence, user: str, namespace: Namespace, expected: int) -> bool:
    found = await presence.get_user_connections(user)
    return len([each for each in found if each.namespace is namespace]) == expected


async def test_the_oldest_may_have_to_go_instead_wherever_it_is(processes):
    """Here at once, at the other process with its next renewal; it does not come back by itself."""
    one, other = processes
    replaced: dict[str, list[str]] = {"one": [], "other": []}
    one.watch_replaced(replaced["one"].append)
    other.watch_replaced(replaced["other"].append)
    for number, presence in ((1, other), (2, one), (3, one), (4, one)):
        assert await presence.track(make_record(number), limit=2, replaces=True)
    assert replaced["one"] == [make_id(2)]
    for _ in range(2):
        await other.renew()
        await one.renew()

    assert replaced == {"one": [make_id(2)], "other": [make_id(1)]}
    for presence in processes:
        await wait_for(partial(_are_left, presence, (3, 4)), "the newest two to be left")


async def _are_left(presence: RedisPresence, numbers: tuple[int, ...]) -> bool:
    left = await presence.get_user_connections("person:a")
    return [each.connection_id for each in left] == [make_id(number) for number in numbers]


async def test_a_sign_of_life_travels_with_the_next_renewal(processes):
    """Others see when somebody was last heard of."""
    one, other = processes
    await one.track(make_record(1), limit=5)
    one.touch(make_id(1), at_ms=LATER_MS)
    await one.renew()

    found = await other.get_connection(make_id(1))
    assert found == msgspec.structs.replace(make_record(1), last_activity=LATER_MS)


async def test_a_renewal_brings_everything_back_after_a_flush(valkey, processes, expected_logs):
    """Also what a restart forgot; until then a process sees its own."""
    expected_logs.add("redis_away")
    one, other = processes
    for number in range(300):
        await one.track(make_record(number, user=f"person:{number}"), limit=5)
    await other.track(make_record(999, user="person:b"), limit=5)
    for forget in (valkey.flush, valkey.restart):
        forget()
        for presence in processes:
            await wait_for(partial(_is_back, presence), "Redis to be back")
        assert len(await one.get_active_connections(CAFE)) == 300
        for presence in processes:
            await presence.renew()
        for presence in processes:
            assert len(await presence.get_active_connections(CAFE)) == 301


async def _is_back(presence: RedisPresence) -> bool:
    with contextlib.suppress(RedisAway):
        await presence._link.probe()
    return not presence._link.is_away


async def test_what_a_dead_process_leaves_vanishes_with_its_lease(
    processes, make_link, monkeypatch
):
    """It counts for nobody any more, not even before somebody cleans up."""
    dead = RedisPresence(make_link())  # never started: it renews nothing and removes nothing
    monkeypatch.setattr(redis_presence, "_LEASE_MS", 400)
    for number in range(5):
        assert await dead.track(make_record(number), limit=5)
    monkeypatch.undo()
    one = processes[0]
    assert not await one.track(make_record(8), limit=5)

    async def is_gone() -> bool:
        return await one.get_active_connections(CAFE) == []

    await wait_for(is_gone, "the leases to end")
    assert await one.get_user_connections("person:a") == []
    assert await one.get_connection(make_id(1)) is None
    assert await one.track(make_record(8), limit=5)


def test_a_lease_is_renewed_several_times_and_ends_in_time():
    """Two lost renewals are survived; ghosts are gone in less than thirty seconds (spec B4)."""
    assert 2 * redis_presence._RENEW_S * 1000 < redis_presence._LEASE_MS < 30_000


async def test_one_that_ended_during_a_renewal_does_not_live_on(processes):
    """The renewal was on its way when the connection was closed."""
    one, other = processes
    await one.track(make_record(1), limit=5)
    run_many = one._link.run_many

    async def end_meanwhile(script, calls):
        if one._own.find(make_id(1)) is not None:
            one.remove(make_id(1))
            await wait_for(lambda: _is_seen(other, make_id(1), False), "the removal")
        return await run_many(script, calls)

    one._link.run_many = end_meanwhile
    await one.renew()
    await wait_for(lambda: _is_seen(other, make_id(1), False), "the ghost to be gone")


async def _is_seen(presence: RedisPresence, connection_id: str, expected: bool) -> bool:
    return (await presence.get_connection(connection_id) is not None) is expected


async def test_without_redis_a_process_sees_and_counts_its_own(valkey, processes, expected_logs):
    """And says that it does not see everything."""
    expected_logs.add("redis_away")
    one, other = processes
    await one.track(make_record(1), limit=2)
    await other.track(make_record(2, user="person:b"), limit=2)
    valkey.kill()

    assert await one.track(make_record(3), limit=2)
    assert not await one.track(make_record(4), limit=2)
    assert not one.is_complete
    assert await one.get_active_connections(CAFE) == [make_record(1), make_record(3)]
    assert await one.get_user_connections("person:b") == []
    assert await one.get_connection(make_id(2)) is None
    one.remove(make_id(3))
    assert await one.get_active_connections(CAFE) == [make_record(1)]


async def test_what_others_wrote_into_our_keys_is_ignored(valkey, processes, expected_logs):
    """Of another cafe, without its hash, with a hash that is none of ours, of another type."""
    expected_logs.add("connection_ignored", "redis_refused")
    one = processes[0]
    await one.track(make_record(1), limit=5)
    await processes[1].track(make_record(2, cafe_id=OTHER_CAFE), limit=5)
    later = time.time() * 1000 + 60_000
    with valkey.connect() as client:
        client.hset("connection:odd", mapping={"socketId": "odd", "roles": "\xff"})
        client.hset("connection:bad", mapping={"socketId": "bad", "userId": b"\xff\xfe"})
        for name in ("odd", "bad", "gone", make_id(2)):
            client.zadd(f"cafe:{CAFE}:connections", {name: later})
            client.zadd("user:person:z:connections", {name: later})
        client.set(f"cafe:{CAFE}:role:owner:connections", "not a set")

    assert await one.get_active_connections(CAFE) == [make_record(1)]
    assert await one.get_user_connections("person:z") == []
    assert await one.get_active_connections(CAFE, Role.OWNER) == []
    assert await one.get_connection("odd") is None


async def test_a_process_that_stops_takes_its_connections_along(valkey, make_link):
    """Nobody waits for a lease after an orderly end."""
    leaving = RedisPresence(make_link())
    leaving.start()
    await leaving.track(make_record(1), limit=5)
    await leaving.stop()

    with valkey.connect() as client:
        assert client.dbsize() == 0
