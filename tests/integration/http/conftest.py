"""The real application on a real port, over a database with two cafes and people of every role."""

import itertools
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from jsonschema_rs import Draft202012Validator
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from config.secrets import Secrets, SigningKey
from config.settings import Settings
from demo.cafe import CAFE
from domain.drafts import CafeDraft
from domain.identifiers import build_uuid7
from domain.roles import Role
from handlers.api.openapi import build_openapi
from handlers.api.route import API_PREFIX
from handlers.api.table import ROUTES, list_paths
from handlers.application import build_application
from handlers.assets import Assets
from handlers.context import HandlerContext
from handlers.health import ReadinessCheck
from handlers.metrics import Metrics
from handlers.security import CookieNames, TrustedProxies
from handlers.templating import Templates
from models.base import bind
from models.database import close_database, open_database
from models.migrations import migrate
from models.tenancy import CafeTable, Station
from realtime.asyncapi import build_asyncapi
from realtime.limits import Limits
from realtime.ports import NoMetrics
from realtime.presence import MemoryPresence
from realtime.rate_limit import MemoryWindows
from services.authentication import Authentication
from services.first_run import FirstRun
from services.joining import Joining
from services.passwords import Passwords, hash_password
from services.pins import PinAccess
from services.runner import Runner
from services.screen_access import ScreenAccess
from services.setup import SetupContext, create_cafe
from services.tokens import TokenSigner
from tests.support.realtime import build_suspicions
from tests.support.schemas import build_validator, list_faults
from tests.support.tools import ROOT

PASSWORD = "a long enough password"
_numbers = itertools.count(1)


def new_id() -> str:
    """Make an id; ids of one run never repeat."""
    return build_uuid7(unix_ms=time.time_ns() // 1_000_000, random_bits=next(_numbers) << 20)


CAFE_ID, OTHER_CAFE_ID = new_id(), new_id()


def make_other(cafe: CafeDraft) -> CafeDraft:
    """The same cafe with other people: whatever looks alike must not be mixed up."""
    people = [
        msgspec.structs.replace(person, email=f"other-{person.email}") for person in cafe.people
    ]
    return msgspec.structs.replace(cafe, name="The other cafe", people=people)


def fill(url: str) -> None:
    """Migrate an empty database and put two cafes into it."""
    database = open_database(url)
    migrate(database)
    bind(database)
    password_hash = hash_password(PASSWORD)
    context = SetupContext(
        now=datetime.now(UTC), new_id=new_id, new_code=lambda: secrets.token_urlsafe(16)
    )
    for cafe_id, draft in ((CAFE_ID, CAFE), (OTHER_CAFE_ID, make_other(CAFE))):
        create_cafe(
            draft,
            cafe_id=cafe_id,
            password_hashes=dict.fromkeys((each.email for each in draft.people), password_hash),
            context=context,
        )
    close_database(database)


@dataclass
class Client:
    """A browser or a program: keeps cookies, may carry a token."""

    url: str
    token: str | None = None
    cookies: dict[str, str] = field(default_factory=dict)

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        raw: bytes | None = None,
        form: dict[str, Any] | None = None,
        **headers: str,
    ) -> HTTPResponse:
        """Send a request. body: as JSON. headers: with _ for -."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        content = raw
        if form is not None:
            content = urlencode(form, doseq=True).encode()
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        elif body is not None or raw is not None:
            content = json.dumps(body).encode() if raw is None else raw
            sent.setdefault("Content-Type", "application/json")
        elif method == "POST":
            content = b""
        response = await AsyncHTTPClient().fetch(
            HTTPRequest(
                self.url + path,
                method=method,
                headers=sent,
                body=content,
                follow_redirects=False,
                allow_nonstandard_methods=True,
                request_timeout=30,
            ),
            raise_error=False,
        )
        self._keep_cookies(response)
        check_documented(method, path, response)
        return response

    async def get(self, path: str, **options: Any) -> HTTPResponse:
        return await self.request("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> HTTPResponse:
        return await self.request("POST", path, body=body, **options)

    def _keep_cookies(self, response: HTTPResponse) -> None:
        for header in response.headers.get_list("Set-Cookie"):
            for name, morsel in SimpleCookie(header).items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)


DOCUMENT = build_openapi(
    ROUTES, server_url="http://cafe.example", cookies=CookieNames(is_secure=False)
)


def check_documented(method: str, path: str, response: HTTPResponse) -> None:
    """Hold an answer of the API to the document: its status, media type and schema.

    Every request of every test passes here, so the document is tested by all of them.
    """
    for pattern, routes in list_paths().items():
        if method in routes and re.fullmatch(pattern, path.partition("?")[0]):
            operation = DOCUMENT["paths"][API_PREFIX + routes[method].path][method.lower()]
            answer = operation["responses"].get(str(response.code))
            assert answer is not None, f"{method} {path}: {response.code} is not documented"
            if "$ref" in answer:
                answer = DOCUMENT["components"]["responses"][answer["$ref"].rpartition("/")[2]]
            if response.body:
                (media_type,) = answer["content"]
                assert response.headers["Content-Type"] == media_type
                validator = _find_validator(json.dumps(answer["content"][media_type]["schema"]))
                faults = list_faults(validator, json.loads(response.body))
                assert faults == [], f"{method} {path}: {response.code} is not as documented"


@cache
def _find_validator(schema: str) -> Draft202012Validator:
    return build_validator(json.loads(schema), DOCUMENT["components"])


def read(response: HTTPResponse) -> Any:
    """Decode an answer's JSON."""
    return json.loads(response.body)


@dataclass
class World:
    """The running application and what is in it. told: of a cafe whose rights have changed."""

    url: str
    context: HandlerContext
    stations: dict[str, str]
    table_codes: dict[int, str]
    other_table_codes: dict[int, str]
    table_labels: dict[int, str]
    emails: dict[Role, str]
    names: dict[Role, str]
    is_ready: bool = True
    told: Callable[[str], None] = lambda _: None
    _tokens: dict[str, str] = field(default_factory=dict)

    def client(self, token: str | None = None) -> Client:
        return Client(self.url, token=token)

    async def staff(self, role: Role, *, cafe: str = "") -> Client:
        """Sign a person of a role in. cafe: "other-" for the second cafe."""
        email = cafe + self.emails[role]
        if email not in self._tokens:
            answer = await self.client().post(
                "/api/v1/sign-in", {"email": email, "password": PASSWORD}
            )
            assert answer.code == 200, answer.body
            self._tokens[email] = read(answer)["token"]
        return self.client(self._tokens[email])

    async def open_browser(self, role: Role) -> Client:
        """Sign a person of a role in by the form, as a browser that keeps its cookie."""
        browser = self.client()
        form = {"email": self.emails[role], "password": PASSWORD}
        answer = await browser.request("POST", "/sign-in", form=form)
        assert (answer.code, answer.headers["Location"]) == (303, "/displays"), answer.body
        return browser

    async def guest(self, table: int = 1, *, is_other: bool = False) -> Client:
        """Sit a phone down at a table."""
        codes = self.other_table_codes if is_other else self.table_codes
        answer = await self.client().post("/api/v1/table-sessions", {"tableCode": codes[table]})
        assert answer.code == 201, answer.body
        return self.client(read(answer)["token"])

    async def pick_line(self, client: Client, name: str = "Flat white", **changes: Any) -> dict:
        """Make an order's line of a dish with its default choices."""
        menu = read(await client.get("/api/v1/menu"))
        item = next(
            each
            for category in menu["categories"]
            for each in category["items"]
            if each["name"] == name
        )
        modifiers = [
            {"modifierId": option["modifierId"]}
            for group in item["groups"]
            for option in _pick_options(group)
        ]
        return {"menuItemId": item["menuItemId"], "quantity": 1, "modifiers": modifiers, **changes}

    async def order(self, client: Client, *lines: dict, key: str | None = None, **changes: Any):
        """Place an order and return its view."""
        body = {"lines": list(lines) or [await self.pick_line(client)], **changes}
        answer = await client.post("/api/v1/orders", body, Idempotency_Key=key or new_id())
        assert answer.code == 201, answer.body
        return read(answer)


def _pick_options(group: dict) -> list[dict]:
    defaults = [option for option in group["options"] if option["isDefault"]]
    return defaults or group["options"][: group["minimum"]]


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, make_database):
    """Open a filled database of either kind and bind the models to it."""
    opened = open_database(make_database(request.param, filled_by=fill), pool_size=12)
    bind(opened)
    yield opened
    close_database(opened)


@pytest.fixture
def settings() -> Settings:
    """Settings with the patience of a busy machine; tests replace some by their own."""
    return Settings(
        operation_timeout_s=30.0,
        public_url="http://cafe.example",
        allowed_origins=("https://shop.example",),
        database_readers=2,
    )


def clock() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def assets() -> Assets:
    """Read what is in static/ once a session: it is the same for every test."""
    return Assets(ROOT / "static")


@pytest.fixture(scope="session")
def templates(assets) -> Templates:
    """Keep compiled templates for the session: compiling takes longer than most of the tests."""
    return Templates(
        folder=ROOT / "templates", assets=assets, now=clock, new_id=new_id, is_preloaded=False
    )


@pytest.fixture
async def world(database, settings, assets, templates) -> AsyncIterator[World]:
    """Serve the application on a free port until the test ends."""
    runner = Runner(database, settings, clock=clock, new_id=new_id, on_committed=lambda _: None)
    runner.start()
    passwords = Passwords()
    built: list[World] = []

    async def is_ready() -> None:
        if not built[0].is_ready:
            raise ConnectionError

    key = SigningKey(kid="test", key=secrets.token_bytes(48), created_at=clock())
    keys = Secrets(signing_keys=(key,), pepper=secrets.token_bytes(48))
    authentication = Authentication(
        runner=runner,
        signer=TokenSigner(keys),
        secrets=keys,
        settings=settings,
        passwords=passwords,
        now=clock,
        new_id=new_id,
    )
    context = HandlerContext(
        settings=settings,
        runner=runner,
        pins=PinAccess(
            runner, authentication=authentication, passwords=passwords, derive=keys.derive
        ),
        screen_access=ScreenAccess(runner, derive=keys.derive, now=clock),
        first_run=FirstRun(secrets=keys, runner=runner, passwords=passwords, new_code=new_id),
        limits=Limits(
            MemoryWindows(lambda: time.monotonic_ns() // 1_000_000),
            new_id=new_id,
            report=lambda _: None,
            metrics=NoMetrics(),
        ),
        suspicions=build_suspicions([], now_ms=lambda: time.monotonic_ns() // 1_000_000),
        presence=MemoryPresence(),
        on_access_changed=lambda cafe_id: built[0].told(cafe_id),
        authentication=authentication,
        joining=Joining(
            runner=runner, passwords=passwords, authentication=authentication, now=clock
        ),
        templates=templates,
        assets=assets,
        metrics=Metrics(),
        cookies=CookieNames(is_secure=settings.is_secure),
        proxies=TrustedProxies(settings.trusted_proxies),
        now=clock,
        new_id=new_id,
        build_asyncapi=lambda: build_asyncapi(public_url=settings.public_url, version="1"),
        readiness_checks=(ReadinessCheck(name="database", check=is_ready),),
    )
    (socket,) = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(build_application(context))
    server.add_socket(socket)
    with database.connection_context():
        built.append(_describe(f"http://127.0.0.1:{socket.getsockname()[1]}", context))
    yield built[0]
    AsyncHTTPClient().close()
    server.stop()
    await server.close_all_connections()
    await runner.close()
    passwords.close()


def _describe(url: str, context: HandlerContext) -> World:
    def codes(cafe_id: str) -> dict[int, str]:
        return {
            row.number: row.code for row in CafeTable.select().where(CafeTable.cafe_id == cafe_id)
        }

    return World(
        url=url,
        context=context,
        stations={row.slug: row.id for row in Station.select().where(Station.cafe_id == CAFE_ID)},
        table_codes=codes(CAFE_ID),
        other_table_codes=codes(OTHER_CAFE_ID),
        table_labels={table.number: table.label for table in CAFE.tables},
        emails={person.role: person.email for person in CAFE.people},
        names={person.role: person.name for person in CAFE.people},
    )
