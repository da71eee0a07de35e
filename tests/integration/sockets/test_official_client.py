"""The official sockjs-client, unmodified, on each transport that is kept (requirements R3)."""

from typing import Any

import pytest

from tests.integration.sockets.conftest import SocketServer
from tests.support.made_events import make_events
from tests.support.official_client import OfficialClient


@pytest.mark.parametrize("transport", ["websocket", "xhr-streaming", "xhr-polling"])
async def test_the_official_client_gets_every_event_once(server: SocketServer, transport: str):
    """Five events in order, then the reason why the server closed."""
    client = await OfficialClient.start(server.url("kitchen"), transport, token="kitchen")
    messages: list[dict[str, Any]] = []
    while not messages or messages[-1]["type"] != "closed":
        messages.append(await client.read())
        seq = messages[-1].get("seq", 0)
        if messages[-1]["type"] == "joined" or 0 < seq < 5:
            row = server.log.append(make_events()["kitchen_order_received"])
            server.plane.on_committed([row])
        elif seq == 5:
            await server.plane.drain()
    await client.stop()

    assert [message["type"] for message in messages[:2]] == ["welcome", "joined"]
    assert [message["seq"] for message in messages[2:-1]] == [1, 2, 3, 4, 5]
    assert messages[-1]["code"] == 4001
