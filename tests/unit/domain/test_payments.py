"""The ledger of an order: how legs and refunds move, and what they come to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.errors import Conflict, InvalidTransition, UnprocessableInput
from domain.payments import (
    HELD_LEG_STATUSES,
    LEG_MOVES,
    OPEN_LEG_STATUSES,
    REFUND_MOVES,
    LegMove,
    LegStatus,
    Payment,
    PaymentMethod,
    PaymentStatus,
    Refund,
    RefundMove,
    RefundStatus,
    Sums,
    check_claim,
    compute_lane_share,
    move_leg,
    move_refund,
    note_ask,
    request_refund,
    suggest_tenders,
    sum_given_back,
    sum_payments,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ENDS_WITHOUT_MONEY = frozenset({LegStatus.FAILED, LegStatus.CANCELLED, LegStatus.EXPIRED})


def make_leg(amount_minor: int = 1000, **changes: Any) -> Payment:
    """Make a leg that waits for a provider."""
    options: dict[str, Any] = {
        "payment_id": "leg",
        "order_id": "order",
        "number": 1,
        "method": PaymentMethod.SANDBOX,
        "amount_minor": amount_minor,
        "created_at": NOW,
        "status": LegStatus.PENDING,
    }
    return Payment(**{**options, **changes})


def make_captured(amount_minor: int = 1000, **changes: Any) -> Payment:
    """Make a leg that brought its money."""
    return make_leg(amount_minor, status=LegStatus.CAPTURED, **changes)


def make_refund(amount_minor: int, *, with_credit: bool = False) -> Refund:
    """Make a refund that nobody has asked for yet."""
    return Refund(
        refund_id="refund",
        amount_minor=amount_minor,
        reason="cold",
        with_credit=with_credit,
        created_at=NOW,
    )


def give_back(leg: Payment, amount_minor: int, *, with_credit: bool, total_minor: int) -> Refund:
    """Give a part of a leg back at once, as a drawer does."""
    refund = make_refund(amount_minor, with_credit=with_credit)
    request_refund(leg, refund)
    overpaid_minor = sum_payments(total_minor, [leg]).overpaid_minor
    move_refund(leg, refund, RefundMove.SUCCEED, overpaid_minor=overpaid_minor, now=NOW)
    return refund


# --- legs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("move", list(LegMove))
@pytest.mark.parametrize("status", list(LegStatus))
def test_a_leg_moves_only_along_the_table(status: LegStatus, move: LegMove) -> None:
    """Every pair either has a target or is refused with what somebody may ask for instead."""
    leg = make_leg(status=status)
    if status in LEG_MOVES[move]:
        move_leg(leg, move, now=LATER)
        assert leg.status is LEG_MOVES[move][status]
        return
    with pytest.raises(InvalidTransition) as refused:
        move_leg(leg, move, now=LATER)
    allowed = [
        verb
        for verb in (LegMove.CAPTURE, LegMove.FAIL, LegMove.CANCEL)
        if status in LEG_MOVES[verb]
    ]
    assert refused.value.details == {"from": status, "to": move, "allowed": allowed}
    assert leg == make_leg(status=status)


def test_nothing_takes_captured_money_off_the_books() -> None:
    """A provider's late "failed" never downgrades: a refund is the only way back."""
    assert all(LegStatus.CAPTURED not in moves for moves in LEG_MOVES.values())


def test_every_status_but_an_end_leads_somewhere() -> None:
    """What is open can be paid and can be given up; what has ended can only be found paid."""
    targets = {
        status: {moves[status] for moves in LEG_MOVES.values() if status in moves}
        for status in LegStatus
    }
    for status in OPEN_LEG_STATUSES - {LegStatus.CREATED}:
        assert targets[status] >= {LegStatus.CAPTURED, *ENDS_WITHOUT_MONEY}
    for status in ENDS_WITHOUT_MONEY:
        assert targets[status] == {LegStatus.CAPTURED}
        assert status not in LEG_MOVES[LegMove.CAPTURE], "a late capture has a verb of its own"


def test_an_end_stops_the_questions_and_says_when() -> None:
    """Whatever ends a leg, nobody asks the provider any more and nothing is being checked."""
    for status in OPEN_LEG_STATUSES:
        for move, moves in LEG_MOVES.items():
            leg = make_leg(status=status, is_checking=True, next_ask_at=LATER)
            if moves.get(status, LegStatus.CREATED) in OPEN_LEG_STATUSES:
                continue
            move_leg(leg, move, now=LATER)
            assert (leg.ended_at, leg.next_ask_at, leg.is_checking) == (LATER, None, False)
            assert leg.captured_at == (LATER if move is LegMove.CAPTURE else None)


def test_a_late_capture_takes_back_that_it_failed() -> None:
    """What is shown as the reason of a failure does not stand beside money that came."""
    leg = make_leg(status=LegStatus.EXPIRED, failure_reason="expired", ended_at=NOW)

    move_leg(leg, LegMove.CAPTURE_LATE, now=LATER)

    assert (leg.status, leg.failure_reason) == (LegStatus.CAPTURED, "")
    assert (leg.captured_at, leg.ended_at) == (LATER, LATER)
    assert leg.held_minor == leg.refundable_minor == 1000


def test_the_waits_between_questions_grow_and_stay_below_a_minute() -> None:
    """3, 6, 12 ... 60 seconds, however long a provider is away."""
    leg = make_leg()
    waits_s = []
    for _ in range(200):
        note_ask(leg, now=LATER)
        assert leg.next_ask_at is not None
        waits_s.append((leg.next_ask_at - LATER).total_seconds())

    assert waits_s[:7] == [3, 6, 12, 24, 48, 60, 60]
    assert waits_s[-1] == 60
    assert (leg.asks, leg.asked_at) == (200, LATER)


# --- refunds ----------------------------------------------------------------------------------


@pytest.mark.parametrize("move", list(RefundMove))
@pytest.mark.parametrize("status", list(RefundStatus))
def test_a_refund_moves_only_along_the_table(status: RefundStatus, move: RefundMove) -> None:
    """Succeeded and failed are ends: a refund pays once."""
    leg, refund = make_captured(refunding_minor=300), make_refund(300)
    refund.status = status
    if status in REFUND_MOVES[move]:
        move_refund(leg, refund, move, overpaid_minor=0, now=LATER)
        assert refund.status is REFUND_MOVES[move][status]
        return
    with pytest.raises(InvalidTransition) as refused:
        move_refund(leg, refund, move, overpaid_minor=0, now=LATER)
    allowed = [verb for verb, moves in REFUND_MOVES.items() if status in moves]
    assert refused.value.details == {"from": status, "to": move, "allowed": allowed}
    assert (leg.refunded_minor, leg.refunding_minor) == (0, 300)


@pytest.mark.parametrize("status", [each for each in LegStatus if each is not LegStatus.CAPTURED])
def test_only_captured_money_is_given_back(status: LegStatus) -> None:
    """A leg that brought nothing has nothing to return."""
    with pytest.raises(Conflict) as refused:
        request_refund(make_leg(status=status), make_refund(1))

    assert refused.value.code == "refund_exceeds_captured"
    assert refused.value.details == {"refundableMinor": 0, "status": status}


def test_refunds_never_exceed_what_was_captured() -> None:
    """What is on its way back counts as if it were back, and comes free when it is refused."""
    leg = make_captured(1000)
    first = make_refund(700)
    request_refund(leg, first)
    move_refund(leg, first, RefundMove.BEGIN, overpaid_minor=0, now=NOW)

    with pytest.raises(Conflict):
        request_refund(leg, make_refund(301))
    assert sum_given_back([leg]) == 700
    move_refund(leg, first, RefundMove.FAIL, overpaid_minor=0, now=LATER)

    assert (leg.refunding_minor, leg.refunded_minor, leg.refundable_minor) == (0, 0, 1000)
    assert (first.settled_at, first.next_ask_at) == (LATER, None)
    request_refund(leg, make_refund(1000))
    assert leg.refundable_minor == 0


def test_a_refund_with_credit_leaves_nothing_due() -> None:
    """Goodwill: money goes back and what is owed falls with it."""
    leg = make_captured(1000)

    refund = give_back(leg, 400, with_credit=True, total_minor=1000)

    sums = sum_payments(1000, [leg])
    assert refund.credited_minor == 400
    assert (sums.net_minor, sums.due_minor, sums.overpaid_minor) == (600, 0, 0)
    assert sums.status is PaymentStatus.PARTIALLY_REFUNDED


def test_a_refund_without_credit_makes_it_due_again() -> None:
    """A wrong card: the same amount is collected once more."""
    leg = make_captured(1000)

    give_back(leg, 1000, with_credit=False, total_minor=1000)

    sums = sum_payments(1000, [leg])
    assert (sums.due_minor, sums.payable_minor, sums.overpaid_minor) == (1000, 1000, 0)
    assert sums.status is PaymentStatus.UNPAID


@pytest.mark.parametrize("with_credit", [True, False])
def test_giving_back_what_was_overpaid_settles_the_order(with_credit: bool) -> None:
    """A line of 400 was voided after it was paid: with it went what was owed, so no credit."""
    leg = make_captured(1000)

    refund = give_back(leg, 400, with_credit=with_credit, total_minor=600)

    sums = sum_payments(600, [leg])
    assert refund.credited_minor == 0
    assert (sums.due_minor, sums.overpaid_minor, sums.is_settled) == (0, 0, True)


def test_a_refund_beyond_what_was_overpaid_credits_the_rest() -> None:
    """700 back where 400 were overpaid: 300 are a kindness."""
    leg = make_captured(1000)

    refund = give_back(leg, 700, with_credit=True, total_minor=600)

    sums = sum_payments(600, [leg])
    assert refund.credited_minor == leg.credited_minor == 300
    assert (sums.net_minor, sums.due_minor, sums.overpaid_minor) == (300, 0, 0)


# --- sums -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        pytest.param([], PaymentStatus.UNPAID, id="nothing"),
        pytest.param([make_leg(400)], PaymentStatus.PENDING, id="pending"),
        pytest.param(
            [make_leg(400, status=LegStatus.AUTHORIZED)], PaymentStatus.AUTHORIZED, id="authorized"
        ),
        *(
            pytest.param([make_leg(status=status)], PaymentStatus.UNPAID, id=status)
            for status in sorted(ENDS_WITHOUT_MONEY)
        ),
        pytest.param([make_captured(400)], PaymentStatus.PARTIALLY_PAID, id="part"),
        pytest.param(
            [make_captured(400), make_leg(600)], PaymentStatus.PARTIALLY_PAID, id="part and pending"
        ),
        pytest.param([make_captured(400), make_captured(600)], PaymentStatus.PAID, id="in two"),
        pytest.param([make_captured(1300)], PaymentStatus.PAID, id="overpaid"),
        pytest.param(
            [make_captured(refunded_minor=300, credited_minor=300)],
            PaymentStatus.PARTIALLY_REFUNDED,
            id="refunded in part",
        ),
        pytest.param(
            [make_captured(refunded_minor=1000, credited_minor=1000)],
            PaymentStatus.REFUNDED,
            id="refunded",
        ),
        pytest.param(
            [make_captured(refunded_minor=300)], PaymentStatus.PARTIALLY_PAID, id="due again"
        ),
        pytest.param(
            [make_captured(refunded_minor=1000), make_leg(1000)],
            PaymentStatus.PENDING,
            id="due again and pending",
        ),
    ],
)
def test_the_status_follows_from_the_legs(legs: list[Payment], expected: PaymentStatus) -> None:
    """Of an order of 1000; what is due speaks first, then what was given back."""
    assert sum_payments(1000, legs).status is expected


def test_an_order_that_comes_to_nothing_is_settled() -> None:
    """A cancelled order that nobody paid is on no list."""
    sums = sum_payments(0, [])

    assert (sums.due_minor, sums.is_settled, sums.status) == (0, True, PaymentStatus.UNPAID)


@given(
    total_minor=st.integers(0, 10_000),
    legs=st.lists(
        st.builds(
            make_leg,
            st.integers(1, 10_000),
            status=st.sampled_from(LegStatus),
        ),
        max_size=6,
    ),
    shares=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=6, max_size=6),
)
def test_sums_of_any_ledger_hold_together(
    total_minor: int, legs: list[Payment], shares: list[tuple[float, float]]
) -> None:
    """net = total - credits; due = net - captured + refunded; both never negative (domain 2.12)."""
    for leg, (refunded, credited) in zip(legs, shares, strict=False):
        if leg.status is LegStatus.CAPTURED:
            leg.refunded_minor = int(leg.amount_minor * refunded)
            leg.credited_minor = int(leg.refunded_minor * credited)

    sums = sum_payments(total_minor, legs)

    balance_minor = sums.net_minor - sums.captured_minor + sums.refunded_minor
    assert sums.net_minor == max(0, total_minor - sums.credited_minor)
    assert sums.due_minor - sums.overpaid_minor == balance_minor
    assert min(sums.due_minor, sums.overpaid_minor) == 0
    assert 0 <= sums.payable_minor <= sums.due_minor
    assert sums.captured_minor - sums.refunded_minor + sums.pending_minor == sum(
        leg.held_minor for leg in legs
    )
    assert (sums.status in {PaymentStatus.PAID, PaymentStatus.REFUNDED}) <= (sums.due_minor == 0)


# --- claims -----------------------------------------------------------------------------------


def make_sums(total_minor: int = 1000, *legs: Payment) -> Sums:
    return sum_payments(total_minor, legs)


def test_a_claim_is_at_most_what_is_due_and_not_under_way() -> None:
    """The last unit may be claimed, and not one more."""
    sums = make_sums(1000, make_captured(300), make_leg(200))

    check_claim(sums, 500, None)

    with pytest.raises(Conflict) as refused:
        check_claim(sums, 501, None)
    assert refused.value.code == "amount_exceeds_due"
    assert refused.value.details == {"dueMinor": 700, "payableMinor": 500}


@pytest.mark.parametrize(
    ("sums", "words"),
    [
        (make_sums(1000), "more than is due"),
        (make_sums(1000, make_leg(400)), "under way"),
        (make_sums(1000, make_captured(1000)), "Nothing is due"),
        (make_sums(0), "Nothing is due"),
    ],
)
def test_a_refused_claim_says_why(sums: Sums, words: str) -> None:
    """Whoever stands at the till knows what to do next."""
    with pytest.raises(Conflict, match=words):
        check_claim(sums, 1001, None)


def test_cash_covers_its_amount() -> None:
    """Exact and more is fine, less is refused."""
    check_claim(make_sums(), 1000, 1000)
    check_claim(make_sums(), 1000, 5000)

    with pytest.raises(UnprocessableInput) as refused:
        check_claim(make_sums(), 1000, 999)
    assert refused.value.code == "tendered_too_little"


class Ledger(RuleBasedStateMachine):
    """One order under everything that may happen to it, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.total_minor = 1000
        self.legs: list[Payment] = []
        # What may be held beyond what is owed: lines that were voided, and what came late.
        self.excused_minor = 0

    @property
    def sums(self) -> Sums:
        return sum_payments(self.total_minor, self.legs)

    def excuse(self) -> None:
        held_minor = sum(leg.held_minor for leg in self.legs)
        self.excused_minor = max(0, held_minor - self.sums.net_minor)

    @rule(amount_minor=st.integers(1, 800))
    def order_more(self, amount_minor: int) -> None:
        self.total_minor += amount_minor
        self.excuse()

    @rule(share=st.integers(0, 100))
    def void(self, share: int) -> None:
        self.total_minor = self.total_minor * share // 100
        self.excuse()

    @rule(amount_minor=st.integers(1, 1500))
    def claim(self, amount_minor: int) -> None:
        sums = self.sums
        try:
            check_claim(sums, amount_minor, None)
        except Conflict:
            assert amount_minor > sums.payable_minor
        else:
            assert amount_minor <= sums.payable_minor
            self.legs.append(make_leg(amount_minor, number=len(self.legs) + 1))

    @precondition(lambda self: self.legs)
    @rule(data=st.data(), move=st.sampled_from(LegMove))
    def move(self, data: st.DataObject, move: LegMove) -> None:
        leg = data.draw(st.sampled_from(self.legs))
        try:
            move_leg(leg, move, now=NOW)
        except InvalidTransition:
            assert leg.status not in LEG_MOVES[move]
        if move is LegMove.CAPTURE_LATE:
            self.excuse()

    @precondition(lambda self: self.legs)
    @rule(data=st.data(), amount_minor=st.integers(1, 900), with_credit=st.booleans())
    def refund(self, data: st.DataObject, amount_minor: int, with_credit: bool) -> None:
        leg = data.draw(st.sampled_from(self.legs))
        refund = make_refund(amount_minor, with_credit=with_credit)
        try:
            request_refund(leg, refund)
        except Conflict:
            assert amount_minor > leg.refundable_minor
        else:
            move_refund(leg, refund, RefundMove.BEGIN, overpaid_minor=0, now=NOW)

    @rule(data=st.data(), move=st.sampled_from([RefundMove.SUCCEED, RefundMove.FAIL]))
    def settle(self, data: st.DataObject, move: RefundMove) -> None:
        open_refunds = [
            (leg, refund)
            for leg in self.legs
            for refund in leg.refunds
            if refund.status is RefundStatus.PENDING
        ]
        if not open_refunds:
            return
        leg, refund = data.draw(st.sampled_from(open_refunds))
        before = self.sums
        move_refund(leg, refund, move, overpaid_minor=before.overpaid_minor, now=NOW)
        if move is RefundMove.SUCCEED and refund.with_credit:
            assert self.sums.due_minor == before.due_minor

    @invariant()
    def never_more_held_than_owed(self) -> None:
        held_minor = sum(leg.held_minor for leg in self.legs)
        assert held_minor <= self.sums.net_minor + self.excused_minor

    @invariant()
    def no_leg_gives_back_more_than_it_brought(self) -> None:
        for leg in self.legs:
            assert 0 <= leg.credited_minor <= leg.refunded_minor
            assert leg.refunded_minor + leg.refunding_minor <= leg.amount_minor
            assert leg.refunding_minor == sum(
                refund.amount_minor
                for refund in leg.refunds
                if refund.status is RefundStatus.PENDING
            )
            if leg.status is not LegStatus.CAPTURED:
                assert not leg.refunds

    @invariant()
    def due_and_overpaid_exclude_each_other(self) -> None:
        sums = self.sums
        assert sums.due_minor >= 0
        assert sums.overpaid_minor >= 0
        assert not (sums.due_minor and sums.overpaid_minor)
        assert sums.is_settled == (sums.due_minor == sums.pending_minor == sums.overpaid_minor == 0)


TestLedger = Ledger.TestCase


# --- guests -----------------------------------------------------------------------------------


def share(owed_minor: int, *legs: Payment, payable_minor: int = 100_000) -> int:
    return compute_lane_share(
        "mine", owed_minor=owed_minor, payments=legs, payable_minor=payable_minor
    )


def test_a_guest_owes_their_lines_less_what_they_paid() -> None:
    """Also what they are paying right now; others' payments are others'."""
    mine = make_captured(300, lane_id="mine")
    under_way = make_leg(200, lane_id="mine")
    failed = make_leg(200, lane_id="mine", status=LegStatus.FAILED)
    others = make_captured(500, lane_id="theirs")
    at_the_till = make_captured(500)

    assert share(1000) == 1000
    assert share(1000, mine, under_way, failed, others, at_the_till) == 500
    assert share(100, mine) == 0
    assert share(1000, mine, payable_minor=250) == 250


def test_a_guest_owes_again_what_came_back_without_credit() -> None:
    """With credit it is neither owed nor paid, so nothing is due for it twice."""
    assert share(1000, make_captured(1000, lane_id="mine", refunded_minor=400)) == 400
    kind = make_captured(1000, lane_id="mine", refunded_minor=400, credited_minor=400)
    assert share(1000, kind) == 0


@given(
    lines=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(1, 2_000)), min_size=1, max_size=12
    )
)
def test_guests_who_each_pay_their_share_pay_the_order(lines: list[tuple[str, int]]) -> None:
    """Lanes are apportioned by their lines, and nobody is asked for a unit too much or too few."""
    total_minor = sum(amount for _, amount in lines)
    legs: list[Payment] = []
    for lane_id in "abc":
        owed_minor = sum(amount for lane, amount in lines if lane == lane_id)
        amount_minor = compute_lane_share(
            lane_id,
            owed_minor=owed_minor,
            payments=legs,
            payable_minor=sum_payments(total_minor, legs).payable_minor,
        )
        assert amount_minor == owed_minor
        if amount_minor:
            check_claim(sum_payments(total_minor, legs), amount_minor, None)
            legs.append(make_captured(amount_minor, lane_id=lane_id))

    assert sum_payments(total_minor, legs).status is PaymentStatus.PAID


@pytest.mark.parametrize(
    ("amount_minor", "expected"),
    [(2720, [3000, 4000, 5000]), (2000, [5000, 10_000, 20_000]), (495, [500, 1000, 2000])],
)
def test_tenders_are_what_people_hand_over(amount_minor: int, expected: list[int]) -> None:
    """The next notes that cover it; the exact amount has a key of its own."""
    assert suggest_tenders(amount_minor, minor_per_unit=100) == expected


@given(amount_minor=st.integers(1, 10**7), minor_per_unit=st.sampled_from([1, 100, 1000]))
def test_every_tender_covers_the_amount(amount_minor: int, minor_per_unit: int) -> None:
    """In currencies of every exponent, ascending, three at most."""
    tenders = suggest_tenders(amount_minor, minor_per_unit=minor_per_unit)

    assert len(tenders) <= 3
    assert tenders == sorted(set(tenders))
    assert all(tender > amount_minor for tender in tenders)


def test_held_statuses_are_those_that_take_of_what_is_due() -> None:
    """Open ones claim, captured ones brought; an end without money holds nothing."""
    assert HELD_LEG_STATUSES == frozenset(LegStatus) - ENDS_WITHOUT_MONEY
    assert all(make_leg(status=status).held_minor == 0 for status in ENDS_WITHOUT_MONEY)
