"""Every transport carries the same protocol to real clients."""

import json

import pytest

from tests.integration.sockets.conftest import SocketServer
from tests.support.realtime import ORDER, make_events

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
    import asyncio

    task = asyncio.ensure_future(stream)
    from tests.support.waiting import wait_for

    await wait_for(lambda: "o" in lines, "the open frame")
    message = json.dumps({"type": "authenticate", "data": {"token": "kitchen"}})
    sent = await server.fetch(f"{path}/xhr_send", method="POST", body=json.dumps([message]))
    await wait_for(lambda: any("joined" in line for line in lines), "joined")
    server.plane.on_committed([server.log.append(make_events()["kitchen_order_received"])])
    await wait_for(lambda: any("kitchen_order_received" in line for line in lines), "the event")
    server.plane.drain()
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
    server.plane.drain()

    assert opened == "o\n"
    assert [json.loads(text)["type"] for text in json.loads(greeted[1:])] == ["welcome", "joined"]
    assert json.loads(json.loads(frame[1:])[0])["type"] == "kitchen_order_received"
    assert (await poll()).startswith("c[4001,")
