"""Signed tokens: what a program or a page shows to say who it is (spec D1).

Kinds that never stand in for each other: `access` (a person, minutes), `guest` (a phone at a
table, hours), `device` (a paired screen, minutes), `connect` (opens one socket, once, within a
minute). A token names a principal
and bounds its rights; the rights themselves are re-read from the database each time
(services/authentication.py), which also knows what has been revoked.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any

import jwt
import msgspec

from config.namespaces import Namespace
from config.secrets import Secrets, SigningKey
from domain.errors import AuthenticationFailed, TokenRefused
from domain.roles import Role

ALGORITHM = "HS256"  # pinned: a token's own `alg` never decides (RFC 8725 3.1)
ISSUER = "tabletap"
# Clocks of two machines may differ by this much before a fresh token counts as not yet valid.
LEEWAY_S = 60
# Ours are about 500; nothing longer is worth a signature check.
_LONGEST_TOKEN = 4096
# Some 2 KiB each: everybody who works in twenty cafes, and the guests of an evening.
_REMEMBERED_TOKENS = 2048
# A new key verifies at once and signs when every process has looked at the file a few times.
_SIGNS_AFTER = timedelta(seconds=5)


class TokenKind(StrEnum):
    """What a token may be used for; each kind has an audience of its own."""

    ACCESS = "access"
    GUEST = "guest"
    DEVICE = "device"
    CONNECT = "connect"


_Id = Annotated[str, msgspec.Meta(min_length=36, max_length=36)]
# Up to the year 9999, which is where datetimes end.
_Time = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]


class Claims(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a token says. Times are whole seconds since 1970, as RFC 7519 wants them.

    sub: the principal, `person:{id}`, `lane:{id}` or `device:{id}`. roles: an upper bound of the
    rights. sign_in: of a person. seating: table session of a guest. namespace: of a connect
    ticket; parent: the token it was made with, whose end is its end.
    """

    iss: str
    aud: str
    kind: TokenKind
    sub: str
    cafe: _Id
    roles: Annotated[list[Role], msgspec.Meta(min_length=1)]
    jti: _Id
    iat: _Time
    nbf: _Time
    exp: _Time
    sign_in: _Id | None = None
    seating: _Id | None = None
    namespace: Namespace | None = None
    parent: _Id | None = None


class TokenSigner:
    """Verifies with every live key (two after a rotation) and signs with the newest that all know.

    Its methods belong to the loop's thread.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        # A signature stays as good as it was, and checking it is a tenth of an order's work; what
        # changes with time is looked at each time. Refusals are not remembered.
        self._read = lru_cache(maxsize=_REMEMBERED_TOKENS)(self._read_claims)

    def use(self, secrets: Secrets) -> None:
        """Go on with these keys: what a key has signed that is gone does not hold any more."""
        self._secrets = secrets
        self._read.cache_clear()

    def sign(
        self,
        *,
        kind: TokenKind,
        subject: str,
        cafe_id: str,
        roles: Collection[Role],
        token_id: str,
        now: datetime,
        ttl_s: int,
        sign_in_id: str | None = None,
        table_session_id: str | None = None,
        namespace: Namespace | None = None,
        parent_id: str | None = None,
    ) -> str:
        """Make a token that holds from now for ttl_s seconds."""
        issued_s = int(now.timestamp())
        claims = Claims(
            iss=ISSUER,
            aud=_audience(kind),
            kind=kind,
            sub=subject,
            cafe=cafe_id,
            roles=sorted(roles),
            jti=token_id,
            iat=issued_s,
            nbf=issued_s,
            exp=issued_s + ttl_s,
            sign_in=sign_in_id,
            seating=table_session_id,
            namespace=namespace,
            parent=parent_id,
        )
        payload = {
            key: value for key, value in msgspec.to_builtins(claims).items() if value is not None
        }
        key = self._pick_key(now)
        return jwt.encode(payload, key.key, algorithm=ALGORITHM, headers={"kid": key.kid})

    def verify(self, token: str, *, kinds: Collection[TokenKind], now: datetime) -> Claims:
        """Return what a token says, if it is ours, of one of these kinds, and holds now.

        Raises: TokenRefused; AuthenticationFailed, `token_expired`, where only time is against it.
        """
        claims = self._read(token)
        if claims.kind not in kinds:
            raise _refusal()
        now_s = now.timestamp()
        if claims.exp <= now_s:
            raise AuthenticationFailed(
                "This token has run out. Get a new one and try again.", code="token_expired"
            )
        if max(claims.nbf, claims.iat) > now_s + LEEWAY_S:
            raise _refusal()
        return claims

    def _pick_key(self, now: datetime) -> SigningKey:
        keys = self._secrets.signing_keys
        known = (key for key in keys if now - key.created_at >= _SIGNS_AFTER)
        return next(known, keys[-1])

    def _read_claims(self, token: str) -> Claims:
        """Return what a token says that one of our keys has signed, whatever the time."""
        payload = self._decode(token)
        try:
            claims = msgspec.convert(payload, Claims)
        except msgspec.ValidationError as error:
            raise _refusal() from error
        if claims.aud != _audience(claims.kind) or not _fits_its_kind(claims):
            raise _refusal()
        return claims

    def _decode(self, token: str) -> dict[str, Any]:
        if len(token) > _LONGEST_TOKEN or not _is_canonical(token):
            raise _refusal()
        try:
            kid = _read_header(token).get("kid")
            key = self._secrets.find_key(kid) if isinstance(kid, str) else None
            if key is None:
                raise _refusal()
            # Times are compared by `verify` with the caller's clock, not the library's.
            payload: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=_AUDIENCES,
                options={
                    "require": ["iss", "aud", "sub", "jti", "iat", "nbf", "exp"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
            raise _refusal() from error
        return payload


# Whom a token of a kind speaks for.
_SUBJECTS: dict[TokenKind, tuple[str, ...]] = {
    TokenKind.ACCESS: ("person:",),
    TokenKind.GUEST: ("lane:",),
    TokenKind.DEVICE: ("device:",),
    TokenKind.CONNECT: ("person:", "lane:", "device:"),
}


def _fits_its_kind(claims: Claims) -> bool:
    """Whether a token is about what its kind is about; only a ticket is for one namespace."""
    is_ticket = claims.kind is TokenKind.CONNECT
    return claims.sub.startswith(_SUBJECTS[claims.kind]) and is_ticket == (
        claims.namespace is not None
    )


def _read_header(token: str) -> dict[str, Any]:
    """Return a token's header, which nobody has vouched for yet.

    Raises: ValueError where it or the claims name something twice: readers would differ.
    """
    header, _ = (
        json.loads(_decode_part(part), object_pairs_hook=_refuse_double_names)
        for part in token.split(".")[:2]
    )
    if not isinstance(header, dict):
        raise ValueError("a header is an object")
    return header


def _refuse_double_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError("a name is given twice")
    return names


def _audience(kind: TokenKind) -> str:
    return f"tabletap:{kind}"


_AUDIENCES = [_audience(kind) for kind in TokenKind]


def _is_canonical(token: str) -> bool:
    """Whether each part is spelled the one way base64url spells it.

    A last character has spare bits that decoding ignores; without this one token would have
    several spellings, all of them valid.
    """
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():
        return False
    try:
        return all(
            urlsafe_b64encode(_decode_part(part)).rstrip(b"=") == part.encode() for part in parts
        )
    except ValueError:
        return False


def _decode_part(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _refusal() -> TokenRefused:
    return TokenRefused("This token is not valid here. Sign in again.")
