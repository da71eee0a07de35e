"""How much somebody may send: the rates of the namespaces, over sockets and over REST (spec H1).

Joins, resumes, acks and heartbeats are not counted: only commands come here, from the dispatcher
and from the API's routes. A refusal is reported once per window, for the audit.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import ceil
from typing import Protocol

import msgspec

from config.namespaces import NAMESPACES, Namespace, RateLimit
from domain.errors import RateLimitExceeded
from domain.identifiers import NewId
from domain.roles import Identity
from realtime.rate_limit import Windows

# A phone may send this many orders and rounds a minute, beside all it does (spec H1).
SUBMIT_LIMIT = RateLimit(max_requests=10)
_SUBMITS = frozenset({"place_order", "add_round"})


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the audit should know. kind: its word; details: ids and numbers."""

    identity: Identity
    kind: str
    details: dict[str, str | int]


class LimitMetrics(Protocol):
    """Counts refusals."""

    def refused(self, reason: str) -> None: ...


class Limits:
    """Counts commands. report: told of the first refusal in each window, on the loop."""

    def __init__(
        self,
        windows: Windows,
        *,
        new_id: NewId,
        report: Callable[[Refusal], None],
        metrics: LimitMetrics,
        factor: float = 1.0,
    ) -> None:
        self._windows = windows
        self._new_id = new_id
        self._report = report
        self._metrics = metrics
        self._factor = factor

    @asynccontextmanager
    async def counted(
        self,
        identity: Identity,
        namespace: Namespace,
        command: str,
        *,
        address: str,
        command_id: str | None = None,
    ) -> AsyncIterator[None]:
        """Do a command inside of this; a repeat of its id in the same window counts once.

        Raises: RateLimitExceeded before it begins.
        """
        counts = _list_counts(identity, namespace, command, address)
        member = self._new_id() if command_id is None else f"{command}:{command_id}"
        for number, (key, rule) in enumerate(counts):
            await self._count(identity, command, key, rule, member, counts[:number])
        succeeded = False
        try:
            yield
            succeeded = True
        finally:
            for key, rule in counts:
                skips = rule.skip_successful_requests if succeeded else rule.skip_failed_requests
                if skips:
                    await self._windows.forget(key, member)

    async def _count(
        self,
        identity: Identity,
        command: str,
        key: str,
        rule: RateLimit,
        member: str,
        before: list[tuple[str, RateLimit]],
    ) -> None:
        limit = max(1, round(rule.max_requests * self._factor))
        verdict = await self._windows.count(key, member, limit=limit, window_ms=rule.window_ms)
        if verdict.is_allowed:
            return
        # What is not done is not counted.
        for counted, _ in before:
            await self._windows.forget(counted, member)
        self._metrics.refused("rate")
        if verdict.is_first:
            details: dict[str, str | int] = {
                "window": key.split(":")[1],
                "command": command,
                "limit": limit,
            }
            self._report(Refusal(identity=identity, kind="rate_limit_exceeded", details=details))
        raise RateLimitExceeded(
            f"Only {limit} in {rule.window_ms // 1000} seconds are allowed. Wait a little.",
            retry_after_s=max(1, ceil(verdict.retry_after_ms / 1000)),
        )


def find_namespace(identity: Identity, command: str) -> Namespace:
    """Say in whose window a command over REST counts: the namespace it would come through."""
    for namespace in (
        Namespace.CUSTOMERS,
        Namespace.KITCHEN,
        Namespace.COUNTER,
        Namespace.PAYMENTS,
        Namespace.ADMIN,
    ):
        rule = NAMESPACES[namespace]
        if command in rule.commands and not rule.roles.isdisjoint(identity.roles):
            return namespace
    return Namespace.CUSTOMERS if identity.is_guest else Namespace.ORDERS


def _list_counts(
    identity: Identity, namespace: Namespace, command: str, address: str
) -> list[tuple[str, RateLimit]]:
    caller = identity.principal or address
    counts = [(f"rate_limit:{namespace}:{caller}", NAMESPACES[namespace].rate_limit)]
    if identity.is_guest and command in _SUBMITS:
        counts.append((f"rate_limit:submits:{caller}", SUBMIT_LIMIT))
    return counts
