"""The HTTP edge's translation of errors: exception -> (status, headers, E1 body).

A `TableTapError` is told as it is. What Tornado raises gets a sentence of ours. Anything else is
a fault of the server: it is logged here, once, with its trace and an error id, and the caller
gets the id alone. Pages show the same object through templates/pages/error.html.
"""

import secrets

import msgspec
from tornado.web import HTTPError

from config.logging import get_logger
from domain.errors import (
    AuthenticationFailed,
    AuthorizationDenied,
    ErrorBody,
    InvalidMessage,
    NotFound,
    PayloadTooLarge,
    TableTapError,
    build_error_body,
)

MEDIA_TYPE = "application/problem+json"
# Said to callers who did not; a busy server wants them to spread out (RFC 9110 10.2.3).
_DEFAULT_RETRY_S = {429: 1, 503: 1}

log = get_logger(__name__)


class MethodNotAllowed(InvalidMessage):
    """The address exists, not for this method; `Allow` names those it has."""

    code = "method_not_allowed"
    http_status = 405

    def __init__(self) -> None:
        super().__init__("This address does not answer to that method. See the Allow header.")


class UnsupportedMediaType(InvalidMessage):
    code = "unsupported_media_type"
    http_status = 415

    def __init__(self) -> None:
        super().__init__("Send the body as application/json.")


class ServerFault(TableTapError):
    """Something broke here; details.errorId finds the trace in the log."""

    def __init__(self, error_id: str) -> None:
        super().__init__(
            "Something went wrong on our side. Try again; nothing is done twice with the same id.",
            details={"errorId": error_id},
        )


def translate(error: BaseException) -> TableTapError:
    """Turn the exception being handled into what the caller may be told.

    Must be called inside the `except` that caught it: an unexpected one is logged with its trace.
    """
    if isinstance(error, TableTapError):
        return error
    if isinstance(error, HTTPError) and error.status_code < 500:
        return _translate_http_error(error)
    error_id = secrets.token_hex(6)
    log.exception("request_failed", error_id=error_id)  # noqa: LOG004 - see the docstring
    return ServerFault(error_id)


def encode_error(error: TableTapError) -> bytes:
    """Encode the body of an error's answer."""
    return msgspec.json.encode(build_body(error))


def build_body(error: TableTapError) -> ErrorBody:
    """Make the E1 object of an answer; `retryAfter` also where the status implies one."""
    body = build_error_body(error)
    return msgspec.structs.replace(body, retry_after=_retry_after_s(error))


def build_error_headers(error: TableTapError) -> dict[str, str]:
    """List the headers that belong to an error's status."""
    headers: dict[str, str] = {}
    retry_after_s = _retry_after_s(error)
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="tabletap"'
    return headers


def _retry_after_s(error: TableTapError) -> int | None:
    if error.retry_after_s is not None:
        return error.retry_after_s
    return _DEFAULT_RETRY_S.get(error.status)


def _translate_http_error(error: HTTPError) -> TableTapError:
    match error.status_code:
        case 401:
            return AuthenticationFailed("Sign in first.")
        case 403:
            return AuthorizationDenied("This request came from another site and was refused.")
        case 404:
            return NotFound("The address may be old, or a letter of it is wrong.")
        case 405:
            return MethodNotAllowed()
        case 413:
            return PayloadTooLarge("The body is too large.")
    return InvalidMessage("This request cannot be understood. Correct it and try again.")
