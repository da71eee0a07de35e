"""A manager's consent: by PIN, on the screen of whoever asks, for one act on one order.

It opens nothing by itself: the operation that it was given for asks for it, and uses it up.
"""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from domain.errors import AuthorizationDenied
from domain.roles import MANAGEMENT, Identity

# Long enough to type a reason after the PIN, too short to be kept for the next guest.
CONSENT_LIFE = timedelta(minutes=2)

ConsentAct = Literal["void_items", "cancel_order", "serve_unprepared"]


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """Who consents to what. asked_by: the principal it was given to."""

    person_id: str
    asked_by: str
    act: str
    order_id: str
    expires_at: datetime
    used_at: datetime | None


def check_consent(
    consent: Consent, *, act: ConsentAct, order_id: str, identity: Identity, now: datetime
) -> None:
    """Let a consent be used for what it was given for, once.

    Raises: AuthorizationDenied `consent_unusable`.
    """
    is_meant = (consent.act, consent.order_id, consent.asked_by) == (
        act,
        order_id,
        identity.principal,
    )
    if not is_meant or consent.used_at is not None or consent.expires_at < now:
        raise AuthorizationDenied(
            "This consent is not for this, or not good any more. Ask for it again.",
            code="consent_unusable",
        )


def needs_consent(identity: Identity, consent: Consent | None) -> bool:
    """Say whether what only a manager decides has nobody who decided it."""
    return consent is None and identity.roles.isdisjoint(MANAGEMENT)
