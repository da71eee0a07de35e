"""The arithmetic of the audit's chain: what is hashed, in which words, and what a seal says (H4).

Each fact of a cafe has a place, one after the other, and a hash over itself and the hash before
it. Its details enter as a salted digest of their text, so that they can be erased one day (V2)
without breaking the chain; everything else are ids and words.
"""

import hashlib
import json
from typing import NamedTuple

START = "0" * 64


class Link(NamedTuple):
    """What a fact brings into the chain. at: Unix milliseconds. digest: of its details."""

    cafe_id: str
    seq: int
    entry_id: str
    at: int
    kind: str
    principal: str
    digest: str


def digest_details(salt: str, details: str) -> str:
    """Hash the text of a fact's details, as it is kept. salt: unguessable, one a fact."""
    return hashlib.sha256(f"{salt}\0{details}".encode()).hexdigest()


def hash_link(previous: str, link: Link) -> str:
    """Hash a fact after the one before it; `START` is before the first."""
    words = json.dumps([previous, *link], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(words.encode()).hexdigest()


def write_seal(cafe_id: str, *, seq: int, link_hash: str, at: int) -> str:
    """Write what is sealed by a key: where a chain stood, and when (Unix milliseconds)."""
    return f"{cafe_id} {seq} {link_hash} {at}"
