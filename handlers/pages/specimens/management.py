"""What management looks at: the figures of a day, who is connected, the audit."""

from datetime import datetime, timedelta
from typing import Any

from config.namespaces import Namespace
from domain.analytics import (
    AnalyticsFigures,
    AnalyticsView,
    HourSalesView,
    LateTicketView,
    StationLoadView,
)
from domain.roles import Role
from domain.screens import ScreenState
from domain.views.base import Position
from domain.views.kitchen import StationMoveView
from domain.views.screens import (
    DeviceView,
    KitchenScreensView,
    StationScreensView,
    StationScreenView,
)
from handlers.connected import Connected, ConnectedPerson, Screens
from handlers.pages.admin_screens import ListedScreen, Place
from handlers.pages.specimens.ids import make_id
from handlers.pages.specimens.tickets import TARGET_S
from services.audit import AuditFactView
from services.people import StaffMember
from services.sign_ins import OpenSignInView


def make_analytics(now: datetime, *, is_busy: bool) -> AnalyticsView:
    """Make the figures of a lunch that is too much, or of a morning before the first guest."""
    sales = [3_800, 10_450, 16_900, 20_120, 18_440, 26_300] if is_busy else []
    first_hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
    stations = [("Bar", 64, 14, 0), ("Cold", 22, 3, 0), ("Kitchen", 118, 11, 2)]
    return AnalyticsView(
        version=1,
        at=now,
        position=Position(epoch=make_id(1), seq=1),
        business_date=now.date(),
        day_ends_at=now.replace(hour=4, minute=0) + timedelta(days=1),
        figures=AnalyticsFigures(
            active_orders=25 if is_busy else 0,
            waiting_orders=2 if is_busy else 0,
            completed_orders_today=142 if is_busy else 0,
            average_order_time=11.4 if is_busy else None,
            average_order_time_n=38 if is_busy else 0,
            average_order_time_is_whole_day=not is_busy,
            kitchen_load=118 if is_busy else 0,
            revenue_today=sum(sales),
            currency="EUR",
            customer_satisfaction=94 if is_busy else None,
            customer_satisfaction_n=53 if is_busy else 0,
            staff_on_duty=6 if is_busy else 0,
        ),
        p50_minutes=9.8 if is_busy else None,
        p90_minutes=17.2 if is_busy else None,
        late_share=8 if is_busy else None,
        late_share_n=38 if is_busy else 0,
        rounds_today=151 if is_busy else 0,
        gross_minor=sum(sales),
        tax_minor=0,
        refunded_net_minor=0,
        sales_by_hour=[
            HourSalesView(
                starts_at=first_hour + timedelta(hours=number),
                hour=(first_hour.hour + number) % 24,
                net_minor=net_minor,
            )
            for number, net_minor in enumerate(sales)
        ],
        stations=[
            StationLoadView(
                station_id=make_id(number),
                name=name,
                load_percent=load if is_busy else 0,
                parts=parts if is_busy else 0,
                over_target=over if is_busy else 0,
            )
            for number, (name, load, parts, over) in enumerate(stations)
        ],
        late=[
            LateTicketView(
                ticket_id=make_id(number),
                order_number=number,
                table_label=place,
                station_name="Kitchen",
                queued_at=now - timedelta(seconds=TARGET_S + over_s),
                target_s=TARGET_S,
                waits_for=waits_for,
            )
            for number, place, over_s, waits_for in (
                (118, "Table 12", 260, ["Shakshuka"]),
                (119, "", 125, ["2 Ham toastie", "Tomato soup"]),
            )
            if is_busy
        ],
        late_count=2 if is_busy else 0,
    )


def make_connected(now: datetime, *, is_complete: bool) -> Connected:
    """Make two people of whom one is connected, with a guest's phone beside them."""
    members = [
        StaffMember(
            person_id=make_id(number),
            name=name,
            roles=[role],
            sign_ins=sign_ins,
            last_seen_at=now - timedelta(hours=2) if sign_ins else None,
        )
        for number, name, role, sign_ins in (
            (1, "Helena Duarte", Role.OWNER, 2),
            (2, "Tomás Lagarto", Role.EXPO, 0),
        )
    ]
    screens = Screens(
        counts={Namespace.ADMIN: 1, Namespace.COUNTER: 2},
        since=now - timedelta(hours=2),
        heard_at=now,
    )
    return Connected(
        people=[
            ConnectedPerson(member=members[0], screens=screens),
            ConnectedPerson(member=members[1], screens=None),
        ],
        phones=7,
        connections=10,
        is_complete=is_complete,
    )


def list_audit_facts(now: datetime) -> list[AuditFactView]:
    """Make one fact of each subject."""
    facts: list[tuple[str, str, str, dict[str, Any]]] = [
        ("payment_refunded", "Helena Duarte", "", {"amount_minor": 1190, "with_credit": True}),
        ("items_voided", "", "Table 12", {"item_ids": ["1", "2"], "reason": "Changed my mind"}),
        ("availability_changed", "Rui Figueira", "", {"is_sold_out": True}),
        ("person_revoked", "Helena Duarte", "", {"endedSignIns": 3, "removedRoles": ["counter"]}),
        ("rate_limit_exceeded", "", "Table 4", {"limit": 50, "namespace": "customers"}),
    ]
    return [
        AuditFactView(
            entry_id=make_id(number),
            at=now - timedelta(minutes=number * 17),
            kind=kind,
            principal="person:1" if who else "lane:1",
            who=who,
            table=table,
            order_number=118,
            thing="Shakshuka" if kind == "availability_changed" else "Marta Simões",
            amount_minor=None,
            currency="EUR",
            details=details,
        )
        for number, (kind, who, table, details) in enumerate(facts)
    ]


def list_screens(now: datetime) -> list[ListedScreen]:
    """List a screen that is there, one that is away, and one that never came."""
    return [
        ListedScreen(
            device=DeviceView(
                device_id=make_id(300 + number),
                name=name,
                role=role,
                station_id=None,
                station_name="",
                station_slug="",
                address="192.168.1.40",
                browser="Chrome on Android",
                created_at=now - timedelta(days=90),
                last_seen_at=None if seen is None else now - seen,
            ),
            place=Place(word=role.value, name=place),
            connected_since=now - timedelta(hours=5) if is_there else None,
        )
        for number, (name, role, place, seen, is_there) in enumerate(
            (
                ("Wall by the oven", Role.KITCHEN, "Kitchen, all stations", timedelta(0), True),
                (
                    "The tablet at the second till, beside the window to the yard",
                    Role.COUNTER,
                    "Counter",
                    timedelta(hours=3),
                    False,
                ),
                ("Ready board", Role.BOARD, "Ready board", None, False),
            )
        )
    ]


def list_own_sign_ins(now: datetime) -> list[OpenSignInView]:
    """List the sign-in that looks, one of a phone, and a program's."""
    return [
        OpenSignInView(
            sign_in_id=make_id(320 + number),
            client=client,
            since=now - timedelta(days=3 * number + 1),
            last_seen_at=now - timedelta(minutes=50 * number),
            is_own=number == 0,
            is_program=number == 2,
        )
        for number, client in enumerate(("Chrome on Windows", "Safari on iPhone", "a program"))
    ]


def make_kitchen_screens(now: datetime) -> KitchenScreensView:
    """Make a station with a screen in every state, and one without any."""
    names = ("Wall by the oven", "", "Wall at the pass", "Old tablet")
    screens = [
        StationScreenView(key=state.value, name=name, state=state)
        for name, state in zip(names, ScreenState, strict=True)
    ]
    stations = [
        StationScreensView(station_id=make_id(320), station_name="Bar", screens=screens),
        StationScreensView(
            station_id=make_id(321),
            station_name="Kitchen",
            screens=[],
            move=StationMoveView(
                station_id=make_id(321),
                station_name="Kitchen",
                shown_at_station_id=make_id(320),
                shown_at_station_name="Bar",
                since=now,
                is_automatic=True,
            ),
            partner_id=make_id(320),
            patience_s=30,
        ),
    ]
    return KitchenScreensView(stations=stations, at=now)
