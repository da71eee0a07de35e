"""Hostile and dying clients at the running product: what each may do, and what nobody else feels.

    python -m bench.hostile

Two processes with PostgreSQL and Valkey; how many messages a connection may send is as by default.
One line a question, with its figures, by the numbers of the transport's requirements:
  - R4: whoever says nothing is told so after 10 s; 1,100 at once from one address, of which a
    thousand may wait, and an honest client from another address
  - R5: 1,000 messages a second, and frames of 200 kB, over each kind of WebSocket
  - R6: frames that are no message, and a bug in a command (a division in the database)
  - R9: 20 readers, over all doors, that stop reading while 600 events of 8 kB happen
  - R10: peers that fall silent, or close one half, are gone from both processes and Valkey;
    `kill -9` of a process with 500 sockets
R7 and R8, that every stream is the log whatever is killed, are proved by bench.kill_nemesis,
bench.resume and bench.plane_nemesis. Exit code 1 when one of the answers is wrong.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from random import Random
from typing import Any

import msgspec
import psycopg2

from bench.bare_peers import Door, Peer, await_closes, half_close
from bench.demo_server import employ
from bench.hostile_readers import prove_slow_readers
from bench.machine import (
    build_parser,
    describe_run,
    describe_spread,
    read_rss_bytes,
    report_verdict,
    run_proof,
)
from bench.whole_fleet import run_whole_fleet
from client.rest import RestClient
from demo.appetite import choose_lines
from domain.roles import Role
from tests.support.bad_input import list_bad_frames, list_bad_texts
from tests.support.contract import Contract
from tests.support.fleet import Fleet
from tests.support.people import Caller, sit_down
from tests.support.raw_wire import RawSocket
from tests.support.valkey import ValkeyServer
from tests.support.waiting import wait_for

# Of config/settings.py and realtime/plane.py, which looks at its connections once a second.
_AUTHENTICATE_S, _GREETING_LIMIT, _FRAME_LIMIT_BYTES = 10.0, 1000, 64 * 2**10
_DEAD_S = {"guest": 45.0, "program": 45.0, "dashboard": 15.0}
_LOOK_S = 1.0
# Two looks a second here, and a hop over Valkey.
_SEEN_S = 1.0
_SILENT, _SILENT_ADDRESS, _HONEST_ADDRESS = 1100, "127.0.0.3", "127.0.0.2"
_HONEST_LIMIT_MS = 1000.0
_FLOODS, _FLOOD_PER_S, _FLOOD_S = 8, 1000, 10.0
_FLAT_BYTES = 4 * 2**20
_BIG_FRAME = "x" * 200_000
_FRAMES_A_SOCKET = 40  # below the burst that a connection may send
_KILLED_SOCKETS, _PRESENCE_S = 500, 60.0
_TOO_FAST, _UNANSWERED = 4013, 4012
_OVERLOADED = 4016
_HEARTBEAT = {"type": "heartbeat", "data": {}}


class _Answers:
    """Prints a line for each question and keeps what was wrong."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def note(self, requirement: str, figures: str, faults: Sequence[str] = ()) -> None:
        """Print what a question came to."""
        print(f"{requirement:<4} {'FAILED' if faults else 'passed'}  {figures}", flush=True)
        self.faults += [f"{requirement}: {fault}" for fault in faults]


def main() -> int:
    """Ask everything and return the exit code."""
    build_parser(__doc__).parse_args()
    print(describe_run())
    with run_whole_fleet(frames_per_second="20", frame_burst="60") as whole:
        answers = _Answers()
        asyncio.run(_Hostile(*whole, answers).run())
    return report_verdict(answers.faults)


class _Hostile:
    """Does to the first process what must not matter, and looks at both."""

    def __init__(
        self, fleet: Fleet, valkey: ValkeyServer, database_url: str, answers: _Answers
    ) -> None:
        self._fleet = fleet
        self._first = fleet.processes[0]
        self._valkey = valkey
        self._database_url = database_url
        self._answers = answers
        self._description = fleet.describe(0)

    async def run(self) -> None:
        """Ask one question after the other; the dead are waited for beside the first ones."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(64))
        self._contract = await asyncio.to_thread(Contract.fetch, self._description.url)
        self._guest = await sit_down(self._description, self._contract)
        self._manager = await employ(self._description, Role.MANAGER).sign_in()
        self._cook = await employ(self._description, Role.KITCHEN).sign_in()
        # By another process than the one that has them.
        self._witness = await employ(self._fleet.describe(1), Role.MANAGER).sign_in()
        dead = asyncio.create_task(self._leave_dead_peers())
        await self._keep_silent()
        await self._send_big_frames()
        await self._flood()
        await self._send_broken_frames()
        await self._force_a_bug()
        self._answers.note(
            "R7", "is proved by bench.kill_nemesis, bench.resume, bench.plane_nemesis"
        )
        self._answers.note("R8", "is proved by bench.kill_nemesis, bench.plane_nemesis")
        await dead
        await prove_slow_readers(self._first, self._description, self._manager, self._answers.note)
        await self._kill_with_sockets()

    # --- R4 -----------------------------------------------------------------------------------

    async def _keep_silent(self) -> None:
        doors = list(Door)
        with ExitStack() as stack:
            singles = [await self._open("customers", door) for door in doors]
            crowd = await asyncio.gather(
                *(
                    self._open("customers", Door.PLAIN, address=_SILENT_ADDRESS)
                    for _ in range(_SILENT)
                )
            )
            for peer in [*singles, *crowd]:
                stack.callback(peer.close)
            watching = asyncio.create_task(
                asyncio.to_thread(await_closes, [*singles, *crowd], seconds=30)
            )
            trips_ms = [await self._visit_from_elsewhere() for _ in range(10)]
            ended = await watching
        codes = Counter((peer.find_close_code(), ended.get(peer, 99) < 5) for peer in crowd)
        kept = [ended[peer] for peer in crowd if peer.find_close_code() == _UNANSWERED]
        single_s = {peer.door: ended.get(peer, 99.0) for peer in singles}
        faults = [
            f"{peer.door}: {peer.find_close_code()} after {single_s[peer.door]:.1f} s"
            for peer in singles
            if peer.find_close_code() != _UNANSWERED
            or not _AUTHENTICATE_S <= single_s[peer.door] <= _AUTHENTICATE_S + 2 * _LOOK_S
        ]
        shown = ", ".join(f"{door} {at_s:.1f} s" for door, at_s in single_s.items())
        self._answers.note("R4", f"silent: closed with {_UNANSWERED} after: {shown}", faults)
        expected = {
            (_UNANSWERED, False): _GREETING_LIMIT,
            (_OVERLOADED, True): _SILENT - _GREETING_LIMIT,
        }
        faults = [] if codes == expected else [f"the crowd was closed with {dict(codes)}"]
        if max(trips_ms) > _HONEST_LIMIT_MS:
            faults.append(f"an honest client took {max(trips_ms):.0f} ms")
        self._answers.note(
            "R4",
            f"{_SILENT} silent from one address: {codes[_OVERLOADED, True]} refused at once with "
            f"{_OVERLOADED}, {len(kept)} closed after {min(kept, default=0):.1f} to "
            f"{max(kept, default=0):.1f} s; to be live from another address "
            f"{describe_spread(trips_ms, 'ms')}",
            faults,
        )

    async def _visit_from_elsewhere(self) -> float:
        """Connect, authenticate and be answered from another address; return how long, in ms."""
        token = await self._guest.fetch_ticket("customers")
        begun_s = time.perf_counter()
        peer = await self._open("customers", Door.PLAIN, address=_HONEST_ADDRESS)
        await asyncio.to_thread(peer.authenticate, token)
        taken_ms = (time.perf_counter() - begun_s) * 1000
        peer.close()
        return taken_ms

    async def _open(self, namespace: str, door: Door, *, address: str = "127.0.0.1") -> Peer:
        return await asyncio.to_thread(Peer, self._first.port, namespace, door, address=address)

    # --- R5 -----------------------------------------------------------------------------------

    async def _send_big_frames(self) -> None:
        """A frame beyond the limit is an error, and the next message is answered."""
        faults: list[str] = []
        for is_sockjs in (False, True):
            async with _open_raw(self._guest, "customers", is_sockjs=is_sockjs) as raw:
                before_bytes = read_rss_bytes(self._first.pid)
                for _ in range(20):
                    error = await raw.ask({**_HEARTBEAT, "data": {"x": _BIG_FRAME}})
                    if error is None or error.get("details") != {"limitBytes": _FRAME_LIMIT_BYTES}:
                        faults.append(f"200 kB were answered with {error}")
                answer = await raw.ask(_HEARTBEAT)
                if answer is None or answer["type"] != "heartbeat":
                    faults.append(f"the next heartbeat was answered with {answer}")
                grown = read_rss_bytes(self._first.pid) - before_bytes
                if grown > _FLAT_BYTES:
                    faults.append(f"the server grew by {grown / 2**20:.1f} MiB")
        self._answers.note(
            "R5",
            "40 frames of 200 kB: each an error that names the limit, the socket stays, "
            f"memory {grown / 2**20:+.1f} MiB",
            faults,
        )

    async def _flood(self) -> None:
        faults: list[str] = []
        sizes: list[int] = []
        refused: list[int] = []
        sent: list[int] = []
        lasted_s: list[float] = []
        for number in range(_FLOODS):
            peer = await self._open("customers", (Door.PLAIN, Door.SOCKJS)[number % 2])
            token = await self._guest.fetch_ticket("customers")
            await asyncio.to_thread(peer.authenticate, token)
            begun_s = time.monotonic()
            sent.append(await asyncio.to_thread(_send_flood, peer))
            lasted_s.append(time.monotonic() - begun_s)
            messages = peer.list_messages()
            refusals = [each for each in messages if each["type"] == "rate_limit_exceeded"]
            refused.append(len(refusals))
            if peer.find_close_code() != _TOO_FAST:
                faults.append(f"{peer.door} was closed with {peer.find_close_code()}")
            if not refusals or not all(each.get("retryAfter", 0) >= 1 for each in refusals):
                faults.append(f"{peer.door}: {len(refusals)} refusals, not all with retryAfter")
            peer.close()
            sizes.append(read_rss_bytes(self._first.pid))
        grown = sizes[-1] - sizes[1]
        if grown > _FLAT_BYTES:
            faults.append(f"the server grew by {grown / 2**20:.1f} MiB")
        self._answers.note(
            "R5",
            f"{_FLOODS} floods of {_FLOOD_PER_S} a second: {min(refused)} to {max(refused)} of "
            f"{min(sent)} to {max(sent)} refused with retryAfter, closed with {_TOO_FAST} after "
            f"{max(lasted_s):.1f} s at most, memory {grown / 2**20:+.1f} MiB",
            faults,
        )

    # --- R6 -----------------------------------------------------------------------------------

    async def _send_broken_frames(self) -> None:
        menu = await self._manager.read_menu()
        line = msgspec.to_builtins(choose_lines(menu, Random(1))[0])
        frames: dict[str, str | bytes] = {
            name: frame
            for name, (frame, _) in list_bad_frames(line, limit_bytes=_FRAME_LIMIT_BYTES).items()
        }
        for name, text, _ in list_bad_texts(line):
            frames[name] = f'{{"type":"place_order","id":"broken","data":{text}}}'
        faults: list[str] = []
        pongs_ms: list[float] = []
        for is_sockjs in (False, True):
            names = list(frames)
            for first in range(0, len(names), _FRAMES_A_SOCKET):
                async with _open_raw(self._guest, "customers", is_sockjs=is_sockjs) as raw:
                    for name in names[first : first + _FRAMES_A_SOCKET]:
                        answer = await raw.ask(frames[name])
                        if answer is None or not answer.get("recoverable"):
                            faults.append(f"{name} was answered with {answer}")
                            break
                        pongs_ms.append(await _time_ping(raw))
        self._answers.note(
            "R6",
            f"{2 * len(frames)} broken frames: each an error, the socket stays, next ping "
            f"{describe_spread(pongs_ms, 'ms')}",
            faults,
        )

    async def _force_a_bug(self) -> None:
        """Let an operation fail as nobody expects; its id may be sent again once it is mended."""
        staff = Caller(self._description.url, self._contract, token=self._manager.token or "")
        menu = await self._manager.read_menu()
        item_id = menu.categories[0].items[0].menu_item_id
        command = {
            "type": "set_availability",
            "id": "bug",
            "data": {"menuItemId": item_id, "isSoldOut": True},
        }
        faults: list[str] = []
        for is_sockjs in (False, True):
            async with _open_raw(staff, "admin", is_sockjs=is_sockjs) as raw:
                sent = {**command, "id": f"bug-{is_sockjs}"}
                sent["data"] = {"menuItemId": item_id, "isSoldOut": not is_sockjs}
                self._execute(
                    "CREATE FUNCTION bug() RETURNS trigger LANGUAGE plpgsql AS"
                    " 'BEGIN PERFORM 1 / 0; RETURN NEW; END';"
                    "CREATE TRIGGER bug BEFORE UPDATE ON menu_item"
                    " FOR EACH ROW EXECUTE FUNCTION bug()"
                )
                answer = await raw.ask(sent)
                await raw.ping()
                self._execute("DROP TRIGGER bug ON menu_item; DROP FUNCTION bug()")
                again = await raw.ask(sent)
                if answer is None or answer["type"] != "server_error":
                    faults.append(f"a bug was answered with {answer}")
                if again is None or again["type"] != "ack":
                    faults.append(f"the same id was then answered with {again}")
        staff.close()
        self._answers.note(
            "R6",
            "a bug in a command: server_error, next ping answered, the same id then acknowledged",
            faults,
        )

    def _execute(self, statements: str) -> None:
        connection = psycopg2.connect(self._database_url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statements)
        connection.close()

    # --- R10 ----------------------------------------------------------------------------------

    async def _leave_dead_peers(self) -> None:
        """Open one of each, fall silent, and see when the other process does not show it."""
        peers: dict[str, tuple[str, Peer]] = {}
        halves: dict[str, Peer] = {}
        render = {"render": ["kitchen_ticket"]}
        for door in Door:
            for kind, wishes in (("guest", {}), ("program", {}), ("dashboard", render)):
                namespace = "customers" if kind == "guest" else "kitchen"
                peer = await self._open(namespace, door)
                token = await self._fetch_ticket(kind)
                welcome = await asyncio.to_thread(peer.authenticate, token, **wishes)
                peer.opened_at_s = time.monotonic()  # heard of last
                peers[welcome["connectionId"]] = kind, peer
            half = await self._open("customers", door)
            welcome = await asyncio.to_thread(half.authenticate, await self._fetch_ticket("guest"))
            halves[welcome["connectionId"]] = half
        await wait_for(lambda: self._shows({*peers, *halves}), "all to be shown")
        for half in halves.values():
            half.opened_at_s = time.monotonic()
            half_close(half)
        found_s = await self._time_absence({**{i: p for i, (_, p) in peers.items()}, **halves})
        self._report_dead(peers, halves, found_s)

    def _report_dead(
        self,
        peers: dict[str, tuple[str, Peer]],
        halves: dict[str, Peer],
        found_s: dict[str, float],
    ) -> None:
        faults = self._list_left([*peers, *halves])
        shown: list[str] = []
        for kind, limit_s in _DEAD_S.items():
            times = {p.door: found_s[i] for i, (each, p) in peers.items() if each == kind}
            shown.append(f"{kind} " + "/".join(f"{each:.1f}" for each in times.values()))
            faults += [
                f"a dead {kind} over {door} was there for {at_s:.1f} s"
                for door, at_s in times.items()
                if at_s > limit_s + _LOOK_S + _SEEN_S
            ]
        half_s = [found_s[each] for each in halves]
        faults += [f"a half-closed peer was there for {each:.1f} s" for each in half_s if each > 3]
        self._answers.note(
            "R10",
            f"dead over {'/'.join(Door)}: gone from the other process after {', '.join(shown)}, "
            f"half-closed {'/'.join(f'{each:.1f}' for each in half_s)} s; nothing left in Valkey",
            faults,
        )
        for _, peer in peers.values():
            peer.close()
        for half in halves.values():
            half.close()

    async def _fetch_ticket(self, kind: str) -> str:
        if kind == "guest":
            return await self._guest.fetch_ticket("customers")
        return await self._cook.fetch_connect_ticket("kitchen")

    async def _time_absence(self, peers: dict[str, Peer]) -> dict[str, float]:
        """Return of each when it was shown no longer, counted from when it was heard of last."""
        gone_s: dict[str, float] = {}
        deadline_s = time.monotonic() + _PRESENCE_S
        while len(gone_s) < len(peers) and time.monotonic() < deadline_s:
            shown = await self._read_presence()
            for connection_id in peers.keys() - shown - gone_s.keys():
                gone_s[connection_id] = time.monotonic() - peers[connection_id].opened_at_s
            await asyncio.sleep(0.2)
        return {each: gone_s.get(each, _PRESENCE_S) for each in peers}

    def _list_left(self, connection_ids: Sequence[str]) -> list[str]:
        """List what Valkey still holds of connections."""
        with self._valkey.connect() as client:
            sets = list(client.scan_iter("*:connections"))
            return [
                f"Valkey still holds {connection_id}"
                for connection_id in connection_ids
                if client.exists(f"connection:{connection_id}")
                or any(client.zscore(each, connection_id) is not None for each in sets)
            ]

    async def _shows(self, connection_ids: set[str]) -> bool:
        return connection_ids <= await self._read_presence()

    async def _read_presence(self, rest: RestClient | None = None) -> set[str]:
        answer = await (rest or self._witness).call("GET", "/connections", dict[str, Any])
        return {each["connectionId"] for each in answer["connections"]}

    async def _kill_with_sockets(self) -> None:
        """End the process of 500 sockets at once; they come back when it does."""
        ids: dict[int, str] = {}
        connections = []
        for number in range(_KILLED_SOCKETS):

            def note(welcome: dict[str, Any], number: int = number) -> None:
                ids[number] = welcome["connectionId"]

            connection = self._manager.connect(
                "admin", max_attempts=None, keep_messages=False, on_connected=note
            )
            connection.open()
            connections.append(connection)
        await wait_for(lambda: len(ids) == _KILLED_SOCKETS, "all sockets", deadline_s=60)
        old_ids = set(ids.values())
        await wait_for(lambda: self._shows(old_ids), "all to be shown")
        killed_at_s = time.monotonic()
        await asyncio.to_thread(self._first.kill)
        await wait_for(lambda: self._shows_none(old_ids), "no ghosts", deadline_s=_PRESENCE_S)
        gone_s = time.monotonic() - killed_at_s
        begun_s = time.monotonic()
        await asyncio.to_thread(self._first.start)
        await wait_for(
            lambda: self._shows_exactly(ids, old_ids), "presence", deadline_s=_PRESENCE_S
        )
        right_s = time.monotonic() - begun_s
        await asyncio.gather(*(each.close() for each in connections))
        faults = [
            f"presence was right after {each:.0f} s only"
            for each in (gone_s, right_s)
            if each > _PRESENCE_S
        ]
        self._answers.note(
            "R10",
            f"kill -9 with {_KILLED_SOCKETS} sockets: no ghost at the other process after "
            f"{gone_s:.1f} s; all back and both right {right_s:.1f} s after the new start began",
            faults,
        )

    async def _shows_none(self, connection_ids: set[str]) -> bool:
        return not connection_ids & await self._read_presence()

    async def _shows_exactly(self, ids: dict[int, str], old_ids: set[str]) -> bool:
        wanted = set(ids.values())
        if wanted & old_ids:
            return False
        return all(
            [await self._read_presence(each) == wanted for each in (self._witness, self._manager)]
        )


def _send_flood(peer: Peer) -> int:
    """Send heartbeats at a rate until the server has closed; return how many were sent."""
    reader = threading.Thread(target=peer.read_to_close)
    reader.start()
    begun_s = time.monotonic()
    sent = 0
    while reader.is_alive() and time.monotonic() - begun_s < _FLOOD_S:
        try:
            peer.send(_HEARTBEAT)
        except ConnectionError:
            break
        sent += 1
        time.sleep(max(0.0, begun_s + sent / _FLOOD_PER_S - time.monotonic()))
    reader.join()
    return sent


async def _time_ping(raw: RawSocket) -> float:
    begun_s = time.perf_counter()
    await raw.ping()
    return (time.perf_counter() - begun_s) * 1000


@asynccontextmanager
async def _open_raw(caller: Caller, namespace: str, *, is_sockjs: bool) -> AsyncIterator[RawSocket]:
    raw = await RawSocket.open(caller, namespace, is_sockjs=is_sockjs)
    try:
        yield raw
    finally:
        await raw.close()


if __name__ == "__main__":
    run_proof(main)
