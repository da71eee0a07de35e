"""Every transport carries the same protocol to real clients."""

import asyncio
import json

import pytest

from domain.events import OrderCreated
from tests.integration.sockets.conftest import SocketServer
from tests.support.made_events import make_events
from tests.support.made_views import ORDER, make_order
from tests.support.waiting import wait_for

WEBSOCKETS = ["kitchen/websocket", "kitchen/000/session-1/websocket"]


@pytest.mark.parametrize("path", WEBSOCKETS)
async def test_events_reach_a_websocket_in_order(server: SocketServer, path: str):
    """Welcome, joined, then each committed event once with its seq."""
    client = await server.connect(path)

    joined = await client.authenticate("kitchen")
    received = make_events()["kitchen_order_received"]
    server.plane.on_committed([server.log.append(received) for _ in range(5)])

    assert joined["data"]["mode"] == "live"
    assert [(await client.read())["seq"] for _ in range(5)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("path", WEBSOCKETS)
async def test_a_command_is_acknowledged_with_its_id(server: SocketServer, path: str):
    """The ack carries what the operation answered and the seq of its event."""
    client = await server.connect(path)
    await client.authenticate("kitchen")

    await client.send({"type": "bump_ticket", "id": "c-1", "data": {"ticketId": ORDER}})
    ack = await client.read_until("ack")

    assert ack["id"] == "c-1"
    assert ack["data"]["name"] == "bump_ticket"


async def test_xhr_streaming_carries_the_protocol(server: SocketServer):
    """The stream's prelude, the open frame, then messages as array frames."""
    lines: list[str] = []
    path = "kitchen/000/stream-session"
    stream = server.fetch(
        f"{path}/xhr_streaming",
        method="POST",
        body="",
        streaming_callback=lambda chunk: lines.extend(chunk.decode().splitlines()),
    )
    task = asyncio.ensure_future(stream)
    await wait_for(lambda: "o" in lines, "the open frame")
    message = json.dumps({"type": "authenticate", "data": {"token": "kitchen"}})
    sent = await server.fetch(f"{path}/xhr_send", method="POST", body=json.dumps([message]))
    await wait_for(lambda: any("joined" in line for line in lines), "joined")
    server.plane.on_committed([server.log.append(make_events()["kitchen_order_received"])])
    await wait_for(lambda: any("kitchen_order_received" in line for line in lines), "the event")
    await server.plane.drain()
    await task

    assert sent.code == 204
    assert lines[0] == "h" * 2048
    assert lines[-1].startswith("c[4001,")


async def test_xhr_polling_carries_the_protocol(server: SocketServer):
    """One frame a request, nothing lost between requests, the close frame at last."""
    path = "kitchen/000/poll-session"

    async def poll() -> str:
        return (await server.fetch(f"{path}/xhr", method="POST", body="")).body.decode()

    opened = await poll()
    message = json.dumps({"type": "authenticate", "data": {"token": "kitchen"}})
    await server.fetch(f"{path}/xhr_send", method="POST", body=json.dumps([message]))
    greeted = await poll()
    server.plane.on_committed([server.log.append(make_events()["kitchen_order_received"])])
    frame = await poll()
    await server.plane.drain()

    assert opened == "o\n"
    assert [json.loads(text)["type"] for text in json.loads(greeted[1:])] == ["welcome", "joined"]
    assert json.loads(json.loads(frame[1:])[0])["type"] == "kitchen_order_received"
    assert (await poll()).startswith("c[4001,")


async def test_a_large_message_with_every_kind_of_letter_arrives_whole(server: SocketServer):
    """Over polling too, where the library counted letters instead of bytes."""
    name = "Grüße 東京 😀 " * 500
    order = make_order(table_label=name)
    path = "counter/000/letters"
    await server.fetch(f"{path}/xhr", method="POST", body="")
    message = json.dumps({"type": "authenticate", "data": {"token": "counter"}})
    await server.fetch(f"{path}/xhr_send", method="POST", body=json.dumps([message]))
    await server.fetch(f"{path}/xhr", method="POST", body="")
    plain = await server.connect("counter/websocket")
    await plain.authenticate("counter")

    server.plane.on_committed([server.log.append(OrderCreated(order=order))])
    polled = (await server.fetch(f"{path}/xhr", method="POST", body="")).body.decode()

    assert json.loads(json.loads(polled[1:])[0])["data"]["tableLabel"] == name
    assert (await plain.read())["data"]["tableLabel"] == name


async def test_a_stream_that_reaches_its_limit_goes_on_in_the_next_request(server: SocketServer):
    """Nothing is lost or doubled between two requests of one session."""
    path = "kitchen/000/long-stream"
    lines: list[str] = []

    async def stream() -> None:
        while not any(line.startswith("c[") for line in lines):
            rest = b""

            def take(chunk: bytes) -> None:
                nonlocal rest
                *whole, rest = (rest + chunk).split(b"\n")
                lines.extend(line.decode() for line in whole)

            await server.fetch(
                f"{path}/xhr_streaming", method="POST", body="", streaming_callback=take
            )

    streaming = asyncio.create_task(stream())
    await wait_for(lambda: "o" in lines, "the open frame")
    message = json.dumps({"type": "authenticate", "data": {"token": "kitchen"}})
    await server.fetch(f"{path}/xhr_send", method="POST", body=json.dumps([message]))
    await wait_for(lambda: any("joined" in line for line in lines), "joined")
    for _ in range(200):
        server.plane.on_committed([server.log.append(make_events()["kitchen_order_received"])])
        await asyncio.sleep(0)
    await wait_for(lambda: _read_seqs(lines) == list(range(1, 201)), "every event, once, in order")
    await server.plane.drain()
    await asyncio.wait_for(streaming, 30)

    assert lines.count("h" * 2048) > 2


def _read_seqs(lines: list[str]) -> list[int]:
    messages = [
        json.loads(text) for line in lines if line[:1] == "a" for text in json.loads(line[1:])
    ]
    return [message["seq"] for message in messages if "eventId" in message]
