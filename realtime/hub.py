"""Walks a publication's rooms and feeds each session once; flushes once per turn of the loop.

Messages queued in one turn leave as one frame per connection, and connections that get the same
messages share the frame. One session that fails never keeps another from its messages.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from config.logging import get_logger
from realtime.close_codes import CloseCode
from realtime.ephemera import Ephemeral
from realtime.ports import Render
from realtime.publications import Publication, Representation
from realtime.registry import Registry
from realtime.session import Frames, Session

log = get_logger(__name__)


class Hub:
    """Delivers within one process. on_closed: told once of every session that has ended."""

    def __init__(
        self,
        registry: Registry[Session],
        *,
        render: Render,
        on_closed: Callable[[Session], None],
    ) -> None:
        self._registry = registry
        self._render = render
        self._on_closed = on_closed
        self._dirty: dict[Session, None] = {}
        self._is_flush_due = False

    def deliver(self, publication: Publication) -> int:
        """Offer a publication to everybody in its rooms. Return how many will get it."""
        encoders: dict[Representation, Callable[[Publication], bytes]] = {}
        recipients = 0
        for session in self._registry.find_members(publication.rooms):
            if not publication.is_for(session.identity):
                continue
            encode = encoders.get(session.representation)
            if encode is None:
                encode = encoders[session.representation] = self._bind(session.representation)
            try:
                recipients += session.offer(publication, encode)
            except Exception:  # one session's fault is not the others'
                log.exception("session_failed", connection_id=session.connection_id)
                session.close(CloseCode.SERVER_ERROR)
        return recipients

    def push(self, ephemeral: Ephemeral) -> int:
        """Give everybody in its rooms what is not in the log. Return how many will get it."""
        recipients = 0
        for session in self._registry.find_members(ephemeral.rooms):
            try:
                recipients += session.offer_latest(
                    ephemeral, partial(ephemeral.encode, session.representation, self._render)
                )
            except Exception:  # one session's fault is not the others'
                log.exception("session_failed", connection_id=session.connection_id)
                session.close(CloseCode.SERVER_ERROR)
        return recipients

    def encode(self, publication: Publication, session: Session) -> bytes:
        """Return the message as a session gets it."""
        return publication.encode(session.representation, self._render)

    def mark_dirty(self, session: Session) -> None:
        """Remember that a session has something to send, or has ended."""
        self._dirty[session] = None
        if not self._is_flush_due:
            self._is_flush_due = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Send what was queued in this turn."""
        self._is_flush_due = False
        dirty, self._dirty = self._dirty, {}
        frames: Frames = {}
        now_s = asyncio.get_running_loop().time()
        for session in dirty:
            if session.has_ended():
                self._on_closed(session)
                continue
            try:
                session.flush(frames, now_s=now_s)
            except Exception:  # one session's fault is not the others'
                log.exception("session_failed", connection_id=session.connection_id)
                session.close(CloseCode.SERVER_ERROR)

    def _bind(self, representation: Representation) -> Callable[[Publication], bytes]:
        return lambda publication: publication.encode(representation, self._render)
