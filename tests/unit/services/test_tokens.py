"""Tokens: what is accepted, and above all what is not."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest

from config.namespaces import Namespace
from config.secrets import Secrets, SigningKey
from domain.errors import AuthenticationFailed
from domain.roles import Role
from services.tokens import LEEWAY_S, TokenKind, TokenSigner

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY, OTHER_KEY = b"k" * 48, b"o" * 48
CAFE, TOKEN, SIGN_IN = (str(uuid4()) for _ in range(3))


def make_signer(*keys: tuple[str, bytes]) -> TokenSigner:
    return TokenSigner(
        Secrets(
            signing_keys=tuple(
                SigningKey(kid=kid, key=key, created_at=NOW - timedelta(days=1))
                for kid, key in keys or (("first", KEY),)
            )
        )
    )


def make_token(signer: TokenSigner, kind: TokenKind = TokenKind.ACCESS, **changes) -> str:
    return signer.sign(
        **{
            "kind": kind,
            "subject": "person:1",
            "cafe_id": CAFE,
            "roles": [Role.MANAGER, Role.COUNTER],
            "token_id": TOKEN,
            "now": NOW,
            "ttl_s": 900,
            "sign_in_id": SIGN_IN,
            **changes,
        }
    )


def make_payload(**changes) -> dict:
    issued = int(NOW.timestamp())
    payload = {
        "iss": "tabletap",
        "aud": "tabletap:access",
        "kind": "access",
        "sub": "person:1",
        "cafe": CAFE,
        "roles": ["manager"],
        "jti": TOKEN,
        "iat": issued,
        "nbf": issued,
        "exp": issued + 900,
        "sign_in": SIGN_IN,
    }
    return {key: value for key, value in (payload | changes).items() if value is not ...}


def forge(payload: dict, *, key: bytes = KEY, algorithm="HS256", **header) -> str:
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": "first", **header})


def test_a_token_says_what_was_signed():
    """Every claim comes back, roles in a fixed order."""
    signer = make_signer()

    claims = signer.verify(make_token(signer), kinds=[TokenKind.ACCESS], now=NOW)

    assert (claims.sub, claims.cafe, claims.jti) == ("person:1", CAFE, TOKEN)
    assert claims.roles == [Role.COUNTER, Role.MANAGER]
    assert claims.sign_in == SIGN_IN


@pytest.mark.parametrize("kind", TokenKind)
@pytest.mark.parametrize("wanted", TokenKind)
def test_no_kind_stands_in_for_another(kind, wanted):
    """A token passes where its own kind is wanted and nowhere else."""
    signer = make_signer()
    token = make_token(
        signer,
        kind,
        subject={TokenKind.GUEST: "lane:1", TokenKind.DEVICE: "device:1"}.get(kind, "person:1"),
        namespace=Namespace.KITCHEN if kind is TokenKind.CONNECT else None,
    )

    if kind is wanted:
        assert signer.verify(token, kinds=[wanted], now=NOW).kind is kind
    else:
        with pytest.raises(AuthenticationFailed):
            signer.verify(token, kinds=[wanted], now=NOW)


def test_two_keys_are_live_at_once_and_a_removed_one_refuses():
    """Rotation signs nobody out; a key that is gone verifies nothing."""
    old, rotated = make_signer(("old", KEY)), make_signer(("new", OTHER_KEY), ("old", KEY))
    before, after = make_token(old), make_token(rotated)

    for token in (before, after):
        assert rotated.verify(token, kinds=[TokenKind.ACCESS], now=NOW).jti == TOKEN
    assert jwt.get_unverified_header(after)["kid"] == "new"
    with pytest.raises(AuthenticationFailed):
        make_signer(("new", OTHER_KEY)).verify(before, kinds=[TokenKind.ACCESS], now=NOW)


def test_a_new_key_signs_when_every_process_has_had_time_to_read_it():
    """Until then the one before it does, which all processes know."""
    keys = tuple(
        SigningKey(kid=kid, key=key, created_at=created_at)
        for kid, key, created_at in (
            ("new", OTHER_KEY, NOW),
            ("old", KEY, NOW - timedelta(days=30)),
        )
    )
    signer = make_signer(("old", KEY))
    signer.use(Secrets(signing_keys=keys))

    kids = [
        jwt.get_unverified_header(make_token(signer, now=NOW + timedelta(seconds=seconds)))["kid"]
        for seconds in (0, 4, 5)
    ]

    assert kids == ["old", "old", "new"]


def test_a_key_that_was_removed_refuses_what_was_good_before():
    """Nothing that was remembered of its tokens outlives it."""
    signer = make_signer(("old", KEY))
    token = make_token(signer)
    signer.verify(token, kinds=[TokenKind.ACCESS], now=NOW)

    signer.use(Secrets(signing_keys=(SigningKey(kid="new", key=OTHER_KEY, created_at=NOW),)))

    with pytest.raises(AuthenticationFailed):
        signer.verify(token, kinds=[TokenKind.ACCESS], now=NOW)


def test_an_expired_token_says_so():
    """The caller can tell "get a new one" from "this was never ours"."""
    signer = make_signer()
    token = make_token(signer)

    signer.verify(token, kinds=[TokenKind.ACCESS], now=NOW + timedelta(seconds=899))
    with pytest.raises(AuthenticationFailed) as caught:
        signer.verify(token, kinds=[TokenKind.ACCESS], now=NOW + timedelta(seconds=900))
    assert caught.value.code == "token_expired"


def test_a_token_from_the_future_is_refused_beyond_the_leeway():
    """Clocks of two machines may differ by a minute, not by more."""
    signer = make_signer()
    token = make_token(signer)

    signer.verify(token, kinds=[TokenKind.ACCESS], now=NOW - timedelta(seconds=LEEWAY_S))
    with pytest.raises(AuthenticationFailed):
        signer.verify(token, kinds=[TokenKind.ACCESS], now=NOW - timedelta(seconds=LEEWAY_S + 1))


@pytest.mark.parametrize(
    "claim", ["iss", "aud", "kind", "sub", "cafe", "roles", "jti", "iat", "nbf", "exp"]
)
def test_every_claim_is_required(claim):
    """A token that leaves one out is none."""
    with pytest.raises(AuthenticationFailed):
        make_signer().verify(forge(make_payload(**{claim: ...})), kinds=[TokenKind.ACCESS], now=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "elsewhere"},
        {"aud": "tabletap:guest"},
        {"aud": ["tabletap:access", "tabletap:guest"]},
        {"kind": "guest"},
        {"kind": "refresh"},
        {"sub": 7},
        {"cafe": "short"},
        {"cafe": None},
        {"roles": []},
        {"roles": ["emperor"]},
        {"roles": "owner"},
        {"jti": 5},
        {"exp": "tomorrow"},
        {"exp": 1e18},
        {"nbf": True},
        {"extra": "claim"},
        {"namespace": "nowhere"},
    ],
    ids=str,
)
def test_a_wrong_claim_is_refused_even_when_signed(changes):
    """The right key does not make up for a claim that is not ours."""
    with pytest.raises(AuthenticationFailed):
        make_signer().verify(forge(make_payload(**changes)), kinds=[TokenKind.ACCESS], now=NOW)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_the_algorithm_is_pinned(algorithm):
    """A token does not choose how it is verified."""
    token = forge(make_payload(), key=b"k" * 64, algorithm=algorithm)
    with pytest.raises(AuthenticationFailed):
        make_signer(("first", b"k" * 64)).verify(token, kinds=[TokenKind.ACCESS], now=NOW)


def encode_part(content: dict | bytes) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "RS256", "ES256"])
def test_unsigned_and_foreign_algorithms_are_refused(algorithm):
    """`alg: none` in every spelling, and algorithms that take a public key."""
    header = encode_part({"alg": algorithm, "typ": "JWT", "kid": "first"})
    for signature in ("", encode_part(b"x" * 32)):
        token = f"{header}.{encode_part(make_payload())}.{signature}"
        with pytest.raises(AuthenticationFailed):
            make_signer().verify(token, kinds=[TokenKind.ACCESS], now=NOW)


@pytest.mark.parametrize("kid", ["second", "", "../first", None, 1, ["first"], {"a": 1}], ids=str)
def test_an_unknown_key_id_is_refused(kid):
    """The header names a key of ours or the token is none."""
    signed = jwt.encode(make_payload(), KEY, algorithm="HS256", headers={"kid": "first"})
    header = encode_part({"alg": "HS256", "typ": "JWT", "kid": kid})
    with pytest.raises(AuthenticationFailed):
        make_signer().verify(
            f"{header}.{signed.partition('.')[2]}", kinds=[TokenKind.ACCESS], now=NOW
        )


def test_another_key_is_refused():
    """Somebody else's signature under our key's name."""
    with pytest.raises(AuthenticationFailed):
        make_signer().verify(
            forge(make_payload(), key=OTHER_KEY), kinds=[TokenKind.ACCESS], now=NOW
        )


def test_a_token_has_one_spelling():
    """Changing the spare bits of the last letter gives the same bytes, and is still refused."""
    signer = make_signer()
    token = make_token(signer)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
    parts = [part.rpartition(".")[2] + "=" for part in (token, twin)]
    assert urlsafe_b64decode(parts[0]) == urlsafe_b64decode(parts[1])

    with pytest.raises(AuthenticationFailed):
        signer.verify(twin, kinds=[TokenKind.ACCESS], now=NOW)


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "x" * 5000, "\x00.\x00.\x00", " . . "],
    ids=lambda text: repr(text)[:20],
)
def test_garbage_is_refused(text):
    """Whatever is no token gets the same refusal, and never an error of ours."""
    with pytest.raises(AuthenticationFailed):
        make_signer().verify(text, kinds=list(TokenKind), now=NOW)
