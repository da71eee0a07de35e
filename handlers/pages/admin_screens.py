"""/admin/screens: the paired screens, letting one in by its code, moving and unpairing them.

What a screen shall be is one choice, named in forms as `counter` or `kitchen:{station}`.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from config.namespaces import Caller, Namespace
from domain.commands import (
    PairDevice,
    RevokeDevice,
    SetBusyLimit,
    SetFailover,
    SetOpeningTimes,
    UpdateDevice,
)
from domain.displays import DISTANCES_CM, SCREEN_SIZES
from domain.errors import NotFound, RateLimitExceeded, UnprocessableInput
from domain.views.availability import BusyStationView
from domain.views.kitchen import StationView
from domain.views.screens import DeviceView, KitchenScreensView
from handlers.pages.management import ManagementPage
from realtime.presence import ConnectionRecord
from services.boards import list_stations
from services.cafes import read_cafe
from services.devices import list_devices, revoke_device, update_device
from services.event_log import read_head
from services.pairing import PairingView, find_waiting, pair_device
from services.pauses import list_busy_stations
from services.station_screens import UnseenDishes, list_unseen_dishes, read_kitchen_screens
from services.unit_of_work import UnitOfWork
from services.whereabouts import find_whereabouts

_SCREENS = "/admin/screens"
_NAME_LIMIT = 60
_Command = TypeVar("_Command", PairDevice, UpdateDevice, RevokeDevice)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a screen may be. word: of forms."""

    word: str
    name: str


class ListedScreen(msgspec.Struct, frozen=True, kw_only=True):
    """A paired screen. place: what it is; connected_since: None while it is not connected."""

    device: DeviceView
    place: Place
    connected_since: datetime | None


class _DevicePage(ManagementPage):
    """What the pages about screens share."""

    async def change(
        self, operation: Callable[[UnitOfWork, _Command], DeviceView], command: _Command
    ) -> DeviceView:
        """Do what a form asks for, and have every process look at open sockets."""
        outcome = await self.context.runner.write(
            operation, command, identity=self.identity, command_type=operation.__name__
        )
        self.context.on_access_changed(self.identity.cafe_id)
        return msgspec.json.decode(outcome.body, type=DeviceView)

    def read_wish(self, **more: str) -> dict[str, Any]:
        """Read a name and a place from the form, in the words of commands."""
        role, _, station_id = self.read_field("place", longest=60).partition(":")
        name = self.read_field("name", longest=200)
        return {
            "name": name,
            "role": role,
            "stationId": station_id or None,
            "diagonalMm": self._read_size("diagonal_mm"),
            "distanceCm": self._read_size("distance_cm"),
            **more,
        }

    def _read_size(self, name: str) -> int | None:
        text = self.read_field(name, longest=5, default="")
        if text and not (text.isascii() and text.isdecimal()):
            raise UnprocessableInput("Choose how large the screen is and where people stand.")
        return int(text) if text else None


class ScreensPage(_DevicePage):
    """All paired screens. ?paired, ?unpaired: the name of one that has just been.

    ?find: an order's number or a dish that somebody misses on a wall.
    """

    permission = "list_devices"

    async def get(self) -> None:
        await self.show_screens()

    async def show_screens(self, *, fault: str = "") -> None:
        context, cafe_id = self.context, self.identity.cafe_id
        found = await context.runner.read(_read_page, cafe_id)
        kitchen, unseen, busy = await context.runner.read(_read_kitchen, cafe_id, now=context.now())
        question = self.get_query_argument("find", "")[:_NAME_LIMIT].strip()
        answer = None
        if question:
            answer = await context.runner.read(
                find_whereabouts, cafe_id, question, now=context.now()
            )
        records = await context.presence.get_active_connections(cafe_id)
        places = list_places(found.pop("stations"))
        await self.show(
            "admin_screens",
            render=("station_screens",),
            kitchen=kitchen,
            unseen=unseen,
            busy=busy,
            opens_at=found["cafe"].opens_at,
            question=question,
            found=answer,
            screens=_join(found.pop("devices"), places, records),
            places=places,
            sizes=SCREEN_SIZES,
            distances_cm=DISTANCES_CM,
            is_complete=context.presence.is_complete,
            paired=self.get_query_argument("paired", "")[:_NAME_LIMIT],
            unpaired=self.get_query_argument("unpaired", "")[:_NAME_LIMIT],
            fault=fault,
            **found,
        )


class ChangeScreenPage(ScreensPage):
    """POST /admin/screens/{device}: another name or place; the screen follows by itself."""

    permission = "update_device"

    async def get(self, **_: str) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other(_SCREENS)

    async def post(self, device_id: str) -> None:
        try:
            wish = self.read_wish(deviceId=device_id)
            await self.change(update_device, _convert(wish, UpdateDevice))
        except (NotFound, UnprocessableInput) as error:
            self.set_status(error.status)
            await self.show_screens(fault=error.message)
            return
        self.see_other(_SCREENS)


class FailoverPage(ScreensPage):
    """POST /admin/screens/stations/{station}: where its tickets go by themselves."""

    permission = "set_failover"

    async def get(self, **_: str) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other(_SCREENS)

    async def post(self, station_id: str) -> None:
        try:
            await self.run("set_failover", self._read_failover(station_id))
        except (NotFound, UnprocessableInput) as error:
            self.set_status(error.status)
            await self.show_screens(fault=error.message)
            return
        self.see_other(_SCREENS)

    def _read_failover(self, station_id: str) -> SetFailover:
        wish = {
            "stationId": station_id,
            "partnerId": self.read_field("partner", longest=60) or None,
            "patienceS": self.read_field("patience", longest=10),
        }
        try:
            return msgspec.convert(wish, SetFailover, strict=False)
        except msgspec.ValidationError as error:
            raise UnprocessableInput("Choose a station and a time of the list.") from error


class BusyLimitPage(ScreensPage):
    """POST /admin/screens/stations/{station}/busy: at how much work guests' orders are paused."""

    permission = "set_busy_limit"

    async def get(self, **_: str) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other(_SCREENS)

    async def post(self, station_id: str) -> None:
        minutes = self.read_field("limit", longest=10, default="") or None
        try:
            command = msgspec.convert(
                {"stationId": station_id, "limitMinutes": minutes}, SetBusyLimit, strict=False
            )
            await self.run("set_busy_limit", command)
        except msgspec.ValidationError:
            self.set_status(422)
            await self.show_screens(fault="Choose a number of minutes of the list.")
            return
        except NotFound as error:
            self.set_status(error.status)
            await self.show_screens(fault=error.message)
            return
        self.see_other(_SCREENS)


class OpeningTimesPage(ScreensPage):
    """POST /admin/screens/opening: when the cafe opens, `opens_0` for Monday to `opens_6`."""

    permission = "set_opening_times"

    async def get(self, **_: str) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other(_SCREENS)

    async def post(self) -> None:
        said = [self.read_field(f"opens_{day}", longest=10, default="") for day in range(7)]
        try:
            command = msgspec.convert({"opensAt": [each or None for each in said]}, SetOpeningTimes)
        except msgspec.ValidationError:
            self.set_status(422)
            await self.show_screens(
                fault="Write a time like 07:30, or nothing where you are closed."
            )
            return
        await self.run("set_opening_times", command)
        self.see_other(_SCREENS)


class UnpairScreenPage(ChangeScreenPage):
    """POST /admin/screens/{device}/unpair."""

    permission = "revoke_device"

    async def post(self, device_id: str) -> None:
        try:
            device = await self.change(revoke_device, RevokeDevice(device_id=device_id))
        except NotFound as error:
            self.set_status(error.status)
            await self.show_screens(fault=error.message)
            return
        self.see_other(f"{_SCREENS}?unpaired={quote(device.name)}")


class PairScreenPage(_DevicePage):
    """First the code, then what the screen shall be. The square on the screen brings the code."""

    permission = "pair_device"

    async def get(self) -> None:
        code = self.get_query_argument("code", "")[:20]
        await self._show(code, fault="")

    async def post(self) -> None:
        code = self.read_field("user_code", longest=20)
        try:
            command = _convert(self.read_wish(userCode=code), PairDevice)
            async with self._guess():
                device = await self.change(pair_device, command)
        except (NotFound, RateLimitExceeded, UnprocessableInput) as error:
            self.set_status(error.status)
            await self._show(code if error.status == 422 else "", fault=error.message)
            return
        self.see_other(f"{_SCREENS}?paired={quote(device.name)}")

    def _guess(self) -> AbstractAsyncContextManager[None]:
        """Every look at a code may be a guess; right ones do not count."""
        caller = Caller(
            namespace=Namespace.ADMIN,
            principal=self.identity.principal,
            address=self.client_address,
        )
        return self.context.limits.counted(self.identity, "pair_device", caller)

    async def _find(self, code: str) -> tuple[PairingView | None, str]:
        """Return the screen that shows a code, or why there is none."""
        try:
            async with self._guess():
                return await self.context.runner.read(
                    find_waiting, code, now=self.context.now()
                ), ""
        except (NotFound, RateLimitExceeded) as error:
            self.set_status(error.status)
            return None, error.message

    async def _show(self, code: str, *, fault: str) -> None:
        waiting, reason = await self._find(code) if code else (None, "")
        found = await self.context.runner.read(_read_page, self.identity.cafe_id)
        found.pop("devices")
        places = list_places(found.pop("stations"))
        await self.show(
            "admin_pair",
            code=code,
            waiting=waiting,
            places=places,
            sizes=SCREEN_SIZES,
            distances_cm=DISTANCES_CM,
            fault=fault or reason,
            **found,
        )


def list_places(stations: Iterable[StationView]) -> list[Place]:
    """List what a screen may be, the kitchen's places first."""
    kitchens = [
        Place(word=f"kitchen:{station.station_id}", name=f"Kitchen, {station.name}")
        for station in stations
    ]
    return [
        *kitchens,
        Place(word="kitchen", name="Kitchen, all stations"),
        Place(word="expo", name="Pass"),
        Place(word="counter", name="Counter"),
        Place(word="board", name="Ready board"),
    ]


def _join(
    devices: Iterable[DeviceView], places: Iterable[Place], records: Iterable[ConnectionRecord]
) -> list[ListedScreen]:
    names = {place.word: place.name for place in places}
    since: dict[str, int] = {}
    for record in records:
        since.setdefault(record.user_id, record.connected_at)
    return [
        ListedScreen(
            device=device,
            place=_name_place(device, names),
            connected_since=_read_time(since.get(f"device:{device.device_id}")),
        )
        for device in devices
    ]


def _name_place(device: DeviceView, names: dict[str, str]) -> Place:
    word = device.role.value + (f":{device.station_id}" if device.station_id else "")
    # A station that is no longer in use is in no list of choices.
    return Place(word=word, name=names.get(word, f"Kitchen, {device.station_name}"))


def _read_time(unix_ms: int | None) -> datetime | None:
    return None if unix_ms is None else datetime.fromtimestamp(unix_ms / 1000, UTC)


def _convert(wish: dict[str, Any], kind: type[_Command]) -> _Command:
    try:
        return msgspec.convert(wish, kind)
    except msgspec.ValidationError as error:
        raise UnprocessableInput(
            f"Give the screen a name of 1 to {_NAME_LIMIT} letters and choose what it shall be."
        ) from error


def _read_kitchen(
    cafe_id: str, *, now: datetime
) -> tuple[KitchenScreensView, list[UnseenDishes], list[BusyStationView]]:
    kitchen = read_kitchen_screens(cafe_id, now=now)
    busy = list_busy_stations(cafe_id, now=now)
    return kitchen, list_unseen_dishes(cafe_id, kitchen), busy


def _read_page(cafe_id: str) -> dict[str, Any]:
    return {
        "cafe": read_cafe(cafe_id),
        "position": read_head(cafe_id),
        "devices": list_devices(cafe_id).devices,
        "stations": list_stations(cafe_id),
    }
