"""Dishes with their choices, as guests, the till and the editor show them."""

from datetime import datetime, timedelta
from typing import Any

from domain.views.menu import (
    MenuCategoryView,
    MenuItemView,
    MenuView,
    ModifierGroupView,
    ModifierOptionView,
)
from handlers.pages.specimens.ids import make_id


def make_option(name: str, price_minor: int = 0, **changes: Any) -> ModifierOptionView:
    """Make an option of a modifier group. changes: any other field of the view."""
    fields: dict[str, Any] = {
        "modifier_id": make_id(sum(name.encode())),
        "name": name,
        "kitchen_name": name.lower(),
        "price_minor": price_minor,
        "is_default": False,
        "is_removal": False,
        "is_sold_out": False,
        "allergens": [],
    }
    return ModifierOptionView(**(fields | changes))


def make_group(
    name: str, minimum: int, maximum: int, *options: ModifierOptionView
) -> ModifierGroupView:
    """Make a modifier group; it is required when something must be chosen."""
    return ModifierGroupView(
        group_id=make_id(sum(name.encode()) + 5000),
        name=name,
        is_required=minimum > 0,
        minimum=minimum,
        maximum=maximum,
        options=list(options),
    )


def make_menu_item(name: str, plate: str, price_minor: int, **changes: Any) -> MenuItemView:
    """Make a dish. changes: any other field of the view."""
    fields: dict[str, Any] = {
        "menu_item_id": make_id(sum(name.encode()) + 9000),
        "category_id": make_id(50),
        "name": name,
        "kitchen_name": name[:18],
        "description": "",
        "price_minor": price_minor,
        "prep_s": 240,
        "station_id": make_id(1),
        "plate": plate,
        "allergens": [],
        "diets": [],
        "is_sold_out": False,
        "sold_out_until": None,
        "groups": [],
    }
    return MenuItemView(**(fields | changes))


def make_flat_white() -> MenuItemView:
    """Make a dish with a group of every kind."""
    milk = make_group(
        "Milk",
        1,
        1,
        make_option("Whole milk", is_default=True, allergens=["milk"]),
        make_option("Oat milk, barista", 50),
        make_option("Soy milk", 40),
        make_option("Almond milk", 50, is_sold_out=True),
    )
    size = make_group(
        "Size",
        1,
        1,
        make_option("Regular, 180 ml", is_default=True),
        make_option("Large, 260 ml", 70),
    )
    extras = make_group(
        "Make it yours",
        0,
        3,
        make_option("Extra shot", 80),
        make_option("Decaf"),
        make_option("Vanilla syrup", 50),
        make_option("No foam", is_removal=True),
    )
    return make_menu_item(
        "Flat white",
        "flat-white",
        390,
        description="Double ristretto under thin, silky milk. The house favourite.",
        allergens=["milk"],
        groups=[milk, size, extras],
    )


def make_menu(now: datetime) -> MenuView:
    """Make a menu of one heading with all kinds of rows."""
    category_id = make_id(50)
    return MenuView(
        cafe_id=make_id(1),
        cafe_name="Harbour Lane",
        currency="EUR",
        prices_include_tax=True,
        menu_version=1,
        categories=[
            MenuCategoryView(category_id=category_id, name="Coffee", items=list_dishes(now))
        ],
    )


def list_dishes(now: datetime) -> list[MenuItemView]:
    """List dishes of every kind of row in the guest's menu."""
    return [
        make_flat_white(),
        make_menu_item(
            "Eighteen-hour cold brew",
            "cold-brew",
            440,
            diets=["vegan"],
            description="Steeped overnight, long over ice, with orange peel.",
        ),
        make_menu_item(
            "Shakshuka with whipped feta and toasted sourdough",
            "shakshuka",
            1150,
            description="Two eggs baked in smoked tomato and pepper, with coriander.",
        ),
        make_menu_item(
            "Filter of the day",
            "filter",
            360,
            is_sold_out=True,
            sold_out_until=now + timedelta(minutes=40),
            description="Batch brewed on the hour, black.",
        ),
        make_menu_item("Cardamom bun", "bun", 390, is_sold_out=True),
    ]
