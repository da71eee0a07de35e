"""Secrets that stand for a row: unguessable texts of which only a hash is kept."""

import hashlib
import secrets

_BYTES = 32  # 256 bits


def make_secret() -> str:
    """Make a secret for a cookie or a program."""
    return secrets.token_urlsafe(_BYTES)


def hash_secret(secret: str) -> str:
    """A fast hash will do: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()
