"""Tokens that must not be believed: some hundred of them, each one fault away from a good one.

`Forge` writes tokens by hand, with a server's own key where a fault is to stand alone; so the same
token without the fault is good, and the tests check that it is. `list_forged` names the faults.
"""

import hashlib
import hmac
import json
import string
import time
import uuid
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from config.secrets import SigningKey

Claims = dict[str, Any]

_ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


class Forge:
    """Writes tokens. token: a good one of the server's, whose claims are those of every forgery."""

    def __init__(self, key: SigningKey, token: str) -> None:
        self.token = token
        self.claims: Claims = json.loads(_decode(token.split(".")[1]))
        self.key = key

    @property
    def parts(self) -> list[str]:
        return self.token.split(".")

    def write(self, changes: Claims | None = None, /, without: str = "", **header: Any) -> str:
        """Write a token with other claims and signed by the server's key.

        without: a claim that is left out. header: beside, or instead of, what it usually has.
        """
        claims = {name: value for name, value in self.claims.items() if name != without}
        return self.write_text(json.dumps(claims | (changes or {})), **header)

    def write_text(
        self, payload: str | bytes, *, key: bytes | None = None, alg: str = "HS256", **header: Any
    ) -> str:
        """Write a token around a text that need not be JSON. key: another one than the server's."""
        usual = {"alg": alg, "typ": "JWT", "kid": self.key.kid}
        full = {name: value for name, value in (usual | header).items() if value is not Ellipsis}
        return self.sign(json.dumps(full), payload, key=key, alg=alg)

    def sign(
        self, header: str, payload: str | bytes, *, key: bytes | None = None, alg: str = "HS256"
    ) -> str:
        """Sign whatever stands there. alg: what is really signed with."""
        content = payload.encode() if isinstance(payload, str) else payload
        signed = f"{_encode(header.encode())}.{_encode(content)}"
        secret = self.key.key if key is None else key
        digest = hmac.new(secret, signed.encode(), _HASHES.get(alg, hashlib.sha256)).digest()
        return f"{signed}.{_encode(digest)}"


def list_forged(forge: Forge) -> dict[str, str]:
    """Name what is wrong -> a token that can be refused without asking the database."""
    return {
        **_list_algorithms(forge),
        **_list_keys(forge),
        **_list_headers(forge),
        **_list_claims(forge),
        **_list_spellings(forge),
    }


def list_groundless(forge: Forge, *, other_cafe_id: str, stranger_id: str) -> dict[str, str]:
    """Name what is wrong -> a token, well signed, about what the database does not know.

    stranger_id: of a person of the other cafe.
    """
    unknown = str(uuid.uuid4())
    wrong = {
        "sub": [f"person:{unknown}", f"person:{stranger_id}", "person:"],
        "cafe": [other_cafe_id, unknown, "*" * 36],
        "sign_in": [unknown],
    }
    return _change_claims(forge, wrong)


def _list_algorithms(forge: Forge) -> dict[str, str]:
    head, payload, signature = forge.parts
    kid = json.loads(_decode(head))["kid"]
    spellings = ["none", "None", "NONE", "nOnE", " none", "none\u0000", "", "null", "false"]
    unsigned = {
        f"algorithm: {word!r} without a signature": (
            f"{_write_json({'alg': word, 'typ': 'JWT', 'kid': kid})}.{payload}."
        )
        for word in spellings
    }
    # The names of other families over what our own key signs, and our name in other letters.
    names = ["none", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "hs256", "HS256 "]
    renamed = {f"algorithm: called {name!r}": forge.write(alg=name) for name in names}
    odd: dict[str, Any] = {"null": None, "a number": 0, "a list": ["HS256"], "left out": ...}
    return {
        **unsigned,
        **renamed,
        "algorithm: none with the good signature": (
            f"{_write_json({'alg': 'none', 'kid': kid})}.{payload}.{signature}"
        ),
        **{
            f"algorithm: {name}": forge.sign(
                json.dumps({"typ": "JWT", "kid": kid} | ({} if word is ... else {"alg": word})),
                _decode(payload),
            )
            for name, word in odd.items()
        },
    }


def _list_keys(forge: Forge) -> dict[str, str]:
    claims = json.dumps(forge.claims)
    kid = json.loads(_decode(forge.parts[0]))["kid"]
    guessed = {
        "empty": b"",
        "its own name": kid.encode(),
        "a well-known word": b"secret",
        "zeros": bytes(48),
        "a public key": b"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n",
    }
    names: dict[str, Any] = {
        "left out": ...,
        "null": None,
        "a number": 0,
        "a list": [kid],
        "an object": {"$ne": ""},
        "empty": "",
        "another": "0123456789abcdef",
        "a path": "../../../../../../dev/null",
        "an absolute path": "/proc/sys/kernel/randomize_va_space",
        "SQL": "x' UNION SELECT '' --",
        "a command": "x; cat /etc/passwd",
        "an address": "https://evil.example/key",
        "with NUL": f"{kid}\u0000",
        "with a blank": f" {kid}",
        "in capitals": kid.upper() + "A",
        "in wide letters": kid.translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"}) + "０",
        "huge": kid * 100,
    }
    return {
        **{f"key: {name}": forge.write_text(claims, key=key) for name, key in guessed.items()},
        **{
            f"key's name: {name}": forge.write_text(claims, key=b"", kid=value)
            for name, value in names.items()
        },
    }


def _list_headers(forge: Forge) -> dict[str, str]:
    attacker = b"attacker's own key of 32 bytes..."
    jwk = {"kty": "oct", "k": _encode(attacker), "alg": "HS256"}
    brought: dict[str, Any] = {
        "jwk": jwk,
        "jku": "https://evil.example/keys.json",
        "x5u": "https://evil.example/cert.pem",
        "x5c": [b64encode(attacker).decode()],
    }
    claims = json.dumps(forge.claims)
    kid = json.loads(_decode(forge.parts[0]))["kid"]
    return {
        **{
            f"header: a key brought along in {name}": forge.write_text(
                claims, key=attacker, **{name: value}
            )
            for name, value in brought.items()
        },
        "header: critical and unknown": forge.write(crit=["pwned"], pwned=True),
        "header: critical and empty": forge.write(crit=[]),
        "header: critical and no list": forge.write(crit="exp"),
        "header: a payload that is not encoded": forge.write(b64=False, crit=["b64"]),
        "header: a list": forge.sign("[]", claims),
        "header: endless nesting": forge.sign("[" * 1400, claims),
        "header: no JSON": forge.sign("alg=HS256", claims),
        "header: two algorithms": forge.sign(
            f'{{"alg":"none","alg":"HS256","kid":"{kid}"}}', claims
        ),
        "header: two keys": forge.sign(f'{{"alg":"HS256","kid":"another","kid":"{kid}"}}', claims),
    }


def _list_claims(forge: Forge) -> dict[str, str]:
    now, unknown = int(time.time()), str(uuid.uuid4())
    wrong: dict[str, list[Any]] = {
        "iss": ["", "TableTap", "tabletap.example", ["tabletap"], None, 1],
        "aud": ["", "tabletap", "tabletap:guest", "tabletap:connect", [], None, "*"],
        "kind": ["guest", "connect", "device", "refresh", "ACCESS", "", None, ["access"]],
        "exp": [now - 1, 0, -1, str(now + 600), None, True, [now + 600], 10**400, now + 0.5],
        "nbf": [now + 3600, now + 10**9, str(now), None, 10**400],
        "iat": [now + 3600, now + 10**9, str(now), None],
        "sub": [f"lane:{unknown}", "owner", "", 1, None],
        "jti": ["", "short", 1, None, "x" * 37],
        "cafe": [[forge.claims["cafe"]], "", None, "*", f"{unknown} "],
        "roles": [[], "manager", ["god"], [1], None, {"manager": True}, ["MANAGER"], ["*"]],
        "sign_in": [None, "", 1],
    }
    good = json.dumps(forge.claims)
    return {
        **{f"claim: no {name}": forge.write(without=name) for name in forge.claims},
        **_change_claims(forge, wrong),
        "claim: one that nobody knows": forge.write({"isAdmin": True}),
        "claim: a namespace on what is no ticket": forge.write({"namespace": "admin"}),
        "claims: two cafes": forge.write_text(good.replace("{", f'{{"cafe": "{unknown}", ', 1)),
        "claims: two lists of roles": forge.write_text(
            good.replace("{", '{"roles": ["owner"], ', 1)
        ),
        "claims: a list": forge.write_text(f"[{good}]"),
        "claims: a text": forge.write_text(json.dumps(good)),
        "claims: no JSON": forge.write_text("sub=person"),
        "claims: no text": forge.write_text(b"\xff\xfe" + good.encode()),
        "claims: a token within": forge.write_text(forge.token, cty="JWT"),
        "claims: not a number": forge.write_text(good.replace('"exp": ', '"exp": NaN, "x": ')),
        "claims: endless nesting": forge.write_text("[" * 1200 + "]" * 1200),
        "claims: changed after signing": _swap(
            forge, _write_json(forge.claims | {"roles": ["owner"]})
        ),
        "claims: of another signature": _swap(forge, forge.write({"jti": unknown}).split(".")[1]),
    }


def _change_claims(forge: Forge, wrong: dict[str, list[Any]]) -> dict[str, str]:
    return {
        f"claim: {name} is {str(value)[:24]!r} ({type(value).__name__})": forge.write({name: value})
        for name, values in wrong.items()
        for value in values
    }


def _list_spellings(forge: Forge) -> dict[str, str]:
    head, payload, signature = forge.parts
    token = forge.token
    # Two of the last letter's bits are spare: this one decodes to the same signature.
    twin = _ALPHABET[_ALPHABET.index(token[-1]) ^ 1]
    return {
        "text: empty": "",
        "text: a word": "token",
        "text: dots": "..",
        "text: without a signature": f"{head}.{payload}",
        "text: with an empty signature": f"{head}.{payload}.",
        "text: with an empty header": f".{payload}.{signature}",
        "text: with empty claims": f"{head}..{signature}",
        "text: with a fourth part": f"{token}.{signature}",
        "text: five parts, as if encrypted": f"{token}.{payload}.{signature}",
        "text: padded": f"{token}=",
        "text: another last letter": token[:-1] + twin,
        "text: a letter less": token[:-1],
        "text: a letter more": f"{token}A",
        "text: a letter that base64 does not have": f"{head}.{payload}.!{signature[1:]}",
        "text: base64 of the other alphabet": f"{head}.{payload}.+/{signature[2:]}",
        "text: a letter of another script": f"{head}.{payload}.é{signature[1:]}",
        "text: a comma and another": f"{token},{token}",
        "text: twice": token + token,
        "text: in quotes": f'"{token}"',
        "text: beyond what we ever write": forge.write({"roles": ["manager"] * 300}),
        "text: beyond any token's length": f"{head}.{payload}.{signature * 200}",
        "text: a line break": f"{token[:20]}\n{token[20:]}",
    }


def _swap(forge: Forge, payload: str) -> str:
    return f"{forge.parts[0]}.{payload}.{forge.parts[2]}"


def _write_json(value: Any) -> str:
    return _encode(json.dumps(value).encode())


def _encode(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
