"""What a provider is asked and what its answer does: the two units of work around a call to it.

jobs/payments.py asks `list_due_asks`, then for each `begin_ask`, the provider, `record_answer`. A
process that dies between the two leaves a leg that is asked about again, with the same key.

An answer that does not fit our books never pays anything. What does fit acts whenever it comes: a
leg that has ended without money is captured late where the provider took it all the same.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from config.logging import get_logger
from domain.order_changes import Cause, LegMoved
from domain.payment_providers import ProviderAnswer, ProviderOutcome
from domain.payments import (
    LEG_LIFE,
    LEG_MOVES,
    OPEN_LEG_STATUSES,
    PROVIDER_METHODS,
    FailureReason,
    LegMove,
    LegStatus,
    Payment,
    PaymentMethod,
    Refund,
    RefundMove,
    RefundStatus,
    SandboxCard,
    move_leg,
    move_refund,
    note_ask,
)
from models.fields import to_unix_ms
from models.rows import fetch_rows
from services.order_changes import OpenedOrder, name_actor, save_order
from services.payments import open_payment, save_refund
from services.unit_of_work import UnitOfWork

# Asks of one run: each is two commits and a call, and orders pass in between.
_DUE_LIMIT = 50
_PUT_OFF = timedelta(minutes=1)
_MISMATCH = "mismatch"

_REFUND_MOVES = {
    ProviderOutcome.REFUNDED: RefundMove.SUCCEED,
    ProviderOutcome.DECLINED: RefundMove.FAIL,
}
# After these a provider takes no money for a key any more.
_LAST_WORDS = frozenset({ProviderOutcome.DECLINED, ProviderOutcome.CANCELLED})

log = get_logger(__name__)


class AskKind(StrEnum):
    """What a provider is asked for."""

    CHARGE = "charge"
    CANCEL = "cancel"
    REFUND = "refund"


class DueAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Something to ask about. refund_id: None for the leg itself."""

    cafe_id: str
    payment_id: str
    refund_id: str | None = None


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One call to make. kind: None where there is nothing to call any more."""

    kind: AskKind | None
    payment_id: str
    refund_id: str | None
    cafe_id: str
    method: PaymentMethod
    amount_minor: int
    currency: str
    sandbox_card: SandboxCard | None


class RecordAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """answer: None where the provider did not answer."""

    payment_id: str
    refund_id: str | None
    provider: str
    answer: ProviderAnswer | None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """status: of the leg or the refund afterwards."""

    status: str


def list_due_asks(now: datetime) -> list[DueAsk]:
    """List what providers are to be asked now, and what has run out; for `runner.read`."""
    at_ms = to_unix_ms(now)
    legs = fetch_rows(
        "SELECT cafe_id, id FROM payment WHERE next_ask_at <= ? ORDER BY next_ask_at LIMIT ?",
        (at_ms, _DUE_LIMIT),
    )
    refunds = fetch_rows(
        "SELECT cafe_id, payment_id, id FROM refund WHERE next_ask_at <= ?"
        " ORDER BY next_ask_at LIMIT ?",
        (at_ms, _DUE_LIMIT),
    )
    return [
        *(DueAsk(cafe_id=cafe_id, payment_id=payment_id) for cafe_id, payment_id in legs),
        *(
            DueAsk(cafe_id=cafe_id, payment_id=payment_id, refund_id=refund_id)
            for cafe_id, payment_id, refund_id in refunds
        ),
    ]


def begin_ask(unit: UnitOfWork, due: DueAsk) -> Ask:
    """Book under the lock that the provider is being asked; whoever comes second asks nothing."""
    opened, leg = open_payment(unit, due.payment_id)
    refund = _find_refund(leg, due.refund_id)
    subject: Payment | Refund = leg if refund is None else refund
    kind: AskKind | None = None
    if subject.next_ask_at is not None and subject.next_ask_at <= unit.now:
        kind = _choose(unit, opened, leg, refund)
    return Ask(
        kind=kind,
        payment_id=leg.payment_id,
        refund_id=due.refund_id,
        cafe_id=unit.cafe_id,
        method=leg.method,
        amount_minor=subject.amount_minor,
        currency=opened.order.terms.currency,
        sandbox_card=leg.sandbox_card,
    )


def record_answer(unit: UnitOfWork, command: RecordAnswer) -> Recorded:
    """Let a provider's answer act, once per its event id and in whatever order answers come."""
    opened, leg = open_payment(unit, command.payment_id)
    refund = _find_refund(leg, command.refund_id)
    subject: Payment | Refund = leg if refund is None else refund
    answer = command.answer
    if answer is not None and not _fits(unit, opened, subject, command.provider, answer):
        answer = None
    if answer is not None and not _is_news(unit, command.provider, answer):
        return Recorded(status=subject.status)
    if refund is not None:
        _settle_refund(unit, opened, leg, refund, answer)
    elif leg.status in OPEN_LEG_STATUSES:
        _settle_leg(unit, opened, leg, answer)
    elif answer is not None:
        _settle_ended_leg(unit, opened, leg, answer.outcome)
    return Recorded(status=subject.status)


def put_off(unit: UnitOfWork, due: DueAsk) -> None:
    """Ask about something later that cannot even be read now: it must not stand before others."""
    table, row_id = (
        ("payment", due.payment_id) if due.refund_id is None else ("refund", due.refund_id)
    )
    fetch_rows(
        f"UPDATE {table} SET next_ask_at = ? WHERE id = ? AND cafe_id = ?"  # noqa: S608 - our words
        " AND next_ask_at <= ? RETURNING id",
        (to_unix_ms(unit.now + _PUT_OFF), row_id, unit.cafe_id, to_unix_ms(unit.now)),
    )


def _choose(
    unit: UnitOfWork, opened: OpenedOrder, leg: Payment, refund: Refund | None
) -> AskKind | None:
    """Say what to ask, and book it. A terminal's leg that ran out is ended here and now."""
    cause = Cause(updated_by=name_actor(unit))
    if refund is not None:
        note_ask(refund, now=unit.now)
        save_order(unit, opened, cause)
        return AskKind.REFUND
    if leg.method not in PROVIDER_METHODS:
        _end(leg, LegMove.EXPIRE, reason=FailureReason.EXPIRED, now=unit.now)
        save_order(unit, opened, _tell(unit, leg))
        return None
    note_ask(leg, now=unit.now)
    save_order(unit, opened, cause)
    is_given_up = leg.status not in OPEN_LEG_STATUSES or unit.now - leg.created_at >= LEG_LIFE
    return AskKind.CANCEL if is_given_up else AskKind.CHARGE


def _settle_leg(
    unit: UnitOfWork, opened: OpenedOrder, leg: Payment, answer: ProviderAnswer | None
) -> None:
    outcome, reason = (answer.outcome, answer.reason) if answer is not None else (None, "")
    match outcome:
        case ProviderOutcome.CAPTURED:
            move_leg(leg, LegMove.CAPTURE, now=unit.now)
        case ProviderOutcome.AUTHORIZED if leg.status in LEG_MOVES[LegMove.AUTHORIZE]:
            move_leg(leg, LegMove.AUTHORIZE, now=unit.now)
            leg.next_ask_at = unit.now  # reserved: the next ask takes it
        case ProviderOutcome.DECLINED:
            _end(leg, LegMove.FAIL, reason=reason or FailureReason.DECLINED, now=unit.now)
        case ProviderOutcome.CANCELLED:
            _end(leg, LegMove.EXPIRE, reason=FailureReason.EXPIRED, now=unit.now)
        case _:
            if leg.is_checking:
                return  # it was told already
            leg.is_checking = True
    save_order(unit, opened, _tell(unit, leg))


def _settle_ended_leg(
    unit: UnitOfWork, opened: OpenedOrder, leg: Payment, outcome: ProviderOutcome
) -> None:
    """Settle what came for a leg that is over: money is booked, and somebody has to look."""
    if outcome is ProviderOutcome.CAPTURED and leg.status is not LegStatus.CAPTURED:
        unit.audit(
            "payment_captured_after_end",
            payment_id=leg.payment_id,
            status=leg.status.value,
            amount_minor=leg.amount_minor,
        )
        log.error("payment_captured_after_end", payment_id=leg.payment_id, status=leg.status.value)
        move_leg(leg, LegMove.CAPTURE_LATE, now=unit.now)
        save_order(unit, opened, _tell(unit, leg))
    elif outcome in _LAST_WORDS and leg.next_ask_at is not None:
        leg.next_ask_at = None
        save_order(unit, opened, Cause(updated_by=name_actor(unit)))


def _settle_refund(
    unit: UnitOfWork,
    opened: OpenedOrder,
    leg: Payment,
    refund: Refund,
    answer: ProviderAnswer | None,
) -> None:
    if refund.status is not RefundStatus.PENDING or answer is None:
        return
    move = _REFUND_MOVES.get(answer.outcome)
    if move is None:
        return
    overpaid_minor = opened.order.sums.overpaid_minor
    move_refund(leg, refund, move, overpaid_minor=overpaid_minor, now=unit.now)
    if move is RefundMove.FAIL:
        refund.failure_reason = answer.reason
        unit.audit("refund_failed", refund_id=refund.refund_id, reason=answer.reason)
    save_refund(unit, opened, leg, refund)


def _fits(
    unit: UnitOfWork,
    opened: OpenedOrder,
    subject: Payment | Refund,
    provider: str,
    answer: ProviderAnswer,
) -> bool:
    """Hold an answer against our books; one that is about other money never pays anything.

    It alarms once for each leg or refund, however often it is asked. The answer's own event id is
    left unused: it may be that of somebody else's true answer.
    """
    subject_id = subject.payment_id if isinstance(subject, Payment) else subject.refund_id
    expected = (subject_id, unit.cafe_id, subject.amount_minor, opened.order.terms.currency)
    if (answer.key, answer.cafe_id, answer.amount_minor, answer.currency) == expected:
        return True
    if _keep_event(unit, provider, f"{_MISMATCH}:{subject_id}", subject_id, _MISMATCH):
        unit.audit(
            "payment_mismatch",
            subject_id=subject_id,
            expected_minor=subject.amount_minor,
            answered_minor=answer.amount_minor,
            answered_currency=answer.currency,
            is_own_key=answer.key == subject_id,
            is_own_cafe=answer.cafe_id == unit.cafe_id,
        )
        log.error("payment_mismatch", subject_id=subject_id, event_id=answer.event_id)
    return False


def _is_news(unit: UnitOfWork, provider: str, answer: ProviderAnswer) -> bool:
    return _keep_event(unit, provider, answer.event_id, answer.key, answer.outcome.value)


def _keep_event(
    unit: UnitOfWork, provider: str, event_id: str, subject_id: str, outcome: str
) -> bool:
    """Keep what a provider said; False where it was kept before."""
    rows = fetch_rows(
        "INSERT INTO provider_event"
        " (provider, event_id, cafe_id, subject_id, outcome, received_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (provider, event_id) DO NOTHING"
        " RETURNING event_id",
        (provider, event_id, unit.cafe_id, subject_id, outcome, to_unix_ms(unit.now)),
    )
    return bool(rows)


def _end(leg: Payment, move: LegMove, *, reason: str, now: datetime) -> None:
    move_leg(leg, move, now=now)
    leg.failure_reason = reason


def _tell(unit: UnitOfWork, leg: Payment) -> Cause:
    return Cause(updated_by=name_actor(unit), facts=(LegMoved(leg=leg),))


def _find_refund(leg: Payment, refund_id: str | None) -> Refund | None:
    if refund_id is None:
        return None
    return next(refund for refund in leg.refunds if refund.refund_id == refund_id)
