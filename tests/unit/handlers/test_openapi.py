"""The document of the API can be built of the routes as they are."""

from handlers.api.openapi import build_openapi
from handlers.api.route import API_PREFIX
from handlers.api.table import ROUTES


def test_every_route_is_in_the_document():
    """A part of an address without a type would be an error at the first reader."""
    document = build_openapi(ROUTES, server_url="http://cafe.example")

    assert {API_PREFIX + route.path for route in ROUTES} == set(document["paths"])
