"""Writes what was refused into the audit, beside the request that was refused."""

import asyncio

from config.logging import get_logger
from domain.errors import TableTapError
from realtime.limits import Refusal
from services.audit import NotedFact, note_fact
from services.runner import Runner

log = get_logger(__name__)


class RefusalAudit:
    """Call it on the loop with a refusal; it is written soon."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._writing: set[asyncio.Task[None]] = set()

    def __call__(self, refusal: Refusal) -> None:
        """Begin to write a refusal."""
        log.info("refusal_reported", kind=refusal.kind, cause=refusal.details.get("cause"))
        task = asyncio.create_task(self._write(refusal), name="audit refusal")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, refusal: Refusal) -> None:
        try:
            await self._runner.write(
                note_fact,
                NotedFact(kind=refusal.kind, details=refusal.details),
                identity=refusal.identity,
                command_type="note_fact",
            )
        except TableTapError as error:
            log.warning("refusal_not_audited", kind=refusal.kind, code=error.code)
