"""Drafts: a whole cafe written down as data, before it has rows or ids.

`demo/cafe.py` is one; services/setup.py turns drafts into rows. A draft refers by its own words
(a station's slug, a group's key, a tax code), and `list_draft_faults` says which of them lead
nowhere, so that a cafe is never created by halves.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from domain.allergens import Allergen
from domain.diets import Diet
from domain.roles import Role

# A kitchen name fits one line of a ticket on the wall at the sizes displays use.
KITCHEN_NAME_LIMIT = 18


# What the columns take; signing in asks for no more of an address than this.
_NAME_LIMIT = 120
_EMAIL_LIMIT = 254
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_CURRENCY = re.compile(r"[A-Z]{3}")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all drafts."""


class StationDraft(Draft, frozen=True, kw_only=True):
    """target_s: age at which a ticket of this station is late."""

    slug: str
    name: str
    target_s: int


class TableDraft(Draft, frozen=True, kw_only=True):
    """label: what people call it; number: unique in the cafe."""

    number: int
    label: str
    area: str
    seats: int


class PersonDraft(Draft, frozen=True, kw_only=True):
    name: str
    email: str
    role: Role


class TaxDraft(Draft, frozen=True, kw_only=True):
    code: str
    name: str
    rate_ppm: int


class ModifierDraft(Draft, frozen=True, kw_only=True):
    """is_removal: takes something out, and reads "NO ..." on a ticket."""

    name: str
    kitchen_name: str
    price_minor: int = 0
    is_default: bool = False
    is_removal: bool = False
    allergens: tuple[str, ...] = ()


class ModifierGroupDraft(Draft, frozen=True, kw_only=True):
    """minimum/maximum: how many options may be chosen; maximum 0 means no limit."""

    key: str
    name: str
    minimum: int
    maximum: int
    options: tuple[ModifierDraft, ...]

    @property
    def is_required(self) -> bool:
        return self.minimum > 0


class MenuItemDraft(Draft, frozen=True, kw_only=True):
    """station, tax_code, groups: by slug, code and key. plate: which drawing stands for it.

    allergens: of the dish as its default modifiers make it, the modifiers' own left out.
    """

    name: str
    kitchen_name: str
    description: str
    price_minor: int
    prep_s: int
    station: str
    tax_code: str
    plate: str
    allergens: tuple[str, ...] = ()
    diets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class MenuCategoryDraft(Draft, frozen=True, kw_only=True):
    name: str
    items: tuple[MenuItemDraft, ...]


class MenuDraft(Draft, frozen=True, kw_only=True):
    taxes: tuple[TaxDraft, ...]
    groups: tuple[ModifierGroupDraft, ...]
    categories: tuple[MenuCategoryDraft, ...]

    @property
    def items(self) -> tuple[MenuItemDraft, ...]:
        """All items in the order of the menu."""
        return tuple(item for category in self.categories for item in category.items)


class OwnerDraft(Draft, frozen=True, kw_only=True):
    """Somebody who starts a cafe of their own; it has no tables, stations or menu yet."""

    name: str
    email: str
    cafe_name: str
    currency: str = "EUR"
    timezone: str = "UTC"


class CafeDraft(Draft, frozen=True, kw_only=True):
    """timezone: an IANA name. currency: ISO 4217, with its number of decimals as the exponent.

    business_day_cutoff_minutes: minutes after local midnight until which it is still yesterday.
    approve_first_order: a table's first order waits until the counter has seen the guests.
    holds_in_grace: the kitchen waits while a guest may still take a round back.
    accepts_sandbox: guests pay by the sandbox, where no money moves; for demo and tests.
    """

    name: str
    currency: str
    timezone: str
    currency_exponent: int = 2
    locale: str = "en"
    prices_include_tax: bool = True
    business_day_cutoff_minutes: int = 240
    approve_first_order: bool = True
    holds_in_grace: bool = True
    accepts_sandbox: bool = False
    stations: tuple[StationDraft, ...]
    tables: tuple[TableDraft, ...]
    people: tuple[PersonDraft, ...]
    menu: MenuDraft


def list_draft_faults(cafe: CafeDraft) -> list[str]:
    """List in plain words what keeps a draft from becoming a cafe; empty when nothing does."""
    return [
        *_check_money_and_clock(cafe.currency, cafe.timezone),
        *_list_repeated("station", [station.slug for station in cafe.stations]),
        *_list_repeated("table number", [str(table.number) for table in cafe.tables]),
        *_list_repeated("e-mail address", [person.email for person in cafe.people]),
        *_list_repeated("modifier group", [group.key for group in cafe.menu.groups]),
        *_list_repeated("tax code", [tax.code for tax in cafe.menu.taxes]),
        *(fault for group in cafe.menu.groups for fault in _check_group(group)),
        *(fault for item in cafe.menu.items for fault in _check_item(item, cafe)),
    ]


def is_email(text: str) -> bool:
    """Whether somebody could sign in with this."""
    return len(text) <= _EMAIL_LIMIT and _EMAIL.fullmatch(text.strip()) is not None


def list_owner_faults(owner: OwnerDraft, *, has_cafe: bool) -> list[str]:
    """List in plain words what keeps somebody from becoming an owner.

    has_cafe: they join one that exists, so what the draft says about a new one does not matter.
    """
    faults = [*_check_name("owner", owner.name)]
    if not is_email(owner.email):
        faults.append("The e-mail address must be like ana@cafe.example.")
    if not has_cafe:
        faults += _check_name("cafe", owner.cafe_name)
        faults += _check_money_and_clock(owner.currency, owner.timezone)
    return faults


def _check_name(whose: str, name: str) -> Iterator[str]:
    if not 1 <= len(name.strip()) <= _NAME_LIMIT or not name.isprintable():
        yield f"The name of the {whose} must have 1 to {_NAME_LIMIT} letters."


def _check_money_and_clock(currency: str, timezone: str) -> Iterator[str]:
    if not _CURRENCY.fullmatch(currency):
        yield f"{currency} is not the code of a currency, like EUR (ISO 4217)."
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"{timezone} is not the name of a time zone, like Europe/Lisbon (IANA)."


def _list_repeated(what: str, words: list[str]) -> list[str]:
    return [
        f"The {what} {word} is there {count} times."
        for word, count in Counter(words).items()
        if count > 1
    ]


def _is_allergen(word: object) -> bool:
    return word in set(Allergen)


def _check_group(group: ModifierGroupDraft) -> Iterator[str]:
    defaults = sum(option.is_default for option in group.options)
    if group.maximum and group.minimum > group.maximum:
        yield f"{group.name} asks for more options than it allows."
    if group.minimum > len(group.options):
        yield f"{group.name} asks for more options than it has."
    if group.maximum and defaults > group.maximum:
        yield f"{group.name} has more defaults than it allows."
    for option in group.options:
        yield from _check_kitchen_name(option.name, option.kitchen_name)
        yield from _check_words(option.name, "allergen", option.allergens, _is_allergen)


def _check_item(item: MenuItemDraft, cafe: CafeDraft) -> Iterator[str]:
    stations = {station.slug for station in cafe.stations}
    taxes = {tax.code for tax in cafe.menu.taxes}
    groups = {group.key for group in cafe.menu.groups}
    yield from _check_kitchen_name(item.name, item.kitchen_name)
    yield from _check_words(item.name, "station", (item.station,), stations.__contains__)
    yield from _check_words(item.name, "tax code", (item.tax_code,), taxes.__contains__)
    yield from _check_words(item.name, "modifier group", item.groups, groups.__contains__)
    yield from _check_words(item.name, "allergen", item.allergens, _is_allergen)
    yield from _check_words(item.name, "diet", item.diets, frozenset(Diet).__contains__)
    if item.price_minor < 0 or item.prep_s < 0:
        yield f"{item.name} has a negative price or preparation time."


def _check_kitchen_name(name: str, kitchen_name: str) -> Iterator[str]:
    if not 1 <= len(kitchen_name) <= KITCHEN_NAME_LIMIT:
        yield f"The kitchen name of {name} must have 1 to {KITCHEN_NAME_LIMIT} letters."


def _check_words(
    name: str, what: str, words: tuple[str, ...], is_known: Callable[[object], bool]
) -> Iterator[str]:
    for word in words:
        if not is_known(word):
            yield f"{name} names the {what} {word}, which does not exist."
