"""How long an order will take, as a range, from the work that the kitchen has (domain page 6.4).

Each station works off the rounds that it was given in their order, some side by side; a round's
lines are made together, so it takes as long as its longest. What a line takes is what it took
lately, where that was seen often enough (`PrepTime`: half of them, four of five); otherwise what
the menu says. Nobody is promised a thing before what was promised to those who wait already: where
the kitchen is late, everybody behind is at least as late.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from domain.statuses import WaitReason

# Of what a menu says, how much more four of five times need.
_SET_SPREAD = 1.5
# What is to be made takes this long at least, however long ago it was begun.
_LEAST_S = 30.0
_FEWEST_SEEN = 20
# Rounds that a station has in hand at once. One after the other, a full wall came to hours.
_SIDE_BY_SIDE = 4
# A queue is worth a word from a minute on.
_NOTABLE_S = 60.0


class PrepTime(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that a line takes: half of all times, and four of five. seen: of how many."""

    p50_s: float
    p80_s: float
    seen: int = 0


class OpenLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that a station has to make. promised_at: when their order was to be ready."""

    order_id: str
    round_number: int
    station_id: str
    menu_item_id: str
    prep_s: int
    fired_at: datetime
    started_at: datetime | None
    promised_at: datetime | None


class WantedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that nobody has ordered yet."""

    station_id: str
    menu_item_id: str
    prep_s: int


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds from now, in which about half and about four of five are ready."""

    low_s: float
    high_s: float
    reason: WaitReason

    @property
    def minutes(self) -> tuple[int, int]:
        """The range in whole minutes for people: never nothing, never one figure twice."""
        low = max(1, int(self.low_s // 60))
        return low, max(low + 1, int(-(-self.high_s // 60)))


Learned = Mapping[str, PrepTime]  # menu item id -> what it took lately


def learn_prep_times(seen: Iterable[tuple[str, float]]) -> Learned:
    """Learn from (menu item id, seconds of one line); what was seen too seldom teaches nothing."""
    by_item: dict[str, list[float]] = {}
    for menu_item_id, seconds in seen:
        by_item.setdefault(menu_item_id, []).append(seconds)
    return {
        menu_item_id: PrepTime(
            p50_s=_find_percentile(times, 50), p80_s=_find_percentile(times, 80), seen=len(times)
        )
        for menu_item_id, times in by_item.items()
        if len(times) >= _FEWEST_SEEN
    }


def estimate_order(
    order_id: str, lines: Sequence[OpenLine], learned: Learned, *, now: datetime
) -> Estimate | None:
    """Estimate an order that the kitchen has; None when it has nothing of it to make."""
    own = [line for line in lines if line.order_id == order_id]
    estimates = []
    for station_id, last_at in _find_last(own).items():
        here = [line for line in lines if line.station_id == station_id]
        # Fired in one moment: in the order of their ids, as in domain/queue.py.
        place = last_at, order_id
        ahead = [
            line
            for line in here
            if line.order_id != order_id and (line.fired_at, line.order_id) < place
        ]
        mine = [line for line in here if line.order_id == order_id]
        estimates.append(_estimate(ahead, _longest(mine, learned, now), learned, now))
    return _join(estimates)


def estimate_wanted(
    wanted: Sequence[WantedLine], lines: Sequence[OpenLine], learned: Learned, *, now: datetime
) -> Estimate | None:
    """Estimate what would be ordered now; None for nothing."""
    estimates = []
    for station_id in dict.fromkeys(line.station_id for line in wanted):
        ahead = [line for line in lines if line.station_id == station_id]
        times = [
            _find_times(line.menu_item_id, line.prep_s, learned)
            for line in wanted
            if line.station_id == station_id
        ]
        own = max(low for low, _ in times), max(high for _, high in times)
        estimates.append(_estimate(ahead, own, learned, now))
    return _join(estimates)


def measure_load(lines: Sequence[OpenLine], learned: Learned, *, now: datetime) -> float:
    """Return the seconds of work in front of a station, half of all times.

    However late it is: one ticket that was forgotten is not too much to do.
    """
    return _measure_work(lines, learned, now)[0]


def _estimate(
    ahead: Sequence[OpenLine], own: tuple[float, float], learned: Learned, now: datetime
) -> Estimate:
    """Add what is before it. own: seconds of what is to be made itself."""
    before_low_s, before_high_s = _measure_work(ahead, learned, now)
    promises = [
        (line.promised_at - now).total_seconds() for line in ahead if line.promised_at is not None
    ]
    oldest_s = min(promises, default=0.0)
    late_s = max(0.0, -oldest_s)
    reason = WaitReason.NONE
    if late_s:
        reason = WaitReason.LATE
    elif before_low_s >= _NOTABLE_S:
        reason = WaitReason.QUEUE
    return Estimate(
        low_s=max(own[0] + max(before_low_s, late_s), oldest_s),
        high_s=max(own[1] + max(before_high_s, late_s), oldest_s),
        reason=reason,
    )


def _measure_work(
    lines: Sequence[OpenLine], learned: Learned, now: datetime
) -> tuple[float, float]:
    """Return the seconds until a station would begin with what it is given next."""
    rounds: dict[tuple[str, int], list[OpenLine]] = {}
    for line in lines:
        rounds.setdefault((line.order_id, line.round_number), []).append(line)
    times = [_longest(each, learned, now) for each in rounds.values()]
    return (
        sum(low for low, _ in times) / _SIDE_BY_SIDE,
        sum(high for _, high in times) / _SIDE_BY_SIDE,
    )


def _join(estimates: Sequence[Estimate]) -> Estimate | None:
    """Of several stations the slowest says when all is there, and why."""
    if not estimates:
        return None
    slowest = max(estimates, key=lambda each: each.high_s)
    return Estimate(
        low_s=max(each.low_s for each in estimates), high_s=slowest.high_s, reason=slowest.reason
    )


def _find_last(own: Sequence[OpenLine]) -> dict[str, datetime]:
    """Find when each station got the last of what it has to make of an order."""
    last: dict[str, datetime] = {}
    for line in own:
        last[line.station_id] = max(last.get(line.station_id, line.fired_at), line.fired_at)
    return last


def _longest(lines: Sequence[OpenLine], learned: Learned, now: datetime) -> tuple[float, float]:
    times = [_find_remaining(line, learned, now) for line in lines]
    return max(low for low, _ in times), max(high for _, high in times)


def _find_remaining(line: OpenLine, learned: Learned, now: datetime) -> tuple[float, float]:
    low_s, high_s = _find_times(line.menu_item_id, line.prep_s, learned)
    begun_s = 0.0 if line.started_at is None else (now - line.started_at).total_seconds()
    return max(_LEAST_S, low_s - begun_s), max(_LEAST_S, high_s - begun_s)


def _find_times(menu_item_id: str, prep_s: int, learned: Learned) -> tuple[float, float]:
    time = learned.get(menu_item_id) or PrepTime(p50_s=prep_s, p80_s=_SET_SPREAD * prep_s)
    return time.p50_s, time.p80_s


def _find_percentile(times: Sequence[float], percent: int) -> float:
    """Return the smallest time that so many percent of all do not exceed."""
    ranked = sorted(times)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]
