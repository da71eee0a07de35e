"""Who may void which line: the guest for a moment, the counter before the kitchen begins.

The role table (domain/permissions.py) says who may try; this decides with the rows (domain page
1, rows 12 and 13).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.consents import Consent, needs_consent
from domain.errors import AuthorizationDenied, UnprocessableInput
from domain.orders import Item, Order, Round
from domain.roles import Identity
from domain.statuses import ItemStatus

_BEGUN = frozenset({ItemStatus.STARTED, ItemStatus.READY})


def find_undo_until(submitted_at: datetime, *, grace_s: int) -> datetime:
    """Return until when a guest may take a line back: fingers slip."""
    return submitted_at + timedelta(seconds=grace_s)


def check_void(
    order: Order,
    items: Sequence[Item],
    *,
    identity: Identity,
    reason: str,
    now: datetime,
    consent: Consent | None = None,
) -> None:
    """Let a void through or refuse it. consent: a manager's, checked before.

    Raises: AuthorizationDenied (`not_your_line`, `grace_over`, `already_begun`,
    `manager_required`), UnprocessableInput (`reason_required`).
    """
    for item in items:
        each = order.get_round(item.round_number)
        if identity.is_guest:
            _check_guest(item, each, identity, now)
        else:
            _check_staff(item, each, identity, reason, now, consent)


def _check_guest(item: Item, each: Round, identity: Identity, now: datetime) -> None:
    if item.lane_id is None or item.lane_id != identity.lane_id:
        raise AuthorizationDenied(
            "Somebody else ordered this. Ask them, or at the counter.", code="not_your_line"
        )
    if item.status in _BEGUN:
        raise AuthorizationDenied(
            "The kitchen has begun with this. Ask at the counter.", code="already_begun"
        )
    if not _is_in_grace(each, now):
        raise AuthorizationDenied(
            "The time to take this back is over. Ask at the counter.", code="grace_over"
        )


def check_cancel(order: Order, *, identity: Identity, consent: Consent | None) -> None:
    """Let a whole order go, or refuse: it must not be a way round the rule for its lines.

    Raises: AuthorizationDenied `manager_required`.
    """
    has_begun = any(item.status in _BEGUN for item in order.list_live_items())
    if has_begun and needs_consent(identity, consent):
        raise AuthorizationDenied(
            "The kitchen has begun with this. A manager has to say that it is cancelled.",
            code="manager_required",
        )


def _check_staff(
    item: Item,
    each: Round,
    identity: Identity,
    reason: str,
    now: datetime,
    consent: Consent | None,
) -> None:
    has_begun = item.status in _BEGUN
    if has_begun and needs_consent(identity, consent):
        raise AuthorizationDenied(
            "The kitchen has begun with this. A manager has to say that it is voided.",
            code="manager_required",
        )
    if not reason and (has_begun or not _is_in_grace(each, now)):
        raise UnprocessableInput("Say why this is voided.", code="reason_required")


def _is_in_grace(each: Round, now: datetime) -> bool:
    return each.undo_until is not None and now <= each.undo_until
