"""How the screens of each station are, as the counter and management get it (spec G5)."""

from datetime import datetime
from typing import Any

from domain.views.screens import KitchenScreensView, StationScreensView
from realtime.messages.envelope import Data, EphemeralMessage


class StationScreensData(Data, frozen=True, kw_only=True):
    """stations: all of the kitchen, in its order; one without screens is shown nowhere."""

    stations: list[StationScreensView]
    at: datetime

    @property
    def view(self) -> Any:
        return KitchenScreensView(stations=self.stations, at=self.at)


class StationScreensMessage(EphemeralMessage, frozen=True, kw_only=True, tag="station_screens"):
    """A screen of the kitchen woke up, fell asleep, lost its sound or vanished."""

    data: StationScreensData


def build_station_screens(view: KitchenScreensView) -> StationScreensData:
    """Make the message's data of a view."""
    return StationScreensData(stations=view.stations, at=view.at)
