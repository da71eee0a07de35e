"""Paired screens, and how well each station is shown."""

from datetime import datetime

from domain.displays import compute_item_px
from domain.roles import Role
from domain.screens import ScreenState
from domain.views.base import View
from domain.views.kitchen import StationMoveView


class DeviceView(View):
    """A paired screen. station_id: None shows all stations. address, browser: where it was paired
    from; last_seen_at: to the hour. diagonal_mm, distance_cm: None where nobody has said."""

    device_id: str
    name: str
    role: Role
    station_id: str | None
    station_name: str
    station_slug: str
    address: str
    browser: str
    created_at: datetime
    last_seen_at: datetime | None
    diagonal_mm: int | None = None
    distance_cm: int | None = None

    @property
    def item_px(self) -> int | None:
        """How large a ticket's lines are to be on it; None where nobody has said how it hangs."""
        if self.diagonal_mm is None or self.distance_cm is None:
            return None
        return compute_item_px(diagonal_mm=self.diagonal_mm, distance_cm=self.distance_cm)


class DevicesView(View):
    """By name."""

    devices: list[DeviceView]


class StationScreenView(View):
    """A screen that shows a station's tickets. name: of a paired one, else "" (a page)."""

    key: str
    name: str
    state: ScreenState


class StationScreensView(View):
    """A station and its screens; none at all is worse than a silent one.

    move: where its tickets are shown beside them. partner_id, patience_s: see FailoverView.
    """

    station_id: str
    station_name: str
    screens: list[StationScreenView]
    move: StationMoveView | None = None
    partner_id: str | None = None
    patience_s: int | None = None

    @property
    def best(self) -> ScreenState | None:
        """How well its tickets are shown: as the best of its screens does; None without any."""
        return min(
            (screen.state for screen in self.screens), key=list(ScreenState).index, default=None
        )

    @property
    def is_shown(self) -> bool:
        """Whether somebody who stands there sees its tickets."""
        return self.best in (ScreenState.ALIVE, ScreenState.MUTED)

    @property
    def is_fine(self) -> bool:
        """Whether each of its screens does all that it should, and there is one."""
        return bool(self.screens) and all(
            screen.state is ScreenState.ALIVE for screen in self.screens
        )


class KitchenScreensView(View):
    """How the screens of all stations are at a moment, in the stations' order."""

    stations: list[StationScreensView]
    at: datetime

    def list_concerns(self) -> list[StationScreensView]:
        """List the stations that are not as they should be."""
        return [each for each in self.stations if not each.is_fine or each.move is not None]

    def is_dark(self, station: StationScreensView) -> bool:
        """Say whether nobody sees a station's tickets, neither there nor elsewhere."""
        if station.is_shown:
            return False
        move = station.move
        return move is None or not any(
            each.is_shown for each in self.stations if each.station_id == move.shown_at_station_id
        )

    def list_targets(self, station: StationScreensView) -> list[StationScreensView]:
        """List where a station's tickets can be shown now, its partner first."""
        found = [
            each
            for each in self.stations
            if each.is_shown and each.move is None and each.station_id != station.station_id
        ]
        return sorted(found, key=lambda each: each.station_id != station.partner_id)

    def says_the_same(self, other: "KitchenScreensView") -> bool:
        """Say whether nobody would see a difference."""
        return self.stations == other.stations
