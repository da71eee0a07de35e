"""Business days: a cafe's day begins at a time of its own, so that a late evening is one day.

A business date is written on the order when it is submitted and never computed again from a
stored instant; ranges of a day are half-open in UTC.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def find_business_date(now: datetime, *, timezone: str, cutoff_minutes: int) -> date:
    """Return the date of the business day that an instant belongs to.

    timezone: an IANA name. cutoff_minutes: minutes after midnight by the clock on the wall until
    which it is still the day before; that clock decides also where it is set forward or back.
    """
    local = now.astimezone(ZoneInfo(timezone))
    if local.hour * 60 + local.minute < cutoff_minutes:
        return local.date() - timedelta(days=1)
    return local.date()


def find_moment(
    business_date: date, clock: time, *, timezone: str, cutoff_minutes: int
) -> datetime:
    """Return the UTC instant at which a cafe's clock shows a time within a business day.

    A time that the clock repeats means its first appearance; one that it leaves out, the instant
    at which it would have been.
    """
    is_next_day = clock.hour * 60 + clock.minute < cutoff_minutes
    day = business_date + timedelta(days=1) if is_next_day else business_date
    return datetime.combine(day, clock, ZoneInfo(timezone)).astimezone(UTC)


def find_day_bounds(
    business_date: date, *, timezone: str, cutoff_minutes: int
) -> tuple[datetime, datetime]:
    """Return the UTC instants at which a business day begins and at which the next one does.

    A cut-off inside the hour that the clock leaves out or repeats means its first appearance.
    """
    zone = ZoneInfo(timezone)
    starts_at = time(hour=cutoff_minutes // 60, minute=cutoff_minutes % 60)
    return (
        datetime.combine(business_date, starts_at, zone).astimezone(UTC),
        datetime.combine(business_date + timedelta(days=1), starts_at, zone).astimezone(UTC),
    )
