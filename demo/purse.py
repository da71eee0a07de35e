"""How simulated guests pay: which card is in the phone, what is handed over at the counter.

Pure choice, as demo/appetite.py is for what they eat. Most cards are good; some are declined, and
some providers take their time, so that a demo shows what that looks like.
"""

from random import Random

from domain.payments import LegStatus, PaymentMethod, SandboxCard, suggest_tenders
from domain.views.money import PaymentView
from domain.views.orders import OrderView

_CARDS = {
    SandboxCard.APPROVE: 80,
    SandboxCard.AUTHORIZE: 6,
    SandboxCard.DECLINE: 6,
    SandboxCard.LATE: 4,
    SandboxCard.TIME_OUT: 4,
}
_CASH_SHARE = 0.45
_EXACT_SHARE = 0.2
_TERMINAL_REFUSES_SHARE = 0.05
# All the demo's cafe takes has two decimals.
_MINOR_PER_UNIT = 100
_COMPLAINTS = ("The coffee was cold.", "It took too long.", "Not what was ordered.")
# Well below what the counter gives back of an order without a manager.
_LARGEST_KINDNESS_MINOR = 1000


def choose_card(random: Random) -> SandboxCard:
    """Choose the card of a guest's phone."""
    return random.choices(list(_CARDS), list(_CARDS.values()))[0]


def choose_counter_method(random: Random) -> PaymentMethod:
    """Choose how somebody pays at the counter."""
    is_cash = random.random() < _CASH_SHARE
    return PaymentMethod.CASH if is_cash else PaymentMethod.CARD_TERMINAL


def choose_tender(amount_minor: int, random: Random) -> int:
    """Choose what is handed over in cash: the exact amount, or notes that cover it."""
    notes = suggest_tenders(amount_minor, minor_per_unit=_MINOR_PER_UNIT)
    if not notes or random.random() < _EXACT_SHARE:
        return amount_minor
    return random.choice(notes)


def is_refused_by_terminal(random: Random) -> bool:
    """Say whether the card terminal refuses this card."""
    return random.random() < _TERMINAL_REFUSES_SHARE


def choose_complaint(random: Random) -> str:
    """Choose why somebody wants a part of their money back."""
    return random.choice(_COMPLAINTS)


def find_refundable(order: OrderView) -> PaymentView | None:
    """Return the payment of which most may be given back; None where there is nothing."""
    captured = [leg for leg in order.payment.legs if leg.status is LegStatus.CAPTURED]
    most = max(captured, key=_compute_refundable, default=None)
    return most if most is not None and _compute_refundable(most) > 0 else None


def choose_refund(payment: PaymentView, random: Random) -> int:
    """Choose how much of a payment is given back."""
    return random.randint(1, min(_compute_refundable(payment), _LARGEST_KINDNESS_MINOR))


def _compute_refundable(payment: PaymentView) -> int:
    return payment.amount_minor - payment.refunded_minor - payment.refunding_minor
