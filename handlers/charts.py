"""Where the bars of a chart stand: geometry alone, for templates that draw SVG.

A chart is drawn on a fixed ground (its viewBox) and scales as a whole; words and colours belong
to the template and its style sheet.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

import msgspec

from domain.analytics import HourSalesView

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
