"""What providers answer, late, twice, wrongly or never, and what becomes of a leg and a refund.

The sandbox answers where it can; what no honest provider says is said by `Answering`.
"""

import asyncio
import itertools
import sqlite3
from collections.abc import Callable
from contextlib import closing

import msgspec
import pytest

from domain.commands import CancelOrder
from domain.errors import Conflict
from domain.payment_providers import (
    ChargeRequest,
    ProviderAnswer,
    ProviderOutcome,
    ProviderUnreachable,
    RefundRequest,
)
from domain.payments import LegStatus, PaymentMethod, PaymentStatus, RefundStatus, SandboxCard
from domain.roles import Role
from jobs.payments import build_payment_job, settle_payments
from services.boards import read_counter_board
from services.payment_settlement import (
    DueAsk,
    RecordAnswer,
    begin_ask,
    list_due_asks,
    record_answer,
)
from services.payments import list_payments
from tests.support.cafes import OTHER_CAFE_ID, UNKNOWN_ID, describe, open_beside
from tests.support.tills import Till
from tests.support.waiting import wait_for

CAPTURED, DECLINED = ProviderOutcome.CAPTURED, ProviderOutcome.DECLINED
LATTE, TOASTIE = 410, 890


@pytest.fixture
def till(cafe, tmp_path):
    """Open the cafe's till."""
    return Till(cafe, tmp_path)


class Answering:
    """A provider that says what it is told to. answer: made of the request, or raised."""

    def __init__(self, answer: Callable[[ChargeRequest | RefundRequest], ProviderAnswer]) -> None:
        self._answer = answer
        self.asked: list[str] = []

    async def charge(self, request):
        self.asked.append("charge")
        return self._answer(request)

    async def cancel(self, request):
        self.asked.append("cancel")
        return self._answer(request)

    async def refund(self, request):
        self.asked.append("refund")
        return self._answer(request)


def say(request, outcome, **changes) -> ProviderAnswer:
    """Answer a request as its provider would, or with something changed."""
    answer = ProviderAnswer(
        key=request.key,
        event_id=f"{request.key}:{outcome.value}",
        outcome=outcome,
        cafe_id=request.cafe_id,
        amount_minor=request.amount_minor,
        currency=request.currency,
    )
    return msgspec.structs.replace(answer, **changes)


def be_away(_) -> ProviderAnswer:
    raise ProviderUnreachable("the line is dead")


def answer_about(cafe, payment, outcome, **changes) -> RecordAnswer:
    """Make what arrives by itself, without a question: a provider's own message."""
    request = ChargeRequest(
        key=payment.payment_id,
        cafe_id=cafe.cafe_id,
        amount_minor=payment.amount_minor,
        currency="EUR",
    )
    return RecordAnswer(
        payment_id=payment.payment_id,
        refund_id=None,
        provider=PaymentMethod.SANDBOX.value,
        answer=say(request, outcome, **changes),
    )


async def hear(cafe, command: RecordAnswer):
    """Let an answer act."""
    await cafe.runner.write(
        record_answer, command, command_type="record_answer", cafe_id=cafe.cafe_id
    )


@pytest.fixture
async def guest(cafe):
    """Seat somebody with a phone."""
    return await cafe.sit_down(1)


@pytest.fixture
async def order(till, guest):
    """Order a latte."""
    return await till.place("Latte", who=guest)


# --- cards of the sandbox -----------------------------------------------------------------------


async def test_an_approved_card_is_charged_at_once(cafe, till, guest, order):
    """One question, one charge, two events."""
    cafe.take_events()
    begun = await till.charge(order, guest)

    await till.settle()

    paid = await till.read_leg(begun)
    assert (begun.status, paid.status, paid.is_checking) == (
        LegStatus.PENDING,
        LegStatus.CAPTURED,
        False,
    )
    assert describe(cafe.take_events()) == ["payment_initiated", "payment_completed"]
    assert till.read_books() == {begun.payment_id: 1}
    assert await till.settle(after_s=3600) == 0


async def test_a_declined_card_frees_its_amount(cafe, till, guest, order):
    """The guest is told why, in a word that says nothing of the account, and tries again.

    The counter is told too: somebody may need help.
    """
    begun = await till.charge(order, guest, SandboxCard.DECLINE)
    cafe.take_events()

    await till.settle()

    failed = await till.read_leg(begun)
    assert (failed.status, failed.failure_reason) == (LegStatus.FAILED, "card_declined")
    assert describe(cafe.take_events()) == ["payment_failed", "staff_notification"]
    again = await till.charge(order, guest)
    await till.settle()
    assert (await till.read(order)).payment.status is PaymentStatus.PAID
    assert till.read_books() == {again.payment_id: 1}


async def test_a_reserved_amount_is_taken_with_the_next_question(cafe, till, guest, order):
    """Authorized first: shown as such, and captured a moment later."""
    begun = await till.charge(order, guest, SandboxCard.AUTHORIZE)
    cafe.take_events()

    await till.settle()
    reserved = await till.read(order)
    await till.settle()

    assert reserved.payment.status is PaymentStatus.AUTHORIZED
    assert reserved.payment.payable_minor == 0
    assert describe(cafe.take_events()) == ["payment_updated", "payment_completed"]
    assert till.read_books() == {begun.payment_id: 1}


async def test_an_answer_that_was_lost_is_asked_for_and_charged_once(cafe, till, guest, order):
    """Unknown is a state: it shows as checking, and the next question finds the truth."""
    begun = await till.charge(order, guest, SandboxCard.TIME_OUT)
    cafe.take_events()

    await till.settle()
    unknown = await till.read_leg(begun)
    await till.settle(after_s=2)
    too_early = await till.read_leg(begun)
    await till.settle(after_s=1)

    assert (unknown.status, unknown.is_checking) == (LegStatus.PENDING, True)
    assert too_early == unknown
    assert (await till.read_leg(begun)).status is LegStatus.CAPTURED
    assert describe(cafe.take_events()) == ["payment_updated", "payment_completed"]
    assert till.read_books() == {begun.payment_id: 1}


async def test_a_slow_answer_is_waited_for(cafe, till, guest, order):
    """The provider is at work for seconds: asked again, ever more rarely, told once."""
    begun = await till.charge(order, guest, SandboxCard.LATE)
    cafe.take_events()

    await till.settle()
    await till.settle(after_s=3)
    waiting = await till.read_leg(begun)
    await till.settle(after_s=6)

    assert (waiting.status, waiting.is_checking) == (LegStatus.PENDING, True)
    assert (await till.read_leg(begun)).status is LegStatus.CAPTURED
    assert describe(cafe.take_events()) == ["payment_updated", "payment_completed"]


# --- giving up ----------------------------------------------------------------------------------


async def test_a_provider_that_stays_away_is_asked_to_forget_it(cafe, till, guest, order):
    """For a quarter of an hour it is asked to charge, then to cancel; it may have charged."""
    away = till.provider = Answering(be_away)
    begun = await till.charge(order, guest)
    await till.settle()
    await till.settle(after_s=899)
    await till.settle(after_s=60)
    honest = Answering(lambda request: say(request, ProviderOutcome.CANCELLED))
    cafe.take_events()

    till.provider = honest
    await till.settle(after_s=60)

    assert away.asked == ["charge", "charge", "cancel"]
    assert honest.asked == ["cancel"]
    ended = await till.read_leg(begun)
    assert (ended.status, ended.failure_reason) == (LegStatus.EXPIRED, "expired")
    assert describe(cafe.take_events()) == ["payment_failed", "staff_notification"]
    assert (await till.read(order)).payment.payable_minor == LATTE


async def test_what_was_charged_before_it_was_to_be_forgotten_is_paid(cafe, till, guest, order):
    """The cancel comes too late at the provider: its word decides."""
    begun = await till.charge(order, guest, SandboxCard.TIME_OUT)
    await till.settle()

    await till.settle(after_s=900)

    assert (await till.read_leg(begun)).status is LegStatus.CAPTURED
    assert till.read_books() == {begun.payment_id: 1}


async def test_a_charge_that_comes_after_its_cancel_does_nothing(cafe, till, guest, order):
    """A process that was frozen in between wakes up and asks: the provider has given it up."""
    begun = await till.charge(order, guest)
    sandbox = till.provider
    till.provider = Answering(be_away)
    await till.settle()
    till.provider = sandbox
    await till.settle(after_s=900)

    answer = await sandbox.charge(
        ChargeRequest(
            key=begun.payment_id, cafe_id=cafe.cafe_id, amount_minor=LATTE, currency="EUR"
        )
    )

    assert answer.outcome is ProviderOutcome.CANCELLED
    assert till.read_books() == {}
    assert (await till.read_leg(begun)).status is LegStatus.EXPIRED


async def test_a_payment_with_the_provider_waits_for_its_answer(cafe, till, guest, order):
    """Neither guest nor counter gives it up: it may have been charged."""
    till.provider = Answering(be_away)
    begun = await till.charge(order, guest)
    await till.settle()

    for who in (guest, Role.COUNTER):
        with pytest.raises(Conflict) as refused:
            await till.cancel(begun, who=who)
        assert refused.value.code == "payment_under_way"
    assert (await till.read_leg(begun)).is_checking


async def test_a_manager_does_not_wait_for_a_dead_line(cafe, till, guest, order):
    """The leg is given up, the guest pays cash; the provider is told when it is there again."""
    till.provider = Answering(be_away)
    begun = await till.charge(order, guest)
    await till.settle()

    cancelled = await till.cancel(begun, who=Role.MANAGER)
    await till.pay(order)
    honest = till.provider = Answering(lambda request: say(request, ProviderOutcome.CANCELLED))
    asked = [await till.settle(after_s=60), await till.settle(after_s=3600)]

    assert (cancelled.status, cancelled.is_checking) == (LegStatus.CANCELLED, False)
    assert (asked, honest.asked) == ([1, 0], ["cancel"])
    assert till.list_audit("payment_cancelled")[0][1]["was_asked"] is True
    shown = (await till.read(order)).payment
    assert (shown.status, shown.overpaid_minor) == (PaymentStatus.PAID, 0)


async def test_money_that_comes_after_a_manager_gave_up_is_due_back(
    cafe, till, guest, order, expected_logs
):
    """Charged before, and paid in cash meanwhile: on the books, on the till, in the audit."""
    expected_logs.add("payment_captured_after_end")
    begun = await till.charge(order, guest, SandboxCard.TIME_OUT)
    await till.settle()
    await till.cancel(begun, who=Role.MANAGER)
    await till.pay(order)
    cafe.take_events()

    await till.settle()

    shown = (await till.read(order)).payment
    assert (shown.captured_minor, shown.overpaid_minor) == (2 * LATTE, LATTE)
    assert shown.legs[0].status is LegStatus.CAPTURED
    assert describe(cafe.take_events()) == ["payment_completed"]
    await till.refund(begun, LATTE)
    await till.settle()
    assert (await till.read(order)).payment.status is PaymentStatus.PARTIALLY_REFUNDED
    assert (await till.read(order)).payment.overpaid_minor == 0


@pytest.mark.parametrize("is_paid_otherwise", [False, True])
async def test_a_late_answer_after_the_leg_expired_is_money_all_the_same(
    cafe, till, guest, order, expected_logs, is_paid_otherwise
):
    """It pays the order where nobody else did; else it is due back, and stays on the till."""
    expected_logs.add("payment_captured_after_end")
    begun = await till.charge(order, guest)
    till.provider = Answering(lambda request: say(request, ProviderOutcome.CANCELLED))
    await till.settle(after_s=900)
    if is_paid_otherwise:
        await till.pay(order)
    await cafe.do(Role.MANAGER, "cancel_order", CancelOrder(order_id=order.order_id, reason="x"))

    await hear(cafe, answer_about(cafe, begun, CAPTURED))
    await hear(cafe, answer_about(cafe, begun, CAPTURED))

    late = await till.read_leg(begun)
    assert (late.status, late.failure_reason) == (LegStatus.CAPTURED, "")
    assert till.list_audit("payment_captured_after_end") == [
        (
            "payment_captured_after_end",
            {"payment_id": begun.payment_id, "status": "expired", "amount_minor": LATTE},
        )
    ]
    board = await cafe.runner.read(read_counter_board, cafe.cafe_id)
    (shown,) = board.orders
    assert shown.payment.overpaid_minor == LATTE * (2 if is_paid_otherwise else 1)


async def test_a_late_answer_pays_what_is_still_due(cafe, till, guest, order, expected_logs):
    """An order that nobody paid is paid; nobody is asked for the same coffee again."""
    expected_logs.add("payment_captured_after_end")
    begun = await till.charge(order, guest)
    till.provider = Answering(lambda request: say(request, ProviderOutcome.CANCELLED))
    await till.settle(after_s=900)

    await hear(cafe, answer_about(cafe, begun, CAPTURED))

    shown = (await till.read(order)).payment
    assert (shown.status, shown.due_minor, shown.overpaid_minor) == (PaymentStatus.PAID, 0, 0)
    with pytest.raises(Conflict):
        await till.pay(order, 1)


# --- answers in any order -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "outcomes",
    list(itertools.permutations([ProviderOutcome.AUTHORIZED, CAPTURED, DECLINED])),
    ids=lambda outcomes: ",".join(outcomes),
)
async def test_captured_is_captured_whatever_comes_before_or_after(
    cafe, till, guest, order, expected_logs, outcomes
):
    """A late "failed" downgrades nothing, and each answer that comes twice acts once."""
    expected_logs.add("payment_captured_after_end")
    begun = await till.charge(order, guest)
    for outcome in outcomes:
        for _ in range(2):
            await hear(cafe, answer_about(cafe, begun, outcome))

    assert (await till.read_leg(begun)).status is LegStatus.CAPTURED
    shown = (await till.read(order)).payment
    assert (shown.captured_minor, shown.due_minor, shown.overpaid_minor) == (LATTE, 0, 0)
    events = [each for each in describe(await cafe.read_log()) if each.startswith("payment")]
    assert events.count("payment_completed") == 1
    assert events[-1] == "payment_completed"
    alarms = till.list_audit("payment_captured_after_end")
    assert len(alarms) == (outcomes.index(DECLINED) < outcomes.index(CAPTURED))
    assert await till.settle(after_s=3600) == 0


async def test_copies_of_one_answer_act_once(cafe, till, guest, order):
    """24 at once through two processes: one event, one row of the provider's."""
    begun = await till.charge(order, guest)
    cafe.take_events()
    command = answer_about(cafe, begun, CAPTURED)
    async with open_beside(cafe) as second:
        await asyncio.gather(*(hear(each, command) for each in (cafe, second) * 12))

    events = [each for each in describe(await cafe.read_log()) if each == "payment_completed"]
    assert events == ["payment_completed"]
    assert till.execute("SELECT outcome FROM provider_event") == [("captured",)]


# --- answers that do not fit --------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_minor": 1},
        {"amount_minor": LATTE + 1},
        {"currency": "USD"},
        {"cafe_id": OTHER_CAFE_ID},
        {"key": UNKNOWN_ID},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_an_answer_about_other_money_pays_nothing_and_alarms(
    cafe, till, guest, order, expected_logs, changes
):
    """One alarm however often it comes; the true answer still counts when it comes."""
    expected_logs.add("payment_mismatch")
    begun = await till.charge(order, guest)
    wrong = Answering(lambda request: say(request, CAPTURED, **changes))
    sandbox, till.provider = till.provider, wrong

    await till.settle()
    await till.settle(after_s=3)
    await till.settle(after_s=6)
    doubtful = await till.read_leg(begun)
    till.provider = sandbox
    await till.settle(after_s=12)

    assert wrong.asked == ["charge"] * 3
    assert (doubtful.status, doubtful.is_checking) == (LegStatus.PENDING, True)
    ((kind, details),) = till.list_audit("payment_mismatch")
    assert (kind, details["subject_id"]) == ("payment_mismatch", begun.payment_id)
    assert (await till.read_leg(begun)).status is LegStatus.CAPTURED


async def test_a_wrong_answer_uses_up_nobody_elses(cafe, till, guest, order, expected_logs):
    """It carries the event id of another payment, whose own answer comes afterwards."""
    expected_logs.add("payment_mismatch")
    first = await till.charge(order, guest, amount_minor=100)
    second = await till.charge(order, guest, amount_minor=100)
    theirs = answer_about(cafe, second, CAPTURED)

    await hear(cafe, msgspec.structs.replace(theirs, payment_id=first.payment_id))
    await hear(cafe, theirs)

    assert (await till.read_leg(first)).status is LegStatus.PENDING
    assert (await till.read_leg(second)).status is LegStatus.CAPTURED


async def test_a_wrong_answer_about_a_refund_gives_nothing_back(
    cafe, till, guest, order, expected_logs
):
    """The refund goes on being asked about."""
    expected_logs.add("payment_mismatch")
    begun = await till.charge(order, guest)
    await till.settle()
    await till.refund(begun, 100)
    sandbox, till.provider = (
        till.provider,
        Answering(lambda request: say(request, ProviderOutcome.REFUNDED, amount_minor=1)),
    )

    await till.settle()
    doubtful = await till.read_leg(begun)
    till.provider = sandbox
    await till.settle(after_s=3)

    assert (doubtful.refunding_minor, doubtful.refunded_minor) == (100, 0)
    done = await till.read_leg(begun)
    assert (done.refunding_minor, done.refunded_minor) == (0, 100)


# --- refunds by provider ------------------------------------------------------------------------


async def test_a_refund_by_provider_is_pending_until_it_answers(cafe, till, guest, order):
    """What is on its way back cannot be given back again, and counts as taken until then."""
    begun = await till.charge(order, guest)
    await till.settle()
    cafe.take_events()

    refund = await till.refund(begun, 300, with_credit=True)
    under_way = await till.read_leg(begun)
    with pytest.raises(Conflict):
        await till.refund(begun, 200)
    await till.settle()

    assert refund.status is RefundStatus.PENDING
    assert (under_way.refunding_minor, under_way.refunded_minor) == (300, 0)
    assert describe(cafe.take_events()) == ["payment_updated", "payment_refunded"]
    shown = (await till.read(order)).payment
    assert (shown.refunded_minor, shown.credited_minor, shown.due_minor) == (300, 300, 0)


async def test_a_refund_that_the_provider_refuses_is_free_to_be_tried_again(
    cafe, till, guest, order
):
    """It failed, everybody sees that, the audit has it, and the money is still with us."""
    begun = await till.charge(order, guest)
    await till.settle()
    refund = await till.refund(begun, 300)
    till.provider = Answering(lambda request: say(request, DECLINED, reason="account_closed"))
    cafe.take_events()

    await till.settle()

    assert describe(cafe.take_events()) == ["payment_updated"]
    shown = await cafe.runner.read(list_payments, cafe.staff(Role.MANAGER), order.order_id)
    ((status, reason),) = [(each.status, each.failure_reason) for each in shown.refunds]
    assert (status, reason) == (RefundStatus.FAILED, "account_closed")
    assert till.list_audit("refund_failed") == [
        ("refund_failed", {"refund_id": refund.refund_id, "reason": "account_closed"})
    ]
    assert (await till.read_leg(begun)).refunding_minor == 0
    await till.refund(begun, LATTE)


async def test_a_refund_whose_answer_was_lost_is_made_once(cafe, till, guest, order):
    """Asked again with the same key, the provider gives nothing back twice."""
    begun = await till.charge(order, guest)
    await till.settle()
    await till.refund(begun, 300)
    sandbox = till.provider

    class LosesAnswers(Answering):
        async def refund(self, request):
            await sandbox.refund(request)
            raise ProviderUnreachable("the answer was lost on the way")

    till.provider = LosesAnswers(be_away)
    await till.settle()
    till.provider = sandbox
    await till.settle(after_s=3)

    assert (await till.read_leg(begun)).refunded_minor == 300
    with closing(sqlite3.connect(till.books)) as books:
        assert books.execute("SELECT amount_minor, state FROM refund").fetchall() == [
            (300, "refunded")
        ]


# --- processes that die, and things that hang -----------------------------------------------------


async def test_whoever_dies_before_the_question_is_followed_by_another(cafe, till, guest, order):
    """Booked as asked and never asked: the next process asks when the wait is over."""
    begun = await till.charge(order, guest)
    due = DueAsk(cafe_id=cafe.cafe_id, payment_id=begun.payment_id)
    await cafe.runner.write(begin_ask, due, command_type="begin_ask", cafe_id=cafe.cafe_id)

    asked_at_once = await till.settle()
    await till.settle(after_s=3)

    assert asked_at_once == 0
    assert (await till.read_leg(begun)).status is LegStatus.CAPTURED
    assert till.read_books() == {begun.payment_id: 1}


async def test_whoever_dies_before_the_answer_is_kept_charges_nobody_twice(
    cafe, till, guest, order
):
    """Charged and not recorded: the next question learns it."""
    begun = await till.charge(order, guest)
    due = DueAsk(cafe_id=cafe.cafe_id, payment_id=begun.payment_id)
    await cafe.runner.write(begin_ask, due, command_type="begin_ask", cafe_id=cafe.cafe_id)
    await till.provider.charge(
        ChargeRequest(
            key=begun.payment_id, cafe_id=cafe.cafe_id, amount_minor=LATTE, currency="EUR"
        )
    )

    await till.settle(after_s=3)

    assert (await till.read_leg(begun)).status is LegStatus.CAPTURED
    assert till.read_books() == {begun.payment_id: 1}


async def test_two_processes_ask_about_each_thing_once(cafe, till, guest, order):
    """Both see it as due; whoever has the order's lock asks, the other finds it asked."""
    provider = Answering(lambda request: say(request, CAPTURED))
    payments = [await till.charge(order, guest, amount_minor=10) for _ in range(8)]
    async with open_beside(cafe) as second:
        await asyncio.gather(
            *(
                settle_payments(each.runner, {PaymentMethod.SANDBOX: provider}, now=cafe.now)
                for each in (cafe, second)
            )
        )

    assert len(provider.asked) == len(payments)
    assert {(await till.read_leg(each)).status for each in payments} == {LegStatus.CAPTURED}


async def test_a_provider_that_hangs_holds_nobody_up(cafe, till, guest, order, monkeypatch):
    """While its answer is awaited an order is placed, cash is taken, and other legs are asked."""
    monkeypatch.setattr("jobs.payments._CALL_LIMIT_S", 60)
    hanging = await till.charge(order, guest, amount_minor=100)
    other = await till.charge(order, guest, amount_minor=100)
    answers = asyncio.Event()
    sandbox = till.provider

    class Hangs(Answering):
        async def charge(self, request):
            if request.key == hanging.payment_id:
                await answers.wait()
            return await sandbox.charge(request)

    till.provider = Hangs(be_away)
    running = asyncio.create_task(till.settle())

    async def is_other_paid() -> bool:
        return (await till.read_leg(other)).status is LegStatus.CAPTURED

    await wait_for(is_other_paid, "the other payment")
    sold = await till.place("Toastie")
    await till.pay(sold)
    assert not running.done()
    answers.set()
    await running

    assert (await till.read_leg(hanging)).status is LegStatus.CAPTURED


async def test_a_provider_that_does_not_answer_in_time_is_not_waited_for(
    cafe, till, guest, order, monkeypatch
):
    """It may have charged: checking, and asked again."""
    monkeypatch.setattr("jobs.payments._CALL_LIMIT_S", 0.01)
    sandbox = till.provider

    class Hangs(Answering):
        async def charge(self, request):
            await sandbox.charge(request)
            await asyncio.Event().wait()

    till.provider = Hangs(be_away)
    begun = await till.charge(order, guest)
    await till.settle()
    unknown = await till.read_leg(begun)
    monkeypatch.undo()
    till.provider = sandbox
    await till.settle(after_s=3)

    assert unknown.is_checking
    assert (await till.read_leg(begun)).status is LegStatus.CAPTURED
    assert till.read_books() == {begun.payment_id: 1}


async def test_books_that_are_locked_or_broken_are_a_provider_that_is_away(
    cafe, till, guest, order, monkeypatch
):
    """Whatever is wrong over there is no answer, and no failure of ours."""
    monkeypatch.setattr("gateways.sandbox._BUSY_S", 0.01)
    begun = await till.charge(order, guest)
    with closing(sqlite3.connect(till.books, isolation_level=None)) as books:
        books.execute("BEGIN EXCLUSIVE")
        await till.settle()
        locked = await till.read_leg(begun)
    till.books.write_bytes(b"this is no database" * 100)
    await till.settle(after_s=3)
    broken = await till.read_leg(begun)
    till.books.unlink()
    await till.settle(after_s=6)

    assert locked.is_checking
    assert broken.is_checking
    assert (await till.read_leg(begun)).status is LegStatus.CAPTURED


async def test_one_bad_row_stops_no_others(cafe, till, guest, order, expected_logs):
    """What cannot be read is logged, put off for a minute and left alone; the rest is settled."""
    expected_logs.add("payment_not_settled")
    neighbour = await cafe.sit_down(2)
    bad = await till.charge(await till.place("Toastie", who=neighbour), neighbour)
    good = await till.charge(order, guest)
    broken = f"UPDATE orders SET business_date = '%s' WHERE id = '{bad.order_id}'"
    till.execute(broken % "some day")

    await till.settle()
    due = await cafe.runner.read(list_due_asks, cafe.now)

    assert due == []
    assert (await till.read_leg(good)).status is LegStatus.CAPTURED
    till.execute(broken % "2026-11-23")
    await till.settle(after_s=60)
    assert (await till.read_leg(bad)).status is LegStatus.CAPTURED


async def test_a_provider_with_a_fault_stops_no_others(cafe, till, guest, order, expected_logs):
    """An error that is nobody's word is logged with an id; the payment is asked about again."""
    expected_logs.add("payment_not_settled")
    bad = await till.charge(order, guest, amount_minor=100)
    good = await till.charge(order, guest, amount_minor=100)
    sandbox = till.provider

    class IsBroken(Answering):
        async def charge(self, request):
            if request.key == bad.payment_id:
                raise ZeroDivisionError
            return await sandbox.charge(request)

    till.provider = IsBroken(be_away)
    await till.settle()
    till.provider = sandbox
    assert (await till.read_leg(good)).status is LegStatus.CAPTURED
    await till.settle(after_s=60)

    assert (await till.read_leg(bad)).status is LegStatus.CAPTURED


async def test_a_database_that_is_away_puts_the_questions_off(cafe, till, guest, order, caplog):
    """No alarm for what is everyday: nothing was answered, so everything is asked again."""
    caplog.set_level("INFO")
    begun = await till.charge(order, guest)

    class Drains(Answering):
        async def charge(self, request):
            answer = await sandbox.charge(request)
            cafe.runner._is_draining = True  # the process is about to stop
            return answer

    sandbox, till.provider = till.provider, Drains(be_away)
    await till.settle()
    cafe.runner._is_draining = False
    till.provider = sandbox

    assert "payment_put_off" in caplog.text
    assert (await till.read_leg(begun)).status is LegStatus.PENDING
    await till.settle(after_s=3)
    assert (await till.read_leg(begun)).status is LegStatus.CAPTURED
    assert till.read_books() == {begun.payment_id: 1}


async def test_many_payments_are_settled_in_several_runs(cafe, till, guest, monkeypatch):
    """A run asks about a limited number, the longest overdue first, and forgets none."""
    monkeypatch.setattr("services.payment_settlement._DUE_LIMIT", 3)
    order = await till.place("Toastie", who=guest)
    payments = []
    for _ in range(8):
        payments.append(await till.charge(order, guest, amount_minor=10))
        cafe.pass_time(seconds=0.1)

    asked = [await till.settle() for _ in range(4)]

    assert asked == [3, 3, 2, 0]
    assert {(await till.read_leg(each)).status for each in payments} == {LegStatus.CAPTURED}


async def test_the_job_asks_by_the_clock(cafe, till, guest, order):
    """The job is what the scheduler runs each second."""
    begun = await till.charge(order, guest)
    job = build_payment_job(
        cafe.runner, {PaymentMethod.SANDBOX: till.provider}, now=lambda: cafe.now
    )

    await job.run()

    assert (job.name, job.period_s) == ("payments", 1.0)
    assert (await till.read_leg(begun)).status is LegStatus.CAPTURED
