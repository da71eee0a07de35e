"""Taking money and giving it back: what the till and guests ask for, each within one transaction.

Cash is captured at once, a card terminal's payment when somebody confirms it. A provider's payment
is only written down here: services/payment_settlement.py and the clock's job talk to the provider.
"""

import msgspec

from domain.commands import (
    CancelPayment,
    ConfirmTerminalPayment,
    DeclineTerminalPayment,
    InitiatePayment,
    RefundPayment,
)
from domain.errors import AuthorizationDenied, Conflict, NotFound, UnprocessableInput
from domain.order_changes import Cause, LegMoved, MoneyReturned
from domain.order_views import build_order_view, build_payment_view, build_refund_view
from domain.payments import (
    COUNTER_REFUND_LIMIT_MINOR,
    LEG_LIFE,
    OPEN_LEG_STATUSES,
    PROVIDER_METHODS,
    FailureReason,
    LegMove,
    Payment,
    PaymentMethod,
    Refund,
    RefundMove,
    RefundStatus,
    SandboxCard,
    check_claim,
    compute_lane_share,
    move_leg,
    move_refund,
    request_refund,
    sum_given_back,
)
from domain.permissions import require_method
from domain.roles import MANAGEMENT, Identity
from domain.views.guests import GuestPayView
from domain.views.money import PaymentsView, PaymentView, RefundView
from models.rows import fetch_rows
from services.order_changes import OpenedOrder, name_actor, open_order, save_order
from services.order_rows import read_orders
from services.payment_rows import read_payments
from services.unit_of_work import UnitOfWork


class PaymentRules(msgspec.Struct, frozen=True, kw_only=True):
    """How a cafe takes payments."""

    accepts_sandbox: bool = False
    counter_refund_limit_minor: int = COUNTER_REFUND_LIMIT_MINOR


def read_payment_rules(cafe_id: str) -> PaymentRules:
    """Read a cafe's rules; a cafe without a row has the defaults."""
    rows = fetch_rows(
        "SELECT accepts_sandbox, counter_refund_limit_minor FROM cafe_payment_rules"
        " WHERE cafe_id = ?",
        (cafe_id,),
    )
    if not rows:
        return PaymentRules()
    return PaymentRules(accepts_sandbox=bool(rows[0][0]), counter_refund_limit_minor=rows[0][1])


def initiate_payment(unit: UnitOfWork, command: InitiatePayment) -> PaymentView:
    """Begin a leg of at most what is due and not claimed by another one; cash ends it at once."""
    require_method(unit.identity, command.method)
    _check_method(unit, command)
    opened = open_order(unit, command.order_id)
    check_claim(opened.order.sums, command.amount_minor, command.tendered_minor)
    leg = _build_leg(unit, opened, command)
    opened.order.payments.append(leg)
    if leg.method is PaymentMethod.CASH:
        move_leg(leg, LegMove.CAPTURE, now=unit.now)
    else:
        move_leg(leg, LegMove.BEGIN, now=unit.now)
        # A provider is asked at once; nobody has to be asked about a terminal, it only runs out.
        is_asked = leg.method in PROVIDER_METHODS
        leg.next_ask_at = unit.now if is_asked else unit.now + LEG_LIFE
    return _save(unit, opened, leg, is_new=True)


def confirm_terminal_payment(unit: UnitOfWork, command: ConfirmTerminalPayment) -> PaymentView:
    """Book what the terminal said it took."""
    opened, leg = _open_terminal(unit, command.payment_id)
    move_leg(leg, LegMove.CAPTURE, now=unit.now)
    return _save(unit, opened, leg)


def decline_terminal_payment(unit: UnitOfWork, command: DeclineTerminalPayment) -> PaymentView:
    """Book that the terminal refused; the amount may be paid another way at once.

    Guests are told that it failed. What the staff wrote about it is for those who look it up.
    """
    opened, leg = _open_terminal(unit, command.payment_id)
    move_leg(leg, LegMove.FAIL, now=unit.now)
    leg.failure_reason = FailureReason.DECLINED
    unit.audit("payment_declined", payment_id=leg.payment_id, reason=command.reason)
    return _save(unit, opened, leg)


def cancel_payment(unit: UnitOfWork, command: CancelPayment) -> PaymentView:
    """Give a leg up, so that its amount may be paid another way.

    A provider that was asked may have charged. Then a manager decides not to wait any longer: the
    provider is told, and what it took all the same comes back onto the books (capture_late).
    """
    opened, leg = open_payment(unit, command.payment_id)
    if unit.identity.is_guest and leg.lane_id != unit.identity.lane_id:
        raise NotFound("There is no such payment.")
    was_asked = leg.asks > 0
    if was_asked and leg.status in OPEN_LEG_STATUSES and not _is_manager(unit):
        raise Conflict(
            "This payment is already with the provider. Wait for its answer, or ask a manager.",
            code="payment_under_way",
        )
    move_leg(leg, LegMove.CANCEL, now=unit.now)
    leg.failure_reason = FailureReason.CANCELLED
    leg.next_ask_at = unit.now if was_asked else None
    unit.audit(
        "payment_cancelled",
        payment_id=leg.payment_id,
        amount_minor=leg.amount_minor,
        was_asked=was_asked,
    )
    return _save(unit, opened, leg)


def refund_payment(unit: UnitOfWork, command: RefundPayment) -> RefundView:
    """Give back a part of what a leg brought. The counter has a limit for each order."""
    opened, leg = open_payment(unit, command.payment_id)
    _check_limit(unit, opened, command.amount_minor)
    refund = Refund(
        refund_id=unit.new_id(),
        amount_minor=command.amount_minor,
        reason=command.reason,
        with_credit=command.with_credit,
        created_at=unit.now,
        person_id=unit.identity.person_id,
    )
    request_refund(leg, refund)
    unit.audit(
        "payment_refunded",
        payment_id=leg.payment_id,
        refund_id=refund.refund_id,
        amount_minor=refund.amount_minor,
        with_credit=refund.with_credit,
        reason=refund.reason,
    )
    is_asked = leg.method in PROVIDER_METHODS
    move_refund(
        leg,
        refund,
        RefundMove.BEGIN if is_asked else RefundMove.SUCCEED,
        overpaid_minor=opened.order.sums.overpaid_minor,
        now=unit.now,
    )
    refund.next_ask_at = unit.now if is_asked else None
    save_refund(unit, opened, leg, refund)
    return build_refund_view(leg, refund, shows_reason=True)


def list_payments(identity: Identity, order_id: str) -> PaymentsView:
    """List an order's legs and refunds; a guest's only of their own seating, without reasons.

    Raises: NotFound.
    """
    orders = read_orders(identity.cafe_id, [order_id])
    if not orders or (
        identity.is_guest and orders[0].table_session_id != identity.table_session_id
    ):
        raise NotFound("There is no such order.")
    order = orders[0]
    legs = read_payments([order_id], with_refunds=True).get(order_id, [])
    view = build_order_view(order)
    refunds = [
        build_refund_view(leg, refund, shows_reason=not identity.is_guest)
        for leg in legs
        for refund in leg.refunds
    ]
    return PaymentsView(
        order_id=order.order_id,
        order_number=order.number,
        currency=order.terms.currency,
        total_minor=view.totals.total_minor,
        payment=view.payment,
        refunds=sorted(refunds, key=lambda refund: refund.refund_id),
    )


def read_guest_pay(identity: Identity, order_id: str) -> GuestPayView:
    """Read what a guest may pay of an order of their seating: their own lines, or all that is due.

    Raises: NotFound.
    """
    orders = read_orders(identity.cafe_id, [order_id])
    if not orders or orders[0].table_session_id != identity.table_session_id:
        raise NotFound("There is no such order.")
    order = orders[0]
    view = build_order_view(order)
    assert identity.lane_id is not None
    own_minor = compute_lane_share(
        identity.lane_id,
        owed_minor=order.sum_lane(identity.lane_id),
        payments=order.payments,
        payable_minor=view.payment.payable_minor,
    )
    return GuestPayView(
        order=view,
        lane_id=identity.lane_id,
        own_minor=own_minor,
        payable_minor=view.payment.payable_minor,
        accepts_sandbox=read_payment_rules(identity.cafe_id).accepts_sandbox,
    )


def open_payment(unit: UnitOfWork, payment_id: str) -> tuple[OpenedOrder, Payment]:
    """Lock the order of a leg and return both. Raises: NotFound."""
    rows = fetch_rows(
        "SELECT order_id FROM payment WHERE id = ? AND cafe_id = ?", (payment_id, unit.cafe_id)
    )
    if not rows:
        raise NotFound("There is no such payment.")
    opened = open_order(unit, rows[0][0])
    return opened, next(leg for leg in opened.order.payments if leg.payment_id == payment_id)


def save_refund(unit: UnitOfWork, opened: OpenedOrder, leg: Payment, refund: Refund) -> None:
    """Save an order whose refund moved, with the event that says so."""
    is_done = refund.status is RefundStatus.SUCCEEDED
    fact = MoneyReturned(leg=leg, refund=refund) if is_done else LegMoved(leg=leg)
    save_order(unit, opened, Cause(updated_by=name_actor(unit), facts=(fact,)))


def _save(
    unit: UnitOfWork, opened: OpenedOrder, leg: Payment, *, is_new: bool = False
) -> PaymentView:
    fact = LegMoved(leg=leg, is_new=is_new)
    save_order(unit, opened, Cause(updated_by=name_actor(unit), facts=(fact,)))
    return build_payment_view(leg)


def _check_method(unit: UnitOfWork, command: InitiatePayment) -> None:
    """Refuse fields that belong to another method, and a method that the cafe does not take."""
    if command.tendered_minor is not None and command.method is not PaymentMethod.CASH:
        raise UnprocessableInput("Only cash is given and changed.", code="tendered_without_cash")
    is_sandbox = command.method is PaymentMethod.SANDBOX
    if command.sandbox_card is not None and not is_sandbox:
        raise UnprocessableInput("Only the sandbox has test cards.", code="card_without_sandbox")
    if is_sandbox and not read_payment_rules(unit.cafe_id).accepts_sandbox:
        raise UnprocessableInput(
            "This cafe takes no payments by phone. Pay at the counter.", code="method_not_taken"
        )


def _build_leg(unit: UnitOfWork, opened: OpenedOrder, command: InitiatePayment) -> Payment:
    is_sandbox = command.method is PaymentMethod.SANDBOX
    return Payment(
        payment_id=unit.new_id(),
        order_id=opened.order.order_id,
        number=len(opened.order.payments) + 1,
        method=command.method,
        amount_minor=command.amount_minor,
        tendered_minor=command.tendered_minor,
        created_at=unit.now,
        lane_id=unit.identity.lane_id,
        person_id=unit.identity.person_id,
        sandbox_card=(command.sandbox_card or SandboxCard.APPROVE) if is_sandbox else None,
    )


def _open_terminal(unit: UnitOfWork, payment_id: str) -> tuple[OpenedOrder, Payment]:
    opened, leg = open_payment(unit, payment_id)
    if leg.method is not PaymentMethod.CARD_TERMINAL:
        raise UnprocessableInput(
            "This payment is not one of the card terminal.", code="not_a_terminal_payment"
        )
    return opened, leg


def _is_manager(unit: UnitOfWork) -> bool:
    return not unit.identity.roles.isdisjoint(MANAGEMENT)


def _check_limit(unit: UnitOfWork, opened: OpenedOrder, amount_minor: int) -> None:
    if _is_manager(unit):
        return
    limit_minor = read_payment_rules(unit.cafe_id).counter_refund_limit_minor
    if sum_given_back(opened.order.payments) + amount_minor > limit_minor:
        raise AuthorizationDenied(
            "That is more than the counter gives back of one order. Ask a manager.",
            code="refund_over_limit",
            details={"limitMinor": limit_minor},
        )
