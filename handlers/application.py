"""The Tornado application: all routes, and what holds for every request.

composition builds it once with everything the handlers need and listens with it. Its HTTP server
wants no `xheaders` (client addresses are read by handlers/security.py) and a `body_timeout`,
because a body that is too long is read to its end before it is refused.
"""

from collections.abc import Awaitable, Sequence
from typing import Any

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.web import Application, RequestHandler

from handlers.base import log_request
from handlers.compression import CompressedPages
from handlers.context import HandlerContext
from handlers.fault import NotFoundPage
from handlers.routes import build_routes

# A body up to here is read and thrown away, so that its sender gets a whole answer and may go on;
# a longer one is cut off by Tornado.
_DISCARD_LIMIT_BYTES = 64 * 2**20


class TableTapApplication(Application):
    """An application whose handlers see no more of a body than one byte above the limit.

    Those that take it in parts count for themselves: they know by then who sends it.
    """

    def __init__(self, routes: Sequence[Any], *, body_limit_bytes: int, **settings: Any) -> None:
        super().__init__(list(routes), **settings)
        self._body_limit_bytes = body_limit_bytes

    def get_handler_delegate(  # type: ignore[override]  # Tornado's names its private class
        self, request: HTTPServerRequest, target_class: type[RequestHandler], *args: Any, **kw: Any
    ) -> HTTPMessageDelegate:
        inner = super().get_handler_delegate(request, target_class, *args, **kw)
        assert request.connection is not None
        limit_bytes = None if inner.stream_request_body else self._body_limit_bytes
        return _LimitedBody(inner, request.connection, limit_bytes)


def build_application(
    context: HandlerContext, *, socket_routes: Sequence[Any] = ()
) -> TableTapApplication:
    """Make the application. socket_routes: Tornado rules of the socket plane."""
    settings = context.settings
    return TableTapApplication(
        [*socket_routes, *build_routes(context)],
        body_limit_bytes=settings.body_limit_bytes,
        transforms=[CompressedPages],
        cross_origin_protection=True,
        # Behind a proxy that rewrites Host our own origin would look foreign without its name.
        trusted_origins=(settings.public_url, *settings.allowed_origins),
        default_handler_class=NotFoundPage,
        default_handler_args={"context": context, "route": "unknown"},
        log_function=log_request,
        is_secure=settings.is_secure,
        debug=False,
    )


class _LimitedBody(HTTPMessageDelegate):
    """Passes a request on with its body cut off; the handler sees that it is too long.

    limit_bytes: None passes all on.
    """

    def __init__(
        self, inner: HTTPMessageDelegate, connection: HTTPConnection, limit_bytes: int | None
    ) -> None:
        self._inner = inner
        self._connection = connection
        self._left_bytes = _DISCARD_LIMIT_BYTES if limit_bytes is None else limit_bytes + 1

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        # HTTP/1 connections have it; the abstract one does not name it.
        getattr(self._connection, "set_max_body_size", lambda _: None)(_DISCARD_LIMIT_BYTES)
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        passed, self._left_bytes = chunk[: self._left_bytes], self._left_bytes - len(chunk)
        if self._left_bytes < 0:
            self._left_bytes = 0
        return self._inner.data_received(passed) if passed else None

    def finish(self) -> None:
        self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()
