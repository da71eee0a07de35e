"""/counter: the till. /tables: who sits where, and every table's link."""

from collections import defaultdict
from datetime import datetime
from typing import Any
from urllib.parse import quote

from config.namespaces import Namespace
from domain.errors import NotFound
from domain.identifiers import is_id
from domain.menu_search import list_substitutes
from domain.permissions import may
from domain.roles import Identity
from domain.rooms import Room, RoomKind
from domain.statuses import NotificationKind
from domain.views.orders import OrderView
from handlers.page import StaffPage, build_live
from handlers.tray import build_till_tray
from services.boards import read_counter_board, read_order
from services.cafes import read_cafe
from services.contacts import find_name
from services.dish_counts import list_counts
from services.menu import read_menu
from services.shortcuts import read_shortcuts
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
            consenters=await self.list_consenters(),
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
    menu = read_menu(cafe_id, now=now)
    return {
        "menu": menu,
        "shortcuts": read_shortcuts(cafe_id, menu, now=now),
        "left": {each.menu_item_id: each.left for each in list_counts(cafe_id)},
        "substitutes": {
            item.menu_item_id: list_substitutes(item, category.items)
            for category in menu.categories
            for item in category.items
            if item.is_sold_out
        },
        "board": read_counter_board(cafe_id),
        "tables": list_tables(cafe_id).tables,
        "order": order,
        "order_name": find_name(cafe_id, order.order_id, now=now) if order else None,
        "tray": build_till_tray(identity, now=now),
        "time_zone": read_cafe(cafe_id).timezone,
    }


def _read_tables(identity: Identity, *, now: datetime) -> dict[str, Any]:
    cafe_id = identity.cafe_id
    cafe, board = read_cafe(cafe_id), read_counter_board(cafe_id)
    tray = build_till_tray(identity, now=now)
    return {
        "cafe_name": cafe.name,
        "time_zone": cafe.timezone,
        "tables": list_tables(cafe_id).tables,
        "orders": _group_by_seating(board.orders),
        "calls": {
            each.table_number: each
            for each in tray.notifications
            if each.kind is NotificationKind.TABLE_CALLED
        },
        "codes": list_table_codes(cafe_id),
        "tray": tray,
        "position": board.position,
    }


def _group_by_seating(orders: list[OrderView]) -> dict[str, list[OrderView]]:
    """Tables that were put together have several, as the board lists them."""
    groups: dict[str, list[OrderView]] = defaultdict(list)
    for order in orders:
        if order.table_session_id is not None:
            groups[order.table_session_id].append(order)
    return dict(groups)
