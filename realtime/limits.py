"""How much somebody may send: the rates of the namespaces, over sockets and over REST (spec H1).

Joins, resumes, acks and heartbeats are not counted: only commands come here, from the dispatcher
and from the API's routes. A refusal is reported once per window, for the audit.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from math import ceil
from typing import Protocol

import msgspec

from config.namespaces import (
    CODE_LIMIT,
    LANE_LIMITS,
    NAMESPACES,
    Caller,
    Namespace,
    RateLimit,
    describe_for_audit,
)
from domain.errors import RateLimitExceeded
from domain.identifiers import NewId
from domain.roles import Identity
from realtime.rate_limit import Verdict, Windows


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the audit should know. kind: its word; details: ids and numbers.

    identity: None for somebody who has shown no valid token.
    """

    identity: Identity | None
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
        command: str,
        caller: Caller,
        *,
        command_id: str | None = None,
    ) -> AsyncIterator[None]:
        """Do a command inside of this; a repeat of its id in the same window counts once.

        Raises: RateLimitExceeded before it begins.
        """
        rules = _list_rules(identity, command, caller)
        member = self._new_id() if command_id is None else f"{command}:{command_id}"
        await self.count(rules, identity, command, caller, member=member)
        succeeded = False
        try:
            yield
            succeeded = True
        finally:
            for rule in rules:
                skips = rule.skip_successful_requests if succeeded else rule.skip_failed_requests
                if skips:
                    await self._windows.forget(rule.key(caller), member)

    async def count(
        self,
        rules: Sequence[RateLimit],
        identity: Identity,
        command: str,
        caller: Caller,
        *,
        member: str,
    ) -> None:
        """Count one more in every window of the rules, or in none. member: its name there.

        Raises: RateLimitExceeded.
        """
        for number, rule in enumerate(rules):
            verdict = await self._windows.count(
                rule.key(caller), member, limit=self._scale(rule), window_ms=rule.window_ms
            )
            if not verdict.is_allowed:
                # What is not done is not counted.
                for earlier in rules[:number]:
                    await self._windows.forget(earlier.key(caller), member)
                raise self._refuse(identity, command, caller, rule, verdict)

    def note_flood(self, identity: Identity, caller: Caller, *, frames: int) -> None:
        """Tell the audit whose frames came too fast. frames: that pass at once."""
        details = describe_for_audit(caller) | {"frames": frames}
        self._report(Refusal(identity=identity, kind="rate_limit_exceeded", details=details))

    def _scale(self, rule: RateLimit) -> int:
        return max(1, round(rule.max_requests * self._factor))

    def _refuse(
        self,
        identity: Identity,
        command: str,
        caller: Caller,
        rule: RateLimit,
        verdict: Verdict,
    ) -> RateLimitExceeded:
        """Say no, and tell the audit of the first one in a window."""
        limit = self._scale(rule)
        self._metrics.refused("rate")
        if verdict.is_first and rule.on_limit is not None:
            details = rule.on_limit(caller) | {"command": command, "limit": limit}
            self._report(Refusal(identity=identity, kind="rate_limit_exceeded", details=details))
        return RateLimitExceeded(
            f"Only {limit} in {rule.window_ms // 1000} seconds are allowed. Wait a little.",
            # Whole seconds go into the answer: rounded up, or waiting would not be enough.
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


def _list_rules(identity: Identity, command: str, caller: Caller) -> list[RateLimit]:
    rules = [NAMESPACES[caller.namespace].rate_limit]
    if identity.is_guest and command in LANE_LIMITS:
        rules.append(LANE_LIMITS[command])
    if command == "pair_device":
        rules.append(CODE_LIMIT)
    return rules
