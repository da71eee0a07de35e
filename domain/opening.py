"""When a cafe opens, by its own clock: the moment at which its kitchen has to be seen."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Who opens has an hour in which something may be set right; then orders tell.
OPENING_LASTS = timedelta(hours=1)


def is_opening(now: datetime, *, timezone: str, opens_at: Sequence[str | None]) -> bool:
    """Say whether a cafe has opened within the last hour.

    opens_at: `07:30` for each day of the week, Monday first, None where it stays closed; empty
    where nobody has said.
    """
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        said = opens_at[day.weekday()] if opens_at else None
        if said is None:
            continue
        opens = datetime.combine(day, time.fromisoformat(said), zone).astimezone(UTC)
        if opens <= now < opens + OPENING_LASTS:
            return True
    return False
