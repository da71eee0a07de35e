"""Databases that stand still, and the signs of life that a server owes all the same.

`hold_order_tables` locks them from a second connection, `CommitGate` keeps commits back, `Pulse`
asks what must be answered without any database. tests/integration/proofs/test_stalls.py looks at
the order of what happens, bench/stalls.py at the clock.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
from tornado.httpclient import AsyncHTTPClient

from tests.support.people import Caller
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
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
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

    def __init__(self, caller: Caller, socket: RawSocket) -> None:
        """socket: live; what it gets between question and answer must be events alone."""
        self._url = f"{caller.url}/healthz"
        self._socket = socket
        self._http = AsyncHTTPClient(force_instance=True)

    async def check_health(self) -> None:
        """GET /healthz."""
        answer = await self._http.fetch(self._url, request_timeout=DEADLINE_S)
        assert answer.body == b"ok\n"

    async def ping(self) -> None:
        """Send a WebSocket ping (RFC 6455 5.5.2)."""
        await self._socket.ping()

    async def beat(self) -> None:
        """Send the protocol's own heartbeat."""
        answer = await self._socket.ask({"type": "heartbeat", "data": {}})
        assert answer is not None
        assert answer["type"] == "heartbeat", answer

    def close(self) -> None:
        """Let go of the connections for /healthz."""
        self._http.close()
