"""What every answer carries against a hostile page, and whom a request may claim to come from.

Headers, cookie names and the client's address. Cross-site requests are refused by Tornado's own
`cross_origin_protection` (handlers/application.py switches it on); sockets check their origin
themselves, because that protection does not cover them.
"""

import ipaddress
import secrets
from collections.abc import Iterable, Sequence

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

_HTTPS_ONLY_S = 365 * 86_400

# Same in every answer. A referrer of `same-origin` and not `no-referrer`: the latter makes
# browsers send `Origin: null` with our own forms, which cross-origin protection refuses.
FIXED_HEADERS: dict[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Of what a window may show; a menu's twenty modules need not carry them to each phone.
_DOCUMENT_HEADERS: dict[str, str] = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), "
        "screen-wake-lock=(self), autoplay=(self)"
    ),
}


def make_nonce() -> str:
    """Make the nonce of one answer: 128 random bits."""
    return secrets.token_urlsafe(16)


def build_content_security_policy(*, nonce: str | None) -> str:
    """Write the policy of a page (nonce: for its import map) or of anything else (None).

    Nothing from third parties, no inline style, no inline script without this answer's nonce.
    """
    if nonce is None:
        return "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'none'",
            "media-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "object-src 'none'",
        )
    )


def set_security_headers(handler: RequestHandler, *, is_document: bool = True) -> None:
    """Give an answer the headers that every answer carries, and the strictest policy.

    For `set_default_headers`, which runs again before an error is written.
    is_document: a window may show it; else it is a part of one, as style sheets and scripts are.
    """
    for name, value in (FIXED_HEADERS | (_DOCUMENT_HEADERS if is_document else {})).items():
        handler.set_header(name, value)
    if handler.settings["is_secure"]:
        handler.set_header("Strict-Transport-Security", f"max-age={_HTTPS_ONLY_S}")
    handler.set_header("Content-Security-Policy", build_content_security_policy(nonce=None))
    handler.clear_header("Server")


class CookieNames:
    """Names of our cookies. `__Host-` binds a cookie to this host and to https (RFC 6265bis)."""

    def __init__(self, *, is_secure: bool) -> None:
        prefix = "__Host-" if is_secure else ""
        self.sign_in = f"{prefix}tabletap_sign_in"
        self.guest = f"{prefix}tabletap_guest"
        self.cart = f"{prefix}tabletap_cart"
        self.menu_filter = f"{prefix}tabletap_menu_filter"
        self.language = f"{prefix}tabletap_language"
        self.device = f"{prefix}tabletap_device"
        self.pairing = f"{prefix}tabletap_pairing"


class TrustedProxies:
    """Decides the client's address; a header counts only where a trusted proxy wrote it."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(text, strict=False) for text in networks]

    def find_client_address(self, request: HTTPServerRequest) -> str:
        """Return the nearest address that is not a trusted proxy, walking back from the socket."""
        peer = request.remote_ip or ""
        if not self._is_trusted(peer):
            return peer
        hops = ",".join(request.headers.get_list("X-Forwarded-For")).split(",")
        for hop in reversed([text.strip() for text in hops if text.strip()]):
            if not _is_address(hop):
                break
            peer = hop
            if not self._is_trusted(hop):
                break
        return peer

    def _is_trusted(self, text: str) -> bool:
        return _is_address(text) and _is_in(ipaddress.ip_address(text), self._networks)


def _is_in(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
