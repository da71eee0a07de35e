"""What travels, as a client sees it: messages, acknowledgements, errors."""

from typing import Any

import msgspec

from domain.commands import Command
from domain.errors import ErrorBody, ErrorType
from domain.views.base import Position

Payload = Command | dict[str, Any]


class Message(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Any message from the server. `seq` and `epoch` stand on events of the log alone.

    An error is flat: then `code` and what follows it are set.
    """

    type: str
    id: str | None = None
    data: Any = None
    seq: int | None = None
    epoch: str | None = None
    event_id: str = ""
    cafe_id: str | None = None
    timestamp: int | None = None
    fragment: Any = None
    code: str | None = None
    message: str | None = None
    recoverable: bool | None = None
    details: dict[str, Any] | None = None
    retry_after: int | None = None

    @property
    def is_error(self) -> bool:
        return self.code is not None and self.recoverable is not None

    @property
    def position(self) -> Position | None:
        """Where a reader stands who has taken this message in; None without a `seq`."""
        if self.seq is None or self.epoch is None:
            return None
        return Position(epoch=self.epoch, seq=self.seq, event_id=self.event_id)


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """seq: the place that the last event of the command got; None where it caused none."""

    id: str
    data: Any
    seq: int | None


class ClientError(Exception):
    """Base of what this package raises."""


class RefusedError(ClientError):
    """The server answered with an error. status: HTTP's, None on a socket."""

    def __init__(self, body: ErrorBody, *, status: int | None = None) -> None:
        super().__init__(f"{body.code}: {body.message}")
        self.body = body
        self.status = status


class NoAnswerError(ClientError):
    """No acknowledgement in time. It may have happened: try again with the same `command_id`."""

    def __init__(self, command_id: str) -> None:
        super().__init__("The server has not answered the command.")
        self.command_id = command_id


class ConnectionStopped(ClientError):
    """The connection ended for good: the server said not to come back, or it was closed here."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


def build_refusal(message: Message) -> RefusedError:
    """Make the exception of an error message."""
    return RefusedError(
        ErrorBody(
            type=ErrorType(message.type),
            code=message.code or message.type,
            message=message.message or "",
            recoverable=bool(message.recoverable),
            details=message.details,
            retry_after=message.retry_after,
            id=message.id,
        )
    )
