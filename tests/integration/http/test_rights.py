"""What is closed asks who is there, and what is in no table answers nobody.

Everybody at every address is tests/integration/proofs/test_rights_matrix.py.
"""

from domain.permissions import COMMAND_ROLES
from handlers.api.route import API_PREFIX, PUBLIC
from handlers.api.table import ROUTES
from handlers.base import SIGNED_IN, BaseHandler
from handlers.routes import PAGES
from tests.integration.http.conftest import new_id, read

OPEN_PAGES = {
    "/",
    "/sign-in",
    "/styleguide",
    "/api/docs",
    "/api/openapi.json",
    "/api/asyncapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
    r"/t/(?P<code>[A-Za-z0-9_-]{8,64})",
    r"/join/(?P<code>[A-Za-z0-9_-]{43})",
    "/pair",
    "/pair/state",
    "/language",
    r"/set-up/(?P<code>[A-Za-z0-9_-]{43})",
    r"/photos/(?P<cafe_id>[0-9a-f-]{36})/(?P<photo_id>[0-9a-f-]{36})/(?P<size>small|large)\.webp",
}


def make_address(route) -> str:
    """An address of the route with ids that nothing has."""
    path = route.path.replace("{round_number}", "1")
    for name in route.path_names:
        path = path.replace(f"{{{name}}}", new_id())
    return API_PREFIX + path


async def test_every_closed_route_asks_who_is_there(world):
    """Without an identity, and with nonsense for one, the answer is 401 with its header."""
    for route in ROUTES:
        if route.permission == PUBLIC:
            continue
        body: dict | None = {} if route.body is not None else None
        for headers in (
            {},
            {"Authorization": "Bearer nonsense"},
            {"Authorization": "Basic dXNlcjpwYXNz"},
            {"Authorization": "Bearer "},
            {"Cookie": "tabletap_sign_in=nonsense"},
            {"Cookie": "tabletap_guest=nonsense"},
        ):
            answer = await world.client().request(
                route.method, make_address(route), body=body, **headers
            )
            assert answer.code == 401, (route.operation, headers)
            assert read(answer)["type"] == "authentication_failed"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_permission_of_the_table_exists():
    """A right that is misspelt would close a route to everybody, quietly."""
    for route in ROUTES:
        assert route.permission in {PUBLIC, SIGNED_IN, *COMMAND_ROLES}, route.operation


def test_pages_are_closed_unless_they_are_on_this_list():
    """Making a page public takes a line here too."""
    assert {pattern for pattern, page in PAGES.items() if page.is_public} == OPEN_PAGES


def test_a_handler_that_says_nothing_is_closed():
    """Deny by default: the base is neither public nor has it a right."""
    assert not BaseHandler.is_public
    assert BaseHandler.permission is None


async def test_every_page_closed_to_strangers(world):
    """No page of the list beyond the open ones shows anything to somebody unknown."""
    for pattern in PAGES:
        if pattern in OPEN_PAGES or "(" in pattern:
            continue
        answer = await world.client().get(pattern)
        assert answer.code in (303, 401, 405), (pattern, answer.code)


async def test_methods_that_an_address_does_not_have_are_named(world):
    """405 with Allow, on pages, API, probes and files, whoever asks."""
    expected = {
        "/api/v1/orders": "GET, HEAD, POST",
        "/api/v1/sign-in": "POST",
        "/api/v1/menu": "GET, HEAD",
        "/healthz": "GET, HEAD",
        "/sign-in": "GET, HEAD, POST",
        "/sign-out": "POST",
        "/static/css/app.css": "GET, HEAD",
    }
    for path, allowed in expected.items():
        for method in ("PUT", "DELETE", "PATCH"):
            answer = await world.client().request(method, path, raw=b"{}")
            assert (answer.code, answer.headers.get("Allow")) == (405, allowed), (path, method)


async def test_head_is_get_without_the_body(world):
    """RFC 9110 wants it wherever GET is."""
    for path in ("/healthz", "/sign-in", "/api/openapi.json"):
        answer = await world.client().request("HEAD", path)
        assert (answer.code, answer.body) == (200, b"")
