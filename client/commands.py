"""Commands on their way: sent in order, sent again on the next connection, answered once."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from client.messages import (
    Acknowledgement,
    ClientError,
    Message,
    NoAnswerError,
    Payload,
    build_refusal,
)

_IN_FLIGHT = 16  # the server allows bursts of 60 frames; each answer lets the next command go


@dataclass(slots=True)
class _Command:
    id: str
    frame: bytes
    timeout_s: float
    answer: asyncio.Future[Acknowledgement]
    is_sent: bool = False
    timer: asyncio.TimerHandle | None = None


class CommandQueue:
    """What was asked and not yet answered, oldest first.

    The connection calls `attach` with its writer when it lives and `detach` when it does not.
    """

    def __init__(self) -> None:
        self._commands: dict[str, _Command] = {}
        self._write: Callable[[bytes], None] | None = None

    async def send(
        self, command_type: str, data: Payload, *, command_id: str | None, timeout_s: float
    ) -> Acknowledgement:
        """Send now or on the next connection, and wait for the answer.

        Raises: RefusedError, NoAnswerError, and what `reject_all` was given.
        """
        identifier = command_id or str(uuid.uuid4())
        command = _Command(
            id=identifier,
            frame=msgspec.json.encode({"type": command_type, "id": identifier, "data": data}),
            timeout_s=timeout_s,
            answer=asyncio.get_running_loop().create_future(),
        )
        self._commands[identifier] = command
        self._send_waiting()
        try:
            return await command.answer
        finally:
            self._forget(command)

    def attach(self, write: Callable[[bytes], None]) -> None:
        """Send what waits, and from now on at once."""
        self._write = write
        self._send_waiting()

    def detach(self) -> None:
        """Keep everything for the next connection; time-outs run only while there is one."""
        self._write = None
        for command in self._commands.values():
            command.is_sent = False
            self._stop_timer(command)

    def reject_all(self, error: ClientError) -> None:
        """End every wait with an error."""
        for command in list(self._commands.values()):
            if not command.answer.done():
                command.answer.set_exception(error)

    def on_acknowledgement(self, message: Message) -> None:
        """Answer the command that an `ack` names; one that is not known was given up before."""
        command = self._commands.get(message.id or "")
        if command is not None and not command.answer.done():
            answer = Acknowledgement(id=command.id, data=message.data, seq=message.seq)
            command.answer.set_result(answer)

    def on_error(self, message: Message) -> bool:
        """Answer the command that an error names; False when it names none of these."""
        command = self._commands.get(message.id or "")
        if command is None:
            return False
        if message.code == "command_in_flight":
            # The first sending, over a connection that broke, is still being worked on.
            self._stop_timer(command)
            loop = asyncio.get_running_loop()
            command.timer = loop.call_later(message.retry_after or 1, self._send, command)
        elif not command.answer.done():
            command.answer.set_exception(build_refusal(message))
        return True

    def _send_waiting(self) -> None:
        in_flight = sum(command.is_sent for command in self._commands.values())
        for command in self._commands.values():
            if in_flight >= _IN_FLIGHT or self._write is None:
                return
            if not command.is_sent and not command.answer.done():
                in_flight += 1
                self._send(command)

    def _send(self, command: _Command) -> None:
        if self._write is None:
            return
        command.is_sent = True
        self._stop_timer(command)
        loop = asyncio.get_running_loop()
        command.timer = loop.call_later(command.timeout_s, self._give_up, command)
        self._write(command.frame)

    def _give_up(self, command: _Command) -> None:
        if not command.answer.done():
            command.answer.set_exception(NoAnswerError(command.id))

    def _forget(self, command: _Command) -> None:
        self._stop_timer(command)
        if self._commands.get(command.id) is command:
            del self._commands[command.id]
        self._send_waiting()

    def _stop_timer(self, command: _Command) -> None:
        if command.timer is not None:
            command.timer.cancel()
