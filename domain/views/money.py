"""Totals, taxes, quotes and payments."""

from datetime import datetime

from domain.payments import LegStatus, PaymentMethod, PaymentStatus, RefundStatus
from domain.views.base import View


class TaxView(View):
    """One tax code's share; net + tax = what its lines come to."""

    code: str
    name: str
    rate_ppm: int
    net_minor: int
    tax_minor: int


class TotalsView(View):
    """total = sum of lines (+ tax where prices exclude it). subtotal: sum of the lines' prices."""

    currency: str
    prices_include_tax: bool
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    taxes: list[TaxView]


class QuoteLineView(View):
    menu_item_id: str
    name: str
    quantity: int
    unit_price_minor: int
    line_total_minor: int
    modifiers: list[str]


class QuoteView(View):
    """What the lines would cost now. quote_hash: sent back at submit, so a price cannot change
    between looking and ordering without being told."""

    lines: list[QuoteLineView]
    totals: TotalsView
    quote_hash: str
    menu_version: int
    estimated_prep_s: int


class PaymentView(View):
    """One leg: an attempt to pay an amount of an order. lane_id: the guest who pays, if one does.

    amount_minor: without change. refunded, refunding: given back, and asked for but not settled.
    is_checking: the provider was asked and its answer is not known yet.
    """

    payment_id: str
    order_id: str
    number: int
    method: PaymentMethod
    status: LegStatus
    version: int
    amount_minor: int
    tendered_minor: int | None
    change_minor: int
    refunded_minor: int
    refunding_minor: int
    is_checking: bool
    failure_reason: str
    lane_id: str | None
    created_at: datetime
    ended_at: datetime | None


class OrderPaymentView(View):
    """What an order's payment comes to. due: still to be paid; payable: of that, not yet claimed.

    credited: no longer owed after a refund. pending: claimed by legs that are under way.
    legs: in the order in which they were begun.
    """

    status: PaymentStatus = PaymentStatus.UNPAID
    due_minor: int = 0
    payable_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    credited_minor: int = 0
    pending_minor: int = 0
    overpaid_minor: int = 0
    is_overpaid: bool = False
    legs: list[PaymentView] = []

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to take, to wait for or to give back."""
        return not (self.due_minor or self.pending_minor or self.overpaid_minor)


class RefundView(View):
    """Money back from one leg. reason: for staff alone, so events leave it out.

    with_credit: what is owed falls with it, so nothing is due because of it. credited_minor: by
    how much it fell: of money that was overpaid nothing was owed any more.
    """

    refund_id: str
    payment_id: str
    amount_minor: int
    status: RefundStatus
    with_credit: bool
    reason: str
    failure_reason: str
    created_at: datetime
    settled_at: datetime | None
    credited_minor: int = 0


class PaymentsView(View):
    """An order's payments as they are booked. refunds: in the order in which they were asked."""

    order_id: str
    order_number: int
    currency: str
    total_minor: int
    payment: OrderPaymentView
    refunds: list[RefundView]
