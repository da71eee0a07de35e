"""Payments from their rows and back into them; always as a part of their order.

Written under the order's lock. What an UPDATE adds up is added up by the database, guarded by the
version that was read, and the order's guard row refuses claims beyond what it comes to: a lock
that failed would show as an error here, and never as money taken twice.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from domain.orders import Order
from domain.payments import (
    HELD_LEG_STATUSES,
    LegStatus,
    Payment,
    PaymentMethod,
    Refund,
    RefundStatus,
    SandboxCard,
    compute_held,
)
from models.fields import from_optional_unix_ms, from_unix_ms, to_optional_unix_ms
from models.payments import Payment as PaymentRow
from models.payments import Refund as RefundRow
from models.rows import fetch_rows, insert_rows

Row = dict[str, Any]

# Columns that the database adds up by itself.
_SUMS = ("refunded_minor", "refunding_minor", "credited_minor")

_PAYMENTS_QUERY = """
SELECT order_id, id, number, method, status, version, amount_minor, tendered_minor,
    refunded_minor, refunding_minor, credited_minor, lane_id, person_id, sandbox_card,
    is_checking, failure_reason, created_at, captured_at, ended_at, asks, asked_at, next_ask_at
FROM payment
WHERE order_id IN ({places})
ORDER BY order_id, number
"""
_REFUNDS_QUERY = """
SELECT payment_id, id, status, amount_minor, reason, with_credit, person_id, failure_reason,
    created_at, settled_at, credited_minor, asks, asked_at, next_ask_at
FROM refund
WHERE order_id IN ({places})
ORDER BY order_id, id
"""
_UPDATE_PAYMENT = """
UPDATE payment SET status = ?, version = ?, refunded_minor = refunded_minor + ?,
    refunding_minor = refunding_minor + ?, credited_minor = credited_minor + ?, is_checking = ?,
    failure_reason = ?, captured_at = ?, ended_at = ?, asks = ?, asked_at = ?, next_ask_at = ?
WHERE id = ? AND version = ?
RETURNING id
"""
_UPDATE_REFUND = """
UPDATE refund SET status = ?, failure_reason = ?, settled_at = ?, credited_minor = ?, asks = ?,
    asked_at = ?, next_ask_at = ?
WHERE id = ? AND status = ?
RETURNING id
"""
_RAISE_CLAIM = """
INSERT INTO order_claim (order_id, payable_minor, claimed_minor) VALUES (?, ?, ?)
ON CONFLICT (order_id) DO UPDATE SET payable_minor = excluded.payable_minor,
    claimed_minor = order_claim.claimed_minor + excluded.claimed_minor
RETURNING order_id
"""
_LOWER_CLAIM = """
UPDATE order_claim SET claimed_minor = claimed_minor - ? WHERE order_id = ? RETURNING order_id
"""


def read_payments(
    order_ids: Sequence[str], *, with_refunds: bool = False
) -> dict[str, list[Payment]]:
    """Read the legs of orders, oldest first. with_refunds: to change them, or to list refunds."""
    places = ", ".join("?" * len(order_ids))
    refunds: dict[str, list[Refund]] = defaultdict(list)
    if with_refunds:
        for row in fetch_rows(_REFUNDS_QUERY.format(places=places), tuple(order_ids)):
            refunds[row[0]].append(_build_refund(row))
    payments: dict[str, list[Payment]] = defaultdict(list)
    for row in fetch_rows(_PAYMENTS_QUERY.format(places=places), tuple(order_ids)):
        payments[row[0]].append(_build_payment(row, refunds[row[1]]))
    return payments


def describe_payments(order: Order) -> dict[str, Row]:
    """Say which rows the legs of an order have."""
    return {leg.payment_id: _describe_payment(order, leg) for leg in order.payments}


def describe_refunds(order: Order) -> dict[str, Row]:
    """Say which rows the refunds of an order have."""
    return {
        refund.refund_id: _describe_refund(order, leg, refund)
        for leg in order.payments
        for refund in leg.refunds
    }


def write_payments(order: Order, before: dict[str, Row]) -> None:
    """Write legs that are new or changed, and move the order's guard by what they hold."""
    after = describe_payments(order)
    insert_rows(PaymentRow, [row for key, row in after.items() if key not in before])
    for key, row in after.items():
        earlier = before.get(key, row)
        if earlier != row:
            _update_payment(earlier, row)
    held_before_minor = sum(_hold(row) for row in before.values())
    held_minor = sum(leg.held_minor for leg in order.payments)
    if held_minor > held_before_minor:
        payable_minor = order.sums.net_minor
        if any(_came_late(before[key], row) for key, row in after.items() if key in before):
            # Nobody claims it: it is here, and more than is due is what the books must say.
            payable_minor = max(payable_minor, held_minor)
        parameters = (order.order_id, payable_minor, held_minor - held_before_minor)
        _expect_one(fetch_rows(_RAISE_CLAIM, parameters))
    elif held_minor < held_before_minor:
        _expect_one(fetch_rows(_LOWER_CLAIM, (held_before_minor - held_minor, order.order_id)))


def write_refunds(order: Order, before: dict[str, Row]) -> None:
    """Write refunds that are new or changed. Their legs are written before."""
    after = describe_refunds(order)
    insert_rows(RefundRow, [row for key, row in after.items() if key not in before])
    for key, row in after.items():
        earlier = before.get(key, row)
        if earlier != row:
            parameters = (
                row["status"].value,
                row["failure_reason"],
                *(to_optional_unix_ms(row["settled_at"]), row["credited_minor"], row["asks"]),
                *(to_optional_unix_ms(row["asked_at"]), to_optional_unix_ms(row["next_ask_at"])),
                *(key, earlier["status"].value),
            )
            _expect_one(fetch_rows(_UPDATE_REFUND, parameters))


def _update_payment(before: Row, after: Row) -> None:
    parameters = (
        after["status"].value,
        after["version"],
        *(after[name] - before[name] for name in _SUMS),
        after["is_checking"],
        after["failure_reason"],
        *(to_optional_unix_ms(after[name]) for name in ("captured_at", "ended_at")),
        after["asks"],
        *(to_optional_unix_ms(after[name]) for name in ("asked_at", "next_ask_at")),
        after["id"],
        before["version"],
    )
    _expect_one(fetch_rows(_UPDATE_PAYMENT, parameters))


def _expect_one(rows: list[tuple[Any, ...]]) -> None:
    # No assert: under -O money would be written over what somebody else wrote.
    if len(rows) != 1:
        raise RuntimeError("a payment changed although its order was locked")


def _came_late(before: Row, after: Row) -> bool:
    """Whether a provider's money came for a leg that had ended."""
    return before["status"] not in HELD_LEG_STATUSES and after["status"] in HELD_LEG_STATUSES


def _hold(row: Row) -> int:
    return compute_held(row["status"], row["amount_minor"], row["refunded_minor"])


def _describe_payment(order: Order, leg: Payment) -> Row:
    return {
        "id": leg.payment_id,
        "cafe_id": order.cafe_id,
        "order_id": order.order_id,
        "number": leg.number,
        "method": leg.method,
        "status": leg.status,
        "version": leg.version,
        "amount_minor": leg.amount_minor,
        "tendered_minor": leg.tendered_minor,
        "refunded_minor": leg.refunded_minor,
        "refunding_minor": leg.refunding_minor,
        "credited_minor": leg.credited_minor,
        "lane_id": leg.lane_id,
        "person_id": leg.person_id,
        "sandbox_card": leg.sandbox_card,
        "is_checking": leg.is_checking,
        "failure_reason": leg.failure_reason,
        "created_at": leg.created_at,
        "captured_at": leg.captured_at,
        "ended_at": leg.ended_at,
        "asks": leg.asks,
        "asked_at": leg.asked_at,
        "next_ask_at": leg.next_ask_at,
    }


def _describe_refund(order: Order, leg: Payment, refund: Refund) -> Row:
    return {
        "id": refund.refund_id,
        "cafe_id": order.cafe_id,
        "order_id": order.order_id,
        "payment_id": leg.payment_id,
        "status": refund.status,
        "amount_minor": refund.amount_minor,
        "reason": refund.reason,
        "with_credit": refund.with_credit,
        "person_id": refund.person_id,
        "failure_reason": refund.failure_reason,
        "created_at": refund.created_at,
        "settled_at": refund.settled_at,
        "credited_minor": refund.credited_minor,
        "asks": refund.asks,
        "asked_at": refund.asked_at,
        "next_ask_at": refund.next_ask_at,
    }


def _build_payment(row: tuple[Any, ...], refunds: list[Refund]) -> Payment:
    (
        order_id,
        payment_id,
        number,
        method,
        status,
        version,
        amount_minor,
        tendered_minor,
        refunded_minor,
        refunding_minor,
        credited_minor,
        lane_id,
        person_id,
        sandbox_card,
        is_checking,
        failure_reason,
        created_at,
        captured_at,
        ended_at,
        asks,
        asked_at,
        next_ask_at,
    ) = row
    return Payment(
        payment_id=payment_id,
        order_id=order_id,
        number=number,
        method=PaymentMethod(method),
        status=LegStatus(status),
        version=version,
        amount_minor=amount_minor,
        tendered_minor=tendered_minor,
        refunded_minor=refunded_minor,
        refunding_minor=refunding_minor,
        credited_minor=credited_minor,
        lane_id=lane_id,
        person_id=person_id,
        sandbox_card=None if sandbox_card is None else SandboxCard(sandbox_card),
        is_checking=bool(is_checking),
        failure_reason=failure_reason,
        created_at=from_unix_ms(created_at),
        captured_at=from_optional_unix_ms(captured_at),
        ended_at=from_optional_unix_ms(ended_at),
        asks=asks,
        asked_at=from_optional_unix_ms(asked_at),
        next_ask_at=from_optional_unix_ms(next_ask_at),
        refunds=refunds,
    )


def _build_refund(row: tuple[Any, ...]) -> Refund:
    (
        _,
        refund_id,
        status,
        amount_minor,
        reason,
        with_credit,
        person_id,
        failure_reason,
        created_at,
        settled_at,
        credited_minor,
        asks,
        asked_at,
        next_ask_at,
    ) = row
    return Refund(
        refund_id=refund_id,
        status=RefundStatus(status),
        amount_minor=amount_minor,
        reason=reason,
        with_credit=bool(with_credit),
        person_id=person_id,
        failure_reason=failure_reason,
        created_at=from_unix_ms(created_at),
        settled_at=from_optional_unix_ms(settled_at),
        credited_minor=credited_minor,
        asks=asks,
        asked_at=from_optional_unix_ms(asked_at),
        next_ask_at=from_optional_unix_ms(next_ask_at),
    )
