"""What tests of the event plane stand on: a log in memory, people, a plane that serves them.

The log in memory is for tests of delivery alone; what the database does is tested with databases.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec

from config.namespaces import Namespace
from config.settings import Settings
from domain.commands import Command
from domain.errors import AuthenticationFailed, TableTapError, TokenRefused
from domain.events import (
    AnyEvent,
    LoggedEvent,
)
from domain.roles import Identity, IdentityKind, Role
from domain.rooms import Room
from realtime.limits import Limits, Refusal
from realtime.messages.envelope import Data
from realtime.plane import Plane, PlanePorts
from realtime.ports import Admission, CommandOutcome, LogHead, NoMetrics, TokenSource
from realtime.presence import ConnectionRecord, MemoryPresence
from realtime.rate_limit import MemoryWindows, Windows
from realtime.suspicion import Suspicions
from tests.support.made_events import log_event
from tests.support.made_views import (
    CAFE,
    DEVICE,
    EPOCH,
    LANE,
    NOON,
    ORDER,
    OTHER_CAFE,
    PERSON,
    RUNNER,
    SEATING,
    STATION,
    make_id,
)


def make_person(*roles: Role, cafe_id: str = CAFE, person_id: str = PERSON) -> Identity:
    """Make somebody of the staff."""
    return Identity(
        kind=IdentityKind.PERSON,
        principal=f"person:{person_id}",
        cafe_id=cafe_id,
        roles=frozenset(roles),
        person_id=person_id,
    )


def make_guest(*, cafe_id: str = CAFE, seating: str = SEATING) -> Identity:
    """Make a guest at a table."""
    return Identity(
        kind=IdentityKind.GUEST,
        principal=f"lane:{LANE}",
        cafe_id=cafe_id,
        roles=frozenset({Role.CUSTOMER}),
        lane_id=LANE,
        table_session_id=seating,
    )


def make_screen(role: Role, *, station_id: str | None = None) -> Identity:
    """Make a paired screen."""
    return Identity(
        kind=IdentityKind.DEVICE,
        principal=f"device:{DEVICE}",
        cafe_id=CAFE,
        roles=frozenset({role}),
        device_id=DEVICE,
        station_id=station_id,
    )


def make_record(number: int, *, user: str = "person:a", **changes: Any) -> ConnectionRecord:
    """Make a cook's connection; a higher number began later."""
    began_at = int(NOON.timestamp() * 1000) + number
    record = ConnectionRecord(
        connection_id=make_id(number),
        user_id=user,
        cafe_id=CAFE,
        namespace=Namespace.KITCHEN,
        roles=[Role.KITCHEN],
        connected_at=began_at,
        last_activity=began_at,
    )
    return msgspec.structs.replace(record, **changes)


IDENTITIES: dict[str, Identity] = {
    "guest": make_guest(),
    "kitchen": make_person(Role.KITCHEN),
    "expo": make_person(Role.EXPO),
    "counter": make_person(Role.COUNTER),
    "manager": make_person(Role.MANAGER),
    "owner": make_person(Role.OWNER),
    "board": make_person(Role.BOARD),
    "runner": make_person(Role.EXPO, Role.COUNTER, person_id=RUNNER),
    "wall": make_screen(Role.KITCHEN, station_id=STATION),
    "elsewhere": make_person(Role.OWNER, cafe_id=OTHER_CAFE),
}


class MemoryLog:
    """A log that keeps its rows in a list. `pause`, when set, is awaited by every read."""

    def __init__(self, cafe_id: str = CAFE) -> None:
        self.cafe_id = cafe_id
        self.epoch = EPOCH
        self.rows: list[LoggedEvent] = []
        self.floor_seq = 0
        # Rows up to this seq have been taken by retention.
        self.lost_until_seq = 0
        # Rows that nobody can read: another version wrote them.
        self.unreadable: set[int] = set()
        self.reads = 0
        self.pause: Callable[[], Any] | None = None

    def append(self, event: AnyEvent, *, user_id: str | None = None) -> LoggedEvent:
        """Commit an event."""
        row = log_event(
            event, seq=len(self.rows) + 1, cafe_id=self.cafe_id, epoch=self.epoch, user_id=user_id
        )
        self.rows.append(row)
        return row

    async def read_head(self, cafe_id: str) -> LogHead:
        """Read where the log stands."""
        await self._wait()
        rows = self.rows if cafe_id == self.cafe_id else []
        return LogHead(
            epoch=self.epoch,
            seq=len(rows),
            event_id=rows[-1].event_id if rows else "",
            floor_seq=self.floor_seq,
        )

    async def read_log(self, cafe_id: str, *, after_seq: int, limit: int) -> Sequence[LoggedEvent]:
        """Read rows."""
        self.reads += 1
        await self._wait()
        if cafe_id != self.cafe_id:
            return []
        kept = max(after_seq, self.lost_until_seq)
        rows = self.rows[kept : kept + limit]
        if not self.unreadable.isdisjoint(row.seq for row in rows):
            raise ValueError("a row is no event")
        return rows

    async def read_event_id(self, cafe_id: str, seq: int) -> str | None:
        """Read the id of a row; that works for what is no event, too."""
        await self._wait()
        if cafe_id != self.cafe_id or not self.lost_until_seq < seq <= len(self.rows):
            return None
        return self.rows[seq - 1].event_id

    async def _wait(self) -> None:
        if self.pause is not None:
            await self.pause()


class Answer(Data, frozen=True):
    """What a command of the tests answers."""

    name: str
    principal: str


class Services:
    """Stands in for services: tokens are names of IDENTITIES, commands answer their name."""

    def __init__(self, log: MemoryLog) -> None:
        self.log = log
        self.commands: list[tuple[str, str, Command]] = []
        self.on_command: Callable[[str], Any] | None = None
        self.known_orders = {ORDER}
        self.sources: list[tuple[str, TokenSource]] = []
        self.expires_at: datetime | None = None
        self.now = NOON
        self.access_counts: dict[str, int] = {}
        self.taken_back: dict[str, TableTapError] = {}
        self.presence = MemoryPresence()
        self.refusals: list[Refusal] = []
        self.limits = build_limits(self.refusals, now_ms=self.read_now_ms)
        self.suspicions = build_suspicions(self.refusals, now_ms=self.read_now_ms)

    def read_now_ms(self) -> int:
        """Return the time in Unix milliseconds."""
        return int(self.now.timestamp() * 1000)

    async def authenticate(self, token: str, source: TokenSource) -> Admission:
        """Admit the names of IDENTITIES; "ticket:NAME" is a ticket, "forged:..." no token."""
        self.sources.append((token, source))
        if source.is_query and not token.startswith("ticket:"):
            raise AuthenticationFailed("Only a connect ticket may stand in an address.")
        if token.startswith("forged:"):
            raise TokenRefused("The token is not valid.")
        identity = IDENTITIES.get(token.removeprefix("ticket:"))
        if identity is None:
            raise AuthenticationFailed("The token is not valid.")
        return Admission(identity=identity, expires_at=self.expires_at)

    async def check_rooms(self, identity: Identity, rooms: Sequence[Room]) -> Sequence[Room]:
        """Know one order and every station, table and seating."""
        return [room for room in rooms if room.kind != "order" or room.key in self.known_orders]

    async def recheck(self, identities: Sequence[Identity]) -> list[Identity | TableTapError]:
        """Say what the test said of a principal, else that nothing has changed."""
        return [self.taken_back.get(each.principal, each) for each in identities]

    async def read_access_counts(self, cafe_ids: Collection[str]) -> dict[str, int]:
        """Return what the test counts."""
        return {cafe_id: self.access_counts.get(cafe_id, 0) for cafe_id in cafe_ids}

    async def run_command(
        self, identity: Identity, name: str, command: Command, *, command_id: str
    ) -> CommandOutcome:
        """Remember the command."""
        if self.on_command is not None:
            await self.on_command(name)
        self.commands.append((name, command_id, command))
        return CommandOutcome(
            data=Answer(name=name, principal=identity.principal), seq=len(self.log.rows)
        )


def build_limits(
    refusals: list[Refusal], *, now_ms: Callable[[], int], windows: Windows | None = None
) -> Limits:
    """Make limits of one process that put what they refuse into a list."""
    counter = iter(range(800_000, 10**9))
    return Limits(
        windows or MemoryWindows(now_ms),
        new_id=lambda: make_id(next(counter)),
        report=refusals.append,
        metrics=NoMetrics(),
    )


def build_suspicions(refusals: list[Refusal], *, now_ms: Callable[[], int]) -> Suspicions:
    """Make suspicions of one process that put what they tell into a list."""
    counter = iter(range(700_000, 10**9))
    return Suspicions(
        MemoryWindows(now_ms),
        new_id=lambda: make_id(next(counter)),
        report=refusals.append,
        metrics=NoMetrics(),
    )


def render_card(component: str, view: Any, *, locale: str, cafe_id: str) -> str:
    """Render a card that says what it was made of."""
    assert cafe_id
    return f"<article>{component} {type(view).__name__} {locale}</article>"


def build_plane(services: Services, **settings: Any) -> Plane:
    """Build a plane over a log in memory."""
    counter = iter(range(500_000, 10**9))
    return Plane(
        Settings(public_url="http://tabletap.example", **settings),
        PlanePorts(
            authenticate=services.authenticate,
            check_rooms=services.check_rooms,
            run_command=services.run_command,
            read_head=services.log.read_head,
            read_log=services.log.read_log,
            read_event_id=services.log.read_event_id,
            render=render_card,
            now=lambda: services.now,
            new_id=lambda: make_id(next(counter)),
            boot="boot-1",
            recheck=services.recheck,
            read_access_counts=services.read_access_counts,
            presence=services.presence,
            limits=services.limits,
            suspicions=services.suspicions,
            report=services.refusals.append,
        ),
    )


class ListCodec:
    """Makes frames that tests can read."""

    def encode(self, messages: Sequence[bytes]) -> bytes:
        """Join messages."""
        return b"\n".join(messages)


class ListTransport:
    """Keeps what was sent. is_blocked: the peer does not read."""

    codec = ListCodec()

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.closed: tuple[int, str] | None = None
        self.is_blocked = False
        self.unsent_bytes = 0
        # What went straight, and how much of a frame a wire takes; None is all of it.
        self.straight: list[bytes] = []
        self.wire_bytes: int | None = None

    def is_writable(self) -> bool:
        """Whether the peer reads."""
        return not self.is_blocked and self.closed is None

    def send(self, frame: bytes) -> None:
        """Keep a frame."""
        self.frames.append(frame)

    def send_rest(self, rest: memoryview) -> None:
        """Count what the wire did not take."""
        self.unsent_bytes += len(rest)

    def take(self, frame: bytes) -> int:
        """Be a wire: keep a frame, or say that nothing can be taken now."""
        if self.is_blocked:
            raise BlockingIOError
        self.straight.append(frame)
        self.send(frame)
        return len(frame) if self.wire_bytes is None else min(self.wire_bytes, len(frame))

    def close(self, code: int, reason: str) -> None:
        """Remember why."""
        self.closed = (code, reason)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """All messages so far."""
        return [msgspec.json.decode(line) for frame in self.frames for line in frame.split(b"\n")]

    def of_type(self, name: str) -> list[dict[str, Any]]:
        """Those of one type."""
        return [message for message in self.messages if message["type"] == name]


@contextmanager
def no_tasks_left() -> Iterator[None]:
    """Fail when something that was started is still running afterwards."""
    before = asyncio.all_tasks()
    yield
    assert {task.get_name() for task in asyncio.all_tasks() - before} == set()
