"""A wire between a client and a server that goes dead while both still see a connection.

`async with Wire(port) as wire` forwards to a port of this machine; `wire.silence(b"SUBSCRIBE")`
swallows, from then on, what the server sends over the connections on which the client has said
that. Connections that are made later are whole, as after a firewall has forgotten the old ones.
"""

import asyncio
from dataclasses import dataclass
from typing import Self

_CHUNK_BYTES = 65_536


@dataclass(slots=True)
class _Connection:
    said: bytes = b""
    is_silent: bool = False


class Wire:
    """One way to one port."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self._target_port = target_port
        self._connections: list[_Connection] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def silence(self, said: bytes) -> int:
        """Deaden the connections whose client has said this; return how many there are."""
        chosen = [each for each in self._connections if said in each.said]
        for connection in chosen:
            connection.is_silent = True
        return len(chosen)

    def _accept(self, near: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._forward(near, answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forward(self, near: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        connection = _Connection()
        self._connections.append(connection)
        far, ask = await asyncio.open_connection("127.0.0.1", self._target_port)
        try:
            await asyncio.gather(
                self._ask(near, ask, connection), self._answer(far, answer, connection)
            )
        except OSError:
            return  # one of the two has gone away
        finally:
            for writer in (ask, answer):
                writer.close()

    async def _ask(
        self, near: asyncio.StreamReader, ask: asyncio.StreamWriter, connection: _Connection
    ) -> None:
        while chunk := await near.read(_CHUNK_BYTES):
            connection.said += chunk
            ask.write(chunk)
            await ask.drain()
        ask.close()

    async def _answer(
        self, far: asyncio.StreamReader, answer: asyncio.StreamWriter, connection: _Connection
    ) -> None:
        while chunk := await far.read(_CHUNK_BYTES):
            if not connection.is_silent:
                answer.write(chunk)
                await answer.drain()
        answer.close()
