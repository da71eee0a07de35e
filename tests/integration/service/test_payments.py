"""Money at the till and on phones, within our own books: legs, refunds, who may, what is told.

What providers answer is test_payment_settlement.py's.
"""

import asyncio

import msgspec
import peewee
import pytest

import services.payments
from domain.commands import (
    CancelOrder,
    CancelPayment,
    ConfirmTerminalPayment,
    DeclineTerminalPayment,
    FinishItems,
    InitiatePayment,
    RefundPayment,
    ServeItems,
    VoidItems,
)
from domain.errors import (
    AuthorizationDenied,
    Conflict,
    IdempotencyMismatch,
    InvalidTransition,
    NotFound,
    TableTapError,
    UnprocessableInput,
)
from domain.payments import LegStatus, PaymentMethod, PaymentStatus, RefundStatus, SandboxCard
from domain.permissions import COMMAND_ROLES, METHOD_ROLES
from domain.roles import Role
from domain.statuses import OrderStatus
from services.analytics import read_analytics
from services.boards import list_orders, read_counter_board
from services.group_commit import Outcome
from services.payments import list_payments, read_guest_pay
from tests.support.cafes import OTHER_CAFE_ID, UNKNOWN_ID, describe, open_beside, units
from tests.support.tills import Till

TERMINAL = PaymentMethod.CARD_TERMINAL
FLAT_WHITE, LATTE, WATER, TOASTIE = 390, 410, 190, 890
STAFF = [Role.KITCHEN, Role.EXPO, Role.COUNTER, Role.MANAGER, Role.OWNER]


@pytest.fixture
def till(cafe, tmp_path):
    """Open the cafe's till."""
    return Till(cafe, tmp_path)


def code_of(refused) -> str:
    """Return the code of what was raised."""
    return str(refused.value.code)


async def serve(cafe, order):
    """Make and hand over everything."""
    items = [unit for item in order.items for unit in units(item)]
    await cafe.do(Role.OWNER, "finish_items", FinishItems(items=items))
    await cafe.do(Role.OWNER, "serve_items", ServeItems(items=items))


async def void(cafe, order, item, who=Role.MANAGER):
    """Take a line off the bill."""
    command = VoidItems(order_id=order.order_id, items=units(item), reason="x")
    return await cafe.order(who, "void_items", command)


async def read_till(cafe):
    """Read the orders that the till shows, by number."""
    board = await cafe.runner.read(read_counter_board, cafe.cafe_id)
    return {order.order_number: order for order in board.orders}


# --- cash -------------------------------------------------------------------------------------


async def test_cash_is_taken_at_once_and_change_is_told(cafe, till):
    """20.00 for 12.80: the amount is what is booked, the change what is given."""
    order = await till.place("Flat white", "Toastie", table_number=1)
    cafe.take_events()

    payment = await till.pay(order, 1280, tendered_minor=2000)

    assert (payment.status, payment.amount_minor) == (LegStatus.CAPTURED, 1280)
    assert (payment.tendered_minor, payment.change_minor) == (2000, 720)
    assert describe(cafe.take_events()) == ["payment_completed"]
    shown = (await till.read(order)).payment
    assert (shown.status, shown.due_minor, shown.captured_minor) == (PaymentStatus.PAID, 0, 1280)


async def test_an_order_is_paid_in_parts_of_several_kinds(cafe, till):
    """Cash, terminal and a phone: each takes of what the others left."""
    guest = await cafe.sit_down(1)
    order = await till.place("Flat white", "Toastie", who=guest)
    await till.pay(order, 300)
    swiped = await till.pay(order, 500, method=TERMINAL)
    await till.charge(order, guest, amount_minor=480)

    under_way = (await till.read(order)).payment
    await till.confirm(swiped)
    await till.settle()

    assert (under_way.status, under_way.due_minor) == (PaymentStatus.PARTIALLY_PAID, 980)
    assert (under_way.payable_minor, under_way.pending_minor) == (0, 980)
    shown = (await till.read(order)).payment
    assert (shown.status, shown.due_minor, shown.payable_minor) == (PaymentStatus.PAID, 0, 0)
    assert [leg.number for leg in shown.legs] == [1, 2, 3]
    assert {leg.status for leg in shown.legs} == {LegStatus.CAPTURED}


async def test_nobody_pays_more_than_is_due(cafe, till):
    """Neither at once, nor by a second payment, nor beside one that is under way."""
    order = await till.place("Flat white")
    with pytest.raises(Conflict) as too_much:
        await till.pay(order, FLAT_WHITE + 1)
    waiting = await till.pay(order, 90, method=TERMINAL)
    with pytest.raises(Conflict) as beside:
        await till.pay(order, 301)
    await till.pay(order, 300)
    with pytest.raises(Conflict) as claimed:
        await till.pay(order, 1)
    await till.confirm(waiting)
    with pytest.raises(Conflict) as paid:
        await till.pay(order, 1)

    refusals = (too_much, beside, claimed, paid)
    assert {code_of(refused) for refused in refusals} == {"amount_exceeds_due"}
    assert [refused.value.details for refused in refusals] == [
        {"dueMinor": 390, "payableMinor": 390},
        {"dueMinor": 390, "payableMinor": 300},
        {"dueMinor": 90, "payableMinor": 0},
        {"dueMinor": 0, "payableMinor": 0},
    ]
    assert (await till.read(order)).payment.captured_minor == FLAT_WHITE


async def test_the_books_refuse_what_a_check_would_let_through(cafe, till, monkeypatch):
    """Never more held than due by a constraint too: a forgotten check costs an error, no money."""
    monkeypatch.setattr(services.payments, "check_claim", lambda *_: None)
    order = await till.place("Flat white")
    await till.pay(order, FLAT_WHITE)

    with pytest.raises(peewee.IntegrityError):
        await till.pay(order, 1)

    shown = (await till.read(order)).payment
    assert (shown.captured_minor, len(shown.legs)) == (FLAT_WHITE, 1)


async def test_two_tills_that_pay_one_order_at_once_take_its_amount_once(cafe, till):
    """Of ten payments of the whole through two processes one is taken; the others see why not."""
    order = await till.place("Flat white", "Latte")
    command = InitiatePayment(order_id=order.order_id, method=PaymentMethod.CASH, amount_minor=800)
    async with open_beside(cafe) as second:
        answers = await asyncio.gather(
            *(each.do(Role.COUNTER, "initiate_payment", command) for each in (cafe, second) * 5),
            return_exceptions=True,
        )

    refused = [answer for answer in answers if isinstance(answer, Conflict)]
    assert len(refused) == 9
    assert {error.code for error in refused} == {"amount_exceeds_due"}
    assert (await till.read(order)).payment.captured_minor == 800


@pytest.mark.parametrize(
    ("method", "options", "code"),
    [
        (PaymentMethod.CASH, {"tendered_minor": 389}, "tendered_too_little"),
        (TERMINAL, {"tendered_minor": 500}, "tendered_without_cash"),
        (TERMINAL, {"sandbox_card": SandboxCard.APPROVE}, "card_without_sandbox"),
    ],
)
async def test_fields_that_belong_to_another_method_are_refused(cafe, till, method, options, code):
    """Rather than taken for something that nobody meant."""
    order = await till.place("Flat white")

    with pytest.raises(UnprocessableInput) as refused:
        await till.pay(order, method=method, **options)

    assert code_of(refused) == code
    assert (await till.read(order)).payment.legs == []


# --- the card terminal ------------------------------------------------------------------------


async def test_a_terminal_takes_its_amount_when_somebody_says_so(cafe, till):
    """Until then the amount is claimed and nothing is captured."""
    order = await till.place("Latte")
    cafe.take_events()
    begun = await till.pay(order, method=TERMINAL)

    done = await till.confirm(begun)

    assert (begun.status, done.status) == (LegStatus.PENDING, LegStatus.CAPTURED)
    assert done.version == begun.version + 1
    assert describe(cafe.take_events()) == ["payment_initiated", "payment_completed"]


async def test_what_the_terminal_refused_may_be_paid_another_way(cafe, till):
    """Guests are told that it failed; what the staff wrote about it is for those who look it up."""
    order = await till.place("Latte")
    begun = await till.pay(order, method=TERMINAL)
    cafe.take_events()

    failed = await till.decline(begun, "Stolen, says the bank")

    assert (failed.status, failed.failure_reason) == (LegStatus.FAILED, "card_declined")
    (told,) = cafe.take_events()
    assert "Stolen" not in str(msgspec.to_builtins(told))
    assert till.list_audit("payment_declined") == [
        ("payment_declined", {"payment_id": begun.payment_id, "reason": "Stolen, says the bank"})
    ]
    assert (await till.read(order)).payment.payable_minor == LATTE
    await till.pay(order)


async def test_a_payment_that_was_given_up_frees_its_amount(cafe, till):
    """The card stays in the pocket after all."""
    order = await till.place("Latte")
    begun = await till.pay(order, method=TERMINAL)

    cancelled = await till.cancel(begun)

    assert (cancelled.status, cancelled.failure_reason) == (LegStatus.CANCELLED, "cancelled")
    assert (await till.read(order)).payment.payable_minor == LATTE
    for again in (till.cancel, till.confirm, till.decline):
        with pytest.raises(InvalidTransition) as refused:
            await again(begun)
        assert "Possible now: nothing" in refused.value.message


async def test_a_terminal_that_nobody_confirms_runs_out(cafe, till):
    """After a quarter of an hour the amount is free again, and a confirmation comes too late."""
    order = await till.place("Latte")
    begun = await till.pay(order, method=TERMINAL)

    await till.settle(after_s=899)
    before = await till.read_leg(begun)
    await till.settle(after_s=1)

    assert before.status is LegStatus.PENDING
    ended = await till.read_leg(begun)
    assert (ended.status, ended.failure_reason) == (LegStatus.EXPIRED, "expired")
    assert describe(cafe.take_events())[-1] == "payment_failed"
    with pytest.raises(InvalidTransition):
        await till.confirm(begun)
    assert (await till.read(order)).payment.payable_minor == LATTE


async def test_only_the_terminals_payments_are_confirmed(cafe, till):
    """Cash is taken or not; a phone's payment is its provider's word."""
    guest = await cafe.sit_down(1)
    order = await till.place("Latte", who=guest)
    payments = [await till.pay(order, 100), await till.charge(order, guest, amount_minor=100)]

    for payment in payments:
        for end in (till.confirm, till.decline):
            with pytest.raises(UnprocessableInput) as refused:
                await end(payment)
            assert code_of(refused) == "not_a_terminal_payment"


# --- what becomes of the order ----------------------------------------------------------------


async def test_paying_is_apart_from_making(cafe, till):
    """A paid order still cooks; money moves no line and no ticket."""
    order = await till.place("Latte")
    cafe.take_events()

    await till.pay(order)

    shown = await till.read(order)
    assert (shown.status, shown.payment.status) == (OrderStatus.CONFIRMED, PaymentStatus.PAID)
    assert shown.items == order.items
    assert shown.version == order.version + 1


async def test_an_order_that_is_over_stays_on_the_till_until_it_is_paid(cafe, till):
    """Served and unpaid is what a cafe loses money by."""
    order = await till.place("Latte")
    await serve(cafe, order)
    unpaid = await read_till(cafe)
    listed = await cafe.runner.read(list_orders, cafe.staff(Role.COUNTER), is_unsettled=True)
    waiting = await till.pay(order, method=TERMINAL)
    pending = await read_till(cafe)

    await till.confirm(waiting)

    assert unpaid[order.order_number].status is OrderStatus.COMPLETED
    assert [each.order_id for each in listed.orders] == [order.order_id]
    assert order.order_number in pending
    assert await read_till(cafe) == {}
    assert (await till.read(order)).is_on_till is False


async def test_lines_that_were_voided_after_they_were_paid_are_due_back(cafe, till):
    """The order is overpaid and on the till, also when it is over, until the money is back."""
    order = await till.place("Latte", "Toastie")
    payment = await till.pay(order)
    await void(cafe, order, order.items[1])
    await void(cafe, order, order.items[0])

    overpaid = (await read_till(cafe))[order.order_number]
    refund = await till.refund(payment, LATTE + TOASTIE, with_credit=True)

    assert overpaid.status is OrderStatus.CANCELLED
    assert (overpaid.payment.is_overpaid, overpaid.payment.overpaid_minor) == (True, 1300)
    assert (overpaid.payment.due_minor, overpaid.payment.payable_minor) == (0, 0)
    assert (refund.status, refund.credited_minor) == (RefundStatus.SUCCEEDED, 0)
    assert await read_till(cafe) == {}


async def test_cancelling_a_paid_order_makes_all_of_it_due_back(cafe, till):
    """And a payment that was under way still ends as it ends."""
    order = await till.place("Latte", "Toastie")
    await till.pay(order, 1000)
    begun = await till.pay(order, 300, method=TERMINAL)

    await cafe.do(Role.MANAGER, "cancel_order", CancelOrder(order_id=order.order_id, reason="x"))
    await till.confirm(begun)

    shown = (await read_till(cafe))[order.order_number]
    assert (shown.payment.overpaid_minor, shown.payment.due_minor) == (1300, 0)
    with pytest.raises(Conflict):
        await till.pay(order, 1)


async def test_more_lines_make_a_paid_order_due_again(cafe, till):
    """What was overpaid counts towards what is ordered next."""
    order = await till.place("Latte", "Toastie", table_number=1)
    await till.pay(order)
    await void(cafe, order, order.items[0])

    more = await till.place("Flat white", "Water", table_number=1)

    assert more.order_id == order.order_id
    assert more.payment.due_minor == FLAT_WHITE + WATER - LATTE
    assert (await till.pay(order, 170)).status is LegStatus.CAPTURED
    assert (await till.read(order)).payment.status is PaymentStatus.PAID


# --- refunds ----------------------------------------------------------------------------------


async def test_a_refund_with_credit_leaves_nothing_due(cafe, till):
    """A kindness: the order is settled before and after."""
    order = await till.place("Latte", "Toastie")
    payment = await till.pay(order)
    cafe.take_events()

    refund = await till.refund(payment, 500, with_credit=True)

    shown = (await till.read(order)).payment
    assert (refund.status, refund.credited_minor) == (RefundStatus.SUCCEEDED, 500)
    assert (shown.status, shown.due_minor) == (PaymentStatus.PARTIALLY_REFUNDED, 0)
    assert (shown.refunded_minor, shown.credited_minor) == (500, 500)
    assert describe(cafe.take_events()) == ["payment_refunded"]


async def test_a_refund_without_credit_is_due_again(cafe, till):
    """Paid by the wrong person: what went back is collected once more."""
    order = await till.place("Latte", "Toastie")
    payment = await till.pay(order)
    await serve(cafe, order)

    await till.refund(payment, 1300)

    back_on_till = (await read_till(cafe))[order.order_number]
    assert (back_on_till.payment.status, back_on_till.payment.due_minor) == (
        PaymentStatus.UNPAID,
        1300,
    )
    await till.pay(order, method=TERMINAL)


async def test_refunds_never_exceed_what_a_payment_brought(cafe, till):
    """Nor may another payment of the order lend them the difference."""
    order = await till.place("Latte", "Toastie")
    first = await till.pay(order, 400)
    waiting = await till.pay(order, 900, method=TERMINAL)
    with pytest.raises(Conflict) as not_yet:
        await till.refund(waiting, 1)
    await till.confirm(waiting)
    await till.refund(first, 300)

    with pytest.raises(Conflict) as too_much:
        await till.refund(first, 101)

    assert (code_of(not_yet), code_of(too_much)) == ("refund_exceeds_captured",) * 2
    assert too_much.value.details == {"refundableMinor": 100, "status": "captured"}
    await till.refund(first, 100)
    assert (await till.read_leg(first)).refunded_minor == 400


async def test_two_managers_who_refund_at_once_give_the_money_back_once(cafe, till):
    """Through two processes; the one who is second is told what is left."""
    order = await till.place("Latte")
    payment = await till.pay(order)
    command = RefundPayment(
        payment_id=payment.payment_id, amount_minor=LATTE, reason="x", with_credit=True
    )
    async with open_beside(cafe) as second:
        answers = await asyncio.gather(
            *(each.do(Role.MANAGER, "refund_payment", command) for each in (cafe, second) * 4),
            return_exceptions=True,
        )

    refused = [answer for answer in answers if isinstance(answer, Conflict)]
    assert len(refused) == 7
    assert (await till.read_leg(payment)).refunded_minor == LATTE


async def test_the_counter_gives_back_up_to_a_limit_of_an_order(cafe, till):
    """50.00 in all, however many refunds it takes; beyond it somebody fetches a manager."""
    order = await till.place(*["Toastie"] * 12)
    payments = [await till.pay(order, 4000), await till.pay(order, 4000)]
    await till.refund(payments[0], 3000, who=Role.COUNTER)

    with pytest.raises(AuthorizationDenied) as refused:
        await till.refund(payments[1], 2001, who=Role.COUNTER)

    assert code_of(refused) == "refund_over_limit"
    assert refused.value.details == {"limitMinor": 5000}
    await till.refund(payments[1], 2000, who=Role.COUNTER)
    with pytest.raises(AuthorizationDenied):
        await till.refund(payments[1], 1, who=Role.COUNTER)
    for who in (Role.MANAGER, Role.OWNER):
        await till.refund(payments[1], 900, who=who)


async def test_refunds_are_audited_with_their_reason(cafe, till):
    """And who is told by an event is told the amount alone."""
    order = await till.place("Latte")
    payment = await till.pay(order)
    cafe.take_events()

    refund = await till.refund(payment, 100, with_credit=True)

    ((kind, details),) = till.list_audit("payment_refunded")
    assert (kind, details["refund_id"], details["amount_minor"], details["reason"]) == (
        "payment_refunded",
        refund.refund_id,
        100,
        "Cold coffee",
    )
    (told,) = cafe.take_events()
    assert "Cold coffee" not in str(msgspec.to_builtins(told))
    assert told.event.refund.amount_minor == 100


async def test_what_is_given_back_of_a_voided_line_lowers_the_days_sales_once(cafe, till):
    """The void took the line out of the sales; its refund must not do so again."""
    order = await till.place("Latte", "Toastie")
    payment = await till.pay(order)
    before = await cafe.runner.read(read_analytics, cafe.cafe_id, now=cafe.now)
    await void(cafe, order, order.items[1])
    voided = await cafe.runner.read(read_analytics, cafe.cafe_id, now=cafe.now)

    await till.refund(payment, TOASTIE, with_credit=True)
    after = await cafe.runner.read(read_analytics, cafe.cafe_id, now=cafe.now)
    await till.refund(payment, 100, with_credit=True)
    kinder = await cafe.runner.read(read_analytics, cafe.cafe_id, now=cafe.now)

    assert before.figures.revenue_today > voided.figures.revenue_today
    assert after.figures.revenue_today == voided.figures.revenue_today
    assert kinder.figures.revenue_today < after.figures.revenue_today


# --- who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", STAFF)
async def test_staff_do_what_the_table_of_rights_says(cafe, till, role):
    """Each command and each method by each role; nothing is written by those who may not."""
    guest = await cafe.sit_down(1)
    order = await till.place("Toastie", who=guest)
    taken = await till.pay(order, 100)

    async def attempt(call) -> str:
        try:
            await call
        except AuthorizationDenied as error:
            return error.code
        return "done"

    allowed = {
        name: role in COMMAND_ROLES[name]
        for name in (
            "initiate_payment",
            "confirm_terminal_payment",
            "decline_terminal_payment",
            "cancel_payment",
            "refund_payment",
        )
    }

    async def begin():
        return await till.pay(order, 50, method=TERMINAL)

    async def pay(method):
        return await attempt(till.pay(order, 10, method=method, who=role))

    found = {
        "confirm_terminal_payment": await attempt(till.confirm(await begin(), who=role)),
        "decline_terminal_payment": await attempt(till.decline(await begin(), who=role)),
        "cancel_payment": await attempt(till.cancel(await begin(), who=role)),
        "refund_payment": await attempt(till.refund(taken, 10, who=role)),
    }
    paid = {method: await pay(method) for method in PaymentMethod}

    assert found == {name: "done" if allowed[name] else "not_allowed" for name in found}
    if allowed["initiate_payment"]:
        assert paid == {
            method: "done" if role in roles else "method_not_allowed"
            for method, roles in METHOD_ROLES.items()
        }
    else:
        assert set(paid.values()) == {"not_allowed"}


async def test_guests_pay_by_phone_and_nothing_else(cafe, till):
    """No guest says that cash changed hands, or gives any back."""
    guest = await cafe.sit_down(1)
    order = await till.place("Toastie", who=guest)
    swiped = await till.pay(order, 50, method=TERMINAL)

    for method in (PaymentMethod.CASH, TERMINAL):
        with pytest.raises(AuthorizationDenied) as refused:
            await till.pay(order, 10, method=method, who=guest)
        assert code_of(refused) == "method_not_allowed"
    for forbidden in (
        till.confirm(swiped, who=guest),
        till.decline(swiped, who=guest),
        till.refund(swiped, 10, who=guest),
    ):
        with pytest.raises(AuthorizationDenied) as refused:
            await forbidden
        assert code_of(refused) == "not_allowed"
    charged = await till.charge(order, guest, amount_minor=100)
    assert charged.lane_id == guest.lane_id


async def test_a_guest_gives_up_their_own_payment_alone(cafe, till):
    """Of others at the table it looks as if it were not there."""
    guest, friend = await cafe.sit_down(1), await cafe.sit_down(1)
    order = await till.place("Toastie", who=guest)
    charged = await till.charge(order, guest, amount_minor=100)
    swiped = await till.pay(order, 100, method=TERMINAL)

    for who, payment in ((friend, charged), (guest, swiped)):
        with pytest.raises(NotFound):
            await till.cancel(payment, who=who)

    assert (await till.cancel(charged, who=guest)).status is LegStatus.CANCELLED
    assert till.list_audit("payment_cancelled")[0][1]["was_asked"] is False
    assert await till.settle() == 0, "nobody was asked, so nobody has to be told"


async def test_a_guest_pays_at_their_own_table_alone(cafe, till):
    """Another table's order looks exactly like none."""
    guest, stranger = await cafe.sit_down(1), await cafe.sit_down(2)
    order = await till.place("Toastie", who=guest)
    counter_sale = await till.place("Toastie")
    charged = await till.charge(order, guest, amount_minor=100)

    for attempt in (
        till.charge(order, stranger),
        till.charge(counter_sale, stranger),
        till.cancel(charged, who=stranger),
        cafe.runner.read(list_payments, stranger, order.order_id),
        cafe.runner.read(read_guest_pay, stranger, order.order_id),
        cafe.runner.read(read_guest_pay, stranger, counter_sale.order_id),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_guests_of_one_table_each_pay_their_own(cafe, till):
    """Own lines are offered, all of it may be paid; what one paid nobody is asked for again."""
    guest, friend = await cafe.sit_down(1), await cafe.sit_down(1)
    order = await till.place("Latte", "Toastie", who=guest)
    order = await till.place("Flat white", who=friend)

    async def read(who):
        return await cafe.runner.read(read_guest_pay, who, order.order_id)

    first = await read(guest)
    await till.charge(order, guest, amount_minor=first.own_minor)
    await till.settle()
    left = [(await read(who)).own_minor for who in (guest, friend)]
    await till.charge(order, friend, amount_minor=FLAT_WHITE)
    await till.settle()

    assert (first.own_minor, first.payable_minor) == (1300, 1690)
    assert first.accepts_sandbox is True
    assert left == [0, FLAT_WHITE]
    shown = await till.read(order)
    assert shown.payment.status is PaymentStatus.PAID
    assert [leg.lane_id for leg in shown.payment.legs] == [guest.lane_id, friend.lane_id]


async def test_a_list_of_payments_tells_guests_no_reasons(cafe, till):
    """Staff read why, guests read that."""
    guest = await cafe.sit_down(1)
    order = await till.place("Toastie", who=guest)
    await till.refund(await till.pay(order, 500), 200, with_credit=True)

    shown = {
        who: await cafe.runner.read(list_payments, who, order.order_id)
        for who in (guest, cafe.staff(Role.COUNTER))
    }

    assert [view.refunds[0].reason for view in shown.values()] == ["", "Cold coffee"]
    for view in shown.values():
        assert (view.order_number, view.currency, view.total_minor) == (1, "EUR", TOASTIE)
        assert (view.payment.captured_minor, view.payment.refunded_minor) == (500, 200)
        assert view.payment.due_minor == TOASTIE - 500
        assert [refund.amount_minor for refund in view.refunds] == [200]


async def test_a_cafe_without_the_sandbox_takes_no_payments_by_phone(cafe, till):
    """A real cafe never meets the provider of demos."""
    guest = await cafe.sit_down(1)
    order = await till.place("Toastie", who=guest)
    till.execute("UPDATE cafe_payment_rules SET accepts_sandbox = FALSE")

    with pytest.raises(UnprocessableInput) as refused:
        await till.charge(order, guest)

    assert code_of(refused) == "method_not_taken"
    shown = await cafe.runner.read(read_guest_pay, guest, order.order_id)
    assert shown.accepts_sandbox is False


# --- tenancy and repeats ----------------------------------------------------------------------


async def test_another_cafes_money_looks_like_none(cafe, till):
    """Every command and every list, about their order and payment and about ones nobody has."""
    guest = await cafe.sit_down(1)
    order = await till.place("Toastie", who=guest)
    payment = await till.pay(order, 100, method=TERMINAL)

    def build_commands(order_id: str, payment_id: str):
        return {
            "initiate_payment": InitiatePayment(
                order_id=order_id, method=PaymentMethod.CASH, amount_minor=1
            ),
            "confirm_terminal_payment": ConfirmTerminalPayment(payment_id=payment_id),
            "decline_terminal_payment": DeclineTerminalPayment(payment_id=payment_id),
            "cancel_payment": CancelPayment(payment_id=payment_id),
            "refund_payment": RefundPayment(
                payment_id=payment_id, amount_minor=1, reason="x", with_credit=True
            ),
        }

    async with open_beside(cafe, cafe_id=OTHER_CAFE_ID) as other:

        async def ask(name, command):
            with pytest.raises(NotFound) as refused:
                await other.do(Role.OWNER, name, command)
            return refused.value.message

        theirs = build_commands(order.order_id, payment.payment_id)
        nobodys = build_commands(UNKNOWN_ID, UNKNOWN_ID)
        for name, command in theirs.items():
            assert await ask(name, command) == await ask(name, nobodys[name])
        for order_id in (order.order_id, UNKNOWN_ID):
            with pytest.raises(NotFound):
                await other.runner.read(list_payments, other.staff(Role.OWNER), order_id)

    assert (await till.read_leg(payment)).status is LegStatus.PENDING


async def test_a_repeated_payment_is_taken_once(cafe, till):
    """Byte for byte the first answer; another body under the same id is refused."""
    order = await till.place("Toastie")
    command = InitiatePayment(order_id=order.order_id, method=PaymentMethod.CASH, amount_minor=100)

    answers = [
        await cafe.do(Role.COUNTER, "initiate_payment", command, command_id="once")
        for _ in range(3)
    ]
    with pytest.raises(IdempotencyMismatch):
        await till.pay(order, 101, command_id="once")

    assert len({answer.body for answer in answers}) == 1
    assert [answer.is_replayed for answer in answers] == [False, True, True]
    assert len((await till.read(order)).payment.legs) == 1


async def test_24_copies_of_a_payment_and_of_its_refund_act_once(cafe, till):
    """Two processes, all at once: one row each, and every answer is that of the first."""
    order = await till.place("Toastie")
    pay = InitiatePayment(order_id=order.order_id, method=PaymentMethod.CASH, amount_minor=800)
    async with open_beside(cafe) as second:

        async def send_copies(name, command):
            answers = await asyncio.gather(
                *(
                    each.do(Role.MANAGER, name, command, command_id="once")
                    for each in (cafe, second) * 12
                ),
                return_exceptions=True,
            )
            told = {answer.body for answer in answers if isinstance(answer, Outcome)}
            refused = {error.code for error in answers if isinstance(error, TableTapError)}
            assert refused <= {"command_in_flight"}
            (body,) = told
            return msgspec.json.decode(body)

        payment = await send_copies("initiate_payment", pay)
        give_back = RefundPayment(
            payment_id=payment["paymentId"], amount_minor=300, reason="x", with_credit=True
        )
        await send_copies("refund_payment", give_back)

    shown = (await till.read(order)).payment
    assert (shown.captured_minor, shown.refunded_minor, len(shown.legs)) == (800, 300, 1)


async def test_a_payment_and_its_answer_commit_together(cafe, till, monkeypatch):
    """The row, the event, the guard and the answer to the command id are there, or none is."""
    order = await till.place("Toastie")
    head = len(await cafe.read_log())

    def fail(_):
        raise RuntimeError("the last thing that is written cannot be written")

    monkeypatch.setattr("services.group_commit.save_answers", fail)

    with pytest.raises(RuntimeError):
        await till.pay(order, 100, command_id="once")

    assert len(await cafe.read_log()) == head
    assert (await till.read(order)).payment.legs == []
    assert till.execute("SELECT * FROM order_claim") == []
