"""Taken-back tokens mirrored to Redis as `blacklist:{jti}` (spec D3), until they would have ended.

For who stands in front of TableTap and reads Redis; TableTap itself asks the database, which owns
the truth, so a mirror that is lost opens nothing.
"""

import asyncio
from datetime import timedelta

from realtime.redis_link import RedisAway, RedisLink


class RedisRevocations:
    """The mirror."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._writing: set[asyncio.Task[None]] = set()

    def mirror(self, token_id: str, *, ends_in: timedelta) -> None:
        """Write a token's id soon. Call on the running loop."""
        ttl_ms = int(ends_in.total_seconds() * 1000)
        if ttl_ms > 0:
            task = asyncio.create_task(self._write(token_id, ttl_ms), name="mirror revocation")
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _write(self, token_id: str, ttl_ms: int) -> None:
        try:
            await self._link.set(f"blacklist:{token_id}", "1", ttl_ms=ttl_ms)
        except RedisAway:
            return
