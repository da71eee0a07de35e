"""People who use a server from outside: REST and plain WebSocket, each answer held to the schema.

A `Caller` asks over REST and keeps what came back whole; a `Watcher` is a socket that keeps every
message. Both check all they get against the documents that the server publishes.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import msgspec
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from client.connection import Connection, Options
from client.messages import Message
from domain.demo import DemoDescription
from domain.roles import Role
from tests.support.contract import Contract
from tests.support.waiting import DEADLINE_S, wait_for


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A REST answer. data: its JSON, None where it has no body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    data: Any


class Caller:
    """One identity, or nobody yet, at the REST interface. It never repeats a request."""

    def __init__(self, url: str, contract: Contract, *, token: str = "") -> None:
        """url: `http://host:port`. person_id is empty for guests."""
        self.url = url
        self.contract = contract
        self.token = token
        self.person_id = ""
        self._http = AsyncHTTPClient(force_instance=True, max_clients=50)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    async def call(
        self, method: str, path: str, body: Any = None, *, command_id: str | None = None
    ) -> Answer:
        """Ask and check the answer. path: below /api/v1. body: sent as it is where it is bytes."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if command_id is not None:
            headers["Idempotency-Key"] = command_id
        response = await self._http.fetch(
            HTTPRequest(
                f"{self.url}/api/v1{path}",
                method=method,
                headers=headers,
                body=body if body is None or isinstance(body, bytes) else json.dumps(body),
                allow_nonstandard_methods=True,  # a POST without a body
                request_timeout=DEADLINE_S,
            ),
            raise_error=False,
        )
        data = self.contract.check_answer(
            method,
            f"/api/v1{path.partition('?')[0]}",
            status=response.code,
            headers=response.headers,
            body=response.body,
        )
        return Answer(
            status=response.code, headers=dict(response.headers), body=response.body, data=data
        )

    async def get(self, path: str) -> Any:
        """Read something that is there."""
        answer = await self.call("GET", path)
        assert answer.status == 200, answer
        return answer.data

    async def do(self, path: str, body: Any = None, *, command_id: str | None = None) -> Any:
        """Do something that must work and return what it came to."""
        answer = await self.call("POST", path, body, command_id=command_id or str(uuid.uuid4()))
        assert answer.status in (200, 201, 204), answer
        return answer.data

    async def fetch_ticket(self, namespace: str, roles: Iterable[str] = ()) -> str:
        """Get what opens one socket."""
        wish = {"namespace": namespace, "roles": list(roles)}
        return str((await self.do("/connect-tickets", wish))["token"])

    async def read_log(self) -> list[dict[str, Any]]:
        """Read the whole log of the cafe, as management may, and check that it has no gap."""
        rows: list[dict[str, Any]] = []
        while True:
            page = await self.get(f"/events?after={len(rows)}&limit=500")
            rows += page["events"]
            seqs = [row["seq"] for row in rows]
            assert seqs == list(range(1, len(rows) + 1)), "seq has a gap or a double"
            if len(page["events"]) < 500:
                return rows


async def sign_in(description: DemoDescription, role: Role, contract: Contract) -> Caller:
    """Return the person of a demo's role, signed in."""
    account = next(each for each in description.accounts if each.role is role)
    return await sign_in_with(
        description.url, contract, email=account.email, password=account.password
    )


async def sign_in_with(url: str, contract: Contract, *, email: str, password: str) -> Caller:
    """Return somebody who has an account, signed in."""
    caller = Caller(url, contract)
    signed_in = await caller.do("/sign-in", {"email": email, "password": password})
    caller.token, caller.person_id = signed_in["token"], signed_in["personId"]
    return caller


async def sit_down(description: DemoDescription, contract: Contract, number: int = 1) -> Caller:
    """Return a guest who has scanned the code of a demo's table."""
    table = next(each for each in description.tables if each.number == number)
    caller = Caller(description.url, contract)
    opened = await caller.do("/table-sessions", {"tableCode": table.link.rpartition("/")[2]})
    caller.token = opened["token"]
    return caller


class Watcher:
    """A socket that keeps what it gets, over as many connections as it takes."""

    def __init__(
        self,
        caller: Caller,
        namespace: str,
        *,
        roles: Iterable[str] = (),
        on_frame: Callable[[str], None] = lambda _: None,
        **options: Any,
    ) -> None:
        """on_frame: hears each frame too. options: of `client.connection.Options`."""
        self.namespace = namespace
        self.frames: list[str] = []
        self.messages: list[Message] = []
        self._contract = caller.contract
        self._on_frame = on_frame
        self._place = 0
        self._reader: asyncio.Task[None] | None = None

        async def fetch_token() -> str:
            return await caller.fetch_ticket(namespace, roles)

        self.connection = Connection(
            Options(
                url=f"{caller.url.replace('http', 'ws', 1)}/ws/{namespace}/websocket",
                token=fetch_token,
                on_frame=self._take,
                **options,
            )
        )

    async def __aenter__(self) -> Self:
        self.connection.open()
        self._reader = asyncio.create_task(self._read())
        await asyncio.wait_for(self.connection.wait_until_live(), DEADLINE_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._reader is not None
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self.connection.close()

    async def see(self, kind: str, **expected: Any) -> dict[str, Any]:
        """Wait for the next message of a type whose `data` has these values; return its data.

        What comes before it is passed by and not found any more.
        """

        def find() -> bool:
            for place in range(self._place, len(self.messages)):
                message = self.messages[place]
                if message.type == kind and expected.items() <= message.data.items():
                    self._place = place + 1
                    return True
            return False

        def describe() -> str:
            rest = [(each.type, each.data) for each in self.messages[self._place :]]
            return f"{kind} {expected} at /{self.namespace}; there is {rest}"

        try:
            await wait_for(find, kind)
        except AssertionError:
            raise AssertionError(f"waited for {describe()}") from None
        data: dict[str, Any] = self.messages[self._place - 1].data
        return data

    async def reach(self, seq: int) -> None:
        """Wait until everything up to a place of the log is here."""

        def is_there() -> bool:
            position = self.connection.position
            return position is not None and position.seq >= seq

        await wait_for(is_there, f"seq {seq} at /{self.namespace}")

    def check_frames(self) -> list[dict[str, Any]]:
        """Hold every frame so far to the published schema and return their messages."""
        return [self._contract.check_frame(self.namespace, text) for text in self.frames]

    def _take(self, text: str) -> None:
        self.frames.append(text)
        self._on_frame(text)

    async def _read(self) -> None:
        async for message in self.connection.messages():
            self.messages.append(message)
