"""Sockets that break again and again while a cafe works, and what their readers have at the end.

`drop_and_resume` lets tills, guests, cooks and waiters work over REST while four readers lose
their connection at random points: after so many frames, be it in the middle of a replay, or after
a moment, be it in the middle of a frame. Each comes back with its position. The result says how
each reader's stream departs from the log; bench/resume.py prints it and tests/integration/proofs
asserts that it does not.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any

from client.messages import RefusedError
from client.rest import RestClient
from demo.appetite import choose_lines
from domain.commands import AddRound, PlaceOrder
from domain.demo import DemoDescription
from domain.roles import Role
from domain.views.menu import MenuView
from domain.views.orders import OrderView
from tests.support.contract import Contract
from tests.support.people import Caller, Watcher, sign_in, sit_down
from tests.support.viewpoints import (
    Row,
    Sees,
    find_differences,
    sees_as_guest,
    sees_as_management,
    sees_in_kitchen,
    sees_on_board,
)
from tests.support.waiting import wait_for

_TILLS = 3
# What one worker does in a second, at most: people think, and a reader must stay within the 300
# events that a replay bridges.
_STEPS_A_SECOND = 10
# Some four events each: who is away for longer than this is waited for, on the slowest machine.
_STEPS_MISSED_LIMIT = 40
_RECALLED_SHARE = 0.2
_MOST_FRAMES, _LONGEST_S = 8, 0.15
_DROPPING_DEADLINE_S = 100.0

_Place = Callable[[Random], Awaitable[OrderView]]


@dataclass(slots=True, kw_only=True)
class Reader:
    """A reader whose connection breaks. after_seq: where its first stream began.

    away_s: from each cut to the `joined` that ends it.
    """

    name: str
    sees: Sees
    watcher: Watcher
    drops_left: int
    random: Random
    after_seq: int = -1
    drops: int = 0
    lives: int = 0
    away_s: list[float] = field(default_factory=list)
    modes: Counter[str] = field(default_factory=Counter)
    _frames_left: int | None = None
    _is_cut: bool = False
    _cut_at_s: float | None = None

    @property
    def is_away(self) -> bool:
        """Whether it was cut and has not joined again."""
        return self._cut_at_s is not None

    def on_frame(self, text: str) -> None:
        """Take note of a frame, and cut the connection after it when that is due."""
        message = json.loads(text)
        if message["type"] == "welcome":
            self._begin_life()
        elif message["type"] == "joined":
            self._join(message["data"])
        if self._frames_left is not None and not self._is_cut:
            self._frames_left -= 1
            if self._frames_left < 0:
                self._cut()

    def on_disconnected(self, code: int, reason: str) -> None:
        """Count the lives that ended, to compare them with the cuts."""
        self.lives += 1

    def _begin_life(self) -> None:
        self._is_cut, self._frames_left = False, None
        if self.drops_left == 0:
            return
        if self.random.random() < 0.5:
            self._frames_left = self.random.randint(0, _MOST_FRAMES)
        else:
            delay_s = self.random.uniform(0, _LONGEST_S)
            asyncio.get_running_loop().call_later(delay_s, self._cut)

    def _join(self, data: dict[str, Any]) -> None:
        self.modes[data["mode"]] += 1
        if self.after_seq < 0:
            self.after_seq = data["position"]["seq"]
        if self._cut_at_s is not None:
            self.away_s.append(time.monotonic() - self._cut_at_s)
            self._cut_at_s = None

    def _cut(self) -> None:
        self._is_cut = True
        self.drops_left -= 1
        self.drops += 1
        if self._cut_at_s is None:
            self._cut_at_s = time.monotonic()
        self.watcher.connection.drop()


@dataclass(slots=True, kw_only=True)
class ReaderResult:
    """What became of one reader. differences: from the log; empty is what it should be."""

    name: str
    drops: int
    modes: dict[str, int]
    received: int
    away_s: list[float]
    differences: list[str]


@dataclass(slots=True, kw_only=True)
class Resumption:
    """What a run came to. events: rows of the log. duration_s: of the dropping."""

    events: int
    duration_s: float
    readers: list[ReaderResult]


async def drop_and_resume(
    description: DemoDescription, *, drops: int, seed: int, checks_schema: bool = True
) -> Resumption:
    """Run the traffic, cut each reader's connection so many times, and compare with the log."""
    contract = Contract.fetch(description.url)
    random = Random(seed)
    async with AsyncExitStack() as stack:
        manager = await sign_in(description, Role.MANAGER, contract)
        cook = await sign_in(description, Role.KITCHEN, contract)
        guest = await sit_down(description, contract)
        for caller in (manager, cook, guest):
            stack.callback(caller.close)
        menu = await RestClient(description.url, token=guest.token).read_menu()
        order = await _order_as_guest(guest, menu, random)
        session_id = (await guest.get("/table-sessions/current"))["tableSessionId"]

        readers: list[Reader] = []

        async def watch(name: str, caller: Caller, namespace: str, sees: Sees, **more: Any) -> None:
            reader = await _watch(
                stack, name, caller, namespace, sees, drops=drops, seed=random.random(), **more
            )
            readers.append(reader)

        till, expo = [await _hire(description, role) for role in (Role.COUNTER, Role.EXPO)]
        traffic = _Traffic(till, expo, readers, menu)
        started_s = time.monotonic()
        traffic.start(RestClient(description.url, token=guest.token), order, random)
        try:
            await watch("management", manager, "admin", sees_as_management)
            await watch("kitchen", cook, "kitchen", sees_in_kitchen)
            await watch("board", manager, "customers", sees_on_board, roles=["board"])
            await watch(
                "guest",
                guest,
                "customers",
                sees_as_guest(session_id, [order.order_id]),
                rooms=[f"order:{order.order_id}"],
            )
            await wait_for(
                lambda: _have_dropped(readers, traffic),
                f"{drops} drops of each reader",
                deadline_s=_DROPPING_DEADLINE_S,
            )
        finally:
            await traffic.stop()
        duration_s = time.monotonic() - started_s
        log = await manager.read_log()
        await _wait_for_end(readers, log)
        results = [_conclude(reader, log, checks_schema=checks_schema) for reader in readers]
    return Resumption(events=len(log), duration_s=duration_s, readers=results)


async def _watch(
    stack: AsyncExitStack,
    name: str,
    caller: Caller,
    namespace: str,
    sees: Sees,
    *,
    drops: int,
    seed: float,
    **options: Any,
) -> Reader:
    """Let a reader connect; it comes back at once, as a client on a good network would not."""
    holder: list[Reader] = []
    watcher = Watcher(
        caller,
        namespace,
        on_frame=lambda text: holder[0].on_frame(text),
        on_disconnected=lambda code, reason: holder[0].on_disconnected(code, reason),
        max_attempts=None,
        sleep=lambda _: asyncio.sleep(0),
        **options,
    )
    reader = Reader(name=name, sees=sees, watcher=watcher, drops_left=drops, random=Random(seed))
    holder.append(reader)
    await stack.enter_async_context(watcher)
    return reader


def _have_dropped(readers: list[Reader], traffic: "_Traffic") -> bool:
    traffic.raise_faults()
    return all(reader.drops_left == 0 for reader in readers)


async def _wait_for_end(readers: list[Reader], log: list[Row]) -> None:
    for reader in readers:
        await reader.watcher.reach(max((row["seq"] for row in log if reader.sees(row)), default=0))


def _conclude(reader: Reader, log: list[Row], *, checks_schema: bool) -> ReaderResult:
    if checks_schema:
        frames = reader.watcher.check_frames()
    else:
        frames = [json.loads(text) for text in reader.watcher.frames]
    differences = find_differences(frames, log, after_seq=reader.after_seq, sees=reader.sees)
    # The client drops what it knows already, so both are looked at: what came, and what it gave.
    given = [each.seq for each in reader.watcher.messages if each.seq is not None]
    if set(reader.modes) - {"live", "replay"}:
        differences.append(f"it was told to resync: {dict(reader.modes)}")
    if given != [each["seq"] for each in frames if "eventId" in each and "seq" in each]:
        differences.append("the client gave its reader something else than it got")
    if reader.lives != reader.drops:
        differences.append(f"{reader.drops} cuts ended {reader.lives} connections")
    return ReaderResult(
        name=reader.name,
        drops=reader.drops,
        modes=dict(reader.modes),
        received=len(given),
        away_s=reader.away_s,
        differences=differences,
    )


# --- the cafe at work -----------------------------------------------------------------------------


async def _hire(description: DemoDescription, role: Role) -> RestClient:
    account = next(each for each in description.accounts if each.role is role)
    rest = RestClient(description.url)
    await rest.sign_in(account.email, account.password)
    return rest


async def _order_as_guest(guest: Caller, menu: MenuView, random: Random) -> OrderView:
    rest = RestClient(guest.url, token=guest.token)
    return await rest.place_order(PlaceOrder(lines=choose_lines(menu, random)))


class _Traffic:
    """Tills, a table and waiters. It pauses when a reader has been away for too many steps."""

    def __init__(
        self, till: RestClient, expo: RestClient, readers: list[Reader], menu: MenuView
    ) -> None:
        self._till = till
        self._expo = expo
        self._readers = readers
        self._menu = menu
        self._is_over = asyncio.Event()
        self._missed: Counter[str] = Counter()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, guest: RestClient, order: OrderView, random: Random) -> None:
        """Let them work until `stop`."""

        async def order_at_till(chance: Random) -> OrderView:
            lines = choose_lines(self._menu, chance)
            return await self._till.place_order(PlaceOrder(lines=lines))

        async def order_at_table(chance: Random) -> OrderView:
            lines = choose_lines(self._menu, chance)
            return await guest.add_round(AddRound(order_id=order.order_id, lines=lines))

        work = [self._work(order_at_till, Random(random.random())) for _ in range(_TILLS)]
        work.append(self._work(order_at_table, Random(random.random())))
        self._tasks = [asyncio.create_task(each) for each in work]

    def raise_faults(self) -> None:
        """Raise what a worker failed with."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def stop(self) -> None:
        """Let everybody finish what they do."""
        self._is_over.set()
        await asyncio.gather(*self._tasks)

    async def _work(self, place: _Place, random: Random) -> None:
        """Order, cook and serve."""
        while not self._is_over.is_set():
            try:
                order = await place(random)
            except RefusedError as error:
                # The table's one order takes no more lines at some point.
                if error.body.code != "order_too_long":
                    raise
                return
            await self._step(random)
            newest = max(each.round_number for each in order.rounds)
            for item in [each for each in order.items if each.round_number == newest]:
                await self._make(item.item_id, random)

    async def _make(self, item_id: str, random: Random) -> None:
        verbs = ["ready", "recall", "ready"] if random.random() < _RECALLED_SHARE else ["ready"]
        for verb in verbs:
            await self._expo.move_item(item_id, verb)
            await self._step(random)
        await self._expo.serve_item(item_id)
        await self._step(random)

    async def _step(self, random: Random) -> None:
        await asyncio.sleep(random.uniform(0.5, 1.5) / _STEPS_A_SECOND)
        for reader in self._readers:
            if not reader.is_away:
                self._missed[reader.name] = 0
            elif self._missed[reader.name] < _STEPS_MISSED_LIMIT:
                self._missed[reader.name] += 1
            else:
                await wait_for(
                    lambda each=reader: not each.is_away,  # type: ignore[misc]
                    f"{reader.name} to come back",
                )
