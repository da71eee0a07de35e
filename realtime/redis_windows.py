"""The windows of realtime/rate_limit.py shared by several processes: one atomic call each.

Redis' own clock counts, so processes need not agree on the time. While Redis is away each process
counts for itself.
"""

from realtime.rate_limit import Verdict, Windows
from realtime.redis_link import Call, RedisAway, RedisLink, Script

_COUNT = Script(
    """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit, window = tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return {1, 0, 0} end
if redis.call('ZCARD', KEYS[1]) < limit then
    redis.call('ZADD', KEYS[1], now, ARGV[1])
    redis.call('PEXPIRE', KEYS[1], window)
    return {1, 0, 0}
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local first = redis.call('SET', KEYS[2], 1, 'NX', 'PX', window)
return {0, oldest[2] + window - now, first and 1 or 0}
"""
)
_FORGET = Script("return redis.call('ZREM', KEYS[1], ARGV[1])")


class RedisWindows:
    """Shared windows. fallback: counts while Redis is away."""

    def __init__(self, link: RedisLink, *, fallback: Windows) -> None:
        self._link = link
        self._fallback = fallback

    async def count(self, key: str, member: str, *, limit: int, window_ms: int) -> Verdict:
        """Count one more, if it fits."""
        try:
            allowed, retry_after_ms, is_first = await self._link.run(
                _COUNT, Call((key, f"{key}:refused"), (member, limit, window_ms))
            )
        except RedisAway:
            return await self._fallback.count(key, member, limit=limit, window_ms=window_ms)
        return Verdict(
            is_allowed=bool(allowed),
            retry_after_ms=int(retry_after_ms),
            is_first=bool(is_first),
        )

    async def forget(self, key: str, member: str) -> None:
        """Take back what was counted, wherever that was."""
        await self._fallback.forget(key, member)
        try:
            await self._link.run(_FORGET, Call((key,), (member,)))
        except RedisAway:
            return
