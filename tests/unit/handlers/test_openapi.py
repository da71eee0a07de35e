"""The document of the API can be built of the routes as they are."""

import pytest

from handlers.api.openapi import build_openapi
from handlers.api.route import API_PREFIX, PUBLIC
from handlers.api.table import ROUTES
from handlers.security import CookieNames


def test_every_route_is_in_the_document():
    """A part of an address without a type would be an error at the first reader."""
    document = _build(CookieNames(is_secure=False))

    assert {API_PREFIX + route.path for route in ROUTES} == set(document["paths"])


@pytest.mark.parametrize("is_secure", [True, False])
def test_cookies_are_called_as_they_are_set(is_secure: bool):
    """A client made of the document sends those that the server reads, a screen's too."""
    cookies = CookieNames(is_secure=is_secure)
    schemes = _build(cookies)["components"]["securitySchemes"]

    assert {name: each["name"] for name, each in schemes.items() if each["type"] == "apiKey"} == {
        "signIn": cookies.sign_in,
        "screen": cookies.device,
        "guest": cookies.guest,
    }


def test_every_route_takes_every_credential_or_none():
    """`ApiHandler` recognises all of them, before it looks at rights."""
    document = _build(CookieNames(is_secure=True))
    known: list[dict[str, list[str]]] = [
        {name: []} for name in document["components"]["securitySchemes"]
    ]

    for route in ROUTES:
        operation = document["paths"][API_PREFIX + route.path][route.method.lower()]
        assert operation["security"] == ([] if route.permission == PUBLIC else known)


def _build(cookies: CookieNames):
    return build_openapi(ROUTES, server_url="http://cafe.example", cookies=cookies)
