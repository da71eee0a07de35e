"""Databases that stand still, and the signs of life that a server owes all the same.

`hold_order_tables` locks them from a second connection, `CommitGate` keeps commits back, `Pulse`
asks what must be answered without any database. tests/integration/proofs/test_stalls.py looks at
the order of what happens, bench/stalls.py at the clock.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg2

from tests.support.raw_wire import RawSocket
from tests.support.waiting import DEADLINE_S

_ORDER_TABLES = "orders, order_round, order_item, order_item_modifier, ticket"


@contextmanager
def hold_order_tables(database_url: str) -> Iterator[None]:
    """Hold what an order needs: on PostgreSQL its tables, against readers too; on SQLite the pen.

    SQLite has one lock for all writing, and readers never wait for it.
    """
    if database_url.startswith("sqlite:"):
        path = database_url.removeprefix("sqlite:///")
        # Taken in one thread, perhaps, and given back in another.
        with closing(
            sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        ) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")
    else:
        with closing(psycopg2.connect(database_url)) as connection:
            connection.cursor().execute(f"LOCK TABLE {_ORDER_TABLES} IN ACCESS EXCLUSIVE MODE")
            yield
            connection.rollback()


class CommitGate:
    """Stands before every COMMIT, as `before_commit` of `serve_here`. delay_s: of each."""

    def __init__(self) -> None:
        self.delay_s = 0.0
        self._is_open = threading.Event()
        self._is_open.set()

    def pass_through(self) -> None:
        """Let a commit through; called in a writer's thread, which this may stop."""
        time.sleep(self.delay_s)
        self._is_open.wait(DEADLINE_S)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Let no commit through."""
        self._is_open.clear()
        try:
            yield
        finally:
            self._is_open.set()


class Pulse:
    """Signs of life. Each method returns once it is answered."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, socket: RawSocket
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._socket = socket

    @classmethod
    async def connect(cls, url: str, socket: RawSocket) -> "Pulse":
        """Open a connection for /healthz, which is kept: a client's way to a new one is not asked.

        socket: live; what it gets between question and answer must be events alone.
        """
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        return cls(reader, writer, socket)

    async def check_health(self) -> None:
        """GET /healthz."""
        self._writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\nok\n"), DEADLINE_S)
        assert answer.startswith(b"HTTP/1.1 200 "), answer

    async def ping(self) -> None:
        """Send a WebSocket ping (RFC 6455 5.5.2)."""
        await self._socket.ping()

    async def beat(self) -> None:
        """Send the protocol's own heartbeat."""
        answer = await self._socket.ask({"type": "heartbeat", "data": {}})
        assert answer is not None
        assert answer["type"] == "heartbeat", answer

    async def close(self) -> None:
        """Let go of the connection for /healthz."""
        self._writer.close()
        await self._writer.wait_closed()
