"""Who is connected to one process."""

import msgspec

from config.namespaces import Namespace
from domain.roles import Role
from realtime.presence import MemoryPresence
from tests.support.made_views import CAFE, OTHER_CAFE, make_id
from tests.support.realtime import make_record


async def test_connections_are_found_by_id_person_cafe_and_role():
    """Oldest first, and of one cafe alone."""
    presence = MemoryPresence()
    cook, expo = make_record(2), make_record(1, user="person:b", roles=[Role.EXPO, Role.COUNTER])
    elsewhere = make_record(3, cafe_id=OTHER_CAFE)
    for record in (cook, expo, elsewhere):
        assert await presence.track(record, limit=5)

    assert await presence.get_connection(cook.connection_id) == cook
    assert await presence.get_active_connections(CAFE) == [expo, cook]
    assert await presence.get_active_connections(CAFE, Role.COUNTER) == [expo]
    assert await presence.get_active_connections(OTHER_CAFE, Role.EXPO) == []
    assert await presence.get_user_connections("person:a") == [cook, elsewhere]


async def test_what_is_removed_is_gone_from_everything():
    """Removing it twice, or what never was, is no fault."""
    presence = MemoryPresence()
    record = make_record(1)
    await presence.track(record, limit=5)
    for _ in range(2):
        presence.remove(record.connection_id)
    presence.touch(record.connection_id, at_ms=9)

    assert await presence.get_connection(record.connection_id) is None
    assert await presence.get_active_connections(CAFE) == []
    assert await presence.get_user_connections("person:a") == []
    assert presence._by_door == {}


async def test_a_sign_of_life_is_remembered():
    """Admin shows when somebody was last heard of."""
    presence = MemoryPresence()
    await presence.track(make_record(1), limit=5)
    presence.touch(make_id(1), at_ms=77)

    found = await presence.get_connection(make_id(1))
    assert found == msgspec.structs.replace(make_record(1), last_activity=77)


async def test_a_person_has_so_many_connections_in_each_namespace():
    """The sixth is refused; another namespace and another person have their own."""
    presence = MemoryPresence()
    tracked = [await presence.track(make_record(number), limit=5) for number in range(6)]

    assert tracked == [True] * 5 + [False]
    assert await presence.track(make_record(10, namespace=Namespace.ADMIN), limit=5)
    assert await presence.track(make_record(11, user="person:b"), limit=5)
    assert await presence.track(make_record(0), limit=5), "the same one again"
    presence.remove(make_id(3))
    assert await presence.track(make_record(5), limit=5)


async def test_the_oldest_may_have_to_go_instead():
    """It is told, and the newest has its place; other namespaces are not touched."""
    presence = MemoryPresence()
    replaced: list[str] = []
    presence.watch_replaced(replaced.append)
    await presence.track(make_record(90, namespace=Namespace.ADMIN), limit=2, replaces=True)
    for number in (3, 1, 2, 4):
        assert await presence.track(make_record(number), limit=2, replaces=True)

    assert replaced == [make_id(1), make_id(2)]
    left = await presence.get_user_connections("person:a")
    assert [each.connection_id for each in left] == [make_id(3), make_id(4), make_id(90)]
