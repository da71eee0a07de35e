"""What a provider is asked and what its answer does: the two units of work around a call to it.

jobs/payments.py asks `list_due_asks`, then for each `begin_ask`, the provider, `record_answer`. A
process that dies between the two leaves a leg that is asked about again, with the same key.
"""

from datetime import datetime
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
_EXPIRED = "expired"

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
    amount_minor = leg.amount_minor if refund is None else refund.amount_minor
    return Ask(
        kind=kind,
        payment_id=leg.payment_id,
        refund_id=due.refund_id,
        cafe_id=unit.cafe_id,
        method=leg.method,
        amount_minor=amount_minor,
        currency=opened.order.terms.currency,
        sandbox_card=leg.sandbox_card,
    )


def record_answer(unit: UnitOfWork, command: RecordAnswer) -> Recorded:
    """Let a provider's answer act, once per its event id and in whatever order answers come."""
    opened, leg = open_payment(unit, command.payment_id)
    refund = _find_refund(leg, command.refund_id)
    answer = command.answer
    if answer is not None and not _fits(unit, opened, leg, refund, answer):
        answer = None
    if answer is not None and not _is_news(unit, command.provider, answer):
        return Recorded(status=(leg if refund is None else refund).status)
    if refund is not None:
        _settle_refund(unit, opened, leg, refund, answer)
        return Recorded(status=refund.status)
    _settle_leg(unit, opened, leg, answer)
    return Recorded(status=leg.status)


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
        _end(leg, LegMove.EXPIRE, reason=_EXPIRED, now=unit.now)
        save_order(unit, opened, _tell(unit, leg))
        return None
    note_ask(leg, now=unit.now)
    save_order(unit, opened, cause)
    return AskKind.CANCEL if unit.now - leg.created_at >= LEG_LIFE else AskKind.CHARGE


def _settle_leg(
    unit: UnitOfWork, opened: OpenedOrder, leg: Payment, answer: ProviderAnswer | None
) -> None:
    if leg.status not in OPEN_LEG_STATUSES:
        if answer is not None and answer.outcome is ProviderOutcome.CAPTURED:
            _alarm_about_end(unit, leg)
        return
    match answer.outcome if answer is not None else None:
        case ProviderOutcome.CAPTURED:
            move_leg(leg, LegMove.CAPTURE, now=unit.now)
        case ProviderOutcome.AUTHORIZED if leg.status in LEG_MOVES[LegMove.AUTHORIZE]:
            move_leg(leg, LegMove.AUTHORIZE, now=unit.now)
            leg.next_ask_at = unit.now  # reserved: the next ask takes it
        case ProviderOutcome.DECLINED:
            assert answer is not None
            _end(leg, LegMove.FAIL, reason=answer.reason, now=unit.now)
        case ProviderOutcome.CANCELLED:
            _end(leg, LegMove.EXPIRE, reason=_EXPIRED, now=unit.now)
        case _:
            if leg.is_checking:
                return  # it was told already
            leg.is_checking = True
    save_order(unit, opened, _tell(unit, leg))


def _settle_refund(
    unit: UnitOfWork,
    opened: OpenedOrder,
    leg: Payment,
    refund: Refund,
    answer: ProviderAnswer | None,
) -> None:
    if refund.status is not RefundStatus.PENDING or answer is None:
        return
    if answer.outcome is ProviderOutcome.REFUNDED:
        move_refund(leg, refund, RefundMove.SUCCEED, now=unit.now)
    elif answer.outcome is ProviderOutcome.DECLINED:
        move_refund(leg, refund, RefundMove.FAIL, now=unit.now)
        refund.failure_reason = answer.reason
        unit.audit("refund_failed", refund_id=refund.refund_id, reason=answer.reason)
    else:
        return
    save_refund(unit, opened, leg, refund)


def _fits(
    unit: UnitOfWork,
    opened: OpenedOrder,
    leg: Payment,
    refund: Refund | None,
    answer: ProviderAnswer,
) -> bool:
    """Hold an answer against our books; one that is about other money never pays anything."""
    subject_id = leg.payment_id if refund is None else refund.refund_id
    amount_minor = leg.amount_minor if refund is None else refund.amount_minor
    expected = (subject_id, unit.cafe_id, amount_minor, opened.order.terms.currency)
    if (answer.key, answer.cafe_id, answer.amount_minor, answer.currency) == expected:
        return True
    unit.audit("payment_mismatch", payment_id=leg.payment_id, event_id=answer.event_id)
    log.error("payment_mismatch", payment_id=leg.payment_id, event_id=answer.event_id)
    return False


def _is_news(unit: UnitOfWork, provider: str, answer: ProviderAnswer) -> bool:
    """Keep what a provider said; False where it was kept before."""
    rows = fetch_rows(
        "INSERT INTO provider_event"
        " (provider, event_id, cafe_id, subject_id, outcome, received_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (provider, event_id) DO NOTHING"
        " RETURNING event_id",
        (
            provider,
            answer.event_id,
            unit.cafe_id,
            answer.key,
            answer.outcome.value,
            to_unix_ms(unit.now),
        ),
    )
    return bool(rows)


def _alarm_about_end(unit: UnitOfWork, leg: Payment) -> None:
    """Money came for a leg that had ended: nothing is guessed, somebody has to look."""
    if leg.status is LegStatus.CAPTURED:
        return
    unit.audit("payment_captured_after_end", payment_id=leg.payment_id, status=leg.status.value)
    log.error("payment_captured_after_end", payment_id=leg.payment_id, status=leg.status.value)


def _end(leg: Payment, move: LegMove, *, reason: str, now: datetime) -> None:
    move_leg(leg, move, now=now)
    leg.failure_reason = reason


def _tell(unit: UnitOfWork, leg: Payment) -> Cause:
    return Cause(updated_by=name_actor(unit), facts=(LegMoved(leg=leg),))


def _find_refund(leg: Payment, refund_id: str | None) -> Refund | None:
    if refund_id is None:
        return None
    return next(refund for refund in leg.refunds if refund.refund_id == refund_id)
