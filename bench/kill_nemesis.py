"""kill -9 under load, again and again: what was acknowledged is there once, and nothing else.

    python -m bench.kill_nemesis [--kills 20] [--database sqlite postgres]

Tills place orders and guests add rounds over REST, each with an Idempotency-Key that also stands
in the order's note; a cook bumps tickets; a manager's socket watches the cafe. The server is
killed at random moments and started again on the same data. A client that got no answer asks
again with the same key, or now and then gives up. At the end, through the API alone:
  - every acknowledged command is in the log and in the orders exactly once,
  - a command that was given up is there once or not at all,
  - asking again with an old key gives the first answer,
  - `seq` has no gap, and what the socket received is the log.
Exit code 1 when one of these fails; the server's log is kept then, and the run says where. Run it
on a tree that nobody edits: each new life of the server takes the code as it is.
"""

import asyncio
import os
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from uuid import uuid4

from bench.demo_server import (
    ORDER_CREATED,
    LoggedEvent,
    employ,
    find_miscounted,
    list_complaints,
    list_submitted,
    open_database,
    read_description,
    read_log,
    run_demo,
)
from bench.machine import build_parser, describe_run, report_verdict, run_proof
from client.connection import Connection
from client.messages import RefusedError
from client.rest import RestClient, UnansweredError
from demo.appetite import choose_lines
from domain.commands import PlaceOrder
from domain.demo import DemoDescription
from domain.roles import Role
from domain.views.menu import MenuView
from domain.views.orders import OrderView
from tests.support.servers import Server
from tests.support.waiting import wait_for

_TILLS, _TABLES = 4, 4
_PAUSE_S = 0.25
# Some four events each: on the slowest machine the watcher, which is away for as long as a server
# takes to start, must stay within the 300 events that a replay bridges.
_UNSEEN_LIMIT = 40
_GIVES_UP_SHARE = 0.2
_ASKS_AGAIN_AFTER_S = 0.2
_COMES_BACK_AFTER_S = 0.2
_EARLIEST_KILL_S, _LATEST_KILL_S = 0.2, 2.5
_REPEATED = 50


@dataclass(slots=True)
class Book:
    """What clients know: command id -> what they sent, and what they were told."""

    sent: dict[str, tuple[RestClient, PlaceOrder]] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    retries: int = 0
    received: list[tuple[int, str]] = field(default_factory=list)
    resyncs: list[str] = field(default_factory=list)
    done: int = 0
    done_when_last_received: int = 0

    @property
    def is_watcher_behind(self) -> bool:
        """Whether so much has happened since the watcher heard anything that all should wait."""
        return self.done - self.done_when_last_received > _UNSEEN_LIMIT


def main() -> int:
    """Run the proof on the databases that were asked for and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", nargs="+", default=["sqlite", "postgres"])
    options = parser.parse_args()
    print(describe_run())
    faults: list[str] = []
    for kind in options.database:
        with open_database(kind) as url, run_demo(database_url=url) as server:
            found = asyncio.run(_torment(server, kills=options.kills, random=Random(options.seed)))
            complaints = list_complaints(server)
            print(f"{kind:<9} log: {len(complaints)} lines at warning or above")
            found += [f"logged: {each}" for each in complaints[:10]]
            if found:
                print(f"{kind:<9} the server's log is kept in {_keep_log(server, kind)}")
            faults += [f"{kind}: {fault}" for fault in found]
    return report_verdict(faults)


def _keep_log(server: Server, kind: str) -> str:
    handle, path = tempfile.mkstemp(prefix=f"tabletap-kill-nemesis-{kind}-", suffix=".log")
    with os.fdopen(handle, "wb") as kept:
        kept.write(server.log_file.read_bytes())
    return path


async def _torment(server: Server, *, kills: int, random: Random) -> list[str]:
    description = read_description(server)
    book = Book()
    stop = asyncio.Event()
    manager = employ(description, Role.MANAGER)
    rest = await manager.sign_in()
    # One try a ticket: the client's own back-off would grow while the server starts.
    watcher_rest = RestClient(description.url, token=rest.token, tries=1)
    async with watcher_rest.connect("admin", max_attempts=None, sleep=_come_back_soon) as watching:
        await watching.wait_until_live()
        watcher = asyncio.create_task(_watch(watching, book))
        writers = await _hire_writers(description, book, random, stop)
        writers.append(asyncio.create_task(_cook(description, book, stop)))
        for _ in range(kills):
            await asyncio.sleep(random.uniform(_EARLIEST_KILL_S, _LATEST_KILL_S))
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
        stop.set()
        await asyncio.gather(*writers)
        log = await read_log(rest)
        with suppress(AssertionError):  # what is missing is told below
            await wait_for(
                lambda: bool(book.received) and book.received[-1][0] >= log[-1].seq,
                "the watcher to see the end of the log",
            )
        watcher.cancel()
    faults = _check_log(log, book)
    faults += await _check_orders(rest, log, book)
    faults += await _check_repeats(book, random)
    print(
        f"{kills} kills: {len(book.sent)} commands, {len(book.acknowledged)} acknowledged, "
        f"{len(book.given_up)} given up, {book.retries} asked again, {len(log)} events, "
        f"{len(book.received)} received"
    )
    return faults


async def _come_back_soon(_: float) -> None:
    # The back-off would grow with every kill, and the watcher fall behind what a replay bridges.
    await asyncio.sleep(_COMES_BACK_AFTER_S)


async def _hire_writers(
    description: DemoDescription, book: Book, random: Random, stop: asyncio.Event
) -> list[asyncio.Task[None]]:
    clerk = await employ(description, Role.COUNTER).sign_in()
    menu = await clerk.read_menu()
    holders = [RestClient(description.url, token=clerk.token, tries=1) for _ in range(_TILLS)]
    for table in description.tables[:_TABLES]:
        guest = RestClient(description.url, tries=1)
        await guest.open_table_session(table.link.rpartition("/")[2])
        holders.append(guest)
    return [
        asyncio.create_task(_write(holder, menu, book, Random(random.random()), stop))
        for holder in holders
    ]


async def _write(
    rest: RestClient, menu: MenuView, book: Book, random: Random, stop: asyncio.Event
) -> None:
    while not stop.is_set():
        if not book.is_watcher_behind:
            command_id = str(uuid4())
            command = PlaceOrder(lines=choose_lines(menu, random), note=command_id)
            book.sent[command_id] = (rest, command)
            may_give_up = random.random() < _GIVES_UP_SHARE
            order = await _submit(rest, command, book, may_give_up=may_give_up)
            if order is None:
                book.given_up.add(command_id)
            else:
                book.acknowledged[command_id] = order.order_id
            book.done += 1
        await asyncio.sleep(random.uniform(0.5, 1.5) * _PAUSE_S)


async def _cook(description: DemoDescription, book: Book, stop: asyncio.Event) -> None:
    rest = await employ(description, Role.KITCHEN).sign_in()
    cook = RestClient(description.url, token=rest.token, tries=1)
    while not stop.is_set():
        if not book.is_watcher_behind:
            await _bump_oldest(cook)
            book.done += 1
        await asyncio.sleep(_PAUSE_S)


async def _bump_oldest(cook: RestClient) -> None:
    """Bump the oldest ticket; what is refused or lost is the next time's turn."""
    try:
        for ticket in (await cook.list_tickets()).tickets[:1]:
            await cook.move_ticket(ticket.ticket_id, "ready")
    except UnansweredError:
        pass
    except RefusedError as error:
        if error.status not in (409, 503):
            raise


async def _submit(
    rest: RestClient, command: PlaceOrder, book: Book, *, may_give_up: bool
) -> OrderView | None:
    """Ask until there is an answer; None where the client gave up."""
    while True:
        try:
            return await rest.place_order(command, command_id=command.note)
        except UnansweredError:
            if may_give_up:
                return None
        except RefusedError as error:
            # 503: the server is full or its database slow; 409: the first request is under way.
            if error.status not in (409, 503):
                raise
        book.retries += 1
        await asyncio.sleep(_ASKS_AGAIN_AFTER_S)


async def _watch(connection: Connection, book: Book) -> None:
    async for message in connection.messages():
        if message.type == "resync":
            book.resyncs.append(f"{message.data['reason']} after {book.received[-1:]}")
        elif message.seq is not None:
            book.received.append((message.seq, message.event_id))
            book.done_when_last_received = book.done


def _check_log(log: list[LoggedEvent], book: Book) -> list[str]:
    faults = []
    if [event.seq for event in log] != list(range(1, len(log) + 1)):
        faults.append("the log's seq has a gap or a double")
    if len({event.epoch for event in log}) != 1:
        faults.append("the epoch changed")
    if book.resyncs:
        faults.append(f"the watcher was told to resync: {', '.join(book.resyncs)}")
    # order_ready goes to the order's own room alone.
    expected = [
        (event.seq, event.event_id) for event in log if event.event["type"] != "order_ready"
    ]
    first_seq = book.received[0][0] if book.received else 1
    if book.received != [each for each in expected if each[0] >= first_seq]:
        faults.append("the resumed stream is not the log")
    return faults + _check_once(Counter(list_submitted(log)), book, "the log")


def _check_once(counts: Counter[str], book: Book, where: str) -> list[str]:
    return find_miscounted(counts, acknowledged=book.acknowledged, sent=book.sent, where=where)


async def _check_orders(rest: RestClient, log: list[LoggedEvent], book: Book) -> list[str]:
    """Read every order of the log one by one: lists are of a screen's length."""
    order_ids = [row.event["order"]["orderId"] for row in log if row.event["type"] == ORDER_CREATED]
    orders = [await rest.read_order(order_id) for order_id in order_ids]
    counts = Counter(each.note for order in orders for each in order.rounds)
    faults = _check_once(counts, book, "the orders")
    places = {each.note: order.order_id for order in orders for each in order.rounds}
    moved = [key for key, order_id in book.acknowledged.items() if places.get(key) != order_id]
    if moved:
        faults.append(f"{len(moved)} commands are in another order than was acknowledged")
    return faults


async def _check_repeats(book: Book, random: Random) -> list[str]:
    """Ask again with old keys: the first answer comes, and no further order."""
    keys = random.sample(sorted(book.acknowledged), min(_REPEATED, len(book.acknowledged)))
    wrong = 0
    for key in keys:
        rest, command = book.sent[key]
        order = await rest.place_order(command, command_id=key)
        wrong += order.order_id != book.acknowledged[key]
    return [f"{wrong} of {len(keys)} repeated commands got another answer"] if wrong else []


if __name__ == "__main__":
    run_proof(main)
