"""Clients that send too much: each is told so, then closed, and nobody else waits for it."""

import asyncio
import json
from typing import Any

import pytest

from config.settings import Settings
from realtime.dispatcher import FAST_FRAME_LIMIT
from tests.integration.sockets.conftest import Client, SocketServer

SESSION = "kitchen/000/flood-1"
HEARTBEAT = {"type": "heartbeat", "data": {}}
# What a connection may send at once, less the frame by which it has said who it is: where the
# flood takes longer than the neighbour's sixty, the neighbour would flood too.
NEIGHBOURS_FRAMES = Settings().frame_burst - 1


@pytest.mark.parametrize("path", ["kitchen/websocket", f"{SESSION}/websocket"])
async def test_a_flood_of_messages_is_closed_and_a_neighbour_goes_on(
    server: SocketServer, path: str
):
    """Every refusal says when to go on; the code says to come back later (requirements R5)."""
    flooder = await server.connect(path)
    neighbour = await server.connect("kitchen/websocket")
    await flooder.authenticate("kitchen")
    await neighbour.authenticate("expo")

    flooding = asyncio.create_task(_flood(flooder))
    trips = 0
    while not flooding.done() and trips < NEIGHBOURS_FRAMES:
        await neighbour.send(HEARTBEAT)
        await neighbour.read_until("heartbeat")
        trips += 1
    refusals = await flooding

    assert trips > 1
    assert flooder.closed == (4013, "Too many messages. Come back later.")
    assert [each["code"] for each in refusals] == ["too_many_frames"] * FAST_FRAME_LIMIT
    assert all(each["retryAfter"] == 1 and each["recoverable"] for each in refusals)
    assert server.plane.count().connections == {"kitchen": 1}


async def test_a_flood_by_http_ends_its_session(server: SocketServer):
    """Batches of xhr_send are counted by the message; the next poll has the code."""
    await server.fetch(f"{SESSION}/xhr", method="POST", body="")
    batch = json.dumps([json.dumps(HEARTBEAT)] * 64)

    answers = [
        await server.fetch(f"{SESSION}/xhr_send", method="POST", body=batch) for _ in range(12)
    ]
    waiting = await server.fetch(f"{SESSION}/xhr", method="POST", body="")
    end = await server.fetch(f"{SESSION}/xhr", method="POST", body="")

    assert answers[0].code == 204
    assert answers[-1].code == 404
    assert waiting.body.decode().count("too_many_frames") == FAST_FRAME_LIMIT
    assert end.body.startswith(b"c[4013,")


async def _flood(client: Client) -> list[dict[str, Any]]:
    """Send as fast as it is answered, until it is closed; return the refusals."""
    refusals: list[dict[str, Any]] = []
    await client.send(HEARTBEAT)
    while (answer := await client.read()) is not None:
        if answer["type"] != "heartbeat":
            refusals.append(answer)
        if len(refusals) < FAST_FRAME_LIMIT:
            await client.send(HEARTBEAT)
    return refusals
