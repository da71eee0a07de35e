"""Bodies that must not get in: an error in words, nothing written, and the next good one served."""

import asyncio
import json

import pytest
from tornado.iostream import StreamClosedError
from tornado.tcpclient import TCPClient

from domain.roles import Role
from models.base import database_proxy
from models.schema import TABLES
from tests.integration.http.conftest import new_id, read

LINE = '{"menuItemId":"%s","quantity":1}'


def make_bodies(item: str) -> dict[str, bytes]:
    """Name -> body. Each is one thing wrong with an order that would be fine otherwise."""
    line = LINE % item

    def order(lines: str, more: str = "") -> bytes:
        return f'{{"lines":[{lines}]{more}}}'.encode()

    def with_quantity(quantity: str) -> bytes:
        return order(f'{{"menuItemId":"{item}","quantity":{quantity}}}')

    return {
        "nothing": b"",
        "no JSON": b"lines=1",
        "cut off": order(line)[:-2],
        "two values": order(line) + b"{}",
        "a list": b"[]",
        "a text": b'"order"',
        "null": b"null",
        "NaN": with_quantity("NaN"),
        "Infinity": with_quantity("Infinity"),
        "minus Infinity": with_quantity("-Infinity"),
        "quantity 0": with_quantity("0"),
        "quantity -1": with_quantity("-1"),
        "quantity 10000": with_quantity("10000"),
        "quantity 1.5": with_quantity("1.5"),
        "quantity 1e999": with_quantity("1e999"),
        "quantity of 400 digits": with_quantity("9" * 400),
        "quantity true": with_quantity("true"),
        "quantity text": with_quantity('"1"'),
        "quantity null": with_quantity("null"),
        "quantity list": with_quantity("[1]"),
        "no lines": b"{}",
        "empty lines": order(""),
        "lines null": b'{"lines":null}',
        "lines object": b'{"lines":{}}',
        "61 lines": order(",".join([line] * 61)),
        "unknown field": order(line, ',"surprise":1'),
        "unknown field within": order(line[:-1] + ',"priceMinor":1}'),
        "a price of its own": order(line, ',"totalMinor":1.0'),
        "duplicate key": order(line, ',"note":"a","note":"b"'),
        "duplicate key within": order(line[:-1] + ',"quantity":2}'),
        "trailing comma": order(line + ","),
        "comment": b"/* hello */" + order(line),
        "single quotes": order(line).replace(b'"', b"'"),
        "byte order mark": b"\xef\xbb\xbf" + order(line),
        "broken UTF-8": order(line, ',"note":"').replace(b',"note":"', b',"note":"\xff\xfe"'),
        "UTF-16": order(line).decode().encode("utf-16"),
        "overlong UTF-8": order(line)[:-1] + b',"note":"\xc0\xaf"}',
        "lone surrogate": order(line, r',"note":"\ud800"'),
        "reversed surrogates": order(line, r',"note":"\udc00\ud800"'),
        "NUL": order(line, r',"note":"a\u0000b"'),
        "control character": order(line, ',"note":"a\x07b"'),
        "note of 201": order(line, f',"note":"{"x" * 201}"'),
        "allergy of 61": order(line, f',"allergy":"{"x" * 61}"'),
        "depth of 10000": order(line, ',"note":' + "[" * 10_000 + "]" * 10_000),
        "depth unclosed": b"[" * 100_000,
        "id of 35": order(f'{{"menuItemId":"{item[:-1]}","quantity":1}}'),
        "id in capitals": order(f'{{"menuItemId":"{item.upper()}","quantity":1}}'),
        "id of SQL": order('{"menuItemId":"\' OR 1=1; DROP TABLE orders; --%s"}' % ("-" * 8)),
        "table 0": order(line, ',"tableNumber":0'),
        "table 1.0": order(line, ',"tableNumber":1.0'),
        "over the limit": order(line, f',"note":"{"x" * 300_000}"'),
    }


def count_rows() -> dict[str, int]:
    with database_proxy.connection_context():
        return {table.__name__: table.select().count() for table in TABLES}


async def test_a_bad_body_changes_nothing(world):
    """4xx in the one shape, no row more, no trace of ours, and the next order is served."""
    guest = await world.guest()
    line = await world.pick_line(guest)
    before = await asyncio.to_thread(count_rows)

    for name, body in make_bodies(line["menuItemId"]).items():
        answer = await guest.request("POST", "/api/v1/orders", raw=body, Idempotency_Key=new_id())
        error = read(answer)
        assert answer.code == (413 if name == "over the limit" else 400), (name, answer.body)
        assert answer.headers["Content-Type"] == "application/problem+json", name
        assert (error["type"], error["recoverable"]) == ("invalid_message_format", True), name
        assert {"type", "code", "message", "recoverable"} <= set(error), name
        assert not any(word in error["message"] for word in ("Traceback", "SELECT", "/")), name
        assert await asyncio.to_thread(count_rows) == before, name
    await world.order(guest)


NAUGHTY = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }} {% raw %}",
    "'; DROP TABLE orders; --",
    "=1+1",
    "ﷺ 田中さん 🧑‍🍳 ẗ̈ e\u0301",
    "\u202ereversed\u202c",
    "  kept  blanks  ",
    "tab\tand\nnew line",
    "%s %d {0} \\n",
    "\u2028\u2029",
]


async def test_text_comes_back_exactly_and_stays_text(world):
    """Stored, sent and shown as it was typed; in a page it is never markup."""
    cook = await world.staff(Role.KITCHEN)
    for table, text in enumerate(NAUGHTY, start=1):
        guest = await world.guest(table)

        order = await world.order(guest, note=text)

        path = f"/api/v1/orders/{order['orderId']}"
        tickets = read(await cook.get("/api/v1/tickets"))["tickets"]
        (note,) = [each["note"] for each in tickets if each["orderId"] == order["orderId"]]
        assert order["rounds"][0]["note"] == text
        assert read(await guest.get(path))["rounds"][0]["note"] == text
        assert note == text
        browser = world.client()
        browser.cookies["tabletap_guest"] = guest.token
        page = (await browser.get("/orders")).body
        assert b"<script>alert" not in page
        assert b"<img src=x" not in page


BAD_ADDRESSES = [
    ("/api/v1/orders/not-an-id", 404),
    ("/api/v1/orders/%00", 404),
    ("/api/v1/orders/" + "a" * 36, 404),
    ("/api/v1/orders/%ff", 400),
    ("/api/v1/orders?status=emperor", 400),
    ("/api/v1/orders?status=ready&status=ready", 400),
    ("/api/v1/orders?businessDate=2026-02-30", 400),
    ("/api/v1/orders?surprise=1", 400),
    ("/api/v1/menu?surprise=1", 400),
    ("/api/v1/nothing", 404),
    ("/api/v2/orders", 404),
    ("/api/v1/orders/", 404),
    ("//evil.example/", 404),
]


async def test_a_bad_address_is_told_so(world):
    """Ids that cannot be look like ids that are not."""
    guest = await world.guest()
    for path, status in BAD_ADDRESSES:
        answer = await guest.get(path)
        assert answer.code == status, (path, answer.body)
        assert read(answer)["type"] in ("resource_not_found", "invalid_message_format"), path


async def test_a_bad_place_in_the_log_is_refused(world):
    """A place is a whole number, and is asked for."""
    owner = await world.staff(Role.OWNER)
    for query in ("", "?after=-1", "?after=x", "?after=1.5", "?after=0&limit=0", "?after="):
        assert (await owner.get(f"/api/v1/events{query}")).code == 400, query


async def test_another_media_type_is_refused(world):
    """A form of another site cannot pose as JSON."""
    guest = await world.guest()
    body = json.dumps({"lines": [await world.pick_line(guest)]}).encode()
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = await guest.request(
            "POST",
            "/api/v1/orders",
            raw=body,
            Idempotency_Key=new_id(),
            Content_Type=media_type,
        )
        assert answer.code in (400, 415)
    answer = await guest.request(
        "POST",
        "/api/v1/orders",
        raw=body,
        Idempotency_Key=new_id(),
        Content_Type="application/json; charset=utf-8",
    )
    assert answer.code == 201


async def test_the_connection_outlives_a_body_that_is_too_long(world):
    """With a length and in chunks: a whole answer, and the next request on the same connection."""
    host, port = world.url.removeprefix("http://").split(":")
    long = b"x" * 1_000_000
    for head, body in (
        (b"Content-Length: 1000000", long),
        (b"Transfer-Encoding: chunked", b"F4240\r\n" + long + b"\r\n0\r\n\r\n"),
    ):
        stream = await TCPClient().connect(host, int(port))
        start = b"POST /api/v1/sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        await stream.write(start + head + b"\r\n\r\n" + body)
        first = await _read_answer(stream)
        await stream.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        second = await _read_answer(stream)
        stream.close()

        assert first.startswith(b"HTTP/1.1 413 ")
        assert b'"code":"too_large"' in first
        assert second.startswith(b"HTTP/1.1 200 ")


async def _read_answer(stream) -> bytes:
    head = await stream.read_until(b"\r\n\r\n")
    length = next(
        int(row.split(b":")[1])
        for row in head.split(b"\r\n")
        if row.lower().startswith(b"content-length")
    )
    return head + await stream.read_bytes(length)


async def test_a_bad_form_is_a_page_of_its_own(world):
    """A form that no browser of ours sends gets a page, not a trace."""
    for form in (
        {},
        {"email": "a@b.example"},
        {"email": ["a@b.example", "c@d.example"], "password": "x"},
        {"email": "x" * 300, "password": "x"},
        {"email": "a", "password": "x" * 300},
        {"email": "a@b.example\x00", "password": "x"},
    ):
        answer = await world.client().request("POST", "/sign-in", form=form)
        assert answer.code in (400, 401), form
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8", form


async def test_a_form_takes_the_same_text_as_json(world):
    """New lines are text; what would tell a ticket printer or a terminal something is refused."""
    phone = world.client()
    await phone.request("POST", f"/t/{world.table_codes[1]}", form={})
    line = await world.pick_line(phone, "Espresso")
    form = {"menu_item_id": line["menuItemId"], "quantity": "1"}

    for note in ("\x1b@", "\x07", "\x00", "a\x0bb", "a\x1f"):
        answer = await phone.request("POST", "/cart/lines", form={**form, "note": note})
        assert answer.code == 400, note
    answer = await phone.request("POST", "/cart/lines", form={**form, "note": "one\r\ntwo\tthree"})

    assert answer.code == 303, answer.body
    assert b"two\tthree" in (await phone.get("/cart")).body


async def test_half_a_request_is_no_fault(world):
    """A connection that ends in the middle of a body leaves nothing behind."""
    host, port = world.url.removeprefix("http://").split(":")
    stream = await TCPClient().connect(host, int(port))
    await stream.write(b"POST /api/v1/sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{")
    stream.close()

    assert (await world.client().get("/healthz")).code == 200
    with pytest.raises(StreamClosedError):
        await stream.read_bytes(1)
