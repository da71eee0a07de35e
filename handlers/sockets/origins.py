"""Which web pages may open a connection (spec A3): exact origins, on every door.

A browser says where a page comes from; programs say nothing and are let through, because only a
token opens anything. `null` (a sandboxed frame, a file) is nobody's origin.
"""

from collections.abc import Iterable

from tornado.httputil import HTTPServerRequest


class OriginPolicy:
    """The list of origins. is_same_host_trusted: a page of the very address it connects to counts
    as our own; off in production, where TABLETAP_PUBLIC_URL says what our own is."""

    def __init__(
        self, *, public_url: str, allowed: Iterable[str], is_same_host_trusted: bool
    ) -> None:
        self._own = public_url
        self._listed = frozenset(allowed)
        self._is_same_host_trusted = is_same_host_trusted

    def admits(self, request: HTTPServerRequest) -> bool:
        """Say whether a request may go on."""
        origins = request.headers.get_list("Origin")
        if not origins:
            return True
        return len(origins) == 1 and self._is_known(origins[0], request)

    def find_listed(self, request: HTTPServerRequest) -> str | None:
        """Return the request's origin if it is a listed one: only those get CORS headers."""
        origin = request.headers.get("Origin")
        return origin if origin in self._listed else None

    def _is_known(self, origin: str, request: HTTPServerRequest) -> bool:
        if origin in self._listed or origin == self._own:
            return True
        return self._is_same_host_trusted and origin == f"{request.protocol}://{request.host}"
