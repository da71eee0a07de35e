"""Rules of a cafe that its management changes in service."""

from domain.commands import SetGrace, SetOpeningTimes
from domain.views.cafe import GraceView, OpeningTimesView
from models.tenancy import Cafe
from services.unit_of_work import UnitOfWork


def set_grace(unit: UnitOfWork, command: SetGrace) -> GraceView:
    """Say how long guests may take a round back. What was sent keeps the time it was told."""
    Cafe.update(grace_s=command.grace_s, holds_in_grace=command.holds_in_grace).where(
        Cafe.id == unit.cafe_id
    ).execute()
    unit.audit("grace_set", grace_s=command.grace_s, holds_in_grace=command.holds_in_grace)
    return GraceView(grace_s=command.grace_s, holds_in_grace=command.holds_in_grace)


def set_opening_times(unit: UnitOfWork, command: SetOpeningTimes) -> OpeningTimesView:
    """Say when the cafe opens: then its dishes are looked at for screens (decision 0055)."""
    Cafe.update(opens_at=command.opens_at).where(Cafe.id == unit.cafe_id).execute()
    unit.audit("opening_times_set", opens_at=[each or "" for each in command.opens_at])
    return OpeningTimesView(opens_at=command.opens_at)
