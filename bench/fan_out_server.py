"""The server that bench.fan_out measures: the product as `serve` composes it, and somebody to feed
it events. Started by bench.fan_out alone; prints one line of JSON once it serves.

Connections come through the real doors with real tokens. Events are made here and handed to
`Plane.on_committed`, where a commit hands its own: everything from there on is the product's, and
no transaction stands before it, as none does in the servers it is compared with (the way through
the database is bench.order_path's). `start:<mode>:<messages>:<rate>:<batch>` on the control port
begins; mode `busy` makes a thread compute for ever.
"""

import argparse
import asyncio
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from tornado.netutil import bind_sockets

from client.rest import RestClient
from composition.event_loop import favour_event_loop, find_loop_factory
from composition.identifiers import new_id, new_table_code, now
from composition.product import Product, build
from composition.storage import migrate_database, open_product_database
from config.logging import configure_logging
from config.secrets import load_secrets
from config.settings import Settings, load_settings
from demo.cafe import CAFE
from domain.events import LoggedEvent, TableCalled
from domain.roles import Role
from domain.views.tables import TableCallView
from models.database import close_database
from services.demo import DemoCredentials, prepare_demo
from services.passwords import hash_password
from services.setup import SetupContext
from services.tokens import TokenKind, TokenSigner
from tests.support.servers import GENEROUS_LIMITS


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says when it serves. tokens_file: an access token of its own in each line."""

    port: int
    control_port: int
    tokens_file: str


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--tokens", type=int, required=True)
    options = parser.parse_args()
    configure_logging(log_format="json", log_level="warning")
    sockets = bind_sockets(0, "127.0.0.1", backlog=4096)
    port = sockets[0].getsockname()[1]
    settings = load_settings(
        {},
        overrides={
            "data_dir": str(options.data_dir),
            "port": port,
            "public_url": f"http://127.0.0.1:{port}",
            **GENEROUS_LIMITS,
        },
    )
    database = open_product_database(settings)
    migrate_database(database)
    context = SetupContext(now=now(), new_id=new_id, new_code=new_table_code)
    credentials = prepare_demo(
        CAFE, data_dir=settings.data_dir, context=context, hash_password=hash_password
    )
    close_database(database)
    favour_event_loop()
    with asyncio.Runner(loop_factory=find_loop_factory()) as loop:
        loop.run(_serve(settings, sockets, credentials, tokens=options.tokens))


async def _serve(
    settings: Settings,
    sockets: Sequence[socket.socket],
    credentials: DemoCredentials,
    *,
    tokens: int,
) -> None:
    product = build(settings)
    product.start(sockets)
    feed = _Feed(product, credentials.cafe_id)
    control = await asyncio.start_server(feed.listen, "127.0.0.1", 0)
    tokens_file = settings.data_dir / "tokens"
    tokens_file.write_text("\n".join(await _make_tokens(settings, credentials, count=tokens)))
    ready = Ready(
        port=settings.port,
        control_port=control.sockets[0].getsockname()[1],
        tokens_file=str(tokens_file),
    )
    print(msgspec.json.encode(ready).decode(), flush=True)
    await asyncio.Event().wait()


async def _make_tokens(
    settings: Settings, credentials: DemoCredentials, *, count: int
) -> list[str]:
    """Sign in at the till and sign tokens of that sign-in, so that each has to be verified."""
    email = next(person.email for person in CAFE.people if person.role is Role.COUNTER)
    rest = RestClient(settings.public_url)
    await rest.sign_in(email, credentials.passwords[email])
    assert rest.token is not None
    signer = TokenSigner(load_secrets(settings.data_dir, now=now()))
    claims = signer.verify(rest.token, kinds=(TokenKind.ACCESS,), now=now())
    rest.close()
    return [
        signer.sign(
            kind=TokenKind.ACCESS,
            subject=claims.sub,
            cafe_id=claims.cafe,
            roles=claims.roles,
            token_id=new_id(),
            now=now(),
            ttl_s=settings.access_token_ttl_s,
            sign_in_id=claims.sign_in,
        )
        for _ in range(count)
    ]


class _Feed:
    """Makes events of one cafe: a guest calls, again and again."""

    def __init__(self, product: Product, cafe_id: str) -> None:
        self._product = product
        self._cafe_id = cafe_id
        self._shots = 0

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do what a line of the control port says."""
        order = (await reader.readline()).decode().strip()
        writer.close()
        _, mode, messages, rate, batch = order.split(":")
        if mode == "busy":
            threading.Thread(target=_compute, daemon=True).start()
        await self._run(int(messages), rate=int(rate), batch=int(batch))

    async def _run(self, messages: int, *, rate: int, batch: int) -> None:
        """Commit so many messages, a batch per turn of the loop; rate: a second, 0 is at once."""
        loop = asyncio.get_running_loop()
        next_s = loop.time()
        while self._shots < messages:
            size = min(batch, messages - self._shots)
            stream = self._product.plane.tail.find(self._cafe_id)
            assert stream is not None
            self._product.plane.on_committed(
                [self._make_event(stream.epoch, stream.seq + 1 + nth) for nth in range(size)]
            )
            next_s += batch / rate if rate else 0
            await asyncio.sleep(max(0, next_s - loop.time()) if rate else 0)

    def _make_event(self, epoch: str, seq: int) -> LoggedEvent:
        # The generator finds number and moment in the text (bench/websocket_load.c).
        label = f"shot {self._shots} t0 {time.monotonic_ns()}"
        self._shots += 1
        call = TableCallView(
            call_id=new_id(),
            table_session_id=new_id(),
            table_number=7,
            table_label=label,
            status="waiting",
            version=1,
            called_at=now(),
            answered_at=None,
        )
        return LoggedEvent(
            cafe_id=self._cafe_id,
            epoch=epoch,
            seq=seq,
            event_id=new_id(),
            at=now(),
            user_id=None,
            event=TableCalled(call=call),
        )


def _compute() -> None:
    while True:
        sum(number * number for number in range(1000))


if __name__ == "__main__":
    main()
