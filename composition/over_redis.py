"""What the processes of an installation share, over its Redis or Valkey.

Imported by composition/shared.py where there is one; nowhere else is redis read.
"""

from collections.abc import Callable
from datetime import datetime

from composition.identifiers import now
from config.settings import Settings
from handlers.metrics import Metrics
from realtime.broker import Hint, Topic
from realtime.rate_limit import Windows
from realtime.redis_bus import RedisBus
from realtime.redis_link import RedisLink
from realtime.redis_presence import RedisPresence
from realtime.redis_revocations import RedisRevocations
from realtime.redis_windows import RedisWindows


class OverRedis:
    """One link and all that goes over it. on_hint, on_gap: see realtime/redis_bus.py.

    windows: those of this process, for while Redis is away.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        process: str,
        windows: Windows,
        metrics: Metrics,
        on_hint: Callable[[Topic, Hint], None],
        on_gap: Callable[[], None],
    ) -> None:
        self._link = RedisLink(settings.redis_url, timeout_s=settings.redis_timeout_s)
        self.bus = RedisBus(
            self._link, process=process, on_hint=on_hint, on_gap=on_gap, metrics=metrics
        )
        self.presence = RedisPresence(self._link)
        self.windows = RedisWindows(self._link, fallback=windows)
        self._revocations = RedisRevocations(self._link)

    @property
    def is_well(self) -> bool:
        """Whether hints arrive and nothing is refused."""
        return self.bus.is_live and not self._link.is_refusing

    def start(self) -> None:
        """Begin to share. Call on the running loop."""
        self.bus.start()
        self.presence.start()

    async def stop(self) -> None:
        """Stop sharing."""
        await self.presence.stop()
        await self.bus.stop()
        await self._link.close()

    async def reach(self) -> None:
        """Raises: ConnectionError where it is not well."""
        if not self.is_well:
            raise ConnectionError("Redis is away or refuses")

    def mirror_revocation(self, token_id: str, expires_at: datetime) -> None:
        """Let others that read Redis know of a token that was taken back."""
        self._revocations.mirror(token_id, ends_in=expires_at - now())
