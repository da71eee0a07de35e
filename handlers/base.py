"""What every handler shares: closed unless it says otherwise, safe headers, one error shape.

Subclasses set `is_public`, or say how they learn who is asking (`authenticate`) and which right of
domain/permissions.py it takes (`permission`). A handler that says neither answers nobody.
"""

from collections.abc import Callable
from typing import Any

from tornado.web import HTTPError, RequestHandler

from config.logging import get_logger
from domain.errors import AuthenticationFailed, AuthorizationDenied, PayloadTooLarge, TableTapError
from domain.permissions import require
from domain.roles import Identity
from handlers.context import HandlerContext
from handlers.errors import MEDIA_TYPE, build_error_headers, encode_error, translate
from handlers.security import set_security_headers
from services.authentication import Client

# The longest that browsers keep a cookie (RFC 6265bis); it begins anew while a screen is used.
_DEVICE_COOKIE_S = 400 * 86_400
# The right of whoever is known, with any role.
SIGNED_IN = "signed in"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

log = get_logger(__name__)


class BaseHandler(RequestHandler):
    """Base of pages, API and probes."""

    is_public: bool = False
    permission: str | None = None

    def initialize(self, context: HandlerContext, route: str) -> None:
        """route: the address' pattern, the only form of it that is logged or counted."""
        self.context = context
        self.route = route
        self.request_id = context.new_id()
        self.error_code: str | None = None
        self._identity: Identity | None = None

    @property
    def identity(self) -> Identity:
        """Who is asking. Only where the handler is not public."""
        assert self._identity is not None, "a public handler asked for an identity"
        return self._identity

    @property
    def cafe_id(self) -> str | None:
        """Whose cafe this is about, where that is known; for log lines."""
        return self._identity.cafe_id if self._identity is not None else None

    @property
    def client_address(self) -> str:
        return self.context.proxies.find_client_address(self.request)

    @property
    def client(self) -> Client:
        """Who sends the request, as far as that can be seen."""
        return Client(
            address=self.client_address, user_agent=self.request.headers.get("User-Agent", "")
        )

    def set_default_headers(self) -> None:
        set_security_headers(self)
        self.set_header("Cache-Control", "no-store")

    async def prepare(self) -> None:
        """Refuse what may not pass before any method of the handler runs."""
        self.set_header("X-Request-Id", self.request_id)
        # Bodies arrive cut off one byte beyond the limit (application.py).
        if len(self.request.body) > self.context.settings.body_limit_bytes:
            limit = self.context.settings.body_limit_bytes
            raise PayloadTooLarge(f"The body is larger than {limit} bytes. Send less at once.")
        if self.request.method not in ("OPTIONS", *self.list_methods()):
            raise HTTPError(405)
        if not self.is_public and self.request.method != "OPTIONS":
            self._identity = await self.authenticate()
            self.authorize(self._identity)

    async def authenticate(self) -> Identity:
        """Find out who is asking. Raises: AuthenticationFailed."""
        raise AuthenticationFailed("Sign in first.")

    async def recognise_sign_in(self, secret: str) -> Identity:
        """Recognise a person by their cookie; the browser keeps it as long as the sign-in lives."""
        cookies, settings = self.context.cookies, self.context.settings
        return await self.context.authentication.identify_sign_in(
            secret,
            on_prolonged=lambda: self.set_session_cookie(
                cookies.sign_in, secret, ttl_s=settings.sign_in_ttl_s
            ),
        )

    async def recognise_device(self, secret: str) -> Identity:
        """Recognise a paired screen by its cookie, which it keeps for as long as it is used."""
        return await self.context.screen_access.identify(secret, on_renewed=self.keep_device_cookie)

    def keep_device_cookie(self, secret: str) -> None:
        """Let a paired screen keep its secret."""
        self.set_session_cookie(self.context.cookies.device, secret, ttl_s=_DEVICE_COOKIE_S)

    def set_session_cookie(self, name: str, value: str, *, ttl_s: int) -> None:
        """Set a cookie that scripts cannot read and other sites cannot send with a post."""
        self.set_cookie(
            name,
            value,
            path="/",
            max_age=ttl_s,
            httponly=True,
            secure=self.context.settings.is_secure,
            samesite="Lax",
        )

    def authorize(self, identity: Identity) -> None:
        """Let through or refuse. Raises: AuthorizationDenied."""
        if self.permission is None:
            raise AuthorizationDenied("Nobody may use this address.")
        if self.permission != SIGNED_IN:
            require(identity, self.permission)

    def list_methods(self) -> list[str]:
        """List the methods that this handler answers, for `Allow`."""
        mine = type(self)
        found = [
            name
            for name in _METHODS
            if getattr(mine, name.lower()) is not getattr(RequestHandler, name.lower())
        ]
        return ["GET", "HEAD", *found[1:]] if "GET" in found else found

    async def head(self, *args: str, **kwargs: str) -> None:
        """Answer as GET does; Tornado leaves the body out."""
        method: Callable[..., Any] = self.get
        await method(*args, **kwargs)

    def compute_etag(self) -> str | None:
        """No tag for what nobody may keep: it would be a hash for nothing."""
        return None if self._headers.get("Cache-Control") == "no-store" else super().compute_etag()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an exception. Runs inside Tornado's `except`, after the answer was cleared."""
        error = translate(kwargs["exc_info"][1] if "exc_info" in kwargs else HTTPError(status_code))
        self.error_code = error.code
        self.set_status(error.status)
        self.set_header("X-Request-Id", self.request_id)
        for name, value in build_error_headers(error).items():
            self.set_header(name, value)
        if error.status == 405:
            self.set_header("Allow", ", ".join(self.list_methods()))
        self.write_error_body(error)

    def write_error_body(self, error: TableTapError) -> None:
        """Write the error object; pages show it as a page instead."""
        self.set_header("Content-Type", MEDIA_TYPE)
        self.finish(encode_error(error))

    def log_exception(self, *_: Any) -> None:
        """Nothing: `write_error` logs what is worth it, once."""


def log_request(handler: RequestHandler) -> None:
    """Write one line per answered request, and count it. For Tornado's `log_function`.

    The line has the route's pattern: an address may hold a table's code.
    """
    duration_s = handler.request.request_time()
    if not isinstance(handler, BaseHandler):
        return
    status = handler.get_status()
    method = handler.request.method or "?"
    handler.context.metrics.observe_http(
        method=method, route=handler.route, status=status, duration_s=duration_s
    )
    write = log.debug if handler.route in _QUIET_ROUTES else log.info
    write(
        "http_request",
        request_id=handler.request_id,
        method=method,
        route=handler.route,
        status=status,
        code=handler.error_code,
        duration_ms=round(duration_s * 1000, 1),
        cafe_id=handler.cafe_id,
    )


# Asked every few seconds by machines.
_QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})
