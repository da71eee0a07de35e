"""One lasting connection to a namespace over plain WebSocket, with the behaviour of static/js.

It authenticates by first frame, resumes from its position, resends what was not answered, and
comes back by itself (spec F1-F4). It does not interpret events: `messages()` yields them once
and in order.
"""

import asyncio
import contextlib
import random
import struct
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from socket import SO_LINGER, SOL_SOCKET
from types import TracebackType
from typing import Any, Self

import msgspec
from tornado.httpclient import HTTPError, HTTPRequest
from tornado.websocket import (
    WebSocketClientConnection,
    WebSocketClosedError,
    WebSocketError,
    websocket_connect,
)

from client.backoff import LONGEST_S, compute_delay_s
from client.commands import CommandQueue
from client.messages import (
    Acknowledgement,
    ClientError,
    ConnectionStopped,
    Message,
    Payload,
    RefusedError,
    build_refusal,
)
from domain.views.base import Position

STOPPING_CODES = range(4500, 5000)  # the server says: do not come back
_LOST = 1006
_CLOSED_HERE = 1000
# What the server is told when this side ends a connection: one that was left owes nothing, one
# that is no good any more may be a screen that does not come back.
_LEFT, _GIVEN_UP = 3000, 3001

_CONNECT_TIMEOUT_S = 10.0
_WELCOME_TIMEOUT_S = 10.0  # what the server grants for the first frame
_ACKNOWLEDGEMENT_TIMEOUT_S = 10.0
_PART_TIMEOUT_S = 1.0  # for the other side to answer our close
_STABLE_S = 30.0  # a connection that lived this long starts the back-off anew
_RENEWAL_RETRY_S = 5.0  # the server gives a minute from `refresh_due` on
_NO_LINGER = struct.pack("ii", 1, 0)  # on, for no seconds: close() resets
_LARGEST_MESSAGE_BYTES = 4 * 1024 * 1024  # a welcome with many rooms; events are a few KiB


class State(StrEnum):
    """What the connection is doing; `stopped` and `closed` are final."""

    CONNECTING = "connecting"
    LIVE = "live"
    WAITING = "waiting"
    STOPPED = "stopped"
    CLOSED = "closed"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to connect.

    url: `ws://host/ws/kitchen/websocket`. token: called for every attempt and renewal, since a
    ticket is good for one; a RefusedError that is not recoverable ends the connection for good.
    rooms: asked for beside those that the roles imply. max_attempts: in a row, until it is told
    that they are used up; it goes on all the same. None never tells. longest_delay_s: between
    attempts that were not let in; a dashboard's is 10 (decision 0051). buffered_messages: when so
    many wait for the reader, the socket is not read on. painted: what a kitchen screen shows, for
    its heartbeat (`beat` says it at once). keep_messages: False for a connection that only sends.
    """

    url: str
    token: Callable[[], Awaitable[str]]
    rooms: list[str] | None = None
    position: Position | None = None
    render: list[str] | None = None
    locale: str | None = None
    heartbeat_s: float = 25.0
    dead_after_s: float = 45.0
    max_attempts: int | None = 10
    longest_delay_s: float = LONGEST_S
    buffered_messages: int = 10_000
    keep_messages: bool = True
    random: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    painted: Callable[[], dict[str, Any] | None] | None = None
    on_connected: Callable[[dict[str, Any]], None] | None = None
    on_disconnected: Callable[[int, str], None] | None = None
    on_error: Callable[[RefusedError], None] | None = None
    on_connection_error: Callable[[Exception], None] | None = None
    on_max_reconnection_attempts_reached: Callable[[], None] | None = None
    on_frame: Callable[[str], None] | None = None


@dataclass(slots=True)
class _Life:
    """One socket, from its opening to its end."""

    socket: WebSocketClientConnection
    beat: asyncio.Task[None] | None = None
    renewal: asyncio.Task[None] | None = None
    was_live: bool = False
    has_ended: bool = False
    timers: list[asyncio.TimerHandle] = field(default_factory=list)


class Connection:
    """Use as `async with Connection(options) as connection`, inside a running event loop."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._position = options.position
        self._state = State.WAITING
        self._attempts = 0
        self._minimum_delay_s = 0.0
        self._was_let_in = False
        # The life of the server that this was connected to last.
        self._boot: str | None = None
        self._commands = CommandQueue()
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue(options.buffered_messages)
        self._is_live = asyncio.Event()
        self._has_ended = asyncio.Event()
        self._end = ConnectionStopped(_CLOSED_HERE, "The connection was closed here.")
        # The snapshot that the reader has; what waits for it may be older.
        self._snapshot: Position | None = None
        self._life: _Life | None = None
        self._is_leaving = False
        # Somebody asked for the next attempt now.
        self._is_asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        return self._state

    @property
    def position(self) -> Position | None:
        """Everything up to here was received; a reader's own place is its message's `position`."""
        return self._position

    @property
    def attempts(self) -> int:
        """Failed or short-lived attempts since the last stable connection."""
        return self._attempts

    async def __aenter__(self) -> Self:
        self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def open(self) -> None:
        """Connect, and connect again whenever needed, until `close()`."""
        self._task = asyncio.create_task(self._run(), name=f"connection {self._options.url}")
        self._task.add_done_callback(self._on_task_end)

    async def wait_until_live(self) -> None:
        """Wait for a connection that is authenticated. Raises: ConnectionStopped."""
        waits = [asyncio.create_task(each.wait()) for each in (self._is_live, self._has_ended)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._has_ended.is_set():
            raise self._end

    async def messages(self) -> AsyncIterator[Message]:
        """Yield events in order, each once, and messages without `seq` as they come.

        A `resync` in between says that events are missing: load a snapshot and call
        `resume_from` with its position. Ends when closed here.
        Raises: ConnectionStopped when the server said not to come back.
        """
        while not (self._has_ended.is_set() and self._messages.empty()):
            message = await self._messages.get()
            if message is None:
                break
            if not self._is_in_snapshot(message):
                yield message
        if self._state is State.STOPPED:
            raise self._end

    def resume_from(self, position: Position) -> None:
        """Go on from a snapshot's position; events up to it are dropped, also those that wait."""
        self._snapshot = position
        known = self._position
        # Not back: what came since the snapshot was made waits for the reader.
        if known is None or known.epoch != position.epoch or known.seq < position.seq:
            self._position = position

    def reconnect(self) -> None:
        """Try now instead of when the back-off ends: somebody asked, or the network is back.

        One that lives or has stopped stays as it is.
        """
        if self._state is State.WAITING:
            self._attempts = 0
            self._is_asked.set()

    def beat(self) -> None:
        """Send a heartbeat now, because what is painted has changed."""
        if self._life is not None and self._is_live.is_set():
            self._send_heartbeat(self._life)

    async def send(
        self,
        type: str,  # noqa: A002  the protocol's word
        data: Payload,
        *,
        command_id: str | None = None,
        timeout_s: float = _ACKNOWLEDGEMENT_TIMEOUT_S,
    ) -> Acknowledgement:
        """Send a command and wait for its answer; without a connection it waits for one.

        Sent again after a reconnect with the same id, it acts once. command_id: of an earlier
        try. timeout_s: counted from each sending.
        Raises: RefusedError, NoAnswerError, ConnectionStopped.
        """
        if self._has_ended.is_set():
            raise self._end
        return await self._commands.send(type, data, command_id=command_id, timeout_s=timeout_s)

    def drop(self, *, is_reset: bool = False) -> None:
        """Cut the TCP connection without a word, as a failing network does; it comes back.

        is_reset: with an RST, which also takes what is on its way.
        """
        protocol = self._life.socket.protocol if self._life else None
        stream = getattr(protocol, "stream", None)
        if stream is None:
            return
        if is_reset and not stream.closed():
            stream.socket.setsockopt(SOL_SOCKET, SO_LINGER, _NO_LINGER)
        stream.close()

    async def close(self) -> None:
        """End for good; commands without an answer raise ConnectionStopped."""
        self._is_leaving = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if not self._has_ended.is_set():
            self._finish(State.CLOSED, self._end)

    # --- lives ------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            self._was_let_in = False
            code, reason = await self._live_once()
            if code in STOPPING_CODES:
                self._finish(State.STOPPED, ConnectionStopped(code, reason))
                return
            await self._wait_for_next_attempt()

    async def _live_once(self) -> tuple[int, str]:
        """Connect and read until the connection ends; return how it ended."""
        options = self._options
        self._state = State.CONNECTING
        try:
            token = await options.token()
            request = HTTPRequest(
                options.url,
                connect_timeout=_CONNECT_TIMEOUT_S,
                request_timeout=_CONNECT_TIMEOUT_S,
            )
            socket = await _open_socket(request)
        except RefusedError as error:
            self._minimum_delay_s = float(error.body.retry_after or 0)
            self._report_attempt(error)
            return (_LOST if error.body.recoverable else STOPPING_CODES[1]), error.body.message
        except (OSError, HTTPError, WebSocketError, ClientError) as error:
            self._report_attempt(error)
            return _LOST, str(error)
        life = self._life = _Life(socket)
        try:
            code, reason = await self._converse(life, token)
        except msgspec.DecodeError as error:
            code, reason = _LOST, f"The server sent what cannot be read: {error}"
        except TimeoutError:
            code, reason = _LOST, "The server has gone silent."
        finally:
            await self._end_life(life)
        self._report_end(life, code, reason)
        return code, reason

    async def _converse(self, life: _Life, token: str) -> tuple[int, str]:
        wish = {
            "token": token,
            "rooms": self._options.rooms,
            "position": self._position,
            "render": self._options.render,
            "locale": self._options.locale,
            "boot": self._boot,
        }
        data = {name: value for name, value in wish.items() if value is not None}
        self._transmit(life, {"type": "authenticate", "id": str(uuid.uuid4()), "data": data})
        while True:
            limit_s = self._options.dead_after_s if life.was_live else _WELCOME_TIMEOUT_S
            async with asyncio.timeout(limit_s):
                text = await life.socket.read_message()
            if text is None:
                break
            if self._options.on_frame is not None:
                self._options.on_frame(str(text))
            message = msgspec.json.decode(text, type=Message)
            if message.type == "welcome":
                self._begin_life(life, message)
            elif message.type == "refresh_due":
                life.renewal = asyncio.create_task(self._renew(life), name="connection renewal")
            else:
                await self._take_in(message)
        life.has_ended = True
        return life.socket.close_code or _LOST, life.socket.close_reason or ""

    def _begin_life(self, life: _Life, welcome: Message) -> None:
        life.was_live = self._was_let_in = True
        self._boot = welcome.data.get("boot")
        self._state = State.LIVE
        self._is_live.set()
        loop = asyncio.get_running_loop()
        life.timers.append(loop.call_later(_STABLE_S, self._start_backoff_anew))
        life.beat = asyncio.create_task(self._beat(life), name="connection heartbeat")
        if self._options.on_connected is not None:
            self._options.on_connected(welcome.data)
        self._commands.attach(partial(self._write, life))

    async def _end_life(self, life: _Life) -> None:
        self._life = None
        self._is_live.clear()
        for timer in life.timers:
            timer.cancel()
        for task in (life.beat, life.renewal):
            if task is not None:
                task.cancel()
        self._commands.detach()
        await _part(life, code=_LEFT if self._is_leaving else _GIVEN_UP)

    def _report_end(self, life: _Life, code: int, reason: str) -> None:
        if not life.was_live:
            self._report_attempt(ConnectionError(f"{code}: {reason or 'ended before the welcome'}"))
        elif self._options.on_disconnected is not None:
            self._options.on_disconnected(code, reason)

    async def _wait_for_next_attempt(self) -> None:
        self._state = State.WAITING
        told = self._options.on_max_reconnection_attempts_reached
        if self._attempts == self._options.max_attempts and told is not None:
            told()
        # Who was let in comes back as one whose returns are counted (decision 0028): not every few
        # seconds.
        longest_s = LONGEST_S if self._was_let_in else self._options.longest_delay_s
        delay_s = compute_delay_s(self._attempts, self._options.random, longest_s=longest_s)
        self._attempts += 1
        least_s, self._minimum_delay_s = self._minimum_delay_s, 0.0
        loop = asyncio.get_running_loop()
        not_before_s = loop.time() + least_s
        is_asked = await self._sleep_unless_asked(max(delay_s, least_s))
        # What the server asked for holds, whoever is in a hurry.
        if is_asked and (rest_s := not_before_s - loop.time()) > 0:
            await self._options.sleep(rest_s)

    async def _sleep_unless_asked(self, delay_s: float) -> bool:
        """Let the delay pass; True where somebody asked to go on before."""
        self._is_asked.clear()
        sleeping = asyncio.ensure_future(self._options.sleep(delay_s))
        asked = asyncio.create_task(self._is_asked.wait())
        try:
            await asyncio.wait((sleeping, asked), return_when=asyncio.FIRST_COMPLETED)
            if sleeping.done():
                sleeping.result()
            return not sleeping.done()
        finally:
            sleeping.cancel()
            asked.cancel()

    def _on_task_end(self, task: asyncio.Task[None]) -> None:
        # A fault of ours, or of a callback, must not leave readers waiting for ever.
        if not task.cancelled() and (error := task.exception()) is not None:
            self._finish(State.STOPPED, ConnectionStopped(_LOST, repr(error)))

    def _start_backoff_anew(self) -> None:
        self._attempts = 0

    def _report_attempt(self, error: Exception) -> None:
        if self._options.on_connection_error is not None:
            self._options.on_connection_error(error)

    def _finish(self, state: State, end: ConnectionStopped) -> None:
        self._state = state
        self._end = end
        self._has_ended.set()
        self._commands.reject_all(end)
        # A reader that waits is woken; one that is behind finds the end by the event.
        with contextlib.suppress(asyncio.QueueFull):
            self._messages.put_nowait(None)

    # --- messages ---------------------------------------------------------------------------

    async def _take_in(self, message: Message) -> None:
        if message.is_error:
            self._on_error(message)
        elif message.type == "ack":
            self._commands.on_acknowledgement(message)
        elif message.type == "joined":
            if self._position is None and message.data.get("mode") != "resync":
                self._position = _read_position(message.data.get("position"))
        elif message.type == "mark":
            self._move_on(message)
        elif message.type == "resync":
            self._position = _read_position(message.data.get("position"))
            await self._keep(message)
        elif message.type != "heartbeat":
            await self._accept(message)

    def _on_error(self, message: Message) -> None:
        if not self._commands.on_error(message):
            if message.retry_after:
                self._minimum_delay_s = float(message.retry_after)
            if self._options.on_error is not None:
                self._options.on_error(build_refusal(message))

    async def _accept(self, message: Message) -> None:
        """Keep an event that is new; whatever has no `seq` always."""
        known, position = self._position, message.position
        if position is not None and known is not None:
            if position.epoch != known.epoch:
                await self._keep(Message(type="resync", data={"reason": "epoch_changed"}))
            elif position.seq <= known.seq:
                return
        if position is not None:
            self._position = position
        await self._keep(message)

    async def _keep(self, message: Message) -> None:
        if self._options.keep_messages:
            await self._messages.put(message)

    def _is_in_snapshot(self, message: Message) -> bool:
        snapshot, position = self._snapshot, message.position
        return (
            snapshot is not None
            and position is not None
            and position.epoch == snapshot.epoch
            and position.seq <= snapshot.seq
        )

    def _move_on(self, mark: Message) -> None:
        known, seq = self._position, mark.data["seq"]
        if known is not None and seq > known.seq:
            epoch = mark.data.get("epoch", known.epoch)
            self._position = Position(epoch=epoch, seq=seq, event_id=mark.data["eventId"])

    # --- renewal and heartbeat ----------------------------------------------------------------

    async def _renew(self, life: _Life) -> None:
        """Go on with another token on the same connection, before the old one runs out."""
        while True:
            try:
                token = await self._options.token()
            except RefusedError as error:
                if not error.body.recoverable:
                    return  # the server closes in time, and the next attempt says why
            except (OSError, HTTPError, ClientError):
                pass
            else:
                refresh = {"type": "refresh", "id": str(uuid.uuid4()), "data": {"token": token}}
                self._transmit(life, refresh)
                return
            await self._options.sleep(_RENEWAL_RETRY_S)

    async def _beat(self, life: _Life) -> None:
        while True:
            await asyncio.sleep(self._options.heartbeat_s)
            self._send_heartbeat(life)

    def _send_heartbeat(self, life: _Life) -> None:
        painted = None if self._options.painted is None else self._options.painted()
        data: dict[str, Any] = {} if self._position is None else {"position": self._position}
        self._transmit(
            life,
            {"type": "heartbeat", "data": data if painted is None else data | {"painted": painted}},
        )

    def _transmit(self, life: _Life, message: dict[str, Any]) -> None:
        self._write(life, msgspec.json.encode(message))

    def _write(self, life: _Life, frame: bytes) -> None:
        # A socket that has just died raises here or in the future that nobody waits for; its
        # reader ends at once and everything is sent again.
        with contextlib.suppress(WebSocketClosedError):
            sent = life.socket.write_message(frame)
            sent.add_done_callback(lambda done: done.cancelled() or done.exception())


async def _open_socket(request: HTTPRequest) -> WebSocketClientConnection:
    connecting = asyncio.ensure_future(
        websocket_connect(request, max_message_size=_LARGEST_MESSAGE_BYTES)
    )
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:
        # Cancelled in the middle: a socket that opens after all is closed again, where it can be
        # before whoever cancelled goes on, and perhaps ends the loop.
        await asyncio.wait((connecting,), timeout=_PART_TIMEOUT_S)
        connecting.add_done_callback(_close_late_socket)
        raise


def _close_late_socket(connecting: "asyncio.Future[WebSocketClientConnection]") -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        socket = connecting.result()
        stream = getattr(socket.protocol, "stream", None)
        socket.close()
        # Nobody reads the answer; the frame is on its way.
        if stream is not None:
            stream.close()


async def _part(life: _Life, *, code: int) -> None:
    """Close a socket and read it empty, so that its receiving loop ends too."""
    stream = getattr(life.socket.protocol, "stream", None)
    life.socket.close(code)
    try:
        async with asyncio.timeout(_PART_TIMEOUT_S):
            while not life.has_ended and await life.socket.read_message() is not None:
                pass
    except TimeoutError:
        pass  # the other side does not answer: gone without it
    finally:
        # Also where somebody who closes for good cancels the parting.
        if stream is not None:
            stream.close()


def _read_position(value: Any) -> Position | None:
    return None if value is None else msgspec.convert(value, Position)
