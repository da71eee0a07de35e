"""What tests of the event plane stand on: sample views, a log in memory, a plane that serves it.

The log in memory is for tests of delivery alone; what the database does is tested with databases.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from config.namespaces import Namespace
from config.settings import Settings
from domain.analytics import (
    AnalyticsFigures,
    AnalyticsView,
    HourSalesView,
    LateTicketView,
    StationLoadView,
)
from domain.audiences import Audience, build_audience
from domain.commands import Command
from domain.errors import AuthenticationFailed, TableTapError
from domain.events import (
    AnyEvent,
    KitchenOrderCompleted,
    KitchenOrderReceived,
    KitchenOrderStarted,
    KitchenTicketUpdated,
    LoggedEvent,
    MenuAvailabilityChanged,
    MenuItemChanged,
    OrderCreated,
    OrderItemVoided,
    OrderNumberCleared,
    OrderNumberPreparing,
    OrderNumberReady,
    OrderProgress,
    OrderReady,
    OrderRoundAdded,
    OrderRoundUpdated,
    OrderStatusUpdated,
    PaymentCompleted,
    PaymentFailed,
    PaymentInitiated,
    PaymentRefunded,
    PaymentUpdated,
    StaffNotification,
    StaffNotificationUpdated,
    TableCalled,
    TableCallUpdated,
    TableSessionClosed,
    TableSessionOpened,
)
from domain.payments import LegStatus, PaymentMethod, PaymentStatus, RefundStatus
from domain.roles import Identity, IdentityKind, Role
from domain.rooms import Room
from domain.statuses import (
    Channel,
    HoldKind,
    ItemStatus,
    NotificationKind,
    NotificationStatus,
    OrderStatus,
    Priority,
    RoundStatus,
    TicketStatus,
)
from domain.views import (
    AcknowledgementView,
    BoardNumberView,
    HoldView,
    ItemModifierView,
    MenuItemView,
    ModifierGroupView,
    ModifierOptionView,
    NotificationView,
    OrderItemView,
    OrderPaymentView,
    OrderView,
    PaymentView,
    Position,
    RefundView,
    RoundView,
    StationProgressView,
    TableCallView,
    TableView,
    TaxView,
    TicketItemView,
    TicketView,
    TotalsView,
)
from realtime.limits import Limits, Refusal
from realtime.messages.envelope import Data
from realtime.plane import Plane, PlanePorts
from realtime.ports import Admission, CommandOutcome, LogHead, NoMetrics, TokenSource
from realtime.presence import ConnectionRecord, MemoryPresence
from realtime.rate_limit import MemoryWindows, Windows

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EPOCH = "018f0000-0000-7000-8000-00000000e90c"


def make_id(number: int) -> str:
    """Make a recognisable id."""
    return f"018f0000-0000-7000-8000-{number:012d}"


CAFE = make_id(1)
OTHER_CAFE = make_id(2)
ORDER = make_id(10)
STATION = make_id(20)
SEATING = make_id(30)
LANE = make_id(40)
TICKET = make_id(50)
ITEM = make_id(60)
MENU_ITEM = make_id(70)
PERSON = make_id(80)
RUNNER = make_id(81)
PAYMENT = make_id(90)
NOTIFICATION = make_id(95)


def make_item(**changes: Any) -> OrderItemView:
    """Make one line of an order."""
    item = OrderItemView(
        item_id=ITEM,
        line_number=1,
        round_number=1,
        menu_item_id=MENU_ITEM,
        name="Flat white – große Tasse",
        kitchen_name="FLAT WHITE",
        plate="cup",
        quantity=2,
        unit_price_minor=430,
        line_total_minor=860,
        modifiers=[
            ItemModifierView(
                modifier_id=make_id(71),
                name="Oat milk",
                kitchen_name="OAT",
                quantity=1,
                price_minor=40,
                is_removal=False,
            )
        ],
        note="extra hot",
        status=ItemStatus.QUEUED,
        version=1,
        station_id=STATION,
        station_name="Bar",
        prep_s=120,
        lane_id=LANE,
        queued_at=NOON,
    )
    return msgspec.structs.replace(item, **changes)


def make_order(**changes: Any) -> OrderView:
    """Make an order of one round at table 7."""
    order = OrderView(
        order_id=ORDER,
        order_number=42,
        business_date=date(2026, 11, 23),
        status=OrderStatus.CONFIRMED,
        version=1,
        channel=Channel.TABLE,
        table_number=7,
        table_label="Terrace 7",
        table_session_id=SEATING,
        progress_percentage=0,
        submitted_at=NOON,
        estimated_ready_at=NOON + timedelta(minutes=6),
        completed_at=None,
        rounds=[
            RoundView(
                round_number=1,
                status=RoundStatus.CONFIRMED,
                holds=[HoldView(kind=HoldKind.APPROVAL, reason="first order", expires_at=None)],
                submitted_at=NOON,
                fired_at=NOON,
                progress_percentage=0,
                note="",
                allergy="nuts",
                lane_number=1,
                reason="",
                undo_until=NOON + timedelta(seconds=20),
                items=[make_item()],
            )
        ],
        totals=TotalsView(
            currency="EUR",
            prices_include_tax=True,
            subtotal_minor=860,
            tax_minor=137,
            total_minor=860,
            taxes=[TaxView(code="S", name="VAT", rate_ppm=190_000, net_minor=723, tax_minor=137)],
        ),
    )
    return msgspec.structs.replace(order, **changes)


def make_ticket(**changes: Any) -> TicketView:
    """Make a station's ticket of that order."""
    ticket = TicketView(
        ticket_id=TICKET,
        order_id=ORDER,
        order_number=42,
        round_number=1,
        station_id=STATION,
        station_name="Bar",
        status=TicketStatus.RECEIVED,
        version=1,
        channel=Channel.TABLE,
        table_number=7,
        table_label="Terrace 7",
        priority=Priority.NORMAL,
        queued_at=NOON,
        started_at=None,
        completed_at=None,
        target_s=330,
        is_recalled=False,
        note="all together",
        allergy="nuts",
        items=[
            TicketItemView(
                item_id=ITEM,
                quantity=2,
                name="FLAT WHITE",
                modifiers=make_item().modifiers,
                note="extra hot",
                status=ItemStatus.QUEUED,
                version=1,
                is_remake=False,
                void_reason="",
                void_seen=False,
                started_at=None,
                ready_at=None,
            )
        ],
        others=[
            StationProgressView(station_id=make_id(21), station_name="Grill", ready=0, total=1)
        ],
    )
    return msgspec.structs.replace(ticket, **changes)


def make_number(**changes: Any) -> BoardNumberView:
    """Make a number on the board."""
    number = BoardNumberView(
        order_number=42, business_date=NOON.date(), state="preparing", version=1, since=NOON
    )
    return msgspec.structs.replace(number, **changes)


def make_table(**changes: Any) -> TableView:
    """Make a table that is taken."""
    table = TableView(
        table_id=make_id(90),
        number=7,
        label="Terrace 7",
        area="Terrace",
        seats=4,
        table_session_id=SEATING,
        open_order_id=None,
        open_order_number=None,
        status="taken",
    )
    return msgspec.structs.replace(table, **changes)


def make_menu_item() -> MenuItemView:
    """Make an item of the menu that has just sold out."""
    return MenuItemView(
        menu_item_id=MENU_ITEM,
        category_id=make_id(72),
        name="Flat white",
        kitchen_name="FLAT WHITE",
        description="Double ristretto.",
        price_minor=390,
        prep_s=120,
        station_id=STATION,
        plate="cup",
        allergens=["milk"],
        diets=["vegetarian"],
        is_sold_out=True,
        sold_out_until=NOON + timedelta(hours=2),
        groups=[
            ModifierGroupView(
                group_id=make_id(73),
                name="Milk",
                is_required=False,
                minimum=0,
                maximum=1,
                options=[
                    ModifierOptionView(
                        modifier_id=make_id(71),
                        name="Oat milk",
                        kitchen_name="OAT",
                        price_minor=40,
                        is_default=False,
                        is_removal=False,
                        is_sold_out=False,
                        allergens=["gluten"],
                    )
                ],
            )
        ],
    )


def make_analytics() -> AnalyticsView:
    """Make the figures of a day with one of everything in it."""
    return AnalyticsView(
        version=3,
        at=NOON,
        position=Position(epoch=EPOCH, seq=7, event_id=make_id(100_007)),
        business_date=date(2026, 11, 23),
        day_ends_at=NOON + timedelta(hours=16),
        figures=AnalyticsFigures(
            active_orders=4,
            waiting_orders=1,
            completed_orders_today=37,
            average_order_time=7.5,
            average_order_time_n=12,
            average_order_time_is_whole_day=False,
            kitchen_load=118,
            revenue_today=48_210,
            currency="EUR",
            customer_satisfaction=None,
            customer_satisfaction_n=0,
            staff_on_duty=3,
        ),
        p50_minutes=6.8,
        p90_minutes=13.2,
        late_share=8,
        late_share_n=38,
        rounds_today=38,
        gross_minor=55_400,
        tax_minor=6_840,
        refunded_net_minor=350,
        sales_by_hour=[HourSalesView(starts_at=NOON, hour=12, net_minor=48_560)],
        stations=[
            StationLoadView(
                station_id=STATION, name="Bar", load_percent=118, parts=7, over_target=1
            )
        ],
        late=[
            LateTicketView(
                ticket_id=TICKET,
                order_number=42,
                table_label="Terrace 3",
                station_name="Bar",
                queued_at=NOON - timedelta(minutes=9),
                target_s=300,
                waits_for=["2 FLAT WHITE"],
            )
        ],
        late_count=1,
    )


def make_payment(**changes: Any) -> PaymentView:
    """Make a leg over all of the order that waits for the terminal."""
    payment = PaymentView(
        payment_id=PAYMENT,
        order_id=ORDER,
        number=1,
        method=PaymentMethod.CARD_TERMINAL,
        status=LegStatus.PENDING,
        version=1,
        amount_minor=946,
        tendered_minor=None,
        change_minor=0,
        refunded_minor=0,
        refunding_minor=0,
        is_checking=False,
        failure_reason="",
        lane_id=None,
        created_at=NOON,
        ended_at=None,
    )
    return msgspec.structs.replace(payment, **changes)


def make_paid_order(payment: PaymentView, **sums: Any) -> OrderView:
    """Make an order with one leg and what it comes to."""
    return make_order(payment=OrderPaymentView(legs=[payment], **sums))


def make_payment_events() -> list[AnyEvent]:
    """Make the five things that are said about payments."""
    pending, checking = make_payment(), make_payment(is_checking=True, version=2)
    captured = make_payment(status=LegStatus.CAPTURED, version=2, ended_at=NOON)
    failed = make_payment(
        status=LegStatus.FAILED, version=2, ended_at=NOON, failure_reason="card_declined"
    )
    returned = msgspec.structs.replace(captured, version=3, refunded_minor=430)
    refund = RefundView(
        refund_id=make_id(91),
        payment_id=PAYMENT,
        amount_minor=430,
        status=RefundStatus.SUCCEEDED,
        with_credit=True,
        reason="",
        failure_reason="",
        created_at=NOON,
        settled_at=NOON,
    )
    waiting = {"status": PaymentStatus.PENDING, "due_minor": 946, "pending_minor": 946}
    paid = {"status": PaymentStatus.PAID, "captured_minor": 946}
    return [
        PaymentInitiated(order=make_paid_order(pending, **waiting), payment=pending),
        PaymentUpdated(order=make_paid_order(checking, **waiting), payment=checking),
        PaymentCompleted(order=make_paid_order(captured, **paid), payment=captured),
        PaymentFailed(
            order=make_paid_order(failed, due_minor=946, payable_minor=946), payment=failed
        ),
        PaymentRefunded(
            order=make_paid_order(
                returned,
                status=PaymentStatus.PARTIALLY_REFUNDED,
                captured_minor=946,
                refunded_minor=430,
                credited_minor=430,
            ),
            payment=returned,
            refund=refund,
        ),
    ]


def make_call(**changes: Any) -> TableCallView:
    """Make a table's call that waits."""
    call = TableCallView(
        call_id=NOTIFICATION,
        table_session_id=SEATING,
        table_number=7,
        table_label="Terrace 7",
        status="waiting",
        version=1,
        called_at=NOON,
        answered_at=None,
    )
    return msgspec.structs.replace(call, **changes)


def make_notification(**changes: Any) -> NotificationView:
    """Make what staff is told of that call."""
    notification = NotificationView(
        notification_id=NOTIFICATION,
        kind=NotificationKind.TABLE_CALLED,
        status=NotificationStatus.OPEN,
        version=1,
        priority=Priority.NORMAL,
        title="Terrace 7 calls",
        message="Somebody there would like help.",
        action_path="/tables",
        target_roles=[Role.COUNTER, Role.EXPO],
        is_shared=True,
        resolvers=[Role.COUNTER, Role.EXPO, Role.MANAGER, Role.OWNER],
        order_id=None,
        order_number=None,
        table_number=7,
        table_label="Terrace 7",
        since=NOON,
        patience_s=120,
        raised_at=NOON,
        expires_at=NOON + timedelta(minutes=30),
        acknowledgements=[],
        resolved_at=None,
        resolution=None,
    )
    return msgspec.structs.replace(notification, **changes)


def make_notice(audience: Audience, **changes: Any) -> StaffNotification:
    """Make a manager's notice to an audience, as an event."""
    notice = make_notification(
        kind=NotificationKind.NOTICE,
        title="No oat milk",
        message="Until the delivery comes.",
        action_path="",
        target_roles=audience.target_roles,
        is_shared=False,
        table_number=None,
        table_label="",
        **changes,
    )
    return StaffNotification(notification=notice, audience=audience)


def make_notification_events() -> list[AnyEvent]:
    """Make the four things that are said about a table's call."""
    audience = build_audience(include=["counter", "expo"])
    seen = AcknowledgementView(person_id=PERSON, role="counter", at=NOON)
    answered = make_notification(
        status=NotificationStatus.ACKNOWLEDGED, version=2, acknowledgements=[seen]
    )
    return [
        TableCalled(call=make_call()),
        TableCallUpdated(call=make_call(status="coming", version=2, answered_at=NOON)),
        StaffNotification(notification=make_notification(), audience=audience),
        StaffNotificationUpdated(notification=answered, audience=audience),
    ]


def make_events() -> dict[str, AnyEvent]:
    """Make one event of every type, by type."""
    order, ticket = make_order(), make_ticket()
    free = make_table(table_session_id=None, status="free")
    done = make_ticket(status=TicketStatus.COMPLETED, completed_at=NOON, version=3)
    voided = make_order(status=OrderStatus.CANCELLED, version=4)
    events: list[AnyEvent] = [
        OrderCreated(order=order),
        OrderRoundAdded(order=order, round_number=1),
        OrderRoundUpdated(
            order=order, round_number=1, status=RoundStatus.REJECTED, reason="kitchen closed"
        ),
        OrderStatusUpdated(
            order=make_order(status=OrderStatus.PREPARING, version=2),
            previous_status=OrderStatus.CONFIRMED,
            updated_by="kitchen",
            reason="",
        ),
        OrderProgress(order=make_order(progress_percentage=50, version=2)),
        OrderReady(order=make_order(status=OrderStatus.READY, progress_percentage=90, version=3)),
        OrderItemVoided(order=voided, item_ids=[ITEM], reason="spilled", updated_by="counter"),
        KitchenOrderReceived(ticket=ticket),
        KitchenOrderStarted(ticket=make_ticket(status=TicketStatus.STARTED, version=2)),
        KitchenOrderCompleted(ticket=done),
        KitchenTicketUpdated(ticket=ticket, change="recall"),
        OrderNumberPreparing(number=make_number()),
        OrderNumberReady(number=make_number(state="ready", version=2)),
        OrderNumberCleared(number=make_number(state="gone", version=3)),
        TableSessionOpened(table=make_table()),
        TableSessionClosed(table=free, table_session_id=SEATING),
        MenuAvailabilityChanged(item=make_menu_item(), menu_version=12),
        MenuItemChanged(item=make_menu_item(), is_listed=True, menu_version=12),
        *make_payment_events(),
        *make_notification_events(),
    ]
    return {str(type(event).__struct_config__.tag): event for event in events}


def log_event(
    event: AnyEvent,
    *,
    seq: int,
    cafe_id: str = CAFE,
    epoch: str = EPOCH,
    user_id: str | None = None,
) -> LoggedEvent:
    """Give an event its place in a log."""
    return LoggedEvent(
        cafe_id=cafe_id,
        epoch=epoch,
        seq=seq,
        event_id=make_id(100_000 + seq),
        at=NOON,
        user_id=user_id,
        event=event,
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
        self.limits = build_limits(self.refusals, now_ms=lambda: int(self.now.timestamp() * 1000))

    async def authenticate(self, token: str, source: TokenSource) -> Admission:
        """Admit the names of IDENTITIES; "ticket:NAME" is a connect ticket."""
        self.sources.append((token, source))
        if source.is_query and not token.startswith("ticket:"):
            raise AuthenticationFailed("Only a connect ticket may stand in an address.")
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
            render=render_card,
            now=lambda: services.now,
            new_id=lambda: make_id(next(counter)),
            boot="boot-1",
            recheck=services.recheck,
            read_access_counts=services.read_access_counts,
            presence=services.presence,
            limits=services.limits,
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

    def is_writable(self) -> bool:
        """Whether the peer reads."""
        return not self.is_blocked and self.closed is None

    def send(self, frame: bytes) -> None:
        """Keep a frame."""
        self.frames.append(frame)

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
