"""Readers that stop reading, for bench/hostile.py: what they cost, and what the others feel.

20 peers over all doors and ten bystanders watch a cafe in which things of 8 kB happen: once while
all read, and once while the 20 do not. Those are cut off and told why; then each comes back with
the place that it has read to, and gets exactly the rest, or is told that it is too much.
"""

import asyncio
import json
import selectors
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import msgspec

from bench.bare_peers import Door, Peer, count_connections
from bench.demo_server import employ, read_log
from bench.machine import describe_spread, find_percentile, read_rss_bytes
from client.rest import RestClient
from demo.appetite import choose_lines
from domain.commands import PlaceOrder
from domain.demo import DemoDescription
from domain.roles import Role
from domain.views.base import Position
from domain.views.menu import MenuView
from tests.support.servers import Server
from tests.support.viewpoints import Row, find_differences, sees_as_management
from tests.support.waiting import wait_for

_READERS, _BYSTANDERS = 20, 10
# One over each kind of WebSocket. What a stream has of a reader that stops is an answer of 128 KiB,
# which the kernel takes: nothing is left there to be let go of.
_STUBBORN = 2
_EVENTS, _EVENT_BYTES = 600, 8_000
# One such event comes from an order, and some smaller ones.
_ORDERS, _ORDERS_PER_S = 600, 40.0
_LINES = 5
_NOTE = "Bring it all together, please, but not before the others are served. " * 2
# As much of the stream as the server keeps has this size then, so that it grows no more.
_WARM_ORDERS = 300
# What the same load may differ by from one time to the next on a machine with two CPUs.
_SLACK_FACTOR, _SLACK_MS = 1.5, 10.0
_SLOW_CONSUMER = 4008
_REPLAY_LIMIT = 300
# Tornado gives five seconds to read the close; then the connection is let go.
_LET_GO_S = 8.0
_SAMPLE_S = 0.05
_CUT_DEADLINE_S = 60.0
_SHOWS_LIFE_S = 5.0
# The kernel takes this much for a peer that does not read, beside what it keeps to be sent.
_RECEIVE_BUFFER_BYTES = 64 * 2**10

Note = Callable[[str, str, Sequence[str]], None]


class _Head(msgspec.Struct, rename="camel"):
    """As much of a message as tells its place in the log."""

    type: str
    timestamp: int = 0
    seq: int | None = None
    event_id: str = ""


_decode_head = msgspec.json.Decoder(_Head).decode


class _Bystander:
    """A client that behaves: how late each event came, and what is seen last."""

    def __init__(self, rest: RestClient) -> None:
        self.delays_ms: list[float] = []
        self.sizes: list[int] = []
        self.last_seq = 0
        self.is_joined = False
        self.connection = rest.connect(
            "admin", max_attempts=None, keep_messages=False, on_frame=self._take
        )

    def _take(self, text: str) -> None:
        now_ms = time.time() * 1000
        head = _decode_head(text)
        if head.type == "joined":
            self.is_joined = True
        if head.seq is not None and head.event_id:
            self.last_seq = head.seq
            self.delays_ms.append(now_ms - head.timestamp)
            self.sizes.append(len(text))


class _Reader:
    """One of the 20. connection_id: by which the server's log names it.

    is_stubborn: reads nothing more before the server has let go of it. logged_code: of its end, by
    the server's log; code: as it was told.
    """

    def __init__(self, peer: Peer, connection_id: str, *, is_stubborn: bool) -> None:
        self.peer = peer
        self.connection_id = connection_id
        self.is_stubborn = is_stubborn
        self.known: Position | None = None
        self.logged_code: int | None = None
        self.code: int | None = None

    def judge(self) -> None:
        """Note what it was told, and how far its stream was whole."""
        self.code = self.peer.find_close_code()
        for message in self.peer.list_messages():
            if "epoch" in message:
                self.known = Position(
                    epoch=message["epoch"], seq=message["seq"], event_id=message["eventId"]
                )


class _Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What the bystanders saw of a load. sizes: bytes of each event that one of them got."""

    delays_ms: list[float]
    sizes: list[int]

    @property
    def p99_ms(self) -> float:
        return find_percentile(self.delays_ms, 99)


class _Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What it all came to. joined: how the readers took up their streams, by mode."""

    before: _Measured
    during: _Measured
    grown_bytes: int
    let_go_s: float
    joined: Counter[str]
    faults: list[str]


async def prove_slow_readers(
    server: Server, description: DemoDescription, manager: RestClient, note: Note
) -> None:
    """Run it all against one process and say what it came to (R9)."""
    till = await employ(description, Role.COUNTER).sign_in()
    order = _make_big_order(await till.read_menu())
    bystanders = [_Bystander(manager) for _ in range(_BYSTANDERS)]
    for each in bystanders:
        each.connection.open()
    await wait_for(lambda: all(each.is_joined for each in bystanders), "the bystanders")
    readers = [await _open_reader(server.port, manager, number) for number in range(_READERS)]
    with _reading(readers):
        await _sell(till, order, _WARM_ORDERS)
        before = await _measure(till, manager, order, bystanders)
    known = await _read_position(manager)
    for reader in readers:
        reader.known = known
    during, grown_bytes, let_go_s = await _stall(server, till, manager, order, bystanders, readers)
    for reader in readers:
        reader.judge()
        reader.peer.close()
    rows: list[Row] = [msgspec.to_builtins(each) for each in await read_log(manager)]
    resumed = [await _resume(manager, reader, rows) for reader in readers]
    outcome = _Outcome(
        before=before,
        during=during,
        grown_bytes=grown_bytes,
        let_go_s=let_go_s,
        joined=Counter(mode for mode, _ in resumed),
        faults=[fault for _, faults in resumed for fault in faults],
    )
    _report(note, readers, outcome)
    await asyncio.gather(*(each.connection.close() for each in bystanders))
    till.close()


async def _open_reader(port: int, manager: RestClient, number: int) -> _Reader:
    door = list(Door)[number % len(Door)]
    peer = await asyncio.to_thread(
        lambda: Peer(port, "admin", door, receive_buffer_bytes=_RECEIVE_BUFFER_BYTES)
    )
    token = await manager.fetch_connect_ticket("admin")
    welcome = await asyncio.to_thread(peer.authenticate, token)
    return _Reader(peer, welcome["connectionId"], is_stubborn=number < _STUBBORN)


@contextmanager
def _reading(readers: Sequence[_Reader]) -> Iterator[None]:
    """Read and forget all that comes, in a thread; at the end nothing is left to be read."""
    is_over = threading.Event()

    def read() -> None:
        with selectors.DefaultSelector() as selector:
            for reader in readers:
                selector.register(reader.peer.socket, selectors.EVENT_READ, reader)
            shown_at_s = time.monotonic()
            while (ready := selector.select(0.5)) or not is_over.is_set():
                for key, _ in ready:
                    assert key.data.peer.read(), "a reader that reads was closed"
                    key.data.peer.forget()
                if time.monotonic() - shown_at_s > _SHOWS_LIFE_S:
                    shown_at_s = time.monotonic()
                    for reader in readers:
                        reader.peer.show_life()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


async def _sell(till: RestClient, order: PlaceOrder, count: int) -> None:
    """Place so many orders at a rate, never waiting for one before the next."""
    loop = asyncio.get_running_loop()
    begun_at_s = loop.time()
    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            await asyncio.sleep(max(0.0, begun_at_s + number / _ORDERS_PER_S - loop.time()))
            tasks.create_task(till.place_order(order))


async def _measure(
    till: RestClient, manager: RestClient, order: PlaceOrder, bystanders: Sequence[_Bystander]
) -> _Measured:
    for each in bystanders:
        each.delays_ms.clear()
        each.sizes.clear()
    await _sell(till, order, _ORDERS)
    head = (await _read_position(manager)).seq
    await wait_for(lambda: all(each.last_seq >= head for each in bystanders), "all events")
    return _Measured(
        delays_ms=[delay for each in bystanders for delay in each.delays_ms],
        sizes=list(bystanders[0].sizes),
    )


async def _stall(
    server: Server,
    till: RestClient,
    manager: RestClient,
    order: PlaceOrder,
    bystanders: Sequence[_Bystander],
    readers: Sequence[_Reader],
) -> tuple[_Measured, int, float]:
    """Let the same happen while the readers do not read.

    Returns what was measured, by how many bytes the server grew at most, and in how many seconds it
    had let go of all the readers' connections.
    """
    connections = count_connections(server.port)
    sizes = [read_rss_bytes(server.pid)]

    async def sample() -> None:
        while True:
            sizes.append(read_rss_bytes(server.pid))
            await asyncio.sleep(_SAMPLE_S)

    sampling = asyncio.create_task(sample())
    cutting = asyncio.create_task(_read_once_cut(server, readers))
    during = await _measure(till, manager, order, bystanders)
    await cutting
    sampling.cancel()
    begun_s = time.monotonic()
    await wait_for(
        lambda: count_connections(server.port) <= connections - len(readers),
        "the readers' connections to be let go",
    )
    let_go_s = time.monotonic() - begun_s
    for reader in readers[:_STUBBORN]:
        await asyncio.to_thread(reader.peer.read_to_close)
    return during, max(sizes) - sizes[0], let_go_s


async def _read_once_cut(server: Server, readers: Sequence[_Reader]) -> None:
    """Follow the server's log; let each reader read on when its session has ended."""
    waiting = {reader.connection_id: reader for reader in readers}
    reading: list[asyncio.Task[None]] = []
    with server.log_file.open() as log:
        log.seek(0, 2)
        deadline_s = time.monotonic() + _CUT_DEADLINE_S
        while waiting and time.monotonic() < deadline_s:
            for line in log:
                if '"connection_closed"' not in line:
                    continue
                closed = json.loads(line)
                if reader := waiting.pop(closed["connection_id"], None):
                    reader.logged_code = closed["code"]
                    if not reader.is_stubborn:
                        reading.append(asyncio.create_task(_read_and_leave(reader)))
            await asyncio.sleep(_SAMPLE_S)
    await asyncio.gather(*reading)


async def _read_and_leave(reader: _Reader) -> None:
    await asyncio.to_thread(reader.peer.read_to_close)
    reader.peer.close()


async def _read_position(manager: RestClient) -> Position:
    """Return the end of the log."""
    last = (await read_log(manager))[-1]
    return Position(epoch=last.epoch, seq=last.seq, event_id=last.event_id)


async def _resume(
    manager: RestClient, reader: _Reader, rows: Sequence[Row]
) -> tuple[str, list[str]]:
    """Come back with the position that was read to; return the mode and what is wrong."""
    assert reader.known is not None
    frames: list[dict[str, Any]] = []
    connection = manager.connect(
        "admin",
        position=reader.known,
        keep_messages=False,
        on_frame=lambda text: frames.append(json.loads(text)),
    )
    behind = rows[-1]["seq"] - reader.known.seq
    expected = "replay" if behind <= _REPLAY_LIMIT else "resync"
    async with connection:
        await wait_for(
            lambda: any(
                each["type"] == "resync" or each.get("seq") == rows[-1]["seq"] for each in frames
            ),
            "a reader to be up to date",
        )
    mode = next(each["data"]["mode"] for each in frames if each["type"] == "joined")
    faults = [] if mode == expected else [f"{behind} behind, a reader joined by {mode}"]
    if mode == "replay":
        faults += find_differences(
            frames, rows, after_seq=reader.known.seq, sees=sees_as_management
        )
    return mode, faults


def _report(note: Note, readers: Sequence[_Reader], outcome: _Outcome) -> None:
    before, during = outcome.before, outcome.during
    faults = list(outcome.faults)
    big = [size for size in during.sizes if size >= _EVENT_BYTES]
    if len(big) < _EVENTS:
        faults.append(f"only {len(big)} events had {_EVENT_BYTES} bytes")
    codes = Counter(reader.logged_code for reader in readers)
    told = Counter(reader.code for reader in readers if not reader.is_stubborn)
    if codes != {_SLOW_CONSUMER: _READERS} or told != {_SLOW_CONSUMER: _READERS - _STUBBORN}:
        faults.append(f"the readers were closed with {dict(codes)} and told {dict(told)}")
    if outcome.grown_bytes > _READERS * 2**20:
        faults.append(f"the server grew by {outcome.grown_bytes / 2**20:.1f} MiB")
    if outcome.let_go_s > _LET_GO_S:
        faults.append(f"connections were let go after {outcome.let_go_s:.1f} s only")
    note(
        "R9",
        f"{_READERS} readers stop, {len(big)} events of {sum(big) / len(big) / 1000:.1f} kB: "
        f"{codes[_SLOW_CONSUMER]} closed with {_SLOW_CONSUMER}, told so all {told.total()} that "
        "read again, memory at most "
        f"{outcome.grown_bytes / 2**20 / _READERS:+.2f} MiB each, connections let go after "
        f"{outcome.let_go_s:.1f} s; back by {dict(outcome.joined)}, as far as {_REPLAY_LIMIT} "
        "events behind with exactly the rest",
        faults,
    )
    limit_ms = _SLACK_FACTOR * before.p99_ms + _SLACK_MS
    note(
        "R9",
        "the others, from an event to its arrival: before "
        f"{describe_spread(before.delays_ms, 'ms')}; "
        f"during {describe_spread(during.delays_ms, 'ms')}",
        [f"p99 above {limit_ms:.1f} ms"] if during.p99_ms > limit_ms else [],
    )


def _make_big_order(menu: MenuView) -> PlaceOrder:
    """Make an order of one dish, of which an event has the size that is asked for."""
    line = msgspec.structs.replace(choose_lines(menu, Random(1))[0], note=_NOTE)
    return PlaceOrder(lines=[line] * _LINES)
