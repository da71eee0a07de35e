"""What the processes of one installation share: hints, presence and rate windows.

With TABLETAP_REDIS_URL they go through Redis or Valkey, which owns nothing: the database has all
that must last. Without it the same parts live in this process, and its neighbours are found by
looking at the database alone (realtime/follower.py).
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from composition.identifiers import new_id
from config.settings import Settings
from domain.events import LoggedEvent
from handlers.health import ReadinessCheck
from handlers.metrics import Metrics
from realtime.broker import Broker, Hint, NoBroker, Topic
from realtime.presence import MemoryPresence, Presence
from realtime.rate_limit import MemoryWindows, Windows

if TYPE_CHECKING:
    from composition.over_redis import OverRedis


class Shared:
    """boot: this life of the process. on_hint, on_gap: see realtime/redis_bus.py."""

    def __init__(
        self,
        settings: Settings,
        *,
        metrics: Metrics,
        steady_ms: Callable[[], int],
        on_hint: Callable[[Topic, Hint], None],
        on_gap: Callable[[], None],
    ) -> None:
        self.boot = new_id()
        self.presence: Presence = MemoryPresence()
        self.windows: Windows = MemoryWindows(steady_ms)
        self.broker: Broker = NoBroker()
        self._redis: OverRedis | None = None
        if settings.redis_url:
            # Here: its library takes a sixth of the time that a process needs without it.
            from composition import over_redis

            self._redis = over_redis.OverRedis(
                settings,
                process=self.boot,
                windows=self.windows,
                metrics=metrics,
                on_hint=on_hint,
                on_gap=on_gap,
            )
            self.presence, self.broker = self._redis.presence, self._redis.bus
            self.windows = self._redis.windows

    @property
    def is_over_redis(self) -> bool:
        """Whether other processes can be told anything."""
        return self._redis is not None

    def list_readiness_checks(self) -> list[ReadinessCheck]:
        """Say what /readyz asks: Redis, where there is one; without it service goes on."""
        if self._redis is None:
            return []
        return [ReadinessCheck(name="redis", check=self._redis.reach, is_required=False)]

    def show_in(self, metrics: Metrics) -> None:
        """Show how the sharing is."""
        redis = self._redis
        if redis is not None:
            metrics.add_gauge(
                "redis_up", "Whether Redis does what it is for.", lambda: float(redis.is_well)
            )

    def start(self) -> None:
        """Begin to share. Call on the running loop."""
        if self._redis is not None:
            self._redis.start()

    async def stop(self) -> None:
        """Stop sharing."""
        if self._redis is not None:
            await self._redis.stop()

    def tell_committed(self, events: Iterable[LoggedEvent]) -> None:
        """Tell the others how far the logs have come."""
        for event in events:
            self.broker.publish(
                Topic.LOG, Hint(cafe=event.cafe_id, epoch=event.epoch, seq=event.seq)
            )

    def tell_access_changed(self, cafe_id: str) -> None:
        """Tell the others to look at who may still be connected."""
        self.broker.publish(Topic.ACCESS, Hint(cafe=cafe_id))

    def tell_figures_kept(self, cafe_id: str) -> None:
        """Tell the others that a cafe has new figures."""
        self.broker.publish(Topic.FIGURES, Hint(cafe=cafe_id))

    def mirror_revocation(self, token_id: str, expires_at: datetime) -> None:
        """Let others that read Redis know of a token that was taken back."""
        if self._redis is not None:
            self._redis.mirror_revocation(token_id, expires_at)
