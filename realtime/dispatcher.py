"""From a client's frame to its answer: decode, permission, run, `ack` or error.

Messages of one connection are worked on one after the other, in a bounded inbox of their own, so
that a slow command delays neither heartbeats nor pings of the same socket. This is one of the
three edges where unexpected exceptions are caught: logged with an error id, answered
`server_error`, and the socket stays.
"""

import asyncio
import secrets
from collections.abc import Callable
from math import ceil
from typing import Protocol

import msgspec

from config.logging import bound, get_logger
from config.namespaces import Namespace
from domain.errors import (
    ERROR_RULES,
    AuthorizationDenied,
    Conflict,
    InvalidMessage,
    RateLimitExceeded,
    RightMissing,
    TableTapError,
    build_error_body,
)
from domain.identifiers import NewId
from domain.permissions import require
from domain.rooms import Room, RoomKind
from realtime.attach import Attachment
from realtime.close_codes import CloseCode
from realtime.limits import Limits
from realtime.messages.commands import (
    ACCEPTED,
    COMMAND_NAMES,
    Authenticate,
    AuthenticateData,
    CafeRoom,
    ClientMessage,
    CommandMessage,
    Heartbeat,
    OrderRoom,
    OrderStatusUpdateMessage,
    Refresh,
    RoomCommand,
    StationRoom,
    TableRoom,
)
from realtime.messages.control import Ack, RoomData
from realtime.ports import Metrics, RunCommand
from realtime.session import Session, SessionState
from realtime.strict_json import check_json, decode_checked
from realtime.suspicion import Suspicions

log = get_logger(__name__)

# Messages of one connection that may wait; beyond it nothing more is read from its socket. A
# client that sends as it should has at most 16 commands on their way.
INBOX_LIMIT = 32
# A program that sent this many unreadable messages will not send a readable one.
BAD_FRAME_LIMIT = 1000
# One that was refused this often within a minute does not read it: each refusal names a wait.
FAST_FRAME_LIMIT = 500
# Errors that end a connection otherwise than their type says: one can be mended, one cannot.
_CLOSE_CODES = {"token_expired": CloseCode.TOKEN_EXPIRED, "revoked": CloseCode.REVOKED}


class Admit(Protocol):
    """Make a connection somebody's: verify the token, answer, attach."""

    async def __call__(
        self, session: Session, wish: AuthenticateData, *, command_id: str | None
    ) -> None: ...


class Renew(Protocol):
    """Take a new token for a connection and answer."""

    async def __call__(self, session: Session, token: str, *, command_id: str) -> None: ...


class _Probe(msgspec.Struct):
    """What an error needs of a message that does not fit its schema."""

    type: msgspec.Raw = msgspec.Raw(b"null")
    id: msgspec.Raw = msgspec.Raw(b"null")


def decode_message(raw: bytes, *, namespace: Namespace, limit_bytes: int) -> ClientMessage:
    """Decode one message into its namespace's union.

    Raises: InvalidMessage, PayloadTooLarge; AuthorizationDenied for another namespace's command.
    """
    check_json(raw, limit_bytes=limit_bytes)
    try:
        message: ClientMessage = decode_checked(raw, ACCEPTED[namespace])
    except InvalidMessage as error:
        name = _read_text(_probe(raw).type)
        if error.details == {"path": "$.type"} and name is not None:
            if name in COMMAND_NAMES:
                raise AuthorizationDenied(
                    f"This is not accepted at /{namespace}. Connect to another namespace.",
                    code="not_in_namespace",
                ) from error
            raise InvalidMessage(
                "There is no such type of message.", code="unknown_type", details=error.details
            ) from error
        raise
    return message


def read_command_id(raw: bytes) -> str | None:
    """Find the id that an error about a message should carry. raw: as it came, perhaps broken."""
    try:
        check_json(raw)
    except InvalidMessage:
        return None
    command_id = _read_text(_probe(raw).id)
    return command_id if command_id is not None and len(command_id) <= 64 else None


def _probe(raw: bytes) -> _Probe:
    try:
        return msgspec.json.decode(raw, type=_Probe)
    except msgspec.DecodeError:
        return _Probe()


def _read_text(raw: msgspec.Raw) -> str | None:
    try:
        return msgspec.json.decode(raw, type=str)
    except msgspec.DecodeError:
        return None


class Dispatcher:
    """Works on what clients send."""

    def __init__(
        self,
        *,
        admit: Admit,
        renew: Renew,
        limits: Limits,
        suspicions: Suspicions,
        attachment: Attachment,
        run_command: RunCommand,
        answer_heartbeat: Callable[[Session, Heartbeat], None],
        new_id: NewId,
        metrics: Metrics,
        frame_limit_bytes: int,
    ) -> None:
        self._admit = admit
        self._renew = renew
        self._limits = limits
        self._suspicions = suspicions
        self._attachment = attachment
        self._run_command = run_command
        self._answer_heartbeat = answer_heartbeat
        self._new_id = new_id
        self._metrics = metrics
        self._frame_limit_bytes = frame_limit_bytes

    async def receive(self, session: Session, raw: bytes) -> None:
        """Take one message. Returns when the next one may be read from the connection."""
        if session.has_ended():
            return
        now_s = session.heard_at_s = asyncio.get_running_loop().time()
        if wait_s := session.ceiling.take(now_s):
            self._refuse_fast(session, raw, wait_s=wait_s)
            return
        try:
            message = decode_message(
                raw, namespace=session.namespace, limit_bytes=self._frame_limit_bytes
            )
            if isinstance(message, Heartbeat):
                self._answer_heartbeat(session, message)
                return
        except TableTapError as error:
            self.refuse_frame(session, error, command_id=read_command_id(raw))
            return
        except Exception:  # an edge too: what is not queued is worked on right here
            error_id = secrets.token_hex(6)
            log.exception("frame_failed", error_id=error_id)
            self._answer_fault(session, error_id, command_id=read_command_id(raw))
            return
        self.put(session, message)
        if len(session.inbox) >= INBOX_LIMIT and session.worker is not None:
            await asyncio.wait({session.worker})

    def put(self, session: Session, message: ClientMessage) -> None:
        """Queue a message behind those of the same connection."""
        session.inbox.append(message)
        if session.worker is None:
            session.worker = asyncio.create_task(
                self._work(session), name=f"connection {session.connection_id}"
            )

    def refuse_frame(
        self, session: Session, error: TableTapError, *, command_id: str | None = None
    ) -> None:
        """Answer what could not be read; the connection stays usable."""
        session.bad_frames += 1
        self.refuse(session, error, command_id=command_id)
        if session.bad_frames >= BAD_FRAME_LIMIT:
            session.close(CloseCode.BAD_FRAMES)

    def _refuse_fast(self, session: Session, raw: bytes, *, wait_s: float) -> None:
        """Answer a frame that came too fast; whoever does not listen to that is sent away."""
        self._metrics.refused("frames")
        error = RateLimitExceeded(
            "Too many messages at once. Wait a little, then go on.",
            code="too_many_frames",
            retry_after_s=max(1, ceil(wait_s)),
        )
        self.refuse(session, error, command_id=read_command_id(raw))
        if session.ceiling.refused == 1 and session.admission is not None:
            identity = session.identity
            self._limits.note_flood(
                identity, session.build_caller(identity), frames=session.ceiling.burst
            )
        if session.ceiling.refused >= FAST_FRAME_LIMIT:
            session.close(CloseCode.RATE_LIMITED)

    def refuse(
        self,
        session: Session,
        error: TableTapError,
        *,
        command_id: str | None = None,
        ends_with: CloseCode | None = None,
    ) -> None:
        """Answer with an error; one that is not recoverable ends the connection after it.

        ends_with: end it in any case, with this code.
        """
        body = build_error_body(error, command_id=command_id)
        if ends_with is not None:
            body = msgspec.structs.replace(body, recoverable=False)
        session.send(body)
        self._metrics.error_sent(error.type.value)
        log.info(
            "socket_refused",
            connection_id=session.connection_id,
            namespace=session.namespace.value,
            type=error.type.value,
            code=error.code,
        )
        close_code = _CLOSE_CODES.get(error.code, ERROR_RULES[error.type].close_code)
        if ends_with is not None:
            session.close(ends_with)
        elif close_code is not None:
            session.close(CloseCode(close_code))

    async def _work(self, session: Session) -> None:
        try:
            while session.inbox and not session.has_ended():
                with bound(connection_id=session.connection_id):
                    await self._handle(session, session.inbox.pop(0))
        finally:
            session.worker = None

    async def _handle(self, session: Session, message: ClientMessage) -> None:
        command_id = read_id(message)
        try:
            await self._execute(session, message, command_id)
        except TableTapError as error:
            self.refuse(session, error, command_id=command_id)
            await self._suspicions.note_refusal(
                session.build_suspect(),
                error,
                token=_find_token(session, message),
                room=_find_room(session, message),
            )
        except Exception:  # an edge: see the module's docstring
            error_id = secrets.token_hex(6)
            log.exception("command_failed", error_id=error_id, type=name_message(message))
            self._answer_fault(session, error_id, command_id=command_id)
        if session.state in (SessionState.GREETING, SessionState.ATTACHING):
            # It was to become live and could not: better it comes back than waits for events.
            session.close(CloseCode.SERVER_ERROR)

    def _answer_fault(self, session: Session, error_id: str, *, command_id: str | None) -> None:
        """Answer what nobody expected, which was logged under this id; the connection lives."""
        fault = TableTapError(
            "Something went wrong on our side. Try again with the same id.",
            details={"errorId": error_id},
        )
        self.refuse(session, fault, command_id=command_id)

    async def _execute(
        self, session: Session, message: ClientMessage, command_id: str | None
    ) -> None:
        if isinstance(message, Authenticate):
            await self._authenticate(session, message)
            return
        if session.admission is None:
            # A token that came with the connection counts although nobody asked.
            await self._admit(session, AuthenticateData(), command_id=None)
            if session.has_ended():
                return
        if isinstance(message, Refresh):
            await self._renew(session, message.data.token, command_id=message.id)
        elif isinstance(message, RoomCommand):
            await self._change_room(session, message)
        elif isinstance(message, OrderStatusUpdateMessage):
            _check_cafe(session, message.cafe_id)
            await self._run(session, message, command_id or self._new_id())
        else:
            assert command_id is not None
            await self._run(session, message, command_id)

    async def _authenticate(self, session: Session, message: Authenticate) -> None:
        if session.admission is None:
            await self._admit(session, message.data, command_id=message.id)
        elif message.data.token is not None or message.id is not None:
            raise Conflict(
                "This connection has authenticated. Open another one for somebody else.",
                code="already_authenticated",
            )

    async def _run(self, session: Session, message: ClientMessage, command_id: str) -> None:
        name = name_message(message)
        require(session.identity, name)
        assert isinstance(message, CommandMessage | OrderStatusUpdateMessage)
        identity = session.identity
        caller = session.build_caller(identity)
        async with self._limits.counted(identity, name, caller, command_id=command_id):
            outcome = await self._run_command(identity, name, message.data, command_id=command_id)
        seq = msgspec.UNSET if outcome.seq is None else outcome.seq
        session.send(Ack(id=command_id, data=outcome.data, seq=seq))

    async def _change_room(self, session: Session, message: RoomCommand) -> None:
        room = _name_room(session.identity.cafe_id, message)
        if name_message(message).startswith("join_"):
            position = await self._attachment.join_room(session, room)
        else:
            position = await self._attachment.leave_room(session, room)
        session.send(Ack(id=message.id, data=RoomData(room=str(room), position=position)))


def name_message(message: ClientMessage) -> str:
    """Return the `type` of a client's message."""
    return str(message.__struct_config__.tag)


def read_id(message: ClientMessage) -> str | None:
    """Return the command id that answers carry."""
    if isinstance(message, OrderStatusUpdateMessage):
        return message.id or message.event_id
    if isinstance(message, Authenticate | Heartbeat | Refresh | RoomCommand | CommandMessage):
        return message.id
    return None


def _find_token(session: Session, message: ClientMessage) -> str | None:
    """Return the token that a message was refused for, if it was for one."""
    if isinstance(message, Refresh):
        return message.data.token
    in_message = message.data.token if isinstance(message, Authenticate) else None
    in_address = None if session.query is None else session.query.token
    return session.bearer or in_message or in_address


def _find_room(session: Session, message: ClientMessage) -> str | None:
    """Return the room that somebody asks for; None for any other message."""
    if session.admission is None or not isinstance(message, RoomCommand):
        return None
    return str(_name_room(session.identity.cafe_id, message))


def _check_cafe(session: Session, cafe_id: str | None) -> None:
    if cafe_id is not None and cafe_id != session.identity.cafe_id:
        raise RightMissing("This connection belongs to another cafe.")


def _name_room(cafe_id: str, message: RoomCommand) -> Room:
    match message.data:
        case CafeRoom(cafe_id=wanted):
            return Room(wanted, RoomKind.CAFE)
        case OrderRoom(order_id=order_id):
            return Room(cafe_id, RoomKind.ORDER, order_id)
        case TableRoom(table_number=number):
            return Room(cafe_id, RoomKind.TABLE, str(number))
        case StationRoom(station_id=station_id):
            return Room(cafe_id, RoomKind.STATION, station_id)
    raise AssertionError(f"{message.data!r} names no room")
