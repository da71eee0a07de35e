"""When a station's tickets move to its partner and back, and where they may be moved to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from domain.errors import Conflict, NotFound, UnprocessableInput
from domain.failover import (
    RETURN_AFTER,
    Turn,
    WatchedScreen,
    WatchedStation,
    judge_station,
    plan_move,
)
from domain.screens import ScreenState

NOW = datetime(2026, 11, 26, 12, 31, tzinfo=UTC)


def seconds_ago(seconds: float) -> datetime:
    """Return a moment before now."""
    return NOW - timedelta(seconds=seconds)


def make_screen(state: ScreenState, *, since_s: float = 300, seen_s: float = 0) -> WatchedScreen:
    """Make a screen that was visible from `since_s` to `seen_s` ago."""
    return WatchedScreen(
        state=state, visible_since=seconds_ago(since_s), visible_at=seconds_ago(seen_s)
    )


ALIVE = make_screen(ScreenState.ALIVE)
DEAD = make_screen(ScreenState.SILENT, seen_s=31)


def make_stations(**changes: Any) -> dict[str, WatchedStation]:
    """Make a bar whose screen went dark 31 s ago, a kitchen that is awake, and a dark cold one."""
    bar = WatchedStation(
        station_id="bar",
        name="Bar",
        partner_id="kitchen",
        patience=timedelta(seconds=30),
        waiting_since=seconds_ago(5),
        screens=[DEAD],
    )
    kitchen = WatchedStation(station_id="kitchen", name="Kitchen", screens=[ALIVE])
    cold = WatchedStation(station_id="cold", name="Cold")
    bar = msgspec.structs.replace(bar, **changes)
    return {each.station_id: each for each in (bar, kitchen, cold)}


def judge_bar(**changes: Any) -> Turn | None:
    """Say what the clock does with the bar's tickets."""
    stations = make_stations(**changes)
    return judge_station(stations["bar"], stations, now=NOW)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Turn.MOVE),
        ({"screens": [make_screen(ScreenState.ASLEEP, seen_s=30)]}, Turn.MOVE),
        ({"screens": [make_screen(ScreenState.SILENT, seen_s=29)]}, None),
        ({"screens": [DEAD, make_screen(ScreenState.MUTED)]}, None),
        ({"screens": []}, None),
        ({"screens": [], "waiting_since": seconds_ago(30)}, Turn.MOVE),
        ({"waiting_since": None}, None),
        ({"patience": None}, None),
        ({"partner_id": None}, None),
        ({"partner_id": "cold"}, None),
    ],
)
def test_tickets_move_when_nobody_has_seen_them_for_long_enough(changes, expected):
    """Dark, with work, and a partner that is awake; where nothing is known, from the work on."""
    assert judge_bar(**changes) is expected


def test_tickets_do_not_follow_a_partner_that_is_shown_elsewhere():
    """The cold station's screens show the kitchen's tickets, and not the bar's."""
    stations = make_stations()
    stations["kitchen"] = msgspec.structs.replace(stations["kitchen"], shown_at_id="cold")

    assert judge_station(stations["bar"], stations, now=NOW) is None


@pytest.mark.parametrize(
    ("since_s", "state", "returns_by_itself", "expected"),
    [
        (RETURN_AFTER.total_seconds(), ScreenState.ALIVE, True, Turn.RETURN),
        (RETURN_AFTER.total_seconds(), ScreenState.MUTED, True, Turn.RETURN),
        (RETURN_AFTER.total_seconds() - 1, ScreenState.ALIVE, True, None),
        (300, ScreenState.ASLEEP, True, None),
        (300, ScreenState.SILENT, True, None),
        (300, ScreenState.ALIVE, False, None),
    ],
)
def test_tickets_return_when_their_screen_stays_awake(since_s, state, returns_by_itself, expected):
    """Not at its first blink, and not where somebody moved them although it was awake."""
    turn = judge_bar(
        shown_at_id="kitchen",
        returns_by_itself=returns_by_itself,
        screens=[make_screen(state, since_s=since_s)],
    )

    assert turn is expected


def test_what_a_station_shows_for_others_goes_with_it():
    """The bar's tickets are at the kitchen; when that goes to the cold station, both do."""
    stations = make_stations(shown_at_id="kitchen")

    going = plan_move("kitchen", "cold", stations)

    assert [station.station_id for station in going] == ["kitchen", "bar"]


@pytest.mark.parametrize(
    ("station_id", "to_station_id", "error"),
    [
        ("bar", "bar", UnprocessableInput),
        ("bar", "kitchen", Conflict),
        ("kitchen", "bar", Conflict),
        ("bar", "nowhere", NotFound),
        ("nowhere", "bar", NotFound),
    ],
)
def test_a_move_that_makes_no_sense_is_refused(station_id, to_station_id, error):
    """To itself, to where they are, in a circle, from or to nowhere."""
    with pytest.raises(error):
        plan_move(station_id, to_station_id, make_stations(shown_at_id="kitchen"))
