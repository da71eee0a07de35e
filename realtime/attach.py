"""From an authenticated connection to a live one, so that nothing is missing and nothing doubled.

The order of steps never changes: authenticate, authorise every room, join the hub in attaching
state, look at the head, decide, read, send, merge what happened meanwhile, live. The hub hands a
session everything after the head it joined at; the replay covers everything up to it.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from config.logging import get_logger
from domain.errors import AuthorizationDenied, NotFound, TableTapError
from domain.permissions import COMPONENT_ROLES, may_join
from domain.roles import Identity
from domain.rooms import Room
from domain.views.base import Position
from realtime.close_codes import CloseCode
from realtime.hub import Hub
from realtime.messages.commands import KnownPosition
from realtime.messages.control import Joined, JoinedData, Resync, ResyncData
from realtime.ports import CheckRooms
from realtime.publications import Publication, Representation
from realtime.registry import Registry
from realtime.session import Session
from realtime.tail import CafeStream, Tail

log = get_logger(__name__)

Mode = Literal["live", "replay", "resync"]


class Decision(msgspec.Struct, frozen=True):
    """How a stream begins. reason: why not where the client was."""

    mode: Mode
    reason: str = ""


def choose_representation(
    identity: Identity, *, components: Iterable[str], locale: str
) -> Representation:
    """Keep of the wanted components those that the identity's roles may see."""
    allowed = tuple(
        component
        for component in dict.fromkeys(components)
        if not identity.roles.isdisjoint(COMPONENT_ROLES.get(component, frozenset()))
    )
    return Representation(
        shows_user=_is_staff(identity), components=allowed, locale=locale if allowed else ""
    )


def _is_staff(identity: Identity) -> bool:
    """Guests and public boards do not learn who did something (spec B2)."""
    return not identity.is_guest and any(role.value != "board" for role in identity.roles)


class Attachment:
    """Admits sessions to rooms and moves them to live."""

    def __init__(
        self,
        *,
        registry: Registry[Session],
        hub: Hub,
        tail: Tail,
        check_rooms: CheckRooms,
        replay_limit: int,
    ) -> None:
        self._registry = registry
        self._hub = hub
        self._tail = tail
        self._check_rooms = check_rooms
        self._replay_limit = replay_limit

    async def authorise(self, identity: Identity, rooms: Sequence[Room]) -> list[Room]:
        """Return those of the rooms that are open to the identity."""
        by_role = [room for room in rooms if may_join(identity, room)]
        if not by_role:
            return []
        allowed = frozenset(await self._check_rooms(identity, by_role))
        return [room for room in by_role if room in allowed]

    async def join_room(self, session: Session, room: Room) -> Position:
        """Join one more room and return what its stream is complete from.

        Raises: AuthorizationDenied for roles and cafes, NotFound for what is not there.
        """
        identity = session.identity
        if not may_join(identity, room):
            raise AuthorizationDenied("This room is not open to you.")
        if not await self._check_rooms(identity, [room]):
            raise NotFound("There is no such room here.")
        stream = await self._tail.open(identity.cafe_id)
        # No await from here on: what is after the position reaches the session, and nothing else.
        self._hub.settle()
        if not session.has_ended():
            self._registry.join(session, [room])
        return stream.position

    async def leave_room(self, session: Session, room: Room) -> Position:
        """Leave a room; not being in it is no fault."""
        stream = await self._tail.open(session.identity.cafe_id)
        self._hub.settle()
        self._registry.leave(session, room)
        return stream.position

    async def attach(
        self, session: Session, *, rooms: Sequence[Room], position: KnownPosition | None
    ) -> Mode:
        """Join authorised rooms and become live, from the client's position if that is usable."""
        stream = await self._tail.open(session.identity.cafe_id)
        if session.has_ended():
            return "live"
        # From here on the hub hands this session everything after `joined_seq`, and nothing below
        # may lose it: no await until the head was looked at.
        session.start_attaching()
        self._registry.join(session, rooms)
        joined_seq, joined_epoch = stream.seq, stream.epoch
        decision, replay = await self._prepare(stream, position)
        if session.has_ended():
            return decision.mode
        start = stream.position
        names = [str(room) for room in rooms]
        if decision.mode == "replay":
            assert position is not None
            start = Position(epoch=position.epoch, seq=position.seq, event_id=position.event_id)
        session.send(Joined(data=JoinedData(rooms=names, mode=decision.mode, position=start)))
        if decision.mode == "resync":
            session.send(Resync(data=ResyncData(position=start, reason=decision.reason)))
        session.seq = session.told_seq = start.seq
        await self._send_replay(session, replay)
        if session.has_ended():
            return decision.mode
        if stream.epoch == joined_epoch and session.seq < joined_seq:
            # The replay ended before the hub began: there would be a hole.
            log.error("hole_found", connection_id=session.connection_id, after_seq=session.seq)
            session.close(CloseCode.INSUFFICIENT_STATE)
            return decision.mode
        await self._merge(session)
        return decision.mode

    async def _prepare(
        self, stream: CafeStream, position: KnownPosition | None
    ) -> tuple[Decision, Sequence[Publication]]:
        try:
            decision = await self.decide(stream, position)
            if decision.mode != "replay":
                return decision, ()
            assert position is not None
            until_seq = stream.seq
            replay = await self._tail.read(stream, after_seq=position.seq, until_seq=until_seq)
            if len(replay) != until_seq - position.seq:
                return Decision("resync", "too_old"), ()  # never a partial replay
            return decision, replay
        except TableTapError:
            raise  # the database is away: said as an error, and asked again
        except Exception:  # an unreadable event is passed over by a snapshot
            log.exception("replay_not_read", cafe_id=stream.cafe_id)
            return Decision("resync", "log_unreadable"), ()

    async def decide(self, stream: CafeStream, position: KnownPosition | None) -> Decision:
        """Say whether a client's position can be continued. Never a partial replay."""
        if position is None:
            return Decision("live")
        if position.epoch == stream.epoch and position.seq > stream.seq:
            # A snapshot may be newer than what has reached this process.
            await self._tail.catch_up(stream)
        if position.epoch != stream.epoch:
            return Decision("resync", "epoch_changed")
        if position.seq > stream.seq:
            return Decision("resync", "ahead")
        if position.seq < stream.floor_seq:
            return Decision("resync", "too_old")
        if stream.seq - position.seq > self._replay_limit:
            return Decision("resync", "too_far_behind")
        if position.seq and position.event_id != await self._tail.read_event_id(
            stream, position.seq
        ):
            return Decision("resync", "log_differs")
        return Decision("replay")

    async def _send_replay(self, session: Session, replay: Sequence[Publication]) -> None:
        """Send what was missed, no faster than the client reads."""
        for publication in replay:
            self._pass(session, publication)
            await session.wait_for_space()
            if session.has_ended():
                return

    async def _merge(self, session: Session) -> None:
        """Send what happened meanwhile; become live in the moment when nothing is left."""
        while session.buffer:
            self._pass(session, session.buffer.pop(0))
            await session.wait_for_space()
            if session.has_ended():
                return
        session.go_live()

    def _pass(self, session: Session, publication: Publication) -> None:
        if publication.seq <= session.seq:
            return
        session.seq = publication.seq
        if publication.type not in session.reader.event_types:
            return
        is_member = self._registry.is_in_any(session, publication.rooms)
        if is_member and publication.is_for(session.identity):
            session.told_seq = publication.seq
            session.queue(self._hub.encode(publication, session.representation))
