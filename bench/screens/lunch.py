"""A lunch in the demo's cafe at one moment, for pictures: old orders, new ones, everything between.

What is on the screens was ordered, begun, finished and taken off over REST, as guests, the till and
cooks do it; nothing is written into tables by hand but the time. Dishes are renamed as a manager
renames them. `let_time_pass` moves the times of
each round back while the server is stopped, because a ticket that is four minutes late would
otherwise take fourteen minutes to make, and moves the cafe to a zone in which it is noon.
"""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from peewee import Model

from bench.demo_server import employ
from client.rest import RestClient
from domain.commands import AddRound, ItemUnits, LineDraft, PlaceOrder, SetAvailability
from domain.demo import DemoDescription
from domain.payments import PaymentMethod
from domain.roles import Role
from domain.views.availability import MenuAvailabilityView
from domain.views.menu import MenuItemView, MenuView
from domain.views.orders import OrderItemView, OrderView
from models.fields import UtcTimestampField
from models.orders import Order, OrderItem, Round, Ticket
from tests.support.demo_cafe import draft_line

# Until an order has three digits a board and a wall look as they do at opening time only.
_SOLD_BEFORE, _SOLD_AT_ONCE = 110, 10
_NEWEST_SALE_S, _BETWEEN_SALES_S = 130, 70
_NOON_HOUR = 12
# What is sold at once here took some minutes to make in the morning that it stands for.
_QUICKEST_S, _SLOWEST_S, _STEP_S = 170, 520, 47
_BEGINNINGS = frozenset({"submitted_at", "fired_at", "created_at", "queued_at", "started_at"})


class Dish(msgspec.Struct, frozen=True):
    """A line and how far it is. state: queued, started, ready or voided (why: void_reason)."""

    name: str
    choices: tuple[str, ...] = ()
    quantity: int = 1
    state: str = "queued"
    note: str = ""
    void_reason: str = "Guest left"


class Visit(msgspec.Struct, frozen=True):
    """A round that was ordered some seconds ago. table: 0 is the counter."""

    ago_s: int
    table: int
    dishes: tuple[Dish, ...]
    allergy: str = ""
    note: str = ""


class Renaming(msgspec.Struct, frozen=True):
    """What a dish is called from now on; kitchen_name: on the wall, 18 letters at most."""

    dish: str
    name: str
    kitchen_name: str
    description: str = ""


_MORNING = (
    Dish("Eggs on toast", ("Poached",)),
    Dish("Breakfast roll", (), 2),
    Dish("Tosta mista"),
    Dish("Buttermilk pancakes"),
    Dish("Shakshuka with goat's curd"),
    Dish("Paprika potatoes", (), 3),
)
RUSH = (
    Visit(905, 12, (
        Dish("Shakshuka with goat's curd", ("No coriander",), state="started"),
        Dish("Eggs on toast", ("Poached", "Dark rye"), 2, "ready"),
        Dish("Flat white", ("Oat", "Extra shot"), 2, "ready"),
        Dish("Butter croissant", ("Warmed through",), 1, "ready"),
    )),
    Visit(524, 0, (
        Dish("Avocado toast", ("No seeds",)),
        Dish("Tomato soup with poached egg", state="started"),
        Dish("Galão", state="started"),
    ), allergy="Sesame"),
    Visit(404, 3, (
        Dish("Tosta mista", ("No mustard",), 3, "started"),
        Dish("Paprika potatoes", state="ready"),
        Dish("Algarve orange juice", ("No ice",), 2, "ready"),
    )),
    Visit(462, 7, (
        Dish("Shakshuka with goat's curd", ("Grilled halloumi",), 2),
        Dish("Breakfast roll", ("Smoked bacon", "No onion"), state="started"),
        Dish("Paprika potatoes", (), 2),
        Dish("Eggs on toast", ("Scrambled, with butter",), note="Cut in four, for sharing"),
        Dish("Cappuccino", (), 3, "ready"),
    ), note="Toast for the child first, their train goes at ten past one"),
    Visit(391, 9, (
        Dish("Eggs on toast", ("Fried", "Smoked bacon", "Avocado"), 2),
        Dish("Granola and yoghurt", state="ready"),
        Dish("Paprika potatoes", state="ready"),
        Dish("Cortado", (), 2, "ready"),
    )),
    Visit(337, 0, (
        Dish("Mushroom and thyme toastie", ("Buckwheat, gluten free", "No butter")),
    ), allergy="Dairy, severe"),
    Visit(268, 4, (
        Dish("Tosta mista", state="voided"),
        Dish("Tomato soup with poached egg", (), 2),
    )),
    Visit(251, 1, (
        Dish("Tosta mista", ("Dark rye",), 1, "started"),
        Dish("Breakfast roll", (), 2),
        Dish("Paprika potatoes", (), 2, "ready"),
        Dish("Mocha", state="ready"),
    )),
    Visit(236, 2, (
        Dish("Shakshuka with goat's curd", (), 2),
        Dish("Eggs on toast", ("Poached",)),
        Dish("Gorreana black tea", (), 2),
    )),
    Visit(204, 0, (
        Dish("Breakfast roll", ("Garlic mushrooms",), 4),
        Dish("Paprika potatoes", note="Extra crisp"),
    )),
    Visit(188, 6, (
        Dish("Avocado toast", ("Buckwheat, gluten free", "No red onion")),
        Dish("Green salad", state="ready"),
    )),
    Visit(171, 8, (
        Dish("Eggs on toast", ("Fried", "Buckwheat, gluten free")),
        Dish("Tomato soup with poached egg", ("Buckwheat, gluten free",)),
        Dish("Sparkling water", ("No ice",), 2),
    ), allergy="Coeliac"),
    Visit(152, 12, (
        Dish("Buttermilk pancakes", ("Fig jam",)),
        Dish("Paprika potatoes", (), 2),
    )),
    Visit(139, 0, (
        Dish("Eggs on toast", ("Scrambled, with butter",)),
        Dish("Paprika potatoes"),
        Dish("Flat white", ("Large", "Decaf")),
    )),
    Visit(96, 10, (
        Dish("Tosta mista", ("No butter",), 2),
        Dish("Tomato soup with poached egg", ("No chilli",)),
        Dish("Basil lemonade", (), 2),
    )),
    Visit(52, 11, (
        Dish("Avocado toast", ("Another egg",)),
        Dish("Buttermilk pancakes", ("Whipped cream",)),
    ), allergy="Tree nuts"),
    Visit(24, 0, (Dish("Mushroom and thyme toastie"), Dish("Paprika potatoes"))),
    Visit(17, 3, (Dish("Breakfast roll", ("Smoked bacon",)), Dish("Espresso", ("Decaf",)))),
    Visit(9, 0, (Dish("Shakshuka with goat's curd", ("Marinated tofu", "No onion")),)),
    Visit(75, 0, (Dish("Flat white", (), 2, "ready"), Dish("Pastel de nata", (), 3, "ready"))),
    Visit(64, 0, (Dish("Matcha latte", ("Oat",), 1, "ready"),)),
    Visit(41, 0, (Dish("Cappuccino", (), 1, "ready"), Dish("Cardamom bun", (), 1, "ready"))),
    Visit(30, 0, (Dish("Red berry smoothie", (), 2, "ready"),)),
    Visit(12, 0, (Dish("Galão", ("Lactose-free",), 1, "ready"),)),
)  # fmt: skip
CALM = (
    Visit(192, 2, (
        Dish("Eggs on toast", ("Poached",), 1, "started"),
        Dish("Tosta mista", state="ready"),
        Dish("Cortado", (), 2, "ready"),
    )),
    Visit(100, 0, (Dish("Tomato soup with poached egg", ("Dark rye",)),)),
    Visit(4, 9, (
        Dish("Mushroom and thyme toastie", ("Dark rye",)),
        Dish("Paprika potatoes"),
    )),
)  # fmt: skip
SOLD_OUT = ("Cardamom bun", "Iced latte")


class Lunch:
    """Lets a list of visits happen at one demo. Open it with `async with`."""

    def __init__(self, description: DemoDescription) -> None:
        self._description = description
        self._ages_s: dict[tuple[str, int], int] = {}  # (order, round) -> how long ago it was
        self._took_s: dict[tuple[str, int], int] = {}  # (order, round) -> how long it was made
        self._orders: dict[int, str] = {}  # table -> its order
        self._sold = 0

    async def serve(self, visits: tuple[Visit, ...], renamed: tuple[Renaming, ...] = ()) -> None:
        """Sell what a morning sells, then let the visits come in their order.

        renamed: what a manager writes into the menu before them; dishes are found by their old
        names all the same.
        """
        till = await employ(self._description, Role.COUNTER).sign_in()
        manager = await employ(self._description, Role.MANAGER).sign_in()
        menu = await till.read_menu()
        for _ in range(_SOLD_BEFORE // _SOLD_AT_ONCE):
            sales = [self._sell_and_serve(till, manager, menu) for _ in range(_SOLD_AT_ONCE)]
            await asyncio.gather(*sales)
        for renaming in renamed:
            await _rename(manager, menu, renaming)
        for visit in sorted(visits, key=lambda each: -each.ago_s):
            order = await self._order(till, menu, visit)
            fresh = order.rounds[-1]
            self._ages_s[order.order_id, fresh.round_number] = visit.ago_s
            for item, dish in zip(fresh.items, visit.dishes, strict=True):
                await _move(manager, order, item, dish)
        for name in SOLD_OUT:
            await _sell_out(manager, menu, name)
        till.close()
        manager.close()

    def let_time_pass(self, database: Path) -> None:
        """Make the rounds as old as their visits say. The server is stopped."""
        with closing(sqlite3.connect(database)) as connection, connection:
            for (order_id, round_number), age_s in self._ages_s.items():
                (round_id,) = connection.execute(
                    "SELECT id FROM order_round WHERE order_id = ? AND number = ?",
                    (order_id, round_number),
                ).fetchone()
                took_s = self._took_s.get((order_id, round_number), 0)
                _move_back(connection, Round, "id", round_id, age_s, took_s)
                _move_back(connection, Ticket, "round_id", round_id, age_s, took_s)
                _move_back(connection, OrderItem, "round_id", round_id, age_s, took_s)
                if round_number == 1:
                    _move_back(connection, Order, "id", order_id, age_s, took_s)

    async def _sell_and_serve(self, till: RestClient, manager: RestClient, menu: MenuView) -> None:
        dish = _MORNING[self._sold % len(_MORNING)]
        self._sold += 1
        order = await till.place_order(PlaceOrder(lines=[_write_line(menu, dish)]))
        for item in order.items:
            await manager.move_item(item.item_id, "ready")
            await manager.serve_item(item.item_id)
        cash = {"method": PaymentMethod.CASH, "amountMinor": order.totals.total_minor}
        await till.command(f"/orders/{order.order_id}/payments", dict[str, Any], cash)
        age_s = _NEWEST_SALE_S + (_SOLD_BEFORE - order.order_number) * _BETWEEN_SALES_S
        self._ages_s[order.order_id, 1] = age_s
        took_s = _QUICKEST_S + order.order_number * _STEP_S % (_SLOWEST_S - _QUICKEST_S)
        self._took_s[order.order_id, 1] = took_s

    async def _order(self, till: RestClient, menu: MenuView, visit: Visit) -> OrderView:
        lines = [_write_line(menu, dish) for dish in visit.dishes]
        known = self._orders.get(visit.table)
        if known is not None:
            return await till.add_round(AddRound(order_id=known, lines=lines))
        link = next((t.link for t in self._description.tables if t.number == visit.table), None)
        placed = PlaceOrder(lines=lines, note=visit.note, allergy=visit.allergy)
        if link is None:
            return await till.place_order(placed)
        guest = RestClient(self._description.url)
        await guest.open_table_session(link.rpartition("/")[2])
        order = await guest.place_order(placed)
        guest.close()
        self._orders[visit.table] = order.order_id
        return order


async def _move(manager: RestClient, order: OrderView, item: OrderItemView, dish: Dish) -> None:
    if dish.state == "voided":
        body = {"items": [ItemUnits(item_id=item.item_id)], "reason": dish.void_reason}
        await manager.command(f"/orders/{order.order_id}/void", OrderView, body)
    elif dish.state != "queued":
        await manager.move_item(item.item_id, "start" if dish.state == "started" else "ready")


def _write_line(menu: MenuView, dish: Dish) -> LineDraft:
    line = draft_line(menu, dish.name, *dish.choices, quantity=dish.quantity)
    return msgspec.structs.replace(line, note=dish.note)


async def _rename(manager: RestClient, menu: MenuView, renaming: Renaming) -> None:
    item = _find_item(menu, renaming.dish)
    body = {"name": renaming.name, "kitchenName": renaming.kitchen_name}
    if renaming.description:
        body["description"] = renaming.description
    await manager.command(f"/menu/items/{item.menu_item_id}", dict[str, Any], body)


async def _sell_out(manager: RestClient, menu: MenuView, name: str) -> None:
    item = _find_item(menu, name)
    command = SetAvailability(is_sold_out=True, menu_item_id=item.menu_item_id)
    await manager.command("/menu/availability", MenuAvailabilityView, command)


def _find_item(menu: MenuView, name: str) -> MenuItemView:
    return next(item for each in menu.categories for item in each.items if item.name == name)


def make_it_noon(database: Path) -> None:
    """Move the cafe to where it is noon, before its first order: a day's numbers begin at one."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE cafe SET timezone = ?", (_find_zone_where_it_is_noon(),))


def _find_zone_where_it_is_noon() -> str:
    # POSIX counts westwards: Etc/GMT+3 is three hours behind.
    behind = datetime.now(UTC).hour - _NOON_HOUR
    return f"Etc/GMT{behind:+d}" if behind else "Etc/GMT"


def _move_back(
    connection: sqlite3.Connection,
    table: type[Model],
    column: str,
    key: Any,
    age_s: int,
    took_s: int,
) -> None:
    """Make rows older. took_s: what had begun before it ended, it began so much earlier."""
    meta: Any = table._meta  # noqa: SLF001  # Peewee keeps a table's columns nowhere else
    times = [
        field.column_name for field in meta.sorted_fields if isinstance(field, UtcTimestampField)
    ]
    moves = ", ".join(
        f"{name} = {name} - {(age_s + (took_s if name in _BEGINNINGS else 0)) * 1000}"
        for name in times
    )
    connection.execute(f'UPDATE "{meta.table_name}" SET {moves} WHERE {column} = ?', (key,))  # noqa: S608  # names of our own
