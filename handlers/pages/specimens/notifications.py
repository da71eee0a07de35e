"""What staff must know, and a table's call, in every state."""

from datetime import datetime, timedelta
from typing import Any

from domain.notifications import (
    ANSWER_PATIENCE_S,
    Acknowledgement,
    Notification,
    Subject,
    acknowledge,
    build_call_view,
    build_notification_view,
    describe_call,
    describe_failed_payment,
    describe_late_ticket,
    describe_missing_screen,
    describe_silent_screen,
    describe_unseen_ticket,
    escalate,
    make_notification,
)
from domain.roles import Role
from domain.statuses import NotificationKind
from domain.views.notifications import NotificationView
from domain.views.tables import TableCallView

_TABLE = Subject(
    order_id="o", order_number=118, table_session_id="s", table_number=7, table_label="Terrace 7"
)
_SALE = Subject(order_id="o", order_number=121)


def list_notifications(now: datetime) -> list[tuple[str, NotificationView]]:
    """List one of each kind, and what becomes of some."""
    late = _make(
        "late_ticket",
        describe_late_ticket(_TABLE, station_name="Kitchen"),
        now=now,
        age_s=700,
        patience_s=600,
    )
    call = _make_call(now, age_s=40)
    shown = {
        "a late ticket": late,
        "very late, told to management": escalate(late),
        "a payment that failed": _make(
            "payment_failed", describe_failed_payment(_SALE), now=now, age_s=65, subject=_SALE
        ),
        "a table that calls": call,
        "on the way": _see(call, now),
        "a screen that vanished": _make(
            "screen_offline", describe_silent_screen("Bar"), now=now, age_s=21
        ),
        "a ticket that no screen shows": _make(
            "ticket_unseen", describe_unseen_ticket(_TABLE, station_name="Bar"), now=now, age_s=4
        ),
        "a station without a screen": _make(
            "no_screen",
            describe_missing_screen("Bar", dishes=["Espresso", "Flat white", "Latte"]),
            now=now,
            age_s=90,
        ),
        "a notice": _make(
            "notice", ("No oat milk", "Until the delivery comes at four."), now=now, age_s=1500
        ),
    }
    return [(name, build_notification_view(each)) for name, each in shown.items()]


def list_calls(now: datetime) -> list[tuple[str, TableCallView]]:
    """List a table's call as its guests see it."""
    call = _make_call(now, age_s=40)
    return [
        ("called", build_call_view(call)),
        ("somebody is coming", build_call_view(_see(call, now))),
    ]


def _make_call(now: datetime, *, age_s: int) -> Notification:
    return _make(
        "table_called", describe_call(_TABLE), now=now, age_s=age_s, patience_s=ANSWER_PATIENCE_S
    )


def _see(notification: Notification, now: datetime) -> Notification:
    return acknowledge(notification, Acknowledgement(person_id="p", role=Role.COUNTER, at=now))


def _make(
    kind: str,
    words: tuple[str, str],
    *,
    now: datetime,
    age_s: int,
    subject: Subject = _TABLE,
    **changes: Any,
) -> Notification:
    return make_notification(
        NotificationKind(kind),
        notification_id=f"00000000-0000-7000-8000-{age_s:012d}",
        cafe_id="c",
        cause="x",
        words=words,
        subject=subject,
        since=now - timedelta(seconds=age_s),
        now=now,
        **changes,
    )
