"""Plain sockjs-tornado: one set of connections and its own `broadcast`.

python -m bench.peers.sockjs PORT
"""

import asyncio
import json
import sys
import time
from typing import Any

from sockjs.tornado import SockJSConnection, SockJSRouter
from tornado.httpserver import HTTPServer
from tornado.web import Application

_ROOM: set[Any] = set()
_TASKS: set[Any] = set()


class Screen(SockJSConnection):  # type: ignore[misc]
    """Everybody is in the room."""

    def on_open(self, info: Any) -> None:  # noqa: ARG002
        _ROOM.add(self)

    def on_close(self) -> None:
        _ROOM.discard(self)

    def on_message(self, message: str) -> None:
        if message.startswith("start:"):
            _TASKS.add(asyncio.ensure_future(self._run(message)))

    async def _run(self, trigger: str) -> None:
        _, _, messages, rate, batch = trigger.split(":")
        seq, next_s = 0, time.monotonic()
        while seq < int(messages):
            for _ in range(min(int(batch), int(messages) - seq)):
                self.broadcast(_ROOM, json.dumps(_make_event(seq)))
                seq += 1
            next_s += int(batch) / int(rate) if int(rate) else 0
            await asyncio.sleep(max(0.0, next_s - time.monotonic()) if int(rate) else 0)


def _make_event(seq: int) -> dict[str, Any]:
    """Make what publisher.js makes."""
    return {
        "eventId": f"evt_01J9Z0F3K8Q2W4E6R8T0{seq:08}",
        "timestamp": int(time.time() * 1000),
        "version": "1.0",
        "cafeId": "cafe_01",
        "userId": "usr_staff_07",
        "metadata": {"seq": seq, "t0": time.monotonic_ns(), "source": "kitchen"},
        "type": "order_status_updated",
        "data": {
            "orderId": "5f0c2d7e-8a4b-4c3e-9d21-7b6a5c4d3e2f",
            "orderNumber": 1042,
            "previousStatus": "preparing",
            "newStatus": "ready",
            "updatedBy": "usr_kitchen_03",
            "statusChangeReason": "plated",
        },
    }


async def _serve(port: int) -> None:
    routes = SockJSRouter(Screen, "/kitchen").urls
    server = HTTPServer(Application(routes, log_function=lambda _: None))
    server.bind(port, "127.0.0.1", backlog=4096)
    server.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
