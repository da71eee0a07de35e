"""The event plane's worst minute: everything around it fails, and every stream is still the log.

    python -m bench.plane_nemesis [--seed 1] [--seconds 60] [--clients 200] [--rate 20]

Two processes with PostgreSQL and Valkey, nginx in front. Clients of all roles are spread over
both, half of them through nginx; orders come at a rate through REST and sockets of each. Meanwhile
Valkey is killed, frozen, flushed and restarted, one process is killed with -9 and started again,
database backends are terminated, five clients stop reading, and every tenth resets its socket at
random. Afterwards:
  - each client's stream is what its rooms show of the log: whole, in order, once,
  - every order that was answered is in the log once, and no other,
  - a client whose own connection and process were well got everything within 2 s, answers to its
    orders too (who asks the killed process waits for it, and then for its own next attempt),
  - presence is right within 60 s at both processes, and nothing is left when all have gone.
What each should have had is read from the log by tests/support/viewpoints.py, which says the rooms
a second time. A delay counts from the moment that the unit of work began, as the event says it.
Exit code 1 when one of these fails.
"""

import asyncio
import contextlib
import sys
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import psycopg2

from bench.demo_server import (
    LoggedEvent,
    employ,
    find_miscounted,
    list_submitted,
    read_log,
)
from bench.machine import (
    ROOT,
    build_parser,
    describe_run,
    find_percentile,
    read_queued_ms,
    read_rss_bytes,
    report_verdict,
    run_proof,
)
from bench.plane_crowd import (
    CrowdPlan,
    CrowdReport,
    Gap,
    Life,
    OrderReport,
    ReaderPlan,
)
from bench.whole_fleet import run_whole_fleet
from client.rest import RestClient
from domain.roles import Role
from tests.support.fleet import Fleet
from tests.support.valkey import ValkeyServer
from tests.support.viewpoints import (
    Row,
    Sees,
    find_differences,
    sees_as_guest,
    sees_as_management,
    sees_at_counter,
    sees_in_kitchen,
    sees_on_board,
)

_CROWDS = 2
_LIMIT_S = 2.0
_PRESENCE_LIMIT_S = 60.0
_LEFT_LIMIT_S = 30.0
_STEP_DEADLINE_S = 180.0
_STALLED, _RESET_SHARE = 5, 0.1
# Half of the clients come as browsers do, the others straight to a process.
_DOORS = ("nginx", "first", "nginx", "second")
# What nine clients are. Guests and boards see little, management sees all.
_STRAIGHT = ("first", "second")
_KINDS = ("guest", "board", "kitchen", "guest", "counter", "guest", "board", "guest", "management")
_NAMESPACES = {
    "management": "admin",
    "counter": "counter",
    "kitchen": "kitchen",
    "board": "customers",
    "guest": "customers",
}
_ROLES = {
    "management": Role.MANAGER,
    "counter": Role.COUNTER,
    "kitchen": Role.KITCHEN,
    "board": Role.MANAGER,
}
_SEES: dict[str, Sees] = {
    "management": sees_as_management,
    "counter": sees_at_counter,
    "kitchen": sees_in_kitchen,
    "board": sees_on_board,
}
# The most that the setting allows: some ten seconds of these orders, of no cafe's.
_REPLAY_LIMIT = 1000
# Above these a delay says nothing about the product: the generator's own loop was late, or other
# programs had the CPUs that a process of ours was ready to run on.
_OWN_LAG_LIMIT_S, _QUEUED_LIMIT = 0.5, 0.3
_SAMPLE_S = 0.5
_LATE_SHOWN = 20
_CUT_OFF_AFTER_S = 10.0
_GROWTH_LIMIT_BYTES = 150 * 2**20
_EXPECTED_LOGS = frozenset(
    {
        *("redis_away", "bus_lost", "redis_refused"),
        *("group_failed", "log_not_read", "storage_unavailable"),
    }
)
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(slots=True, kw_only=True)
class _Fault:
    """What was done and when, by the wall clock. at_s, taken_s: of doing it."""

    name: str
    at_s: float
    taken_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class _Findings:
    """What the run came to, for the verdict.

    queued: (when, which share of the time since the last look a loop was ready and had no CPU).
    """

    faults: list[_Fault] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    memory_bytes: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    queued: list[tuple[float, float]] = field(default_factory=list)
    killed: int = 0
    killed_at_s: float = 0.0
    back_at_s: float = 0.0


def main() -> int:
    """Run the minute and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rate", type=float, default=20.0, help="orders a second")
    options = parser.parse_args()
    print(describe_run())
    with run_whole_fleet(replay_limit_events=str(_REPLAY_LIMIT)) as whole:
        nemesis = _Nemesis(*whole, Random(options.seed))
        wrong = asyncio.run(
            nemesis.run(seconds=options.seconds, clients=options.clients, rate=options.rate)
        )
    return report_verdict(wrong)


class _Nemesis:
    """Runs the minute and judges it."""

    def __init__(
        self, fleet: Fleet, valkey: ValkeyServer, database_url: str, random: Random
    ) -> None:
        self._fleet = fleet
        self._valkey = valkey
        self._database_url = database_url
        self._random = random
        self._found = _Findings(killed=random.randrange(2))

    async def run(self, *, seconds: float, clients: int, rate: float) -> list[str]:
        """Torment, then judge; return what was wrong."""
        manager = await employ(self._fleet.description, Role.MANAGER).sign_in()
        plans = await self._plan_crowds(seconds=seconds, clients=clients, rate=rate)
        async with _run_crowds(plans, self._fleet.folder) as crowds:
            await _step(crowds, None, "ready")
            begun_at_s = time.time()
            watching = asyncio.create_task(self._watch_processes())
            await asyncio.gather(self._torment(seconds), _step(crowds, "begin", "ordered"))
            log = await read_log(manager)
            rows: list[Row] = [msgspec.to_builtins(each) for each in log]
            ended_at_s = time.time()
            await _step(crowds, f"finish {rows[-1]['seq']}", "complete")
            reports = [_read_report(plan) for plan in plans]
            open_ids = {each for report in reports for each in report.connection_ids}
            presence_s = await self._await_presence(open_ids) - ended_at_s
            watching.cancel()
            await _step(crowds, "leave", "left")
        left_s = await self._await_nobody()
        boots = self._find_boots(plans, reports)
        print(f"{len(open_ids)} connections at the end; presence right after {presence_s:.1f} s")
        print(f"nothing is left {left_s:.1f} s after all have gone")
        self._judge_streams(plans, reports, rows)
        self._judge_orders(reports, log)
        self._judge_delays(plans, reports, boots, begun_at_s)
        self._judge_processes()
        return self._found.wrong

    # --- what is planned ----------------------------------------------------------------------

    async def _plan_crowds(self, *, seconds: float, clients: int, rate: float) -> list[CrowdPlan]:
        fleet, random = self._fleet, self._random
        first, second = fleet.processes
        doors = {"nginx": fleet.url, "first": first.url, "second": second.url}
        tokens = {
            kind: (await employ(fleet.description, role).sign_in()).token
            for kind, role in _ROLES.items()
        }
        seats = await self._sit_down(sum(kind == "guest" for kind in _KINDS) * clients // 9 + 9)
        stations = [each.id for each in fleet.description.stations]
        readers = []
        for number in range(clients):
            kind = _KINDS[number % len(_KINDS)]
            token, session_id = seats.pop() if kind == "guest" else (tokens[kind] or "", "")
            cafe_id = fleet.description.cafe_ids[0]
            station = f"cafe:{cafe_id}:station:{random.choice(stations)}"
            readers.append(
                ReaderPlan(
                    name=f"{kind} {number}",
                    kind=kind,
                    door=_DOORS[number // len(_KINDS) % len(_DOORS)],
                    token=token,
                    namespace=_NAMESPACES[kind],
                    roles=("board",) if kind == "board" else (),
                    rooms=[station] if kind == "kitchen" else None,
                    table_session_id=session_id,
                )
            )
        readers = self._plan_reader_faults(readers, seconds)
        tables = await self._sit_down(len(fleet.description.tables))
        return [
            CrowdPlan(
                doors=doors,
                readers=readers[part::_CROWDS],
                till_token=tokens["counter"] or "",
                seats=[token for token, _ in tables[part::_CROWDS]],
                orders_per_s=rate / _CROWDS,
                seconds=seconds,
                seed=random.randrange(2**31),
                part=(part, _CROWDS),
                report_file=str(fleet.folder / f"crowd-{part}.json"),
            )
            for part in range(_CROWDS)
        ]

    def _plan_reader_faults(self, readers: list[ReaderPlan], seconds: float) -> list[ReaderPlan]:
        random = self._random
        # Management gets most: its messages are the ones that pile up.
        talkative = [each for each in readers if each.kind in ("management", "counter")]
        stalled = {each.name for each in random.sample(talkative, min(_STALLED, len(talkative)))}
        others = [each for each in readers if each.name not in stalled]
        unlucky = random.sample(others, round(len(readers) * _RESET_SHARE))
        resets = {
            each.name: sorted(random.uniform(0, seconds) for _ in range(random.randint(1, 4)))
            for each in unlucky
        }
        return [
            msgspec.structs.replace(
                each,
                resets_at_s=resets.get(each.name, []),
                stall=(0.1 * seconds, 0.8 * seconds) if each.name in stalled else None,
            )
            for each in readers
        ]

    async def _sit_down(self, count: int) -> list[tuple[str, str]]:
        """Let so many guests scan the codes of all tables in turn: (token, seating)."""
        tables = self._fleet.description.tables
        seats = []
        for number in range(count):
            guest = RestClient(self._fleet.url)
            opened = await guest.open_table_session(
                tables[number % len(tables)].link.rpartition("/")[2]
            )
            guest.close()
            seats.append((opened.token, opened.session.table_session_id))
        return seats

    # --- what is done -------------------------------------------------------------------------

    async def _torment(self, seconds: float) -> None:
        """Let everything fail at its time."""
        started_s = time.monotonic()

        async def do(at_s: float, name: str, act: Callable[[], object]) -> None:
            await asyncio.sleep(max(0.0, started_s + at_s - time.monotonic()))
            fault = _Fault(name=name, at_s=time.time())
            self._found.faults.append(fault)
            await asyncio.to_thread(act)
            fault.taken_s = time.time() - fault.at_s

        async def torment_valkey() -> None:
            for at_s, name, act in self._plan_valkey(seconds):
                await do(at_s, name, act)

        async def kill_process() -> None:
            victim = self._fleet.processes[self._found.killed]
            name = f"process {self._found.killed + 1}"
            at_s = self._random.uniform(0.15, 0.7) * seconds
            await do(at_s, f"{name} killed", victim.kill)
            self._found.killed_at_s = self._found.faults[-1].at_s
            await do(at_s + self._random.uniform(0.5, 4.0), f"{name} started", victim.start)
            self._found.back_at_s = time.time()

        async def terminate() -> None:
            for at_s in sorted(self._random.uniform(0.05, 0.95) * seconds for _ in range(4)):
                share = self._random.choice((0.5, 1.0))
                name = f"{share:.0%} of backends terminated"
                await do(at_s, name, partial(self._terminate_backends, share))

        await asyncio.gather(torment_valkey(), kill_process(), terminate())

    def _plan_valkey(self, seconds: float) -> Iterator[tuple[float, str, Callable[[], None]]]:
        valkey, random = self._valkey, self._random
        episodes: list[list[tuple[str, Callable[[], None]]]] = [
            [("Valkey killed", valkey.kill), ("Valkey started", valkey.start)],
            [("Valkey frozen", valkey.freeze), ("Valkey thawed", valkey.thaw)],
            [("Valkey flushed", valkey.flush)],
            [("Valkey restarted", valkey.restart)],
        ]
        random.shuffle(episodes)
        length_s = 0.9 * seconds / len(episodes)
        for number, episode in enumerate(episodes):
            at_s = 0.05 * seconds + (number + random.uniform(0, 0.3)) * length_s
            for name, act in episode:
                yield at_s, name, act
                at_s += random.uniform(0.3, 0.6) * length_s

    def _terminate_backends(self, share: float) -> None:
        connection = psycopg2.connect(self._database_url)
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND random() < %s",
                (share,),
            )

    async def _watch_processes(self) -> None:
        """Sample memory, and how much of each second a loop was kept from a CPU by others."""
        known: dict[int, tuple[float, float]] = {}
        while True:
            for number, process in enumerate(self._fleet.processes):
                # It may just be dead.
                with contextlib.suppress(OSError, ProcessLookupError):
                    pid, now_s = process.pid, time.time()
                    self._found.memory_bytes[number].append(read_rss_bytes(pid))
                    queued_s = read_queued_ms(pid) / 1000
                    before_s, before_queued_s = known.get(pid, (now_s, queued_s))
                    known[pid] = now_s, queued_s
                    if now_s > before_s:
                        share = (queued_s - before_queued_s) / (now_s - before_s)
                        self._found.queued.append((now_s, share))
            await asyncio.sleep(_SAMPLE_S)

    # --- presence -----------------------------------------------------------------------------

    async def _await_presence(self, open_ids: set[str]) -> float:
        """Wait until both processes show exactly these; return when that was."""
        deadline_s = time.monotonic() + _PRESENCE_LIMIT_S
        while True:
            shown = [await self._read_presence(number) for number in range(2)]
            if all(each == open_ids for each in shown):
                return time.time()
            if time.monotonic() > deadline_s:
                for number, each in enumerate(shown, start=1):
                    what = (
                        "does not see all processes"
                        if each is None
                        else f"shows {len(each - open_ids)} ghosts, misses {len(open_ids - each)}"
                    )
                    self._found.wrong.append(f"presence: process {number} {what}")
                return time.time()
            await asyncio.sleep(0.5)

    async def _read_presence(self, number: int) -> set[str] | None:
        rest = await employ(self._fleet.describe(number), Role.MANAGER).sign_in()
        answer = await rest.call("GET", "/connections", dict[str, Any])
        rest.close()
        if not answer["isComplete"]:
            return None
        return {each["connectionId"] for each in answer["connections"]}

    async def _await_nobody(self) -> float:
        """Wait until neither process nor Valkey holds anything of who has gone."""
        begun_s = time.monotonic()
        while True:
            left = [f"process {n}: {each}" for n in (1, 2) for each in self._list_left(n)]
            left += self._list_leases()
            if not left:
                return time.monotonic() - begun_s
            if time.monotonic() - begun_s > _LEFT_LIMIT_S:
                self._found.wrong += [f"left behind: {each}" for each in left]
                return time.monotonic() - begun_s
            await asyncio.sleep(0.5)

    def _list_left(self, number: int) -> list[str]:
        with _OPENER.open(f"{self._fleet.processes[number - 1].url}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        watched = ("tabletap_connections{", "tabletap_rooms ", "tabletap_outbox_bytes ")
        return [each for each in lines if each.startswith(watched) and float(each.split()[-1])]

    def _list_leases(self) -> list[str]:
        with self._valkey.connect() as client:
            now_ms = time.time() * 1000
            return [
                f"Valkey: {key.decode()} {client.zcount(key, now_ms, '+inf')}"
                for key in client.scan_iter("*:connections")
                if client.zcount(key, now_ms, "+inf")
            ]

    # --- the verdict --------------------------------------------------------------------------

    def _judge_streams(
        self, plans: list[CrowdPlan], reports: list[CrowdReport], rows: list[Row]
    ) -> None:
        modes: Counter[str] = Counter()
        compared: Counter[str] = Counter()
        gaps: list[Gap] = []
        received = 0
        for plan, report in zip(plans, reports, strict=True):
            messages = [msgspec.json.decode(text) for text in report.frames]
            for reader, got in zip(plan.readers, report.readers, strict=True):
                modes.update(life.mode or "not joined" for life in got.lives)
                stream = [messages[number] for number, _ in got.stream]
                until = [each for each in stream if each["seq"] <= rows[-1]["seq"]]
                differences = find_differences(
                    until, rows, after_seq=got.after_seq, sees=_see(reader, got.gaps)
                )
                gaps += got.gaps
                received += len(until)
                compared[reader.kind] += 1
                self._found.wrong += [
                    f"{reader.name} at {reader.door}: {each}"[:300] for each in differences
                ]
                if got.is_stopped:
                    self._found.wrong.append(f"{reader.name} was told not to come back")
        print(
            f"streams   {compared.total()} compared with {len(rows)} events of the log: "
            f"{', '.join(f'{count} {kind}' for kind, count in sorted(compared.items()))}; "
            f"{received} messages\n"
            f"joined    {', '.join(f'{count} {mode}' for mode, count in sorted(modes.items()))}"
        )
        # Who was away for longer than a replay bridges is told to load a snapshot, and nobody else.
        self._found.wrong += [
            f"told to resync without need: {gap}"
            for gap in gaps
            if gap.reason != "too_far_behind" or gap.until_seq - gap.after_seq <= _REPLAY_LIMIT
        ]

    def _judge_orders(self, reports: list[CrowdReport], log: list[LoggedEvent]) -> None:
        orders = [order for report in reports for order in report.orders]
        counts = Counter(list_submitted(log))
        acknowledged = [each.command_id for each in orders if each.answered_at_s]
        sent = [each.command_id for each in orders]
        self._found.wrong += find_miscounted(
            counts, acknowledged=acknowledged, sent=sent, where="the log"
        )
        self._found.wrong += [f"order at {o.door}: {o.fault}" for o in orders if o.fault]
        unanswered = [each for each in orders if not each.answered_at_s and not each.fault]
        if unanswered:
            self._found.wrong.append(f"{len(unanswered)} orders without an answer")
        refusals = Counter(each for order in orders for each in order.refusals)
        skipped = sum(report.skipped_orders for report in reports)
        print(
            f"orders    {len(sent)} sent, {len(acknowledged)} answered, {skipped} not sent; "
            f"tried again after: {dict(refusals.most_common())}"
        )

    def _judge_delays(
        self,
        plans: list[CrowdPlan],
        reports: list[CrowdReport],
        boots: dict[str, int],
        begun_at_s: float,
    ) -> None:
        delays = _Delays(self._found, boots, begun_at_s)
        for plan, report in zip(plans, reports, strict=True):
            delays.take(plan, report)
        delays.print_table()
        self._found.wrong += delays.list_wrong()

    def _judge_processes(self) -> None:
        for number, process in enumerate(self._fleet.processes):
            sizes = self._found.memory_bytes[number]
            print(
                f"process {number + 1} memory {sizes[0] / 2**20:.0f} MiB at first, "
                f"{max(sizes) / 2**20:.0f} at most, {sizes[-1] / 2**20:.0f} at the end"
            )
            if sizes[-1] - sizes[0] > _GROWTH_LIMIT_BYTES:
                self._found.wrong.append(f"process {number + 1} grew without end")
            lines = [
                each
                for each in process.read_log()
                if each["level"] in ("warning", "error", "critical")
            ]
            told = Counter(f"{each['level']} {each['event']}" for each in lines)
            print(f"          logged {dict(told.most_common())}")
            for each in lines:
                if each["event"] not in _EXPECTED_LOGS:
                    self._found.wrong.append(f"process {number + 1} logged {each}"[:600])

    def _find_boots(self, plans: list[CrowdPlan], reports: list[CrowdReport]) -> dict[str, int]:
        """Say which process each boot was of, by those who come straight to one."""
        return {
            life.boot: _STRAIGHT.index(reader.door)
            for plan, report in zip(plans, reports, strict=True)
            for reader, got in zip(plan.readers, report.readers, strict=True)
            for life in got.lives
            if reader.door in _STRAIGHT
        }


class _Delays:
    """How long messages and orders took, by what had happened last."""

    def __init__(self, found: _Findings, boots: dict[str, int], begun_at_s: float) -> None:
        self._found = found
        self._boots = boots
        self._faults = [_Fault(name="all is well", at_s=begun_at_s)]
        self._faults += sorted(found.faults, key=lambda each: each.at_s)
        self._messages: dict[int, list[float]] = defaultdict(list)
        self._orders: dict[int, list[float]] = defaultdict(list)
        self._lags: list[tuple[float, float]] = []
        self._returns: dict[str, list[float]] = defaultdict(list)
        self._late: list[str] = []
        self._late_by_machine = 0
        self._late_readers: Counter[str] = Counter()
        self._strange_ends: Counter[str] = Counter()

    def take(self, plan: CrowdPlan, report: CrowdReport) -> None:
        """Measure one crowd's part."""
        stamps = [msgspec.json.decode(text)["timestamp"] / 1000 for text in report.frames]
        self._lags += report.lags
        for reader, got in zip(plan.readers, report.readers, strict=True):
            away = self._list_away(reader.kind, got.lives, report.lags, stalls=bool(reader.stall))
            if reader.stall is None:
                for number, came_at_s in got.stream:
                    self._take_message(reader, stamps[number], came_at_s, away, report.lags)
        tills = {
            door: self._list_away("till", lives, report.lags)
            for door, lives in report.tills.items()
        }
        for order in report.orders:
            self._take_order(order, tills.get(order.door, []), report.lags)

    def _take_message(
        self,
        reader: ReaderPlan,
        at_s: float,
        came_at_s: float,
        away: list[tuple[float, float]],
        lags: list[tuple[float, float]],
    ) -> None:
        if any(at_s <= until_s and from_s <= came_at_s for from_s, until_s in away):
            return
        delay_s = came_at_s - at_s
        phase = self._find_phase(at_s)
        self._messages[phase].append(delay_s)
        if delay_s > _LIMIT_S:
            self._late_readers[f"{reader.name} at {reader.door}"] += 1
            if self._is_machine_at_fault(lags, at_s, came_at_s):
                self._late_by_machine += 1
            else:
                since_s = at_s - self._faults[0].at_s
                self._late.append(
                    f"{reader.name} at {reader.door} had an event of {since_s:.1f} s after "
                    f"{delay_s:.1f} s ({self._faults[phase].name})"
                )

    def _take_order(
        self,
        order: OrderReport,
        away: list[tuple[float, float]],
        lags: list[tuple[float, float]],
    ) -> None:
        if not order.answered_at_s or self._waits_for_killed(order, away):
            return
        taken_s = order.answered_at_s - order.sent_at_s
        phase = self._find_phase(order.sent_at_s)
        self._orders[phase].append(taken_s)
        if taken_s > _LIMIT_S:
            if self._is_machine_at_fault(lags, order.sent_at_s, order.answered_at_s):
                self._late_by_machine += 1
            else:
                since_s = order.sent_at_s - self._faults[0].at_s
                self._late.append(
                    f"an order at {order.door}, sent at {since_s:.1f} s, took {taken_s:.1f} s and "
                    f"{order.tries} tries, after {order.refusals} ({self._faults[phase].name})"
                )

    def _waits_for_killed(self, order: OrderReport, away: list[tuple[float, float]]) -> bool:
        """Whether it was for the killed process itself, or its till's socket was not back."""
        if order.door == _STRAIGHT[self._found.killed]:
            from_s = self._found.killed_at_s - _LIMIT_S
            return from_s <= order.sent_at_s <= self._found.back_at_s
        return any(
            order.sent_at_s <= until_s and from_s <= order.answered_at_s for from_s, until_s in away
        )

    def _is_machine_at_fault(
        self, lags: list[tuple[float, float]], from_s: float, until_s: float
    ) -> bool:
        return (
            _find_most(lags, from_s, until_s) > _OWN_LAG_LIMIT_S
            or _find_most(self._found.queued, from_s, until_s) > _QUEUED_LIMIT
        )

    def _list_away(
        self,
        kind: str,
        lives: list[Life],
        lags: list[tuple[float, float]],
        *,
        stalls: bool = False,
    ) -> list[tuple[float, float]]:
        """List when a client was not connected by a fault of its own or of its process."""
        away = []
        for life, following in zip(lives, [*lives[1:], None], strict=True):
            if not life.ended_at_s:
                continue
            back_at_s = following.joined_at_s if following is not None else float("inf")
            cause = life.cause or ("stopped reading" if stalls else self._find_cause(life))
            # Who is kept from reading for long is cut off, as a slow reader is.
            if not cause and self._is_machine_at_fault(
                lags, life.ended_at_s - _CUT_OFF_AFTER_S, life.ended_at_s
            ):
                cause = "starving"
            if not cause:
                self._strange_ends[f"{kind}: {life.code}"] += 1
            self._returns[cause or "unknown"].append(back_at_s - life.ended_at_s)
            away.append((life.ended_at_s, back_at_s))
        return away

    def _find_cause(self, life: Life) -> str:
        is_killed = self._boots.get(life.boot) == self._found.killed
        if is_killed and abs(life.ended_at_s - self._found.killed_at_s) < _LIMIT_S:
            return "process killed"
        return ""

    def _find_phase(self, at_s: float) -> int:
        return max(
            (number for number, fault in enumerate(self._faults) if fault.at_s <= at_s), default=0
        )

    def print_table(self) -> None:
        """Print a row for each thing that happened, and how things were until the next."""
        print(
            f"{'s':>5}  {'what happened':<28} messages ms (p50 p99 max)   orders ms (p50 p99 max)"
        )
        for number, fault in enumerate(self._faults):
            print(
                f"{fault.at_s - self._faults[0].at_s:5.1f}  {fault.name:<28} "
                f"{_describe(self._messages[number])}   {_describe(self._orders[number])}"
            )
        for cause, values in sorted(self._returns.items()):
            print(f"back after {cause:<16} {_describe(values)} ms")
        lags = [lag_s for _, lag_s in self._lags]
        print(
            f"machine   generator's loop late {_describe(lags)} ms; processes kept from a CPU "
            f"{_describe([share / 10 for _, share in self._found.queued])} % of the time; "
            f"{self._late_by_machine} messages and orders late by that"
        )
        if self._late_readers:
            print(f"late      most of all {dict(self._late_readers.most_common(6))}")

    def list_wrong(self) -> list[str]:
        """List what must not be."""
        wrong = [f"late: {each}" for each in self._late[:_LATE_SHOWN]]
        if len(self._late) > _LATE_SHOWN:
            wrong.append(f"late: {len(self._late) - _LATE_SHOWN} messages and orders more")
        if self._strange_ends:
            wrong.append(f"connections ended without a reason: {dict(self._strange_ends)}")
        return wrong


def _see(reader: ReaderPlan, gaps: list[Gap]) -> Sees:
    """Say what a reader should have: what its rooms show, but for what it was told to load."""
    sees = _SEES.get(reader.kind) or sees_as_guest(reader.table_session_id, [])
    return lambda row: (
        sees(row) and not any(gap.after_seq < row["seq"] <= gap.until_seq for gap in gaps)
    )


def _find_most(samples: list[tuple[float, float]], from_s: float, until_s: float) -> float:
    """Return the largest value of those that say something about this time."""
    return max((value for at_s, value in samples if from_s <= at_s <= until_s + 1), default=0.0)


def _describe(values_s: Sequence[float]) -> str:
    if not values_s:
        return f"n {0:>6}: {'-':>6} {'-':>6} {'-':>6}"
    points = (find_percentile(values_s, each) * 1000 for each in (50, 99, 100))
    return f"n {len(values_s):>6}: " + " ".join(f"{each:6.0f}" for each in points)


def _read_report(plan: CrowdPlan) -> CrowdReport:
    return msgspec.json.decode(Path(plan.report_file).read_bytes(), type=CrowdReport)


@contextlib.asynccontextmanager
async def _run_crowds(
    plans: list[CrowdPlan], folder: Path
) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """Start a process for each part of the clients and end them all."""
    crowds = []
    try:
        for number, plan in enumerate(plans):
            plan_file = folder / f"plan-{number}.json"
            plan_file.write_bytes(msgspec.json.encode(plan))
            crowds.append(
                await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "bench.plane_crowd", str(plan_file)),
                    cwd=ROOT,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                )
            )
        yield crowds
    finally:
        for crowd in crowds:
            if crowd.returncode is None:
                crowd.kill()
            await crowd.wait()


async def _step(crowds: list[asyncio.subprocess.Process], say: str | None, awaited: str) -> None:
    """Tell all crowds to go on and wait until each says that it has come there."""
    for crowd in crowds:
        if say is not None:
            assert crowd.stdin is not None
            crowd.stdin.write(f"{say}\n".encode())
            await crowd.stdin.drain()
    for crowd in crowds:
        assert crowd.stdout is not None
        line = await asyncio.wait_for(crowd.stdout.readline(), _STEP_DEADLINE_S)
        assert line.decode().strip() == awaited, f"a crowd said {line!r} instead of {awaited}"


if __name__ == "__main__":
    run_proof(main)
