"""The figures of a day, each against a case that was worked out by hand."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from domain.analytics import (
    AnalyticsView,
    DayFacts,
    PartFacts,
    RefundFacts,
    RoundFacts,
    StationFacts,
    measure,
    sum_by_hour,
)
from domain.views.base import Position

POSITION = Position(epoch="e", seq=9)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOTHING = DayFacts(
    currency="EUR",
    timezone="Europe/Berlin",
    cutoff_minutes=240,
    active_orders=0,
    waiting_orders=0,
    completed_orders=0,
    staff_on_duty=0,
    rounds=[],
    parts=[],
    stations=[],
)


def make_round(
    fired_at: datetime, *, took_min: float | None = None, net: int = 1000, is_late: bool = False
) -> RoundFacts:
    """Make a round that was ready so many minutes after it was fired, or not yet."""
    return RoundFacts(
        fired_at=fired_at,
        ready_at=None if took_min is None else fired_at + timedelta(minutes=took_min),
        is_late=is_late,
        gross_minor=net + net // 10,
        net_minor=net,
        tax_minor=net // 10,
    )


def make_part(
    *,
    station_id: str = "bar",
    prep_s: int = 60,
    quantity: int = 1,
    age_s: int = 0,
    started_s: int | None = None,
    ticket_id: str = "t",
    name: str = "LATTE",
) -> PartFacts:
    """Make a line that was queued and begun so many seconds before noon."""
    return PartFacts(
        ticket_id=ticket_id,
        station_id=station_id,
        order_number=7,
        table_label="Table 3",
        kitchen_name=name,
        quantity=quantity,
        prep_s=prep_s,
        queued_at=NOON - timedelta(seconds=age_s),
        started_at=None if started_s is None else NOON - timedelta(seconds=started_s),
        target_s=300,
    )


def look(at: datetime = NOON, **facts: object) -> AnalyticsView:
    """Measure facts that differ from nothing in what is named."""
    return measure(msgspec.structs.replace(NOTHING, **facts), at=at, position=POSITION, version=1)


def test_an_empty_day_says_what_it_does_not_know():
    """No mean of nothing, no rating of nobody; sums are 0."""
    view = look()

    assert view.figures.average_order_time is None
    assert view.figures.average_order_time_n == 0
    assert view.figures.customer_satisfaction is None
    assert (view.p50_minutes, view.p90_minutes, view.late_share) == (None, None, None)
    assert (view.figures.revenue_today, view.figures.kitchen_load) == (0, 0)
    assert view.sales_by_hour == []


def test_the_order_time_is_the_mean_of_the_last_hour():
    """Five rounds of 2, 4, 6, 8 and 20 minutes; what was ready earlier does not count."""
    rounds = [
        make_round(NOON - timedelta(minutes=30), took_min=minutes) for minutes in (20, 2, 8, 4, 6)
    ]
    rounds += [make_round(NOON - timedelta(minutes=90), took_min=1)] * 3
    rounds += [make_round(NOON - timedelta(minutes=3))]

    view = look(rounds=rounds)

    assert view.figures.average_order_time == 8.0
    assert view.figures.average_order_time_n == 5
    assert not view.figures.average_order_time_is_whole_day
    assert (view.p50_minutes, view.p90_minutes) == (6.0, 20.0)


def test_with_fewer_than_five_in_the_hour_the_whole_day_speaks():
    """Four recent ones and three of the morning are seven."""
    rounds = [make_round(NOON - timedelta(minutes=30), took_min=10)] * 4
    rounds += [make_round(NOON - timedelta(hours=3), took_min=3)] * 3

    view = look(rounds=rounds)

    assert view.figures.average_order_time == 7.0
    assert view.figures.average_order_time_n == 7
    assert view.figures.average_order_time_is_whole_day


def test_a_round_that_was_forgotten_for_hours_is_no_measure():
    """Four hours count, a minute more does not."""
    fired_at = NOON - timedelta(hours=5)

    kept = look(rounds=[make_round(fired_at, took_min=240)])
    dropped = look(rounds=[make_round(fired_at, took_min=241)])

    assert kept.figures.average_order_time == 240.0
    assert dropped.figures.average_order_time is None


def test_yesterdays_rounds_are_not_sold_today():
    """The day begins at 04:00 in Berlin, 03:00 by UTC: one minute decides."""
    cut_off = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    rounds = [
        make_round(cut_off - timedelta(minutes=1), net=500),
        make_round(cut_off, net=700),
    ]

    assert look(rounds=rounds).figures.revenue_today == 700
    assert look(at=cut_off - timedelta(seconds=1), rounds=rounds[:1]).figures.revenue_today == 500


def test_the_night_of_the_clock_change_is_one_business_day():
    """On 25 October 2026 Berlin repeats 02:00; the day before ends at 04:00 winter time."""
    late_evening = datetime(2026, 10, 24, 21, 0, tzinfo=UTC)
    first_two = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 summer time
    second_two = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 winter time
    morning = datetime(2026, 10, 25, 3, 0, tzinfo=UTC)  # 04:00 winter time
    rounds = [make_round(at) for at in (late_evening, first_two, second_two, morning)]

    night = look(at=second_two, rounds=rounds[:3])
    day = look(at=morning, rounds=rounds)

    assert night.business_date.isoformat() == "2026-10-24"
    assert night.figures.revenue_today == 3000
    assert day.business_date.isoformat() == "2026-10-25"
    assert day.figures.revenue_today == 1000


def test_an_hour_that_the_clock_repeats_is_two_bars():
    """Both are labelled 2, in their order, and nothing is added up across them."""
    first_two = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    rounds = [
        make_round(first_two, net=100),
        make_round(first_two + timedelta(hours=1), net=200),
        make_round(first_two + timedelta(hours=1, minutes=29), net=50),
    ]

    hours = sum_by_hour(rounds, timezone="Europe/Berlin")

    assert [(each.hour, each.net_minor) for each in hours] == [(2, 100), (2, 250)]


def test_an_hour_that_the_clock_leaves_out_is_no_bar():
    """On 29 March 2026 Berlin goes from 01:59 to 03:00."""
    rounds = [
        make_round(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), net=100),
        make_round(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), net=200),
    ]

    hours = sum_by_hour(rounds, timezone="Europe/Berlin")

    assert [(each.hour, each.net_minor) for each in hours] == [(1, 100), (3, 200)]


@pytest.mark.parametrize(
    ("timezone", "hours"),
    [("Asia/Kolkata", [9, 10, 11]), ("Asia/Kathmandu", [10, 11]), ("UTC", [4, 5])],
)
def test_hours_are_those_of_the_clock_on_the_wall(timezone: str, hours: list[int]):
    """Zones of half and of three quarters of an hour, with an empty hour between two sales."""
    rounds = [
        make_round(datetime(2026, 11, 23, 4, 20, tzinfo=UTC)),
        make_round(datetime(2026, 11, 23, 5, 40, tzinfo=UTC)),
    ]

    assert [each.hour for each in sum_by_hour(rounds, timezone=timezone)] == hours


def test_load_is_the_work_that_is_left_by_the_busiest_station():
    """Bar: 2 x 60 s waiting and 60 s begun 45 s ago = 135 s; kitchen: 720 s, so 120 %."""
    parts = [
        make_part(quantity=2),
        make_part(started_s=45),
        make_part(started_s=90),  # longer than expected: nothing is left, nothing is negative
        make_part(station_id="kitchen", prep_s=360, quantity=2),
    ]
    stations = [
        StationFacts(station_id="bar", name="Bar"),
        StationFacts(station_id="kitchen", name="Kitchen"),
        StationFacts(station_id="cold", name="Cold"),
    ]

    view = look(parts=parts, stations=stations)

    assert [(each.name, each.load_percent, each.parts) for each in view.stations] == [
        ("Bar", 22, 3),
        ("Kitchen", 120, 1),
        ("Cold", 0, 0),
    ]
    assert view.figures.kitchen_load == 120


def test_late_tickets_come_oldest_first_with_what_they_wait_for():
    """One second over the target is late, the target itself is not."""
    parts = [
        make_part(age_s=300, ticket_id="due"),
        make_part(age_s=301, ticket_id="late", name="LATTE", quantity=2),
        make_part(age_s=301, ticket_id="late", name="MOCHA"),
        make_part(age_s=900, ticket_id="older"),
    ]

    view = look(parts=parts, stations=[StationFacts(station_id="bar", name="Bar")])

    assert [(each.ticket_id, each.waits_for) for each in view.late] == [
        ("older", ["LATTE"]),
        ("late", ["2 LATTE", "MOCHA"]),
    ]
    assert view.late_count == 2
    assert view.stations[0].over_target == 3


def test_the_late_share_counts_ready_rounds_of_today():
    """One of three that are ready; the fourth is not ready and says nothing yet."""
    fired_at = NOON - timedelta(minutes=40)
    rounds = [make_round(fired_at, took_min=9, is_late=late) for late in (True, False, False)]
    rounds.append(make_round(fired_at, is_late=True))

    view = look(rounds=rounds)

    assert (view.late_share, view.late_share_n) == (33, 3)


def test_refunds_lower_revenue_by_their_net_part():
    """4.40 back of an order of 11.00 with 1.00 of tax in it is 4.00 net."""
    refund = RefundFacts(amount_minor=440, order_tax_minor=100, order_total_minor=1100)

    view = look(rounds=[make_round(NOON, net=1000)], refunds=[refund])

    assert view.refunded_net_minor == 400
    assert view.figures.revenue_today == 600
    assert (view.gross_minor, view.tax_minor) == (1100, 100)
