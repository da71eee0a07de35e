"""Where what is ordered is seen: the station that makes a dish, and the screens that show it."""

from enum import StrEnum

import msgspec

from domain.screens import ScreenState
from domain.views.screens import KitchenScreensView

_SHOWS = frozenset({ScreenState.ALIVE, ScreenState.MUTED})


class RouteFault(StrEnum):
    """What is wrong with a way to the kitchen, worst first.

    no_station: it is not in use any more. no_screen: none was ever opened for it. dark: none shows
    anything now. unpaired: only pages that somebody opened do, and closes again.
    """

    NO_STATION = "no_station"
    NO_SCREEN = "no_screen"
    DARK = "dark"
    UNPAIRED = "unpaired"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Where a station's tickets are seen now. screens: names of paired ones that show them.

    moved_to: the other station whose screens show them too, "" for none.
    """

    station_name: str
    screens: list[str]
    moved_to: str = ""
    fault: RouteFault | None = None

    @property
    def is_seen(self) -> bool:
        """Whether somebody sees what is ordered."""
        return self.fault in (None, RouteFault.UNPAIRED)


def find_route(kitchen: KitchenScreensView, station_id: str) -> Route:
    """Find where a station's tickets are seen."""
    stations = {each.station_id: each for each in kitchen.stations}
    station = stations.get(station_id)
    if station is None:
        return Route(station_name="no station", screens=[], fault=RouteFault.NO_STATION)
    shown = [screen for screen in station.screens if screen.state in _SHOWS]
    all_screens, moved_to = list(station.screens), ""
    if station.move is not None:
        target = stations.get(station.move.shown_at_station_id)
        moved_to = station.move.shown_at_station_name
        if target is not None:
            all_screens += target.screens
            shown += [screen for screen in target.screens if screen.state in _SHOWS]
    names = [screen.name for screen in shown if screen.name]
    if names:
        fault = None
    elif shown:
        fault = RouteFault.UNPAIRED
    else:
        fault = RouteFault.DARK if all_screens else RouteFault.NO_SCREEN
    return Route(
        station_name=station.station_name,
        screens=list(dict.fromkeys(names)),
        moved_to=moved_to,
        fault=fault,
    )
