"""The event plane of one process: everything between committed events and connections.

composition builds one `Plane`, hands it committed events (`on_committed`) and gives it to
handlers/sockets, which open a session per connection and pass on what it sends. `start` watches
over the connections, `drain` ends them all with "come back".
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

import msgspec

from config.logging import get_logger
from config.namespaces import NAMESPACES, Namespace, describe_for_audit
from config.settings import Settings
from domain.errors import (
    AuthenticationFailed,
    AuthorizationDenied,
    InvalidMessage,
    OperationTimeout,
    RateLimitExceeded,
    TableTapError,
)
from domain.events import LoggedEvent
from domain.identifiers import NewId
from domain.permissions import list_implied_rooms
from domain.roles import Identity
from domain.rooms import Room, RoomKind, parse_room
from realtime.access_watch import AccessWatch, ReadAccessCounts
from realtime.attach import Attachment, choose_representation
from realtime.close_codes import CloseCode
from realtime.dispatcher import Dispatcher
from realtime.ephemera import Ephemeral
from realtime.hub import Hub
from realtime.limits import Limits, Refusal
from realtime.messages.commands import Authenticate as AuthenticateMessage
from realtime.messages.commands import AuthenticateData, Heartbeat
from realtime.messages.control import (
    HeartbeatAnswer,
    HeartbeatAnswerData,
    Mark,
    MarkData,
    Resync,
    ResyncData,
    Welcome,
    WelcomeData,
)
from realtime.messages.envelope import PROTOCOL_VERSION
from realtime.ports import (
    Admission,
    Authenticate,
    CheckRooms,
    Clock,
    Metrics,
    NoMetrics,
    ReadEventId,
    ReadHead,
    ReadLog,
    Recheck,
    Render,
    RunCommand,
    TokenSource,
)
from realtime.presence import ConnectionRecord, Presence
from realtime.publications import Publication
from realtime.rate_limit import FrameCeiling
from realtime.registry import Registry
from realtime.renewal import Renewal
from realtime.returns import Returns
from realtime.screens import Screens
from realtime.session import Session, SessionState, Transport
from realtime.suspicion import Cause, Suspect, Suspicions
from realtime.tail import Tail

log = get_logger(__name__)

# How often connections are looked at: fine enough for limits of 10 s and more.
_WATCH_S = 1.0
# A quiet connection learns this often where the log stands, so that it need not replay much.
_MARK_AFTER_S = 15.0
# A connection that brought a token may still say in its first message what it wants.
_FIRST_MESSAGE_GRACE_S = 0.5
# A connection that died without a word is noticed within a heartbeat and its grace.
_CONNECTION_RETRY_S = 15
# Sockets are told to come back five every 50 ms, or all of them in forty such steps.
_DRAIN_STEP_S = 0.05
_DRAIN_STEPS = 40
_DRAIN_LEAST_AT_ONCE = 5
# Nobody has authenticated on these. A whole cafe behind one address comes back at once and is
# through in a second; more than this is somebody holding sockets open.
_GREETING_LIMIT_PER_ADDRESS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanePorts:
    """What the plane asks of the rest; see realtime/ports.py. boot: this life of the process."""

    authenticate: Authenticate
    check_rooms: CheckRooms
    run_command: RunCommand
    read_head: ReadHead
    read_log: ReadLog
    read_event_id: ReadEventId
    render: Render
    now: Clock
    new_id: NewId
    boot: str
    recheck: Recheck
    read_access_counts: ReadAccessCounts
    presence: Presence
    limits: Limits
    suspicions: Suspicions
    report: Callable[[Refusal], None]
    metrics: Metrics = field(default_factory=NoMetrics)


class PlaneCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Where the plane stands, for metrics and health."""

    connections: dict[str, int]
    greeting: int
    rooms: int
    outbox_bytes: int
    largest_outbox_bytes: int


class ConnectionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One connection of this process. opened_at_s: of the loop's clock."""

    connection_id: str
    namespace: Namespace
    identity: Identity
    opened_at_s: float


class Plane:
    """Connections of one process."""

    def __init__(self, settings: Settings, ports: PlanePorts) -> None:
        self._settings = settings
        self._ports = ports
        self._sessions: set[Session] = set()
        self._greeting: Counter[str] = Counter()
        self._is_draining = False
        self._watcher: asyncio.Task[None] | None = None
        self._returns = Returns(
            ports.limits, boot=ports.boot, now_s=lambda: asyncio.get_running_loop().time()
        )
        self._registry: Registry[Session] = Registry()
        self._hub = Hub(
            self._registry,
            render=ports.render,
            on_delivered=self._on_delivered,
            on_closed=self._forget,
        )
        self._tail = Tail(
            read_head=ports.read_head,
            read_log=ports.read_log,
            read_event_id=ports.read_event_id,
            deliver=self._hub.deliver,
            on_broken=self._resync_cafe,
            ring_size=settings.ring_size_events,
            # One more than is replayed: the event at the client's position proves it is our log.
            prime_events=settings.replay_limit_events + 1,
        )
        self._attachment = Attachment(
            registry=self._registry,
            hub=self._hub,
            tail=self._tail,
            check_rooms=ports.check_rooms,
            replay_limit=settings.replay_limit_events,
        )
        ports.presence.watch_replaced(self._on_replaced)
        self._renewal = Renewal(
            authenticate=ports.authenticate, warning_s=settings.refresh_warning_s
        )
        self._dispatcher = Dispatcher(
            admit=self._admit,
            renew=self._renewal.renew,
            limits=ports.limits,
            suspicions=ports.suspicions,
            attachment=self._attachment,
            run_command=ports.run_command,
            answer_heartbeat=self._answer_heartbeat,
            new_id=ports.new_id,
            metrics=ports.metrics,
            frame_limit_bytes=settings.frame_limit_bytes,
        )

        self.screens = Screens(
            sessions=lambda: self._sessions, list_rooms=self._registry.list_rooms
        )
        self.access_watch = AccessWatch(
            sessions=lambda: list(self._sessions),
            read_counts=ports.read_access_counts,
            recheck=ports.recheck,
            refuse=self._dispatcher.refuse,
        )

    @property
    def tail(self) -> Tail:
        """The streams of this process, for who knows that others have committed."""
        return self._tail

    # --- life cycle ---------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to watch over connections. Call on the running loop."""
        self._watcher = asyncio.create_task(self._watch(), name="watch connections")
        self.access_watch.start()

    async def drain(self) -> None:
        """Accept no connection any more and end each with "come back", over up to two seconds.

        Whose command is under way is told last. A cafe's screens so return one after the other.
        """
        self._is_draining = True
        sessions = sorted(self._sessions, key=lambda session: session.worker is not None)
        share = max(_DRAIN_LEAST_AT_ONCE, ceil(len(sessions) / _DRAIN_STEPS))
        for first in range(0, len(sessions), share):
            if first:
                await asyncio.sleep(_DRAIN_STEP_S)
            self._send_away(sessions[first : first + share])

    def _send_away(self, sessions: Iterable[Session]) -> None:
        for session in sessions:
            session.close(CloseCode.DRAIN)
        self._hub.flush()

    async def stop(self) -> None:
        """End at once who is still connected, and what runs here."""
        self._is_draining = True
        self._send_away(list(self._sessions))
        tasks = [session.worker for session in self._sessions if session.worker is not None]
        if self._watcher is not None:
            tasks.append(self._watcher)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.access_watch.stop()
        await self._tail.stop()

    # --- events -------------------------------------------------------------------------------

    def on_committed(self, events: Iterable[LoggedEvent]) -> None:
        """Take committed events, oldest first, on the loop."""
        self._tail.offer(events)

    def push(self, ephemeral: Ephemeral) -> int:
        """Send what is not in the log to its rooms' sessions of this process."""
        return self._hub.push(ephemeral)

    def list_cafes_with_listeners(self, kind: RoomKind) -> list[str]:
        """List the cafes of which somebody here is in the room of a kind."""
        return self._registry.list_cafes(kind)

    def count_listeners(self, kind: RoomKind) -> dict[Room, int]:
        """Say of the rooms of a kind how many of this process are in them."""
        return self._registry.count_members(kind)

    def list_connections(self, cafe_id: str) -> list[ConnectionInfo]:
        """List who of a cafe is connected to this process, longest first."""
        return [
            ConnectionInfo(
                connection_id=session.connection_id,
                namespace=session.namespace,
                identity=session.identity,
                opened_at_s=session.opened_at_s,
            )
            for session in sorted(self._sessions, key=lambda session: session.opened_at_s)
            if session.admission is not None and session.identity.cafe_id == cafe_id
        ]

    def _on_delivered(self, publication: Publication, recipients: int) -> None:
        lag_s = (self._ports.now() - publication.at).total_seconds()
        self._ports.metrics.published(recipients=recipients, lag_s=lag_s)
        if publication.ended_session_id is not None:
            seating = publication.ended_session_id
            for session in self._find_sessions(
                lambda identity: identity.is_guest and identity.table_session_id == seating
            ):
                error = AuthenticationFailed("This table was closed.", code="revoked")
                self._dispatcher.refuse(session, error)

    def _resync_cafe(self, cafe_id: str, reason: str) -> None:
        """The stream of a cafe starts afresh: everybody needs a snapshot."""
        stream = self._tail.find(cafe_id)
        assert stream is not None
        self._hub.settle()
        for session in list(self._sessions):
            if session.admission is None or session.identity.cafe_id != cafe_id:
                continue
            if session.state is SessionState.LIVE:
                session.seq = session.told_seq = stream.seq
                session.send(Resync(data=ResyncData(position=stream.position, reason=reason)))
            else:
                session.close(CloseCode.INSUFFICIENT_STATE)

    # --- connections --------------------------------------------------------------------------

    def open(
        self,
        transport: Transport,
        *,
        namespace: Namespace,
        address: str,
        bearer: str | None = None,
        query: AuthenticateData | None = None,
    ) -> Session:
        """Begin a session for a connection that has just opened.

        bearer: token of its Authorization header. query: what its address asked for (spec D2).
        """
        settings, now_s = self._settings, asyncio.get_running_loop().time()
        ceiling = FrameCeiling(
            per_second=settings.frames_per_second, burst=settings.frame_burst, now_s=now_s
        )
        session = Session(
            transport,
            connection_id=self._ports.new_id(),
            namespace=namespace,
            address=address,
            now_s=now_s,
            outbox_limit_bytes=settings.outbox_limit_bytes,
            ceiling=ceiling,
            feeder=self._hub,
        )
        session.bearer, session.query = bearer, query
        self._sessions.add(session)
        self._greeting[address] += 1
        self._ports.metrics.connection_opened(namespace.value)
        if self._is_draining:
            session.close(CloseCode.DRAIN)
        elif self._greeting[address] > _GREETING_LIMIT_PER_ADDRESS:
            session.close(CloseCode.OVERLOADED)
        elif bearer is not None or (query is not None and query.token is not None):
            unasked = AuthenticateMessage(data=AuthenticateData())
            asyncio.get_running_loop().call_later(
                _FIRST_MESSAGE_GRACE_S, self._authenticate_unasked, session, unasked
            )
        return session

    async def receive(self, session: Session, raw: bytes) -> None:
        """Take one message of a connection. Returns when its next one may be read."""
        await self._dispatcher.receive(session, raw)

    def refuse_frame(self, session: Session, error: TableTapError) -> None:
        """Answer a frame that holds no message; the connection stays usable."""
        self._dispatcher.refuse_frame(session, error)

    async def note_foreign_page(self, address: str) -> None:
        """A page of an origin that may not connect has tried to."""
        await self._ports.suspicions.note(Suspect(address=address), Cause.FOREIGN_PAGES)

    def close_sessions(self, matches: Callable[[Identity], bool], *, code: CloseCode) -> int:
        """End the connections of whom the question is answered with yes. Return how many."""
        ending = self._find_sessions(matches)
        for session in ending:
            session.close(code)
        return len(ending)

    def _find_sessions(self, matches: Callable[[Identity], bool]) -> list[Session]:
        return [
            session
            for session in self._sessions
            if session.admission is not None and matches(session.identity)
        ]

    def count(self) -> PlaneCounts:
        """Say how many connections and rooms there are and what waits in outboxes."""
        waiting = [session.outbox_bytes for session in self._sessions]
        return PlaneCounts(
            connections=dict(Counter(session.namespace.value for session in self._sessions)),
            greeting=self._greeting.total(),
            rooms=self._registry.room_count,
            outbox_bytes=sum(waiting),
            largest_outbox_bytes=max(waiting, default=0),
        )

    def _authenticate_unasked(self, session: Session, message: AuthenticateMessage) -> None:
        if session.state is SessionState.GREETING and session.worker is None:
            self._dispatcher.put(session, message)

    def _forget(self, session: Session) -> None:
        """A session has ended: it vanishes from everything."""
        if session not in self._sessions:
            return
        self._sessions.discard(session)
        self.screens.note_end(session)
        self._registry.remove(session)
        self._ports.presence.remove(session.connection_id)
        if session.admission is None:
            self._end_greeting(session)
        else:
            self._returns.note_end(session)
        code = session.close_code or 0
        self._ports.metrics.connection_closed(session.namespace.value, code)
        log.info(
            "connection_closed",
            connection_id=session.connection_id,
            namespace=session.namespace.value,
            code=code,
        )

    def _end_greeting(self, session: Session) -> None:
        self._greeting[session.address] -= 1
        if not self._greeting[session.address]:
            del self._greeting[session.address]

    # --- authentication -----------------------------------------------------------------------

    async def _admit(
        self, session: Session, wish: AuthenticateData, *, command_id: str | None
    ) -> None:
        admission = await self._verify(session, wish)
        if session.has_ended():
            return
        if admission.identity.roles.isdisjoint(NAMESPACES[session.namespace].roles):
            self._turn_away(session, command_id)
            return
        if not await self._let_return(session, admission.identity, wish, command_id):
            return
        if not await self._track(session, admission.identity):
            self._refuse_connection(session, admission.identity, command_id)
            return
        if session.has_ended():
            self._ports.presence.remove(session.connection_id)
            return
        self._end_greeting(session)
        session.admission = admission
        session.bearer = None
        wish = _choose_wish(wish, session.query)
        session.query = None
        session.representation = choose_representation(
            admission.identity, components=wish.render, locale=wish.locale
        )
        rooms = await self._authorise(session, wish.rooms)
        if session.has_ended():
            return
        self._welcome(session, rooms, command_id)
        mode = await self._attachment.attach(session, rooms=rooms, position=wish.position)
        if mode == "replay":
            self._mark(session, is_end_of_replay=True)
        self._ports.metrics.attached(mode)

    async def _verify(self, session: Session, wish: AuthenticateData) -> Admission:
        """Take the token from the header, else from the message, else from the address (D2)."""
        source = TokenSource(namespace=session.namespace)
        token = session.bearer or wish.token
        if token is None and session.query is not None:
            token = session.query.token
            source = TokenSource(namespace=session.namespace, is_query=True)
        if token is None:
            raise AuthenticationFailed(
                "Send `authenticate` with a token first.", code="not_authenticated"
            )
        return await self._ports.authenticate(token, source)

    async def _authorise(self, session: Session, names: list[str]) -> list[Room]:
        """Return the implied rooms and those of the wanted that are open; refuse the others."""
        identity = session.identity
        wanted: list[Room] = []
        for name in names:
            try:
                wanted.append(parse_room(name, cafe_id=identity.cafe_id))
            except InvalidMessage as error:
                self._dispatcher.refuse(session, error)
        implied = list_implied_rooms(identity)
        wanted = [room for room in dict.fromkeys(wanted) if room not in implied]
        allowed = await self._attachment.authorise(identity, wanted)
        for room in wanted:
            if room not in allowed:
                # The same answer for what is not there and for what is another's.
                denied = AuthorizationDenied("A room that was asked for is not open to you.")
                self._dispatcher.refuse(session, denied)
                await self._ports.suspicions.note(
                    session.build_suspect(), Cause.FORBIDDEN_ROOMS, tried=str(room)
                )
        return implied + allowed

    async def _let_return(
        self,
        session: Session,
        identity: Identity,
        wish: AuthenticateData,
        command_id: str | None,
    ) -> bool:
        caller = session.build_caller(identity)
        try:
            await self._returns.admit(identity, caller, known_boot=wish.boot)
        except RateLimitExceeded as error:
            self._dispatcher.refuse(session, error, command_id=command_id)
            session.close(CloseCode.RATE_LIMITED)
            return False
        return not session.has_ended()

    async def _track(self, session: Session, identity: Identity) -> bool:
        now_ms = self._now_ms()
        record = ConnectionRecord(
            connection_id=session.connection_id,
            user_id=identity.principal,
            cafe_id=identity.cafe_id,
            namespace=session.namespace,
            roles=sorted(identity.roles),
            connected_at=now_ms,
            last_activity=now_ms,
        )
        # A screen is one place: when it comes back, what is left of it before is gone (spec H2).
        return await self._ports.presence.track(
            record,
            limit=1 if identity.is_device else self._settings.connections_per_person,
            replaces=identity.is_device or self._settings.connections_full == "replace",
        )

    def _on_replaced(self, connection_id: str) -> None:
        """A newer connection of the same person took the place of this one."""
        for session in list(self._sessions):
            if session.connection_id == connection_id:
                session.close(CloseCode.REPLACED)

    def _refuse_connection(
        self, session: Session, identity: Identity, command_id: str | None
    ) -> None:
        limit = self._settings.connections_per_person
        error = RateLimitExceeded(
            f"You have {limit} connections open here. Close one, then come back.",
            code="max_connections_exceeded",
            details={"connectionCount": limit},
            retry_after_s=_CONNECTION_RETRY_S,
        )
        self._dispatcher.refuse(session, error, command_id=command_id)
        self._ports.metrics.refused("connections")
        self._returns.note_refused(identity, session.build_caller(identity))
        details = describe_for_audit(session.build_caller(identity)) | {"connectionCount": limit}
        self._ports.report(Refusal(identity=identity, kind=error.code, details=details))
        session.close(CloseCode.RATE_LIMITED)

    def _turn_away(self, session: Session, command_id: str | None) -> None:
        error = AuthorizationDenied("Your role may not connect here.")
        self._dispatcher.refuse(
            session, error, command_id=command_id, ends_with=CloseCode.NOT_ALLOWED
        )

    def _welcome(self, session: Session, rooms: list[Room], command_id: str | None) -> None:
        identity = session.identity
        interval_s, grace_s = self._choose_heartbeat(session)
        session.silence_limit_s = interval_s + grace_s
        data = WelcomeData(
            connection_id=session.connection_id,
            boot=self._ports.boot,
            cafe_id=identity.cafe_id,
            namespace=session.namespace,
            roles=sorted(identity.roles),
            rooms=[str(room) for room in rooms],
            render=list(session.representation.components),
            locale=session.representation.locale,
            server_time=self._now_ms(),
            heartbeat_interval_ms=int(interval_s * 1000),
            heartbeat_grace_ms=int(grace_s * 1000),
            protocol_version=PROTOCOL_VERSION,
        )
        session.send(Welcome(id=command_id or msgspec.UNSET, data=data))
        log.info(
            "connection_admitted",
            connection_id=session.connection_id,
            namespace=session.namespace.value,
            cafe_id=identity.cafe_id,
            principal=identity.principal,
        )

    def _choose_heartbeat(self, session: Session) -> tuple[float, float]:
        """Return (interval, grace): whoever shows cards to staff is a dashboard (spec F2)."""
        settings = self._settings
        if session.representation.components and not session.identity.is_guest:
            return settings.dashboard_heartbeat_interval_s, settings.dashboard_heartbeat_grace_s
        return settings.heartbeat_interval_s, settings.heartbeat_grace_s

    # --- heartbeats ---------------------------------------------------------------------------

    def _answer_heartbeat(self, session: Session, heartbeat: Heartbeat) -> None:
        self._mark(session)
        if heartbeat.data.painted is not None:
            self.screens.note_painted(session, heartbeat.data.painted)
        self._ports.presence.touch(session.connection_id, at_ms=self._now_ms())
        session.send(HeartbeatAnswer(data=HeartbeatAnswerData(server_time=self._now_ms())))

    def _mark(self, session: Session, *, is_end_of_replay: bool = False) -> None:
        """Tell a live session where the log stands, if it does not know.

        is_end_of_replay: tell it in any case; what it shows is old until then.
        """
        self._hub.settle()
        if session.state is not SessionState.LIVE:
            return
        stream = self._tail.find(session.identity.cafe_id)
        # What is at or below the head has been handed to the session already.
        if stream is not None and (is_end_of_replay or stream.seq > session.told_seq):
            session.told_seq = session.seq = stream.seq
            data = MarkData(epoch=stream.epoch, seq=stream.seq, event_id=stream.event_id)
            session.send(Mark(data=data))

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_WATCH_S)
            now_s = loop.time()
            now = self._ports.now()
            for session in list(self._sessions):
                try:
                    self._look_at(session, now_s=now_s, now=now)
                except Exception:  # one session's fault must not end the watch over the others
                    log.exception("session_failed", connection_id=session.connection_id)

    def _look_at(self, session: Session, *, now_s: float, now: datetime) -> None:
        if session.has_ended():
            return
        if session.admission is None:
            waited_s = now_s - session.opened_at_s
            if waited_s > self._settings.authenticate_timeout_s and session.worker is None:
                late = OperationTimeout("Nobody has authenticated.", code="authentication_timeout")
                self._dispatcher.refuse(session, late)
                session.close(CloseCode.NO_PONG)
            return
        self._renewal.look_at(session, now=now)
        if now_s - session.heard_at_s > session.silence_limit_s > 0:
            session.close(CloseCode.NO_PONG)
        elif now_s - session.sent_at_s >= _MARK_AFTER_S:
            self._mark(session)

    def _now_ms(self) -> int:
        return int(self._ports.now().timestamp() * 1000)


def _choose_wish(wish: AuthenticateData, query: AuthenticateData | None) -> AuthenticateData:
    """Let the message say what is wanted, and the address where the message says nothing."""
    if query is None or wish.rooms or wish.render or wish.position or wish.locale:
        return wish
    return query
