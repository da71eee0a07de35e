"""What realtime asks of the rest: a few callables that composition passes in.

Named for what they do here; services know nothing of them. All coroutines run off the loop's
thread where they touch the database.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from config.namespaces import Namespace
from domain.commands import Command
from domain.errors import TableTapError
from domain.events import LoggedEvent
from domain.roles import Identity
from domain.rooms import Room


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """Who a connection speaks for. expires_at: when its token must have been renewed, if ever."""

    identity: Identity
    expires_at: datetime | None = None

    def has_expired(self, now: datetime) -> bool:
        """Say whether the token behind it has run out."""
        return self.expires_at is not None and self.expires_at <= now


class TokenSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where a token came from. is_query: only a connect ticket may stand in an address (D2)."""

    namespace: Namespace
    is_query: bool = False


class LogHead(msgspec.Struct, frozen=True, kw_only=True):
    """Where a cafe's log stands. floor_seq: nothing at or before it can be replayed."""

    epoch: str
    seq: int
    event_id: str = ""
    floor_seq: int = 0


class CommandOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a command answers. data: a view. seq: of the last event it caused, None without one."""

    data: Any
    seq: int | None = None


class Authenticate(Protocol):
    """Verify a token and re-read the rights behind it. Raises: AuthenticationFailed."""

    async def __call__(self, token: str, source: TokenSource) -> Admission: ...


class Recheck(Protocol):
    """Re-read the rights of several, in their order: what they are now, or why they have none."""

    async def __call__(
        self, identities: Sequence[Identity]
    ) -> Sequence[Identity | TableTapError]: ...


class CheckRooms(Protocol):
    """Return those of the rooms whose rows are of the identity's cafe and, for guests, its own.

    Roles have been checked already (domain.permissions.may_join).
    """

    async def __call__(self, identity: Identity, rooms: Sequence[Room]) -> Sequence[Room]: ...


class RunCommand(Protocol):
    """Do a command once per (principal, name, command_id). Raises: TableTapError."""

    async def __call__(
        self, identity: Identity, name: str, command: Command, *, command_id: str
    ) -> CommandOutcome: ...


class ReadHead(Protocol):
    """Read where a cafe's log stands."""

    async def __call__(self, cafe_id: str) -> LogHead: ...


class ReadLog(Protocol):
    """Read events after a seq, oldest first, without a gap, at most `limit`."""

    async def __call__(
        self, cafe_id: str, *, after_seq: int, limit: int
    ) -> Sequence[LoggedEvent]: ...


class ReadEventId(Protocol):
    """Read the id of the event at a seq, whether or not it can be read; None where none is."""

    async def __call__(self, cafe_id: str, seq: int) -> str | None: ...


class Render(Protocol):
    """Render a component's card. Called on the loop: a card takes some 40 to 300 us.

    cafe_id: times are shown in the zone of this cafe.
    """

    def __call__(self, component: str, view: Any, *, locale: str, cafe_id: str) -> str: ...


class Clock(Protocol):
    """Return the time, aware UTC."""

    def __call__(self) -> datetime: ...


class Metrics(Protocol):
    """Counts what happens; names say what."""

    def connection_opened(self, namespace: str) -> None: ...

    def connection_closed(self, namespace: str, code: int) -> None: ...

    def attached(self, mode: str) -> None: ...

    def error_sent(self, error_type: str) -> None: ...

    def published(self, *, recipients: int, lag_s: float) -> None: ...

    def refused(self, reason: str) -> None: ...

    def suspected(self, cause: str) -> None: ...


class NoMetrics:
    """Counts nothing."""

    def connection_opened(self, namespace: str) -> None:
        """Ignore."""

    def connection_closed(self, namespace: str, code: int) -> None:
        """Ignore."""

    def attached(self, mode: str) -> None:
        """Ignore."""

    def error_sent(self, error_type: str) -> None:
        """Ignore."""

    def published(self, *, recipients: int, lag_s: float) -> None:
        """Ignore."""

    def refused(self, reason: str) -> None:
        """Ignore."""

    def suspected(self, cause: str) -> None:
        """Ignore."""
