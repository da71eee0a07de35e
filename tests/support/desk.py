"""A plane with one connection on it, for tests of what a connection is answered."""

import asyncio
import json
from typing import Any

from config.namespaces import Namespace
from realtime.session import Session
from tests.support.realtime import ListTransport, MemoryLog, Services, build_plane
from tests.support.waiting import wait_for


class Desk:
    """A plane with one connection, and what comes back over it."""

    def __init__(self, namespace: Namespace = Namespace.KITCHEN, **settings: Any) -> None:
        self.log = MemoryLog()
        self.services = Services(self.log)
        self.plane = build_plane(self.services, **settings)
        self.namespace = namespace
        self.transport = ListTransport()
        self.session = self.open(self.transport)

    def open(self, transport: ListTransport, **credentials: Any) -> Session:
        """Open one more connection."""
        return self.plane.open(
            transport, namespace=self.namespace, address="192.0.2.1", **credentials
        )

    async def send(self, message: Any) -> list[dict[str, Any]]:
        """Send a message and return what it brought."""
        before = len(self.transport.messages)
        raw = message if isinstance(message, bytes) else json.dumps(message).encode()
        await self.plane.receive(self.session, raw)
        await self.settle()
        return self.transport.messages[before:]

    async def settle(self) -> None:
        """Wait until everything that was sent has been worked on."""
        await wait_for(lambda: self.session.worker is None, "the inbox to be empty")
        await asyncio.sleep(0)

    async def authenticate(self, token: str, **wishes: Any) -> list[dict[str, Any]]:
        """Send the first frame."""
        return await self.send(
            {"type": "authenticate", "id": "a-1", "data": {"token": token, **wishes}}
        )
