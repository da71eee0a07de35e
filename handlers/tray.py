"""What somebody must know, as a page's bar shows it."""

import msgspec

from domain.roles import Identity
from domain.views import NotificationView
from services.notifications import read_tray


class Tray(msgspec.Struct, frozen=True, kw_only=True):
    """person_id: who works here; a notice that they have read is not shown to them."""

    person_id: str
    notifications: list[NotificationView]


def build_tray(identity: Identity) -> Tray:
    """Read somebody's tray, in the snapshot of their page; for `runner.read`."""
    return Tray(person_id=identity.reader_id or "", notifications=read_tray(identity))
