"""/expo: the pass, where the parts of an order come together and are carried to their guests."""

from datetime import datetime
from typing import Any

from config.namespaces import Namespace
from domain.roles import Identity
from domain.rooms import Room, RoomKind
from handlers.page import StaffPage, build_live
from handlers.tray import build_till_tray
from services.boards import read_pass_board
from services.cafes import read_cafe
from services.tables import list_tables


class ExpoPage(StaffPage):
    """Orders that the kitchen has, with the position that they are complete up to."""

    permission = "serve_items"

    async def get(self) -> None:
        cafe_id = self.identity.cafe_id
        found = await self.context.runner.read(_read_page, self.identity, now=self.context.now())
        self.time_zone = found.pop("time_zone")
        self.render_page(
            "expo",
            consenters=await self.list_consenters(),
            live=build_live(
                namespace=Namespace.COUNTER,
                rooms=[str(Room(cafe_id, RoomKind.CAFE))],
                render=["pass_order", "notification_card", "screen_faults"],
                position=found["board"].position,
            ),
            **found,
        )


def _read_page(identity: Identity, *, now: datetime) -> dict[str, Any]:
    cafe_id = identity.cafe_id
    tables = list_tables(cafe_id).tables
    return {
        "board": read_pass_board(cafe_id, now=now),
        "zones": list(dict.fromkeys(table.area for table in tables if table.area)),
        "tray": build_till_tray(identity, now=now),
        "time_zone": read_cafe(cafe_id).timezone,
    }
