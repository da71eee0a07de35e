"""Places where screens are looked at, and when their silence is an alarm."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.screens import COUNTER, Place, is_gone, make_station_key, name_place

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("silent_s", "is_left", "expected"),
    [
        (0, False, False),
        (14.9, False, False),
        (15, False, True),
        (3600, False, True),
        (15, True, False),
        (24 * 3600, False, False),
    ],
)
def test_a_screen_is_gone_when_it_is_silent_and_nobody_closed_it(silent_s, is_left, expected):
    """Fifteen seconds, as for a dashboard's own eyes; after a day it is not in use."""
    seen_at = NOON - timedelta(seconds=silent_s)

    gone = is_gone(last_seen_at=seen_at, left_at=seen_at if is_left else None, now=NOON)

    assert gone is expected


def test_a_stations_place_leads_back_to_the_station():
    """The key carries the id; other places have none."""
    assert Place(cafe_id="c", key=make_station_key("s1")).station_id == "s1"
    assert Place(cafe_id="c", key=COUNTER).station_id is None
    assert name_place(make_station_key("s1"), station_name="Bar") == "Bar"
    assert name_place(COUNTER, station_name=None) == "Counter"
