"""Views with something of everything in them, and ids that are recognised at a glance."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from domain.analytics import (
    AnalyticsFigures,
    AnalyticsView,
    HourSalesView,
    LateTicketView,
    StationLoadView,
)
from domain.audiences import Audience
from domain.events import (
    StaffNotification,
)
from domain.payments import LegStatus, PaymentMethod
from domain.roles import Role
from domain.screens import ScreenState
from domain.statuses import (
    Channel,
    HoldKind,
    ItemStatus,
    NotificationKind,
    NotificationStatus,
    OrderStatus,
    PauseCause,
    Priority,
    RoundStatus,
    TicketStatus,
    WaitReason,
)
from domain.views.availability import StationPauseView
from domain.views.base import Position
from domain.views.boards import BoardNumberView
from domain.views.guests import QueuePlaceView, StationWaitView, WaitsView
from domain.views.kitchen import (
    HeldLinesView,
    StationMoveView,
    StationProgressView,
    TicketItemView,
    TicketView,
)
from domain.views.menu import MenuItemView, ModifierGroupView, ModifierOptionView
from domain.views.money import OrderPaymentView, PaymentView, TaxView, TotalsView
from domain.views.notifications import NotificationView
from domain.views.orders import HoldView, ItemModifierView, OrderItemView, OrderView, RoundView
from domain.views.screens import (
    DeviceView,
    KitchenScreensView,
    StationScreensView,
    StationScreenView,
)
from domain.views.tables import TableCallView, TableView

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
DEVICE = make_id(97)


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


def make_held_lines() -> HeldLinesView:
    """Make what comes later and is shown with that ticket."""
    cake = TicketItemView(
        item_id=make_id(61),
        quantity=2,
        name="PLUM CAKE",
        modifiers=[],
        note="",
        status=ItemStatus.HELD,
        version=1,
        is_remake=False,
        void_reason="",
        void_seen=False,
        started_at=None,
        ready_at=None,
    )
    return HeldLinesView(ticket_id=make_id(51), items=[cake], fires_at=NOON + timedelta(minutes=15))


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
                modifiers=[
                    msgspec.structs.replace(each, price_minor=0) for each in make_item().modifiers
                ],
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


def make_move() -> StationMoveView:
    """Make the bar's tickets shown at the cold station."""
    return StationMoveView(
        station_id=STATION,
        station_name="Bar",
        shown_at_station_id=make_id(31),
        shown_at_station_name="Cold",
        since=NOON,
        is_automatic=True,
    )


def make_pause() -> StationPauseView:
    """Make a pause of what takes long at the bar."""
    return StationPauseView(
        station_id=STATION,
        station_name="Bar",
        cause=PauseCause.LOAD,
        since=NOON,
        until=NOON + timedelta(minutes=10),
        from_prep_s=120,
        load_minutes=22,
        limit_minutes=20,
        menu_item_ids=[MENU_ITEM],
    )


def make_kitchen_screens() -> KitchenScreensView:
    """Make a station with a screen in every state, and one without any."""
    screens = [
        StationScreenView(key=make_id(900 + number), name=f"Wall {number}", state=state)
        for number, state in enumerate(ScreenState)
    ]
    return KitchenScreensView(
        stations=[
            StationScreensView(
                station_id=STATION, station_name="Bar", screens=screens, move=make_move()
            ),
            StationScreensView(station_id=make_id(31), station_name="Cold", screens=[]),
        ],
        at=NOON,
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


def make_queue_place() -> QueuePlaceView:
    """Make the place of the order that has two rounds before it."""
    return QueuePlaceView(
        order_id=ORDER,
        order_number=42,
        status=OrderStatus.CONFIRMED,
        progress_percentage=0,
        estimated_ready_at=NOON + timedelta(minutes=6),
        queue_position=3,
        at=NOON,
        low_minutes=6,
        high_minutes=9,
        wait_reason=WaitReason.QUEUE,
    )


def make_waits() -> WaitsView:
    """Make a bar that is quick and a grill that is behind."""
    return WaitsView(
        waits=[
            StationWaitView(station_id=STATION, station_name="Bar", low_minutes=2, high_minutes=4),
            StationWaitView(
                station_id=make_id(21),
                station_name="Grill",
                low_minutes=14,
                high_minutes=19,
                wait_reason=WaitReason.LATE,
            ),
        ],
        at=NOON,
    )


def make_device(**changes: Any) -> DeviceView:
    """Make a wall that stands at the bar."""
    fields: dict[str, Any] = {
        "device_id": DEVICE,
        "name": "Wall by the oven",
        "role": Role.KITCHEN,
        "station_id": STATION,
        "station_name": "Bar",
        "station_slug": "bar",
        "address": "192.168.1.40",
        "browser": "Chrome on Android",
        "created_at": NOON,
        "last_seen_at": NOON,
    }
    return DeviceView(**{**fields, **changes})
