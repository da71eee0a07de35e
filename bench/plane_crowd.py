"""One process of the clients that bench/plane_nemesis.py torments: readers, cooks and tills.

It is told what to do by a file (`CrowdPlan`) and, line by line, when; it writes down what each
reader got and when, and what became of each order (`CrowdReport`), and judges nothing.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4
from zlib import crc32

import msgspec

from client.connection import Connection
from client.messages import ClientError, NoAnswerError, RefusedError
from client.rest import RestClient
from demo.appetite import choose_lines
from domain.commands import AddRound, PlaceOrder
from domain.views.menu import MenuView
from domain.views.orders import OrderView
from tests.support.waiting import wait_for

_OPENED_AT_ONCE = 20
_SEATED_ROUNDS = 8  # a table's order takes no more lines at some point
_SEATED_SHARE = 0.1
_BUMPED_SHARE = 0.5
_ASKS_AGAIN_AFTER_S = 0.2
_ANSWER_DEADLINE_S = 60.0
_COMPLETE_DEADLINE_S = 60.0
_LAG_STEP_S = 0.05
_IN_FLIGHT_LIMIT = 300


class ReaderPlan(msgspec.Struct, frozen=True, kw_only=True):
    """kind: a key of plane_nemesis' viewpoints. door: which of the addresses.

    resets_at_s, stall: when, counted from the beginning; stall: from and until.
    """

    name: str
    kind: str
    door: str
    token: str
    namespace: str
    roles: tuple[str, ...] = ()
    rooms: list[str] | None = None
    table_session_id: str = ""
    resets_at_s: list[float] = []
    stall: tuple[float, float] | None = None


class CrowdPlan(msgspec.Struct, frozen=True, kw_only=True):
    """doors: name -> address. till_token: who sells. seats: guests' tokens, of one table each.

    orders_per_s: of this process. part: (which, of how many) of the tickets its cook finishes.
    """

    doors: dict[str, str]
    readers: list[ReaderPlan]
    till_token: str
    seats: list[str]
    orders_per_s: float
    seconds: float
    seed: int
    part: tuple[int, int]
    report_file: str


class Life(msgspec.Struct, kw_only=True):
    """One connection of a reader. Times are of the wall clock. cause: why it ended, "" unknown."""

    connection_id: str
    boot: str
    began_at_s: float
    joined_at_s: float = 0.0
    mode: str = ""
    ended_at_s: float = 0.0
    code: int = 0
    cause: str = ""


class Gap(msgspec.Struct, kw_only=True):
    """What a reader was told to load a snapshot for: rows of the log from and up to."""

    after_seq: int
    until_seq: int
    reason: str


class ReaderReport(msgspec.Struct, kw_only=True):
    """after_seq: where its first stream began. stream: (number of a frame, when it came)."""

    name: str
    after_seq: int = -1
    lives: list[Life] = []
    failed_attempts: int = 0
    is_stopped: bool = False
    gaps: list[Gap] = []
    stream: list[tuple[int, float]] = []


class OrderReport(msgspec.Struct, kw_only=True):
    """An order or a round, by its command id. answered_at_s: 0 where nobody answered."""

    command_id: str
    door: str
    sent_at_s: float
    answered_at_s: float = 0.0
    tries: int = 0
    order_id: str = ""
    refusals: list[str] = []
    fault: str = ""


class CrowdReport(msgspec.Struct, kw_only=True):
    """frames: each text that came, once. lags: (when, how late the loop was).

    tills: the lives of each socket that sells, by the door that its orders name. connection_ids: of
    everything that is open at the end.
    """

    frames: list[str]
    connection_ids: list[str]
    readers: list[ReaderReport]
    tills: dict[str, list[Life]]
    orders: list[OrderReport]
    lags: list[tuple[float, float]]
    skipped_orders: int


class _Head(msgspec.Struct, rename="camel"):
    """As much of a message as tells whether it is an event of the log."""

    type: str
    seq: int | None = None
    event_id: str = ""


_decode_head = msgspec.json.Decoder(_Head).decode


class _Reader:
    """One client and what it got."""

    def __init__(self, plan: ReaderPlan, url: str, frames: dict[str, int]) -> None:
        self.plan = plan
        self.report = ReaderReport(name=plan.name)
        self.on_ticket: Callable[[str], None] | None = None
        self._frames = frames
        self._cause = ""
        self._rest = RestClient(url, token=plan.token)
        self._gate = asyncio.Event()
        self._gate.set()
        is_kept = plan.stall is not None
        self.connection = self._rest.connect(
            plan.namespace,
            roles=plan.roles,
            rooms=plan.rooms,
            max_attempts=None,
            keep_messages=is_kept,
            buffered_messages=1 if is_kept else 10_000,
            on_frame=self._take,
            on_connected=self._begin_life,
            on_disconnected=self._end_life,
            on_connection_error=self._count_attempt,
        )
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def life(self) -> Life:
        return self.report.lives[-1]

    async def open(self) -> None:
        self.connection.open()
        await self.connection.wait_until_live()
        await wait_for(lambda: self.report.after_seq >= 0, "a reader to join")
        if self.plan.stall is not None:
            self._tasks.append(asyncio.create_task(self._read()))

    def schedule(self) -> None:
        """Let its faults happen, counted from now."""
        self._tasks += [asyncio.create_task(self._reset_at(at_s)) for at_s in self.plan.resets_at_s]
        if self.plan.stall is not None:
            self._tasks.append(asyncio.create_task(self._stall(*self.plan.stall)))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.report.is_stopped = self.connection.state.value == "stopped"
        await self.connection.close()
        self._rest.close()

    def _take(self, text: str) -> None:
        head = _decode_head(text)
        if head.seq is not None and head.event_id:
            number = self._frames.setdefault(text, len(self._frames))
            self.report.stream.append((number, time.time()))
            if self.on_ticket is not None and head.type == "kitchen_order_received":
                self.on_ticket(msgspec.json.decode(text)["data"]["ticketId"])
        elif head.type == "joined":
            data = msgspec.json.decode(text)["data"]
            self.life.mode, self.life.joined_at_s = data["mode"], time.time()
            if self.report.after_seq < 0:
                self.report.after_seq = data["position"]["seq"]
        elif head.type == "resync":
            data = msgspec.json.decode(text)["data"]
            known = self.connection.position
            assert known is not None
            self.report.gaps.append(
                Gap(
                    after_seq=known.seq,
                    until_seq=data["position"]["seq"],
                    reason=data["reason"],
                )
            )

    def _begin_life(self, welcome: dict[str, Any]) -> None:
        self._cause = ""
        self.report.lives.append(_begin_life(welcome))

    def _end_life(self, code: int, reason: str) -> None:  # noqa: ARG002 - the client's signature
        life = self.life
        life.ended_at_s, life.code, life.cause = time.time(), code, self._cause

    def _count_attempt(self, error: Exception) -> None:  # noqa: ARG002 - the client's signature
        self.report.failed_attempts += 1

    async def _reset_at(self, at_s: float) -> None:
        await asyncio.sleep(at_s)
        self._cause = "reset"
        self.connection.drop(is_reset=True)

    async def _stall(self, from_s: float, until_s: float) -> None:
        await asyncio.sleep(from_s)
        self._gate.clear()
        await asyncio.sleep(until_s - from_s)
        self._gate.set()

    async def _read(self) -> None:
        async for _ in self.connection.messages():
            await self._gate.wait()


class _Tills:
    """Sells at a rate, through all doors, whatever becomes of the answers."""

    def __init__(self, plan: CrowdPlan) -> None:
        self.orders: list[OrderReport] = []
        self.lives: dict[str, list[Life]] = {f"{door} socket": [] for door in plan.doors}
        self.skipped = 0
        self._plan = plan
        self._random = Random(plan.seed)
        self._rests = {
            door: RestClient(url, token=plan.till_token, tries=1)
            for door, url in plan.doors.items()
        }
        self._sockets = {f"{door} socket": self._connect(door) for door in plan.doors}
        self._guests = [
            (door, RestClient(plan.doors[door], token=token, tries=1))
            for token in plan.seats
            for door in [self._random.choice(sorted(plan.doors))]
        ]
        self._seated: dict[int, str] = {}
        self._rounds: dict[int, int] = dict.fromkeys(range(len(plan.seats)), 0)
        self._busy: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connection_ids(self) -> list[str]:
        """Those that are open now."""
        return [lives[-1].connection_id for lives in self.lives.values()]

    async def open(self) -> None:
        for connection in self._sockets.values():
            connection.open()
            await connection.wait_until_live()

    async def sell(self) -> None:
        """Send orders at the rate, never waiting for one before the next."""
        menu = await self._rests["nginx"].read_menu()
        loop = asyncio.get_running_loop()
        begun_at_s = loop.time()
        total = round(self._plan.orders_per_s * self._plan.seconds)
        for number in range(total):
            due_at_s = begun_at_s + number / self._plan.orders_per_s
            await asyncio.sleep(max(0.0, due_at_s - loop.time()))
            if len(self._tasks) >= _IN_FLIGHT_LIMIT:
                self.skipped += 1
                continue
            task = asyncio.create_task(self._submit(menu))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=_ANSWER_DEADLINE_S)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in self._sockets.values():
            await connection.close()
        for rest in [*self._rests.values(), *(guest for _, guest in self._guests)]:
            rest.close()

    def _connect(self, door: str) -> Connection:
        lives = self.lives[f"{door} socket"]

        def begin_life(welcome: dict[str, Any]) -> None:
            life = _begin_life(welcome)
            life.joined_at_s = life.began_at_s  # it only sells: let in is back
            lives.append(life)

        def end_life(code: int, reason: str) -> None:  # noqa: ARG001 - the client's signature
            lives[-1].ended_at_s, lives[-1].code = time.time(), code

        return self._rests[door].connect(
            "counter",
            max_attempts=None,
            keep_messages=False,
            on_connected=begin_life,
            on_disconnected=end_life,
        )

    async def _submit(self, menu: MenuView) -> None:
        command_id = str(uuid4())
        lines = choose_lines(menu, self._random)[:1]
        order = PlaceOrder(lines=lines, note=command_id)
        free = [
            seat
            for seat, rounds in self._rounds.items()
            if rounds < _SEATED_ROUNDS and seat not in self._busy
        ]
        if free and self._random.random() < _SEATED_SHARE:
            seat = self._random.choice(free)
            self._busy.add(seat)
            await self._submit_seated(seat, order, command_id)
            self._busy.discard(seat)
        elif self._random.random() < 0.5:
            door = self._random.choice(sorted(self._rests))
            rest = self._rests[door]
            await self._ask(
                command_id, door, lambda: rest.place_order(order, command_id=command_id)
            )
        else:
            door = self._random.choice(sorted(self._sockets))
            await self._ask(command_id, door, lambda: self._send(door, order, command_id))

    async def _submit_seated(self, seat: int, order: PlaceOrder, command_id: str) -> None:
        door, guest = self._guests[seat]
        known = self._seated.get(seat)
        if known is None:
            answer = await self._ask(
                command_id, door, lambda: guest.place_order(order, command_id=command_id)
            )
        else:
            added = AddRound(order_id=known, lines=order.lines, note=command_id)
            answer = await self._ask(
                command_id, door, lambda: guest.add_round(added, command_id=command_id)
            )
        if answer is not None:
            self._seated[seat] = answer
            self._rounds[seat] += 1

    async def _send(self, door: str, order: PlaceOrder, command_id: str) -> OrderView:
        connection = self._sockets[door]
        answer = await connection.send("place_order", order, command_id=command_id)
        return msgspec.convert(answer.data, OrderView)

    async def _ask(
        self, command_id: str, door: str, ask: Callable[[], Awaitable[OrderView]]
    ) -> str | None:
        """Ask with the same id until there is an answer; return the order's id."""
        report = OrderReport(command_id=command_id, door=door, sent_at_s=time.time())
        self.orders.append(report)
        while True:
            report.tries += 1
            wait_s = _ASKS_AGAIN_AFTER_S
            try:
                report.order_id = (await ask()).order_id
            except RefusedError as error:
                report.refusals.append(error.body.code)
                if not error.body.recoverable and error.body.code != "command_in_flight":
                    report.fault = str(error)
                    return None
                wait_s = max(wait_s, error.body.retry_after or 0)
            except (NoAnswerError, ClientError) as error:
                report.refusals.append(type(error).__name__)
            else:
                report.answered_at_s = time.time()
                return report.order_id
            await asyncio.sleep(wait_s)


class _Cook:
    """Finishes a share of the tickets, over a reader's socket."""

    def __init__(self, reader: _Reader, plan: CrowdPlan) -> None:
        self._connection = reader.connection
        self._part, self._parts = plan.part
        self._random = Random(plan.seed + 1)
        self._tasks: set[asyncio.Task[None]] = set()
        reader.on_ticket = self.take

    def take(self, ticket_id: str) -> None:
        is_ours = crc32(ticket_id.encode()) % self._parts == self._part
        if is_ours and self._random.random() < _BUMPED_SHARE:
            task = asyncio.create_task(self._bump(ticket_id, self._random.uniform(0.3, 2.0)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Wait for what is under way."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=_ANSWER_DEADLINE_S)

    async def _bump(self, ticket_id: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        try:
            await self._connection.send("bump_ticket", {"ticketId": ticket_id})
        except ClientError:
            pass  # a ticket that stays is no matter here


async def main(plan: CrowdPlan) -> None:
    """Do what the plan says, in step with what stands on the standard input."""
    frames: dict[str, int] = {}
    readers = [_Reader(each, plan.doors[each.door], frames) for each in plan.readers]
    for start in range(0, len(readers), _OPENED_AT_ONCE):
        await asyncio.gather(*(each.open() for each in readers[start : start + _OPENED_AT_ONCE]))
    tills = _Tills(plan)
    await tills.open()
    cooks = [
        _Cook(reader, plan)
        for reader in [each for each in readers if each.plan.kind == "kitchen"][:1]
    ]
    await _report_step("ready", "begin")

    lags: list[tuple[float, float]] = []
    sampler = asyncio.create_task(_sample_lags(lags))
    for reader in readers:
        reader.schedule()
    await tills.sell()
    for cook in cooks:
        await cook.stop()
    head_seq = int((await _report_step("ordered", "finish"))[0])
    try:
        await wait_for(
            lambda: all(_is_complete(each, head_seq) for each in readers),
            "readers to be complete",
            deadline_s=_COMPLETE_DEADLINE_S,
        )
    except AssertionError:
        pass  # whoever judges sees what is missing
    sampler.cancel()
    report = CrowdReport(
        frames=list(frames),
        connection_ids=[*(each.life.connection_id for each in readers), *tills.connection_ids],
        readers=[each.report for each in readers],
        tills=tills.lives,
        orders=tills.orders,
        lags=lags,
        skipped_orders=tills.skipped,
    )
    _write_report(plan, report)
    await _report_step("complete", "leave")
    await asyncio.gather(*(each.close() for each in readers))
    await tills.close()
    print("left", flush=True)


def _begin_life(welcome: dict[str, Any]) -> Life:
    return Life(connection_id=welcome["connectionId"], boot=welcome["boot"], began_at_s=time.time())


def _write_report(plan: CrowdPlan, report: CrowdReport) -> None:
    Path(plan.report_file).write_bytes(msgspec.json.encode(report))


def _is_complete(reader: _Reader, seq: int) -> bool:
    position = reader.connection.position
    return position is not None and position.seq >= seq


async def _report_step(done: str, awaited: str) -> list[str]:
    """Say what is done and wait to be told to go on; return what was said beside the word."""
    print(done, flush=True)
    line: str = await asyncio.to_thread(sys.stdin.readline)
    word, *rest = line.split()
    assert word == awaited, word
    return rest


async def _sample_lags(lags: list[tuple[float, float]]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due_at_s = loop.time() + _LAG_STEP_S
        await asyncio.sleep(_LAG_STEP_S)
        lags.append((time.time(), loop.time() - due_at_s))


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=CrowdPlan)))
