"""When a station is paused by load, which dishes of it, and when that ends."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.pauses import OpenPause, PausableStation, PauseTurn, find_long, judge_pause
from domain.statuses import PauseCause

NOW = datetime(2026, 11, 23, 12, 31, tzinfo=UTC)
LIMIT = 20
PREP_S = (60, 240, 480)


def judge(load_minutes, pause=None, *, minutes_later=0, **station):
    """Judge a station with three dishes and a limit of twenty minutes."""
    known = {"limit_minutes": LIMIT, "prep_s": PREP_S, "pause": pause, **station}
    return judge_pause(
        PausableStation(load_s=60 * load_minutes, **known),
        now=NOW + timedelta(minutes=minutes_later),
    )


def make_pause(cause=PauseCause.LOAD, *, minutes=29, from_prep_s=240):
    """Make a pause that began at NOW."""
    until = None if minutes is None else NOW + timedelta(minutes=minutes)
    return OpenPause(cause=cause, since=NOW, until=until, from_prep_s=from_prep_s)


def test_what_takes_long_is_paused_at_the_limit_and_all_well_beyond():
    """Nineteen minutes are fine; twenty are not, for what takes long; thirty for nothing."""
    at_limit, beyond = judge(20), judge(30)

    assert judge(19) is None
    assert at_limit is not None
    assert at_limit.from_prep_s == 240
    assert beyond is not None
    assert beyond.from_prep_s == 0
    assert {at_limit.cause, beyond.cause} == {PauseCause.LOAD}


def test_the_expected_end_is_told_in_whole_five_minutes():
    """What is left above the end, of work that goes as time does, rounded up on the clock."""
    turn = judge(20)  # it ends at 14: six minutes from 12:31

    assert turn is not None
    assert turn.until == datetime(2026, 11, 23, 12, 40, tzinfo=UTC)


def test_a_pause_by_load_ends_well_below_where_it_began():
    """At fifteen of twenty minutes it goes on; at fourteen it is over."""
    pause = make_pause()

    assert judge(15, pause, minutes_later=5) is None
    assert judge(14, pause, minutes_later=5) == PauseTurn(cause=PauseCause.LOAD, is_paused=False)


def test_what_is_fast_comes_back_first():
    """Of a pause of all, dishes that take long stay paused until that is over too."""
    pause = make_pause(from_prep_s=0)
    turn = judge(21, pause, minutes_later=5)

    assert judge(22, pause, minutes_later=5) is None
    assert turn is not None
    assert (turn.is_paused, turn.from_prep_s) == (True, 240)


def test_no_pause_by_load_is_shorter_than_three_minutes():
    """One bump of a late ticket would open what the next order closes again."""
    assert judge(0, make_pause(), minutes_later=2) is None
    assert judge(0, make_pause(), minutes_later=3) is not None


def test_an_expected_end_that_comes_too_soon_is_told_anew():
    """Before it comes, so that nothing opens for a moment."""
    turn = judge(18, make_pause(minutes=9), minutes_later=8.6)

    assert judge(18, make_pause(minutes=9), minutes_later=8) is None
    assert turn is not None
    assert turn.until == datetime(2026, 11, 23, 12, 45, tzinfo=UTC)


@pytest.mark.parametrize("minutes", [10, None])
def test_a_pause_by_hand_is_ended_by_its_time_alone(minutes):
    """However little there is to make, and however much."""
    pause = make_pause(PauseCause.BY_HAND, minutes=minutes, from_prep_s=0)

    assert judge(0, pause, minutes_later=9) is None
    assert judge(99, pause, minutes_later=9) is None
    over = PauseTurn(cause=PauseCause.TIME, is_paused=False) if minutes else None
    assert judge(99, pause, minutes_later=10) == over


def test_who_opens_by_hand_is_not_overruled_at_once():
    """The clock leaves the station alone until then."""
    until = NOW + timedelta(minutes=10)

    assert judge(40, rests_until=until, minutes_later=9) is None
    assert judge(40, rests_until=until, minutes_later=10) is not None


def test_without_a_limit_or_dishes_nothing_is_paused_by_itself():
    """A limit that is taken away ends what it paused."""
    assert judge(99, limit_minutes=None) is None
    assert judge(99, prep_s=()) is None
    assert judge(99, make_pause(), limit_minutes=None) is not None


@pytest.mark.parametrize(
    ("prep_s", "long_from"),
    [((60, 240, 480), 240), ((60, 60, 60, 300), 300), ((120, 120), 120), ((), 0)],
)
def test_what_takes_long_takes_what_is_usual_or_more(prep_s, long_from):
    """Where nothing is faster than the usual one, what is slower; where all are alike, all."""
    assert find_long(prep_s) == long_from
