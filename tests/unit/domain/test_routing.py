"""Where a dish goes, and what is wrong with the way there."""

import msgspec
import pytest

from domain.routing import RouteFault, find_route
from domain.screens import ScreenState
from domain.views.screens import KitchenScreensView, StationScreensView, StationScreenView
from tests.support.made_views import NOON, STATION, make_id, make_move

COLD = make_id(31)


def make_kitchen(*screens: tuple[str, ScreenState], is_moved: bool = False) -> KitchenScreensView:
    """Make a bar with these screens, and a cold station with a wall that is awake."""
    bar = StationScreensView(
        station_id=STATION,
        station_name="Bar",
        screens=[
            StationScreenView(key=str(number), name=name, state=state)
            for number, (name, state) in enumerate(screens)
        ],
        move=make_move() if is_moved else None,
    )
    wall = StationScreenView(key="wall", name="Cold wall", state=ScreenState.ALIVE)
    cold = StationScreensView(station_id=COLD, station_name="Cold", screens=[wall])
    return KitchenScreensView(stations=[bar, cold], at=NOON)


@pytest.mark.parametrize(
    ("screens", "names", "fault"),
    [
        ([("Wall", ScreenState.ALIVE)], ["Wall"], None),
        ([("Wall", ScreenState.MUTED), ("Old", ScreenState.SILENT)], ["Wall"], None),
        ([("Wall", ScreenState.ASLEEP)], [], RouteFault.DARK),
        ([("Wall", ScreenState.SILENT), ("", ScreenState.ALIVE)], [], RouteFault.UNPAIRED),
        ([], [], RouteFault.NO_SCREEN),
    ],
)
def test_a_way_needs_a_paired_screen_that_is_awake(screens, names, fault):
    """A page that somebody opened shows it as well, until they close it."""
    route = find_route(make_kitchen(*screens), STATION)

    assert (route.screens, route.fault) == (names, fault)
    assert route.is_seen is (fault in (None, RouteFault.UNPAIRED))


def test_moved_tickets_are_seen_where_they_are_shown():
    """The bar is dark, the cold station's wall shows its tickets."""
    route = find_route(make_kitchen(is_moved=True), STATION)

    assert msgspec.to_builtins(route) == {
        "station_name": "Bar",
        "screens": ["Cold wall"],
        "moved_to": "Cold",
        "fault": None,
    }


def test_a_station_that_is_no_longer_in_use_leads_nowhere():
    """Its dishes have to go to another one."""
    assert find_route(make_kitchen(), make_id(99)).fault is RouteFault.NO_STATION
