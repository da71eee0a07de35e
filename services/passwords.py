"""Passwords: argon2id off the event loop, in few threads, behind a short queue.

One verification takes some 25 ms and 19 MiB (OWASP's m=19456, t=2, p=1) and releases the
interpreter lock. An unknown user is verified too, against a hash that nothing fits, so that the
answer takes the same time. Nothing here knows people; services/authentication.py does.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

from domain.errors import Overloaded

# What somebody may choose, and all that signing in looks at.
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
_THREADS = 2  # more would compete with the loop on two cores
# At 25 ms each the last in the queue waits 0.4 s; beyond that an attacker would hold up staff.
_QUEUE_LIMIT = 32

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)


def hash_password(password: str) -> str:
    """Hash a password; blocks for some 25 ms, so for command lines and threads only."""
    return _hasher.hash(password)


class Passwords:
    """Verifies off the loop. Close it when the server stops."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="passwords")
        self._waiting = 0
        self._decoy = hash_password("")

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Say whether a password fits. password_hash: None where there is no such person.

        Raises: Overloaded when too many are waiting already.
        """
        fits = await self._run(_verify, password_hash or self._decoy, password)
        return fits and password_hash is not None

    async def hash(self, password: str) -> str:
        """Hash a password that somebody has chosen. Raises: Overloaded."""
        return await self._run(hash_password, password)

    async def rehash_if_weak(self, password: str, password_hash: str) -> str | None:
        """Return a new hash where the old one was made with weaker settings, else None."""
        if not _hasher.check_needs_rehash(password_hash):
            return None
        return await self._run(hash_password, password)

    def close(self) -> None:
        """Let the threads end."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(
        self,
        work: Callable[_Arguments, _Result],
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> _Result:
        if self._waiting >= _QUEUE_LIMIT:
            raise Overloaded("Too many people are signing in. Try again shortly.", retry_after_s=1)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._executor, partial(work, *args, **kwargs)
            )
        finally:
            self._waiting -= 1


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False
