"""The connections of all processes, mirrored to Redis under leases (spec B4).

Keys: `connection:{id}` (a hash that lives an hour), `user:{id}:connections`,
`cafe:{id}:connections` and `cafe:{id}:role:{role}:connections`, sorted sets scored by the end of
each lease. A process renews its own every five seconds, so what a dead one leaves counts for
fifteen seconds at most, and everything is there again five seconds after a flush. While Redis is
away a process sees and counts its own connections alone.
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from config.logging import get_logger
from domain.roles import Role
from realtime.presence import ConnectionRecord, MemoryPresence, OnReplaced, sort_records
from realtime.redis_link import Call, RedisAway, RedisLink, Script

log = get_logger(__name__)

_LEASE_MS = 15_000
_RENEW_S = 5.0
_RECORD_TTL_S = 3600
# What `_TRACK` answers first.
_TRACKED, _REPLACED = 1, 2

# KEYS: the hash, the person's connections in this namespace, then the sets to be in.
# ARGV: id, lease, life of the hash, limit (0: none), whether the oldest goes for it, record.
# Answers {0} where the limit is reached, {2} where a newer one has taken this one's place, else {1}
# and the ids of those whose place it has taken; their processes find out by {2}.
_TRACK = Script(
    """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit = tonumber(ARGV[4])
if redis.call('EXISTS', 'replaced:' .. ARGV[1]) == 1 then return {2} end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local answer = {1}
if limit > 0 and not redis.call('ZSCORE', KEYS[2], ARGV[1]) then
    local surplus = redis.call('ZCARD', KEYS[2]) - limit + 1
    if surplus > 0 and ARGV[5] == '0' then return {0} end
    if surplus > 0 then
        local others = {}
        for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
            others[#others + 1] = {redis.call('HGET', 'connection:' .. id, 'connectedAt') or '', id}
        end
        table.sort(others, function(a, b) return a[1] .. a[2] < b[1] .. b[2] end)
        for i = 1, surplus do
            local id = others[i][2]
            redis.call('SET', 'replaced:' .. id, 1, 'PX', 4 * ARGV[2])
            redis.call('ZREM', KEYS[2], id)
            answer[#answer + 1] = id
        end
    end
end
redis.call('HSET', KEYS[1], unpack(ARGV, 6))
redis.call('EXPIRE', KEYS[1], ARGV[3])
for i = 2, #KEYS do
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
    redis.call('ZADD', KEYS[i], now + ARGV[2], ARGV[1])
    redis.call('PEXPIRE', KEYS[i], 4 * ARGV[2])
end
return answer
"""
)
_REMOVE = Script(
    """
redis.call('DEL', KEYS[1])
for i = 2, #KEYS do redis.call('ZREM', KEYS[i], ARGV[1]) end
return 1
"""
)
_LIST = Script(
    """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
    found[#found + 1] = redis.call('HGETALL', 'connection:' .. id)
end
return found
"""
)
_FIND = Script(
    """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local cafe = redis.call('HGET', KEYS[1], 'cafeId')
local lease = cafe and redis.call('ZSCORE', 'cafe:' .. cafe .. ':connections', ARGV[1])
if not lease or tonumber(lease) <= now then return {} end
return redis.call('HGETALL', KEYS[1])
"""
)


class RedisPresence:
    """A realtime.presence.Presence over all processes."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._own = MemoryPresence()
        self._removed: list[ConnectionRecord] = []
        self._is_due = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_complete(self) -> bool:
        """Whether the connections of all processes are seen."""
        return not self._link.is_away and not self._link.is_refusing

    def start(self) -> None:
        """Begin to renew leases. Call on the running loop."""
        for work in (self._renew, self._send_removed):
            self._tasks.append(asyncio.create_task(work(), name=f"presence {work.__name__}"))

    async def stop(self) -> None:
        """Stop renewing, and take what is left out of Redis."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._take_out([*self._removed, *self._own.records])

    def watch_replaced(self, on_replaced: OnReplaced) -> None:
        """Say who is told of a connection of this process that a newer one took the place of."""
        self._own.watch_replaced(on_replaced)

    async def track(self, record: ConnectionRecord, *, limit: int, replaces: bool = False) -> bool:
        """Add a connection; False where its person has `limit` in its namespace already."""
        if not replaces and not self._own.has_room(record, limit=limit):
            return False
        # Before asking: what is on its way counts for the next one in this process.
        self._own.put(record)
        call = _build_track(record, limit=limit, replaces=replaces)
        try:
            verdict, *replaced = await self._link.run(_TRACK, call)
        except RedisAway:
            return await self._own.track(record, limit=limit, replaces=replaces)
        if verdict != _TRACKED:
            self._own.remove(record.connection_id)
            return False
        for connection_id in replaced:
            self._replace(connection_id.decode())
        return True

    def touch(self, connection_id: str, *, at_ms: int) -> None:
        """Remember that something was heard of a connection; the next renewal tells."""
        self._own.touch(connection_id, at_ms=at_ms)

    def remove(self, connection_id: str) -> None:
        """Forget a connection; one that is not there is no fault."""
        record = self._own.find(connection_id)
        if record is not None:
            self._own.remove(connection_id)
            self._removed.append(record)
            self._is_due.set()

    async def get_connection(self, connection_id: str) -> ConnectionRecord | None:
        """Return a connection, None where it is not."""
        own = await self._own.get_connection(connection_id)
        if own is not None:
            return own
        try:
            found = await self._link.run(
                _FIND, Call((f"connection:{connection_id}",), (connection_id,))
            )
        except RedisAway:
            return None
        return _read_record(found)

    async def get_active_connections(
        self, cafe_id: str, role: Role | None = None
    ) -> list[ConnectionRecord]:
        """List a cafe's connections, oldest first; role: only of those who hold it."""
        own = await self._own.get_active_connections(cafe_id, role)
        key = f"cafe:{cafe_id}:connections" if role is None else _name_role_key(cafe_id, role)
        others = [each for each in await self._list(key) if each.cafe_id == cafe_id]
        return _merge(own, others)

    async def get_user_connections(self, user_id: str) -> list[ConnectionRecord]:
        """List a person's connections, oldest first."""
        own = await self._own.get_user_connections(user_id)
        others = await self._list(f"user:{user_id}:connections")
        return _merge(own, [each for each in others if each.user_id == user_id])

    async def renew(self) -> None:
        """Prolong the leases of this process, and put back what Redis has lost."""
        records = self._own.records
        if not records:
            return
        calls = [_build_track(each, limit=0, replaces=False) for each in records]
        try:
            answers = await self._link.run_many(_TRACK, calls)
        except RedisAway:
            return
        for record, answer in zip(records, answers, strict=True):
            if answer == [_REPLACED]:
                self._replace(record.connection_id)
        # One that ended meanwhile must not live on by this renewal.
        ended = [each for each in records if self._own.find(each.connection_id) is None]
        if ended:
            self._removed += ended
            self._is_due.set()

    def _replace(self, connection_id: str) -> None:
        """Let one of this process' connections go; others' find out by their next renewal."""
        record = self._own.find(connection_id)
        if record is not None:
            self._own.replace(connection_id)
            self._removed.append(record)
            self._is_due.set()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_S)
            await self.renew()

    async def _send_removed(self) -> None:
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            removed, self._removed = self._removed, []
            await self._take_out(removed)

    async def _take_out(self, records: list[ConnectionRecord]) -> None:
        calls = [Call(_list_keys(each), (each.connection_id,)) for each in records]
        try:
            if calls:
                await self._link.run_many(_REMOVE, calls)
        except RedisAway:  # their leases run out
            return

    async def _list(self, key: str) -> list[ConnectionRecord]:
        try:
            found = await self._link.run(_LIST, Call((key,), ()))
        except RedisAway:
            return []
        records = [_read_record(each) for each in found]
        return [record for record in records if record is not None]


def _build_track(record: ConnectionRecord, *, limit: int, replaces: bool) -> Call:
    fields: dict[str, str | int] = {
        "socketId": record.connection_id,
        "userId": record.user_id,
        "cafeId": record.cafe_id,
        "namespace": record.namespace.value,
        "roles": ",".join(record.roles),
        "connectedAt": _write_time(record.connected_at),
        "lastActivity": _write_time(record.last_activity),
    }
    flat = [part for pair in fields.items() for part in pair]
    arguments = (record.connection_id, _LEASE_MS, _RECORD_TTL_S, limit, int(replaces), *flat)
    return Call(_list_keys(record), arguments)


def _list_keys(record: ConnectionRecord) -> list[str]:
    return [
        f"connection:{record.connection_id}",
        f"user:{record.user_id}:{record.namespace}:connections",
        f"user:{record.user_id}:connections",
        f"cafe:{record.cafe_id}:connections",
        *(_name_role_key(record.cafe_id, role) for role in record.roles),
    ]


def _name_role_key(cafe_id: str, role: Role) -> str:
    return f"cafe:{cafe_id}:role:{role}:connections"


def _read_record(flat: list[bytes]) -> ConnectionRecord | None:
    """Read a hash; None for what is gone or is not ours."""
    try:
        texts = [part.decode() for part in flat]
        fields: dict[str, Any] = dict(zip(texts[::2], texts[1::2], strict=True))
        return msgspec.convert(
            {
                "connection_id": fields["socketId"],
                "user_id": fields["userId"],
                "cafe_id": fields["cafeId"],
                "namespace": fields["namespace"],
                "roles": [role for role in fields["roles"].split(",") if role],
                "connected_at": _read_time(fields["connectedAt"]),
                "last_activity": _read_time(fields["lastActivity"]),
            },
            ConnectionRecord,
        )
    except (KeyError, ValueError, msgspec.ValidationError):
        if flat:
            log.warning("connection_ignored", fields=len(flat) // 2)
        return None


def _write_time(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="milliseconds")


def _read_time(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _merge(
    own: Iterable[ConnectionRecord], others: Iterable[ConnectionRecord]
) -> list[ConnectionRecord]:
    """Our own are the truer ones: what Redis says of them may be older."""
    merged = {each.connection_id: each for each in others}
    merged |= {each.connection_id: each for each in own}
    return sort_records(merged.values())
