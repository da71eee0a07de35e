"""Headers, origins, cookies, files and what the server says about itself."""

import asyncio
import re

import msgspec
import pytest

from domain.roles import Role
from tests.integration.http.conftest import PASSWORD, new_id, read


async def test_every_answer_carries_the_headers(world):
    """Pages, API, probes, files and errors alike; nothing names the server's software."""
    paths = ["/sign-in", "/api/v1/menu", "/healthz", "/static/css/app.css", "/nowhere"]
    for path in paths:
        headers = (await world.client().get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "DENY", path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert "default-src 'none'" in headers["Content-Security-Policy"], path
        assert "unsafe" not in headers["Content-Security-Policy"], path
        assert "Server" not in headers, path
        assert "Strict-Transport-Security" not in headers, "the public address is plain http"


async def test_a_page_has_its_own_nonce_and_nothing_from_elsewhere(world):
    """Each answer has a fresh nonce, every script has it, and no address leads to another host."""
    nonces = set()
    for _ in range(2):
        answer = await world.client().get("/sign-in")
        (nonce,) = re.findall(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
        html = answer.body.decode()
        scripts = re.findall(r"<script[^>]*>", html)
        assert all(f'nonce="{nonce}"' in script for script in scripts)
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', html)
        assert " style=" not in html
        assert not re.findall(r"\son\w+=", html)
        nonces.add(nonce)
    assert len(nonces) == 2


async def test_personal_answers_are_not_kept(world):
    """Pages and API say no-store; files with a hash are kept for ever, without one asked about."""
    page = await world.client().get("/sign-in")
    address = r'href="(/static/sheets/layouts/base\.css\?v=[0-9a-f]{16})"'
    (css,) = re.findall(address, page.body.decode())

    assert page.headers["Cache-Control"] == "no-store"
    kept = await world.client().get(css)
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert kept.headers["Content-Type"] == "text/css; charset=utf-8"
    for path in ("/static/css/base.css", "/static/css/base.css?v=0000000000000000"):
        assert (await world.client().get(path)).headers["Cache-Control"] == "no-cache"


OUTSIDE = ("..%2fREADME.md", "../README.md", "css/../../README.md", "%2e%2e/README.md", "css")


async def test_files_outside_of_static_are_not_served(world):
    """No way of writing the address leads out of the folder."""
    for path in OUTSIDE:
        answer = await world.client().get(f"/static/{path}")
        assert answer.code in (403, 404), path
        assert b"TableTap" not in answer.body, path


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://shop.example.evil.example"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://sub.cafe.example", "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
]


async def test_other_sites_change_nothing(world):
    """Neither a form nor a request with our cookies, from wherever it is not ours."""
    browser = world.client()
    form = {"email": world.emails[Role.OWNER], "password": PASSWORD}
    await browser.request("POST", "/sign-in", form=form)

    for headers in FOREIGN:
        for path, options in (
            ("/sign-in", {"form": form}),
            ("/sign-out", {"form": {}}),
            ("/api/v1/connect-tickets", {"body": {"namespace": "admin"}}),
            (f"/t/{world.table_codes[1]}", {"form": {}}),
        ):
            answer = await browser.request("POST", path, **options, **headers)
            assert answer.code == 403, (path, headers)
            assert "Access-Control-Allow-Origin" not in answer.headers
    assert (await browser.get("/displays")).code == 200, "still signed in"


async def test_a_listed_origin_may_use_the_api_and_send_forms(world):
    """It gets its own name back, may ask beforehand, and nobody else does."""
    origin = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
    asked = await world.client().request("OPTIONS", "/api/v1/orders", **origin)
    opened = await world.client().post(
        "/api/v1/table-sessions", {"tableCode": world.table_codes[1]}, **origin
    )

    assert asked.code == 204
    assert asked.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, OPTIONS"
    for answer in (asked, opened):
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert "Origin" in answer.headers["Vary"]
    assert opened.code == 201
    other = await world.client().request("OPTIONS", "/api/v1/orders", Origin="https://a.example")
    assert "Access-Control-Allow-Origin" not in other.headers
    form = {"email": world.emails[Role.OWNER], "password": PASSWORD}
    sent = await world.client().request("POST", "/sign-in", form=form, **origin)
    assert sent.code == 303


async def test_our_own_public_origin_is_ours_behind_a_proxy(world):
    """A proxy that rewrites Host leaves the Origin as the browser sent it."""
    answer = await world.client().request(
        "POST",
        "/sign-in",
        form={"email": world.emails[Role.OWNER], "password": PASSWORD},
        Origin="http://cafe.example",
    )

    assert answer.code == 303


async def test_cookies_are_out_of_reach(world):
    """HttpOnly and SameSite always; the value in the database is a hash."""
    browser = world.client()
    answer = await browser.request(
        "POST", "/sign-in", form={"email": world.emails[Role.OWNER], "password": PASSWORD}
    )
    (cookie,) = answer.headers.get_list("Set-Cookie")

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie, "the public address is plain http"
    assert len(browser.cookies["tabletap_sign_in"]) >= 43


class TestOverHttps:
    """What changes when browsers reach us over https."""

    @pytest.fixture
    def settings(self, settings):
        return msgspec.structs.replace(settings, public_url="https://cafe.example")

    async def test_cookies_and_headers_are_bound_to_it(self, world):
        """`__Host-`, Secure, and the browser is told to come no other way."""
        answer = await world.client().request(
            "POST", "/sign-in", form={"email": world.emails[Role.OWNER], "password": PASSWORD}
        )
        (cookie,) = answer.headers.get_list("Set-Cookie")

        assert cookie.startswith("__Host-tabletap_sign_in=")
        assert "Secure" in cookie
        assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]

    async def test_the_api_names_them_so(self, world):
        """Who reads the document must find the cookie that came."""
        schemes = read(await world.client().get("/api/openapi.json"))["components"][
            "securitySchemes"
        ]

        assert schemes["signIn"]["name"] == "__Host-tabletap_sign_in"
        assert schemes["screen"]["name"] == "__Host-tabletap_device"
        assert schemes["guest"]["name"] == "__Host-tabletap_guest"


async def test_tokens_of_one_kind_do_nothing_for_another(world):
    """A connect ticket is no bearer token, a guest's token is no cookie of the staff."""
    cook, guest = await world.staff(Role.KITCHEN), await world.guest()
    ticket = read(await cook.post("/api/v1/connect-tickets", {"namespace": "kitchen"}))["token"]

    assert (await world.client(ticket).get("/api/v1/tickets")).code == 401
    for name in ("tabletap_sign_in", "tabletap_guest"):
        browser = world.client()
        browser.cookies[name] = ticket
        assert (await browser.get("/api/v1/tickets")).code == 401
    browser = world.client()
    browser.cookies["tabletap_sign_in"] = guest.token
    assert (await browser.get("/api/v1/menu")).code == 401
    assert (await browser.get("/api/v1/menu", Authorization=f"Bearer {guest.token}")).code == 200


async def test_probes_say_how_it_is(world):
    """Liveness depends on nothing, readiness names what fails and not why, metrics count."""
    assert (await world.client().get("/healthz")).body == b"ok\n"
    ready = await world.client().get("/readyz")
    assert (ready.code, read(ready)) == (
        200,
        {"isReady": True, "isDegraded": False, "checks": [{"name": "database", "isOk": True}]},
    )
    world.is_ready = False
    unready = await world.client().get("/readyz")
    assert (unready.code, read(unready)["checks"]) == (503, [{"name": "database", "isOk": False}])
    assert (await world.client().get("/healthz")).code == 200

    await world.client().get(f"/t/{world.table_codes[1]}")
    metrics = (await world.client().get("/metrics")).body.decode()
    assert 'route="/t/{code}"' in metrics
    assert 'tabletap_http_request_duration_seconds_count{method="GET",route="/readyz"' in metrics
    assert world.table_codes[1] not in metrics


async def test_a_fault_of_ours_tells_its_number_and_nothing_else(world, expected_logs, caplog):
    """The log has the trace under the id that the caller got; the answer has no trace."""
    expected_logs.add("request_failed")
    guest = await world.guest()

    def fail(*_, **__):
        raise ZeroDivisionError("secret detail")

    object.__setattr__(world.context, "runner", _FailingRunner(world.context.runner, fail))
    answer = await guest.get("/api/v1/menu")
    error = read(answer)

    assert (answer.code, error["type"], error["recoverable"]) == (500, "server_error", True)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert b"secret detail" not in answer.body
    records = [record for record in caplog.records if record.msg and record.exc_info]
    assert len(records) == 1
    assert records[0].values["error_id"] == error["details"]["errorId"]


class _FailingRunner:
    """A runner whose reads fail; the only fault that a test cannot provoke from outside."""

    def __init__(self, runner, fail) -> None:
        self._runner, self._fail = runner, fail

    async def read(self, query, *args, **kwargs):
        if query.__name__ == "read_menu":
            return self._fail()
        return await self._runner.read(query, *args, **kwargs)


async def test_nothing_secret_is_logged(world, caplog):
    """Passwords, tokens, cookies and table codes leave no trace, whatever was done."""
    caplog.set_level("DEBUG")
    browser, guest = world.client(), await world.guest(7)
    form = {"email": world.emails[Role.OWNER], "password": PASSWORD}
    await browser.request("POST", "/sign-in", form=form)
    await browser.get("/displays")
    await world.order(guest)
    await world.client().post("/api/v1/sign-in", {"email": "a@b.example", "password": "hunter2!"})
    await browser.get(f"/t/{world.table_codes[7]}")

    text = "\n".join(
        f"{record.getMessage()} {getattr(record, 'values', '')}"
        for record in caplog.records
        # Queries are debug lines of a library that config/logging.py silences.
        if record.name.split(".")[0] not in ("asyncio", "peewee")
    )
    assert "http_request" in text
    secrets = [PASSWORD, "hunter2!", guest.token, *browser.cookies.values(), world.table_codes[7]]
    assert [secret for secret in secrets if secret in text] == []


async def test_signing_in_does_not_hold_the_loop(world):
    """Twenty passwords are verified elsewhere: /healthz is answered before they are done."""
    tasks = [
        asyncio.create_task(
            world.client().post(
                "/api/v1/sign-in", {"email": f"{number}@b.example", "password": new_id()}
            )
        )
        for number in range(20)
    ]
    answered = await world.client().get("/healthz")
    pending = sum(not task.done() for task in tasks)
    answers = await asyncio.gather(*tasks)

    assert answered.code == 200
    assert pending > 0
    assert {answer.code for answer in answers} == {401}


@pytest.mark.parametrize(
    ("path", "is_compressed"),
    [
        ("/sign-in", True),
        ("/static/css/tokens.css", True),
        ("/static/js/core/socket.js", True),
        ("/api/openapi.json", True),
        ("/api/v1/menu", False),
    ],
)
async def test_what_browsers_load_is_compressed(world, path, is_compressed):
    """Pages, styles and scripts; never the API, whose answers hold secrets beside typed words."""
    answer = await (await world.guest()).get(path)

    # Tornado's client asks for gzip, unpacks the body and says under this name how it came.
    assert is_compressed == (answer.headers.get("X-Consumed-Content-Encoding") == "gzip")
