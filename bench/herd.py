"""Forty screens and sixty phones behind one address lose the network, and come back together.

    python -m bench.herd [--away 10] [--screens 40] [--phones 60] [--seed 1]

Everybody is behind one proxy, which cuts every connection and takes none for so many seconds; the
limits are those that are shipped. Once with a few orders meanwhile, so that all are told what they
missed, and once with a rush, so that all have to load their page again. Printed: how soon everybody
was live, how often a board was built for them, and whether anybody was refused. Exit code 1 where
that took more than 15 s, a board was built twice for one place in the log, or somebody was refused.
"""

import asyncio
import html
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from bench.demo_server import employ, read_description, run_demo
from bench.machine import build_parser, describe_run, describe_spread, report_verdict, run_proof
from bench.network import Network
from client.backoff import LONGEST_S
from client.connection import Connection, Options, State
from client.rest import RestClient
from demo.appetite import choose_lines
from domain.commands import PlaceOrder
from domain.demo import DemoDescription
from domain.roles import Role
from domain.views.base import Position
from tests.support.waiting import wait_for

_LIVE_LIMIT_S = 15.0
_SETTLED_S = 31.0
# What is shipped, where the servers of tests are more generous.
_SHIPPED = {
    "rate_limit_factor": "1",
    "connections_per_person": "5",
    "frames_per_second": "20",
    "frame_burst": "60",
}
_SNAPSHOT = re.compile(r'tabletap_snapshots_total{outcome="(\w+)"} (\d+)')
_REFUSAL = re.compile(r'tabletap_refusals_total{reason="(\w+)"} (\d+)')
_LIVE_DATA = re.compile(r'data-live="([^"]*)"')


class Member:
    """A screen or a phone: its page, and the connection that keeps it true."""

    def __init__(
        self,
        http: AsyncHTTPClient,
        network: Network,
        *,
        namespace: str,
        token: str,
        page: str,
        cookie: str,
        view: str,
    ) -> None:
        """cookie: of the page, as browsers send it. view: what the page shows, for counting."""
        self.view = view
        self._http = http
        self._network = network
        self._token = token
        self._namespace = namespace
        self._page = page
        self._cookie = cookie
        self._loading = 0
        self._reader: asyncio.Task[None] | None = None
        self.modes: list[str] = []
        self.loaded: list[tuple[str, int]] = []
        self.refusals: list[str] = []
        self.closes: list[int] = []
        self.connection = Connection(
            Options(
                url=f"{network.url.replace('http', 'ws')}/ws/{namespace}/websocket",
                token=self._fetch_ticket,
                heartbeat_s=25.0 if namespace == "customers" else 2.0,
                max_attempts=None,
                longest_delay_s=LONGEST_S if namespace == "customers" else 10.0,
                on_error=lambda error: self.refusals.append(error.body.code),
                on_disconnected=lambda code, _: self.closes.append(code),
                on_frame=self._look,
            )
        )

    @property
    def is_live(self) -> bool:
        """Whether it is connected and shows what holds."""
        return self.connection.state is State.LIVE and not self._loading

    async def open(self) -> None:
        """Load the page and go on from its position."""
        self.connection.resume_from(await self._load())
        self.connection.open()
        self._reader = asyncio.create_task(self._read(), name="member of the herd")
        await self.connection.wait_until_live()

    async def close(self) -> None:
        """Part as a page does."""
        await self.connection.close()
        if self._reader is not None:
            await self._reader

    def _look(self, text: str) -> None:
        if text.startswith('{"type":"joined"'):
            self.modes.append(json.loads(text)["data"]["mode"])
        elif text.startswith('{"type":"resync"'):
            self._loading += 1

    async def _read(self) -> None:
        async for message in self.connection.messages():
            if message.type == "resync":
                self.connection.resume_from(await self._load())
                self._loading -= 1

    async def _load(self) -> Position:
        answer = await self._fetch(self._page, headers={"Cookie": self._cookie})
        found = _LIVE_DATA.search(answer)
        assert found is not None, f"{self._page} is not live"
        position = json.loads(html.unescape(found.group(1)))["position"]
        self.loaded.append((self.view, position["seq"]))
        return Position(epoch=position["epoch"], seq=position["seq"], event_id=position["eventId"])

    async def _fetch_ticket(self) -> str:
        body = json.dumps({"namespace": self._namespace})
        answer = await self._fetch("/api/v1/connect-tickets", method="POST", body=body)
        return str(json.loads(answer)["token"])

    async def _fetch(self, path: str, **request: Any) -> str:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            **request.pop("headers", {}),
        }
        if "Cookie" in headers:
            del headers["Authorization"]
        answer = await self._http.fetch(
            HTTPRequest(f"{self._network.url}{path}", headers=headers, **request)
        )
        return answer.body.decode()


def main() -> int:
    """Run the proof and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--away", type=float, default=10.0, help="seconds without a network")
    parser.add_argument("--screens", type=int, default=40)
    parser.add_argument("--phones", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(describe_run())
    with run_demo(**_SHIPPED) as server:
        description = read_description(server)
        faults = asyncio.run(
            _prove(
                description,
                port=server.port,
                away_s=options.away,
                screens=options.screens,
                phones=options.phones,
                random=Random(options.seed),
            )
        )
    return report_verdict(faults)


async def _prove(
    description: DemoDescription,
    *,
    port: int,
    away_s: float,
    screens: int,
    phones: int,
    random: Random,
) -> list[str]:
    faults: list[str] = []
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(Network(port))
        http = AsyncHTTPClient(force_instance=True, max_clients=200)
        stack.callback(http.close)
        herd = await _gather(description, http, network, screens=screens, phones=phones)
        for member in herd:
            await member.open()
            stack.push_async_callback(member.close)
        print(f"herd      {screens} screens and {phones} phones behind one address, all live")
        for name, orders_per_s in (("few orders", 1.0), ("rush", 12.0)):
            # A connection that has lived for half a minute begins its back-off anew.
            await asyncio.sleep(_SETTLED_S)
            faults += await _lose_network(
                name, description, http, network, herd, away_s, orders_per_s, random
            )
    return faults


async def _lose_network(
    name: str,
    description: DemoDescription,
    http: AsyncHTTPClient,
    network: Network,
    herd: list[Member],
    away_s: float,
    orders_per_s: float,
    random: Random,
) -> list[str]:
    for member in herd:
        for happened in (member.modes, member.loaded, member.refusals, member.closes):
            happened.clear()
    await network.cut()
    await wait_for(lambda: not any(member.is_live for member in herd), "the network to be lost")
    orders = await _order(description, seconds=away_s, per_s=orders_per_s, random=random)
    before = await _read_counts(http, description)
    loop = asyncio.get_running_loop()
    began_at_s = loop.time()
    await network.begin()
    live_after_s = await _watch(herd, lambda: loop.time() - began_at_s)
    counts = await _read_counts(http, description)
    counts.subtract(before)
    modes = Counter(mode for member in herd for mode in member.modes)
    refusals = Counter(code for member in herd for code in member.refusals)
    # The clock may write something meanwhile: then the same board is another one.
    views = len({each for member in herd for each in member.loaded})
    print(f"{name:<10} {orders} orders meanwhile; joined: {dict(modes)}")
    print(f"{name:<10} live again {describe_spread(live_after_s, 's')}")
    print(
        f"{name:<10} boards built {counts['built']} for {views} views and places,"
        f" shared {counts['shared']}; refused: {dict(refusals) or 'nobody'}"
    )
    faults = []
    if max(live_after_s) > _LIVE_LIMIT_S:
        faults.append(f"{name}: somebody was live only after {max(live_after_s):.1f} s")
    if counts["built"] > views:
        faults.append(f"{name}: {counts['built']} boards were built for {views} views and places")
    if refusals or counts["refused"]:
        faults.append(f"{name}: somebody was refused: {dict(refusals)}")
    return faults


async def _watch(herd: list[Member], read_age_s: Callable[[], float]) -> list[float]:
    """Wait until everybody is live, and return when each was."""
    live_after_s: dict[int, float] = {}

    def is_complete() -> bool:
        for number, member in enumerate(herd):
            if number not in live_after_s and member.is_live:
                live_after_s[number] = read_age_s()
        return len(live_after_s) == len(herd)

    await wait_for(is_complete, "everybody to be live again")
    return list(live_after_s.values())


async def _order(
    description: DemoDescription, *, seconds: float, per_s: float, random: Random
) -> int:
    """Sell at the tills for so long, and return how many orders that were."""
    loop = asyncio.get_running_loop()
    ends_at_s = loop.time() + seconds
    orders = 0
    async with _open_tills(description) as tills:
        menu = await tills[0].read_menu()
        while loop.time() < ends_at_s:
            till = tills[orders % len(tills)]
            await till.place_order(PlaceOrder(lines=choose_lines(menu, random)))
            orders += 1
            await asyncio.sleep(max(0.0, 1 / per_s - 0.01))
    return orders


@asynccontextmanager
async def _open_tills(description: DemoDescription) -> AsyncIterator[list[RestClient]]:
    """Sign in everybody who may sell: each has a limit of their own."""
    staff = [employ(description, role) for role in (Role.COUNTER, Role.MANAGER, Role.OWNER)]
    try:
        yield [await each.sign_in() for each in staff]
    finally:
        for each in staff:
            each.close()


async def _gather(
    description: DemoDescription,
    http: AsyncHTTPClient,
    network: Network,
    *,
    screens: int,
    phones: int,
) -> list[Member]:
    manager = employ(description, Role.MANAGER)
    rest = await manager.sign_in()
    herd = [await _pair(description, http, network, rest, number) for number in range(screens)]
    manager.close()
    herd += [await _seat_phone(description, http, network, number) for number in range(phones)]
    return herd


async def _pair(
    description: DemoDescription,
    http: AsyncHTTPClient,
    network: Network,
    rest: RestClient,
    number: int,
) -> Member:
    """Pair a screen: most of them walls, some tills, some boards."""
    stations = description.stations
    role = "kitchen" if number % 5 < 3 else ("counter" if number % 5 == 3 else "board")
    station = stations[number % len(stations)] if role == "kitchen" else None

    async def call(path: str, **body: Any) -> dict[str, Any]:
        answer = await http.fetch(
            f"{description.url}/api/v1{path}",
            method="POST",
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {rest.token}",
            },
            body=json.dumps(body) if body else "",
        )
        return dict(json.loads(answer.body))

    begun = await call("/device-pairings")
    wish = {"name": f"Screen {number}", "role": role}
    if station is not None:
        wish["stationId"] = station.id
    await call("/devices", userCode=begun["userCode"], **wish)
    paired = await call("/device-pairings/claim", deviceCode=begun["deviceCode"])
    given = await call("/device-tokens", credential=paired["credential"])
    pages = {"counter": "/counter", "board": "/board"}
    page = pages.get(role) or f"/kitchen/{station.slug if station else ''}"
    return Member(
        http,
        network,
        namespace={"kitchen": "kitchen", "counter": "counter", "board": "customers"}[role],
        token=given["token"],
        page=page,
        cookie=f"tabletap_device={given['credential']}",
        view=page,
    )


async def _seat_phone(
    description: DemoDescription, http: AsyncHTTPClient, network: Network, number: int
) -> Member:
    tables = description.tables
    rest = RestClient(description.url)
    code = tables[number % len(tables)].link.rpartition("/")[2]
    opened = await rest.open_table_session(code)
    rest.close()
    return Member(
        http,
        network,
        namespace="customers",
        token=opened.token,
        page="/orders",
        cookie=f"tabletap_guest={opened.token}",
        view=opened.session.table_session_id,
    )


async def _read_counts(http: AsyncHTTPClient, description: DemoDescription) -> Counter[str]:
    answer = await http.fetch(f"{description.url}/metrics")
    text = answer.body.decode()
    counts = Counter({outcome: int(count) for outcome, count in _SNAPSHOT.findall(text)})
    counts["refused"] = sum(int(count) for _, count in _REFUSAL.findall(text))
    return counts


if __name__ == "__main__":
    run_proof(main)
