"""Ends the connections of those whose access was taken back, within a second (spec D3, H5).

The database counts the changes of rights of each cafe. Every process looks at the counts of the
cafes it has connections of, each second, and at once when a hint comes; where one has moved, the
rights behind each connection of that cafe are read again. So a lost hint costs a second, and a
Redis that is away nothing else.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

from config.logging import get_logger
from domain.errors import AuthenticationFailed, TableTapError
from domain.roles import Identity
from realtime.close_codes import CloseCode
from realtime.ports import Recheck
from realtime.session import Session
from realtime.watch import Watch

log = get_logger(__name__)

ReadAccessCounts = Callable[[Collection[str]], Awaitable[Mapping[str, int]]]

_LOOK_S = 1.0
# Rights read in one go: some 20 ms of a reader's time.
_RECHECK_LIMIT = 100


class AccessWatch:
    """sessions: gives all of this process. refuse: answers a session with an error."""

    def __init__(
        self,
        *,
        sessions: Callable[[], Iterable[Session]],
        read_counts: ReadAccessCounts,
        recheck: Recheck,
        refuse: Callable[[Session, TableTapError], None],
    ) -> None:
        self._sessions = sessions
        self._read_counts = read_counts
        self._recheck = recheck
        self._refuse = refuse
        self._seen: dict[str, int] = {}
        self._watch = Watch(self._look_safely, every_s=_LOOK_S, name="watch access")

    def start(self) -> None:
        """Begin to look. Call on the running loop."""
        self._watch.start()

    async def stop(self) -> None:
        """Stop looking."""
        await self._watch.stop()

    def look_now(self) -> None:
        """Look at once: somebody said that rights have changed."""
        self._watch.wake()

    async def look(self) -> None:
        """Compare the counts with those of the last look; read again what has moved."""
        admitted = [
            session
            for session in self._sessions()
            if session.admission is not None and not session.has_ended()
        ]
        cafes = {session.identity.cafe_id for session in admitted}
        if not cafes:
            return
        counts = await self._read_counts(cafes)
        moved = {cafe_id for cafe_id in cafes if counts.get(cafe_id, 0) != self._seen.get(cafe_id)}
        due = [
            session
            for session in admitted
            if session.is_unchecked or session.identity.cafe_id in moved
        ]
        for start in range(0, len(due), _RECHECK_LIMIT):
            part = due[start : start + _RECHECK_LIMIT]
            identities = [session.identity for session in part]
            found = await self._recheck(identities)
            for session, known, now in zip(part, identities, found, strict=True):
                self._apply(session, known, now)
        self._seen = {cafe_id: counts.get(cafe_id, 0) for cafe_id in cafes}

    def _apply(self, session: Session, known: Identity, now: Identity | TableTapError) -> None:
        if session.has_ended() or session.identity is not known:
            return  # renewed meanwhile: the next look is about its new identity
        session.is_unchecked = False
        if isinstance(now, TableTapError):
            log.info("access_taken_back", connection_id=session.connection_id, code=now.code)
            if now.code == "cafe_closed":
                session.close(CloseCode.CAFE_CLOSED)
            elif now.code == "role_changed":
                session.close(CloseCode.ROOMS_CHANGED)
            else:
                self._refuse(
                    session, AuthenticationFailed("Access was taken back.", code="revoked")
                )
        elif _list_rights(now) != _list_rights(known):
            session.close(CloseCode.ROOMS_CHANGED)

    async def _look_safely(self) -> None:
        try:
            await self.look()
        except TableTapError as error:  # the database is away: nobody can do anything either
            log.info("access_not_read", code=error.code)


def _list_rights(identity: Identity) -> tuple[object, ...]:
    """What decides which rooms somebody is in."""
    return (
        identity.roles,
        identity.station_id,
        identity.roles_since_ms,
        identity.table_session_id,
    )
