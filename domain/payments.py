"""Payments of an order: the life of a leg and of a refund, and what is due because of them.

A leg is one attempt to pay an amount of an order; a refund gives back a part of one leg. Both move
by the tables below and by nothing else. What the order's payment comes to (status, due, overpaid)
is derived from total and legs each time, never set.

Held: what open legs claim and captured ones brought, less what was given back. It never exceeds
what the order comes to, but where lines were voided after they were paid, and where a provider took
money for a leg that had ended here. Then the order is overpaid, and that is to be given back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from domain.errors import Conflict, InvalidTransition, UnprocessableInput
from domain.money import apportion


class PaymentMethod(StrEnum):
    """How money moves (published list). `sandbox` is the provider of demo and tests."""

    CASH = "cash"
    CARD_TERMINAL = "card_terminal"
    SANDBOX = "sandbox"


class PaymentStatus(StrEnum):
    """What an order's payment comes to (published list); derived, and apart from its status."""

    UNPAID = "unpaid"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


class LegStatus(StrEnum):
    """Life of one leg; the last four are ends."""

    CREATED = "created"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class LegMove(StrEnum):
    """The verbs that move a leg. capture_late: a provider took the money after the leg's end."""

    BEGIN = "begin"
    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    CAPTURE_LATE = "capture_late"
    FAIL = "fail"
    CANCEL = "cancel"
    EXPIRE = "expire"


class RefundStatus(StrEnum):
    """Life of one refund; the last two are ends."""

    REQUESTED = "requested"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class RefundMove(StrEnum):
    """The verbs that move a refund."""

    BEGIN = "begin"
    SUCCEED = "succeed"
    FAIL = "fail"


class SandboxCard(StrEnum):
    """What the sandbox does with a charge: its counterpart of a real provider's test cards.

    approve: captured at once. decline: refused. authorize: reserved first, captured when asked
    again. time_out: charged, but the answer is lost on the way. late: the answer takes seconds.
    """

    APPROVE = "approve"
    DECLINE = "decline"
    AUTHORIZE = "authorize"
    TIME_OUT = "time_out"
    LATE = "late"


class FailureReason(StrEnum):
    """Why a leg ended without money, in words that a guest may read; a provider may add others."""

    DECLINED = "card_declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


_Leg = LegStatus
_Refund = RefundStatus

# Nothing leads away from captured: a late "failed" never takes back what was paid. An end without
# money is one for us alone: what a provider took all the same is on the books, to be given back.
LEG_MOVES: dict[LegMove, dict[LegStatus, LegStatus]] = {
    LegMove.BEGIN: {_Leg.CREATED: _Leg.PENDING},
    LegMove.AUTHORIZE: {_Leg.PENDING: _Leg.AUTHORIZED},
    LegMove.CAPTURE: {
        _Leg.CREATED: _Leg.CAPTURED,
        _Leg.PENDING: _Leg.CAPTURED,
        _Leg.AUTHORIZED: _Leg.CAPTURED,
    },
    LegMove.CAPTURE_LATE: {
        _Leg.FAILED: _Leg.CAPTURED,
        _Leg.CANCELLED: _Leg.CAPTURED,
        _Leg.EXPIRED: _Leg.CAPTURED,
    },
    LegMove.FAIL: {_Leg.PENDING: _Leg.FAILED, _Leg.AUTHORIZED: _Leg.FAILED},
    LegMove.CANCEL: {_Leg.PENDING: _Leg.CANCELLED, _Leg.AUTHORIZED: _Leg.CANCELLED},
    LegMove.EXPIRE: {_Leg.PENDING: _Leg.EXPIRED, _Leg.AUTHORIZED: _Leg.EXPIRED},
}

REFUND_MOVES: dict[RefundMove, dict[RefundStatus, RefundStatus]] = {
    RefundMove.BEGIN: {_Refund.REQUESTED: _Refund.PENDING},
    RefundMove.SUCCEED: {
        _Refund.REQUESTED: _Refund.SUCCEEDED,
        _Refund.PENDING: _Refund.SUCCEEDED,
    },
    RefundMove.FAIL: {_Refund.PENDING: _Refund.FAILED},
}

# What somebody may ask for; the other moves follow from time and from a provider's answer.
_ASKED_MOVES = (LegMove.CAPTURE, LegMove.FAIL, LegMove.CANCEL)

OPEN_LEG_STATUSES = frozenset({LegStatus.CREATED, LegStatus.PENDING, LegStatus.AUTHORIZED})
HELD_LEG_STATUSES = OPEN_LEG_STATUSES | {LegStatus.CAPTURED}

# Methods whose outcome a provider decides and the clock's job fetches.
PROVIDER_METHODS = frozenset({PaymentMethod.SANDBOX})

# Nobody waits longer for a card: what is open then is given up, after asking the provider.
LEG_LIFE = timedelta(minutes=15)

# A call to a provider ends within 2 s (gateways/), so the second one never overlaps the first.
# Each wait is twice the one before, so that a provider that is away is not run over.
_WAITS_S = (3, 6, 12, 24, 48, 60)

# What the counter gives back of one order without a manager, where the cafe says nothing else.
COUNTER_REFUND_LIMIT_MINOR = 5000


@dataclass(slots=True, kw_only=True)
class Payment:
    """One leg. amount: without change. tendered: the cash that was given.

    refunding: asked for and not settled; credited: the part of refunded that is not owed again.
    is_checking: the provider was asked and its answer is not known. person_id: who took it.
    asks, asked_at, next_ask_at: how often and when the provider was asked, and when it is next.
    """

    payment_id: str
    order_id: str
    number: int
    method: PaymentMethod
    amount_minor: int
    created_at: datetime
    status: LegStatus = LegStatus.CREATED
    version: int = 1
    tendered_minor: int | None = None
    lane_id: str | None = None
    person_id: str | None = None
    sandbox_card: SandboxCard | None = None
    is_checking: bool = False
    failure_reason: str = ""
    captured_at: datetime | None = None
    ended_at: datetime | None = None
    refunded_minor: int = 0
    refunding_minor: int = 0
    credited_minor: int = 0
    refunds: list["Refund"] = field(default_factory=list)
    asks: int = 0
    asked_at: datetime | None = None
    next_ask_at: datetime | None = None

    @property
    def held_minor(self) -> int:
        """What this leg takes of what the order comes to."""
        return compute_held(self.status, self.amount_minor, self.refunded_minor)

    @property
    def refundable_minor(self) -> int:
        """What may still be given back of it."""
        if self.status is not LegStatus.CAPTURED:
            return 0
        return self.amount_minor - self.refunded_minor - self.refunding_minor


@dataclass(slots=True, kw_only=True)
class Refund:
    """Money back from one leg.

    with_credit: what is owed falls with it, so that nothing is due because of it. credited: by how
    much it fell; what was overpaid was not owed any more.
    """

    refund_id: str
    amount_minor: int
    reason: str
    with_credit: bool
    created_at: datetime
    status: RefundStatus = RefundStatus.REQUESTED
    person_id: str | None = None
    settled_at: datetime | None = None
    credited_minor: int = 0
    failure_reason: str = ""
    asks: int = 0
    asked_at: datetime | None = None
    next_ask_at: datetime | None = None


@dataclass(slots=True, frozen=True, kw_only=True)
class Sums:
    """What total and legs come to. net: owed after credits; pending: claimed by open legs."""

    total_minor: int
    captured_minor: int
    refunded_minor: int
    credited_minor: int
    pending_minor: int
    authorized_minor: int

    @property
    def net_minor(self) -> int:
        return max(0, self.total_minor - self.credited_minor)

    @property
    def due_minor(self) -> int:
        """What is still to be paid."""
        return max(0, self.net_minor - self.captured_minor + self.refunded_minor)

    @property
    def overpaid_minor(self) -> int:
        """What was paid for lines that are no longer on the bill."""
        return max(0, self.captured_minor - self.refunded_minor - self.net_minor)

    @property
    def payable_minor(self) -> int:
        """What a new leg may claim."""
        return max(0, self.due_minor - self.pending_minor)

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to take, to wait for or to give back."""
        return self.due_minor == 0 and self.pending_minor == 0 and self.overpaid_minor == 0

    @property
    def status(self) -> PaymentStatus:
        """The one word for it: what is still due speaks before what was given back."""
        kept_minor = self.captured_minor - self.refunded_minor
        if self.due_minor > 0 or self.captured_minor == 0:
            if kept_minor > 0:
                return PaymentStatus.PARTIALLY_PAID
            if self.authorized_minor > 0:
                return PaymentStatus.AUTHORIZED
            return PaymentStatus.PENDING if self.pending_minor > 0 else PaymentStatus.UNPAID
        if self.refunded_minor == 0:
            return PaymentStatus.PAID
        return PaymentStatus.PARTIALLY_REFUNDED if kept_minor > 0 else PaymentStatus.REFUNDED


def compute_held(status: LegStatus, amount_minor: int, refunded_minor: int) -> int:
    """Return what a leg holds: nothing once it has ended without money."""
    return amount_minor - refunded_minor if status in HELD_LEG_STATUSES else 0


def sum_payments(total_minor: int, payments: Iterable[Payment]) -> Sums:
    """Add up an order's legs against its total."""
    legs = list(payments)
    captured = [leg for leg in legs if leg.status is LegStatus.CAPTURED]
    return Sums(
        total_minor=total_minor,
        captured_minor=sum(leg.amount_minor for leg in captured),
        refunded_minor=sum(leg.refunded_minor for leg in captured),
        credited_minor=sum(leg.credited_minor for leg in captured),
        pending_minor=sum(leg.amount_minor for leg in legs if leg.status in OPEN_LEG_STATUSES),
        authorized_minor=sum(
            leg.amount_minor for leg in legs if leg.status is LegStatus.AUTHORIZED
        ),
    )


def move_leg(leg: Payment, move: LegMove, *, now: datetime) -> None:
    """Move a leg. Raises: InvalidTransition naming from, the move and what is allowed."""
    target = LEG_MOVES[move].get(leg.status)
    if target is None:
        allowed = [verb.value for verb in _ASKED_MOVES if leg.status in LEG_MOVES[verb]]
        raise InvalidTransition(current=leg.status, attempted=move, allowed=allowed)
    leg.status = target
    leg.is_checking = False
    if target is LegStatus.CAPTURED:
        leg.captured_at = now
        leg.failure_reason = ""
    if target not in OPEN_LEG_STATUSES:
        leg.ended_at = now
        leg.next_ask_at = None


def move_refund(
    leg: Payment, refund: Refund, move: RefundMove, *, overpaid_minor: int, now: datetime
) -> None:
    """Move a refund and book it on its leg. Raises: InvalidTransition.

    overpaid_minor: of the order. Giving that back is no credit, whatever was asked for: the lines
    that it was paid for are off the bill already.
    """
    target = REFUND_MOVES[move].get(refund.status)
    if target is None:
        allowed = [verb.value for verb, moves in REFUND_MOVES.items() if refund.status in moves]
        raise InvalidTransition(current=refund.status, attempted=move, allowed=allowed)
    refund.status = target
    if target is RefundStatus.PENDING:
        return
    refund.settled_at = now
    refund.next_ask_at = None
    leg.refunding_minor -= refund.amount_minor
    if target is RefundStatus.SUCCEEDED:
        leg.refunded_minor += refund.amount_minor
        if refund.with_credit:
            refund.credited_minor = max(0, refund.amount_minor - overpaid_minor)
            leg.credited_minor += refund.credited_minor


def note_ask(subject: Payment | Refund, *, now: datetime) -> None:
    """Book that the provider is being asked, before it is: should we die, it is asked again."""
    wait_s = _WAITS_S[min(subject.asks, len(_WAITS_S) - 1)]
    subject.asks += 1
    subject.asked_at = now
    subject.next_ask_at = now + timedelta(seconds=wait_s)


def check_claim(sums: Sums, amount_minor: int, tendered_minor: int | None) -> None:
    """Refuse a leg that claims more than may be claimed, or cash that does not cover it.

    Raises: Conflict `amount_exceeds_due`, UnprocessableInput `tendered_too_little`.
    """
    if amount_minor > sums.payable_minor:
        sentence = (
            "Nothing is due of this order."
            if sums.due_minor == 0
            else "Another payment of this order is under way. Wait for it, or cancel it first."
            if sums.payable_minor < sums.due_minor
            else "That is more than is due. Take what is due."
        )
        raise Conflict(
            sentence,
            code="amount_exceeds_due",
            details={"dueMinor": sums.due_minor, "payableMinor": sums.payable_minor},
        )
    if tendered_minor is not None and tendered_minor < amount_minor:
        raise UnprocessableInput(
            "The cash given is less than the amount. Enter what the guest gave.",
            code="tendered_too_little",
            details={"amountMinor": amount_minor},
        )


def request_refund(leg: Payment, refund: Refund) -> None:
    """Book a refund as asked for. Raises: Conflict `refund_exceeds_captured`."""
    if refund.amount_minor > leg.refundable_minor:
        raise Conflict(
            "That is more than is left of this payment.",
            code="refund_exceeds_captured",
            details={"refundableMinor": leg.refundable_minor, "status": leg.status.value},
        )
    leg.refunding_minor += refund.amount_minor
    leg.refunds.append(refund)


def sum_given_back(payments: Iterable[Payment]) -> int:
    """Return what was given back of an order, and what is being given back."""
    return sum(leg.refunded_minor + leg.refunding_minor for leg in payments)


def compute_lane_share(
    lane_id: str, *, owed_minor: int, payments: Iterable[Payment], payable_minor: int
) -> int:
    """Return what a guest still owes for their own lines. owed: what those lines come to.

    What was given back with credit is neither owed nor paid; without credit it is owed again.
    """
    done_minor = sum(
        leg.held_minor + leg.credited_minor for leg in payments if leg.lane_id == lane_id
    )
    return max(0, min(owed_minor - done_minor, payable_minor))


# Notes and coins that people hand over, in units of 1/100 for two decimals; the same digits serve
# currencies with other exponents.
_NOTES = (5, 10, 20, 50, 100, 200, 500)


def suggest_tenders(amount_minor: int, *, minor_per_unit: int, most: int = 3) -> list[int]:
    """List what a guest may hand over for an amount, smallest first, the exact amount left out.

    27.20 -> 30, 40, 50: multiples of notes, each the next one that covers it.
    """
    found: dict[int, None] = {}
    for note in _NOTES:
        step = note * minor_per_unit
        found[-(-amount_minor // step) * step] = None
    return sorted(each for each in found if each > amount_minor)[:most]


class PayPart(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One of `parts` equal shares of an amount. tenders: what a guest may hand over for it."""

    parts: int
    amount_minor: int
    tenders: list[int]


# A table of more than twelve who each pay alone says so before; by amount it can still be done.
MOST_PARTS = 12


def list_pay_parts(amount_minor: int, *, minor_per_unit: int) -> list[PayPart]:
    """List what one of 1, 2, 3 ... pays of an amount: the first share by largest remainder.

    What is left divides into one share less, so that paying one after the other takes the whole:
    10.00 among three is 3.34, then 3.33 of 6.66, then 3.33.
    """
    return [
        PayPart(
            parts=parts,
            amount_minor=share_minor,
            tenders=suggest_tenders(share_minor, minor_per_unit=minor_per_unit),
        )
        for parts in range(1, MOST_PARTS + 1)
        for share_minor in apportion(amount_minor, [1] * parts)[:1]
        if parts <= amount_minor
    ]
