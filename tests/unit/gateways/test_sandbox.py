"""The sandbox keeps its word as a provider: one key, one charge, whatever it is asked."""

import asyncio
import sqlite3
from contextlib import closing

import msgspec
import pytest

from domain.payment_providers import (
    ChargeRequest,
    ProviderOutcome,
    ProviderUnreachable,
    RefundRequest,
)
from domain.payments import SandboxCard
from gateways.sandbox import FILE_NAME, LATE_S, Sandbox

CAPTURED = ProviderOutcome.CAPTURED


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock():
    """Stand still."""
    return Clock()


@pytest.fixture
def sandbox(tmp_path, clock):
    """Open books that are empty."""
    return Sandbox(tmp_path, clock=clock)


def charge_of(card: SandboxCard, key: str = "leg", amount_minor: int = 1000) -> ChargeRequest:
    """Ask for an amount by a card."""
    return ChargeRequest(
        key=key, cafe_id="cafe", amount_minor=amount_minor, currency="EUR", sandbox_card=card
    )


def refund_of(amount_minor: int, key: str = "refund") -> RefundRequest:
    """Ask for a part of the charge back."""
    return RefundRequest(
        key=key, charge_key="leg", cafe_id="cafe", amount_minor=amount_minor, currency="EUR"
    )


def read_statement(folder) -> list[tuple[str, int]]:
    """Read what was taken, line by line."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as books:
        return books.execute("SELECT key, amount_minor FROM capture ORDER BY number").fetchall()


@pytest.mark.parametrize(
    ("card", "outcomes", "lines"),
    [
        (SandboxCard.APPROVE, [CAPTURED, CAPTURED], 1),
        (SandboxCard.DECLINE, [ProviderOutcome.DECLINED, ProviderOutcome.DECLINED], 0),
        (SandboxCard.AUTHORIZE, [ProviderOutcome.AUTHORIZED, CAPTURED, CAPTURED], 1),
        (SandboxCard.TIME_OUT, [None, CAPTURED, CAPTURED], 1),
        (SandboxCard.LATE, [ProviderOutcome.PROCESSING, ProviderOutcome.PROCESSING], 0),
    ],
)
async def test_a_card_does_what_it_is_for(sandbox, tmp_path, card, outcomes, lines):
    """Asked again and again with one key, it charges once at most; None is no answer."""
    answers = []
    for _ in outcomes:
        try:
            answers.append((await sandbox.charge(charge_of(card))).outcome)
        except ProviderUnreachable:
            answers.append(None)

    assert answers == outcomes
    assert read_statement(tmp_path) == [("leg", 1000)] * lines


async def test_a_late_card_is_charged_when_its_time_has_come(sandbox, tmp_path, clock):
    """Not a moment earlier, and once."""
    await sandbox.charge(charge_of(SandboxCard.LATE))
    clock.now_s += LATE_S - 0.1
    early = await sandbox.charge(charge_of(SandboxCard.LATE))
    clock.now_s += 0.1

    answers = [await sandbox.charge(charge_of(SandboxCard.LATE)) for _ in range(2)]

    assert early.outcome is ProviderOutcome.PROCESSING
    assert {each.outcome for each in answers} == {CAPTURED}
    assert len({each.event_id for each in answers}) == 1
    assert read_statement(tmp_path) == [("leg", 1000)]


async def test_copies_of_a_charge_take_the_money_once(sandbox, tmp_path):
    """Of many processes that ask at once, all learn the same."""
    others = [Sandbox(tmp_path) for _ in range(3)]

    answers = await asyncio.gather(
        *(each.charge(charge_of(SandboxCard.APPROVE)) for each in (sandbox, *others) * 4)
    )

    assert len({msgspec.json.encode(each) for each in answers}) == 1
    assert read_statement(tmp_path) == [("leg", 1000)]


async def test_a_key_keeps_its_first_amount(sandbox, tmp_path):
    """Asked for more under the same key, the books answer what they hold."""
    await sandbox.charge(charge_of(SandboxCard.APPROVE))

    answer = await sandbox.charge(charge_of(SandboxCard.APPROVE, amount_minor=9999))

    assert answer.amount_minor == 1000
    assert read_statement(tmp_path) == [("leg", 1000)]


@pytest.mark.parametrize(
    "card", [SandboxCard.APPROVE, SandboxCard.AUTHORIZE, SandboxCard.LATE, SandboxCard.TIME_OUT]
)
async def test_what_is_given_up_before_it_was_asked_for_is_never_charged(sandbox, tmp_path, card):
    """A request that was under way for long comes after its cancel."""
    cancelled = await sandbox.cancel(charge_of(card))

    answer = await sandbox.charge(charge_of(card))

    assert cancelled.outcome is answer.outcome is ProviderOutcome.CANCELLED
    assert read_statement(tmp_path) == []


async def test_what_is_captured_cannot_be_given_up(sandbox, tmp_path):
    """What is not yet can; either way the answer says how things stand."""
    await sandbox.charge(charge_of(SandboxCard.APPROVE, "paid"))
    await sandbox.charge(charge_of(SandboxCard.AUTHORIZE, "reserved"))
    await sandbox.charge(charge_of(SandboxCard.LATE, "late"))

    answers = {
        key: (await sandbox.cancel(charge_of(SandboxCard.APPROVE, key))).outcome
        for key in ("paid", "reserved", "late")
    }

    assert answers == {
        "paid": CAPTURED,
        "reserved": ProviderOutcome.CANCELLED,
        "late": ProviderOutcome.CANCELLED,
    }
    assert read_statement(tmp_path) == [("paid", 1000)]


async def test_refunds_stay_within_their_charge(sandbox):
    """A key that comes again gives nothing more back, and one that was refused stays so."""
    await sandbox.charge(charge_of(SandboxCard.APPROVE))

    first = [await sandbox.refund(refund_of(700)) for _ in range(2)]
    too_much = await sandbox.refund(refund_of(301, "more"))
    rest = await sandbox.refund(refund_of(300, "rest"))
    of_nothing = await sandbox.refund(
        msgspec.structs.replace(refund_of(1, "other"), charge_key="unknown")
    )

    assert {each.outcome for each in first} == {ProviderOutcome.REFUNDED}
    assert (too_much.outcome, too_much.reason) == (ProviderOutcome.DECLINED, "refund_refused")
    assert rest.outcome is ProviderOutcome.REFUNDED
    assert of_nothing.outcome is ProviderOutcome.DECLINED
    assert (await sandbox.refund(refund_of(301, "more"))).outcome is ProviderOutcome.DECLINED


async def test_books_outlive_whoever_keeps_them(sandbox, tmp_path):
    """Another process finds what this one wrote."""
    await sandbox.charge(charge_of(SandboxCard.APPROVE))

    answer = await Sandbox(tmp_path).charge(charge_of(SandboxCard.APPROVE))

    assert answer.outcome is CAPTURED
    assert read_statement(tmp_path) == [("leg", 1000)]


async def test_a_folder_that_is_not_there_is_a_provider_that_is_away(tmp_path):
    """Nothing but "no answer" comes out of it."""
    with pytest.raises(ProviderUnreachable):
        await Sandbox(tmp_path / "nowhere").charge(charge_of(SandboxCard.APPROVE))
