"""Payments: legs, refunds, the guard against paying twice, and what providers said.

Sums of an order (due, captured, refunded) are derived from its legs (domain/payments.py). The
guard row is the one stored sum: a CHECK on it refuses what a lock that failed would let through.
"""

from peewee import CompositeKey

from domain.payments import LegStatus, PaymentMethod, RefundStatus, SandboxCard
from models.base import Table
from models.fields import (
    big_integer_field,
    boolean_field,
    check,
    check_word,
    id_field,
    integer_field,
    reference_field,
    text_field,
    timestamp_field,
    word_field,
)
from models.orders import Order
from models.staff import Person
from models.tables import Lane
from models.tenancy import Cafe

_CARDS = ", ".join(f"'{card.value}'" for card in SandboxCard)


class CafePaymentRules(Table):
    """How a cafe takes payments; without a row nobody pays by sandbox and the default limit holds.

    counter_refund_limit_minor: what the counter gives back of one order without a manager.
    """

    cafe_id = reference_field(Cafe, primary_key=True)
    accepts_sandbox = boolean_field()
    counter_refund_limit_minor = big_integer_field()

    class Meta:
        table_name = "cafe_payment_rules"
        constraints = (check("cafe_payment_rules_limit", "counter_refund_limit_minor >= 0"),)


class OrderClaim(Table):
    """The guard of an order: claimed = amounts of open and captured legs less what was refunded.

    payable_minor: what the order came to, after credits, when a leg last claimed; where a provider
    took more than that for a leg that had ended, what is held. claimed_minor changes by increments
    alone, so two writers that both read the same sum cannot both succeed.
    """

    order_id = reference_field(Order, primary_key=True)
    payable_minor = big_integer_field()
    claimed_minor = big_integer_field()

    class Meta:
        table_name = "order_claim"
        constraints = (check("order_claim_sum", "claimed_minor BETWEEN 0 AND payable_minor"),)


class UnsettledOrder(Table):
    """An order that is over and still has money to take or to give back; it stays on the till."""

    order_id = reference_field(Order, primary_key=True)
    cafe_id = reference_field(Cafe)
    since = timestamp_field()

    class Meta:
        table_name = "unsettled_order"
        indexes = ((("cafe_id", "since"), False),)


class Payment(Table):
    """One leg. number: its place among the order's legs.

    asked_at: when the provider was last asked; next_ask_at: when it is asked next, null where
    nobody is. asks: how often it was asked.
    """

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    order_id = reference_field(Order)
    number = integer_field()
    method = word_field(PaymentMethod)
    status = word_field(LegStatus)
    version = integer_field(default=1)
    amount_minor = big_integer_field()
    tendered_minor = big_integer_field(null=True)
    refunded_minor = big_integer_field(default=0)
    refunding_minor = big_integer_field(default=0)
    credited_minor = big_integer_field(default=0)
    lane_id = reference_field(Lane, null=True)
    person_id = reference_field(Person, null=True)
    sandbox_card = text_field(20, null=True)
    is_checking = boolean_field(default=False)
    failure_reason = text_field(120, default="")
    created_at = timestamp_field()
    captured_at = timestamp_field(null=True)
    ended_at = timestamp_field(null=True)
    asks = integer_field(default=0)
    asked_at = timestamp_field(null=True)
    next_ask_at = timestamp_field(null=True)

    class Meta:
        table_name = "payment"
        indexes = (
            (("order_id", "number"), True),
            (("next_ask_at",), False),
            (("cafe_id", "captured_at"), False),
        )
        constraints = (
            check_word("payment_status", "status", LegStatus),
            check_word("payment_method", "method", PaymentMethod),
            check("payment_sandbox_card", f"sandbox_card IN ({_CARDS})"),
            check("payment_amount", "amount_minor > 0"),
            check("payment_tendered", "tendered_minor >= amount_minor"),
            check(
                "payment_refunds",
                "refunded_minor >= 0 AND refunding_minor >= 0"
                " AND refunded_minor + refunding_minor <= amount_minor"
                " AND credited_minor BETWEEN 0 AND refunded_minor",
            ),
            check(
                "payment_refunds_of_captured",
                "refunded_minor + refunding_minor = 0 OR status = 'captured'",
            ),
            check("payment_version", "version >= 1"),
        )


class Refund(Table):
    """Money back from one leg. asks and times as on a leg.

    credited_minor: by how much what is owed fell with it.
    """

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    order_id = reference_field(Order)
    payment_id = reference_field(Payment)
    status = word_field(RefundStatus)
    amount_minor = big_integer_field()
    reason = text_field(120)
    with_credit = boolean_field()
    person_id = reference_field(Person, null=True)
    failure_reason = text_field(120, default="")
    created_at = timestamp_field()
    settled_at = timestamp_field(null=True)
    credited_minor = big_integer_field(default=0)
    asks = integer_field(default=0)
    asked_at = timestamp_field(null=True)
    next_ask_at = timestamp_field(null=True)

    class Meta:
        table_name = "refund"
        indexes = (
            (("order_id",), False),
            (("next_ask_at",), False),
            (("cafe_id", "settled_at"), False),
        )
        constraints = (
            check_word("refund_status", "status", RefundStatus),
            check("refund_amount", "amount_minor > 0"),
            check("refund_credited", "credited_minor BETWEEN 0 AND amount_minor"),
        )


class ProviderEvent(Table):
    """What a provider said, once per its event id. subject_id: of the leg or the refund."""

    provider = text_field(20)
    event_id = text_field(80)
    cafe_id = reference_field(Cafe)
    subject_id = id_field()
    outcome = text_field(20)
    received_at = timestamp_field()

    class Meta:
        table_name = "provider_event"
        primary_key = CompositeKey("provider", "event_id")
