"""Screens at the door: let in by a code, then recognised by a secret that renews itself (spec D5).

`ScreenAccess` is what handlers use. It keeps nothing in memory; rows are in services/pairing.py and
services/devices.py.
"""

import secrets
from collections.abc import Callable
from datetime import datetime

import msgspec

from domain.devices import describe_browser, make_user_code
from domain.errors import OperationTimeout, Overloaded, StorageUnavailable
from domain.roles import Identity
from services.devices import DeviceState, RenewDevice, RenewedDevice, recognise_device, renew_device
from services.opaque_secrets import hash_secret, make_secret
from services.pairing import (
    ClaimedPairing,
    ClaimPairing,
    OpenPairing,
    PairingState,
    PairingView,
    claim_pairing,
    open_pairing,
    read_own_pairing,
)
from services.runner import Runner


class NewPairing(msgspec.Struct, frozen=True, kw_only=True):
    """A screen that begins to wait. secret: what it asks with."""

    secret: str
    pairing: PairingView


class PairedScreen(msgspec.Struct, frozen=True, kw_only=True):
    """A screen that was let in. secret: what it is recognised by, never stored."""

    secret: str
    cafe_id: str
    device_id: str


class ScreenAccess:
    """Pairing and recognising of screens. derive: see `config.secrets.Secrets.derive`."""

    def __init__(
        self,
        runner: Runner,
        *,
        derive: Callable[[str, str], bytes],
        now: Callable[[], datetime],
    ) -> None:
        self._runner = runner
        self._derive = derive
        self._now = now

    async def begin_pairing(self, *, address: str, user_agent: str) -> NewPairing:
        """Let a screen wait for somebody who lets it in. Raises: RateLimitExceeded."""
        secret = make_secret()
        command = OpenPairing(
            user_code=make_user_code(secrets.randbelow),
            poll_hash=hash_secret(secret),
            address=address,
            browser=describe_browser(user_agent),
        )
        outcome = await self._runner.write(open_pairing, command, command_type="open_pairing")
        return NewPairing(
            secret=secret, pairing=msgspec.json.decode(outcome.body, type=PairingView)
        )

    async def read_pairing(self, secret: str) -> tuple[PairingState, PairingView | None]:
        """Say where a screen's own pairing stands."""
        return await self._runner.read(read_own_pairing, hash_secret(secret), now=self._now())

    async def claim_pairing(self, secret: str) -> PairedScreen | None:
        """Give a confirmed screen its secret; None while nobody has confirmed.

        It is the same one until the screen was heard of with it: an answer may be lost.

        Raises: NotFound where the pairing is over, RateLimitExceeded for asking too often.
        """
        own = self._derive("screen", secret).hex()
        command = ClaimPairing(poll_hash=hash_secret(secret), secret_hash=hash_secret(own))
        outcome = await self._runner.write(claim_pairing, command, command_type="claim_pairing")
        claimed = msgspec.json.decode(outcome.body, type=ClaimedPairing)
        if claimed.device_id is None or claimed.cafe_id is None:
            return None
        return PairedScreen(secret=own, cafe_id=claimed.cafe_id, device_id=claimed.device_id)

    async def identify(
        self, secret: str, *, on_renewed: Callable[[str], None] = lambda _: None
    ) -> Identity:
        """Recognise a paired screen by its secret. Raises: AuthenticationFailed.

        on_renewed: told of the secret that it is to keep from now on, now and then.
        """
        secret_hash = hash_secret(secret)
        state = await self._runner.read(recognise_device, secret_hash, now=self._now())
        if state.is_due:
            await self._renew(state, secret, on_renewed)
        return state.identity

    async def _renew(
        self, state: DeviceState, secret: str, on_renewed: Callable[[str], None]
    ) -> None:
        new_secret = make_secret() if state.needs_secret else None
        command = RenewDevice(
            secret_hash=hash_secret(secret),
            new_hash=None if new_secret is None else hash_secret(new_secret),
        )
        try:
            outcome = await self._runner.write(
                renew_device, command, identity=state.identity, command_type="renew_device"
            )
        except (Overloaded, StorageUnavailable, OperationTimeout):
            return  # the next request will do
        renewed = msgspec.json.decode(outcome.body, type=RenewedDevice)
        if new_secret is not None and renewed.kept_hash == command.new_hash:
            on_renewed(new_secret)
        elif renewed.kept_hash == command.secret_hash:
            on_renewed(secret)
