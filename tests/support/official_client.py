"""The official SockJS client, unmodified, as a program that prints what it hears."""

import asyncio
import json
from pathlib import Path
from typing import Any, Self

from tests.support.tools import find_node
from tests.support.waiting import DEADLINE_S

_PROGRAM = Path(__file__).with_suffix(".cjs")


class OfficialClient:
    """One connection; the last message is of type `closed`, with a code."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, url: str, transport: str, *, token: str) -> Self:
        """Connect. transport: websocket, xhr-streaming or xhr-polling."""
        process = await asyncio.create_subprocess_exec(
            *(str(find_node().program), str(_PROGRAM), url, transport, token),
            stdout=asyncio.subprocess.PIPE,
        )
        return cls(process)

    async def read(self) -> dict[str, Any]:
        """Wait for the next message."""
        assert self._process.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            line = await self._process.stdout.readline()
        assert line, "the client ended"
        message: dict[str, Any] = json.loads(line)
        return message

    async def stop(self) -> None:
        """End it; one that has ended is no fault."""
        if self._process.returncode is None:
            try:
                self._process.terminate()
            except ProcessLookupError:
                pass
        await self._process.wait()
