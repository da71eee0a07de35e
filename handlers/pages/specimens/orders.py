"""Orders at the counter and at the table, in every state of food and money."""

from datetime import datetime, timedelta
from typing import Any

from domain.payments import LegStatus, PaymentMethod, PaymentStatus
from domain.statuses import (
    Channel,
    HoldKind,
    ItemStatus,
    OrderStatus,
    RoundStatus,
    WaitReason,
)
from domain.views.guests import GuestPayView, QueuePlaceView, StationWaitView, WaitsView
from domain.views.money import OrderPaymentView, PaymentView, TaxView, TotalsView
from domain.views.orders import HoldView, ItemModifierView, OrderItemView, OrderView, RoundView
from handlers.pages.specimens.ids import make_id
from handlers.pages.specimens.tickets import make_modifier


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
    all_served = make_round(
        1, make_order_item("Shakshuka", number=21, status=status.SERVED, quantity=2), at=earlier
    )
    held = make_round(
        2,
        make_order_item("Plum cake", number=22, status=status.HELD),
        make_order_item("Flat white", number=23, status=status.HELD, quantity=2),
        at=earlier,
        status=RoundStatus.SUBMITTED,
        fired_at=None,
        holds=[HoldView(kind=HoldKind.COURSE, reason="", expires_at=now + timedelta(minutes=12))],
        is_course=True,
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
        (
            "the rest is held",
            make_order(
                147,
                all_served,
                held,
                now=now,
                age_s=900,
                status=OrderStatus.CONFIRMED,
                estimated_ready_at=None,
            ),
        ),
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


def make_waits(now: datetime) -> WaitsView:
    """Make a kitchen of which one station is behind."""
    behind = WaitReason.LATE
    return WaitsView(
        waits=[
            StationWaitView(
                station_id=make_id(1), station_name="Bar", low_minutes=2, high_minutes=4
            ),
            StationWaitView(
                station_id=make_id(2),
                station_name="Kitchen",
                low_minutes=14,
                high_minutes=19,
                wait_reason=behind,
            ),
        ],
        at=now,
    )


def list_queue_places(now: datetime) -> list[tuple[str, QueuePlaceView]]:
    """List what a guest is told of the kitchen's queue."""
    return [
        (
            name,
            QueuePlaceView(
                order_id=make_id(90 + ahead),
                order_number=118,
                status=OrderStatus.CONFIRMED,
                progress_percentage=0,
                estimated_ready_at=None,
                queue_position=1 + ahead,
                low_minutes=5 + ahead,
                high_minutes=8 + 2 * ahead,
                wait_reason=WaitReason.LATE if ahead > 5 else WaitReason.QUEUE,
                at=now,
            ),
        )
        for name, ahead in (("one ahead in the kitchen", 1), ("twelve ahead in the kitchen", 12))
    ]
