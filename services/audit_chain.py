"""The audit's chain: facts become links, seals say where it stood, and verifying walks all of it.

`append_facts` is for the writer, at the end of its transaction: it locks the chains' heads, in the
order of cafes, before the log's heads are locked. So places have no gap, whatever commits together.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from domain.audit_chain import START, Link, digest_details, hash_link, write_seal
from domain.identifiers import NewId
from models.audit import AuditEntry, AuditHead
from models.fields import to_unix_ms
from models.rows import fetch_rows, insert_rows
from services.unit_of_work import UnitOfWork

# What follows from a text by a key that no database holds.
Derive = Callable[[str, str], bytes]

_PURPOSE = "audit seal"
_SALT_BYTES = 16
_PAGE = 1000


class NewFact(NamedTuple):
    """A fact before it has its place."""

    cafe_id: str
    at: datetime
    kind: str
    principal: str
    details: dict[str, Any]


class FaultKind(StrEnum):
    """What is wrong with a chain."""

    MISSING = "missing"
    CHANGED = "changed"
    MISPLACED = "misplaced"
    EXTRA = "extra"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    BAD_SEAL = "bad_seal"


class ChainFault(msgspec.Struct, frozen=True, kw_only=True):
    """The first thing that does not fit. seq: its place. words: a plain sentence."""

    kind: FaultKind
    seq: int
    words: str


class ChainReport(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying one cafe's chain came to. erased: facts whose details were erased.

    sealed_seq: up to where a seal vouches for it, 0 for none.
    """

    cafe_id: str
    facts: int
    erased: int
    seals: int
    sealed_seq: int
    fault: ChainFault | None


class SealChain(msgspec.Struct, frozen=True, kw_only=True):
    """Sent by the clock, for one cafe."""


class ChainSealed(msgspec.Struct, frozen=True, kw_only=True):
    """Where the chain stood. hash: also in the server's log, which no database holds."""

    seq: int
    hash: str


class _Row(NamedTuple):
    seq: int
    entry_id: str
    at: int
    kind: str
    principal: str
    details: str
    salt: str
    digest: str
    hash: str


# --- writing --------------------------------------------------------------------------------------


def create_audit_head(cafe_id: str) -> None:
    """Begin the chain of a new cafe."""
    AuditHead.create(cafe_id=cafe_id, seq=0, hash=START)


def append_facts(facts: Sequence[NewFact], *, new_id: NewId) -> None:
    """Give facts their places and write them, in the order they were given."""
    rows: list[dict[str, object]] = []
    for cafe_id in sorted({fact.cafe_id for fact in facts}):
        own = [fact for fact in facts if fact.cafe_id == cafe_id]
        seq, last_hash = _lock_head(cafe_id, len(own))
        for fact in own:
            seq += 1
            row = _build_row(fact, seq=seq, entry_id=new_id(), previous=last_hash)
            last_hash = str(row["hash"])
            rows.append(row)
        fetch_rows(
            "UPDATE audit_head SET hash = ? WHERE cafe_id = ? RETURNING seq", (last_hash, cafe_id)
        )
    insert_rows(AuditEntry, rows)


def _lock_head(cafe_id: str, count: int) -> tuple[int, str]:
    """Move a head on and return where it was."""
    rows = fetch_rows(
        "UPDATE audit_head SET seq = seq + ? WHERE cafe_id = ? RETURNING seq, hash",
        (count, cafe_id),
    )
    assert rows, "a cafe has a chain from its beginning"
    return rows[0][0] - count, rows[0][1]


def _build_row(fact: NewFact, *, seq: int, entry_id: str, previous: str) -> dict[str, object]:
    salt = secrets.token_hex(_SALT_BYTES)
    digest = digest_details(salt, msgspec.json.encode(fact.details).decode())
    link = Link(fact.cafe_id, seq, entry_id, to_unix_ms(fact.at), fact.kind, fact.principal, digest)
    return {
        "id": entry_id,
        "cafe_id": fact.cafe_id,
        "at": fact.at,
        "kind": fact.kind,
        "principal": fact.principal,
        "details": fact.details,
        "seq": seq,
        "salt": salt,
        "digest": digest,
        "hash": hash_link(previous, link),
    }


# --- sealing --------------------------------------------------------------------------------------


class Sealer:
    """Seals chains with a key. derive: see `config.secrets.Secrets.derive`."""

    def __init__(self, derive: Derive) -> None:
        self._derive = derive

    def seal(self, unit: UnitOfWork, _: SealChain) -> ChainSealed:
        """Say where a cafe's chain stands; the day's earlier seal makes way."""
        ((seq, link_hash),) = fetch_rows(
            "SELECT seq, hash FROM audit_head WHERE cafe_id = ?", (unit.cafe_id,)
        )
        at = to_unix_ms(unit.now)
        fetch_rows(
            "INSERT INTO audit_seal (cafe_id, day, seq, hash, at, mac) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (cafe_id, day) DO UPDATE SET seq = excluded.seq, hash = excluded.hash,"
            " at = excluded.at, mac = excluded.mac WHERE audit_seal.seq < excluded.seq"
            " RETURNING seq",
            (
                unit.cafe_id,
                unit.now.date().isoformat(),
                seq,
                link_hash,
                at,
                self.sign(unit.cafe_id, seq=seq, link_hash=link_hash, at=at),
            ),
        )
        return ChainSealed(seq=seq, hash=link_hash)

    def sign(self, cafe_id: str, *, seq: int, link_hash: str, at: int) -> str:
        """Sign where a chain stood."""
        text = write_seal(cafe_id, seq=seq, link_hash=link_hash, at=at)
        return self._derive(_PURPOSE, text).hex()


def list_cafes_to_seal() -> list[str]:
    """List the cafes whose chain has moved since its last seal; for `runner.read`."""
    rows = fetch_rows(
        "SELECT audit_head.cafe_id FROM audit_head WHERE audit_head.seq > COALESCE(("
        "SELECT MAX(audit_seal.seq) FROM audit_seal"
        " WHERE audit_seal.cafe_id = audit_head.cafe_id), 0)"
    )
    return sorted(cafe_id for (cafe_id,) in rows)


# --- verifying ------------------------------------------------------------------------------------


class _Broken(Exception):
    """The walk ends here."""

    def __init__(self, kind: FaultKind, seq: int, words: str) -> None:
        super().__init__(words)
        self.fault = ChainFault(kind=kind, seq=seq, words=words)


def list_chains() -> list[str]:
    """List all cafes that have a chain."""
    return sorted(
        cafe_id for (cafe_id,) in fetch_rows("SELECT cafe_id FROM audit_head ORDER BY cafe_id")
    )


def verify_chain(cafe_id: str, sealer: Sealer) -> ChainReport:
    """Walk a cafe's chain, page by page; for a connection of one's own, beside a server.

    Seals are read before the head, and the head before the facts: what is written meanwhile is not
    looked at.
    """
    seals = fetch_rows(
        "SELECT seq, hash, at, mac, day FROM audit_seal WHERE cafe_id = ? ORDER BY seq", (cafe_id,)
    )
    heads = fetch_rows("SELECT seq, hash FROM audit_head WHERE cafe_id = ?", (cafe_id,))
    walk = _Walk(cafe_id, sealer, head=heads[0] if heads else (0, START), seals=seals)
    fault = None
    try:
        walk.run()
    except _Broken as broken:
        fault = broken.fault
    return ChainReport(
        cafe_id=cafe_id,
        facts=walk.facts,
        erased=walk.erased,
        seals=len(seals),
        sealed_seq=seals[-1][0] if seals else 0,
        fault=fault,
    )


class _Walk:
    """From the first fact to the last; `_Broken` at the first thing that does not fit."""

    def __init__(
        self,
        cafe_id: str,
        sealer: Sealer,
        *,
        head: tuple[int, str],
        seals: Sequence[tuple[int, str, int, str, str]],
    ) -> None:
        self.facts = 0
        self.erased = 0
        self._cafe_id = cafe_id
        self._sealer = sealer
        self._head_seq, self._head_hash = head
        self._seals = {seal[0]: seal for seal in seals}
        self._last_seal = max(self._seals, default=0)
        self._hash = START

    def run(self) -> None:
        for seal in self._seals.values():
            self._check_seal(*seal)
        for row in self._list_rows():
            self._check(row)
        if self.facts < max(self._head_seq, self._last_seal):
            raise _Broken(
                FaultKind.TRUNCATED,
                self.facts + 1,
                f"The chain went on to place {max(self._head_seq, self._last_seal)}; from place"
                f" {self.facts + 1} on it is cut off.",
            )
        if self._hash != self._head_hash:
            raise _Broken(
                FaultKind.REWRITTEN, self.facts, "The chain does not end as its head says."
            )
        self._check_end()

    def _check_seal(self, seq: int, link_hash: str, at: int, mac: str, day: str) -> None:
        if mac != self._sealer.sign(self._cafe_id, seq=seq, link_hash=link_hash, at=at):
            raise _Broken(
                FaultKind.BAD_SEAL, seq, f"The seal of {day} was not made with this server's key."
            )

    def _list_rows(self) -> Iterator[_Row]:
        after = -1
        while True:
            rows = fetch_rows(
                "SELECT seq, id, at, kind, principal, details, salt, digest, hash FROM audit_entry"
                " WHERE cafe_id = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
                (self._cafe_id, after, self._head_seq, _PAGE),
            )
            for row in rows:
                yield _Row(*row)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def _check_end(self) -> None:
        """Look for facts beyond the head, as it is now: nobody writes one without moving it."""
        beyond = fetch_rows(
            "SELECT MIN(audit_entry.seq) FROM audit_entry"
            " JOIN audit_head ON audit_head.cafe_id = audit_entry.cafe_id"
            " WHERE audit_entry.cafe_id = ? AND audit_entry.seq > audit_head.seq",
            (self._cafe_id,),
        )
        if beyond[0][0] is not None:
            raise _Broken(
                FaultKind.EXTRA,
                beyond[0][0],
                f"The fact at place {beyond[0][0]} was inserted: the chain ends before it.",
            )

    def _check(self, row: _Row) -> None:
        expected = self.facts + 1
        if row.seq > expected:
            raise _Broken(FaultKind.MISSING, expected, f"The fact at place {expected} is missing.")
        if row.seq < expected:
            raise _Broken(
                FaultKind.EXTRA, row.seq, f"A fact stands at place {row.seq}, which is none."
            )
        self._check_content(row)
        self.facts = row.seq
        self._hash = row.hash
        seal = self._seals.get(row.seq)
        if seal is not None and seal[1] != row.hash:
            raise _Broken(
                FaultKind.REWRITTEN,
                row.seq,
                f"Facts up to place {row.seq} were rewritten after they were sealed on {seal[4]}.",
            )

    def _check_content(self, row: _Row) -> None:
        if not row.salt:
            self.erased += 1
        elif digest_details(row.salt, row.details) != row.digest:
            raise _Broken(
                FaultKind.CHANGED, row.seq, f"The details of the fact at place {row.seq} changed."
            )
        link = Link(
            self._cafe_id, row.seq, row.entry_id, row.at, row.kind, row.principal, row.digest
        )
        if hash_link(self._hash, link) != row.hash:
            raise _Broken(
                FaultKind.MISPLACED,
                row.seq,
                f"The fact at place {row.seq} does not follow from the one before it: it was"
                " changed, inserted or moved.",
            )
