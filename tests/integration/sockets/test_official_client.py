"""The official sockjs-client, unmodified, on each transport that is kept (requirements R3)."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.sockets.conftest import DEADLINE_S, SocketServer
from tests.support.realtime import make_events
from tests.support.tools import find_node

PROGRAM = Path(__file__).parent / "official_client.cjs"


@pytest.mark.parametrize("transport", ["websocket", "xhr-streaming", "xhr-polling"])
async def test_the_official_client_gets_every_event_once(server: SocketServer, transport: str):
    """Five events in order, then the reason why the server closed."""
    client = await asyncio.create_subprocess_exec(
        str(find_node().program),
        str(PROGRAM),
        server.url("kitchen"),
        transport,
        stdout=asyncio.subprocess.PIPE,
    )
    assert client.stdout is not None
    messages: list[dict[str, Any]] = []
    while not messages or messages[-1]["type"] != "closed":
        line = await asyncio.wait_for(client.stdout.readline(), DEADLINE_S)
        assert line, f"the client ended after {messages}"
        messages.append(json.loads(line))
        seq = messages[-1].get("seq", 0)
        if messages[-1]["type"] == "joined" or 0 < seq < 5:
            row = server.log.append(make_events()["kitchen_order_received"])
            server.plane.on_committed([row])
        elif seq == 5:
            server.plane.drain()
    await client.wait()

    assert [message["type"] for message in messages[:2]] == ["welcome", "joined"]
    assert [message["seq"] for message in messages[2:-1]] == [1, 2, 3, 4, 5]
    assert messages[-1]["code"] == 4001
