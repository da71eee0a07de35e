"""One operation's view of its transaction: whose cafe, who asks, when, and what happened.

services/runner.py makes one per command and commits it; an operation is a plain function
`(unit, command) -> view` that queries models/ and records events, and never begins, commits or
awaits anything.
"""

from datetime import datetime
from typing import Any, NamedTuple

from domain.errors import AuthenticationFailed
from domain.events import AnyEvent
from domain.identifiers import NewId
from domain.roles import Identity


class RecordedEvent(NamedTuple):
    """An event on its way into the log of a cafe."""

    cafe_id: str
    event: AnyEvent


class AuditFact(NamedTuple):
    """A fact on its way into the audit of a cafe. details: ids and numbers, never names."""

    cafe_id: str
    kind: str
    details: dict[str, Any]


class UnitOfWork:
    """What an operation works with. All it writes commits together, or not at all.

    now: when the unit began, to the millisecond, which is what the database keeps. command_id:
    the caller's, None where a repeat does no harm.
    """

    __slots__ = ("_cafe_id", "_identity", "audit_facts", "command_id", "events", "new_id", "now")

    def __init__(
        self,
        *,
        cafe_id: str | None,
        identity: Identity | None,
        now: datetime,
        new_id: NewId,
        command_id: str | None = None,
    ) -> None:
        self._cafe_id = cafe_id
        self._identity = identity
        self.now = now
        self.new_id = new_id
        self.command_id = command_id
        self.events: list[RecordedEvent] = []
        self.audit_facts: list[AuditFact] = []

    @property
    def cafe_id(self) -> str:
        """The cafe that the unit is in: every query starts from it."""
        if self._cafe_id is None:
            raise RuntimeError("the unit has entered no cafe")
        return self._cafe_id

    @property
    def identity(self) -> Identity:
        """Who asks, with the rights they have now. Raises: AuthenticationFailed for nobody."""
        if self._identity is None:
            raise AuthenticationFailed("Sign in first.")
        return self._identity

    @property
    def has_identity(self) -> bool:
        """Whether somebody asks; sign-in and the clock come as nobody."""
        return self._identity is not None

    @property
    def principal(self) -> str:
        """Who asks, as audit and log know them: `person:...`, `lane:...` or `system`."""
        return self._identity.principal if self._identity is not None else "system"

    def enter_cafe(self, cafe_id: str) -> None:
        """Say which cafe this is about, where only the operation finds out (a table's code)."""
        # No assert: under -O a mistake here would reach into another tenant.
        if self._cafe_id not in (None, cafe_id):
            raise RuntimeError("a unit stays in one cafe")
        self._cafe_id = cafe_id

    def record(self, event: AnyEvent) -> None:
        """Have an event logged and sent when the unit commits; events keep their order."""
        self.events.append(RecordedEvent(self.cafe_id, event))

    def audit(self, kind: str, **details: Any) -> None:
        """Keep a fact for those who ask later. kind: a word like `sign_in` or `item_voided`."""
        self.audit_facts.append(AuditFact(self.cafe_id, kind, details))
