"""What somebody must know, as a page's bar shows it."""

from datetime import datetime

import msgspec

from domain.roles import Identity
from domain.views import KitchenScreensView, NotificationView
from services.notifications import read_tray
from services.station_screens import read_kitchen_screens


class Tray(msgspec.Struct, frozen=True, kw_only=True):
    """person_id: who works here; a notice that they have read is not shown to them."""

    person_id: str
    notifications: list[NotificationView]


class TillTray(Tray, frozen=True, kw_only=True):
    """screens: of the kitchen, since who takes orders wants to know that they are seen."""

    screens: KitchenScreensView


def build_tray(identity: Identity) -> Tray:
    """Read somebody's tray, in the snapshot of their page; for `runner.read`."""
    return Tray(person_id=identity.reader_id or "", notifications=read_tray(identity))


def build_till_tray(identity: Identity, *, now: datetime) -> TillTray:
    """Read the same for a page of the till."""
    return TillTray(
        person_id=identity.reader_id or "",
        notifications=read_tray(identity),
        screens=read_kitchen_screens(identity.cafe_id, now=now),
    )
