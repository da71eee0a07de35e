"""Payment messages: the source's fields flat, the leg and the whole order as views beside them."""

import msgspec

from domain.events import (
    PaymentCompleted,
    PaymentFailed,
    PaymentInitiated,
    PaymentRefunded,
    PaymentUpdated,
)
from domain.payments import LegStatus, PaymentMethod, PaymentStatus
from domain.views.money import PaymentView, RefundView
from domain.views.orders import OrderView
from realtime.messages.envelope import Data, EventMessage


class PaymentData(Data, frozen=True, kw_only=True):
    """amount: minor units of `currency`. status: of this payment; the order's stands beside it."""

    payment_id: str
    order_id: str
    order_number: int
    amount: int
    currency: str
    payment_method: PaymentMethod
    status: LegStatus
    order_payment_status: PaymentStatus
    failure_reason: str | None = None
    payment: PaymentView
    order: OrderView

    @property
    def view(self) -> OrderView:
        return self.order


class PaymentRefundedData(PaymentData, frozen=True, kw_only=True):
    """refund_amount: what was given back this time."""

    refund_id: str
    refund_amount: int
    refund: RefundView


class PaymentInitiatedMessage(EventMessage, frozen=True, kw_only=True, tag="payment_initiated"):
    data: PaymentData


class PaymentUpdatedMessage(EventMessage, frozen=True, kw_only=True, tag="payment_updated"):
    data: PaymentData


class PaymentCompletedMessage(EventMessage, frozen=True, kw_only=True, tag="payment_completed"):
    data: PaymentData


class PaymentFailedMessage(EventMessage, frozen=True, kw_only=True, tag="payment_failed"):
    data: PaymentData


class PaymentRefundedMessage(EventMessage, frozen=True, kw_only=True, tag="payment_refunded"):
    data: PaymentRefundedData


def build_payment(
    event: PaymentInitiated | PaymentUpdated | PaymentCompleted | PaymentFailed | PaymentRefunded,
) -> PaymentData:
    """Say how one payment stands."""
    order, payment = event.order, event.payment
    return PaymentData(
        payment_id=payment.payment_id,
        order_id=order.order_id,
        order_number=order.order_number,
        amount=payment.amount_minor,
        currency=order.totals.currency,
        payment_method=payment.method,
        status=payment.status,
        order_payment_status=order.payment.status,
        failure_reason=payment.failure_reason or None,
        payment=payment,
        order=order,
    )


def build_refunded(event: PaymentRefunded) -> PaymentRefundedData:
    """Say how the payment stands, and what was given back this time."""
    return PaymentRefundedData(
        **msgspec.structs.asdict(build_payment(event)),
        refund_id=event.refund.refund_id,
        refund_amount=event.refund.amount_minor,
        refund=event.refund,
    )
