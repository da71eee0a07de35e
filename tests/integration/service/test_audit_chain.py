"""The audit's chain holds whatever commits together, and shows every hand that was laid on it."""

import asyncio
import hashlib
import hmac

import msgspec
import pytest

from domain.audit_chain import START, Link, digest_details, hash_link
from domain.roles import Role
from models.base import database_proxy
from models.rows import fetch_rows
from services.audit import NotedFact, note_fact
from services.audit_chain import (
    ChainSealed,
    FaultKind,
    SealChain,
    Sealer,
    list_cafes_to_seal,
    list_chains,
    verify_chain,
)
from tests.support.cafes import OTHER_CAFE_ID, open_beside

KEY = b"k" * 48


def _derive(purpose: str, value: str) -> bytes:
    return hmac.digest(KEY, f"{purpose}\0{value}".encode(), hashlib.sha256)


SEALER = Sealer(_derive)


async def _note(cafe, number, role=Role.MANAGER):
    await cafe.runner.write(
        note_fact,
        NotedFact(kind="rate_limit_exceeded", details={"number": number}),
        identity=cafe.staff(role),
        command_type="note_fact",
    )


async def _seal(cafe):
    outcome = await cafe.runner.write(
        SEALER.seal, SealChain(), command_type="seal_chain", cafe_id=cafe.cafe_id
    )
    return msgspec.json.decode(outcome.body, type=ChainSealed)


async def _verify(cafe, sealer=SEALER):
    return await cafe.runner.read(verify_chain, cafe.cafe_id, sealer)


async def _tamper(cafe, *statements):
    """Lay hands on the database, past everything."""

    def run(unit, _):
        for statement in statements:
            database_proxy.execute_sql(statement)

    await cafe.runner.write(run, None, command_type="tamper", cafe_id=cafe.cafe_id)


def _of_cafe(cafe, seq):
    return f"cafe_id = '{cafe.cafe_id}' AND seq = {seq}"


async def test_facts_of_many_at_once_are_one_chain(cafe):
    """Groups of units, two processes, two cafes: every place once, each after the one before."""
    async with (
        open_beside(cafe) as beside,
        open_beside(cafe, cafe_id=OTHER_CAFE_ID) as other,
    ):
        await asyncio.gather(
            *(_note(each, number) for number in range(40) for each in (cafe, beside, other))
        )
    report = await _verify(cafe)

    assert report.fault is None
    assert report.facts == 1 + 80  # the first one: the cafe was made
    other_report = await cafe.runner.read(verify_chain, OTHER_CAFE_ID, SEALER)
    assert (other_report.fault, other_report.facts) == (None, 41)
    assert await cafe.runner.read(list_chains) == sorted([cafe.cafe_id, OTHER_CAFE_ID])


async def test_a_unit_that_fails_leaves_no_gap(cafe):
    """Its fact was never there."""

    def fail(unit, _):
        unit.audit("sign_in", number=1)
        raise ValueError("no")

    for number in range(3):
        await _note(cafe, number)
        with pytest.raises(ValueError, match="no"):
            await cafe.runner.write(fail, None, command_type="fail", cafe_id=cafe.cafe_id)

    report = await _verify(cafe)
    assert (report.fault, report.facts) == (None, 4)


async def test_a_seal_vouches_for_what_is_before_it(cafe):
    """A day has one; it moves with the chain, and is due when that has moved."""
    await _note(cafe, 1)
    assert cafe.cafe_id in await cafe.runner.read(list_cafes_to_seal)
    sealed = await _seal(cafe)
    assert cafe.cafe_id not in await cafe.runner.read(list_cafes_to_seal)
    await _note(cafe, 2)
    await _seal(cafe)
    cafe.pass_time(days=1)
    await _note(cafe, 3)
    await _seal(cafe)
    report = await _verify(cafe)

    assert sealed.seq == 2
    assert (report.fault, report.seals, report.sealed_seq, report.facts) == (None, 2, 4, 4)


_TAMPERINGS = {
    "changed details": (
        FaultKind.CHANGED,
        2,
        lambda cafe: [f"UPDATE audit_entry SET details = '{{}}' WHERE {_of_cafe(cafe, 2)}"],
    ),
    "another person": (
        FaultKind.MISPLACED,
        2,
        lambda cafe: [f"UPDATE audit_entry SET principal = 'system' WHERE {_of_cafe(cafe, 2)}"],
    ),
    "another time": (
        FaultKind.MISPLACED,
        2,
        lambda cafe: [f"UPDATE audit_entry SET at = at + 1 WHERE {_of_cafe(cafe, 2)}"],
    ),
    "deleted": (
        FaultKind.MISSING,
        3,
        lambda cafe: [f"DELETE FROM audit_entry WHERE {_of_cafe(cafe, 3)}"],
    ),
    "deleted, and those behind it moved up": (
        FaultKind.MISPLACED,
        3,
        lambda cafe: [
            f"DELETE FROM audit_entry WHERE {_of_cafe(cafe, 3)}",
            f"UPDATE audit_entry SET seq = 3 WHERE {_of_cafe(cafe, 4)}",
            f"UPDATE audit_entry SET seq = 4 WHERE {_of_cafe(cafe, 5)}",
            f"UPDATE audit_head SET seq = 4 WHERE cafe_id = '{cafe.cafe_id}'",
        ],
    ),
    "inserted at the end": (
        FaultKind.EXTRA,
        6,
        lambda cafe: [
            "INSERT INTO audit_entry"
            " SELECT 'forged', cafe_id, at, kind, principal, details, 6, salt, digest, hash"
            f" FROM audit_entry WHERE {_of_cafe(cafe, 5)}"
        ],
    ),
    "two that have changed places": (
        FaultKind.MISPLACED,
        3,
        lambda cafe: [
            f"UPDATE audit_entry SET seq = -1 WHERE {_of_cafe(cafe, 3)}",
            f"UPDATE audit_entry SET seq = 3 WHERE {_of_cafe(cafe, 4)}",
            f"UPDATE audit_entry SET seq = 4 WHERE {_of_cafe(cafe, -1)}",
        ],
    ),
    "cut off": (
        FaultKind.TRUNCATED,
        4,
        lambda cafe: [f"DELETE FROM audit_entry WHERE cafe_id = '{cafe.cafe_id}' AND seq > 3"],
    ),
    "cut off, its head too": (
        FaultKind.TRUNCATED,
        4,
        lambda cafe: [
            f"DELETE FROM audit_entry WHERE cafe_id = '{cafe.cafe_id}' AND seq > 3",
            "UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit_entry WHERE"
            f" {_of_cafe(cafe, 3)}) WHERE cafe_id = '{cafe.cafe_id}'",
        ],
    ),
    "a seal made by hand": (
        FaultKind.BAD_SEAL,
        4,
        lambda cafe: [f"UPDATE audit_seal SET seq = 4 WHERE cafe_id = '{cafe.cafe_id}'"],
    ),
}


@pytest.mark.parametrize("name", sorted(_TAMPERINGS))
async def test_each_tampering_is_named(cafe, name):
    """Changed, deleted, inserted, reordered, truncated: where it was, in a plain sentence."""
    kind, seq, write = _TAMPERINGS[name]
    for number in range(4):
        await _note(cafe, number)
    await _seal(cafe)
    await _tamper(cafe, *write(cafe))

    fault = (await _verify(cafe)).fault

    assert fault is not None
    assert (fault.kind, fault.seq) == (kind, seq), fault.words


async def test_a_chain_that_was_computed_anew_does_not_fit_its_seal(cafe):
    """Whoever can write everything still lacks the key."""
    for number in range(4):
        await _note(cafe, number)
    await _seal(cafe)

    def recompute(unit, _):
        previous = START
        for seq, entry_id, at, kind, principal, salt in fetch_rows(
            "SELECT seq, id, at, kind, principal, salt FROM audit_entry WHERE cafe_id = ?"
            " ORDER BY seq",
            (cafe.cafe_id,),
        ):
            details = '{"number":0}'
            digest = digest_details(salt, details)
            link = Link(cafe.cafe_id, seq, entry_id, at, kind, principal, digest)
            previous = hash_link(previous, link)
            fetch_rows(
                "UPDATE audit_entry SET details = ?, digest = ?, hash = ? WHERE id = ?"
                " RETURNING id",
                (details, digest, previous, entry_id),
            )
        fetch_rows(
            "UPDATE audit_head SET hash = ? WHERE cafe_id = ? RETURNING seq",
            (previous, cafe.cafe_id),
        )

    await cafe.runner.write(recompute, None, command_type="tamper", cafe_id=cafe.cafe_id)
    fault = (await _verify(cafe)).fault
    forged = (await _verify(cafe, Sealer(lambda purpose, value: b"another key"))).fault

    assert fault is not None
    assert (fault.kind, fault.seq) == (FaultKind.REWRITTEN, 5)
    assert forged is not None
    assert forged.kind is FaultKind.BAD_SEAL


async def test_erased_details_leave_the_chain_whole(cafe):
    """What a person may have erased is gone, and the report says how many were."""
    await _note(cafe, 1)
    await _seal(cafe)
    await _tamper(
        cafe, f"UPDATE audit_entry SET details = '{{}}', salt = '' WHERE {_of_cafe(cafe, 2)}"
    )

    report = await _verify(cafe)

    assert (report.fault, report.erased) == (None, 1)
