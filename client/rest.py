"""The HTTP interface as a program uses it: typed answers, tokens, and commands that act once.

A command keeps its Idempotency-Key over all tries, so trying again is always safe. What cannot
be answered now (no network, 429, 503, a first try still being worked on) is tried again with the
back-off of the sockets; what was refused is raised at once.
"""

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse

from client.backoff import compute_delay_s
from client.connection import Connection, Options
from client.messages import ClientError, Payload, RefusedError
from domain.commands import AddRound, InitiatePayment, LineDraft, PlaceOrder, RefundPayment
from domain.errors import ErrorBody, ErrorType
from domain.views.base import View
from domain.views.guests import GuestSessionView
from domain.views.kitchen import KitchenBoardView, TicketsView, TicketView
from domain.views.menu import MenuView
from domain.views.money import PaymentsView, PaymentView, QuoteView, RefundView
from domain.views.orders import OrdersView, OrderView
from domain.views.tables import TablesView

_TRYABLE_STATUSES = frozenset({429, 502, 503, 504})
_IN_FLIGHT = "command_in_flight"

_Answer = TypeVar("_Answer")


class SignedIn(View, frozen=True, kw_only=True):
    """A person's token and what it is good for. refresh_token: see `RestClient.refresh`."""

    token: str
    expires_at: datetime
    refresh_token: str
    signed_in_until: datetime
    cafe_id: str
    person_id: str
    roles: list[str]


class OpenedSession(View, frozen=True, kw_only=True):
    """A guest's token for one seating."""

    token: str
    expires_at: datetime
    session: GuestSessionView


class _Ticket(View, frozen=True, kw_only=True):
    token: str


class UnansweredError(ClientError):
    """No answer after all tries. A command may have happened: try again with `command_id`."""

    def __init__(self, cause: str, *, command_id: str | None) -> None:
        super().__init__(f"The server could not be reached: {cause}")
        self.command_id = command_id


class RestClient:
    """One identity's way to one server. `sign_in` and `open_table_session` set the token.

    url: `http://host:port`. tries: of one request, the first included.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        tries: int = 5,
        request_timeout_s: float = 10.0,
        max_connections: int = 50,
        random: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.token = token
        self._url = url.rstrip("/")
        self._tries = tries
        self._request_timeout_s = request_timeout_s
        self._random = random
        self._sleep = sleep
        self._http = AsyncHTTPClient(force_instance=True, max_clients=max_connections)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    # --- identities -------------------------------------------------------------------------

    async def sign_in(self, email: str, password: str) -> SignedIn:
        """Sign a person in and speak as them from now on."""
        credentials = {"email": email, "password": password}
        signed_in = await self.call("POST", "/sign-in", SignedIn, body=credentials)
        self.token = signed_in.token
        return signed_in

    async def refresh(self, refresh_token: str) -> SignedIn:
        """Go on as a person before or after the token has run out; keep the new refresh token.

        Each is good once. A request without an answer may be repeated within ten seconds; a refresh
        token that is used again later ends the sign-in.
        """
        body = {"refreshToken": refresh_token}
        signed_in = await self.call("POST", "/sign-in/refresh", SignedIn, body=body)
        self.token = signed_in.token
        return signed_in

    async def open_table_session(self, table_code: str) -> OpenedSession:
        """Sit down as a new guest and speak as them from now on."""
        opened = await self.call(
            "POST", "/table-sessions", OpenedSession, body={"tableCode": table_code}
        )
        self.token = opened.token
        return opened

    async def fetch_connect_ticket(self, namespace: str, roles: tuple[str, ...] = ()) -> str:
        """Get what opens one socket, once. roles: fewer than the identity has."""
        wish = {"namespace": namespace, "roles": roles}
        return (await self.call("POST", "/connect-tickets", _Ticket, body=wish)).token

    def connect(self, namespace: str, *, roles: tuple[str, ...] = (), **options: Any) -> Connection:
        """Make a connection that takes a fresh ticket for every attempt.

        options: of `client.connection.Options`, without url and token.
        """

        async def fetch_ticket() -> str:
            return await self.fetch_connect_ticket(namespace, roles)

        address = self._url.replace("http", "ws", 1)
        url = f"{address}/ws/{namespace}/websocket"
        return Connection(Options(url=url, token=fetch_ticket, **options))

    # --- reading ----------------------------------------------------------------------------

    async def read_menu(self) -> MenuView:
        return await self.call("GET", "/menu", MenuView)

    async def read_order(self, order_id: str) -> OrderView:
        return await self.call("GET", f"/orders/{quote(order_id, safe='')}", OrderView)

    async def list_orders(self) -> OrdersView:
        """List the open orders, oldest first; a guest's own seating's."""
        return await self.call("GET", "/orders", OrdersView)

    async def list_unsettled_orders(self) -> OrdersView:
        """List the orders that are over, but not their money, oldest first; for staff."""
        return await self.call("GET", "/orders?isUnsettled=true", OrdersView)

    async def list_payments(self, order_id: str) -> PaymentsView:
        """List an order's payments and refunds, and what is due of it."""
        return await self.call("GET", f"/orders/{quote(order_id, safe='')}/payments", PaymentsView)

    async def list_tickets(self, station_id: str | None = None) -> KitchenBoardView:
        """Read the kitchen's board. station_id: None is all stations'."""
        query = "" if station_id is None else f"?stationId={quote(station_id, safe='')}"
        return await self.call("GET", f"/tickets{query}", KitchenBoardView)

    async def list_tables(self) -> TablesView:
        return await self.call("GET", "/tables", TablesView)

    # --- commands ---------------------------------------------------------------------------

    async def quote(self, lines: list[LineDraft]) -> QuoteView:
        """Ask what lines would cost; changes nothing."""
        return await self.call(
            "POST", "/quotes", QuoteView, body={"lines": lines}, is_repeatable=True
        )

    async def place_order(self, order: PlaceOrder, *, command_id: str | None = None) -> OrderView:
        """Submit an order, once. command_id: of an earlier try of the same order."""
        return await self.command("/orders", OrderView, order, command_id=command_id)

    async def add_round(self, added: AddRound, *, command_id: str | None = None) -> OrderView:
        """Submit another round of an order, once."""
        path = f"/orders/{added.order_id}/rounds"
        body = _leave_out(added, "orderId")
        return await self.command(path, OrderView, body, command_id=command_id)

    async def pay(self, payment: InitiatePayment, *, command_id: str | None = None) -> PaymentView:
        """Begin a payment of an order, once; cash is taken with it, what else takes is awaited."""
        path = f"/orders/{payment.order_id}/payments"
        body = _leave_out(payment, "orderId")
        return await self.command(path, PaymentView, body, command_id=command_id)

    async def end_payment(self, payment_id: str, verb: str) -> PaymentView:
        """Say how a payment ended. verb: confirm or decline for a terminal's; cancel."""
        return await self.command(f"/payments/{payment_id}/{verb}", PaymentView, {})

    async def refund(self, refund: RefundPayment, *, command_id: str | None = None) -> RefundView:
        """Give a part of a payment back, once."""
        path = f"/payments/{refund.payment_id}/refunds"
        body = _leave_out(refund, "paymentId")
        return await self.command(path, RefundView, body, command_id=command_id)

    async def move_ticket(self, ticket_id: str, verb: str) -> TicketView:
        """Act on a ticket. verb: start, ready or recall."""
        return await self.command(f"/tickets/{ticket_id}/{verb}", TicketView, {})

    async def move_item(
        self, item_id: str, verb: str, *, quantity: int | None = None
    ) -> TicketsView:
        """Act on units of a line, all without a quantity. verb: start, ready or recall."""
        body = {} if quantity is None else {"quantity": quantity}
        return await self.command(f"/items/{item_id}/{verb}", TicketsView, body)

    async def serve_item(self, item_id: str, *, quantity: int | None = None) -> OrdersView:
        """Hand units of a line to the guest, all without a quantity."""
        body = {} if quantity is None else {"quantity": quantity}
        return await self.command(f"/items/{item_id}/served", OrdersView, body)

    async def command(
        self, path: str, answer: type[_Answer], body: Payload, *, command_id: str | None = None
    ) -> _Answer:
        """Post something that acts once, however often it is tried."""
        identifier = command_id or str(uuid.uuid4())
        return await self.call("POST", path, answer, body=body, command_id=identifier)

    # --- requests ---------------------------------------------------------------------------

    async def call(
        self,
        method: str,
        path: str,
        answer: type[_Answer],
        *,
        body: Any = None,
        command_id: str | None = None,
        is_repeatable: bool = False,
    ) -> _Answer:
        """Make a request, again where that is safe, and read its answer.

        path: below /api/v1. is_repeatable: a POST that may be repeated without a command id.
        Raises: RefusedError, UnansweredError.
        """
        may_repeat = method == "GET" or command_id is not None or is_repeatable
        tries = self._tries if may_repeat else 1
        cause = ""
        for attempt in range(tries):
            delay_s = compute_delay_s(attempt, self._random)
            try:
                response = await self._fetch(method, path, body, command_id)
            except (OSError, HTTPClientError) as error:
                cause = str(error)
            else:
                if response.code < 400:
                    return msgspec.json.decode(response.body, type=answer)
                refusal = _read_refusal(response)
                if attempt + 1 == tries or not _is_worth_another_try(refusal):
                    raise refusal
                delay_s = max(delay_s, refusal.body.retry_after or 0)
            if attempt + 1 < tries:
                await self._sleep(delay_s)
        raise UnansweredError(cause, command_id=command_id)

    async def _fetch(
        self, method: str, path: str, body: Any, command_id: str | None
    ) -> HTTPResponse:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if command_id is not None:
            headers["Idempotency-Key"] = command_id
        request = HTTPRequest(
            f"{self._url}/api/v1{path}",
            method=method,
            headers=headers,
            body=None if body is None else msgspec.json.encode(body),
            connect_timeout=self._request_timeout_s,
            request_timeout=self._request_timeout_s,
            follow_redirects=False,
        )
        return await self._http.fetch(request, raise_error=False)


def _leave_out(command: msgspec.Struct, name: str) -> dict[str, Any]:
    """Write a command as a body, without what stands in its address."""
    body: dict[str, Any] = msgspec.to_builtins(command)
    del body[name]
    return body


def _is_worth_another_try(refusal: RefusedError) -> bool:
    return refusal.status in _TRYABLE_STATUSES or refusal.body.code == _IN_FLIGHT


def _read_refusal(response: HTTPResponse) -> RefusedError:
    try:
        body = msgspec.json.decode(response.body, type=ErrorBody)
    except msgspec.DecodeError:
        # A proxy in between answers in its own words.
        body = ErrorBody(
            type=ErrorType.SERVER_ERROR,
            code=f"http_{response.code}",
            message=f"The server answered {response.code}.",
            recoverable=response.code in _TRYABLE_STATUSES,
        )
    return RefusedError(body, status=response.code)
