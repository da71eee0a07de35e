"""/admin/menu: prices, names, what is sold out and what is on the menu; plain forms.

What a form of the editor says is checked here as people typed it, so that each field can say what
is wrong with it; the operations check again what the commands may be.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from domain.allergens import Allergen
from domain.commands import EditMenuItem, EditModifier, SetAvailability, SetGrace
from domain.diets import Diet
from domain.errors import InvalidMessage, NotFound, TableTapError
from domain.identifiers import is_id
from domain.money import find_currency_exponent, find_typed_amount, write_typed_amount
from domain.views.base import Position
from domain.views.menu import ModifierOptionView
from handlers.pages.management import ManagementPage
from services.cafes import CafeRules
from services.event_log import read_head
from services.menu_books import EditableItem
from services.menu_edits import EditableMenu, read_editable_menu

_MENU = "/admin/menu"
_HIGHEST_PRICE = 10_000_000
_LONGEST_PREP_S = 14_400
_DURATION = re.compile(r"([0-9]{1,3})(?::([0-5][0-9]))?")
# What a page that was just changed says: words of its address.
_DONE = ("saved", "prices", "out", "back", "left", "off", "on", "grace", "photo", "drawing")
_MOST_LEFT = 999
_LONGEST_GRACE_S = 120
# Refusals that belong beside the form.
_FAULTS_OF_THE_FORM = (404, 409, 422, 429)

Fault = dict[str, str]


class EditForm(msgspec.Struct, frozen=True, kw_only=True):
    """The editor's fields as text. prep: minutes and seconds, `2:30`. allergens, diets:
    what is ticked."""

    version: str
    name: str
    kitchen_name: str
    description: str
    price: str
    prep: str
    station_id: str
    allergens: list[str]
    diets: list[str]


class _EditorPage(ManagementPage):
    """What the page and its forms share."""

    permission = "edit_menu_item"

    async def show_menu(
        self,
        *,
        item_id: str,
        category_id: str = "",
        done: str = "",
        form: EditForm | None = None,
        prices: dict[str, str] | None = None,
        faults: Iterable[Fault] = (),
    ) -> None:
        """Answer the page. form, prices: what was typed, where it was not taken; else what is."""
        menu, position = await self.read_menu()
        chosen = _find_item(menu, item_id)
        if chosen is not None:
            category_id = category_id or chosen.item.category_id
        known = [category.category_id for category in menu.categories]
        await self.show(
            "admin_menu",
            cafe=menu.cafe,
            position=position,
            menu=menu,
            category_id=category_id if category_id in known else next(iter(known), ""),
            chosen=chosen,
            form=form or (None if chosen is None else _fill_form(chosen, menu.cafe)),
            prices=prices or {},
            faults=list(faults),
            done=done if done in _DONE and not faults else "",
            allergens=list(Allergen),
            diets=list(Diet),
        )

    async def read_menu(self) -> tuple[EditableMenu, Position]:
        return await self.context.runner.read(
            _read_page, self.identity.cafe_id, now=self.context.now()
        )

    async def get_item(self, menu_item_id: str) -> tuple[EditableMenu, EditableItem]:
        menu, _ = await self.read_menu()
        item = _find_item(menu, menu_item_id)
        if item is None:
            raise NotFound("There is no such item on the menu.")
        return menu, item

    def lead_back(self, item_id: str, *, done: str) -> None:
        """Go back to where the form stood: to the category and the dish that were shown."""
        category_id = self.read_field("category", longest=36, default="")
        shown = self.read_field("show", longest=36, default=item_id)
        found = {"category": category_id, "item": shown, "done": done}
        self.see_other(f"{_MENU}?{urlencode({key: each for key, each in found.items() if each})}")

    async def try_run(self, name: str, command: Any) -> TableTapError | None:
        """Do what a form asks for; return why not, where the form can say it."""
        try:
            await self.run(name, command)
        except TableTapError as error:
            if error.status not in _FAULTS_OF_THE_FORM:
                raise
            self.set_status(error.status)
            return error
        return None


class MenuPage(_EditorPage):
    """The dishes of a category, and the one that is being edited."""

    async def get(self) -> None:
        await self.show_menu(
            item_id=self.get_query_argument("item", ""),
            category_id=self.get_query_argument("category", ""),
            done=self.get_query_argument("done", ""),
        )


class DishForm(_EditorPage):
    """A form about one dish."""

    async def get(self, menu_item_id: str) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other(f"{_MENU}?item={menu_item_id}")


class EditItemPage(DishForm):
    """POST /admin/menu/{item}: what the editor says of the dish itself."""

    async def post(self, menu_item_id: str) -> None:
        menu, _ = await self.get_item(menu_item_id)
        form = self._read_form()
        command, faults = _read_edit(form, menu_item_id, menu)
        if command is not None:
            error = await self.try_run("edit_menu_item", command)
            if error is None:
                self.lead_back(menu_item_id, done="saved")
                return
            faults = [{"field": "", "message": error.message}]
        else:
            self.set_status(422)
        await self.show_menu(item_id=menu_item_id, form=form, faults=faults)

    def _read_form(self) -> EditForm:
        return EditForm(
            version=self.read_field("version", longest=10),
            name=self.read_field("name", longest=200),
            kitchen_name=self.read_field("kitchen_name", longest=200),
            description=self.read_field("description", longest=2000, default=""),
            price=self.read_field("price", longest=40),
            prep=self.read_field("prep", longest=40),
            station_id=self.read_field("station", longest=36),
            allergens=self._read_ticked("allergen"),
            diets=self._read_ticked("diet"),
        )

    def _read_ticked(self, name: str) -> list[str]:
        ticked = self.request.body_arguments.get(name, [])
        return [self.decode_argument(each, name) for each in ticked]


class EditOptionsPage(DishForm):
    """POST /admin/menu/{item}/options: the prices of its choices, those that were changed."""

    async def post(self, menu_item_id: str) -> None:
        menu, item = await self.get_item(menu_item_id)
        options = [option for group in item.item.groups for option in group.options]
        typed = {
            option.modifier_id: self.read_field(
                f"price-{option.modifier_id}", longest=40, default=""
            )
            for option in options
        }
        commands, faults = self._read_edits(options, typed, menu.cafe)
        if faults:
            self.set_status(422)
        for command in commands if not faults else []:
            error = await self.try_run("edit_modifier", command)
            if error is not None:
                faults.append(
                    {"field": f"field-price-{command.modifier_id}", "message": error.message}
                )
                break
        if faults:
            await self.show_menu(item_id=menu_item_id, prices=typed, faults=faults)
        else:
            self.lead_back(menu_item_id, done="prices")

    def _read_edits(
        self, options: Iterable[ModifierOptionView], typed: dict[str, str], cafe: CafeRules
    ) -> tuple[list[EditModifier], list[Fault]]:
        commands, faults = [], []
        for option in options:
            field = f"field-price-{option.modifier_id}"
            price_minor, fault = _read_price(typed[option.modifier_id], cafe)
            if price_minor is None:
                faults.append({"field": field, "message": f"{option.name}: {fault}"})
            elif price_minor != option.price_minor:
                version = self.read_field(f"version-{option.modifier_id}", longest=10)
                commands.append(
                    EditModifier(
                        modifier_id=option.modifier_id,
                        price_minor=price_minor,
                        expected_version=_read_version(version),
                    )
                )
        return commands, faults


class AvailabilityPage(DishForm):
    """POST /admin/menu/{item}/availability: sold out, until when, there again, or so many left.

    until: `back`, `left` or `left_open` (then `left` is how many, today or until changed), `open`,
    `hour` or `day`; the last one is meant.
    option: a choice of the dish, instead of itself, as `{id}:{until}`.
    """

    permission = "set_availability"

    async def post(self, menu_item_id: str) -> None:
        menu, _ = await self.get_item(menu_item_id)
        modifier_id, _, option_until = self.read_field("option", longest=50, default="").partition(
            ":"
        )
        word = option_until or self.read_field("until", longest=10)
        if modifier_id and not is_id(modifier_id):
            raise InvalidMessage("There is no such choice. Go back and try again.")
        is_count = word in ("left", "left_open")
        left = self._read_left() if is_count else None
        if is_count and left is None:
            self.set_status(422)
            say = f"Write a number from 1 to {_MOST_LEFT}."
            await self.show_menu(
                item_id=menu_item_id, faults=[{"field": "field-left", "message": say}]
            )
            return
        await self.run(
            "set_availability",
            SetAvailability(
                menu_item_id=None if modifier_id else menu_item_id,
                modifier_id=modifier_id or None,
                is_sold_out=word != "back" and not is_count,
                until=self._find_end(word, menu.cafe),
                left=left,
            ),
        )
        self.lead_back(
            menu_item_id, done="left" if is_count else "back" if word == "back" else "out"
        )

    def _read_left(self) -> int | None:
        """Read how many units are left; None for what is no such number."""
        text = self.read_field("left", longest=10, default="")
        is_number = text.isascii() and text.isdecimal()
        return int(text) if is_number and 1 <= int(text) <= _MOST_LEFT else None

    def _find_end(self, word: str, cafe: CafeRules) -> datetime | None:
        now = self.context.now()
        match word:
            case "hour":
                return now + timedelta(hours=1)
            case "day" | "left":
                return cafe.find_day_end(now)
            case "open" | "back" | "left_open":
                return None
        raise InvalidMessage("Say until when it is sold out.")


class GracePage(_EditorPage):
    """POST /admin/grace: how long guests may take a round back, and whether the kitchen waits."""

    permission = "set_grace"

    async def get(self) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other(_MENU)

    async def post(self) -> None:
        text = self.read_field("grace_s", longest=3)
        if not (text.isascii() and text.isdigit() and int(text) <= _LONGEST_GRACE_S):
            raise InvalidMessage(f"Choose from 0 to {_LONGEST_GRACE_S} seconds.")
        holds = self.read_field("holds", longest=3, default="") == "yes"
        await self.run("set_grace", SetGrace(grace_s=int(text), holds_in_grace=holds))
        self.see_other(f"{_MENU}?done=grace")


class ListingPage(DishForm):
    """POST /admin/menu/{item}/listing: off the menu (`off`), or on it again (`on`)."""

    async def post(self, menu_item_id: str) -> None:
        word = self.read_field("listing", longest=3)
        if word not in ("on", "off"):
            raise InvalidMessage("Say whether it is on or off the menu.")
        command = EditMenuItem(menu_item_id=menu_item_id, is_listed=word == "on")
        await self.run("edit_menu_item", command)
        self.lead_back(menu_item_id, done=word)


def _read_page(cafe_id: str, *, now: datetime) -> tuple[EditableMenu, Position]:
    return read_editable_menu(cafe_id, now=now), read_head(cafe_id)


def _find_item(menu: EditableMenu, menu_item_id: str) -> EditableItem | None:
    return next((each for each in menu.items if each.item.menu_item_id == menu_item_id), None)


def _fill_form(editable: EditableItem, cafe: CafeRules) -> EditForm:
    """Write a dish as its editor's fields show it."""
    item = editable.item
    return EditForm(
        version=str(item.version),
        name=item.name,
        kitchen_name=item.kitchen_name,
        description=item.description,
        price=write_typed_amount(item.price_minor, cafe.terms.currency),
        prep=f"{item.prep_s // 60}:{item.prep_s % 60:02d}",
        station_id=item.station_id,
        allergens=item.allergens,
        diets=item.diets,
    )


def _read_edit(
    form: EditForm, menu_item_id: str, menu: EditableMenu
) -> tuple[EditMenuItem | None, list[Fault]]:
    """Read the editor's fields; None with all that is wrong with them."""
    price_minor, price_fault = _read_price(form.price, menu.cafe)
    prep_s = _find_duration_s(form.prep)
    allergens = [Allergen(each) for each in form.allergens if each in set(Allergen)]
    checks = (
        ("name", 1 <= len(form.name) <= 80, "A name has 1 to 80 letters."),
        (
            "kitchen_name",
            1 <= len(form.kitchen_name) <= 18,
            "A kitchen name has 1 to 18 letters: it must fit one line on the wall.",
        ),
        ("description", len(form.description) <= 400, "The description has 400 letters at most."),
        ("price", price_minor is not None, price_fault),
        ("prep", prep_s is not None, "Write minutes and seconds like 2:30, four hours at most."),
        (
            "station",
            form.station_id in [station.station_id for station in menu.stations],
            "Choose the station that makes it.",
        ),
    )
    faults = [
        {"field": f"field-{field}", "message": say}
        for field, is_right, say in checks
        if not is_right
    ]
    if faults:
        return None, faults
    return (
        EditMenuItem(
            menu_item_id=menu_item_id,
            expected_version=_read_version(form.version),
            name=form.name,
            kitchen_name=form.kitchen_name,
            description=form.description,
            price_minor=price_minor,
            prep_s=prep_s,
            station_id=form.station_id,
            allergens=allergens,
            diets=[Diet(each) for each in form.diets if each in set(Diet)],
        ),
        [],
    )


def _read_price(text: str, cafe: CafeRules) -> tuple[int | None, str]:
    """Read a price; None and what to do about it where it is none."""
    currency = cafe.terms.currency
    minor = find_typed_amount(text, exponent=find_currency_exponent(currency))
    if minor is None:
        return None, f"Write a price like {write_typed_amount(1150, currency)}."
    if minor > _HIGHEST_PRICE:
        return None, f"A price is at most {write_typed_amount(_HIGHEST_PRICE, currency)}."
    return minor, ""


def _find_duration_s(text: str) -> int | None:
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    seconds = int(found.group(1)) * 60 + int(found.group(2) or 0)
    return seconds if seconds <= _LONGEST_PREP_S else None


def _read_version(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise InvalidMessage("The form is not of this page. Load it again.")
    return int(text)
