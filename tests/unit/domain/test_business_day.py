"""Business days, also where the clock on the wall jumps."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.business_day import find_business_date, find_day_bounds, find_moment


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 24, 3, 59, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 24, 4, 0, tzinfo=UTC), date(2026, 11, 24)),
        # In summer Lisbon is an hour ahead: four in the morning is 3 UTC.
        (datetime(2026, 7, 1, 2, 59, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 7, 1, 3, 0, tzinfo=UTC), date(2026, 7, 1)),
    ],
)
def test_the_day_begins_at_the_cut_off_on_the_wall(now, expected):
    """What is ordered after midnight belongs to the evening before."""
    assert find_business_date(now, timezone="Europe/Lisbon", cutoff_minutes=240) == expected


@given(
    st.integers(1_577_836_800, 2_051_222_400).map(lambda at: datetime.fromtimestamp(at, UTC)),
    st.sampled_from(["Europe/Lisbon", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.integers(0, 23),
)
def test_every_instant_lies_within_its_day(now, timezone, hour):
    """Bounds and date agree, but for the hour in which a clock is set back over the cut-off."""
    day = find_business_date(now, timezone=timezone, cutoff_minutes=hour * 60)
    begins, ends = find_day_bounds(day, timezone=timezone, cutoff_minutes=hour * 60)

    assert begins - timedelta(hours=1) <= now < ends + timedelta(hours=1)
    assert timedelta(hours=22) <= ends - begins <= timedelta(hours=26)


def test_days_meet_without_a_gap():
    """The end of a day is the beginning of the next, also when the clocks change."""
    for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25)):
        _, ends = find_day_bounds(day, timezone="Europe/Lisbon", cutoff_minutes=90)
        begins, _ = find_day_bounds(
            day + timedelta(days=1), timezone="Europe/Lisbon", cutoff_minutes=90
        )

        assert ends == begins


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        (time(4, 0), datetime(2026, 3, 28, 4, 0, tzinfo=UTC)),
        (time(23, 30), datetime(2026, 3, 28, 23, 30, tzinfo=UTC)),
        (time(0, 30), datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        # Lisbon's clock leaves the hour from one to two out in this night.
        (time(1, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (time(3, 59), datetime(2026, 3, 29, 2, 59, tzinfo=UTC)),
    ],
)
def test_a_clock_that_somebody_remembers_is_a_moment_of_the_day(clock, expected):
    """After midnight it is still the evening before."""
    day = date(2026, 3, 28)

    assert find_moment(day, clock, timezone="Europe/Lisbon", cutoff_minutes=240) == expected
