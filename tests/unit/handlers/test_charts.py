"""Where the bars of the day stand."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.analytics import HourSalesView
from domain.replay import LatePoint, Timeline
from handlers.charts import HEIGHT, WIDTH, build_bar_chart, build_timeline_chart, choose_step

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def make_hours(*amounts: int) -> list[HourSalesView]:
    """Make hours of a day that end with noon's."""
    first = NOON - timedelta(hours=len(amounts) - 1)
    return [
        HourSalesView(
            starts_at=first + timedelta(hours=number),
            hour=(first + timedelta(hours=number)).hour,
            net_minor=net_minor,
        )
        for number, net_minor in enumerate(amounts)
    ]


def test_bars_are_as_high_as_their_amounts():
    """The largest reaches no further than the highest line, half of it is half as high."""
    chart = build_bar_chart(make_hours(20_000, 40_000, 0), NOON)

    half, whole, none = chart.bars
    assert chart.lines[-1].minor == 40_000
    assert whole.y == chart.lines[-1].y
    assert half.height == whole.height / 2
    assert none.height == 0


def test_the_hour_that_is_not_over_is_marked():
    """Noon's bar grows still."""
    chart = build_bar_chart(make_hours(1, 1), NOON + timedelta(minutes=59))

    assert [False, True] == [bar.is_running for bar in chart.bars]


@pytest.mark.parametrize("count", [0, 1, 10, 24, 25])
def test_bars_stand_in_order_inside_the_drawing(count: int):
    """From an empty day to the one with a repeated hour."""
    chart = build_bar_chart(make_hours(*[500] * count), NOON)

    edges = [edge for bar in chart.bars for edge in (bar.x, bar.x + bar.width)]
    assert edges == sorted(edges)
    assert all(chart.left <= edge <= WIDTH for edge in edges)
    assert all(0 <= line.y <= HEIGHT for line in chart.lines)


def test_a_first_order_is_no_slab():
    """One hour alone takes no more room than an hour of a long morning."""
    (bar,) = build_bar_chart(make_hours(5_000), NOON).bars

    assert bar.width < WIDTH / 10


@pytest.mark.parametrize(
    ("largest", "step"),
    [(0, 10), (40, 10), (41, 20), (48_560, 20_000), (100_000, 25_000), (100_001, 50_000)],
)
def test_lines_stand_for_round_amounts(largest: int, step: int):
    """Four of them reach at least as far as the largest bar."""
    assert choose_step(largest) == step


def test_a_time_line_is_drawn_in_minutes_and_tickets():
    """Its outline in their units, its places in percent, its hours by the cafe's clock."""
    late = LatePoint(
        at=NOON + timedelta(minutes=90), ticket_id="-", order_number=118, station_name="Bar"
    )
    timeline = Timeline(
        begins_at=NOON,
        open_by_minute=[0, 8, 3] + [0] * 117,
        fullest_at=NOON + timedelta(minutes=1),
        late=[late],
    )

    chart = build_timeline_chart(timeline, ZoneInfo("Europe/Berlin"))

    assert chart.outline.startswith("M0 8V8H1V0H2V5H3V8H4")
    assert (chart.minutes, chart.most) == (120, 8)
    assert [(mark.percent, mark.text) for mark in chart.hours] == [(0, "13:00"), (50, "14:00")]
    assert [(mark.percent, mark.text) for mark in chart.late] == [(75, "118")]


def test_a_long_day_has_no_more_hours_than_fit():
    """Every third of a day of 25 hours; half of them give way where it is narrow."""
    timeline = Timeline(begins_at=NOON, open_by_minute=[1] * 1500, fullest_at=NOON, late=[])

    hours = build_timeline_chart(timeline, UTC).hours

    assert len(hours) == 9
    assert [mark.is_minor for mark in hours[:3]] == [False, True, False]
