"""Collects what happens in a turn of the loop and hands it to everybody in its rooms, once.

Messages of one turn leave as one frame per connection, and connections that get the same messages
share the frame. Publications wait for the end of the turn together: whatever else touches a session
(an answer, a mark, a close, a change of rooms) calls `settle` first, so that nothing overtakes
them. One session that fails never keeps another from its messages.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from config.logging import get_logger
from realtime.batches import Batch, Part, split
from realtime.close_codes import CloseCode
from realtime.ephemera import Ephemeral
from realtime.ports import Render
from realtime.publications import Publication, Representation
from realtime.registry import Registry
from realtime.session import Frames, Session

log = get_logger(__name__)


class Hub:
    """Delivers within one process.

    on_delivered: told of every publication, in order, and how many got it. on_closed: told once of
    every session that has ended.
    """

    def __init__(
        self,
        registry: Registry[Session],
        *,
        render: Render,
        on_delivered: Callable[[Publication, int], None],
        on_closed: Callable[[Session], None],
    ) -> None:
        self._registry = registry
        self._render = render
        self._on_delivered = on_delivered
        self._on_closed = on_closed
        self._pending: list[Publication] = []
        self._dirty: dict[Session, None] = {}
        self._is_flush_due = False

    def deliver(self, publication: Publication) -> None:
        """Take a publication for everybody in its rooms; it leaves at the end of this turn."""
        self._pending.append(publication)
        self._request_flush()

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

    def encode(self, publication: Publication, representation: Representation) -> bytes:
        """Return the message as a kind of reader gets it."""
        return publication.encode(representation, self._render)

    def mark_dirty(self, session: Session) -> None:
        """Remember that a session has something to send, or has ended."""
        self._dirty[session] = None
        self._request_flush()

    def settle(self) -> None:
        """Put what has been published into the outboxes now."""
        if self._pending:
            pending, self._pending = self._pending, []
            self._hand_out(pending, is_turn_over=False)

    def flush(self) -> None:
        """Send what was published and queued in this turn."""
        self._is_flush_due = False
        pending, self._pending = self._pending, []
        self._hand_out(pending, is_turn_over=True)
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

    def _hand_out(self, publications: list[Publication], *, is_turn_over: bool) -> None:
        parts = split(publications, self._registry.list_inhabited)
        # Several parts go through the outboxes, so that they leave as one frame all the same.
        is_sent_at_once = is_turn_over and len(parts) == 1
        for part in parts:
            recipients = self._hand_out_part(part, is_sent_at_once=is_sent_at_once)
            for publication in part.publications:
                self._on_delivered(publication, recipients)

    def _hand_out_part(self, part: Part, *, is_sent_at_once: bool) -> int:
        now_s = asyncio.get_running_loop().time()
        batch = Batch(part.publications, encode=self.encode, now_s=now_s)
        # Parts with an audience are of one publication.
        audience = part.publications[0].audience
        recipients = 0
        for session in self._registry.find_members(part.rooms):
            try:
                if audience is None or audience.admits(session.identity):
                    recipients += session.offer(batch, is_sent_at_once=is_sent_at_once)
            except Exception:  # one session's fault is not the others'
                log.exception("session_failed", connection_id=session.connection_id)
                session.close(CloseCode.SERVER_ERROR)
        return recipients

    def _request_flush(self) -> None:
        if not self._is_flush_due:
            self._is_flush_due = True
            asyncio.get_running_loop().call_soon(self.flush)
