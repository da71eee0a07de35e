"""Paired screens of a cafe: recognised by a secret, listed, changed, and turned away (spec D5).

A screen is signed in for as long as nobody takes its access back: its secret has no end, and is
renewed now and then. How one is let in is services/pairing.py.
"""

from datetime import datetime

import msgspec

from domain.commands import RevokeDevice, UpdateDevice
from domain.devices import RENEW_EVERY, RENEWAL_PATIENCE, SEEN_EVERY
from domain.errors import AuthenticationFailed, NotFound, UnprocessableInput
from domain.events import DeviceRevoked, DeviceUpdated
from domain.permissions import require
from domain.roles import DEVICE_ROLES, Identity, IdentityKind, Role
from domain.views.screens import DevicesView, DeviceView
from models.devices import DeviceCredential
from models.fields import from_optional_unix_ms, from_unix_ms
from models.rows import fetch_rows
from models.staff import SignIn
from models.tenancy import Device, Station
from services.access import count_access_change, recheck_identity
from services.unit_of_work import UnitOfWork

_SELECT = """
SELECT device.id, device.name, device.role, device.station_id, station.name, station.slug,
    device.address, device.browser, device.created_at, device.last_seen_at, device.diagonal_mm,
    device.distance_cm
FROM device
LEFT JOIN station ON station.id = device.station_id
WHERE device.cafe_id = ? AND device.revoked_at IS NULL
"""
_CREDENTIALS_QUERY = """
SELECT other.secret_hash, other.created_at, device.id, device.cafe_id, device.last_seen_at
FROM device_credential AS mine
JOIN device ON device.id = mine.device_id
JOIN device_credential AS other ON other.device_id = mine.device_id
WHERE mine.secret_hash = ?
ORDER BY other.created_at
"""


class DeviceState(msgspec.Struct, frozen=True, kw_only=True):
    """A screen that showed a secret.

    is_newest: there is none after it. needs_secret: it is time to give it a new one. is_due: what
    is kept about it is out of date.
    """

    identity: Identity
    is_newest: bool
    needs_secret: bool
    is_due: bool


class RenewDevice(msgspec.Struct, frozen=True, kw_only=True):
    """Note that a screen was there. secret_hash: what it showed; new_hash: what it gets."""

    secret_hash: str
    new_hash: str | None


class RenewedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """kept_hash: of the secret that the screen is to keep; None: another request has told it."""

    kept_hash: str | None


def make_device_identity(device_id: str, cafe_id: str, *, token_id: str | None = None) -> Identity:
    """Name a screen; what it may do is read from its row (services/access.py)."""
    return Identity(
        kind=IdentityKind.DEVICE,
        principal=f"device:{device_id}",
        cafe_id=cafe_id,
        roles=DEVICE_ROLES,
        device_id=device_id,
        token_id=token_id,
    )


def recognise_device(secret_hash: str, *, now: datetime) -> DeviceState:
    """Recognise a screen by the hash of its secret; for `runner.read`.

    Raises: AuthenticationFailed.
    """
    rows = fetch_rows(_CREDENTIALS_QUERY, (secret_hash,))
    if not rows:
        raise AuthenticationFailed("This screen is not paired. Pair it.", code="device_unpaired")
    _, _, device_id, cafe_id, seen_ms = rows[0]
    newest_hash, newest_ms = rows[-1][:2]
    newest_age = now - from_unix_ms(newest_ms)
    last_seen_at = from_optional_unix_ms(seen_ms)
    is_newest = newest_hash == secret_hash
    needs_secret = newest_age >= (RENEW_EVERY if is_newest else RENEWAL_PATIENCE)
    return DeviceState(
        identity=recheck_identity(make_device_identity(device_id, cafe_id), now=now),
        is_newest=is_newest,
        needs_secret=needs_secret,
        is_due=needs_secret
        or (is_newest and len(rows) > 1)
        or last_seen_at is None
        or now - last_seen_at >= SEEN_EVERY,
    )


def renew_device(unit: UnitOfWork, command: RenewDevice) -> RenewedDevice:
    """Note that a screen was there; a new secret that it uses ends the one before.

    A page asks for several things at once: the first gives it the new secret, the others leave it.
    """
    state = recognise_device(command.secret_hash, now=unit.now)
    device_id = state.identity.device_id
    assert device_id is not None
    Device.update(last_seen_at=unit.now).where(Device.id == device_id).execute()
    others = (DeviceCredential.device_id == device_id) & (
        DeviceCredential.secret_hash != command.secret_hash
    )
    if command.new_hash is None or not state.needs_secret:
        mine = DeviceCredential.get(DeviceCredential.secret_hash == command.secret_hash)
        DeviceCredential.delete().where(
            others, DeviceCredential.created_at < mine.created_at
        ).execute()
        return RenewedDevice(kept_hash=command.secret_hash if state.is_newest else None)
    # One that was made before was never used: its answer was lost.
    DeviceCredential.delete().where(others).execute()
    DeviceCredential.create(
        secret_hash=command.new_hash,
        cafe_id=unit.cafe_id,
        device_id=device_id,
        created_at=unit.now,
    )
    return RenewedDevice(kept_hash=command.new_hash)


def list_devices(cafe_id: str) -> DevicesView:
    """List the paired screens of a cafe by name; for `runner.read`."""
    rows = fetch_rows(f"{_SELECT} ORDER BY lower(device.name), device.id", (cafe_id,))
    return DevicesView(devices=[_build_view(*row) for row in rows])


def read_device(cafe_id: str, device_id: str) -> DeviceView:
    """Read one; for `runner.read` and units. Raises: NotFound, also where it was unpaired."""
    rows = fetch_rows(f"{_SELECT} AND device.id = ?", (cafe_id, device_id))
    if not rows:
        raise NotFound("There is no such screen.")
    return _build_view(*rows[0])


def update_device(unit: UnitOfWork, command: UpdateDevice) -> DeviceView:
    """Say what a screen shall be. Raises: NotFound; UnprocessableInput for a strange station."""
    require(unit.identity, "update_device")
    before = read_device(unit.cafe_id, command.device_id)
    check_station(unit.cafe_id, command.role, command.station_id)
    Device.update(
        name=command.name,
        role=Role(command.role),
        station_id=command.station_id,
        diagonal_mm=command.diagonal_mm or before.diagonal_mm,
        distance_cm=command.distance_cm or before.distance_cm,
    ).where(Device.id == command.device_id, Device.cafe_id == unit.cafe_id).execute()
    after = read_device(unit.cafe_id, command.device_id)
    if after == before:
        return after
    if (after.role, after.station_id) != (before.role, before.station_id):
        count_access_change(unit.cafe_id)
    unit.record(DeviceUpdated(device=after))
    unit.audit("device_updated", device_id=after.device_id, role=after.role.value)
    return after


def revoke_device(unit: UnitOfWork, command: RevokeDevice) -> DeviceView:
    """Take a screen's access back: its secrets, tokens and sockets stop. Raises: NotFound."""
    require(unit.identity, "revoke_device")
    device = read_device(unit.cafe_id, command.device_id)
    Device.update(revoked_at=unit.now).where(
        Device.id == command.device_id, Device.cafe_id == unit.cafe_id
    ).execute()
    DeviceCredential.delete().where(DeviceCredential.device_id == command.device_id).execute()
    # Whoever came to it by PIN is gone with it.
    SignIn.update(revoked_at=unit.now).where(
        SignIn.device_id == command.device_id, SignIn.revoked_at.is_null()
    ).execute()
    count_access_change(unit.cafe_id)
    unit.record(DeviceRevoked(device=device))
    unit.audit("device_revoked", device_id=device.device_id)
    return device


def check_station(cafe_id: str, role: str, station_id: str | None) -> None:
    """Raises: UnprocessableInput where a screen of this role cannot stand at this station."""
    if station_id is None:
        return
    if role != Role.KITCHEN:
        raise UnprocessableInput("Only a kitchen screen stands at a station. Leave it out.")
    is_there = (
        Station.select()
        .where(Station.id == station_id, Station.cafe_id == cafe_id, Station.archived_at.is_null())
        .exists()
    )
    if not is_there:
        raise UnprocessableInput("There is no such station. Choose one of the list.")


def _build_view(
    device_id: str,
    name: str,
    role: str,
    station_id: str | None,
    station_name: str | None,
    station_slug: str | None,
    address: str,
    browser: str,
    created_at: int,
    last_seen_at: int | None,
    diagonal_mm: int | None,
    distance_cm: int | None,
) -> DeviceView:
    return DeviceView(
        device_id=device_id,
        name=name,
        role=Role(role),
        station_id=station_id,
        station_name=station_name or "",
        station_slug=station_slug or "",
        address=address,
        browser=browser,
        created_at=from_unix_ms(created_at),
        last_seen_at=from_optional_unix_ms(last_seen_at),
        diagonal_mm=diagonal_mm,
        distance_cm=distance_cm,
    )
