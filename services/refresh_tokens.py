"""Refresh tokens: how a program stays signed in longer than its access token holds (spec D4).

Each is good once and hands over to its successor, which follows from it by the pepper: nothing
readable is kept, and the same question has the same answer on every process. All of a sign-in are
one family. One that comes back after it was handed over was stolen, or stole: the sign-in ends. But
an answer may be lost on its way, so whoever asked may ask again for a moment (decision 0029).
"""

import base64
from datetime import datetime, timedelta

import msgspec

from config.secrets import Secrets
from domain.errors import AuthenticationFailed
from domain.roles import PERSON_ROLES, Identity, IdentityKind
from models.staff import RefreshToken, SignIn
from services.access import count_access_change, recheck_identity
from services.unit_of_work import UnitOfWork

# A request that got no answer is repeated within this; RFC 9700 leaves the choice.
_REPEAT_WITHIN = timedelta(seconds=10)
_SUCCESSOR, _CLIENT = "refresh token", "refresh client"


class RotateToken(msgspec.Struct, frozen=True, kw_only=True):
    """Hand a token over. All by their hashes; client_hash: who asks, as far as can be seen."""

    token_hash: str
    successor_hash: str
    client_hash: str
    signed_in_until: datetime


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """Whose token it was. identity: None where it had been handed over: its sign-in has ended."""

    cafe_id: str
    identity: Identity | None


def derive_successor(secrets: Secrets, token: str) -> str:
    """Return the token that takes this one's place."""
    return base64.urlsafe_b64encode(secrets.derive(_SUCCESSOR, token)).rstrip(b"=").decode()


def hash_client(secrets: Secrets, *, address: str, user_agent: str) -> str:
    """Recognise a client without keeping where it is: addresses are few enough to be guessed."""
    return secrets.derive(_CLIENT, f"{address}\0{user_agent}").hex()


def keep_refresh_token(unit: UnitOfWork, *, token_hash: str, sign_in_id: str) -> None:
    """Write a token of a sign-in of the unit's cafe."""
    RefreshToken.create(
        token_hash=token_hash, cafe_id=unit.cafe_id, sign_in_id=sign_in_id, created_at=unit.now
    )


def check_refresh_token(token_hash: str) -> None:
    """Let pass what is or was a token; made-up ones are not worth a writer's time.

    Raises: AuthenticationFailed.
    """
    _get_token(token_hash)


def rotate_token(unit: UnitOfWork, command: RotateToken) -> Rotation:
    """Hand a token over, or end its sign-in. Raises: AuthenticationFailed where that had ended."""
    token = _get_token(command.token_hash)
    unit.enter_cafe(token.cafe_id)
    identity = recheck_identity(_read_owner(token.sign_in_id), now=unit.now)
    rotated = (
        RefreshToken.update(rotated_at=unit.now, rotated_by=command.client_hash)
        .where(RefreshToken.token_hash == command.token_hash, RefreshToken.rotated_at.is_null())
        .execute()
    )
    if rotated:
        keep_refresh_token(unit, token_hash=command.successor_hash, sign_in_id=token.sign_in_id)
        SignIn.update(last_seen_at=unit.now, expires_at=command.signed_in_until).where(
            SignIn.id == token.sign_in_id
        ).execute()
    elif not _is_repeat(_get_token(command.token_hash), command, now=unit.now):
        _end_family(unit, token.sign_in_id)
        return Rotation(cafe_id=token.cafe_id, identity=None)
    return Rotation(cafe_id=token.cafe_id, identity=identity)


def _get_token(token_hash: str) -> RefreshToken:
    found: RefreshToken | None = RefreshToken.get_or_none(RefreshToken.token_hash == token_hash)
    if found is None:
        raise AuthenticationFailed("This sign-in has ended. Sign in again.", code="signed_out")
    return found


def _read_owner(sign_in_id: str) -> Identity:
    row = SignIn.get_by_id(sign_in_id)
    return Identity(
        kind=IdentityKind.PERSON,
        principal=f"person:{row.person_id}",
        cafe_id=row.cafe_id,
        roles=PERSON_ROLES,
        person_id=row.person_id,
        sign_in_id=row.id,
    )


def _is_repeat(token: RefreshToken, command: RotateToken, *, now: datetime) -> bool:
    assert token.rotated_at is not None, "another unit has rotated it"
    return token.rotated_by == command.client_hash and now - token.rotated_at <= _REPEAT_WITHIN


def _end_family(unit: UnitOfWork, sign_in_id: str) -> None:
    row = SignIn.get_by_id(sign_in_id)
    SignIn.update(revoked_at=unit.now).where(SignIn.id == sign_in_id).execute()
    count_access_change(unit.cafe_id)
    unit.audit("refresh_token_reused", signInId=sign_in_id, personId=row.person_id)
