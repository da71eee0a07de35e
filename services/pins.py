"""PINs: who works at a paired screen now, said with a few digits (spec D4).

`PinAccess` is what handlers use. A PIN is worth something only beside the secret of a screen; what
is kept is argon2id over the PIN and a pepper that no database holds. Wrong ones in a row are rows,
so that a restart or another process forgives nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil

import msgspec

from domain.commands import GiveConsent, SetPin, SignInByPin
from domain.errors import AuthenticationFailed, TableTapError, UnprocessableInput
from domain.pins import STAY, find_pin_fault, find_wait
from domain.roles import MANAGEMENT, PERSON_ROLES, Identity, Role
from domain.views.base import View
from models.fields import from_unix_ms, to_unix_ms
from models.rows import fetch_rows
from models.staff import PinFailure
from services.authentication import Authentication, Client, SignedIn
from services.consents import ConsentView, keep_consent
from services.passwords import Passwords
from services.runner import Runner
from services.sign_in_limits import TooManyAttempts
from services.unit_of_work import UnitOfWork

_PURPOSE = "pin"
_PEOPLE_QUERY = """
SELECT person.id, personal_data.name
FROM person_pin
JOIN person ON person.id = person_pin.person_id AND person.disabled_at IS NULL
JOIN personal_data ON personal_data.id = person.personal_data_id
WHERE person_pin.cafe_id = ? AND EXISTS (
    SELECT 1 FROM membership
    WHERE membership.person_id = person.id AND membership.cafe_id = person_pin.cafe_id
        AND membership.role IN ({places})
)
ORDER BY lower(personal_data.name), person.id
"""


class PinPerson(View, frozen=True):
    """Somebody who may say who they are by PIN."""

    person_id: str
    name: str


class _KeepPin(msgspec.Struct, frozen=True, kw_only=True):
    pin_hash: str


class _Try(msgspec.Struct, frozen=True, kw_only=True):
    """A guess that is about to be looked at. known_hash: None where nothing can fit."""

    known_hash: str | None


class PinAccess:
    """Choosing PINs, and coming to a screen by one. derive: see `config.secrets.Secrets.derive`."""

    def __init__(
        self,
        runner: Runner,
        *,
        authentication: Authentication,
        passwords: Passwords,
        derive: Callable[[str, str], bytes],
    ) -> None:
        self._runner = runner
        self._authentication = authentication
        self._passwords = passwords
        self._derive = derive

    async def set_pin(self, identity: Identity, command: SetPin) -> None:
        """Choose one's own PIN in this cafe.

        Raises: UnprocessableInput for one that anybody would guess, AuthenticationFailed for who
        is no person.
        """
        if identity.person_id is None:
            raise AuthenticationFailed("Sign in as a person first.")
        fault = find_pin_fault(command.pin)
        if fault:
            raise UnprocessableInput(fault, code="weak_pin")
        pin_hash = await self._passwords.hash(self._season(identity.person_id, command.pin))
        await self._runner.write(
            _keep_pin, _KeepPin(pin_hash=pin_hash), identity=identity, command_type="set_pin"
        )

    async def list_people(self, screen: Identity) -> list[PinPerson]:
        """List who may come to a screen by PIN, by name."""
        return await self._runner.read(_list_people, screen.cafe_id)

    async def sign_in(self, screen: Identity, command: SignInByPin, *, client: Client) -> SignedIn:
        """Let somebody work at a screen, for a shift at most.

        Raises:
            AuthenticationFailed: a wrong PIN, nobody with one, or no paired screen; one answer.
            TooManyAttempts: from the fifth wrong one on, for this person at this screen.
        """
        await self._check_pin(screen, command.person_id, command.pin)
        return await self._authentication.begin_on_screen(
            command.person_id, screen, client=client, stay=STAY
        )

    async def give_consent(
        self, screen: Identity, command: GiveConsent, *, asker: Identity
    ) -> ConsentView:
        """Let a manager say, on the screen of whoever asks, that one act may be.

        Raises: as `sign_in`; AuthorizationDenied `manager_required` for who is no manager.
        """
        await self._check_pin(screen, command.person_id, command.pin)
        outcome = await self._runner.write(
            keep_consent, command, identity=asker, command_type="give_consent"
        )
        return msgspec.json.decode(outcome.body, type=ConsentView)

    async def list_managers(self, screen: Identity) -> list[PinPerson]:
        """List who may consent at a screen by PIN, by name."""
        return await self._runner.read(_list_people, screen.cafe_id, roles=MANAGEMENT)

    async def _check_pin(self, screen: Identity, person_id: str, pin: str) -> None:
        if screen.device_id is None:
            raise AuthenticationFailed("PINs work on paired screens only.", code="no_screen")
        guess_of = SignInByPin(person_id=person_id, pin=pin)
        outcome = await self._runner.write(
            _begin_try, guess_of, identity=screen, command_type="try_pin"
        )
        guess = msgspec.json.decode(outcome.body, type=_Try)
        try:
            fits = await self._passwords.verify(self._season(person_id, pin), guess.known_hash)
        except TableTapError:
            # Nobody has looked at it: it costs no patience.
            await self._runner.write(
                _take_back_try, guess_of, identity=screen, command_type="take_back_pin"
            )
            raise
        if not fits:
            raise AuthenticationFailed("This PIN is not right. Try again.", code="wrong_pin")
        await self._runner.write(
            _forget_failures, guess_of, identity=screen, command_type="forget_pin_failures"
        )

    def _season(self, person_id: str, pin: str) -> str:
        return self._derive(_PURPOSE, f"{person_id} {pin}").hex()


def _list_people(cafe_id: str, *, roles: frozenset[Role] = PERSON_ROLES) -> list[PinPerson]:
    rows = fetch_rows(
        _PEOPLE_QUERY.format(places=", ".join("?" * len(roles))), (cafe_id, *sorted(roles))
    )
    return [PinPerson(person_id=person_id, name=name) for person_id, name in rows]


def _keep_pin(unit: UnitOfWork, command: _KeepPin) -> None:
    fetch_rows(
        "INSERT INTO person_pin (cafe_id, person_id, pin_hash, changed_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (cafe_id, person_id) DO UPDATE SET pin_hash = excluded.pin_hash,"
        " changed_at = excluded.changed_at RETURNING person_id",
        (unit.cafe_id, unit.identity.person_id, command.pin_hash, to_unix_ms(unit.now)),
    )
    unit.audit("pin_set", person_id=unit.identity.person_id)


def _begin_try(unit: UnitOfWork, command: SignInByPin) -> _Try:
    """Count a guess before it is looked at, or many at once would all pass the check."""
    rows = fetch_rows(
        "SELECT person_pin.pin_hash FROM person_pin"
        " JOIN person ON person.id = person_pin.person_id AND person.disabled_at IS NULL"
        " WHERE person_pin.cafe_id = ? AND person_pin.person_id = ? AND EXISTS ("
        "SELECT 1 FROM membership WHERE membership.person_id = person_pin.person_id"
        " AND membership.cafe_id = person_pin.cafe_id)",
        (unit.cafe_id, command.person_id),
    )
    if not rows:
        return _Try(known_hash=None)
    _count_failure(unit, command.person_id)
    return _Try(known_hash=rows[0][0])


def _count_failure(unit: UnitOfWork, person_id: str) -> None:
    """Raises: TooManyAttempts."""
    device_id = unit.identity.device_id
    before = fetch_rows(
        "SELECT count, last_at FROM pin_failure WHERE device_id = ? AND person_id = ?",
        (device_id, person_id),
    )
    if before:
        count, last_ms = before[0]
        _check_patience(from_unix_ms(last_ms) + find_wait(count), unit.now)
    counted = fetch_rows(
        "INSERT INTO pin_failure (device_id, person_id, cafe_id, count, last_at)"
        " VALUES (?, ?, ?, 1, ?) ON CONFLICT (device_id, person_id) DO UPDATE"
        " SET count = pin_failure.count + 1, last_at = excluded.last_at RETURNING count",
        (device_id, person_id, unit.cafe_id, to_unix_ms(unit.now)),
    )
    if before and counted[0][0] != before[0][0] + 1:
        # Somebody guessed at the same moment, and is looked at first.
        _check_patience(unit.now + find_wait(counted[0][0] - 1), unit.now)


def _check_patience(open_at: datetime, now: datetime) -> None:
    if open_at > now:
        raise TooManyAttempts(
            "Too many wrong PINs on this screen. Wait a little, or use another screen.",
            retry_after_s=max(1, ceil((open_at - now) / timedelta(seconds=1))),
        )


def _take_back_try(unit: UnitOfWork, command: SignInByPin) -> None:
    fetch_rows(
        "UPDATE pin_failure SET count = count - 1"
        " WHERE device_id = ? AND person_id = ? AND count > 1 RETURNING count",
        (unit.identity.device_id, command.person_id),
    )


def _forget_failures(unit: UnitOfWork, command: SignInByPin) -> None:
    PinFailure.delete().where(
        PinFailure.device_id == unit.identity.device_id, PinFailure.person_id == command.person_id
    ).execute()
