"""Twice a second: write down what screens have painted, and tell of tickets that none has (G5).

Every process does it, and the rows decide: whoever comes second in a cafe finds nothing left to
say. A process that was not looking itself tells of nothing until it has looked for as long as a
screen may take.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import uuid4

from config.logging import get_logger
from domain.errors import TableTapError
from domain.screens import PAINTED_WITHIN, Receipt
from jobs.scheduler import Job
from services.receipts import (
    NoteReceipts,
    judge_receipts,
    list_cafes_with_unseen_tickets,
    note_receipts,
)
from services.runner import Runner

PERIOD_S = 0.5
# Of one transaction, so that orders do not wait behind it.
_RECEIPTS_AT_ONCE = 500

log = get_logger(__name__)


class ReceiptWatch:
    """take_receipts: what came since the last time, on this process."""

    def __init__(
        self,
        runner: Runner,
        *,
        take_receipts: Callable[[], Sequence[Receipt]],
        now: Callable[[], datetime],
    ) -> None:
        self._runner = runner
        self._take_receipts = take_receipts
        self._now = now
        # Taken and not written down yet.
        self._receipts: list[Receipt] = []
        self._watching_since: datetime | None = None
        self._last_tick_at: datetime | None = None

    async def tick(self) -> None:
        """Write first, so that nobody is told of what is known to be painted."""
        now = self._now()
        is_unbroken = self._last_tick_at is not None and now - self._last_tick_at < PAINTED_WITHIN
        if not is_unbroken or self._watching_since is None:
            self._watching_since = now
        self._last_tick_at = None
        self._receipts += self._take_receipts()
        while self._receipts:
            noted = NoteReceipts(receipts=self._receipts[:_RECEIPTS_AT_ONCE])
            await self._runner.write(note_receipts, noted, command_type="note_receipts")
            del self._receipts[:_RECEIPTS_AT_ONCE]
        self._last_tick_at = now
        if now - self._watching_since >= PAINTED_WITHIN:
            await self._judge(now)

    async def _judge(self, now: datetime) -> None:
        for cafe_id in await self._runner.read(list_cafes_with_unseen_tickets, now):
            try:
                await self._runner.write(
                    judge_receipts, None, command_type="judge_receipts", cafe_id=cafe_id
                )
            except TableTapError as error:  # the next period judges again
                log.error(
                    "receipts_not_judged",
                    cafe_id=cafe_id,
                    code=error.code,
                    error_id=str(uuid4()),
                )


def build_receipt_job(watch: ReceiptWatch) -> Job:
    """Make the job."""
    return Job(name="receipts", period_s=PERIOD_S, run=watch.tick)
