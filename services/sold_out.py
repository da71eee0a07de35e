"""What a kitchen sees before it says that something is sold out; for `runner.read`.

Doing it is `set_availability` (services/menu.py), from a kitchen as from an office.
"""

from datetime import datetime

import msgspec

from domain.errors import NotFound
from domain.menu import refresh_menu
from domain.sold_out import COUNTS, SoldOutEnd, list_ends
from domain.views.availability import DishCountView
from domain.views.menu import MenuItemView, ModifierOptionView
from models.rows import fetch_rows
from services.cafes import read_cafe
from services.dish_counts import list_counts
from services.menu_books import read_menu_book

# Lines that are still to be made: what is ready is on its plate.
_TOUCHED_QUERY = """
SELECT orders.number, orders.table_label, SUM(order_item.quantity)
FROM orders
JOIN order_item ON order_item.order_id = orders.id
WHERE orders.cafe_id = ? AND orders.status IN ('submitted', 'confirmed', 'preparing', 'ready')
    AND order_item.status IN ('held', 'queued', 'started') AND {what}
GROUP BY orders.id, orders.number, orders.table_label
ORDER BY orders.number
"""
_IS_DISH = "order_item.menu_item_id = ?"
_HAS_OPTION = """EXISTS (
    SELECT 1 FROM order_item_modifier
    WHERE order_item_modifier.order_item_id = order_item.id
        AND order_item_modifier.modifier_id = ?
)"""


class Dish(msgspec.Struct, frozen=True, kw_only=True):
    """is_own: made at the station that asks. count: of a dish that is counted down."""

    item: MenuItemView
    is_own: bool
    count: DishCountView | None

    @property
    def left(self) -> int | None:
        """Units that are left, None where nobody counts."""
        return self.count.left if self.count is not None else None


class SellableThings(msgspec.Struct, frozen=True, kw_only=True):
    """dishes: the station's own first, else as on the menu. options: each once, removals not."""

    dishes: list[Dish]
    options: list[ModifierOptionView]


class TouchedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An open order that asks for something. quantity: units that are still to be made."""

    order_number: int
    table_label: str
    quantity: int


class SoldOutChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be sold out, for how long, and the orders that it touches.

    menu_item_id, modifier_id: one of them. until: of one that is sold out until a time. left: units
    of a dish that is counted down, and left_until when that ends by itself. counts: how many units
    it may be said to have left, none of an option. day_end: of the business day, with which a new
    count ends.
    """

    name: str
    menu_item_id: str | None
    modifier_id: str | None
    is_sold_out: bool
    until: datetime | None
    left: int | None
    left_until: datetime | None
    counts: list[int]
    day_end: datetime
    ends: list[SoldOutEnd]
    touched: list[TouchedOrder]
    time_zone: str


def list_sellable(cafe_id: str, station_id: str | None, *, now: datetime) -> SellableThings:
    """List what can be sold out. station_id: of who asks; None for all stations."""
    menu = refresh_menu(read_menu_book(cafe_id).menu, now)
    items = [item for category in menu.categories for item in category.items]
    options = {
        option.modifier_id: option
        for item in items
        for group in item.groups
        for option in group.options
        if not option.is_removal
    }
    counts = {each.menu_item_id: each for each in list_counts(cafe_id)}
    dishes = [
        Dish(
            item=item,
            is_own=station_id is None or item.station_id == station_id,
            count=counts.get(item.menu_item_id),
        )
        for item in items
    ]
    return SellableThings(
        dishes=sorted(dishes, key=lambda dish: not dish.is_own),
        options=sorted(options.values(), key=lambda option: option.name.casefold()),
    )


def read_choice(
    cafe_id: str, *, menu_item_id: str | None, modifier_id: str | None, now: datetime
) -> SoldOutChoice:
    """Read one thing, named by one of the ids. Raises: NotFound."""
    cafe = read_cafe(cafe_id)
    things = list_sellable(cafe_id, None, now=now)
    found: MenuItemView | ModifierOptionView | None
    count = None
    if menu_item_id is not None:
        dish = next(
            (each for each in things.dishes if each.item.menu_item_id == menu_item_id), None
        )
        found, count = (None, None) if dish is None else (dish.item, dish.count)
    else:
        found = next((each for each in things.options if each.modifier_id == modifier_id), None)
    if found is None:
        raise NotFound("There is no such item or option on the menu.")
    what = _IS_DISH if menu_item_id is not None else _HAS_OPTION
    rows = fetch_rows(_TOUCHED_QUERY.format(what=what), (cafe_id, menu_item_id or modifier_id))
    day_end = cafe.find_day_end(now)
    return SoldOutChoice(
        name=found.name,
        menu_item_id=menu_item_id,
        modifier_id=modifier_id,
        is_sold_out=found.is_sold_out,
        until=found.sold_out_until,
        left=count.left if count is not None else None,
        left_until=count.until if count is not None else None,
        counts=[] if menu_item_id is None else list(COUNTS),
        day_end=day_end,
        ends=list_ends(now, day_end=day_end),
        touched=[
            TouchedOrder(order_number=number, table_label=label, quantity=int(quantity))
            for number, label, quantity in rows
        ],
        time_zone=cafe.timezone,
    )
