"""What days of a search mean."""

from datetime import UTC, date, datetime

import pytest

from domain.errors import InvalidMessage
from services.audit_search import find_day_range

DAY = date(2026, 11, 26)


def test_a_day_is_one_on_the_wall_from_midnight_to_midnight():
    """Fourteen hours ahead of UTC it begins the day before; the last day counts as a whole."""
    assert find_day_range(DAY, DAY, timezone="Pacific/Kiritimati") == (
        datetime(2026, 11, 25, 10, tzinfo=UTC),
        datetime(2026, 11, 26, 10, tzinfo=UTC),
    )


def test_a_day_on_which_the_clock_is_set_is_as_long_as_it_is():
    """In autumn it has 25 hours."""
    since, until = find_day_range(date(2026, 10, 25), date(2026, 10, 25), timezone="Europe/Lisbon")

    assert since is not None
    assert until is not None
    assert (until - since).total_seconds() == 25 * 3600


def test_an_end_may_be_open():
    """What is not asked for does not limit."""
    assert find_day_range(None, None, timezone="UTC") == (None, None)


@pytest.mark.parametrize("day", [date.min, date.max, date(1969, 12, 31)])
def test_a_day_that_no_audit_has_is_refused(day: date):
    """Instead of an overflow at the ends of the calendar."""
    with pytest.raises(InvalidMessage):
        find_day_range(None, day, timezone="Pacific/Kiritimati")
