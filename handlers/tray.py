"""What somebody must know, as a page's bar shows it."""

from datetime import datetime

import msgspec

from domain.pauses import group_pauses
from domain.roles import Identity
from domain.views.availability import StationPauseView
from domain.views.notifications import NotificationView
from domain.views.screens import KitchenScreensView
from services.notifications import read_tray
from services.pauses import list_pauses
from services.station_screens import read_kitchen_screens


class Tray(msgspec.Struct, frozen=True, kw_only=True):
    """person_id: who works here; a notice that they have read is not shown to them.

    pauses: what guests cannot order for a while.
    """

    person_id: str
    notifications: list[NotificationView]
    pauses: list[StationPauseView]

    def list_pauses(self, station_id: str | None = None) -> list[list[StationPauseView]]:
        """List what was paused, by what was paused together. station_id: of one station alone."""
        return group_pauses([each for each in self.pauses if station_id in (None, each.station_id)])


class TillTray(Tray, frozen=True, kw_only=True):
    """screens: of the kitchen, since who takes orders wants to know that they are seen."""

    screens: KitchenScreensView


def build_tray(identity: Identity, *, now: datetime) -> Tray:
    """Read somebody's tray, in the snapshot of their page; for `runner.read`."""
    return Tray(
        person_id=identity.reader_id or "",
        notifications=read_tray(identity),
        pauses=list_pauses(identity.cafe_id, now=now),
    )


def build_till_tray(identity: Identity, *, now: datetime) -> TillTray:
    """Read the same for a page of the till."""
    return TillTray(
        person_id=identity.reader_id or "",
        notifications=read_tray(identity),
        pauses=list_pauses(identity.cafe_id, now=now),
        screens=read_kitchen_screens(identity.cafe_id, now=now),
    )
