"""How long an order takes by the work that the kitchen has."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.estimates import (
    Estimate,
    OpenLine,
    PrepTime,
    WantedLine,
    estimate_order,
    estimate_wanted,
    learn_prep_times,
    measure_load,
)
from domain.statuses import WaitReason

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def line(
    order, *, station="bar", prep_s=120, fired_s=0, quantity=1, started_s=None, promised_s=None
):
    """Write an open line; times are seconds before (fired, started) or from now (promised)."""
    return OpenLine(
        order_id=order,
        round_number=1,
        station_id=station,
        menu_item_id="latte",
        prep_s=prep_s,
        fired_at=NOW - timedelta(seconds=fired_s),
        started_at=None if started_s is None else NOW - timedelta(seconds=started_s),
        promised_at=None if promised_s is None else NOW + timedelta(seconds=promised_s),
    )


def want(*, station="bar", prep_s=120):
    return WantedLine(station_id=station, menu_item_id="latte", prep_s=prep_s)


def estimate_now(wanted, lines=(), learned=None) -> Estimate:
    estimate = estimate_wanted(wanted, lines, learned or {}, now=NOW)
    assert estimate is not None
    return estimate


def find_low_s(order, lines) -> float:
    estimate = estimate_order(order, lines, {}, now=NOW)
    assert estimate is not None
    return estimate.low_s


def test_an_idle_kitchen_needs_what_the_dish_needs():
    """What the menu says, and half as much again for four of five."""
    estimate = estimate_now([want(), want(prep_s=240)], [], {})

    assert estimate == Estimate(low_s=240, high_s=360, reason=WaitReason.NONE)
    assert estimate.minutes == (4, 6)
    assert estimate_wanted([], [], {}, now=NOW) is None


def test_rounds_of_the_same_station_come_first():
    """Four at a time, each as long as its longest line; what was begun is partly done."""
    lines = [
        *(line(order) for order in "abcde"),
        line("e", prep_s=60),
        line("f", started_s=60),
        line("g", station="kitchen", prep_s=900),
    ]
    estimate = estimate_now([want()], lines, {})

    assert estimate.low_s == 120 + (5 * 120 + 60) / 4
    assert estimate.high_s == 180 + (5 * 180 + 120) / 4
    assert estimate.reason is WaitReason.QUEUE
    assert estimate_now([want()], lines[:1], {}).reason is WaitReason.NONE


def test_a_forgotten_ticket_is_no_load():
    """Work in front counts, a quarter of each round; that one of them is hours late does not."""
    lines = [line("a", started_s=7200, promised_s=-7000), line("b"), line("c")]

    assert measure_load(lines, {}, now=NOW) == (30 + 120 + 120) / 4
    assert measure_load([], {}, now=NOW) == 0


def test_the_slowest_station_says_when_all_is_there():
    """A coffee beside a soup is not handed over before the soup."""
    estimate = estimate_now([want(), want(station="kitchen", prep_s=600)], [], {})

    assert (estimate.low_s, estimate.high_s) == (600, 900)


def test_an_order_waits_for_what_was_fired_before_it_alone():
    """Whoever came later is behind."""
    lines = [line("first", fired_s=60), line("mine", fired_s=30), line("later")]

    assert find_low_s("mine", lines) == 150
    assert find_low_s("first", lines) == 120
    assert estimate_order("nobody", lines, {}, now=NOW) is None


def test_nobody_is_promised_more_than_who_waits_already():
    """An open promise is a floor; one that is past makes everybody behind as late."""
    promised = estimate_now([want()], [line("a", promised_s=900, prep_s=60)], {})
    late = estimate_now([want()], [line("a", promised_s=-200, prep_s=60)], {})

    assert (promised.low_s, promised.high_s) == (900, 900)
    assert (late.low_s, late.high_s) == (120 + 200, 180 + 200)
    assert late.reason is WaitReason.LATE


def test_what_was_seen_often_is_believed():
    """Twenty times of a dish; fewer teach nothing."""
    seen = [("latte", float(second)) for second in range(1, 21)]
    learned = learn_prep_times([*seen, ("soup", 5.0)])

    assert learned == {"latte": PrepTime(p50_s=10, p80_s=16, seen=20)}
    assert estimate_now([want()], [], learned).low_s == 10


@pytest.mark.parametrize(
    ("low_s", "high_s", "minutes"),
    [(0, 10, (1, 2)), (119, 121, (1, 3)), (600, 600, (10, 11)), (360, 541, (6, 10))],
)
def test_people_read_minutes(low_s, high_s, minutes):
    """Never nothing, and never one figure twice."""
    assert Estimate(low_s=low_s, high_s=high_s, reason=WaitReason.NONE).minutes == minutes


@given(st.lists(st.integers(0, 900), max_size=8))
def test_more_work_never_makes_it_sooner(work):
    """Property: each line before it adds."""
    lines = [line(str(number), prep_s=prep_s) for number, prep_s in enumerate(work)]
    waits = [estimate_now([want()], lines[:count], {}) for count in range(len(lines) + 1)]

    assert [each.low_s for each in waits] == sorted(each.low_s for each in waits)
    assert all(each.low_s <= each.high_s for each in waits)
