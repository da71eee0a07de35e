"""People as signing in sees them: their account, their cafes, the sign-in behind a cookie.

Functions read and run inside `runner.read`, or change rows inside a unit. Which rights somebody
still has is services/access.py's question; what a token says is services/tokens.py's.
"""

from datetime import datetime

import msgspec

from domain.errors import AuthenticationFailed
from domain.roles import PERSON_ROLES, Identity, IdentityKind
from models.fields import to_unix_ms
from models.rows import fetch_rows
from models.staff import Membership, Person, PersonalData, RevokedToken, SignIn
from models.tenancy import Cafe
from services.access import count_access_change, recheck_identity
from services.refresh_tokens import keep_refresh_token
from services.unit_of_work import UnitOfWork


class CafeChoice(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A cafe that a person has a role in."""

    cafe_id: str
    name: str


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What signing in needs of a person. cafes: by name; empty means no rights anywhere."""

    person_id: str
    password_hash: str
    cafes: list[CafeChoice]


class NewSignIn(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in to write. token_hash: of the cookie's secret, None for a program without one.

    password_hash: a new one, where the old was made with weaker settings. client: see SignIn.
    refresh_hash: of the first refresh token, None where the cookie does. device_id: see SignIn.
    """

    sign_in_id: str
    person_id: str
    cafe_id: str
    token_hash: str
    expires_at: datetime
    client: str
    password_hash: str | None = None
    refresh_hash: str | None = None
    device_id: str | None = None


class SignInState(msgspec.Struct, frozen=True, kw_only=True):
    """A live sign-in. last_seen_at: to the precision in which it is kept.

    is_by_pin: it ends when it ends, whoever uses it.
    """

    identity: Identity
    last_seen_at: datetime
    is_by_pin: bool


class EndedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token that is used up or taken back. expires_at: when it would have ended anyway."""

    token_id: str
    cafe_id: str
    expires_at: datetime


def find_account(email: str) -> Account | None:
    """Find an enabled person by e-mail address, in whatever case it was typed."""
    person = (
        Person.select(Person)
        .join(PersonalData)
        .where(PersonalData.email == email.lower(), Person.disabled_at.is_null())
        .first()
    )
    if person is None:
        return None
    return Account(
        person_id=person.id, password_hash=person.password_hash, cafes=list_cafes(person.id)
    )


def list_cafes(person_id: str) -> list[CafeChoice]:
    """List the open cafes that a person has a role in, by name."""
    rows = (
        Cafe.select(Cafe.id, Cafe.name)
        .join(Membership)
        .where(Membership.person_id == person_id, Cafe.closed_at.is_null())
        .group_by(Cafe.id, Cafe.name)
        .order_by(Cafe.name, Cafe.id)
    )
    return [CafeChoice(cafe_id=row.id, name=row.name) for row in rows]


def read_person_name(person_id: str) -> str:
    """Return what to call a person on their own screen; "" where it was erased."""
    row = PersonalData.select(PersonalData.name).join(Person).where(Person.id == person_id).first()
    return "" if row is None else row.name


def recognise_cookie(token_hash: str, *, now: datetime) -> SignInState:
    """Recognise a person by the hash of their cookie's secret, with the rights they have now.

    Raises: AuthenticationFailed.
    """
    row = SignIn.select().where(SignIn.token_hash == token_hash).first()
    if row is None:
        raise AuthenticationFailed("This sign-in has ended. Sign in again.", code="signed_out")
    identity = Identity(
        kind=IdentityKind.PERSON,
        principal=f"person:{row.person_id}",
        cafe_id=row.cafe_id,
        roles=PERSON_ROLES,
        person_id=row.person_id,
        sign_in_id=row.id,
    )
    return SignInState(
        identity=recheck_identity(identity, now=now),
        last_seen_at=row.last_seen_at,
        is_by_pin=row.device_id is not None,
    )


def start_sign_in(unit: UnitOfWork, new: NewSignIn) -> None:
    """Write a sign-in."""
    unit.enter_cafe(new.cafe_id)
    SignIn.create(
        id=new.sign_in_id,
        token_hash=new.token_hash,
        person_id=new.person_id,
        cafe_id=new.cafe_id,
        created_at=unit.now,
        expires_at=new.expires_at,
        last_seen_at=unit.now,
        client=new.client,
        device_id=new.device_id,
    )
    if new.refresh_hash is not None:
        keep_refresh_token(unit, token_hash=new.refresh_hash, sign_in_id=new.sign_in_id)
    if new.password_hash is not None:
        Person.update(password_hash=new.password_hash).where(Person.id == new.person_id).execute()
    unit.audit("sign_in", signInId=new.sign_in_id, personId=new.person_id)


def end_sign_in(unit: UnitOfWork, sign_in_id: str) -> None:
    """End a sign-in; ending it twice does no harm."""
    ended = (
        SignIn.update(revoked_at=unit.now)
        .where(SignIn.id == sign_in_id, SignIn.cafe_id == unit.cafe_id, SignIn.revoked_at.is_null())
        .execute()
    )
    if ended:
        count_access_change(unit.cafe_id)
        unit.audit("sign_out", signInId=sign_in_id)


def prolong_sign_in(unit: UnitOfWork, expires_at: datetime) -> None:
    """Let the sign-in of whoever is asking live on."""
    SignIn.update(last_seen_at=unit.now, expires_at=expires_at).where(
        SignIn.id == unit.identity.sign_in_id, SignIn.revoked_at.is_null()
    ).execute()


def revoke_token(unit: UnitOfWork, token: EndedToken) -> None:
    """Take a token back; doing it twice does no harm."""
    RevokedToken.insert(
        jti=token.token_id,
        cafe_id=token.cafe_id,
        revoked_at=unit.now,
        expires_at=token.expires_at,
    ).on_conflict_ignore().execute()
    count_access_change(token.cafe_id)


def use_ticket(unit: UnitOfWork, ticket: EndedToken) -> None:
    """Use a connect ticket up: its row's key lets only one come through, on every process.

    Raises: AuthenticationFailed for the second.
    """
    unit.enter_cafe(ticket.cafe_id)
    written = fetch_rows(
        "INSERT INTO used_ticket (jti, cafe_id, used_at, expires_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING RETURNING jti",
        (
            ticket.token_id,
            ticket.cafe_id,
            to_unix_ms(unit.now),
            to_unix_ms(ticket.expires_at),
        ),
    )
    if not written:
        raise AuthenticationFailed(
            "This ticket was used before. Get a new one.", code="ticket_used"
        )
