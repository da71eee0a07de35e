"""Screens that were paired, changed or turned away: for management, and for the screen itself."""

from domain.events import DevicePaired, DeviceRevoked, DeviceUpdated
from domain.roles import Role
from domain.views.screens import DeviceView
from realtime.messages.envelope import Data, EventMessage


class DeviceData(Data, frozen=True, kw_only=True):
    """device: as it is now, or was when its access was taken back."""

    device_id: str
    name: str
    role: Role
    station_id: str | None = None
    device: DeviceView

    @property
    def view(self) -> DeviceView:
        return self.device


class DevicePairedMessage(EventMessage, frozen=True, kw_only=True, tag="device_paired"):
    data: DeviceData


class DeviceUpdatedMessage(EventMessage, frozen=True, kw_only=True, tag="device_updated"):
    data: DeviceData


class DeviceRevokedMessage(EventMessage, frozen=True, kw_only=True, tag="device_revoked"):
    data: DeviceData


def build_device(event: DevicePaired | DeviceUpdated | DeviceRevoked) -> DeviceData:
    """Say which screen, and what it is."""
    device = event.device
    return DeviceData(
        device_id=device.device_id,
        name=device.name,
        role=device.role,
        station_id=device.station_id,
        device=device,
    )
