"""/kitchen and /kitchen/{slug}: the wall of one station, or of all, and what it asks for later."""

from datetime import datetime

from config.namespaces import Namespace
from domain.errors import NotFound
from domain.roles import Identity
from domain.rooms import Room, RoomKind
from domain.views.kitchen import KitchenBoardView, TicketsView
from handlers.page import StaffPage, build_live
from handlers.tray import Tray, build_tray
from services.boards import list_stations, read_kitchen_board, search_finished_tickets
from services.cafes import read_cafe
from services.devices import read_device
from services.sold_out import SellableThings, list_sellable, read_choice
from services.whereabouts import find_whereabouts

_LONGEST_SEARCH = 60


class _StationPage(StaffPage):
    """What the wall and its parts share."""

    permission = "list_tickets"

    async def is_elsewhere(self, slug: str | None) -> bool:
        """Whether this is the wall of another station than the screen stands at."""
        station_id = self.identity.station_id
        if station_id is None:
            return False
        stations = await self.context.runner.read(list_stations, self.identity.cafe_id)
        own = next((each.slug for each in stations if each.station_id == station_id), slug)
        return slug != own


class KitchenPage(_StationPage):
    """Tickets with the position that they are complete up to."""

    async def get(self, slug: str | None = None) -> None:
        cafe_id, runner = self.identity.cafe_id, self.context.runner
        if await self.is_elsewhere(slug):
            self.see_other("/displays")
            return
        board, tray, item_px, self.time_zone = await runner.read(
            _read_page, self.identity, slug, now=self.context.now()
        )
        room = (
            Room(cafe_id, RoomKind.STATION, board.station.station_id)
            if board.station is not None
            else Room(cafe_id, RoomKind.KITCHEN)
        )
        self.render_page(
            "kitchen",
            station=board.station,
            board=board,
            tray=tray,
            item_px=item_px,
            live=build_live(
                namespace=Namespace.KITCHEN,
                rooms=[str(room)],
                render=["kitchen_ticket", "notification_card"],
                position=board.position,
            ),
        )


class FinishedTicketsPart(_StationPage):
    """GET /kitchen/parts/finished: what may be recalled, without a page around it.

    ?station: its slug, none for all. ?find: a number, a table, a dish; of an order's number and
    of a dish it says besides where it is, finished or not.
    """

    async def get(self) -> None:
        slug = self.get_query_argument("station", "") or None
        if await self.is_elsewhere(slug):
            raise NotFound("There is no such station. Choose one of the displays.")
        wanted = self.get_query_argument("find", "")[:_LONGEST_SEARCH].strip()
        runner, cafe_id, now = self.context.runner, self.identity.cafe_id, self.context.now()
        finished, self.time_zone = await runner.read(_search, cafe_id, slug, wanted, now=now)
        found = await runner.read(find_whereabouts, cafe_id, wanted, now=now) if wanted else None
        self.render_page("kitchen_finished", tickets=finished.tickets, found=found)


class SoldOutPart(_StationPage):
    """GET /kitchen/parts/sold-out: what can be sold out. ?station: its slug, none for all."""

    permission = "set_availability"

    async def get(self) -> None:
        slug = self.get_query_argument("station", "") or None
        things, self.time_zone = await self.context.runner.read(
            _list_sellable, self.identity.cafe_id, slug, now=self.context.now()
        )
        self.render_page("kitchen_sold_out", things=things, slug=slug or "")


class SoldOutChoicePart(_StationPage):
    """GET /kitchen/parts/sold-out/item/{id} or /option/{id}: for how long, and whom it touches."""

    permission = "set_availability"

    async def get(self, kind: str, thing_id: str) -> None:
        choice = await self.context.runner.read(
            read_choice,
            self.identity.cafe_id,
            menu_item_id=thing_id if kind == "item" else None,
            modifier_id=thing_id if kind == "option" else None,
            now=self.context.now(),
        )
        self.time_zone = choice.time_zone
        self.render_page("kitchen_sold_out_choice", choice=choice)


def _read_page(
    identity: Identity, slug: str | None, *, now: datetime
) -> tuple[KitchenBoardView, Tray, int | None, str]:
    cafe_id = identity.cafe_id
    board = read_kitchen_board(cafe_id, _find_station(cafe_id, slug), now=now)
    return (
        board,
        build_tray(identity, now=now),
        _find_item_px(identity),
        read_cafe(cafe_id).timezone,
    )


def _find_item_px(identity: Identity) -> int | None:
    """Return how large a line is to be on a screen that somebody has measured."""
    if identity.device_id is None:
        return None
    return read_device(identity.cafe_id, identity.device_id).item_px


def _search(
    cafe_id: str, slug: str | None, wanted: str, *, now: datetime
) -> tuple[TicketsView, str]:
    found = search_finished_tickets(cafe_id, _find_station(cafe_id, slug), wanted, now=now)
    return found, read_cafe(cafe_id).timezone


def _list_sellable(cafe_id: str, slug: str | None, *, now: datetime) -> tuple[SellableThings, str]:
    things = list_sellable(cafe_id, _find_station(cafe_id, slug), now=now)
    return things, read_cafe(cafe_id).timezone


def _find_station(cafe_id: str, slug: str | None) -> str | None:
    """Return the id behind a slug; None for all stations. Raises: NotFound."""
    if slug is None:
        return None
    for station in list_stations(cafe_id):
        if station.slug == slug:
            return station.station_id
    raise NotFound("There is no such station. Choose one of the displays.")
