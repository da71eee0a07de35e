"""Slows down whoever guesses passwords, without locking anybody out.

Failures are counted per (account, address): from the fifth on each one doubles the wait, so a
guesser gets some 15 tries an hour while the same person signs in from elsewhere unhindered. An
unknown account is counted like a known one. Kept in memory: a restart forgives, which costs a
guesser's effort nothing worth protecting.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from domain.errors import ErrorType, TableTapError

_FREE_FAILURES = 4
_LONGEST_WAIT_S = 300
_FORGET_AFTER = timedelta(hours=1)
_ACCOUNTS_LIMIT = 10_000  # about 2 MB; the one not tried for longest is forgotten first


class TooManyAttempts(TableTapError):
    type = ErrorType.RATE_LIMIT_EXCEEDED
    code = "too_many_attempts"


@dataclass(slots=True)
class _Failures:
    count: int
    last_at: datetime

    @property
    def open_at(self) -> datetime:
        over = self.count - _FREE_FAILURES
        wait_s = min(_LONGEST_WAIT_S, 2 ** (over - 1)) if over > 0 else 0
        return self.last_at + timedelta(seconds=wait_s)


class SignInLimits:
    """Failures of the last hour."""

    def __init__(self) -> None:
        self._failures: OrderedDict[bytes, _Failures] = OrderedDict()

    def check(self, email: str, address: str, *, now: datetime) -> None:
        """Let an attempt through. Raises: TooManyAttempts with the seconds to wait."""
        failures = self._failures.get(_key(email, address))
        if failures is not None and failures.open_at > now:
            raise TooManyAttempts(
                "Too many wrong passwords. Wait a little, then try again.",
                retry_after_s=ceil((failures.open_at - now).total_seconds()),
            )

    def count_failure(self, email: str, address: str, *, now: datetime) -> None:
        """Remember a wrong password, or an account that does not exist."""
        key = _key(email, address)
        failures = self._failures.get(key)
        if failures is None or now - failures.last_at > _FORGET_AFTER:
            failures = self._failures[key] = _Failures(count=0, last_at=now)
        failures.count += 1
        failures.last_at = now
        self._failures.move_to_end(key)
        while len(self._failures) > _ACCOUNTS_LIMIT:
            self._failures.popitem(last=False)

    def take_back(self, email: str, address: str) -> None:
        """Remember one failure less: that attempt was not about the password."""
        failures = self._failures.get(_key(email, address))
        if failures is not None and failures.count > 0:
            failures.count -= 1

    def forget(self, email: str, address: str) -> None:
        """Start afresh after a right password."""
        self._failures.pop(_key(email, address), None)


def _key(email: str, address: str) -> bytes:
    """Hashed, so that no address of a person stays in memory."""
    return hashlib.sha256(f"{email.lower()}\0{address}".encode()).digest()
