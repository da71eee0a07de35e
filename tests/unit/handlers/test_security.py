"""Whom a request comes from, and what a page may load."""

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from handlers.security import CookieNames, TrustedProxies, build_content_security_policy


def make_request(peer: str, *forwarded: str) -> HTTPServerRequest:
    headers = HTTPHeaders({"Host": "cafe.example"})
    for value in forwarded:
        headers.add("X-Forwarded-For", value)
    start_line = RequestStartLine("GET", "/", "HTTP/1.1")
    request = HTTPServerRequest(start_line=start_line, headers=headers)
    request.remote_ip = peer
    return request


@pytest.mark.parametrize(
    ("networks", "peer", "forwarded", "expected"),
    [
        ((), "203.0.113.5", ("10.0.0.1",), "203.0.113.5"),
        (("10.0.0.0/8",), "203.0.113.5", ("198.51.100.7",), "203.0.113.5"),
        (("10.0.0.0/8",), "10.0.0.1", (), "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        # What the client wrote itself stands furthest left and is not believed.
        (("10.0.0.0/8",), "10.0.0.1", ("1.2.3.4, 198.51.100.7",), "198.51.100.7"),
        (("10.0.0.0/8",), "10.0.0.1", ("1.2.3.4", "198.51.100.7, 10.9.9.9"), "198.51.100.7"),
        (("10.0.0.0/8",), "10.0.0.1", ("nonsense",), "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", ("198.51.100.7, nonsense",), "10.0.0.1"),
        (("127.0.0.1",), "::ffff:127.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        (("::1",), "::1", ("2001:db8::7",), "2001:db8::7"),
    ],
)
def test_only_what_a_trusted_proxy_wrote_counts(networks, peer, forwarded, expected):
    """The address is the nearest hop that is not a proxy of ours."""
    found = TrustedProxies(networks).find_client_address(make_request(peer, *forwarded))

    assert found == expected


def test_a_page_loads_nothing_from_others_and_runs_nothing_inline():
    """The policy names no other host and no unsafe word."""
    policy = build_content_security_policy(nonce="abc")

    assert "unsafe" not in policy
    assert "http" not in policy
    assert "'nonce-abc'" in policy
    assert "default-src 'none'" in policy


def test_anything_but_a_page_loads_nothing_at_all():
    """An answer that is no page has no use for scripts."""
    assert "script-src" not in build_content_security_policy(nonce=None)


def test_cookies_are_bound_to_the_host_over_https():
    """`__Host-` works over https alone, so it is left out without."""
    assert CookieNames(is_secure=True).sign_in.startswith("__Host-")
    assert not CookieNames(is_secure=False).sign_in.startswith("__")
