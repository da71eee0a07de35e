"""What hostile and broken peers meet at every door (architecture: sockjs-tornado)."""

import asyncio
import json
import socket
import struct
from typing import Any

import msgspec
import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPHeaders
from tornado.iostream import IOStream
from tornado.websocket import websocket_connect

from handlers.sockets.sockjs import ReceivingDoor
from realtime.close_codes import CLOSE_RULES, CloseCode
from tests.integration.sockets.conftest import LISTED, SocketServer
from tests.support.bare_sockets import (
    open_stream,
    open_websocket,
    read_until,
    send_frame,
    send_text,
)
from tests.support.made_events import make_events
from tests.support.made_views import TICKET
from tests.support.waiting import DEADLINE_S, wait_for

EVENTS = make_events()
BUMP = {"type": "bump_ticket", "id": "c-1", "data": {"ticketId": TICKET}}
SESSION = "kitchen/000/session-1"

HTTP_DOORS = [
    ("GET", "kitchen/info"),
    ("GET", "kitchen"),
    ("OPTIONS", f"{SESSION}/xhr_send"),
    ("OPTIONS", "kitchen/info"),
    ("POST", f"{SESSION}/xhr"),
    ("POST", f"{SESSION}/xhr_streaming"),
    ("POST", f"{SESSION}/xhr_send"),
]
# A tuple is a request that names each of them in a header of its own.
HOSTILE: list[str | tuple[str, ...]] = [
    "",
    "null",
    "NULL",
    "https://evil.example",
    "https://shop.example.evil.example",
    "https://evil-shop.example",
    "http://shop.example",
    "https://shop.example:8443",
    "https://shop.example:443",
    "https://shop.example.",
    "https://SHOP.EXAMPLE",
    "HTTPS://shop.example",
    "https://shop.example/",
    "https://user@shop.example",
    "https://shop.example#@evil.example",
    "//shop.example",
    "*",
    "https://shop.example, https://evil.example",
    "https://shop.example https://evil.example",
    ("https://shop.example", "https://evil.example"),
    ("https://shop.example", "https://shop.example"),
    ("https://evil.example", "https://shop.example"),
    "https://127.0.0.1:{port}",
    "http://127.0.0.1:1",
    "http://127.0.0.1",
]


def _write_headers(
    server: SocketServer, origin: str | tuple[str, ...], **others: str
) -> HTTPHeaders:
    headers = HTTPHeaders(others)
    for each in (origin,) if isinstance(origin, str) else origin:
        headers.add("Origin", each.format(port=server.port))
    return headers


def _body(method: str) -> dict[str, Any]:
    return {"body": "[]"} if method == "POST" else {}


@pytest.mark.parametrize(("method", "path"), HTTP_DOORS)
@pytest.mark.parametrize("origin", HOSTILE)
async def test_a_page_of_another_origin_is_refused(
    server: SocketServer, method: str, path: str, origin: str | tuple[str, ...]
):
    """403 and not one CORS header, on every door; claims and cookies do not help."""
    headers = _write_headers(
        server, origin, **{"Sec-Fetch-Site": "same-origin", "Cookie": "tabletap_sign_in=x"}
    )

    answer = await server.fetch(path, method=method, headers=headers, **_body(method))

    assert answer.code == 403
    assert not [name for name in answer.headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize("path", ["kitchen/websocket", f"{SESSION}/websocket"])
@pytest.mark.parametrize("origin", HOSTILE)
async def test_a_websocket_of_another_origin_is_refused(
    server: SocketServer, path: str, origin: str | tuple[str, ...]
):
    """Before any upgrade; what a page claims about its site does not help."""
    headers = _write_headers(server, origin, **{"Sec-Fetch-Site": "same-origin"})

    with pytest.raises(HTTPClientError, match="403") as refused:
        await websocket_connect(HTTPRequest(server.url(path, "ws"), headers=headers))

    assert refused.value.response is not None
    names = [name.lower() for name in refused.value.response.headers]
    assert [name for name in names if name.startswith("access-control-")] == []


@pytest.mark.parametrize(("method", "path"), HTTP_DOORS[:4])
async def test_a_listed_origin_is_named_and_gets_credentials(
    server: SocketServer, method: str, path: str
):
    """By its own name, never `*`; a page of our own needs no such header."""
    answer = await server.fetch(path, method=method, headers={"Origin": LISTED})
    own = await server.fetch(
        path, method=method, headers={"Origin": f"http://127.0.0.1:{server.port}"}
    )

    if path != "kitchen":
        assert _is_named(answer)
    assert answer.code in (200, 204)
    assert own.code in (200, 204)
    assert "Access-Control-Allow-Origin" not in own.headers


async def test_a_listed_origin_polls_sends_and_streams(server: SocketServer):
    """Named by each answer that carries something, or its browser would not show it."""
    headers = {"Origin": LISTED}
    message = json.dumps({"type": "authenticate", "data": {"token": "kitchen"}})

    opened = await server.fetch(f"{SESSION}/xhr", method="POST", body="", headers=headers)
    sent = await server.fetch(
        f"{SESSION}/xhr_send", method="POST", body=json.dumps([message]), headers=headers
    )
    polled = await server.fetch(f"{SESSION}/xhr", method="POST", body="", headers=headers)
    await server.plane.drain()
    streamed = await server.fetch(
        f"{SESSION}/xhr_streaming", method="POST", body="", headers=headers
    )

    assert [opened.code, sent.code, polled.code, streamed.code] == [200, 204, 200, 200]
    assert all(map(_is_named, (opened, sent, polled, streamed)))
    assert "joined" in polled.body.decode()
    assert "c[4001," in streamed.body.decode()


def _is_named(answer: HTTPResponse) -> bool:
    headers = answer.headers
    return (
        headers["Access-Control-Allow-Origin"] == LISTED
        and headers["Access-Control-Allow-Credentials"] == "true"
        and headers["Vary"] == "Origin"
    )


@pytest.mark.parametrize("path", ["kitchen/websocket", f"{SESSION}/websocket"])
@pytest.mark.parametrize("origin", [LISTED, "http://127.0.0.1:{port}", None])
async def test_listed_and_own_origins_and_programs_may_connect(
    server: SocketServer, path: str, origin: str | None
):
    """Programs send no origin."""
    headers = {"Origin": origin.format(port=server.port)} if origin else {}

    client = await server.connect(path, **headers)

    assert (await client.authenticate("kitchen"))["type"] == "joined"


GONE = [
    "kitchen/iframe.html",
    "kitchen/iframe-1.6.1.html",
    "kitchen/chunking_test",
    f"{SESSION}/jsonp",
    f"{SESSION}/jsonp?c=alert",
    f"{SESSION}/jsonp_send",
    f"{SESSION}/eventsource",
    f"{SESSION}/htmlfile?c=alert",
    f"{SESSION}/raw",
    "kitchen/websocket/raw",
    "kitchen/iframe-.html",
    "kitchen/iframe-1.6.1-min.html?t=1",
    "nowhere/info",
]


@pytest.mark.parametrize("path", GONE)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_legacy_doors_do_not_exist(server: SocketServer, path: str, method: str):
    """JSONP, frames, event streams and tests of the library."""
    answer = await server.fetch(path, method=method, **_body(method))

    assert answer.code == 404


async def test_no_cookie_is_set_and_info_says_what_there_is(server: SocketServer):
    """Neither JSESSIONID nor any other."""
    info = await server.fetch("kitchen/info", headers={"Cookie": "JSESSIONID=x"})
    poll = await server.fetch(f"{SESSION}/xhr", method="POST", body="")

    assert json.loads(info.body).keys() == {"websocket", "cookie_needed", "origins", "entropy"}
    assert json.loads(info.body)["websocket"] is True
    assert "Set-Cookie" not in info.headers
    assert "Set-Cookie" not in poll.headers
    assert info.headers["Cache-Control"].startswith("no-store")


@pytest.mark.parametrize(
    "headers", [{"Cookie": "tabletap_sign_in=other"}, {}, {"Authorization": "Bearer x"}]
)
async def test_a_session_id_alone_does_not_open_somebodys_session(
    server: SocketServer, headers: dict[str, str]
):
    """Neither sending into it nor reading from it; whoever opened it is not disturbed."""
    mine = {"Cookie": "tabletap_sign_in=mine"}
    message = json.dumps({"type": "authenticate", "data": {"token": "kitchen"}})
    await server.fetch(f"{SESSION}/xhr", method="POST", body="", headers=mine)

    sent = await server.fetch(
        f"{SESSION}/xhr_send", method="POST", body=json.dumps([message]), headers=headers
    )
    read = await server.fetch(f"{SESSION}/xhr", method="POST", body="", headers=headers)
    own = await server.fetch(
        f"{SESSION}/xhr_send", method="POST", body=json.dumps([message]), headers=mine
    )

    assert sent.code == 404
    assert read.body.startswith(b"c[2010,")
    assert own.code == 204


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", 500),
        ("[", 500),
        ("{}", 500),
        ("[1]", 500),
        ("[[]]", 500),
        (json.dumps(["x"] * 65), 413),
        (json.dumps(["x" * 70_000]), 413),
    ],
)
async def test_a_bad_send_is_refused_and_the_session_lives(
    server: SocketServer, body: str, code: int
):
    """The SockJS protocol's status, a structured error in the stream, then the next is served."""
    await server.fetch(f"{SESSION}/xhr", method="POST", body="")
    message = json.dumps({"type": "authenticate", "data": {"token": "kitchen"}})
    await server.fetch(f"{SESSION}/xhr_send", method="POST", body=json.dumps([message]))

    bad = await server.fetch(f"{SESSION}/xhr_send", method="POST", body=body)
    good = await server.fetch(
        f"{SESSION}/xhr_send", method="POST", body=json.dumps([json.dumps(BUMP)])
    )
    frame = (await server.fetch(f"{SESSION}/xhr", method="POST", body="")).body.decode()
    types = [json.loads(text)["type"] for text in json.loads(frame[1:])]

    assert bad.code == code
    assert good.code == 204
    assert types[:2] == ["welcome", "joined"]
    assert types[2:-1] == (["invalid_message_format"] if body else [])
    assert len(server.services.commands) == 1


BAD_FRAMES: list[str | bytes] = ["", "[", "{}", "[1]", "null", "x" * 100_000, b"\x00\x01"]


@pytest.mark.parametrize("frame", BAD_FRAMES)
@pytest.mark.parametrize("path", ["kitchen/websocket", f"{SESSION}/websocket"])
async def test_a_bad_frame_is_answered_and_the_connection_lives(
    server: SocketServer, path: str, frame: str | bytes
):
    """Also before anybody has authenticated; SockJS ignores empty frames."""
    client = await server.connect(path)

    for _ in range(2):
        await client.connection.write_message(frame, binary=isinstance(frame, bytes))
        if frame or not client.is_sockjs:
            assert (await client.read())["type"] == "invalid_message_format"
    await client.authenticate("kitchen")
    await client.send(BUMP)

    assert (await client.read_until("ack"))["id"] == "c-1"


@pytest.mark.parametrize("path", ["kitchen/websocket", f"{SESSION}/websocket"])
async def test_a_frame_far_beyond_the_limit_ends_the_connection(server: SocketServer, path: str):
    """It is not read at all; the close says why."""
    client = await server.connect(path)

    await client.connection.write_message("x" * 2**20)

    assert (await client.read_close())[0] in (1009, 1006)


@pytest.mark.parametrize("path", ["kitchen/websocket", f"{SESSION}/websocket"])
async def test_draining_tells_every_websocket_to_come_back(server: SocketServer, path: str):
    """A close frame with our code, on SockJS inside its own close frame."""
    clients = [await server.connect(path) for _ in range(5)]
    for client in clients:
        await client.authenticate("kitchen")

    await server.plane.drain()

    for client in clients:
        assert await client.read_close() == (4001, "The server is restarting. Come back.")


async def test_a_refused_token_closes_with_its_code(server: SocketServer):
    """The error arrives before the close frame, on both kinds of WebSocket."""
    for path in ("kitchen/websocket", f"{SESSION}/websocket"):
        client = await server.connect(path)
        await client.send({"type": "authenticate", "data": {"token": "nobody"}})

        assert (await client.read())["type"] == "authentication_failed"
        assert (await client.read_close())[0] == 4501


async def test_a_refused_token_closes_a_polling_session(server: SocketServer):
    """Error and close frame wait for the next polls."""
    await server.fetch(f"{SESSION}/xhr", method="POST", body="")
    message = json.dumps({"type": "authenticate", "data": {"token": "nobody"}})
    await server.fetch(f"{SESSION}/xhr_send", method="POST", body=json.dumps([message]))

    error = (await server.fetch(f"{SESSION}/xhr", method="POST", body="")).body.decode()
    closed = (await server.fetch(f"{SESSION}/xhr", method="POST", body="")).body.decode()

    assert "authentication_failed" in error
    assert closed.startswith("c[4501,")


async def test_the_header_and_the_address_carry_tokens(server: SocketServer):
    """D2: Bearer; else a connect ticket in the query, which no other kind may stand in."""
    by_header = await server.connect("kitchen/websocket", Authorization="Bearer expo")
    by_query = await server.connect("kitchen/websocket?token=ticket:manager")
    refused = await server.connect("kitchen/websocket?token=manager")

    assert (await by_header.read())["data"]["roles"] == ["expo"]
    assert (await by_query.read())["data"]["roles"] == ["manager"]
    assert (await refused.read_close())[0] == 4501


async def test_an_address_may_say_where_to_go_on(server: SocketServer):
    """A program that only listens resumes by its address."""
    for _ in range(5):
        server.log.append(EVENTS["kitchen_order_received"])
    row = server.log.rows[2]
    wish = f"token=ticket:kitchen&epoch={row.epoch}&seq=3&eventId={row.event_id}"

    client = await server.connect(f"kitchen/websocket?{wish}")
    messages = [await client.read() for _ in range(4)]

    assert [message["type"] for message in messages[:2]] == ["welcome", "joined"]
    assert [message["seq"] for message in messages[2:]] == [4, 5]


async def test_a_peer_that_does_not_read_is_cut_off_and_nobody_waits_for_it(
    server: SocketServer,
):
    """Its memory is bounded, the reader beside it has everything, and it may come back."""
    event = EVENTS["kitchen_order_received"]
    usual_bytes = server.listener.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    stalled = await _open_raw(server, receive_buffer_bytes=4096)
    server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, usual_bytes)
    send_text(stalled, json.dumps({"type": "authenticate", "data": {"token": "kitchen"}}))
    reader = await server.connect("kitchen/websocket")
    await reader.authenticate("kitchen")
    await wait_for(lambda: server.plane.count().greeting == 0, "both to be admitted")
    most = 0
    total = 1500
    seqs: list[int] = []

    for _ in range(total // 10):
        server.plane.on_committed([server.log.append(event) for _ in range(10)])
        most = max(most, server.plane.count().largest_outbox_bytes)
        seqs += [(await reader.read())["seq"] for _ in range(10)]

    assert seqs == list(range(1, total + 1))
    assert most <= 2**20
    await wait_for(lambda: server.plane.count().connections == {"kitchen": 1}, "the cut")
    stalled.close()


@pytest.mark.parametrize(
    "path", ["kitchen/websocket", f"{SESSION}/websocket", f"{SESSION}/xhr_streaming"]
)
async def test_what_waits_for_a_peer_that_does_not_read_is_bounded(
    server: SocketServer, path: str, monkeypatch: pytest.MonkeyPatch
):
    """At every door, whatever the transport holds of it; then its connection is let go."""
    monkeypatch.setattr("handlers.sockets.sockjs._CUT_OFF_AFTER_S", 0.0)
    is_cut_off = asyncio.Event()
    cut_off = ReceivingDoor._cut_off

    def cut_off_and_tell(door: ReceivingDoor, stream: IOStream) -> None:
        cut_off(door, stream)
        is_cut_off.set()

    monkeypatch.setattr(ReceivingDoor, "_cut_off", cut_off_and_tell)
    server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    stalled = await _open_stalled(server, path)
    await wait_for(lambda: server.plane.count().greeting == 0, "it to be admitted")

    waiting_bytes = 0
    while server.plane.count().connections:
        # At first so much at once that the system cannot take it, however slowly.
        count = 1 if waiting_bytes else 100
        events = [server.log.append(EVENTS["kitchen_order_received"]) for _ in range(count)]
        # A message is a little longer than its event.
        waiting_bytes += sum(len(msgspec.json.encode(each.event)) for each in events)
        server.plane.on_committed(events)
        await asyncio.sleep(0)
    if "xhr" in path:  # before the cut there would be room for somebody who reads again
        await asyncio.wait_for(is_cut_off.wait(), DEADLINE_S)
    rest = await asyncio.to_thread(_read_to_the_end, stalled) if "xhr" in path else b""
    stalled.close()

    assert 2**19 < waiting_bytes <= 2**20 + 2**16
    assert b"4008" not in rest


async def _open_stalled(server: SocketServer, path: str) -> socket.socket:
    """Be authenticated, and read nothing from then on."""
    text = json.dumps({"type": "authenticate", "data": {"token": "kitchen"}})
    if path.endswith("xhr_streaming"):
        stalled = await asyncio.to_thread(
            open_stream, server.port, f"/ws/{path}", receive_buffer_bytes=4096
        )
        await server.fetch(f"{SESSION}/xhr_send", method="POST", body=json.dumps([text]))
    else:
        stalled = await asyncio.to_thread(
            open_websocket, server.port, f"/ws/{path}", receive_buffer_bytes=4096
        )
        send_text(stalled, json.dumps([text]) if path.startswith(SESSION) else text)
    return stalled


def _read_to_the_end(peer: socket.socket) -> bytes:
    """Read until the server has ended the connection; a reset is an end too."""
    parts: list[bytes] = []
    try:
        while part := peer.recv(2**16):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


@pytest.mark.parametrize("path", ["kitchen/websocket", f"{SESSION}/websocket"])
async def test_a_peer_that_answers_no_ping_is_gone_and_may_come_back(path: str):
    """With our code, not as a normal end; nothing else would end it within a minute."""
    server = SocketServer(heartbeat_interval_s=60.0, heartbeat_grace_s=0.05)
    await server.start()
    dead = await _open_stalled(server, path)
    await wait_for(lambda: server.plane.count().greeting == 0, "it to be admitted")
    await wait_for(lambda: server.plane.count().connections == {}, "the session to be gone")
    code = struct.pack("!H", 4012)
    await asyncio.to_thread(read_until, dead, code + CLOSE_RULES[CloseCode.NO_PONG].reason.encode())
    await server.stop()
    dead.close()


async def test_an_event_does_not_cut_into_a_pong_that_waits(server: SocketServer):
    """What goes to the socket directly waits for what Tornado still has to write."""
    server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    slow = await _open_raw(server, receive_buffer_bytes=4096)
    send_text(slow, json.dumps({"type": "authenticate", "data": {"token": "kitchen"}}))
    await wait_for(lambda: server.plane.count().greeting == 0, "it to be admitted")

    while server.plane.count().outbox_bytes == 0:  # until the system takes no more pongs
        send_frame(slow, 0x9, b"p" * 125)
        await asyncio.sleep(0)
    # Room again, which Tornado's stream has not been told of when the event is published.
    taken = slow.recv(2**16)
    server.plane.on_committed([server.log.append(EVENTS["kitchen_order_received"])])
    frames = await asyncio.to_thread(_read_until_seq, slow, 1, taken)
    slow.close()

    assert {payload for opcode, payload in frames if opcode == 0xA} == {b"p" * 125}
    assert json.loads(frames[-1][1])["type"] == "kitchen_order_received"


@pytest.mark.parametrize("code", [0, 999, 1005, 1006, 1015, 2999, 5000])
async def test_a_close_code_that_nobody_may_send_is_not_echoed(server: SocketServer, code: int):
    """RFC 6455 7.4: it is a protocol error."""
    raw = await _open_raw(server)

    send_frame(raw, 0x8, struct.pack("!H", code))
    answer = await asyncio.to_thread(raw.recv, 100)

    assert answer == b"\x88\x02" + struct.pack("!H", 1002)
    raw.close()


async def test_a_proper_close_is_echoed(server: SocketServer):
    """1001 in, 1001 out, and nothing is left."""
    raw = await _open_raw(server)

    send_frame(raw, 0x8, struct.pack("!H", 1001))
    answer = await asyncio.to_thread(raw.recv, 100)
    raw.close()

    assert answer == b"\x88\x02" + struct.pack("!H", 1001)
    await wait_for(lambda: server.plane.count().connections == {}, "the session to be gone")


async def test_a_reader_that_stops_and_goes_on_has_every_frame_whole_and_in_order(
    server: SocketServer,
):
    """Frames that were taken in part, that wait behind those, and that go straight again."""
    event = EVENTS["kitchen_order_received"]
    server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    slow = await _open_raw(server, receive_buffer_bytes=4096)
    send_text(slow, json.dumps({"type": "authenticate", "data": {"token": "kitchen"}}))
    await wait_for(lambda: server.plane.count().greeting == 0, "it to be admitted")
    total = 0

    def commit(count: int) -> None:
        nonlocal total
        total += count
        server.plane.on_committed([server.log.append(event) for _ in range(count)])

    frames: list[tuple[int, bytes]] = []
    for number in range(1, 6):
        while server.plane.count().outbox_bytes < 100_000:  # it has stopped reading
            commit(number)
            await asyncio.sleep(0)
        reading = asyncio.create_task(asyncio.to_thread(_read_until_seq, slow, total + 10, b""))
        for _ in range(10):  # it goes on while more is said
            commit(1)
            await asyncio.sleep(0)
        frames += await reading
        await wait_for(lambda: server.plane.count().outbox_bytes == 0, "nothing to wait")
        commit(1)  # by itself, and straight
        frames += await asyncio.to_thread(_read_until_seq, slow, total, b"")
    slow.close()

    messages = [json.loads(payload) for opcode, payload in frames if opcode == 0x1]
    assert [each["seq"] for each in messages if "eventId" in each] == list(range(1, total + 1))


async def test_pings_are_answered_while_a_command_waits(server: SocketServer):
    """A slow database does not freeze the socket."""
    raw = await _open_raw(server)
    gate = asyncio.Event()

    async def hold(_: str) -> None:
        await gate.wait()

    server.services.on_command = hold
    send_text(raw, json.dumps({"type": "authenticate", "data": {"token": "kitchen"}}))
    send_text(raw, json.dumps(BUMP))
    send_frame(raw, 0x9, b"are you there")
    received = b""
    while b"\x8a\x0dare you there" not in received:
        chunk = await asyncio.to_thread(raw.recv, 65536)
        assert chunk, "closed before the pong"
        received += chunk

    assert b'"ack"' not in received
    gate.set()
    raw.close()


async def test_fragmented_messages_are_put_together(server: SocketServer):
    """RFC 6455 5.4: text in two frames with a ping between."""
    raw = await _open_raw(server)
    text = json.dumps({"type": "authenticate", "data": {"token": "nobody"}}).encode()

    send_frame(raw, 0x1, text[:10], is_final=False)
    send_frame(raw, 0x9, b"")
    send_frame(raw, 0x0, text[10:])
    received = b""
    while b"authentication_failed" not in received:
        received += await asyncio.to_thread(raw.recv, 65536)

    raw.close()


async def test_ghosts_vanish(server: SocketServer):
    """Connections that are cut without a word leave no session behind."""
    raws = [await _open_raw(server) for _ in range(10)]
    await wait_for(lambda: server.plane.count().greeting == 10, "ten connections")

    for raw in raws:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()

    await wait_for(lambda: server.plane.count().connections == {}, "all to be gone")
    assert server.plane.count().greeting == 0


async def test_a_session_that_nobody_polls_is_given_up(server: SocketServer):
    """Seconds after the last poll; what it was in is left."""
    await server.fetch(f"{SESSION}/xhr", method="POST", body="")
    assert server.plane.count().connections == {"kitchen": 1}

    await wait_for(lambda: server.plane.count().connections == {}, "the session to be gone")


async def test_overlapping_sends_keep_their_order(server: SocketServer):
    """A slow command of one request is not overtaken by the next request's."""
    await server.fetch(f"{SESSION}/xhr", method="POST", body="")
    message = json.dumps({"type": "authenticate", "data": {"token": "kitchen"}})
    await server.fetch(f"{SESSION}/xhr_send", method="POST", body=json.dumps([message]))
    gate = asyncio.Event()

    async def hold(_: str) -> None:
        await gate.wait()

    server.services.on_command = hold
    for number in range(10):
        text = json.dumps(BUMP | {"id": f"c-{number}"})
        answer = await server.fetch(f"{SESSION}/xhr_send", method="POST", body=json.dumps([text]))
        assert answer.code == 204
    gate.set()
    await wait_for(lambda: len(server.services.commands) == 10, "all commands")

    assert [key for _, key, _ in server.services.commands] == [f"c-{n}" for n in range(10)]


async def test_a_second_poll_at_once_is_turned_away(server: SocketServer):
    """One request at a time carries a session's frames."""
    await server.fetch(f"{SESSION}/xhr", method="POST", body="")
    first = asyncio.ensure_future(server.fetch(f"{SESSION}/xhr", method="POST", body=""))
    answers: list[bytes] = []

    async def poll_until_turned_away() -> None:
        while not answers:
            answer = await server.fetch(f"{SESSION}/xhr", method="POST", body="")
            if answer.body.startswith(b"c[2010"):
                answers.append(answer.body)

    second = asyncio.ensure_future(poll_until_turned_away())
    await wait_for(lambda: bool(answers) or first.done(), "the second poll's answer")
    await server.plane.drain()
    answers.append((await first).body)
    second.cancel()

    assert any(body.startswith(b"c[2010") for body in answers)


async def _open_raw(
    server: SocketServer, *, receive_buffer_bytes: int | None = None
) -> socket.socket:
    """Shake hands over a bare socket; what follows is up to the test."""
    return await asyncio.to_thread(
        open_websocket,
        server.port,
        "/ws/kitchen/websocket",
        receive_buffer_bytes=receive_buffer_bytes,
    )


def _read_until_seq(raw: socket.socket, last: int, taken: bytes) -> list[tuple[int, bytes]]:
    """Read frames as (opcode, payload) up to the event with a seq. taken: read before."""
    frames: list[tuple[int, bytes]] = []
    with raw.makefile("rb") as rest:

        def read(size: int) -> bytes:
            nonlocal taken
            part, taken = taken[:size], taken[size:]
            return part + rest.read(size - len(part))

        while True:
            first, size = read(2)
            if size == 126:
                (size,) = struct.unpack("!H", read(2))
            opcode, payload = first & 0x0F, read(size)
            frames.append((opcode, payload))
            if opcode == 0x1 and json.loads(payload).get("seq") == last:
                return frames
