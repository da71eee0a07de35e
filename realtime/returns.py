"""Which connections are returns, and how many of them are too many (spec H3).

A connection that its own side ended leaves debts, of its principal and of its address; the next
one from there pays them, and that is a counted return. Whoever connects for the first time owes
nothing, and neither does who was sent away by the server or comes back to another life of the
process. The plane tells of every end and asks at every admission.
"""

from collections import deque
from collections.abc import Callable

from config.namespaces import (
    ADDRESS_RETURNS,
    CLAIMED_RETURNS,
    LEFT_PAGES,
    PRINCIPAL_RETURNS,
    Caller,
    RateLimit,
)
from domain.errors import RateLimitExceeded
from domain.roles import Identity, IdentityKind
from realtime.close_codes import PAGE_LEFT, CloseCode
from realtime.limits import Limits
from realtime.session import Session

# Debts under one name that are remembered: more than are counted in any window.
_MOST_DEBTS = 500
# Names are looked through this often, so that who never came back is forgotten.
_SWEEP_EVERY = 1000
# A paired screen shows by a credential of its own who it is: a cafe full of them behind one
# address must not shut itself out.
_COUNTED_BY_ADDRESS = frozenset({IdentityKind.PERSON, IdentityKind.GUEST})
# Closed by the server, but for what the client did: its return counts.
_ITS_OWN_FAULT = frozenset({CloseCode.RATE_LIMITED, CloseCode.BAD_FRAMES})


class Returns:
    """Returns to one process, counted in windows that processes may share.

    boot: its present life. now_s: of a clock that does not step back.
    """

    def __init__(self, limits: Limits, *, boot: str, now_s: Callable[[], float]) -> None:
        self._limits = limits
        self._boot = boot
        self._debts = _Debts(now_s)

    def note_end(self, session: Session) -> None:
        """Look at how a session ended that had been let in."""
        if not session.is_ended_by_peer and session.close_code not in _ITS_OWN_FAULT:
            return
        identity = session.identity
        caller = session.build_caller(identity)
        if session.close_code in PAGE_LEFT:
            self._debts.add(LEFT_PAGES.key(caller), LEFT_PAGES)
        else:
            self.note_refused(identity, caller)

    def note_refused(self, identity: Identity, caller: Caller) -> None:
        """Remember somebody who was not let in: their next try is a return."""
        for rule in _list_rules(identity):
            self._debts.add(rule.key(caller), rule)

    async def admit(self, identity: Identity, caller: Caller, *, known_boot: str | None) -> None:
        """Let somebody in who has just said who they are.

        known_boot: the life of a process that the client says it was connected to before.
        Raises: RateLimitExceeded for one return too many; the debts stay.
        """
        owed = self._find_owed(identity, caller)
        if not owed:
            return
        is_elsewhere = known_boot is not None and known_boot != self._boot
        if not (is_elsewhere and await self._is_believed(identity, caller)):
            await self._count(owed, identity, caller)
        for rule in owed:
            self._debts.pay(rule.key(caller))

    def _find_owed(self, identity: Identity, caller: Caller) -> list[RateLimit]:
        owed = [rule for rule in _list_rules(identity) if self._debts.has(rule.key(caller))]
        if PRINCIPAL_RETURNS not in owed and self._debts.has(LEFT_PAGES.key(caller)):
            return [LEFT_PAGES]
        return owed

    async def _is_believed(self, identity: Identity, caller: Caller) -> bool:
        """A server restarts now and then; who says so again and again is not believed."""
        try:
            await self._count([CLAIMED_RETURNS], identity, caller)
        except RateLimitExceeded:
            return False
        return True

    async def _count(self, rules: list[RateLimit], identity: Identity, caller: Caller) -> None:
        member = caller.connection_id
        await self._limits.count(rules, identity, "reconnect", caller, member=member)


class _Debts:
    """Ends that nobody has come back from yet, by the name of the window their return counts in."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        # Until when each is owed, the oldest first.
        self._owed: dict[str, deque[float]] = {}
        self._added = 0

    def add(self, name: str, rule: RateLimit) -> None:
        self._added += 1
        if self._added % _SWEEP_EVERY == 0:
            for each in list(self._owed):
                self.has(each)
        owed = self._owed.setdefault(name, deque(maxlen=_MOST_DEBTS))
        owed.append(self._now_s() + rule.window_ms / 1000)

    def has(self, name: str) -> bool:
        owed = self._owed.get(name)
        if owed is None:
            return False
        now_s = self._now_s()
        while owed and owed[0] <= now_s:
            owed.popleft()
        if not owed:
            del self._owed[name]
        return bool(owed)

    def pay(self, name: str) -> None:
        if self.has(name):
            self._owed[name].popleft()


def _list_rules(identity: Identity) -> list[RateLimit]:
    if identity.kind in _COUNTED_BY_ADDRESS:
        return [PRINCIPAL_RETURNS, ADDRESS_RETURNS]
    return [PRINCIPAL_RETURNS]
