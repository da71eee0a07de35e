"""A simulated person of the staff: signed in for as long as they work, however long that is."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from client.connection import Connection, Options
from client.rest import RestClient, SignedIn
from domain.demo import DemoAccount

_RENEW_BEFORE = timedelta(minutes=2)


class Staffer:
    """An account at one server. Signs in when first needed and again before the token ends."""

    def __init__(self, url: str, account: DemoAccount) -> None:
        """url: `http://host:port`."""
        self._url = url
        self._account = account
        self._rest = RestClient(url)
        self._signed_in: SignedIn | None = None
        self._is_signing_in = asyncio.Lock()

    async def sign_in(self) -> RestClient:
        """Return the way to the server, with a token that is good for another while."""
        await self._renew()
        return self._rest

    async def get_cafe_id(self) -> str:
        """Return the cafe in which the person works."""
        return (await self._renew()).cafe_id

    def connect(self, namespace: str, **options: Any) -> Connection:
        """Make a connection that signs in anew where its tickets need it, and never gives up.

        options: of `client.connection.Options`, without url and token.
        """

        async def fetch_ticket() -> str:
            rest = await self.sign_in()
            return await rest.fetch_connect_ticket(namespace)

        address = self._url.replace("http", "ws", 1)
        url = f"{address}/ws/{namespace}/websocket"
        return Connection(Options(url=url, token=fetch_ticket, **{"max_attempts": None, **options}))

    def close(self) -> None:
        """Let go of the connections."""
        self._rest.close()

    async def _renew(self) -> SignedIn:
        async with self._is_signing_in:
            known = self._signed_in
            if known is None or known.expires_at - datetime.now(UTC) < _RENEW_BEFORE:
                known = await self._rest.sign_in(self._account.email, self._account.password)
                self._signed_in = known
            return known
