"""What the simulated people did, and what went wrong: the demo's own count."""

import logging
from dataclasses import dataclass, field

from client.messages import ConnectionStopped, NoAnswerError, RefusedError

log = logging.getLogger(__name__)

# What people of a busy cafe run into without anybody being at fault: somebody was faster.
ORDINARY_REFUSALS = frozenset(
    {
        "already_begun",
        "already_served",
        "command_in_flight",
        "grace_over",
        "invalid_transition",
        "orders_open",
        "price_changed",
        "sold_out",
        "paused",
        "table_session_closed",
        "table_taken",
        "version_conflict",
    }
)


@dataclass(slots=True)
class Tally:
    """Counts since the start. refusals: by code, ordinary ones. errors: everything else."""

    orders: int = 0
    rounds: int = 0
    lines: int = 0
    voids: int = 0
    bumps: int = 0
    recalls: int = 0
    served: int = 0
    closed_tables: int = 0
    phone_payments: int = 0
    counter_payments: int = 0
    declined: int = 0
    refunds: int = 0
    errors: int = 0
    refusals: dict[str, int] = field(default_factory=dict)

    def note(self, error: Exception, doing: str) -> None:
        """Count a failure; log it as an error unless it is an ordinary refusal."""
        if isinstance(error, RefusedError) and error.body.code in ORDINARY_REFUSALS:
            code = error.body.code
            self.refusals[code] = self.refusals.get(code, 0) + 1
            log.info("%s was refused: %s", doing, code)
            return
        self.errors += 1
        if isinstance(error, RefusedError | NoAnswerError | ConnectionStopped):
            log.error("%s failed: %s", doing, error)
        else:
            log.error("%s failed", doing, exc_info=error)

    def describe(self) -> str:
        """Say the counts in one line."""
        refused = sum(self.refusals.values())
        return (
            f"{self.orders} orders, {self.rounds} further rounds, {self.lines} lines, "
            f"{self.served} served, {self.voids} voids, {self.bumps} bumps, "
            f"{self.recalls} recalls, {self.closed_tables} tables closed, "
            f"{self.phone_payments} paid by phone, {self.counter_payments} at the counter, "
            f"{self.declined} declined, {self.refunds} refunds, "
            f"{refused} refusals, {self.errors} errors"
        )
