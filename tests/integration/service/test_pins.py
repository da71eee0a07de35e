"""PINs on shared screens: whose they are, what they are worth alone, and what guessing costs."""

import asyncio
from hashlib import sha256

import msgspec
import pytest

from config.secrets import Secrets, SigningKey
from config.settings import Settings
from domain.commands import PairDevice, RevokeDevice, SetPin, SignInByPin
from domain.errors import AuthenticationFailed, UnprocessableInput
from domain.roles import Role
from models.audit import AuditEntry
from models.staff import PersonPin
from services.authentication import Authentication, Client
from services.devices import revoke_device
from services.pairing import pair_device
from services.passwords import Passwords
from services.pins import PinAccess
from services.screen_access import ScreenAccess
from services.sign_in_limits import TooManyAttempts
from services.tokens import TokenSigner
from tests.support.cafes import UNKNOWN_ID, new_id

CLIENT = Client(address="192.168.1.9")


def _derive(purpose, value):
    return sha256(f"{purpose} {value}".encode()).digest()


class _Place:
    """A cafe with two paired tills, and a counter person who has a PIN."""

    def __init__(self, cafe, passwords):
        key = SigningKey(kid="test", key=b"k" * 48, created_at=cafe.now)
        keys = Secrets(signing_keys=(key,), pepper=b"p" * 48)
        self.cafe = cafe
        self.authentication = Authentication(
            runner=cafe.runner,
            secrets=keys,
            signer=TokenSigner(keys),
            settings=Settings(),
            passwords=passwords,
            now=lambda: cafe.now,
            new_id=new_id,
        )
        self.doors = ScreenAccess(cafe.runner, derive=_derive, now=lambda: cafe.now)
        self.pins = PinAccess(
            cafe.runner, authentication=self.authentication, passwords=passwords, derive=_derive
        )
        self.person = cafe.staff(Role.COUNTER)

    async def pair(self):
        begun = await self.doors.begin_pairing(address="192.168.1.9", user_agent="")
        command = PairDevice(user_code=begun.pairing.user_code, name="Till", role="counter")
        await self.cafe.runner.write(
            pair_device,
            command,
            identity=self.cafe.staff(Role.MANAGER),
            command_type="pair_device",
        )
        paired = await self.doors.claim_pairing(begun.secret)
        assert paired is not None
        return await self.doors.identify(paired.secret)

    async def come(self, screen, pin, person_id=None):
        command = SignInByPin(person_id=person_id or self.person.person_id, pin=pin)
        return await self.pins.sign_in(screen, command, client=CLIENT)


@pytest.fixture
async def place(cafe):
    """Open it, with the PIN 2846."""
    passwords = Passwords()
    opened = _Place(cafe, passwords)
    await opened.pins.set_pin(opened.person, SetPin(pin="2846"))
    yield opened
    passwords.close()


async def test_a_pin_says_who_works_at_a_screen(place):
    """Their rights for a shift, under their name; the next one is asked anew."""
    till = await place.pair()
    assert [each.person_id for each in await place.pins.list_people(till)] == [
        place.person.person_id
    ]

    signed_in = await place.come(till, "2846")

    assert signed_in.identity.person_id == place.person.person_id
    assert signed_in.identity.roles == {Role.COUNTER}
    place.cafe.pass_time(hours=11)
    await place.authentication.identify_sign_in(signed_in.secret)
    place.cafe.pass_time(hours=1)
    with pytest.raises(AuthenticationFailed):  # used or not: a shift is over
        await place.authentication.identify_sign_in(signed_in.secret)


async def test_a_pin_is_worth_nothing_without_a_screen(place):
    """Neither beside a person's sign-in, nor in the database: what is kept has a pepper in it."""
    with pytest.raises(AuthenticationFailed) as refused:
        await place.come(place.person, "2846")
    assert refused.value.code == "no_screen"
    ((kept, stolen),) = await place.cafe.runner.read(
        lambda: [(row.pin_hash, row.person_id) for row in PersonPin.select()]
    )
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not await Passwords().verify(f"{stolen} 2846", kept)


async def test_guessing_costs_time_for_that_person_at_that_screen(place):
    """From the fifth on; another screen stays usable, and so does a restarted server."""
    till, other = await place.pair(), await place.pair()
    for _ in range(5):
        with pytest.raises(AuthenticationFailed):
            await place.come(till, "9999")
    for pin in ("9999", "2846"):
        with pytest.raises(TooManyAttempts) as slowed:
            await place.come(till, pin)
        assert slowed.value.retry_after_s == 5
    assert (await place.come(other, "2846")).identity.person_id == place.person.person_id

    place.cafe.pass_time(seconds=5)
    with pytest.raises(AuthenticationFailed):
        await place.come(till, "9999")
    with pytest.raises(TooManyAttempts) as slower:
        await place.come(till, "2846")
    assert slower.value.retry_after_s == 10
    place.cafe.pass_time(seconds=10)
    await place.come(till, "2846")
    await place.come(till, "2846")  # a right one forgives


async def test_many_guesses_at_once_are_no_way_around(place):
    """At most as many are looked at as one after the other."""
    till = await place.pair()

    answers = await asyncio.gather(
        *(place.come(till, f"{number:04}") for number in range(20)), return_exceptions=True
    )

    assert sum(isinstance(answer, TooManyAttempts) for answer in answers) == 15
    assert sum(isinstance(answer, AuthenticationFailed) for answer in answers) == 5


async def test_nobody_and_wrong_are_one_answer(place):
    """Whoever has no PIN, does not work here or does not exist."""
    till = await place.pair()
    told = []
    for person_id in (None, UNKNOWN_ID, place.cafe.staff(Role.KITCHEN).person_id):
        with pytest.raises(AuthenticationFailed) as refused:
            await place.come(till, "9999", person_id)
        told.append((refused.value.code, refused.value.message))

    assert len(set(told)) == 1


async def test_a_screen_that_is_unpaired_takes_everybody_with_it(place):
    """Whoever had come to it by PIN is signed out there."""
    till = await place.pair()
    signed_in = await place.come(till, "2846")
    await place.cafe.runner.write(
        revoke_device,
        RevokeDevice(device_id=till.device_id),
        identity=place.cafe.staff(Role.MANAGER),
        command_type="revoke_device",
    )

    with pytest.raises(AuthenticationFailed):
        await place.authentication.identify_sign_in(signed_in.secret)


async def test_a_weak_pin_is_refused_and_a_good_one_audited(place):
    """Without the PIN in it."""
    with pytest.raises(UnprocessableInput) as refused:
        await place.pins.set_pin(place.person, SetPin(pin="1234"))
    assert refused.value.code == "weak_pin"
    facts = await place.cafe.runner.read(
        lambda: [row.details for row in AuditEntry.select() if row.kind == "pin_set"]
    )
    assert facts == [{"person_id": place.person.person_id}]
    assert b"2846" not in msgspec.json.encode(facts)
