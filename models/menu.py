"""The menu: categories, items, modifiers, tax codes. Orders copy from it and never look back."""

from peewee import CompositeKey

from models.base import Table
from models.fields import (
    big_integer_field,
    boolean_field,
    bytes_field,
    check,
    id_field,
    integer_field,
    json_field,
    reference_field,
    text_field,
    timestamp_field,
)
from models.tenancy import Cafe, Station


class TaxCode(Table):
    """A tax rate by its short name in the books. rate_ppm: parts per million."""

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    code = text_field(20)
    name = text_field(60)
    rate_ppm = integer_field()

    class Meta:
        table_name = "tax_code"
        indexes = ((("cafe_id", "code"), True),)
        constraints = (check("tax_code_rate", "rate_ppm BETWEEN 0 AND 1000000"),)


class MenuCategory(Table):
    """A heading of the menu."""

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    name = text_field(80)
    position = integer_field(default=0)
    archived_at = timestamp_field(null=True)

    class Meta:
        table_name = "menu_category"
        indexes = ((("cafe_id", "position"), False),)


class MenuItem(Table):
    """Something to order. plate: which drawing stands in where it has no photo.

    version: rises with edits.
    sold_out_at and sold_out_until: sold out from the one, until the other or until changed.
    left_count: units that are left to sell, None where nobody counts; at 0 it is sold out.
    left_until: when that count ends by itself, None where it stands until changed.
    """

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    category_id = reference_field(MenuCategory)
    station_id = reference_field(Station)
    tax_code_id = reference_field(TaxCode)
    name = text_field(80)
    kitchen_name = text_field(40)
    description = text_field(400, default="")
    price_minor = big_integer_field()
    prep_s = integer_field()
    plate = text_field(40, default="")
    allergens = json_field(list[str], default=list)
    diets = json_field(list[str], default=list)
    position = integer_field(default=0)
    sold_out_at = timestamp_field(null=True)
    sold_out_until = timestamp_field(null=True)
    left_count = integer_field(null=True)
    left_until = timestamp_field(null=True)
    archived_at = timestamp_field(null=True)
    version = integer_field(default=1)

    class Meta:
        table_name = "menu_item"
        indexes = (
            (("cafe_id", "category_id", "position"), False),
            (("left_until",), False),
            (("sold_out_until",), False),
        )
        constraints = (
            check("menu_item_price", "price_minor >= 0"),
            check("menu_item_prep", "prep_s >= 0"),
            check("menu_item_left", "left_count IS NULL OR left_count >= 0"),
            check("menu_item_version", "version >= 1"),
        )


class MenuPhoto(Table):
    """A dish's photo, where it has one. small, large: WebP, as domain/photos.py says."""

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    menu_item_id = reference_field(MenuItem, unique=True)
    small = bytes_field()
    large = bytes_field()

    class Meta:
        table_name = "menu_photo"
        indexes = ((("cafe_id",), False),)


class ModifierGroup(Table):
    """Options that are chosen together. minimum, maximum: how many; maximum 0 has no limit."""

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    name = text_field(80)
    is_required = boolean_field(default=False)
    minimum = integer_field(default=0)
    maximum = integer_field(default=0)
    archived_at = timestamp_field(null=True)

    class Meta:
        table_name = "modifier_group"
        indexes = ((("cafe_id",), False),)
        constraints = (
            check("modifier_group_limits", "minimum >= 0 AND (maximum = 0 OR maximum >= minimum)"),
        )


class MenuItemModifierGroup(Table):
    """Which groups an item offers, in which order."""

    menu_item_id = reference_field(MenuItem)
    modifier_group_id = reference_field(ModifierGroup)
    position = integer_field(default=0)

    class Meta:
        table_name = "menu_item_modifier_group"
        primary_key = CompositeKey("menu_item_id", "modifier_group_id")
        # Which items have this modifier: asked when it sells out.
        indexes = ((("modifier_group_id",), False),)


class Modifier(Table):
    """One option. price_minor: added per unit. is_removal: it takes something away («no onion»).

    version: rises with edits.
    """

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    modifier_group_id = reference_field(ModifierGroup)
    name = text_field(80)
    kitchen_name = text_field(40)
    price_minor = big_integer_field(default=0)
    is_default = boolean_field(default=False)
    is_removal = boolean_field(default=False)
    allergens = json_field(list[str], default=list)
    position = integer_field(default=0)
    sold_out_at = timestamp_field(null=True)
    sold_out_until = timestamp_field(null=True)
    archived_at = timestamp_field(null=True)
    version = integer_field(default=1)

    class Meta:
        table_name = "modifier"
        indexes = (
            (("modifier_group_id", "position"), False),
            (("cafe_id",), False),
            (("sold_out_until",), False),
        )
        constraints = (
            check("modifier_price", "price_minor >= 0"),
            check("modifier_version", "version >= 1"),
        )
