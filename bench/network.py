"""The network between screens and a server, which can be lost and come back.

    async with Network(port) as network: ... network.url ... await network.cut() ... network.begin()

A cut that is not silent resets what is open and refuses what is new, as an access point without a
power supply seems to do; a silent one swallows everything, as a wireless network out of reach does.
"""

import asyncio
from typing import Self


class Network:
    """A proxy between everybody and one server, on the same port all along."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._port = 0
        self._carries = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        await self.begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def begin(self) -> None:
        """Carry connections: for the first time, or again."""
        self._carries.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Reset what is open, and take nothing any more."""
        assert self._server is not None
        self._server.close()
        self._server = None
        for writer in self._open:
            writer.transport.abort()

    def silence(self) -> None:
        """Carry nothing any more, and say nothing of it."""
        self._carries.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._carries.wait()
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, forth}
        self._open |= both
        await asyncio.gather(self._pump(reader, forth), self._pump(back, writer))
        self._open -= both

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                await self._carries.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass  # the other end is told by the close below
        writer.close()
