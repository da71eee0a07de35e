"""/cart: what the guest has chosen, changing it, and sending it to the kitchen.

Every step is a plain form that leads on with a redirect, so that a page loaded again repeats
nothing. The cart itself carries the command's id, so that a cart sent twice is ordered once.
"""

from typing import Any

import msgspec

from domain.commands import LineDraft, PlaceOrder, Quote
from domain.errors import (
    Conflict,
    IdempotencyMismatch,
    InvalidMessage,
    NotFound,
    TableTapError,
)
from domain.estimates import Estimate
from domain.menu_search import list_replacements, list_usual
from domain.orders import CLOSED_ORDER_STATUSES
from domain.views.menu import MenuItemView
from domain.views.money import QuoteView
from domain.views.orders import OrderView
from handlers.pages.cart import Cart, CartLine
from handlers.pages.guest import (
    CartPage,
    GuestScene,
    estimate_unit_minor,
    is_sellable,
    name_modifiers,
    read_modifier_ids,
    run_once,
)
from handlers.pages.guest_menu import show_item
from services.estimates import estimate_cart
from services.operations import OPERATIONS
from services.unit_of_work import UnitOfWork

_PLACE, _QUOTE = OPERATIONS["place_order"], OPERATIONS["quote"]
_LONGEST_NUMBER = 4
Fault = dict[str, str]


class GuestCartPage(CartPage):
    """The order before it is sent."""

    permission = "place_order"

    async def get(self) -> None:
        await self.show(faults=[])

    async def show(self, *, faults: list[Fault], allergy: str = "", note: str = "") -> None:
        scene, cart = await self.read_scene(), self.read_cart()
        quote, quote_faults, short = await self._quote(scene, cart)
        self.render_page(
            "guest_cart",
            guest=scene.guest,
            cart={
                "lines": [
                    _show_line(line, scene, left=short.get(position))
                    for position, line in enumerate(cart.lines)
                ],
                "count": cart.count,
            },
            quote=quote,
            order=_find_open_order(scene),
            allergy=allergy,
            note=note,
            faults=faults or quote_faults,
            currency=scene.menu.currency,
            grace_s=scene.rules.grace_s,
            estimate=await self._estimate(scene, cart),
            live=self.build_guest_live(scene, render=[]),
        )

    async def _estimate(self, scene: GuestScene, cart: Cart) -> Estimate | None:
        """Say how long it would take, by the work that the kitchen has."""
        return await self.context.runner.read(
            estimate_cart,
            self.identity.cafe_id,
            scene.menu,
            [line.to_draft() for line in cart.lines],
            now=self.context.now(),
        )

    async def _quote(
        self, scene: GuestScene, cart: Cart
    ) -> tuple[QuoteView | None, list[Fault], dict[int, int]]:
        """Price the cart, where all of it can be had.

        Returns what is wrong with all of it, and how many are left by line that asks for more.
        """
        items = scene.items
        if not cart.lines or not all(
            is_sellable(line, items.get(line.menu_item_id)) for line in cart.lines
        ):
            return None, [], {}
        try:
            return await self.ask_price([line.to_draft() for line in cart.lines]), [], {}
        except TableTapError as error:
            if error.status not in (404, 409, 422):
                raise
            short = _find_short(error)
            return None, [] if short else [{"field": "", "message": self.tell(error)}], short

    async def ask_price(self, lines: list[LineDraft]) -> QuoteView:
        """Ask what lines cost now. Raises: TableTapError where the menu refuses them."""
        identity = self.identity
        unit = UnitOfWork(
            cafe_id=identity.cafe_id,
            identity=identity,
            now=self.context.now(),
            new_id=self.context.new_id,
        )
        view = await self.context.runner.read(_QUOTE.function, unit, Quote(lines=lines))
        assert isinstance(view, QuoteView)
        return view


class CartLinesPage(GuestCartPage):
    """POST /cart/lines: put a dish into the cart. A choice that does not fit is shown again."""

    permission = "place_order"

    async def get(self, **_: str) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other("/cart")

    async def post(self, line_id: str | None = None) -> None:
        cart = self.read_cart()
        line = None if line_id is None else cart.find(line_id)
        if line_id is not None and line is None:
            self.see_other("/cart")  # removed meanwhile, in another tab
        elif line is not None and "menu_item_id" not in self.request.body_arguments:
            self._set_quantity(cart, line)
        else:
            await self._choose(cart, line)

    def _set_quantity(self, cart: Cart, line: CartLine) -> None:
        quantity = self._read_quantity(smallest=0)
        changed = msgspec.structs.replace(line, quantity=quantity) if quantity else None
        self.keep_cart(cart.change(line.line_id, changed))
        self.see_other("/cart")

    async def _choose(self, cart: Cart, line: CartLine | None) -> None:
        scene = await self.read_scene()
        item = scene.items.get(self.read_field("menu_item_id", longest=36))
        if item is None:
            raise NotFound("This is not on the menu any more. Choose something else.")
        chosen = CartLine(
            line_id=line.line_id if line is not None else "",
            menu_item_id=item.menu_item_id,
            quantity=self._read_quantity(smallest=1),
            modifier_ids=read_modifier_ids(self.request.body_arguments),
            note=self.read_field("note", longest=200, default=""),
        )
        try:
            await self.ask_price([chosen.to_draft()])
            self.keep_cart(_put(cart, chosen))
        except TableTapError as error:
            if error.status not in (404, 409, 422):
                raise
            self.set_status(error.status)
            # An unsaved line has no id: the form goes on adding and keeps what was chosen.
            fault = _build_fault(error, item, self.tell(error))
            show_item(self, scene, item, line=chosen, faults=[fault])
            return
        wants_menu = self.read_field("then", longest=20, default="") == "menu"
        self.see_other("/menu" if wants_menu or line is None else "/cart")

    def _read_quantity(self, *, smallest: int) -> int:
        text = self.read_field("quantity", longest=_LONGEST_NUMBER, default="1")
        if not (text.isascii() and text.isdigit() and smallest <= int(text) <= 99):
            raise InvalidMessage(f"Choose a number from {smallest} to 99.")
        return int(text)


class SendCartPage(GuestCartPage):
    """POST /cart/send: order what is in the cart."""

    async def get(self) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other("/cart")

    async def post(self) -> None:
        allergy = self.read_field("allergy", longest=60, default="")
        note = self.read_field("note", longest=200, default="")
        cart = self.read_cart()
        try:
            # It is empty when it was sent a moment ago in another tab.
            if cart.lines:
                await self._place(cart, allergy=allergy, note=note)
        except TableTapError as error:
            if error.status not in (404, 409, 422):
                raise
            self.set_status(error.status)
            faults = [{"field": "", "message": self.tell(error)}]
            await self.show(faults=faults, allergy=allergy, note=note)
            return
        self.drop_cookie(self.context.cookies.cart)
        self.see_other("/orders")

    async def _place(self, cart: Cart, *, allergy: str, note: str) -> None:
        order = PlaceOrder(
            lines=[line.to_draft() for line in cart.lines],
            note=note,
            allergy=allergy,
            quote_hash=self.read_field("quote_hash", longest=64, default="") or None,
        )
        try:
            await run_once(self, _PLACE, order, command_id=cart.command_id)
        except IdempotencyMismatch:
            # An answer got lost on its way, and the cart has changed since.
            self.keep_cart(msgspec.structs.replace(cart, command_id=self.context.new_id()))
            raise Conflict(
                "This order as it was before you changed it has reached the kitchen. Look at your"
                " orders, take out what is there, then send the rest.",
                code="already_sent",
            ) from None


def _put(cart: Cart, chosen: CartLine) -> Cart:
    """Return the cart with a line added, or changed where it has an id."""
    if chosen.line_id:
        return cart.change(chosen.line_id, chosen)
    return cart.add(
        menu_item_id=chosen.menu_item_id,
        quantity=chosen.quantity,
        modifier_ids=chosen.modifier_ids,
        note=chosen.note,
    )


def _find_short(error: TableTapError) -> dict[int, int]:
    """Return how many are left by line, where nothing else is wrong with a cart; else nothing.

    Of two lines of one dish the first takes what is left, and the second finds it sold out.
    """
    faults = (error.details or {}).get("faults", [])
    if any(each["code"] not in ("not_enough_left", "sold_out") for each in faults):
        return {}
    return {each["line"]: each.get("left", 0) for each in faults}


def _show_line(line: CartLine, scene: GuestScene, *, left: int | None) -> dict[str, Any]:
    item = scene.items.get(line.menu_item_id)
    unit_minor = estimate_unit_minor(line, item) if item is not None else 0
    return {
        "line_id": line.line_id,
        "menu_item_id": line.menu_item_id,
        "name": item.name if item is not None else "",
        "quantity": line.quantity,
        "modifiers": name_modifiers(line, item) if item is not None else [],
        "note": line.note,
        "line_total_minor": line.quantity * unit_minor,
        "is_sold_out": not is_sellable(line, item),
        "pause": _find_pause(item),
        "left": left,
        "modifier_ids": line.modifier_ids,
        "substitutes": [
            {"item": each, "modifier_ids": list_usual(each)}
            for each in (scene.list_substitutes(item) if item is not None else [])
        ],
        "replacements": list_replacements(item, line.modifier_ids)
        if item is not None and not item.is_sold_out
        else [],
    }


def _find_pause(item: MenuItemView | None) -> dict[str, Any] | None:
    """Say until about when a dish is paused that is not sold out; None where it is not."""
    if item is None or item.is_sold_out or not item.is_paused:
        return None
    return {"until": item.paused_until}


def _find_open_order(scene: GuestScene) -> OrderView | None:
    """Return the order that the next submit adds a round to."""
    return next(
        (each for each in scene.orders.orders if each.status not in CLOSED_ORDER_STATUSES), None
    )


def _build_fault(error: TableTapError, item: MenuItemView, message: str) -> Fault:
    """Say a fault at the group that it is about, where the error names one."""
    group_id = str((error.details or {}).get("groupId", ""))
    is_known = any(group.group_id == group_id for group in item.groups)
    field = f"group-{group_id}" if is_known else ""
    return {"field": field, "message": message, "group_id": group_id if is_known else ""}
