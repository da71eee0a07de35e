"""What the guest's pages share: the cart in the phone's cookie, reading the seating, commands."""

import asyncio
from datetime import datetime
from typing import Any

import msgspec

from config.namespaces import Namespace
from domain.commands import Command
from domain.errors import CommandInFlight
from domain.identifiers import is_id
from domain.menu import list_wishes
from domain.menu_search import is_to_be_had, list_substitutes
from domain.ratings import was_served
from domain.roles import Identity
from domain.rooms import Room, RoomKind
from domain.views.guests import GuestOrdersView, GuestSessionView, RatingView
from domain.views.menu import MenuItemView, MenuView
from domain.views.tables import TableCallView
from handlers.page import GuestPage, build_live
from handlers.pages.cart import Cart, CartLine, decode_cart, encode_cart
from services.boards import read_guest_orders
from services.cafes import CafeRules, read_cafe
from services.menu import read_menu
from services.operations import Operation
from services.ratings import find_rating
from services.table_calls import find_call
from services.tables import read_guest_session

# How often a second tap looks whether the first one has its answer, and for how long: commits
# take milliseconds, and beyond an operation's own 5 s there is none.
_LOOK_AGAIN_S = 0.1
_LOOKS = 60


class GuestScene(msgspec.Struct, frozen=True, kw_only=True):
    """What a guest's page shows, read in one snapshot."""

    guest: GuestSessionView
    menu: MenuView
    orders: GuestOrdersView
    call: TableCallView | None
    rating: RatingView | None
    rules: CafeRules

    @property
    def items(self) -> dict[str, MenuItemView]:
        """All dishes by their ids."""
        return {item.menu_item_id: item for each in self.menu.categories for item in each.items}

    @property
    def was_served(self) -> bool:
        """Whether something of this phone was served: it may then say how it was."""
        items = (item for order in self.orders.orders for item in order.items)
        return was_served(items, self.guest.lane_id)

    def list_substitutes(self, item: MenuItemView) -> list[MenuItemView]:
        """List what there is instead of a dish that is sold out or paused; else nothing."""
        if is_to_be_had(item):
            return []
        headings = (each.items for each in self.menu.categories if item in each.items)
        return list_substitutes(item, next(headings, []))


class CartPage(GuestPage):
    """A guest's page that looks at the cart."""

    permission = "read_menu"

    async def read_scene(self) -> GuestScene:
        scene = await self.context.runner.read(_read_scene, self.identity, now=self.context.now())
        self.time_zone = scene.rules.timezone
        return scene

    def build_guest_live(self, scene: GuestScene, *, render: list[str]) -> dict[str, Any]:
        """Make what attaches a page to the menu's news and to its seating's. render: components."""
        cafe_id = self.identity.cafe_id
        rooms = (
            Room(cafe_id, RoomKind.CUSTOMERS),
            Room(cafe_id, RoomKind.SESSION, scene.guest.table_session_id),
        )
        return build_live(
            namespace=Namespace.CUSTOMERS,
            rooms=[str(room) for room in rooms],
            render=render,
            position=scene.orders.position,
        )

    def read_cart(self) -> Cart:
        """Return the cart of this lane; a cookie of another seating is an empty one."""
        assert self.identity.lane_id is not None
        return decode_cart(
            self.get_cookie(self.context.cookies.cart),
            lane_id=self.identity.lane_id,
            new_id=self.context.new_id,
        )

    def keep_cart(self, cart: Cart) -> None:
        """Let the phone keep a cart. Raises: UnprocessableInput where it does not fit."""
        if cart.lines:
            ttl_s = self.context.settings.guest_token_ttl_s
            self.set_session_cookie(self.context.cookies.cart, encode_cart(cart), ttl_s=ttl_s)
        else:
            self.drop_cookie(self.context.cookies.cart)


async def run_once(
    page: GuestPage, operation: Operation, command: Command, *, command_id: str
) -> None:
    """Run a form's command; of two taps at once the second waits for the first one's answer."""
    for look in range(_LOOKS):
        try:
            await page.context.runner.write(
                operation.function,
                command,
                command_type=operation.name,
                identity=page.identity,
                command_id=command_id,
            )
            return
        except CommandInFlight:
            if look + 1 == _LOOKS:
                raise
            await asyncio.sleep(_LOOK_AGAIN_S)


def read_modifier_ids(arguments: dict[str, list[bytes]]) -> tuple[str, ...]:
    """Return the chosen options of an item's form: check boxes and one radio key per group."""
    chosen: dict[str, None] = {}
    for name, values in arguments.items():
        if name == "modifier" or name.startswith("modifier-"):
            for value in values:
                text = value.decode("utf-8", "replace")
                if is_id(text):
                    chosen[text] = None
    return tuple(chosen)


def estimate_unit_minor(line: CartLine, item: MenuItemView) -> int:
    """Return what one unit of a line costs, for showing before it is quoted."""
    prices = {
        option.modifier_id: option.price_minor for group in item.groups for option in group.options
    }
    return item.price_minor + sum(prices.get(each, 0) for each in line.modifier_ids)


def name_modifiers(line: CartLine, item: MenuItemView) -> list[str]:
    """Name what is particular about a line; a removal's name says so ("No onion")."""
    return [option.name for option in list_wishes(item, line.modifier_ids)]


def is_sellable(line: CartLine, item: MenuItemView | None) -> bool:
    """Whether a line can be ordered: the dish and all its options are there."""
    if item is None or not is_to_be_had(item):
        return False
    sold_out = {
        option.modifier_id
        for group in item.groups
        for option in group.options
        if option.is_sold_out
    }
    return sold_out.isdisjoint(line.modifier_ids)


def _read_scene(identity: Identity, *, now: datetime) -> GuestScene:
    assert identity.lane_id is not None
    assert identity.table_session_id is not None
    return GuestScene(
        guest=read_guest_session(identity.cafe_id, identity.lane_id),
        menu=read_menu(identity.cafe_id, now=now),
        orders=read_guest_orders(identity.cafe_id, identity.table_session_id, now=now),
        call=find_call(identity.cafe_id, identity.table_session_id),
        rating=find_rating(identity.cafe_id, identity.lane_id),
        rules=read_cafe(identity.cafe_id),
    )
