"""Specimens: made-up views of every card in its states, for /styleguide and for looking at pages.

Pure and deterministic: the same moment gives the same views. Nothing here is ever stored.
"""

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
from domain.payments import LegStatus, PaymentMethod, PaymentStatus
from domain.roles import Role
from domain.statuses import (
    Channel,
    HoldKind,
    ItemStatus,
    OrderStatus,
    Priority,
    RoundStatus,
    TicketStatus,
)
from domain.views import (
    BoardNumberView,
    GuestPayView,
    HoldView,
    ItemModifierView,
    MenuCategoryView,
    MenuItemView,
    ModifierGroupView,
    ModifierOptionView,
    OrderItemView,
    OrderPaymentView,
    OrderView,
    PaymentView,
    Position,
    RoundView,
    StationProgressView,
    StationView,
    TableView,
    TaxView,
    TicketItemView,
    TicketView,
    TotalsView,
)
from handlers.connected import Connected, ConnectedPerson, Screens
from handlers.health import CheckResult, Readiness
from handlers.pages.notification_specimens import list_calls, list_notifications
from services.audit import AuditFactView
from services.menu_books import EditableItem
from services.people import StaffMember

_TARGET_S = 600
_TABLE_STATUSES = ("free", "seated", "submitted", "preparing", "ready", "completed")


def make_id(number: int) -> str:
    """Make an identifier that is valid and tells its number."""
    return f"00000000-0000-7000-8000-{number:012d}"


def make_modifier(name: str, *, is_removal: bool = False, quantity: int = 1) -> ItemModifierView:
    """Make a chosen modifier. A removal is named in full for guests, by the thing for cooks."""
    return ItemModifierView(
        modifier_id=make_id(sum(name.encode())),
        name=f"No {name}" if is_removal else name,
        kitchen_name=name,
        quantity=quantity,
        price_minor=0,
        is_removal=is_removal,
    )


def make_line(
    name: str,
    *modifiers: ItemModifierView,
    quantity: int = 1,
    status: ItemStatus = ItemStatus.QUEUED,
    number: int = 1,
    **changes: Any,
) -> TicketItemView:
    """Make a ticket's line. changes: any other field of the view."""
    fields: dict[str, Any] = {
        "item_id": make_id(number),
        "quantity": quantity,
        "name": name,
        "modifiers": list(modifiers),
        "note": "",
        "status": status,
        "version": 1,
        "is_remake": False,
        "void_reason": "",
        "void_seen": False,
        "started_at": None,
        "ready_at": None,
    }
    return TicketItemView(**(fields | changes))


def make_ticket(
    number: int, *lines: TicketItemView, now: datetime, age_s: int, **changes: Any
) -> TicketView:
    """Make a ticket that is `age_s` old. changes: any other field of the view."""
    started = any(line.status is not ItemStatus.QUEUED for line in lines)
    fields: dict[str, Any] = {
        "ticket_id": make_id(number),
        "order_id": make_id(number + 1000),
        "order_number": number,
        "round_number": 1,
        "station_id": make_id(1),
        "station_name": "Kitchen",
        "status": TicketStatus.STARTED if started else TicketStatus.RECEIVED,
        "version": 1,
        "channel": Channel.TABLE,
        "table_number": number % 12 + 1,
        "table_label": f"Table {number % 12 + 1}",
        "priority": Priority.NORMAL,
        "queued_at": now - timedelta(seconds=age_s),
        "started_at": None,
        "completed_at": None,
        "target_s": _TARGET_S,
        "is_recalled": False,
        "note": "",
        "allergy": "",
        "items": list(lines),
        "others": [],
    }
    return TicketView(**(fields | changes))


def make_progress(station: str, ready: int, total: int) -> StationProgressView:
    """Make another station's share of a round."""
    return StationProgressView(
        station_id=make_id(2), station_name=station, ready=ready, total=total
    )


def list_tickets(now: datetime) -> list[tuple[str, TicketView]]:
    """List a ticket for every state, with the state's name, oldest first."""
    started, ready, voided = ItemStatus.STARTED, ItemStatus.READY, ItemStatus.VOIDED
    bar, cold = make_progress("Bar", 2, 4), make_progress("Cold", 1, 1)
    no_egg, no_onion = (make_modifier(word, is_removal=True) for word in ("egg", "onion"))
    return [
        (
            "late",
            make_ticket(
                118,
                make_line("Shakshuka", make_modifier("+ feta"), no_egg, status=started),
                make_line("Eggs sourdough", make_modifier("poached"), quantity=2, status=ready),
                now=now,
                age_s=860,
                others=[make_progress("Bar", 4, 4), cold],
            ),
        ),
        (
            "late, with an allergy",
            make_ticket(
                119,
                make_line("Trout bagel", make_modifier("capers", is_removal=True)),
                make_line("Tomato soup", status=started),
                now=now,
                age_s=725,
                allergy="SESAME",
                channel=Channel.COUNTER,
                table_number=None,
                table_label="Pick-up",
                others=[make_progress("Bar", 0, 2)],
            ),
        ),
        (
            "due soon",
            make_ticket(
                122,
                make_line("Eggs sourdough", make_modifier("scrambled"), quantity=2),
                make_line("Granola & plum", status=ready),
                make_line("Hash brown"),
                now=now,
                age_s=571,
                others=[bar],
            ),
        ),
        (
            "long, goes on in the next cell",
            make_ticket(
                123,
                make_line("Fried eggs", make_modifier("runny"), status=started),
                make_line("Hash brown", make_modifier("+ aioli"), quantity=2),
                make_line("Tomato soup"),
                make_line("Shakshuka", make_modifier("+ chorizo"), quantity=2),
                make_line("Ham & Gruyère toastie", note="Cut in four, for sharing"),
                now=now,
                age_s=532,
                note="Toast for the child first, train at ten past one",
                others=[make_progress("Bar", 5, 6)],
            ),
        ),
        (
            "void, must be seen",
            make_ticket(
                126,
                make_line("Trout bagel", status=voided, void_reason="guest left"),
                make_line("Tomato soup", quantity=2),
                now=now,
                age_s=432,
            ),
        ),
        (
            "on time",
            make_ticket(
                130,
                make_line("Smoked trout bagel", no_onion, status=started),
                make_line("Granola & plum", status=ready),
                now=now,
                age_s=250,
                others=[make_progress("Bar", 2, 2)],
            ),
        ),
        (
            "remake, from the counter",
            make_ticket(
                131,
                make_line("Eggs sourdough", make_modifier("scrambled"), is_remake=True),
                make_line("Hash brown", quantity=12),
                now=now,
                age_s=200,
                channel=Channel.COUNTER,
                table_number=None,
                table_label="Counter",
            ),
        ),
        (
            "add-on, rush",
            make_ticket(
                133,
                make_line("Banana bread", make_modifier("mascarpone")),
                make_line("Croissant, warm", quantity=2),
                now=now,
                age_s=165,
                round_number=2,
                priority=Priority.URGENT,
            ),
        ),
        (
            "recalled",
            make_ticket(
                134,
                make_line("Breakfast roll", status=started),
                now=now,
                age_s=151,
                is_recalled=True,
            ),
        ),
        (
            "long words",
            make_ticket(
                135,
                make_line("Donaudampfschifffahrtsstrudel", make_modifier("vanillesoße")),
                now=now,
                age_s=140,
                table_label="Terrace by the old harbour wall 18",
                allergy="Tree nuts, severe, also traces of peanut",
            ),
        ),
        (
            "new, pulses until touched",
            make_ticket(
                136,
                make_line("Ham toastie", make_modifier("butter", is_removal=True), quantity=2),
                make_line("Kids’ cheese toast"),
                now=now,
                age_s=42,
            ),
        ),
        (
            "new, with an allergy",
            make_ticket(
                137,
                make_line("Granola & plum", make_modifier("oat yoghurt"), no_onion),
                now=now,
                age_s=4,
                allergy="TREE NUTS",
            ),
        ),
    ]


def make_finished_ticket(number: int, *, now: datetime, age_s: int) -> TicketView:
    """Make a ticket that was bumped `age_s` ago."""
    return make_ticket(
        number,
        make_line("Eggs sourdough", status=ItemStatus.READY, quantity=2),
        make_line("Croissant, warm", status=ItemStatus.READY),
        now=now,
        age_s=age_s + 300,
        status=TicketStatus.COMPLETED,
        completed_at=now - timedelta(seconds=age_s),
    )


def make_totals(total_minor: int) -> TotalsView:
    """Make totals at ten percent, included in the prices."""
    tax_minor = total_minor - total_minor * 10 // 11
    tax = TaxView(
        code="food",
        name="tax",
        rate_ppm=100_000,
        net_minor=total_minor - tax_minor,
        tax_minor=tax_minor,
    )
    return TotalsView(
        currency="EUR",
        prices_include_tax=True,
        subtotal_minor=total_minor,
        tax_minor=tax_minor,
        total_minor=total_minor,
        taxes=[tax],
    )


def make_order_item(
    name: str, *modifiers: ItemModifierView, number: int, status: ItemStatus, **changes: Any
) -> OrderItemView:
    """Make a line of an order. changes: any other field of the view."""
    fields: dict[str, Any] = {
        "item_id": make_id(number),
        "line_number": number,
        "round_number": 1,
        "menu_item_id": make_id(number),
        "name": name,
        "kitchen_name": name,
        "plate": "flat-white",
        "quantity": 1,
        "unit_price_minor": 390,
        "line_total_minor": 390,
        "modifiers": list(modifiers),
        "note": "",
        "status": status,
        "version": 1,
        "station_id": make_id(1),
        "station_name": "Kitchen",
        "prep_s": 240,
    }
    return OrderItemView(**(fields | changes))


def make_round(number: int, *items: OrderItemView, at: datetime, **changes: Any) -> RoundView:
    """Make a confirmed round. changes: any other field of the view."""
    fields: dict[str, Any] = {
        "round_number": number,
        "status": RoundStatus.CONFIRMED,
        "holds": [],
        "submitted_at": at,
        "fired_at": at,
        "progress_percentage": 50,
        "note": "",
        "allergy": "",
        "lane_number": 1,
        "reason": "",
        "undo_until": None,
        "items": list(items),
    }
    return RoundView(**(fields | changes))


def make_order(
    number: int, *rounds: RoundView, now: datetime, age_s: int, **changes: Any
) -> OrderView:
    """Make an order that is `age_s` old. changes: any other field of the view."""
    fields: dict[str, Any] = {
        "order_id": make_id(number + 1000),
        "order_number": number,
        "business_date": now.date(),
        "status": OrderStatus.PREPARING,
        "version": 1,
        "channel": Channel.TABLE,
        "table_number": 7,
        "table_label": "Table 7",
        "table_session_id": make_id(7),
        "progress_percentage": 50,
        "submitted_at": now - timedelta(seconds=age_s),
        "estimated_ready_at": now + timedelta(seconds=440),
        "completed_at": None,
        "rounds": list(rounds),
        "totals": make_totals(1905),
        "payment": make_payment(1905),
    }
    return OrderView(**(fields | changes))


def make_leg(
    number: int,
    amount_minor: int,
    *,
    at: datetime,
    method: PaymentMethod = PaymentMethod.CASH,
    status: LegStatus = LegStatus.CAPTURED,
    **changes: Any,
) -> PaymentView:
    """Make a payment of an order. changes: any other field of the view."""
    fields: dict[str, Any] = {
        "payment_id": make_id(number + 2000),
        "order_id": make_id(1000),
        "number": number,
        "method": method,
        "status": status,
        "version": 1,
        "amount_minor": amount_minor,
        "tendered_minor": None,
        "change_minor": 0,
        "refunded_minor": 0,
        "refunding_minor": 0,
        "is_checking": False,
        "failure_reason": "",
        "lane_id": None,
        "created_at": at,
        "ended_at": at if status is LegStatus.CAPTURED else None,
    }
    return PaymentView(**(fields | changes))


def make_payment(total_minor: int, *legs: PaymentView, credited_minor: int = 0) -> OrderPaymentView:
    """Make what payments come to for an order of a total."""
    captured_minor, refunded_minor = (
        sum(getattr(leg, name) for leg in legs if leg.status is LegStatus.CAPTURED)
        for name in ("amount_minor", "refunded_minor")
    )
    pending_minor = sum(leg.amount_minor for leg in legs if leg.status is LegStatus.PENDING)
    owed_minor = total_minor - credited_minor - captured_minor + refunded_minor
    is_paid = owed_minor <= 0 and captured_minor > 0
    return OrderPaymentView(
        status=PaymentStatus.PAID if is_paid else PaymentStatus.UNPAID,
        due_minor=max(0, owed_minor),
        payable_minor=max(0, owed_minor - pending_minor),
        captured_minor=captured_minor,
        refunded_minor=refunded_minor,
        credited_minor=credited_minor,
        pending_minor=pending_minor,
        overpaid_minor=max(0, -owed_minor),
        is_overpaid=owed_minor < 0,
        legs=list(legs),
    )


def list_payments(now: datetime) -> list[tuple[str, OrderView]]:
    """List an order for every way its money can stand, with a payment of every kind."""
    at = now - timedelta(seconds=300)
    card, sandbox = PaymentMethod.CARD_TERMINAL, PaymentMethod.SANDBOX
    cash = make_leg(1, 3000, at=at, tendered_minor=5000, change_minor=2000)
    waiting, failed = LegStatus.PENDING, LegStatus.FAILED
    refused = make_leg(1, 2720, at=at, method=card, status=failed, failure_reason="card_declined")
    given_up = make_leg(
        2, 2720, at=at, method=card, status=LegStatus.CANCELLED, failure_reason="cancelled"
    )
    on_terminal = make_leg(3, 906, at=at, method=card, status=waiting)
    checking = make_leg(4, 907, at=at, method=sandbox, status=waiting, is_checking=True)
    ways: list[tuple[str, int, OrderPaymentView]] = [
        ("unpaid", 2720, make_payment(2720, refused, given_up)),
        (
            "partly paid, one on the terminal, one being checked",
            2720,
            make_payment(2720, make_leg(1, 907, at=at), on_terminal, checking),
        ),
        (
            "all of it being paid by phone",
            2720,
            make_payment(2720, make_leg(1, 2720, at=at, method=sandbox, status=waiting)),
        ),
        ("paid, with change", 3000, make_payment(3000, cash)),
        (
            "paid, then some given back for goodwill",
            2720,
            make_payment(
                2720,
                make_leg(1, 2720, at=at, method=card, refunded_minor=500),
                credited_minor=500,
            ),
        ),
        (
            "given back, and owed again",
            2720,
            make_payment(2720, make_leg(1, 2720, at=at, method=card, refunded_minor=2720)),
        ),
        (
            "refund due, one refund under way",
            1500,
            make_payment(1500, make_leg(1, 2720, at=at, method=sandbox, refunding_minor=300), cash),
        ),
        ("a great sum", 128_450_095, make_payment(128_450_095, make_leg(1, 100, at=at))),
    ]
    served = make_round(
        1,
        make_order_item("Flat white", number=1, status=ItemStatus.SERVED, quantity=2),
        make_order_item("Tomato soup", number=2, status=ItemStatus.SERVED, quantity=2),
        make_order_item(
            "Smoked trout bagel",
            number=3,
            status=ItemStatus.VOIDED,
            void_reason="guest changed mind",
        ),
        at=at,
    )
    return [
        (
            name,
            make_order(
                151 + index,
                served,
                now=now,
                age_s=1200,
                status=OrderStatus.COMPLETED,
                completed_at=now - timedelta(seconds=200),
                estimated_ready_at=None,
                totals=make_totals(total_minor),
                payment=payment,
            ),
        )
        for index, (name, total_minor, payment) in enumerate(ways)
    ]


def list_orders(now: datetime) -> list[tuple[str, OrderView]]:
    """List an order for every state that a guest and the counter see."""
    status = ItemStatus
    earlier, just_now = now - timedelta(seconds=540), now - timedelta(seconds=12)
    oat, shot = make_modifier("Oat milk"), make_modifier("Extra shot")
    first = make_round(
        1,
        make_order_item("Flat white", oat, shot, number=1, status=status.READY, quantity=2),
        make_order_item("Shakshuka with whipped feta", number=2, status=status.STARTED),
        make_order_item("Almond croissant", number=3, status=status.QUEUED),
        make_order_item(
            "Cardamom bun", number=4, status=status.VOIDED, void_reason="the last one was sold"
        ),
        at=earlier,
        allergy="Tree nuts",
        note="Milk on the side, please",
    )
    second = make_round(
        2,
        make_order_item("Fresh mint tea", number=5, status=status.QUEUED, note="no sugar"),
        at=just_now,
        undo_until=now + timedelta(seconds=8),
    )
    all_ready = make_round(
        1,
        make_order_item("Flat white", number=6, status=status.READY, quantity=2),
        make_order_item("Croissant", number=7, status=status.SERVED),
        at=earlier,
    )
    waiting = make_round(
        1,
        make_order_item("Filter of the day", number=8, status=status.HELD),
        at=just_now,
        status=RoundStatus.SUBMITTED,
        fired_at=None,
        holds=[HoldView(kind=HoldKind.APPROVAL, reason="first order of a table", expires_at=None)],
    )
    refused = make_round(
        1,
        make_order_item("Shakshuka", number=9, status=status.VOIDED),
        at=earlier,
        status=RoundStatus.REJECTED,
        reason="The kitchen has just closed.",
    )
    served = make_round(1, make_order_item("Espresso", number=10, status=status.SERVED), at=earlier)
    return [
        ("two rounds", make_order(138, first, second, now=now, age_s=540)),
        ("all ready", make_order(139, all_ready, now=now, age_s=500, status=OrderStatus.READY)),
        (
            "waits for approval",
            make_order(
                140, waiting, now=now, age_s=12, status=OrderStatus.SUBMITTED, table_label="Table 3"
            ),
        ),
        (
            "takes longer",
            make_order(
                141,
                make_round(
                    1, make_order_item("Tomato soup", number=11, status=status.STARTED), at=earlier
                ),
                now=now,
                age_s=900,
                estimated_ready_at=now - timedelta(seconds=30),
                channel=Channel.COUNTER,
                table_number=None,
                table_label="",
            ),
        ),
        (
            "not accepted",
            make_order(142, refused, now=now, age_s=500, status=OrderStatus.REJECTED),
        ),
        (
            "served",
            make_order(143, served, now=now, age_s=1500, status=OrderStatus.COMPLETED),
        ),
    ]


def list_guest_payments(now: datetime) -> list[tuple[str, GuestPayView]]:
    """List what a guest reads of their payment, for every way it can stand."""
    lane, at = make_id(90), now - timedelta(seconds=60)
    waiting, failed = LegStatus.PENDING, LegStatus.FAILED
    own: dict[str, Any] = {"at": at, "method": PaymentMethod.SANDBOX, "lane_id": lane}
    other = make_leg(1, 1085, at=at, method=PaymentMethod.CARD_TERMINAL, status=waiting)
    ways: list[tuple[str, list[PaymentView], int, bool]] = [
        ("own lines, or for everybody", [], 820, True),
        ("all of it is one's own", [], 1905, True),
        ("the cafe takes nothing by phone", [], 820, False),
        ("waiting", [make_leg(1, 820, status=waiting, **own)], 0, True),
        ("being checked", [make_leg(1, 820, status=waiting, is_checking=True, **own)], 0, True),
        (
            "refused, try again",
            [make_leg(1, 820, status=failed, failure_reason="card_declined", **own)],
            820,
            True,
        ),
        ("own share paid, somebody else is paying", [make_leg(1, 820, **own), other], 0, True),
        ("all paid", [make_leg(1, 820, **own), make_leg(2, 1085, at=at)], 0, True),
        ("some given back", [make_leg(1, 1905, refunded_minor=300, **own)], 0, True),
    ]
    each_round = make_round(
        1,
        make_order_item(
            "Flat white",
            make_modifier("Oat milk"),
            number=1,
            status=ItemStatus.SERVED,
            quantity=2,
            line_total_minor=820,
            lane_id=lane,
        ),
        make_order_item(
            "Shakshuka with whipped feta and toasted sourdough",
            number=2,
            status=ItemStatus.SERVED,
            line_total_minor=1085,
        ),
        at=at,
    )
    specimens = []
    for index, (name, legs, own_minor, accepts_sandbox) in enumerate(ways):
        credited_minor = sum(leg.refunded_minor for leg in legs)
        payment = make_payment(1905, *legs, credited_minor=credited_minor)
        order = make_order(171 + index, each_round, now=now, age_s=600, payment=payment)
        view = GuestPayView(
            order=order,
            lane_id=lane,
            own_minor=own_minor,
            payable_minor=payment.payable_minor,
            accepts_sandbox=accepts_sandbox,
        )
        specimens.append((name, view))
    return specimens


def make_board_number(number: int, state: str, *, now: datetime, age_s: int) -> BoardNumberView:
    """Make a number of the order-ready board."""
    return BoardNumberView(
        order_number=number,
        business_date=now.date(),
        state=state,
        version=1,
        since=now - timedelta(seconds=age_s),
    )


def make_option(name: str, price_minor: int = 0, **changes: Any) -> ModifierOptionView:
    """Make an option of a modifier group. changes: any other field of the view."""
    fields: dict[str, Any] = {
        "modifier_id": make_id(sum(name.encode())),
        "name": name,
        "kitchen_name": name.lower(),
        "price_minor": price_minor,
        "is_default": False,
        "is_removal": False,
        "is_sold_out": False,
        "allergens": [],
    }
    return ModifierOptionView(**(fields | changes))


def make_group(
    name: str, minimum: int, maximum: int, *options: ModifierOptionView
) -> ModifierGroupView:
    """Make a modifier group; it is required when something must be chosen."""
    return ModifierGroupView(
        group_id=make_id(sum(name.encode()) + 5000),
        name=name,
        is_required=minimum > 0,
        minimum=minimum,
        maximum=maximum,
        options=list(options),
    )


def make_menu_item(name: str, plate: str, price_minor: int, **changes: Any) -> MenuItemView:
    """Make a dish. changes: any other field of the view."""
    fields: dict[str, Any] = {
        "menu_item_id": make_id(sum(name.encode()) + 9000),
        "category_id": make_id(50),
        "name": name,
        "kitchen_name": name[:18],
        "description": "",
        "price_minor": price_minor,
        "prep_s": 240,
        "station_id": make_id(1),
        "plate": plate,
        "allergens": [],
        "diets": [],
        "is_sold_out": False,
        "sold_out_until": None,
        "groups": [],
    }
    return MenuItemView(**(fields | changes))


def make_flat_white() -> MenuItemView:
    """Make a dish with a group of every kind."""
    milk = make_group(
        "Milk",
        1,
        1,
        make_option("Whole milk", is_default=True, allergens=["milk"]),
        make_option("Oat milk, barista", 50),
        make_option("Soy milk", 40),
        make_option("Almond milk", 50, is_sold_out=True),
    )
    size = make_group(
        "Size",
        1,
        1,
        make_option("Regular, 180 ml", is_default=True),
        make_option("Large, 260 ml", 70),
    )
    extras = make_group(
        "Make it yours",
        0,
        3,
        make_option("Extra shot", 80),
        make_option("Decaf"),
        make_option("Vanilla syrup", 50),
        make_option("No foam", is_removal=True),
    )
    return make_menu_item(
        "Flat white",
        "flat-white",
        390,
        description="Double ristretto under thin, silky milk. The house favourite.",
        allergens=["milk"],
        groups=[milk, size, extras],
    )


def list_dishes(now: datetime) -> list[MenuItemView]:
    """List dishes of every kind of row in the guest's menu."""
    return [
        make_flat_white(),
        make_menu_item(
            "Eighteen-hour cold brew",
            "cold-brew",
            440,
            diets=["vegan"],
            description="Steeped overnight, long over ice, with orange peel.",
        ),
        make_menu_item(
            "Shakshuka with whipped feta and toasted sourdough",
            "shakshuka",
            1150,
            description="Two eggs baked in smoked tomato and pepper, with coriander.",
        ),
        make_menu_item(
            "Filter of the day",
            "filter",
            360,
            is_sold_out=True,
            sold_out_until=now + timedelta(minutes=40),
            description="Batch brewed on the hour, black.",
        ),
        make_menu_item("Cardamom bun", "bun", 390, is_sold_out=True),
    ]


def list_tables(now: datetime) -> list[tuple[str, TableView, OrderView | None]]:
    """List a table for every way it can stand, with the order that is open there."""
    orders = [order for _, order in list_orders(now)]
    open_orders = {order.status.value: order for order in reversed(orders)}
    return [
        (
            status,
            TableView(
                table_id=make_id(60 + number),
                number=number,
                label=f"Table {number}",
                area="Room",
                seats=number,
                table_session_id=None if status == "free" else make_id(70 + number),
                open_order_id=order.order_id if order else None,
                open_order_number=order.order_number if order else None,
                status="seated" if status == "completed" else status,
            ),
            order,
        )
        for number, status in enumerate(_TABLE_STATUSES, 1)
        for order in [open_orders.get(status)]
    ]


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
                queued_at=now - timedelta(seconds=_TARGET_S + over_s),
                target_s=_TARGET_S,
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


def build_specimens(now: datetime) -> dict[str, Any]:
    """Build the context of pages/styleguide.html."""
    finished = make_finished_ticket(117, now=now, age_s=95)
    return {
        "tickets": [*list_tickets(now), ("finished, in the recall panel", finished)],
        "orders": list_orders(now),
        "payments": list_payments(now),
        "guest_payments": list_guest_payments(now),
        "tables": list_tables(now),
        "numbers": [
            make_board_number(117, "ready", now=now, age_s=3),
            make_board_number(116, "ready", now=now, age_s=70),
            make_board_number(118, "preparing", now=now, age_s=200),
        ],
        "dishes": list_dishes(now),
        "dish": make_flat_white(),
        "category": MenuCategoryView(
            category_id=make_id(50), name="Coffee", items=list_dishes(now)[:2]
        ),
        "totals_view": make_totals(1905),
        "station": StationView(
            station_id=make_id(1), name="Kitchen", slug="kitchen", target_s=_TARGET_S
        ),
        "currency": "EUR",
        "notifications": list_notifications(now),
        "calls": list_calls(now),
        "analytics": make_analytics(now, is_busy=True),
        "quiet_analytics": make_analytics(now, is_busy=False),
        "connected_view": make_connected(now, is_complete=True),
        "own_connected_view": make_connected(now, is_complete=False),
        "readiness": Readiness(
            is_ready=True,
            is_degraded=True,
            checks=[
                CheckResult(name="database", is_ok=True),
                CheckResult(name="redis", is_ok=False),
            ],
        ),
        "audit_facts": list_audit_facts(now),
        "editable_items": [
            EditableItem(item=item, is_listed=number != 1)
            for number, item in enumerate(list_dishes(now))
        ],
    }
