"""Every second: ask providers what became of payments and refunds, and end what ran out.

Each ask is a unit of work that books it, a call outside of any unit, and a unit that records the
answer. No answer is an answer too: the leg is shown as being checked and asked about again.

Nobody waits for this: an order, a payment in cash and every screen go on while a provider hangs.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import uuid4

import msgspec

from config.logging import get_logger
from domain.errors import OperationTimeout, Overloaded, StorageUnavailable
from domain.payment_providers import (
    ChargeRequest,
    PaymentProvider,
    ProviderAnswer,
    ProviderUnreachable,
    RefundRequest,
)
from domain.payments import PaymentMethod
from jobs.scheduler import Job
from services.payment_settlement import (
    Ask,
    AskKind,
    DueAsk,
    RecordAnswer,
    begin_ask,
    list_due_asks,
    put_off,
    record_answer,
)
from services.runner import Runner

PERIOD_S = 1.0

# A provider that hangs must not hold up the next one; domain/payments.py waits 3 s to ask again.
_CALL_LIMIT_S = 2.0

Providers = Mapping[PaymentMethod, PaymentProvider]

log = get_logger(__name__)


def build_payment_job(runner: Runner, providers: Providers, *, now: Callable[[], datetime]) -> Job:
    """Make the job."""

    async def run() -> None:
        await settle_payments(runner, providers, now=now())

    return Job(name="payments", period_s=PERIOD_S, run=run)


async def settle_payments(runner: Runner, providers: Providers, *, now: datetime) -> int:
    """Ask about everything that is due, side by side, and return how much that was."""
    due = await runner.read(list_due_asks, now)
    await asyncio.gather(*(_settle(runner, providers, each) for each in due))
    return len(due)


async def _settle(runner: Runner, providers: Providers, due: DueAsk) -> None:
    """Settle one thing; whatever is wrong with it leaves the others alone."""
    try:
        await _ask_and_record(runner, providers, due)
    except (StorageUnavailable, Overloaded, OperationTimeout) as error:
        # It is asked again, with the same key: nothing is lost and nothing is done twice.
        log.info("payment_put_off", payment_id=due.payment_id, code=error.code)
    except Exception:
        log.exception("payment_not_settled", payment_id=due.payment_id, error_id=str(uuid4()))
        await runner.write(put_off, due, command_type="put_off", cafe_id=due.cafe_id)


async def _ask_and_record(runner: Runner, providers: Providers, due: DueAsk) -> None:
    begun = await runner.write(begin_ask, due, command_type="begin_ask", cafe_id=due.cafe_id)
    ask = msgspec.json.decode(begun.body, type=Ask)
    if ask.kind is None:
        return
    answer = await _call(providers[ask.method], ask, ask.kind)
    await runner.write(
        record_answer,
        RecordAnswer(
            payment_id=ask.payment_id,
            refund_id=ask.refund_id,
            provider=ask.method.value,
            answer=answer,
        ),
        command_type="record_answer",
        cafe_id=due.cafe_id,
    )


async def _call(provider: PaymentProvider, ask: Ask, kind: AskKind) -> ProviderAnswer | None:
    """Call the provider; None where it did not answer."""
    try:
        return await asyncio.wait_for(_send(provider, ask, kind), _CALL_LIMIT_S)
    except (ProviderUnreachable, TimeoutError):
        log.info("provider_unreachable", payment_id=ask.payment_id, kind=kind.value)
        return None


async def _send(provider: PaymentProvider, ask: Ask, kind: AskKind) -> ProviderAnswer:
    if kind is AskKind.REFUND:
        assert ask.refund_id is not None
        return await provider.refund(
            RefundRequest(
                key=ask.refund_id,
                charge_key=ask.payment_id,
                cafe_id=ask.cafe_id,
                amount_minor=ask.amount_minor,
                currency=ask.currency,
            )
        )
    request = ChargeRequest(
        key=ask.payment_id,
        cafe_id=ask.cafe_id,
        amount_minor=ask.amount_minor,
        currency=ask.currency,
        sandbox_card=ask.sandbox_card,
    )
    return await (provider.cancel if kind is AskKind.CANCEL else provider.charge)(request)
