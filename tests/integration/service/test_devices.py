"""Screens that are let in, recognised for as long as nobody objects, moved, and turned away."""

import asyncio
from datetime import timedelta
from hashlib import sha256

import msgspec
import pytest

from domain.commands import BumpTicket, PairDevice, PlaceOrder, RevokeDevice, UpdateDevice
from domain.errors import (
    AuthenticationFailed,
    AuthorizationDenied,
    NotFound,
    RateLimitExceeded,
    UnprocessableInput,
)
from domain.roles import Role
from domain.rooms import Room, RoomKind
from domain.views.screens import DeviceView
from models.audit import AuditEntry
from models.devices import DeviceCredential
from services.access import recheck_identity
from services.boards import read_kitchen_board
from services.devices import list_devices, revoke_device, update_device
from services.housekeeping import TidyUp, tidy_up
from services.pairing import PairingState, find_waiting, pair_device
from services.rooms import check_rooms
from services.screen_access import ScreenAccess
from tests.support.cafes import OTHER_CAFE_ID, UNKNOWN_ID, open_beside


def _open_door(cafe):
    return ScreenAccess(
        cafe.runner,
        derive=lambda purpose, value: sha256(f"{purpose} {value}".encode()).digest(),
        now=lambda: cafe.now,
    )


@pytest.fixture
def screens(cafe):
    """The door of the cafe's screens, by the clock of its people."""
    return _open_door(cafe)


async def _run(cafe, operation, command, role=Role.MANAGER, identity=None):
    outcome = await cafe.runner.write(
        operation,
        command,
        identity=identity or cafe.staff(role),
        command_type=operation.__name__,
    )
    return msgspec.json.decode(outcome.body, type=DeviceView)


async def _begin(screens):
    return await screens.begin_pairing(address="192.168.1.9", user_agent="")


async def _pair(cafe, screens, role="kitchen", station=None, name="Wall"):
    begun = await _begin(screens)
    station_id = None if station is None else cafe.stations[station]
    device = await _run(
        cafe,
        pair_device,
        PairDevice(user_code=begun.pairing.user_code, name=name, role=role, station_id=station_id),
    )
    paired = await screens.claim_pairing(begun.secret)
    assert paired is not None
    assert paired.device_id == device.device_id
    return device, paired.secret


async def _change(cafe, device, **changes):
    fields = {"name": device.name, "role": device.role.value, "station_id": device.station_id}
    return await _run(
        cafe, update_device, UpdateDevice(device_id=device.device_id, **(fields | changes))
    )


async def test_a_screen_waits_until_it_is_let_in(cafe, screens):
    """It shows who asks; the secret comes once; what it may do is its role's."""
    begun = await _begin(screens)
    waiting = await cafe.runner.read(find_waiting, begun.pairing.user_code.lower(), now=cafe.now)
    assert (waiting.address, waiting.browser) == ("192.168.1.9", "a program")
    assert await screens.claim_pairing(begun.secret) is None
    with pytest.raises(RateLimitExceeded) as early:
        await screens.claim_pairing(begun.secret)
    assert (early.value.code, early.value.retry_after_s) == ("slow_down", 5)

    await _run(
        cafe, pair_device, PairDevice(user_code=begun.pairing.user_code, name="Pass", role="expo")
    )
    state, _ = await screens.read_pairing(begun.secret)
    assert state is PairingState.CONFIRMED
    paired = await screens.claim_pairing(begun.secret)
    identity = await screens.identify(paired.secret)
    assert (identity.cafe_id, identity.roles) == (cafe.cafe_id, {Role.EXPO})
    for gone in (begun.secret, "nobody's"):
        with pytest.raises(NotFound):
            await screens.claim_pairing(gone)


@pytest.mark.parametrize("why", ["used", "expired", "unknown", "no code"])
async def test_a_code_that_is_over_looks_like_none(cafe, screens, why):
    """Single use, ten minutes, and the same answer for all of it."""
    begun = await _begin(screens)
    code = {"unknown": "BCDFGHJK", "no code": "AAAAAAAA"}.get(why, begun.pairing.user_code)
    if why == "used":
        await _run(cafe, pair_device, PairDevice(user_code=code, name="Wall", role="kitchen"))
    cafe.pass_time(minutes=10 if why == "expired" else 1)

    with pytest.raises(NotFound) as refused:
        await _run(cafe, pair_device, PairDevice(user_code=code, name="Wall", role="kitchen"))

    assert refused.value.code == "unknown_code"


async def test_two_managers_at_one_code_let_one_screen_in(cafe, screens):
    """The other one is told that nobody shows it."""
    begun = await _begin(screens)
    command = PairDevice(user_code=begun.pairing.user_code, name="Wall", role="kitchen")

    answers = await asyncio.gather(
        *(_run(cafe, pair_device, command) for _ in range(4)), return_exceptions=True
    )

    assert sum(isinstance(answer, DeviceView) for answer in answers) == 1
    assert sum(isinstance(answer, NotFound) for answer in answers) == 3
    assert len((await cafe.runner.read(list_devices, cafe.cafe_id)).devices) == 1


async def test_only_so_many_wait_at_one_address(cafe, screens):
    """Whoever asks for codes again and again is told to wait; rows that ran out are removed."""
    for _ in range(20):
        await _begin(screens)
    with pytest.raises(RateLimitExceeded):
        await _begin(screens)
    cafe.pass_time(minutes=11)

    await _begin(screens)
    outcome = await cafe.runner.write(tidy_up, TidyUp(answers_kept_s=60), command_type="tidy_up")
    assert msgspec.json.decode(outcome.body)["pairings"] == 20


async def test_who_may(cafe, screens):
    """Managers and owners; a station must be the cafe's, and the kitchen's."""
    begun = await _begin(screens)
    command = PairDevice(user_code=begun.pairing.user_code, name="Wall", role="kitchen")
    for role in (Role.COUNTER, Role.KITCHEN, Role.EXPO):
        with pytest.raises(AuthorizationDenied):
            await _run(cafe, pair_device, command, role)
    misfit = {"role": "counter", "station_id": cafe.stations["bar"]}
    for changes in ({"station_id": UNKNOWN_ID}, misfit):
        with pytest.raises(UnprocessableInput):
            await _run(cafe, pair_device, msgspec.structs.replace(command, **changes))


async def test_another_cafes_screen_looks_like_none(cafe, screens):
    """Its manager pairs into their own cafe, and sees nothing of this one."""
    device, _ = await _pair(cafe, screens)
    theirs = await _begin(screens)
    async with open_beside(cafe, cafe_id=OTHER_CAFE_ID) as other:
        manager, owner = other.staff(Role.MANAGER), other.staff(Role.OWNER)
    command = PairDevice(user_code=theirs.pairing.user_code, name="Theirs", role="board")
    their_device = await _run(cafe, pair_device, command, identity=manager)

    seen = await cafe.runner.read(list_devices, OTHER_CAFE_ID)
    assert [each.device_id for each in seen.devices] == [their_device.device_id]
    for operation, strange in (
        (revoke_device, RevokeDevice(device_id=device.device_id)),
        (update_device, UpdateDevice(device_id=device.device_id, name="Mine", role="board")),
    ):
        with pytest.raises(NotFound):
            await _run(cafe, operation, strange, identity=owner)


async def test_a_wall_works_at_its_station(cafe, screens):
    """It bumps as the kitchen does, hears its own station, and sees no other one's room."""
    device, secret = await _pair(cafe, screens, station="bar")
    wall = await screens.identify(secret)
    lines = [cafe.line("Water"), cafe.line("Toastie", "Rye")]
    await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=lines))
    board = await cafe.runner.read(
        read_kitchen_board, cafe.cafe_id, cafe.stations["bar"], now=cafe.now
    )

    await cafe.do(wall, "bump_ticket", BumpTicket(ticket_id=board.tickets[0].ticket_id))

    rooms = [
        Room(cafe.cafe_id, RoomKind.STATION, cafe.stations["bar"]),
        Room(cafe.cafe_id, RoomKind.STATION, cafe.stations["kitchen"]),
        Room(cafe.cafe_id, RoomKind.DEVICE, device.device_id),
        Room(cafe.cafe_id, RoomKind.DEVICE, UNKNOWN_ID),
    ]
    assert await cafe.runner.read(check_rooms, wall, rooms) == [rooms[0], rooms[2]]
    facts = await cafe.runner.read(lambda: [row.principal for row in AuditEntry.select()])
    assert wall.principal not in facts  # a bump is no fact of the audit; the log has it
    with pytest.raises(AuthorizationDenied):
        await cafe.do(wall, "place_order", PlaceOrder(lines=[cafe.line("Water")]))


async def test_a_screen_is_signed_in_for_months(cafe, screens):
    """Ninety days away, or in use with its secret renewed: nobody has to touch it."""
    _, secret = await _pair(cafe, screens)
    cafe.pass_time(days=90)
    kept: list[str] = []
    await screens.identify(secret, on_renewed=kept.append)
    assert len(kept) == 1
    assert kept[0] != secret

    # The answer was lost: the old one is good until the new one is used, and then it is not.
    await screens.identify(secret)
    await screens.identify(kept[0], on_renewed=kept.append)
    with pytest.raises(AuthenticationFailed):
        await screens.identify(secret)
    for _ in range(12):
        cafe.pass_time(days=31)
        await screens.identify(kept[-1], on_renewed=kept.append)
    assert len(set(kept)) == 13
    rows = await cafe.runner.read(DeviceCredential.select().count)
    assert rows <= 2


async def test_a_secret_whose_answer_was_lost_is_made_anew(cafe, screens):
    """Asking at once changes nothing (another request has the new one); an hour later it does."""
    _, secret = await _pair(cafe, screens)
    cafe.pass_time(days=31)
    first: list[str] = []
    second: list[str] = []
    await screens.identify(secret, on_renewed=first.append)
    await screens.identify(secret, on_renewed=second.append)
    assert second == []
    cafe.pass_time(hours=2)
    await screens.identify(secret, on_renewed=second.append)

    assert second[-1] not in (secret, first[0])
    await screens.identify(second[-1])
    with pytest.raises(AuthenticationFailed):
        await screens.identify(first[0])


async def test_requests_at_once_renew_a_secret_once(cafe, screens):
    """A page asks for several things together; no answer may take the new secret away again."""
    _, secret = await _pair(cafe, screens)
    cafe.pass_time(days=31)
    kept: list[str] = []
    requests = (screens.identify(secret, on_renewed=kept.append) for _ in range(4))
    await asyncio.gather(*requests)

    assert len(kept) == 1
    assert kept[0] != secret
    await screens.identify(kept[0])


async def test_requests_at_two_processes_leave_a_secret_that_works(cafe, screens):
    """Whichever of their answers is kept is good, and stays so once it was used."""
    _, secret = await _pair(cafe, screens)
    cafe.pass_time(days=31)
    async with open_beside(cafe) as beside:
        beside.pass_time(days=31)
        elsewhere = _open_door(beside)
        kept: list[str] = []
        requests = (
            door.identify(secret, on_renewed=kept.append)
            for door in (screens, elsewhere, screens, elsewhere)
        )
        await asyncio.gather(*requests)

    assert len(kept) == 1, "two secrets were given, of which one ends the other"
    await screens.identify(kept[0])


async def test_a_screen_is_what_its_row_says(cafe, screens):
    """Moved, it has its new station's rights at its next command; the events say so."""
    device, secret = await _pair(cafe, screens, station="bar")
    wall = await screens.identify(secret)
    cafe.take_events()

    moved = await _change(cafe, device, station_id=cafe.stations["kitchen"])
    again = await cafe.runner.read(recheck_identity, wall, now=cafe.now)
    assert again.station_id == cafe.stations["kitchen"]
    await _change(cafe, moved, role="counter", station_id=None, name="Till")
    again = await cafe.runner.read(recheck_identity, wall, now=cafe.now)
    assert (again.roles, again.station_id) == ({Role.COUNTER}, None)

    events = [logged.event for logged in cafe.take_events()]
    assert [event.device.name for event in events] == ["Wall", "Till"]


async def test_an_unpaired_screen_is_nobody(cafe, screens):
    """Its secret, its identity and its pairing are over; what it did keeps its name."""
    device, secret = await _pair(cafe, screens)
    wall = await screens.identify(secret)
    await _run(cafe, revoke_device, RevokeDevice(device_id=device.device_id))

    with pytest.raises(AuthenticationFailed):
        await screens.identify(secret)
    with pytest.raises(AuthenticationFailed):
        await cafe.runner.read(recheck_identity, wall, now=cafe.now)
    with pytest.raises(NotFound):
        await _run(cafe, revoke_device, RevokeDevice(device_id=device.device_id))
    assert (await cafe.runner.read(list_devices, cafe.cafe_id)).devices == []
    kinds = await cafe.runner.read(
        lambda: [row.kind for row in AuditEntry.select().order_by(AuditEntry.at, AuditEntry.id)]
    )
    assert kinds[-2:] == ["device_paired", "device_revoked"]


async def test_an_answer_that_was_lost_is_given_again(cafe, screens):
    """The same secret, until the screen was heard of with it; then the pairing is over."""
    begun = await _begin(screens)
    command = PairDevice(user_code=begun.pairing.user_code, name="Wall", role="board")
    await _run(cafe, pair_device, command)
    first, again = [await screens.claim_pairing(begun.secret) for _ in range(2)]
    assert first == again
    state, _ = await screens.read_pairing(begun.secret)
    assert state is PairingState.CONFIRMED

    await screens.identify(first.secret)

    with pytest.raises(NotFound):
        await screens.claim_pairing(begun.secret)


async def test_one_unpaired_before_it_fetched_its_secret_gets_none(cafe, screens):
    """Somebody thought better of it."""
    begun = await _begin(screens)
    device = await _run(
        cafe, pair_device, PairDevice(user_code=begun.pairing.user_code, name="Wall", role="board")
    )
    await _run(cafe, revoke_device, RevokeDevice(device_id=device.device_id))

    with pytest.raises(NotFound):
        await screens.claim_pairing(begun.secret)
    assert timedelta(0) < begun.pairing.expires_at - cafe.now <= timedelta(minutes=10)
