"""Where the bars of a chart stand: geometry alone, for templates that draw SVG.

A chart is drawn on a fixed ground (its viewBox) and scales as a whole; words and colours belong
to the template and its style sheet.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import count

import msgspec

from domain.analytics import HourSalesView
from domain.replay import Timeline

WIDTH = 640
HEIGHT = 216
_LEFT = 60  # amounts stand there
_TOP = 20
_BASE = 188
_BAR_SHARE = 0.6  # of an hour's place
_WIDEST_BAR = 40
# Fewer hours would stand there as slabs, and the chart would jump with each of the first.
_LEAST_HOURS = 10
_MOST_LINES = 4
_AN_HOUR = timedelta(hours=1)
# Fewer tickets would fill a day's time line as many do.
_LEAST_OPEN = 6
_MOST_HOUR_LABELS = 12


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line across the chart. minor: the amount that it stands for."""

    y: float
    minor: int


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One hour. middle: where its label stands. is_running: the hour is not over."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    hour: int
    minor: int
    is_running: bool


class BarChart(msgspec.Struct, frozen=True, kw_only=True):
    """lines: from the bottom up. bars: in the order of time."""

    width: int
    height: int
    left: int
    base: int
    lines: list[Line]
    bars: list[Bar]


class TimeMark(msgspec.Struct, frozen=True, kw_only=True):
    """A place on a time line, in percent of its width, and what stands there.

    is_minor: left out where there is no room for all.
    """

    percent: float
    at: datetime
    text: str
    is_minor: bool = False


class TimelineChart(msgspec.Struct, frozen=True, kw_only=True):
    """How much was open by minute, as one outline in units of a minute and of a ticket.

    most: how many tickets high it is. hours: below it. late: what became late, by order number.
    """

    minutes: int
    most: int
    outline: str
    hours: list[TimeMark]
    late: list[TimeMark]


def build_timeline_chart(timeline: Timeline, zone: tzinfo) -> TimelineChart:
    """Lay out a wall's day. zone: of the cafe, whose hours are written."""
    minutes = len(timeline.open_by_minute)
    most = max(_LEAST_OPEN, *timeline.open_by_minute)
    steps = [f"V{most - tickets}H{at}" for at, tickets in enumerate(timeline.open_by_minute, 1)]
    hours_apart = -(-minutes // (60 * _MOST_HOUR_LABELS))
    hours = [timeline.begins_at + _AN_HOUR * hour for hour in range(0, minutes // 60, hours_apart)]
    return TimelineChart(
        minutes=minutes,
        most=most,
        outline=f"M0 {most}{''.join(steps)}V{most}Z",
        hours=[
            TimeMark(
                percent=find_percent(timeline, at),
                at=at,
                text=f"{at.astimezone(zone):%H:%M}",
                is_minor=number % 2 == 1,
            )
            for number, at in enumerate(hours)
        ],
        late=[
            TimeMark(
                percent=find_percent(timeline, point.at),
                at=point.at,
                text=str(point.order_number),
            )
            for point in timeline.late
        ],
    )


def find_percent(timeline: Timeline, at: datetime) -> float:
    """Say where on a time line a moment is, in percent of its width; never beside it."""
    share = (at - timeline.begins_at) / (timeline.ends_at - timeline.begins_at)
    return round(100 * min(1, max(0, share)), 3)


def build_bar_chart(hours: Sequence[HourSalesView], at: datetime) -> BarChart:
    """Lay out the sales of a day by hour. at: the moment that they were measured."""
    largest = max((hour.net_minor for hour in hours), default=0)
    step = choose_step(largest)
    top = step * max(1, -(-largest // step))
    place = (WIDTH - _LEFT) / max(len(hours), _LEAST_HOURS)
    width = min(place * _BAR_SHARE, _WIDEST_BAR)
    bars = []
    for number, hour in enumerate(hours):
        middle = _LEFT + place * (number + 0.5)
        y = _find_y(hour.net_minor, top)
        bars.append(
            Bar(
                x=round(middle - width / 2, 1),
                y=y,
                width=round(width, 1),
                height=round(_BASE - y, 1),
                middle=round(middle, 1),
                hour=hour.hour,
                minor=hour.net_minor,
                is_running=hour.starts_at <= at < hour.starts_at + _AN_HOUR,
            )
        )
    return BarChart(
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        base=_BASE,
        lines=[Line(y=_find_y(minor, top), minor=minor) for minor in range(0, top + 1, step)],
        bars=bars,
    )


def choose_step(largest: int) -> int:
    """Return a round amount of which four at most reach to the largest one."""
    for power in count():
        for factor in (10, 20, 25, 50):
            step: int = factor * 10**power
            if step * _MOST_LINES >= largest:
                return step
    raise AssertionError("there is always a larger step")


def _find_y(minor: int, top: int) -> float:
    return round(_BASE - (_BASE - _TOP) * max(0, minor) / top, 1)
