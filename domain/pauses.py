"""Busy mode: for how long guests' orders of a station are paused, and of which dishes.

By hand a pause lasts as long as somebody said. By load it begins at so much work in front of a
station as its cafe has set (domain/estimates.py measures it): first for the dishes that take long
themselves, and beyond half as much again for all. It ends well below where it began, so that one
bump does not end it and the next order begin it again. Who orders at the till is never paused.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from domain.statuses import PauseCause
from domain.views.availability import StationPauseView

# What a cook can say without thinking; None is until somebody opens again.
SPANS_MINUTES: tuple[int | None, ...] = (10, 20, 30, None)
# Nobody opens a menu again and again to be told something else each time.
LEAST = timedelta(minutes=3)
LONGEST_EXPECTED = timedelta(minutes=60)
# Somebody in the house has just said that it can be made: that holds for so long.
REST = timedelta(minutes=10)
# An expected end is told anew before it comes, so that nothing opens for a moment.
_TOLD_AHEAD = timedelta(seconds=30)
# Beyond so many times its limit a station makes nothing for guests, however fast.
_ALL_FROM = 1.5
# Of what a pause began at, how much is left when it ends.
_ENDS_AT = 0.7
_STEP_S = 300


class OpenPause(msgspec.Struct, frozen=True, kw_only=True):
    """A pause that holds. until, from_prep_s: see domain.views.availability.StationPauseView."""

    cause: PauseCause
    since: datetime
    until: datetime | None
    from_prep_s: int


class PausableStation(msgspec.Struct, frozen=True, kw_only=True):
    """A station as busy mode sees it. load_s: seconds of work in front. prep_s: of its dishes.

    rests_until: a pause was ended by hand, and until then none begins by itself.
    """

    load_s: float
    limit_minutes: int | None
    prep_s: Sequence[int]
    pause: OpenPause | None
    rests_until: datetime | None = None


class PauseTurn(msgspec.Struct, frozen=True, kw_only=True):
    """What the clock does. is_paused: a pause begins, or goes on in another way; else it ends.

    until, from_prep_s: of a pause that begins or goes on.
    """

    cause: PauseCause
    is_paused: bool
    until: datetime | None = None
    from_prep_s: int = 0


def is_over(pause: OpenPause | StationPauseView, now: datetime) -> bool:
    """Say whether a pause has come to the end that was said of it."""
    return pause.until is not None and pause.until <= now


def judge_pause(station: PausableStation, *, now: datetime) -> PauseTurn | None:
    """Say what the clock does with a station; None for nothing."""
    pause = station.pause
    if pause is not None and pause.cause is PauseCause.BY_HAND:
        return PauseTurn(cause=PauseCause.TIME, is_paused=False) if is_over(pause, now) else None
    if pause is None and station.rests_until is not None and now < station.rests_until:
        return None
    wanted = _find_wanted(station, pause, now)
    if wanted is None:
        return None if pause is None else PauseTurn(cause=PauseCause.LOAD, is_paused=False)
    if pause is not None and pause.from_prep_s == wanted and not is_over(pause, now + _TOLD_AHEAD):
        return None
    return PauseTurn(
        cause=PauseCause.LOAD,
        is_paused=True,
        until=_expect_end(station, now),
        from_prep_s=wanted,
    )


def group_pauses(pauses: Sequence[StationPauseView]) -> list[list[StationPauseView]]:
    """Put together what was paused in one go: people say it, and open it, as one thing."""
    groups: dict[tuple[object, ...], list[StationPauseView]] = {}
    for each in pauses:
        key = (each.cause, each.since, each.until, each.from_prep_s, each.reason)
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def find_long(prep_s: Sequence[int]) -> int:
    """Return from how many seconds on a station's dish takes long: as its usual one, or longer.

    Where nothing takes less than the usual one, what takes more; where all take the same, all.
    """
    ordered = sorted(prep_s)
    if not ordered:
        return 0
    usual = ordered[len(ordered) // 2]
    if ordered[0] < usual:
        return usual
    return next((each for each in ordered if each > usual), usual)


def _find_wanted(station: PausableStation, pause: OpenPause | None, now: datetime) -> int | None:
    """Return from how many seconds on dishes are to be paused; None for no pause."""
    if station.limit_minutes is None or not station.prep_s:
        return None
    limit_s = 60 * station.limit_minutes
    long_from = find_long(station.prep_s)
    is_held = pause is not None and now < pause.since + LEAST
    for from_prep_s, begins_s in ((0, _ALL_FROM * limit_s), (long_from, 1.0 * limit_s)):
        is_so = pause is not None and pause.from_prep_s <= from_prep_s
        if station.load_s >= begins_s or (is_so and station.load_s > _ENDS_AT * begins_s):
            return from_prep_s
    return pause.from_prep_s if pause is not None and is_held else None


def _expect_end(station: PausableStation, now: datetime) -> datetime:
    """Return about when a pause by load ends if guests order nothing: work goes as time does.

    Whole five minutes of the clock: nobody knows it better.
    """
    assert station.limit_minutes is not None
    left = timedelta(seconds=station.load_s - _ENDS_AT * 60 * station.limit_minutes)
    at = now + min(max(left, LEAST), LONGEST_EXPECTED)
    return datetime.fromtimestamp(-(-at.timestamp() // _STEP_S) * _STEP_S, UTC)
