"""What TableTap asks of those who move money outside the house, and what they may answer.

gateways/ has one module per provider that speaks this; jobs/payments.py calls it between two
units of work, never inside one. Every request carries a key of ours: asked again with the same key
a provider does nothing twice and says how things stand.
"""

from enum import StrEnum
from typing import Protocol

import msgspec

from domain.payments import SandboxCard


class ProviderOutcome(StrEnum):
    """How things stand. `processing`: known to the provider and not decided yet."""

    CAPTURED = "captured"
    AUTHORIZED = "authorized"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    PROCESSING = "processing"
    REFUNDED = "refunded"


class ProviderUnreachable(Exception):
    """There was no answer: the provider may have done it, or not."""


class ChargeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Take an amount. key: our leg's id. sandbox_card: for the sandbox alone."""

    key: str
    cafe_id: str
    amount_minor: int
    currency: str
    sandbox_card: SandboxCard | None = None


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Give a part of a charge back. key: our refund's id. charge_key: the leg's."""

    key: str
    charge_key: str
    cafe_id: str
    amount_minor: int
    currency: str


class ProviderAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of one key. event_id: its own, the same when it says the same again.

    amount, currency and cafe are repeated from its books, so that ours can be held against them.
    """

    key: str
    event_id: str
    outcome: ProviderOutcome
    cafe_id: str
    amount_minor: int
    currency: str
    reason: str = ""


class PaymentProvider(Protocol):
    """Each call ends within two seconds. Raises: ProviderUnreachable."""

    async def charge(self, request: ChargeRequest) -> ProviderAnswer:
        """Charge, or say what became of this key."""

    async def cancel(self, request: ChargeRequest) -> ProviderAnswer:
        """Give a charge up for good, unless it is captured; a late request for it does nothing."""

    async def refund(self, request: RefundRequest) -> ProviderAnswer:
        """Give back, or say what became of this key."""
