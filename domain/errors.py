"""The one tree of errors and the one table that says what each type means at the edges.

Raised where known, translated once: handlers/errors.py for HTTP, realtime/dispatcher.py for
sockets. The wire shape is spec E1: flat `type code message details? recoverable retryAfter?`.
"""

from enum import StrEnum
from typing import Any

import msgspec


class ErrorType(StrEnum):
    """The source's eight types, and `conflict`."""

    AUTHENTICATION_FAILED = "authentication_failed"
    AUTHORIZATION_DENIED = "authorization_denied"
    RATE_LIMIT_EXCEEDED = "rate_limit_exceeded"
    INVALID_MESSAGE_FORMAT = "invalid_message_format"
    RESOURCE_NOT_FOUND = "resource_not_found"
    SERVER_ERROR = "server_error"
    CONNECTION_LOST = "connection_lost"
    TIMEOUT = "timeout"
    CONFLICT = "conflict"


class ErrorRule(msgspec.Struct, frozen=True, kw_only=True):
    """What an error type means: may the same caller go on, and how the edges say it.

    close_code: what the socket closes with after a non-recoverable error; None keeps it open.
    remedy: what the person or program at the other end does next.
    """

    recoverable: bool
    http_status: int
    close_code: int | None
    remedy: str


ERROR_RULES: dict[ErrorType, ErrorRule] = {
    ErrorType.AUTHENTICATION_FAILED: ErrorRule(
        recoverable=False, http_status=401, close_code=4501, remedy="Sign in again."
    ),
    ErrorType.AUTHORIZATION_DENIED: ErrorRule(
        recoverable=True, http_status=403, close_code=None, remedy="Ask somebody who may."
    ),
    ErrorType.RATE_LIMIT_EXCEEDED: ErrorRule(
        recoverable=True, http_status=429, close_code=None, remedy="Wait retryAfter seconds."
    ),
    ErrorType.INVALID_MESSAGE_FORMAT: ErrorRule(
        recoverable=True, http_status=400, close_code=None, remedy="Correct the message."
    ),
    ErrorType.RESOURCE_NOT_FOUND: ErrorRule(
        recoverable=True, http_status=404, close_code=None, remedy="Check the id."
    ),
    ErrorType.SERVER_ERROR: ErrorRule(
        recoverable=True, http_status=500, close_code=None, remedy="Try again with the same id."
    ),
    ErrorType.CONNECTION_LOST: ErrorRule(
        recoverable=True, http_status=503, close_code=None, remedy="Reconnect and resume."
    ),
    ErrorType.TIMEOUT: ErrorRule(
        recoverable=True, http_status=503, close_code=None, remedy="Try again with the same id."
    ),
    ErrorType.CONFLICT: ErrorRule(
        recoverable=True, http_status=409, close_code=None, remedy="Look at the current state."
    ),
}


class TableTapError(Exception):
    """Base of everything that a caller may be told.

    message: a plain sentence that says what to do; no SQL, path, token or stack.
    """

    type: ErrorType = ErrorType.SERVER_ERROR
    code: str = "server_error"
    http_status: int | None = None  # where one code departs from its type's status

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        details: dict[str, Any] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.details = details
        self.retry_after_s = retry_after_s

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return self.http_status or ERROR_RULES[self.type].http_status


class AuthenticationFailed(TableTapError):
    type = ErrorType.AUTHENTICATION_FAILED
    code = "invalid_token"


class TokenRefused(AuthenticationFailed):
    """A token that no key of ours has signed for this; one that has run out is no such."""


class AuthorizationDenied(TableTapError):
    type = ErrorType.AUTHORIZATION_DENIED
    code = "not_allowed"


class RightMissing(AuthorizationDenied):
    """No role of the caller has this right, or it is in another cafe, whatever the state."""


class RateLimitExceeded(TableTapError):
    """Too much in too short a time; retry_after_s says when the next one would pass."""

    type = ErrorType.RATE_LIMIT_EXCEEDED
    code = "rate_limit_exceeded"


class InvalidMessage(TableTapError):
    """Input that does not fit its schema."""

    type = ErrorType.INVALID_MESSAGE_FORMAT
    code = "invalid_message"


class PayloadTooLarge(InvalidMessage):
    code = "too_large"
    http_status = 413


class UnprocessableInput(InvalidMessage):
    """Well-formed input that a rule of the cafe refuses (sold out, closed table, ...)."""

    code = "unprocessable"
    http_status = 422


class NotFound(TableTapError):
    """No such thing in this cafe; another cafe's thing looks exactly the same."""

    type = ErrorType.RESOURCE_NOT_FOUND
    code = "not_found"


class Conflict(TableTapError):
    type = ErrorType.CONFLICT
    code = "conflict"


class InvalidTransition(Conflict):
    """A move that the table of statuses does not allow from here."""

    code = "invalid_transition"

    def __init__(self, *, current: str, attempted: str, allowed: list[str]) -> None:
        choices = ", ".join(allowed) if allowed else "nothing"
        super().__init__(
            f"It is {current}, so this cannot be done. Possible now: {choices}.",
            details={"from": str(current), "to": str(attempted), "allowed": allowed},
        )


class VersionConflict(Conflict):
    """Somebody else changed it first; `details.current` is what it is now."""

    code = "version_conflict"


class CommandInFlight(Conflict):
    """The same command id is being worked on right now."""

    code = "command_in_flight"

    def __init__(self) -> None:
        super().__init__(
            "This command is still being worked on. Ask again with the same id in a second.",
            retry_after_s=1,
        )


class IdempotencyMismatch(UnprocessableInput):
    """A command id that was used before, with another body."""

    code = "idempotency_mismatch"


class Overloaded(TableTapError):
    """The queue before the database is full: nothing was done."""

    type = ErrorType.SERVER_ERROR
    code = "overloaded"
    http_status = 503


class StorageUnavailable(TableTapError):
    """The database cannot be written or reached now: nothing is half-written."""

    type = ErrorType.SERVER_ERROR
    code = "storage_unavailable"
    http_status = 503


class OperationTimeout(TableTapError):
    """No answer within the operation's time; it may still happen, once, under its command id."""

    type = ErrorType.TIMEOUT
    code = "operation_timeout"


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Wire shape of every error (spec E1); `id` where it answers a socket command."""

    type: ErrorType
    code: str
    message: str
    recoverable: bool
    details: dict[str, Any] | None = None
    retry_after: int | None = None
    id: str | None = None


def build_error_body(error: TableTapError, *, command_id: str | None = None) -> ErrorBody:
    """Make the wire shape of an error."""
    return ErrorBody(
        type=error.type,
        code=error.code,
        message=error.message,
        recoverable=ERROR_RULES[error.type].recoverable,
        details=error.details,
        retry_after=error.retry_after_s,
        id=command_id,
    )
