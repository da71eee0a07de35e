"""How a screen is let in: it shows a code, somebody who may confirms it, it fetches its secret.

RFC 8628's shape. Until it is confirmed a pairing belongs to no cafe; whoever confirms it lets the
screen into their own. A code that has run out, was used or never existed is one and the same.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from domain.commands import PairDevice
from domain.devices import PAIRING_LIFE, PAIRINGS_PER_ADDRESS, POLL_INTERVAL, read_user_code
from domain.errors import NotFound, RateLimitExceeded
from domain.events import DevicePaired
from domain.permissions import require
from domain.roles import Role
from domain.views.screens import DeviceView
from models.devices import DeviceCredential, Pairing
from models.tenancy import Device
from services.devices import check_station, read_device
from services.unit_of_work import UnitOfWork


class PairingState(StrEnum):
    """What a screen that waits is told."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class OpenPairing(msgspec.Struct, frozen=True, kw_only=True):
    """Begin to wait. The secrets are the caller's; only a hash of the screen's is kept."""

    user_code: str
    poll_hash: str
    address: str
    browser: str


class ClaimPairing(msgspec.Struct, frozen=True, kw_only=True):
    """Ask whether the code was confirmed, and if so take the screen's secret.

    secret_hash: of the secret that it gets.
    """

    poll_hash: str
    secret_hash: str


class PairingView(msgspec.Struct, frozen=True, kw_only=True):
    """A screen that waits. address, browser: of the screen, for whoever confirms it."""

    user_code: str
    address: str
    browser: str
    expires_at: datetime


class ClaimedPairing(msgspec.Struct, frozen=True, kw_only=True):
    """device_id: None while nobody has confirmed."""

    state: PairingState
    device_id: str | None = None
    cafe_id: str | None = None


def open_pairing(unit: UnitOfWork, command: OpenPairing) -> PairingView:
    """Begin to wait. Raises: RateLimitExceeded where too many wait at one address."""
    waiting = (
        Pairing.select()
        .where(
            Pairing.address == command.address,
            Pairing.expires_at > unit.now,
            Pairing.device_id.is_null(),
        )
        .count()
    )
    if waiting >= PAIRINGS_PER_ADDRESS:
        raise RateLimitExceeded(
            "Too many screens are being paired here at once. Wait some minutes.",
            code="too_many_pairings",
            retry_after_s=60,
        )
    expires_at = unit.now + PAIRING_LIFE
    Pairing.create(
        id=unit.new_id(),
        user_code=command.user_code,
        poll_hash=command.poll_hash,
        address=command.address,
        browser=command.browser,
        created_at=unit.now,
        expires_at=expires_at,
    )
    return PairingView(
        user_code=command.user_code,
        address=command.address,
        browser=command.browser,
        expires_at=expires_at,
    )


def find_waiting(typed: str, *, now: datetime) -> PairingView:
    """Find the screen that shows a code; for `runner.read`. Raises: NotFound."""
    return _show(_find_by_code(typed, now=now))


def read_own_pairing(poll_hash: str, *, now: datetime) -> tuple[PairingState, PairingView | None]:
    """Say where a screen's own pairing stands; for `runner.read`."""
    row = _find_own(poll_hash, now=now)
    if row is None:
        return PairingState.ENDED, None
    state = PairingState.WAITING if row.device_id is None else PairingState.CONFIRMED
    return state, _show(row)


def pair_device(unit: UnitOfWork, command: PairDevice) -> DeviceView:
    """Let a screen into one's own cafe.

    Raises: NotFound for a code that nobody shows, UnprocessableInput for a strange station.
    """
    require(unit.identity, "pair_device")
    row = _find_by_code(command.user_code, now=unit.now)
    check_station(unit.cafe_id, command.role, command.station_id)
    device_id = unit.new_id()
    Device.create(
        id=device_id,
        cafe_id=unit.cafe_id,
        station_id=command.station_id,
        name=command.name,
        role=Role(command.role),
        address=row.address,
        browser=row.browser,
        created_at=unit.now,
        diagonal_mm=command.diagonal_mm,
        distance_cm=command.distance_cm,
    )
    taken = (
        Pairing.update(device_id=device_id)
        .where(Pairing.id == row.id, Pairing.device_id.is_null())
        .execute()
    )
    if not taken:  # somebody else was faster
        raise _no_such_code()
    device = read_device(unit.cafe_id, device_id)
    unit.record(DevicePaired(device=device))
    unit.audit("device_paired", device_id=device_id, role=command.role)
    return device


def claim_pairing(unit: UnitOfWork, command: ClaimPairing) -> ClaimedPairing:
    """Answer a screen that asks; once confirmed its secret is good from here on.

    Asked again, because the answer was lost, it is the same: the secret follows from the screen's
    own. That ends with the pairing, or once the screen was heard of with its secret.

    Raises: NotFound where the pairing is over, RateLimitExceeded `slow_down`.
    """
    row = _find_own(command.poll_hash, now=unit.now)
    if row is None:
        raise _ended()
    if row.device_id is None:
        if row.polled_at is not None and unit.now - row.polled_at < POLL_INTERVAL:
            raise RateLimitExceeded(
                "Ask less often.",
                code="slow_down",
                retry_after_s=int(POLL_INTERVAL.total_seconds()),
            )
        Pairing.update(polled_at=unit.now).where(Pairing.id == row.id).execute()
        return ClaimedPairing(state=PairingState.WAITING)
    device = Device.get_or_none(Device.id == row.device_id, Device.revoked_at.is_null())
    if device is None:
        raise _ended()
    if row.claimed_at is None:
        Pairing.update(claimed_at=unit.now).where(Pairing.id == row.id).execute()
        DeviceCredential.create(
            secret_hash=command.secret_hash,
            cafe_id=device.cafe_id,
            device_id=device.id,
            created_at=unit.now,
        )
    return ClaimedPairing(state=PairingState.CONFIRMED, device_id=device.id, cafe_id=device.cafe_id)


def _find_own(poll_hash: str, *, now: datetime) -> Pairing | None:
    """Find a screen's own pairing, unless it has run out or done what it was for."""
    row = Pairing.get_or_none(Pairing.poll_hash == poll_hash)
    if row is None or row.expires_at <= now:
        return None
    was_seen = (
        row.device_id is not None
        and Device.select()
        .where(Device.id == row.device_id, Device.last_seen_at.is_null(False))
        .exists()
    )
    return None if was_seen else row


def _ended() -> NotFound:
    return NotFound("This pairing is over. Begin anew.", code="pairing_ended")


def _find_by_code(typed: str, *, now: datetime) -> Pairing:
    code = read_user_code(typed)
    row = None if code is None else Pairing.get_or_none(Pairing.user_code == code)
    if row is None or row.expires_at <= now or row.device_id is not None:
        raise _no_such_code()
    return row


def _no_such_code() -> NotFound:
    return NotFound(
        "No screen shows this code now. Look at the screen again: codes change after ten minutes.",
        code="unknown_code",
    )


def _show(row: Pairing) -> PairingView:
    return PairingView(
        user_code=row.user_code,
        address=row.address,
        browser=row.browser,
        expires_at=row.expires_at,
    )
