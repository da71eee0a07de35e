"""A whole small cafe in a real database, and people who work through the Runner.

`make_cafe` gives a `TestCafe`: two stations, a menu of four items, three tables, one person of
each role, and a second cafe whose ids must look like no ids at all. Every command goes through
OPERATIONS and the Runner, as from the edges.
"""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from peewee import Database

from domain.commands import Command, ItemUnits, LineDraft, ModifierChoice, OpenTableSession
from domain.drafts import (
    CafeDraft,
    MenuCategoryDraft,
    MenuDraft,
    MenuItemDraft,
    ModifierDraft,
    ModifierGroupDraft,
    PersonDraft,
    StationDraft,
    TableDraft,
    TaxDraft,
)
from domain.events import LoggedEvent
from domain.identifiers import build_uuid7
from domain.order_views import build_order_view, build_ticket_view
from domain.roles import Identity, IdentityKind, Role
from domain.views.base import View
from domain.views.guests import GuestSessionView
from domain.views.kitchen import TicketView
from domain.views.menu import MenuItemView
from domain.views.orders import OrderItemView, OrderView
from models.base import bind
from models.database import close_database, open_database
from models.migrations import migrate
from models.staff import Membership
from models.tenancy import CafeTable, Station
from services.event_log import read_events
from services.group_commit import Outcome
from services.menu import read_menu
from services.operations import OPERATIONS
from services.order_rows import read_orders
from services.runner import Runner
from services.setup import SetupContext, create_cafe
from services.unit_of_work import UnitOfWork
from tests.support.plans import watch_plans

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CAFE_ID = build_uuid7(unix_ms=1_790_000_000_000, random_bits=1)
OTHER_CAFE_ID = build_uuid7(unix_ms=1_790_000_000_000, random_bits=2)
UNKNOWN_ID = build_uuid7(unix_ms=1_790_000_000_000, random_bits=3)

_ids = itertools.count(1000)


def new_id() -> str:
    """Make an id; ids of one run never repeat."""
    return build_uuid7(unix_ms=1_790_000_000_000, random_bits=next(_ids))


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a runner needs of the settings; nobody here waits for a slow machine to give up."""

    database_writers: int = 2
    database_readers: int = 2
    write_queue_limit: int = 1000
    write_batch_limit: int = 64
    operation_timeout_s: float = 60.0


def make_draft(name: str, *, domain: str, approve_first_order: bool = False) -> CafeDraft:
    """Write down a cafe with a bar and a kitchen. domain: of its people's e-mail addresses."""
    return CafeDraft(
        name=name,
        currency="EUR",
        timezone="Europe/Lisbon",
        approve_first_order=approve_first_order,
        holds_in_grace=False,
        accepts_sandbox=True,
        stations=(
            StationDraft(slug="bar", name="Bar", target_s=240),
            StationDraft(slug="kitchen", name="Kitchen", target_s=600),
        ),
        tables=tuple(
            TableDraft(number=number, label=f"Table {number}", area="Inside", seats=4)
            for number in (1, 2, 3)
        ),
        people=tuple(
            PersonDraft(name=f"{role} of {name}", email=f"{role}@{domain}", role=role)
            for role in (Role.OWNER, Role.MANAGER, Role.COUNTER, Role.EXPO, Role.KITCHEN)
        ),
        menu=MenuDraft(
            taxes=(
                TaxDraft(code="normal", name="IVA 23 %", rate_ppm=230_000),
                TaxDraft(code="reduced", name="IVA 13 %", rate_ppm=130_000),
            ),
            groups=(
                ModifierGroupDraft(
                    key="milk",
                    name="Milk",
                    minimum=1,
                    maximum=1,
                    options=(
                        ModifierDraft(name="Whole", kitchen_name="Whole", is_default=True),
                        ModifierDraft(name="Oat", kitchen_name="OAT", price_minor=50),
                    ),
                ),
                ModifierGroupDraft(
                    key="bread",
                    name="Bread",
                    minimum=1,
                    maximum=1,
                    options=(
                        ModifierDraft(name="White", kitchen_name="WHITE"),
                        ModifierDraft(name="Rye", kitchen_name="RYE"),
                    ),
                ),
            ),
            categories=(
                MenuCategoryDraft(
                    name="Coffee",
                    items=(
                        _draft_item("Flat white", 390, 120, "bar", "normal", "milk"),
                        _draft_item("Latte", 410, 150, "bar", "normal", "milk"),
                        _draft_item("Water", 190, 20, "bar", "normal"),
                    ),
                ),
                MenuCategoryDraft(
                    name="Lunch",
                    items=(_draft_item("Toastie", 890, 420, "kitchen", "reduced", "bread"),),
                ),
            ),
        ),
    )


def _draft_item(
    name: str, price_minor: int, prep_s: int, station: str, tax_code: str, *groups: str
) -> MenuItemDraft:
    return MenuItemDraft(
        name=name,
        kitchen_name=name,
        description="",
        price_minor=price_minor,
        prep_s=prep_s,
        station=station,
        tax_code=tax_code,
        plate="",
        groups=groups,
    )


def fill_cafes(url: str) -> None:
    """Fill an empty database with two cafes, for `make_database(filled_by=...)`."""
    _fill(url, approve_first_order=False)


def fill_strict_cafes(url: str) -> None:
    """The same, but the first order of a table waits for an approval."""
    _fill(url, approve_first_order=True)


def _fill(url: str, *, approve_first_order: bool) -> None:
    database = open_database(url)
    migrate(database)
    bind(database)
    codes = itertools.count(1)
    context = SetupContext(
        now=START, new_id=new_id, new_code=lambda: f"table-code-{next(codes):020d}"
    )
    for cafe_id, name in ((CAFE_ID, "first"), (OTHER_CAFE_ID, "second")):
        draft = make_draft(name, domain=f"{name}.example", approve_first_order=approve_first_order)
        hashes = {person.email: "-" for person in draft.people}
        create_cafe(draft, cafe_id=cafe_id, password_hashes=hashes, context=context)
    close_database(database)


class TestCafe:
    """One cafe as its people work in it.

    now: the clock of every unit; move it as you like. recorded: event types by operation.
    """

    __test__ = False  # it is not a test

    def __init__(
        self, runner: Runner, *, database: Database, cafe_id: str, events: list[LoggedEvent]
    ) -> None:
        self.runner = runner
        self.database = database
        self.cafe_id = cafe_id
        self.now = START
        self.recorded: dict[str, set[str]] = defaultdict(set)
        self._committed = events
        self.menu: dict[str, MenuItemView] = {}
        self.stations: dict[str, str] = {}
        self.codes: dict[int, str] = {}
        self._staff: dict[Role, Identity] = {}

    async def load(self) -> None:
        """Read what the tests refer to by name."""
        menu = await self.runner.read(read_menu, self.cafe_id, now=self.now)
        self.menu = {item.name: item for each in menu.categories for item in each.items}
        self.stations, self.codes, self._staff = await self.runner.read(self._read_names)

    def pass_time(self, **duration: float) -> None:
        """Let the clock go on: `pass_time(minutes=11)`."""
        self.now += timedelta(**duration)

    def staff(self, role: Role) -> Identity:
        """Return the identity of the person with a role."""
        return self._staff[role]

    async def sit_down(self, table_number: int = 1) -> Identity:
        """Scan a table's code with a new phone."""
        outcome = await self.runner.write(
            OPERATIONS["open_table_session"].function,
            OpenTableSession(table_code=self.codes[table_number]),
            command_type="open_table_session",
        )
        session = msgspec.json.decode(outcome.body, type=GuestSessionView)
        return Identity(
            kind=IdentityKind.GUEST,
            principal=f"lane:{session.lane_id}",
            cafe_id=session.cafe_id,
            roles=frozenset({Role.CUSTOMER}),
            lane_id=session.lane_id,
            table_session_id=session.table_session_id,
        )

    async def do(
        self,
        who: Identity | Role,
        name: str,
        command: Command,
        *,
        command_id: str | None = None,
    ) -> Outcome:
        """Run a command as somebody, through the Runner.

        In every test that comes by here, what it records is held against the table of operations,
        and what the last events show against what the rows say now.
        """
        identity = self.staff(who) if isinstance(who, Role) else who
        operation = OPERATIONS[name]

        def watch(unit: UnitOfWork, watched: Command) -> View:
            view = operation.function(unit, watched)
            recorded = {str(event.__struct_config__.tag) for _, event in unit.events}
            assert recorded <= operation.events, f"{name} recorded {recorded - operation.events}"
            self.recorded[name] |= recorded
            _check_rows(unit)
            return view

        return await self.runner.write(
            watch,
            command,
            command_type=name,
            identity=identity,
            command_id=command_id,
        )

    async def order(
        self, who: Identity | Role, name: str, command: Command, **options: Any
    ) -> OrderView:
        """Run a command that answers with an order."""
        outcome = await self.do(who, name, command, **options)
        return msgspec.json.decode(outcome.body, type=OrderView)

    def line(self, name: str, *choices: str, quantity: int = 1, note: str = "") -> LineDraft:
        """Write a line of the menu by names: `line("Flat white", "Oat")`."""
        item = self.menu[name]
        by_name = {
            option.name: option.modifier_id for group in item.groups for option in group.options
        }
        return LineDraft(
            menu_item_id=item.menu_item_id,
            quantity=quantity,
            modifiers=[ModifierChoice(modifier_id=by_name[choice]) for choice in choices],
            note=note,
        )

    async def read_log(self) -> list[LoggedEvent]:
        """Read the whole log of the cafe."""
        return await self.runner.read(read_events, self.cafe_id, after_seq=0, limit=10_000)

    def take_events(self) -> list[LoggedEvent]:
        """Return what was committed since the last call."""
        taken, self._committed[:] = list(self._committed), []
        return taken

    def _read_names(self) -> tuple[dict[str, str], dict[int, str], dict[Role, Identity]]:
        stations = {
            row.slug: row.id for row in Station.select().where(Station.cafe_id == self.cafe_id)
        }
        codes = {
            row.number: row.code
            for row in CafeTable.select().where(CafeTable.cafe_id == self.cafe_id)
        }
        members = Membership.select().where(Membership.cafe_id == self.cafe_id)
        return stations, codes, {row.role: _build_staff(row) for row in members}


def _build_staff(row: Membership) -> Identity:
    return Identity(
        kind=IdentityKind.PERSON,
        principal=f"person:{row.person_id}",
        cafe_id=row.cafe_id,
        roles=frozenset({Role(row.role)}),
        person_id=row.person_id,
    )


def _check_rows(unit: UnitOfWork) -> None:
    """Read back what a unit has written: it is what its events tell."""
    orders: dict[str, OrderView] = {}
    tickets: dict[str, TicketView] = {}
    for _, event in unit.events:
        if hasattr(event, "order"):
            orders[event.order.order_id] = event.order
        if hasattr(event, "ticket"):
            tickets[event.ticket.ticket_id] = event.ticket
    for order in read_orders(unit.cafe_id, list(orders)):
        assert build_order_view(order) == orders[order.order_id]
        for ticket in order.tickets:
            shown = build_ticket_view(order, ticket, now=unit.now)
            assert tickets.get(ticket.ticket_id, shown) == shown


def units(item: OrderItemView, quantity: int | None = None, **options: Any) -> list[ItemUnits]:
    """Name a line, or some of its units, for a command."""
    return [ItemUnits(item_id=item.item_id, quantity=quantity, **options)]


def describe(events: list[LoggedEvent]) -> list[str]:
    """Write events down in words that a test can list: type, and what it is about."""
    return [_describe(logged.event) for logged in events]


def _describe(event: Any) -> str:
    kind = event.__struct_config__.tag
    match kind:
        case "kitchen_ticket_updated":
            return f"{kind} {event.ticket.station_name} {event.change}"
        case "kitchen_order_received" | "kitchen_order_started" | "kitchen_order_completed":
            return f"{kind} {event.ticket.station_name}"
        case "order_status_updated":
            return f"{kind} {event.previous_status} {event.order.status}"
        case "order_round_updated":
            return f"{kind} {event.round_number} {event.status}"
        case "order_round_added":
            return f"{kind} {event.round_number}"
    return str(kind)


@asynccontextmanager
async def open_cafe(url: str) -> AsyncIterator[TestCafe]:
    """Open the cafe in a filled database, with a runner of its own."""
    database = open_database(url, pool_size=20)
    bind(database)
    try:
        with watch_plans(database):
            async with _run_cafe(database, CAFE_ID) as cafe:
                yield cafe
    finally:
        await asyncio.to_thread(close_database, database)


@asynccontextmanager
async def open_beside(cafe: TestCafe, *, cafe_id: str = CAFE_ID) -> AsyncIterator[TestCafe]:
    """Open the same or the other cafe once more: threads and connections of another process."""
    async with _run_cafe(cafe.database, cafe_id) as opened:
        yield opened


@asynccontextmanager
async def _run_cafe(database: Database, cafe_id: str) -> AsyncIterator[TestCafe]:
    committed: list[LoggedEvent] = []
    holder: list[TestCafe] = []
    runner = Runner(
        database,
        Limits(),
        clock=lambda: holder[0].now,
        new_id=new_id,
        on_committed=committed.extend,
    )
    cafe = TestCafe(runner, database=database, cafe_id=cafe_id, events=committed)
    holder.append(cafe)
    runner.start()
    try:
        await cafe.load()
        yield cafe
    finally:
        await runner.close()
