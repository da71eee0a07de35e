"""The doors of the product as the demo's people use them: REST with their tokens, and sockets.

Everything here goes over the network to the address that the demo printed. A guest holds the
token of a seating; a person of the staff signs in and gets a new token before the old one ends.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

import msgspec
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from client.connection import Connection, Options
from client.messages import RefusedError
from domain.commands import AddRound, LineDraft, OpenTableSession, PlaceOrder, Quote, VoidItems
from domain.demo import DemoAccount
from domain.errors import ErrorBody
from domain.views import (
    GuestSessionView,
    KitchenBoardView,
    MenuView,
    OrdersView,
    OrderView,
    QuoteView,
    TablesView,
    TableView,
    View,
)

_RENEW_BEFORE = timedelta(minutes=2)
_REQUEST_TIMEOUT_S = 10.0
_MANY_CONNECTIONS = 50

_Answer = TypeVar("_Answer")


class Holder(Protocol):
    """Somebody with a token of the REST interface."""

    async def get_token(self) -> str:
        """Return a token that is good for another while."""


class OpenedSession(View, frozen=True, kw_only=True):
    """What a scanned code gives."""

    token: str
    session: GuestSessionView


class SignedIn(View, frozen=True, kw_only=True):
    """What a sign-in gives."""

    token: str
    expires_at: datetime
    cafe_id: str


class ConnectTicket(View, frozen=True, kw_only=True):
    """What opens one socket, once."""

    ticket: str


class Rest:
    """The REST interface of one server."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/api/v1"
        self._client = AsyncHTTPClient(force_instance=True, max_clients=_MANY_CONNECTIONS)

    async def call(
        self,
        method: str,
        path: str,
        answer: type[_Answer],
        *,
        body: Any = None,
        token: str | None = None,
        command_id: str | None = None,
    ) -> _Answer:
        """Make a request and read its answer. Raises: RefusedError."""
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if command_id is not None:
            headers["Idempotency-Key"] = command_id
        response = await self._client.fetch(
            HTTPRequest(
                self._url + path,
                method=method,
                headers=headers,
                body=None if body is None else msgspec.json.encode(body),
                request_timeout=_REQUEST_TIMEOUT_S,
            ),
            raise_error=False,
        )
        if response.code >= 400:
            raise RefusedError(
                msgspec.json.decode(response.body, type=ErrorBody), status=response.code
            )
        return msgspec.json.decode(response.body, type=answer)

    def close(self) -> None:
        self._client.close()


class Seating:
    """A guest at a table: what the scan of its code gave."""

    def __init__(self, opened: OpenedSession) -> None:
        self.view = opened.session
        self._token = opened.token

    async def get_token(self) -> str:
        return self._token


class Staffer:
    """A person of the staff, signed in whenever needed."""

    def __init__(self, rest: Rest, account: DemoAccount) -> None:
        self._rest = rest
        self._account = account
        self._signed_in: SignedIn | None = None
        self._lock = asyncio.Lock()

    async def get_token(self) -> str:
        """Return a token, a new one when the old one is about to end."""
        async with self._lock:
            now = datetime.now(UTC)
            if self._signed_in is None or self._signed_in.expires_at - now < _RENEW_BEFORE:
                credentials = {"email": self._account.email, "password": self._account.password}
                self._signed_in = await self._rest.call(
                    "POST", "/sign-in", SignedIn, body=credentials
                )
            return self._signed_in.token

    async def get_cafe_id(self) -> str:
        """Return the cafe in which the person works."""
        await self.get_token()
        assert self._signed_in is not None
        return self._signed_in.cafe_id


class House:
    """All that the demo's people do through REST, and how they open sockets."""

    def __init__(self, url: str) -> None:
        self._rest = Rest(url)
        self._socket_url = url.replace("http", "ws", 1) + "/ws"

    def make_staffer(self, account: DemoAccount) -> Staffer:
        """Employ somebody; they sign in when they first need to."""
        return Staffer(self._rest, account)

    def connect(
        self, namespace: str, holder: Holder, *, rooms: list[str] | None = None
    ) -> Connection:
        """Make a connection to a namespace; every opening of its socket takes a new ticket."""
        return Connection(
            Options(
                url=f"{self._socket_url}/{namespace}/websocket",
                token=self._make_ticket_source(namespace, holder),
                rooms=rooms,
            )
        )

    async def open_seating(self, table_code: str) -> Seating:
        """Scan a table's code."""
        return Seating(
            await self._rest.call(
                "POST",
                "/table-sessions",
                OpenedSession,
                body=OpenTableSession(table_code=table_code),
            )
        )

    async def read_menu(self, holder: Holder) -> MenuView:
        return await self._get("/menu", MenuView, holder)

    async def read_order(self, holder: Holder, order_id: str) -> OrderView:
        return await self._get(f"/orders/{order_id}", OrderView, holder)

    async def read_orders(self, holder: Holder) -> list[OrderView]:
        """Read the open orders of the cafe."""
        return (await self._get("/orders", OrdersView, holder)).orders

    async def read_tickets(self, holder: Holder, station_id: str) -> KitchenBoardView:
        return await self._get(f"/tickets?stationId={station_id}", KitchenBoardView, holder)

    async def read_tables(self, holder: Holder) -> list[TableView]:
        return (await self._get("/tables", TablesView, holder)).tables

    async def quote(self, holder: Holder, lines: list[LineDraft]) -> QuoteView:
        """Ask what lines would cost."""
        return await self._rest.call(
            "POST",
            "/quotes",
            QuoteView,
            body=Quote(lines=lines),
            token=await holder.get_token(),
        )

    async def place_order(
        self, holder: Holder, command: PlaceOrder, *, command_id: str
    ) -> OrderView:
        return await self._order("/orders", holder, command, command_id)

    async def add_round(self, holder: Holder, command: AddRound, *, command_id: str) -> OrderView:
        return await self._order(f"/orders/{command.order_id}/rounds", holder, command, command_id)

    async def void_items(self, holder: Holder, command: VoidItems, *, command_id: str) -> OrderView:
        return await self._order(f"/orders/{command.order_id}/void", holder, command, command_id)

    def close(self) -> None:
        """Close the connections to the server."""
        self._rest.close()

    def _make_ticket_source(self, namespace: str, holder: Holder) -> Callable[[], Awaitable[str]]:
        async def make_ticket() -> str:
            ticket = await self._rest.call(
                "POST",
                "/connect-tickets",
                ConnectTicket,
                body={"namespace": namespace},
                token=await holder.get_token(),
            )
            return ticket.ticket

        return make_ticket

    async def _get(self, path: str, answer: type[_Answer], holder: Holder) -> _Answer:
        return await self._rest.call("GET", path, answer, token=await holder.get_token())

    async def _order(
        self, path: str, holder: Holder, command: msgspec.Struct, command_id: str
    ) -> OrderView:
        body = msgspec.to_builtins(command)
        if path != "/orders":
            del body["orderId"]  # it stands in the path
        return await self._rest.call(
            "POST",
            path,
            OrderView,
            body=body,
            token=await holder.get_token(),
            command_id=command_id,
        )
