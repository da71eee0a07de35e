"""A migrated database with one cafe, its people and a table, and runners on it."""

import asyncio
import contextlib
import itertools
import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from domain.events import LoggedEvent, OrderNumberCleared
from domain.identifiers import build_uuid7
from domain.roles import Identity, IdentityKind, Role
from domain.views.boards import BoardNumberView
from models.base import bind
from models.database import close_database, open_database
from models.fields import to_unix_ms
from models.migrations import migrate
from models.staff import Membership, Person, PersonalData, SignIn
from models.tables import Lane, TableSession
from models.tenancy import Cafe, CafeTable
from services.audit_chain import create_audit_head
from services.event_log import create_head
from services.runner import Runner

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def new_id() -> str:
    """Make an id; ids of one run never repeat."""
    return build_uuid7(unix_ms=1_790_000_000_000, random_bits=next(_numbers))


CAFE, OTHER_CAFE = new_id(), new_id()
PERSON, SIGN_IN, SESSION, LANE, TABLE = (new_id() for _ in range(5))

STAFF = Identity(
    kind=IdentityKind.PERSON,
    principal=f"person:{PERSON}",
    cafe_id=CAFE,
    roles=frozenset({Role.COUNTER}),
    person_id=PERSON,
    sign_in_id=SIGN_IN,
    roles_since_ms=to_unix_ms(NOW),
)
GUEST = Identity(
    kind=IdentityKind.GUEST,
    principal=f"lane:{LANE}",
    cafe_id=CAFE,
    roles=frozenset({Role.CUSTOMER}),
    lane_id=LANE,
    table_session_id=SESSION,
)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a runner needs of the settings, with a patience that a busy machine does not use up."""

    database_writers: int = 4
    database_readers: int = 2
    write_queue_limit: int = 1000
    write_batch_limit: int = 64
    operation_timeout_s: float = 30.0


def fill(url: str) -> None:
    """Migrate an empty database and put two cafes, a person and a seating into it."""
    database = open_database(url)
    migrate(database)
    bind(database)
    with database.connection_context():
        for cafe_id in (CAFE, OTHER_CAFE):
            Cafe.create(
                id=cafe_id,
                name="Test",
                currency="EUR",
                timezone="Europe/Berlin",
                locale="en",
                created_at=NOW,
            )
            create_head(cafe_id, epoch=new_id())
            create_audit_head(cafe_id)
        personal_data = PersonalData.create(id=new_id(), name="Ada", email="ada@cafe.example")
        Person.create(
            id=PERSON, personal_data_id=personal_data.id, password_hash="-", created_at=NOW
        )
        Membership.create(person_id=PERSON, cafe_id=CAFE, role=Role.COUNTER, created_at=NOW)
        SignIn.create(
            id=SIGN_IN,
            token_hash="0" * 64,
            person_id=PERSON,
            cafe_id=CAFE,
            created_at=NOW,
            last_seen_at=NOW,
            expires_at=NOW + timedelta(days=1),
        )
        CafeTable.create(id=TABLE, cafe_id=CAFE, number=1, label="1", seats=2, code="c" * 22)
        TableSession.create(id=SESSION, cafe_id=CAFE, table_id=TABLE, opened_at=NOW)
        Lane.create(id=LANE, cafe_id=CAFE, table_session_id=SESSION, number=1, opened_at=NOW)
    close_database(database)


@pytest.fixture(params=["sqlite", "postgres"])
def filled_url(request, make_database):
    """Name a filled database of either kind."""
    return make_database(request.param, filled_by=fill)


@pytest.fixture
def database(filled_url):
    """Open the filled database and bind the models to it."""
    opened = open_database(filled_url, pool_size=20)
    bind(opened)
    yield opened
    close_database(opened)


@pytest.fixture
async def make_runner(database):
    """Give a function that starts runners on the database; all of them close with the test."""
    async with contextlib.AsyncExitStack() as stack:

        def make(**options) -> Runner:
            limits = Limits(
                **{name: options.pop(name) for name in Limits.__struct_fields__ if name in options}
            )
            options = {"on_committed": lambda _: None, "clock": lambda: NOW} | options
            runner = Runner(database, limits, new_id=new_id, **options)
            runner.start()
            stack.push_async_callback(runner.close)
            return runner

        yield make


class Gate:
    """Holds an operation in its thread until the test lets it go on."""

    def __init__(self) -> None:
        self._entered = threading.Event()
        self._opened = threading.Event()

    def hold(self, _unit=None, _command=None) -> None:
        """Be the operation: say that it runs, then wait."""
        self._entered.set()
        assert self._opened.wait(30), "nobody opened the gate"

    async def entered(self) -> None:
        """Wait until the operation runs."""
        assert await asyncio.to_thread(self._entered.wait, 30)

    def open(self) -> None:
        """Let the operation go on."""
        self._opened.set()


class Meeting:
    """Lets operations go on when all of them have come; who comes again passes."""

    def __init__(self, parties: int) -> None:
        self._missing = parties
        self._lock = threading.Lock()
        self._all_here = threading.Event()

    def wait(self) -> None:
        """Arrive, and wait for the others."""
        with self._lock:
            self._missing -= 1
            if self._missing <= 0:
                self._all_here.set()
        assert self._all_here.wait(30), "somebody did not come"


@pytest.fixture
def gate():
    """Give a gate that is open at the end, whatever the test did."""
    made = Gate()
    yield made
    made.open()


def build_event(number: int) -> OrderNumberCleared:
    """Make an event that is told apart by its number."""
    return OrderNumberCleared(
        number=BoardNumberView(
            order_number=number, business_date=NOW.date(), state="gone", version=1, since=NOW
        )
    )


def number_of(logged: LoggedEvent) -> int:
    """The number of an event that `build_event` made."""
    assert isinstance(logged.event, OrderNumberCleared)
    return logged.event.number.order_number


def record_number(unit, number: int) -> dict[str, int]:
    """Be an operation that records one event and returns its number."""
    unit.record(build_event(number))
    return {"number": number}
