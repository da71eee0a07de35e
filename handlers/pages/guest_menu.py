"""/menu and /menu/{item}: what there is, and one dish with its choices."""

from typing import Any

from domain.allergens import Allergen
from domain.diets import Diet
from domain.errors import NotFound
from domain.menu_search import Wanted, code_of, show_menu
from domain.statuses import TERMINAL_ORDER_STATUSES
from domain.views.menu import MenuItemView
from handlers.pages.cart import Cart, CartLine
from handlers.pages.guest import CartPage, GuestScene, estimate_unit_minor
from services.estimates import read_waits

_LONGEST_SEARCH = 60


class GuestMenuPage(CartPage):
    """The menu with what is in the cart, as the guest wants it filtered."""

    async def get(self) -> None:
        scene, cart, wanted = await self.read_scene(), self.read_cart(), self._read_wanted()
        cafe_id = self.identity.cafe_id
        self.render_page(
            "guest_menu",
            guest=scene.guest,
            menu=scene.menu,
            shown=show_menu(scene.menu, wanted),
            wanted=wanted,
            cart=_sum_up(cart, scene),
            waits=await self.context.runner.read(read_waits, cafe_id, now=self.context.now()),
            open_orders=[
                order
                for order in scene.orders.orders
                if order.status not in TERMINAL_ORDER_STATUSES
            ],
            fault="",
            call=scene.call,
            live=self.build_guest_live(scene, render=["table_call", "guest_waits"]),
        )

    def _read_wanted(self) -> Wanted:
        """Read what the address asks for; without the form's fields, what the phone has kept.

        What was typed is for once: a word that is still there hides half the menu, and nobody
        knows why.
        """
        cookie = self.context.cookies.menu_filter
        if not self.get_query_argument("filtered", ""):
            return _choose((self.get_cookie(cookie) or "").split("."))
        text = self.get_query_argument("q", "")[:_LONGEST_SEARCH]
        diets, without = self.get_query_arguments("diet"), self.get_query_arguments("without")
        wanted = _choose([*diets, *(f"without-{each}" for each in without)], text=text)
        if wanted.codes:
            ttl_s = self.context.settings.guest_token_ttl_s
            self.set_session_cookie(cookie, ".".join(wanted.codes), ttl_s=ttl_s)
        else:
            self.drop_cookie(cookie)
        return wanted


class GuestItemPage(CartPage):
    """One dish; `?line=` changes a line of the cart."""

    async def get(self, menu_item_id: str) -> None:
        scene = await self.read_scene()
        item = scene.items.get(menu_item_id)
        if item is None:
            raise NotFound("This is not on the menu any more. Choose something else.")
        line = self.read_cart().find(self.get_query_argument("line", ""))
        show_item(self, scene, item, line=line, faults=[])


def show_item(
    page: CartPage,
    scene: GuestScene,
    item: MenuItemView,
    *,
    line: CartLine | None,
    faults: list[dict[str, str]],
) -> None:
    """Answer the page of a dish. line: what is chosen so far; faults: what is wrong with it."""
    page.render_page(
        "guest_item",
        guest=scene.guest,
        item=item,
        substitutes=scene.list_substitutes(item),
        currency=scene.menu.currency,
        line=line,
        faults=faults,
        live=page.build_guest_live(scene, render=[]),
    )


def _sum_up(cart: Cart, scene: GuestScene) -> dict[str, Any]:
    items = scene.items
    total_minor = sum(
        line.quantity * estimate_unit_minor(line, items[line.menu_item_id])
        for line in cart.lines
        if line.menu_item_id in items
    )
    return {"count": cart.count, "total_minor": total_minor, "counts": cart.counts}


def _choose(codes: list[str], *, text: str = "") -> Wanted:
    """Make filters of their codes; words that are none are left out."""
    return Wanted(
        diets=tuple(diet for diet in Diet if diet in codes),
        without=tuple(allergen for allergen in Allergen if code_of(allergen) in codes),
        text=text.strip(),
    )
