"""/counter: the till. /tables: who sits where, and every table's link."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from config.namespaces import Namespace
from domain.errors import NotFound
from domain.identifiers import is_id
from domain.permissions import may
from domain.roles import Identity
from domain.rooms import Room, RoomKind
from handlers.page import StaffPage, build_live
from handlers.tray import build_till_tray
from services.boards import read_counter_board, read_order
from services.cafes import read_cafe
from services.menu import read_menu
from services.table_codes import list_table_codes
from services.tables import list_tables


class CounterPage(StaffPage):
    """Open orders with their position, the menu, and the order that is being added to."""

    permission = "list_tables"

    async def get(self) -> None:
        identity, runner = self.identity, self.context.runner
        order_id = self.get_query_argument("order", None)
        if order_id is not None and not is_id(order_id):
            raise NotFound("There is no such order.")
        table = self.get_query_argument("table", "")
        found = await runner.read(_read_till, identity, order_id, now=self.context.now())
        self.time_zone = found.pop("time_zone")
        self.render_page(
            "counter",
            chosen_table=int(table) if table.isdecimal() and len(table) < 5 else None,
            person_name=await self.context.authentication.read_person_name(identity),
            live=build_live(
                namespace=Namespace.COUNTER,
                rooms=[str(Room(identity.cafe_id, RoomKind.CAFE))],
                render=["order_card", "notification_card", "screen_faults"],
                position=found["board"].position,
            ),
            **found,
        )


class TablesPage(StaffPage):
    """The tables with their open orders, and what the codes on them open."""

    permission = "list_tables"

    async def get(self) -> None:
        identity = self.identity
        found = await self.context.runner.read(_read_tables, identity, now=self.context.now())
        codes = found.pop("codes")
        self.time_zone = found.pop("time_zone")
        self.render_page(
            "tables",
            links={number: f"/t/{quote(code, safe='')}" for number, code in codes.items()},
            person_name=await self.context.authentication.read_person_name(identity),
            live=build_live(
                namespace=Namespace.COUNTER,
                rooms=[str(Room(identity.cafe_id, RoomKind.CAFE))],
                render=["notification_card", "screen_faults"],
                position=found.pop("position"),
            ),
            **found,
        )


def _read_till(identity: Identity, order_id: str | None, *, now: datetime) -> dict[str, Any]:
    cafe_id = identity.cafe_id
    order = None
    if order_id is not None and may(identity, "read_order"):
        order = read_order(identity, order_id)
    return {
        "menu": read_menu(cafe_id, now=now),
        "board": read_counter_board(cafe_id),
        "tables": list_tables(cafe_id).tables,
        "order": order,
        "tray": build_till_tray(identity, now=now),
        "time_zone": read_cafe(cafe_id).timezone,
    }


def _read_tables(identity: Identity, *, now: datetime) -> dict[str, Any]:
    cafe_id = identity.cafe_id
    cafe, board = read_cafe(cafe_id), read_counter_board(cafe_id)
    return {
        "cafe_name": cafe.name,
        "time_zone": cafe.timezone,
        "tables": list_tables(cafe_id).tables,
        # The board has what is over and not paid before what is open, so that what is open stays.
        "orders": {
            order.table_session_id: order for order in board.orders if order.table_session_id
        },
        "codes": list_table_codes(cafe_id),
        "tray": build_till_tray(identity, now=now),
        "position": board.position,
    }
