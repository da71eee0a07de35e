"""Every minute: seal the chains of the audit that have moved, by a key that no database holds.

Where a chain stood is also in the server's log: whoever can change the database, seals included,
cannot change what has left the machine (spec H4).
"""

import msgspec

from config.logging import get_logger
from jobs.scheduler import Job
from services.audit_chain import ChainSealed, SealChain, Sealer, list_cafes_to_seal
from services.runner import Runner

PERIOD_S = 60.0

log = get_logger(__name__)


class AuditSeals:
    """Seals what has moved; `seal` runs once more when a server stops."""

    def __init__(self, runner: Runner, sealer: Sealer) -> None:
        self._runner = runner
        self._sealer = sealer

    async def seal(self) -> None:
        """Seal every chain that has moved since its last seal."""
        for cafe_id in await self._runner.read(list_cafes_to_seal):
            outcome = await self._runner.write(
                self._sealer.seal, SealChain(), command_type="seal_chain", cafe_id=cafe_id
            )
            sealed = msgspec.json.decode(outcome.body, type=ChainSealed)
            log.info("audit_sealed", cafe_id=cafe_id, seq=sealed.seq, hash=sealed.hash)


def build_seal_job(seals: AuditSeals) -> Job:
    """Make the job."""
    return Job(name="audit seals", period_s=PERIOD_S, run=seals.seal)
