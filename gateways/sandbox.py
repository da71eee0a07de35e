"""The sandbox: a payment provider for demo and tests that behaves like one outside the house.

It keeps its books in a file of its own (`sandbox-provider.db` in the data folder), written before
it answers, so they outlive this process and proofs can compare them with ours. What it does with a
charge follows from the card that is named (domain/payments.py):

- approve: captured at once
- decline: refused, `card_declined`
- authorize: reserved; captured when it is asked again
- time_out: captured, but the first answer is lost on the way
- late: being processed for `LATE_S` seconds, then captured

A key that is asked again is not charged again. No money ever moves.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from domain.payment_providers import (
    ChargeRequest,
    ProviderAnswer,
    ProviderOutcome,
    ProviderUnreachable,
    RefundRequest,
)
from domain.payments import SandboxCard

FILE_NAME = "sandbox-provider.db"
LATE_S = 5.0

# Another process may be writing; a provider answers within two seconds (domain).
_BUSY_S = 1.5

_TABLES = """
CREATE TABLE IF NOT EXISTS charge (
    key TEXT PRIMARY KEY, cafe_id TEXT NOT NULL, amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL, card TEXT NOT NULL, state TEXT NOT NULL, settles_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS refund (
    key TEXT PRIMARY KEY, charge_key TEXT NOT NULL, cafe_id TEXT NOT NULL,
    amount_minor INTEGER NOT NULL, currency TEXT NOT NULL, state TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS capture (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, amount_minor INTEGER NOT NULL
);
"""

_FIRST_STATES = {
    SandboxCard.APPROVE: ProviderOutcome.CAPTURED,
    SandboxCard.DECLINE: ProviderOutcome.DECLINED,
    SandboxCard.AUTHORIZE: ProviderOutcome.AUTHORIZED,
    SandboxCard.TIME_OUT: ProviderOutcome.CAPTURED,
    SandboxCard.LATE: ProviderOutcome.PROCESSING,
}


class Sandbox:
    """A `PaymentProvider`. clock: seconds since 1970, moved by tests."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path = folder / FILE_NAME
        self._clock = clock

    async def charge(self, request: ChargeRequest) -> ProviderAnswer:
        """Charge by the card's rule, or say what became of this key."""
        return await asyncio.to_thread(self._charge, request)

    async def cancel(self, request: ChargeRequest) -> ProviderAnswer:
        """Give a charge up unless it is captured; a charge that comes later does nothing."""
        return await asyncio.to_thread(self._cancel, request)

    async def refund(self, request: RefundRequest) -> ProviderAnswer:
        """Give back a part of a captured charge, never more than is left of it."""
        return await asyncio.to_thread(self._refund, request)

    def _charge(self, request: ChargeRequest) -> ProviderAnswer:
        with self._open() as books:
            is_new = self._enter(books, request, _FIRST_STATES[_get_card(request)])
            if not is_new:
                self._advance(books, request.key)
            answer = _read_charge(books, request.key)
        if is_new and _get_card(request) is SandboxCard.TIME_OUT:
            raise ProviderUnreachable("the answer was lost on the way")
        return answer

    def _cancel(self, request: ChargeRequest) -> ProviderAnswer:
        with self._open() as books:
            self._enter(books, request, ProviderOutcome.CANCELLED)
            books.execute(
                "UPDATE charge SET state = 'cancelled' WHERE key = ?"
                " AND state IN ('authorized', 'processing')",
                (request.key,),
            )
            return _read_charge(books, request.key)

    def _refund(self, request: RefundRequest) -> ProviderAnswer:
        with self._open() as books:
            left_minor = _read_left(books, request.charge_key)
            state = (
                ProviderOutcome.REFUNDED
                if request.amount_minor <= left_minor
                else ProviderOutcome.DECLINED
            )
            books.execute(
                "INSERT INTO refund VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
                (
                    request.key,
                    request.charge_key,
                    request.cafe_id,
                    request.amount_minor,
                    request.currency,
                    state.value,
                ),
            )
            row = books.execute(
                "SELECT cafe_id, amount_minor, currency, state FROM refund WHERE key = ?",
                (request.key,),
            ).fetchone()
        return _build_answer(request.key, *row, reason="refund_refused")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the books to write in them, alone, and keep what was written when it ended well."""
        try:
            with closing(
                sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
            ) as books:
                books.executescript(_TABLES)
                books.execute("BEGIN IMMEDIATE")
                yield books
                books.execute("COMMIT")
        except sqlite3.Error as error:
            raise ProviderUnreachable(str(error)) from error

    def _enter(
        self, books: sqlite3.Connection, request: ChargeRequest, state: ProviderOutcome
    ) -> bool:
        """Enter a charge; False where its key is known."""
        done = books.execute(
            "INSERT INTO charge VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
            (
                request.key,
                request.cafe_id,
                request.amount_minor,
                request.currency,
                _get_card(request).value,
                state.value,
                self._clock() + LATE_S,
            ),
        )
        is_new = done.rowcount == 1
        if is_new and state is ProviderOutcome.CAPTURED:
            _capture(books, request.key)
        return is_new

    def _advance(self, books: sqlite3.Connection, key: str) -> None:
        """Move on what time or a second question moves on."""
        ((state, settles_at),) = books.execute(
            "SELECT state, settles_at FROM charge WHERE key = ?", (key,)
        ).fetchall()
        is_late_over = state == ProviderOutcome.PROCESSING and settles_at <= self._clock()
        if is_late_over or state == ProviderOutcome.AUTHORIZED:
            books.execute("UPDATE charge SET state = 'captured' WHERE key = ?", (key,))
            _capture(books, key)


def _get_card(request: ChargeRequest) -> SandboxCard:
    return request.sandbox_card or SandboxCard.APPROVE


def _capture(books: sqlite3.Connection, key: str) -> None:
    """Write a line of the statement: one for each time that money was taken."""
    books.execute(
        "INSERT INTO capture (key, amount_minor) SELECT key, amount_minor FROM charge"
        " WHERE key = ?",
        (key,),
    )


def _read_charge(books: sqlite3.Connection, key: str) -> ProviderAnswer:
    row = books.execute(
        "SELECT cafe_id, amount_minor, currency, state FROM charge WHERE key = ?", (key,)
    ).fetchone()
    return _build_answer(key, *row, reason="card_declined")


def _read_left(books: sqlite3.Connection, charge_key: str) -> int:
    ((captured, refunded),) = books.execute(
        "SELECT COALESCE((SELECT SUM(amount_minor) FROM capture WHERE key = ?), 0),"
        " COALESCE((SELECT SUM(amount_minor) FROM refund WHERE charge_key = ?"
        " AND state = 'refunded'), 0)",
        (charge_key, charge_key),
    ).fetchall()
    return int(captured) - int(refunded)


def _build_answer(
    key: str, cafe_id: str, amount_minor: int, currency: str, state: str, *, reason: str
) -> ProviderAnswer:
    outcome = ProviderOutcome(state)
    return ProviderAnswer(
        key=key,
        event_id=f"{key}:{state}",
        outcome=outcome,
        cafe_id=cafe_id,
        amount_minor=amount_minor,
        currency=currency,
        reason=reason if outcome is ProviderOutcome.DECLINED else "",
    )
