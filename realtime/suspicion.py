"""Who tries doors that are not theirs, again and again (spec H4: `suspicious_activity`).

One wrong try is a mistake, and the answer says so. Many different ones by one client are somebody
looking for a way in, and that is what management should read: once in a window for each client
and cause, however long it goes on (docs/decisions/0039). Nobody is refused here.
"""

from collections.abc import Callable
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

import msgspec

from domain.errors import (
    AuthorizationDenied,
    NotFound,
    RightMissing,
    TableTapError,
    TokenRefused,
)
from domain.identifiers import NewId
from domain.roles import Identity
from realtime.limits import Refusal
from realtime.rate_limit import Windows

KIND = "suspicious_activity"


class Cause(StrEnum):
    """What somebody tries."""

    FORBIDDEN_ROOMS = "forbidden_rooms"
    FORBIDDEN_COMMANDS = "forbidden_commands"
    FORGED_TOKENS = "forged_tokens"
    FOREIGN_PAGES = "foreign_pages"


# So many different tries within a window are no mistake. A client of ours asks for a room or a
# command that it may not have when its rights have just changed: for one or two. Tokens are counted
# by address: a whole cafe's screens stand behind one when a key is taken away (rotate-key).
WINDOW_MS = 600_000
THRESHOLDS: dict[Cause, int] = {
    Cause.FORBIDDEN_ROOMS: 10,
    Cause.FORBIDDEN_COMMANDS: 10,
    Cause.FORGED_TOKENS: 40,
    Cause.FOREIGN_PAGES: 10,
}
# Whoever has a thousand addresses must not fill the audit: so many clients a window are kept of a
# cafe and cause.
CLIENTS_KEPT = 10


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """Whose tries count together: somebody who is known, else an address.

    connection_id: of a socket, "" over REST.
    """

    address: str
    identity: Identity | None = None
    connection_id: str = ""

    @property
    def name(self) -> str:
        """The principal, else the address."""
        return self.address if self.identity is None else self.identity.principal


class SuspicionMetrics(Protocol):
    """Counts tries."""

    def suspected(self, cause: str) -> None: ...


class Suspicions:
    """Counts tries. report: told of the one that is too many, on the loop."""

    def __init__(
        self,
        windows: Windows,
        *,
        new_id: NewId,
        report: Callable[[Refusal], None],
        metrics: SuspicionMetrics,
    ) -> None:
        self._windows = windows
        self._new_id = new_id
        self._report = report
        self._metrics = metrics

    async def note_refusal(
        self,
        suspect: Suspect,
        error: TableTapError,
        *,
        token: str | None = None,
        room: str | None = None,
    ) -> None:
        """Look at how somebody was refused: most refusals are honest errors.

        token: that was shown. room: that was asked for, None for anything but a room.
        """
        if isinstance(error, TokenRefused):
            await self.note(suspect, Cause.FORGED_TOKENS, tried=token)
        elif room is not None and isinstance(error, AuthorizationDenied | NotFound):
            # A room of another cafe looks like one that is not there.
            await self.note(suspect, Cause.FORBIDDEN_ROOMS, tried=room)
        elif room is None and isinstance(error, RightMissing):
            await self.note(suspect, Cause.FORBIDDEN_COMMANDS)

    async def note(self, suspect: Suspect, cause: Cause, *, tried: str | None = None) -> None:
        """Count one try. tried: what; the same thing again counts once, None is always new."""
        self._metrics.suspected(cause)
        threshold = THRESHOLDS[cause]
        key = f"suspicion:{cause}:{suspect.name}"
        member = self._new_id() if tried is None else sha256(tried.encode()).hexdigest()
        verdict = await self._windows.count(key, member, limit=threshold - 1, window_ms=WINDOW_MS)
        if verdict.is_first and await self._is_kept(suspect, cause):
            self._report(_build_refusal(suspect, cause, threshold))

    async def _is_kept(self, suspect: Suspect, cause: Cause) -> bool:
        cafe_id = "" if suspect.identity is None else suspect.identity.cafe_id
        verdict = await self._windows.count(
            f"suspicions_kept:{cause}:{cafe_id}",
            suspect.name,
            limit=CLIENTS_KEPT,
            window_ms=WINDOW_MS,
        )
        return verdict.is_allowed


def _build_refusal(suspect: Suspect, cause: Cause, threshold: int) -> Refusal:
    return Refusal(
        identity=suspect.identity,
        kind=KIND,
        details={
            "clientId": suspect.connection_id,
            "userId": "" if suspect.identity is None else suspect.identity.principal,
            "ip": suspect.address,
            "cause": cause.value,
            "limit": threshold,
            "minutes": WINDOW_MS // 60_000,
        },
    )
