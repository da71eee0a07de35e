"""The menu as guests and tills see it."""

from datetime import datetime

from domain.views.base import View


class ModifierOptionView(View):
    """version: rises with every edit; has a default for events that were logged before."""

    modifier_id: str
    name: str
    kitchen_name: str
    price_minor: int
    is_default: bool
    is_removal: bool
    is_sold_out: bool
    allergens: list[str]
    sold_out_until: datetime | None = None
    version: int = 1


class ModifierGroupView(View):
    """minimum/maximum: how many options may be chosen; maximum 0 means no limit."""

    group_id: str
    name: str
    is_required: bool
    minimum: int
    maximum: int
    options: list[ModifierOptionView]


class MenuItemView(View):
    """plate: which drawing stands in for a photo.

    photo_path: where its photo is, `{photo_path}/small.webp` and `/large.webp`; what is there never
    changes. version: rises with every edit. is_paused: guests cannot order it now, though it is
    not sold out; paused_until: they can from about then on, None where nobody knows. All have a
    default for events that were logged before.
    """

    menu_item_id: str
    category_id: str
    name: str
    kitchen_name: str
    description: str
    price_minor: int
    prep_s: int
    station_id: str
    plate: str
    allergens: list[str]
    diets: list[str]
    is_sold_out: bool
    sold_out_until: datetime | None
    groups: list[ModifierGroupView]
    version: int = 1
    photo_path: str | None = None
    is_paused: bool = False
    paused_until: datetime | None = None


class MenuCategoryView(View):
    category_id: str
    name: str
    items: list[MenuItemView]


class MenuView(View):
    """menu_version: rises with every change of the menu."""

    cafe_id: str
    cafe_name: str
    currency: str
    prices_include_tax: bool
    menu_version: int
    categories: list[MenuCategoryView]


class MenuChangeView(View):
    """Items after a change of the menu."""

    items: list[MenuItemView]
    menu_version: int
