"""/kitchen and /kitchen/{slug}: the wall of one station, or of all."""

from datetime import datetime

from config.namespaces import Namespace
from domain.errors import NotFound
from domain.roles import Identity
from domain.rooms import Room, RoomKind
from domain.views import KitchenBoardView
from handlers.page import StaffPage, build_live
from handlers.tray import Tray, build_tray
from services.boards import list_stations, read_kitchen_board
from services.cafes import read_cafe


class KitchenPage(StaffPage):
    """Tickets with the position that they are complete up to."""

    permission = "list_tickets"

    async def get(self, slug: str | None = None) -> None:
        cafe_id, runner = self.identity.cafe_id, self.context.runner
        if await self._is_elsewhere(slug):
            self.see_other("/displays")
            return
        board, tray, self.time_zone = await runner.read(
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
            live=build_live(
                namespace=Namespace.KITCHEN,
                rooms=[str(room)],
                render=["kitchen_ticket", "notification_card"],
                position=board.position,
            ),
        )

    async def _is_elsewhere(self, slug: str | None) -> bool:
        """Whether this is the wall of another station than the screen stands at."""
        station_id = self.identity.station_id
        if station_id is None:
            return False
        stations = await self.context.runner.read(list_stations, self.identity.cafe_id)
        own = next((each.slug for each in stations if each.station_id == station_id), slug)
        return slug != own


def _read_page(
    identity: Identity, slug: str | None, *, now: datetime
) -> tuple[KitchenBoardView, Tray, str]:
    cafe_id = identity.cafe_id
    station_id = None if slug is None else _find_station(cafe_id, slug)
    board = read_kitchen_board(cafe_id, station_id, now=now)
    return board, build_tray(identity), read_cafe(cafe_id).timezone


def _find_station(cafe_id: str, slug: str) -> str:
    for station in list_stations(cafe_id):
        if station.slug == slug:
            return station.station_id
    raise NotFound("There is no such station. Choose one of the displays.")
