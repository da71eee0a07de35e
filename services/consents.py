"""Consents as rows: given by a manager's PIN (services/pins.py), used up by the act each is for."""

from datetime import datetime

from domain.commands import GiveConsent
from domain.consents import CONSENT_LIFE, Consent, ConsentAct, check_consent
from domain.errors import AuthorizationDenied
from domain.roles import MANAGEMENT
from domain.views.base import View
from models.base import database_proxy
from models.fields import from_optional_unix_ms, from_unix_ms
from models.rows import fetch_rows
from models.staff import ConsentRow
from services.unit_of_work import UnitOfWork

_MANAGEMENT = tuple(sorted(role.value for role in MANAGEMENT))
_PLACES = ", ".join("?" * len(_MANAGEMENT))
_MANAGES = (
    "SELECT 1 FROM membership JOIN person ON person.id = membership.person_id"  # noqa: S608 - place-holders
    " WHERE membership.person_id = ? AND membership.cafe_id = ? AND person.disabled_at IS NULL"
    f" AND membership.role IN ({_PLACES})"
)


class ConsentView(View, frozen=True):
    """What the act is sent with, and until when that is good."""

    consent_id: str
    expires_at: datetime


def keep_consent(unit: UnitOfWork, command: GiveConsent) -> ConsentView:
    """Keep that somebody whose PIN was right consents.

    Raises: AuthorizationDenied `manager_required` where they are no manager here.
    """
    if not fetch_rows(_MANAGES, (command.person_id, unit.cafe_id, *_MANAGEMENT)):
        raise AuthorizationDenied("Only a manager may say so.", code="manager_required")
    consent_id, expires_at = unit.new_id(), unit.now + CONSENT_LIFE
    ConsentRow.create(
        id=consent_id,
        cafe_id=unit.cafe_id,
        person_id=command.person_id,
        asked_by=unit.principal,
        act=command.act,
        order_id=command.order_id,
        given_at=unit.now,
        expires_at=expires_at,
    )
    return ConsentView(consent_id=consent_id, expires_at=expires_at)


def use_consent(
    unit: UnitOfWork, consent_id: str | None, *, act: ConsentAct, order_id: str
) -> Consent | None:
    """Use a consent up in the transaction of the act it is for; None where none came along.

    Raises: AuthorizationDenied `consent_unusable`: of something else, used, too old, or of
        somebody who is no manager any more.
    """
    if consent_id is None:
        return None
    lock = " FOR UPDATE" if database_proxy.for_update else ""
    rows = fetch_rows(
        "SELECT person_id, asked_by, act, order_id, expires_at, used_at FROM consent"  # noqa: S608 - own text
        f" WHERE id = ? AND cafe_id = ?{lock}",
        (consent_id, unit.cafe_id),
    )
    if not rows or not fetch_rows(_MANAGES, (rows[0][0], unit.cafe_id, *_MANAGEMENT)):
        raise AuthorizationDenied(
            "This consent is not good any more. Ask for it again.", code="consent_unusable"
        )
    person_id, asked_by, given_for, given_order_id, expires_at, used_at = rows[0]
    consent = Consent(
        person_id=person_id,
        asked_by=asked_by,
        act=given_for,
        order_id=given_order_id,
        expires_at=from_unix_ms(expires_at),
        used_at=from_optional_unix_ms(used_at),
    )
    check_consent(consent, act=act, order_id=order_id, identity=unit.identity, now=unit.now)
    ConsentRow.update(used_at=unit.now).where(
        ConsentRow.id == consent_id, ConsentRow.cafe_id == unit.cafe_id
    ).execute()
    return consent


def describe_consent(consent: Consent | None) -> dict[str, str]:
    """Say who consented, in the words of the audit; nothing where nobody had to."""
    return {} if consent is None else {"approved_by": consent.person_id}
