"""A small menu for tests of rules: two stations' worth of items, groups of every kind."""

from datetime import datetime

from domain.menu import Catalogue, Sellable
from domain.taxes import PriceTerms, TaxRate, TaxRounding
from domain.views.kitchen import StationView
from domain.views.menu import MenuItemView, ModifierGroupView, ModifierOptionView

BAR = StationView(
    station_id="01890a5d-0000-774b-bcce-000000000001", name="Bar", slug="bar", target_s=240
)
KITCHEN = StationView(
    station_id="01890a5d-0000-774b-bcce-000000000002", name="Kitchen", slug="kitchen", target_s=600
)
STATIONS = {BAR.station_id: BAR, KITCHEN.station_id: KITCHEN}

NORMAL = TaxRate(code="normal", name="IVA 23 %", rate_ppm=230_000)
REDUCED = TaxRate(code="reduced", name="IVA 13 %", rate_ppm=130_000)

INCLUSIVE = PriceTerms(
    currency="EUR", prices_include_tax=True, tax_rounding=TaxRounding.PER_DOCUMENT
)

FLAT_WHITE = "01890a5d-0000-774b-bcce-0000000000a1"
TOASTIE = "01890a5d-0000-774b-bcce-0000000000a2"
OAT = "01890a5d-0000-774b-bcce-0000000000b1"
WHOLE = "01890a5d-0000-774b-bcce-0000000000b2"
SHOT = "01890a5d-0000-774b-bcce-0000000000b3"
SYRUP = "01890a5d-0000-774b-bcce-0000000000b4"
RYE = "01890a5d-0000-774b-bcce-0000000000b5"
WHITE_BREAD = "01890a5d-0000-774b-bcce-0000000000b6"
NO_ONION = "01890a5d-0000-774b-bcce-0000000000b7"


def make_option(
    modifier_id: str,
    name: str,
    *,
    price_minor: int = 0,
    is_default: bool = False,
    is_removal: bool = False,
    is_sold_out: bool = False,
    sold_out_until: datetime | None = None,
) -> ModifierOptionView:
    """Make one option; its kitchen name is its name in capitals."""
    return ModifierOptionView(
        modifier_id=modifier_id,
        name=name,
        kitchen_name=name.upper(),
        price_minor=price_minor,
        is_default=is_default,
        is_removal=is_removal,
        is_sold_out=is_sold_out,
        allergens=[],
        sold_out_until=sold_out_until,
    )


def make_group(
    name: str, minimum: int, maximum: int, *options: ModifierOptionView
) -> ModifierGroupView:
    """Make one group; it is required when it has a minimum."""
    return ModifierGroupView(
        group_id=f"group-{name.lower()}",
        name=name,
        is_required=minimum > 0,
        minimum=minimum,
        maximum=maximum,
        options=list(options),
    )


def make_item(
    menu_item_id: str,
    name: str,
    *groups: ModifierGroupView,
    station: StationView = BAR,
    price_minor: int = 390,
    prep_s: int = 120,
    is_sold_out: bool = False,
    sold_out_until: datetime | None = None,
) -> MenuItemView:
    """Make one item of the menu."""
    return MenuItemView(
        menu_item_id=menu_item_id,
        category_id="01890a5d-0000-774b-bcce-0000000000c1",
        name=name,
        kitchen_name=name,
        description="",
        price_minor=price_minor,
        prep_s=prep_s,
        station_id=station.station_id,
        plate="",
        allergens=[],
        diets=[],
        is_sold_out=is_sold_out,
        sold_out_until=sold_out_until,
        groups=list(groups),
    )


def make_catalogue() -> Catalogue:
    """Make the menu: a coffee with required milk and optional extras, a toastie with bread."""
    milk = make_group(
        "Milk",
        1,
        1,
        make_option(WHOLE, "Whole", is_default=True),
        make_option(OAT, "Oat", price_minor=50),
    )
    extras = make_group(
        "Extras",
        0,
        3,
        make_option(SHOT, "Extra shot", price_minor=80),
        make_option(SYRUP, "Syrup", price_minor=50),
    )
    bread = make_group("Bread", 1, 1, make_option(WHITE_BREAD, "White"), make_option(RYE, "Rye"))
    without = make_group("Leave out", 0, 0, make_option(NO_ONION, "Onion", is_removal=True))
    coffee = make_item(FLAT_WHITE, "Flat white", milk, extras)
    toastie = make_item(
        TOASTIE, "Toastie", bread, without, station=KITCHEN, price_minor=890, prep_s=420
    )
    return {
        FLAT_WHITE: Sellable(item=coffee, tax=NORMAL),
        TOASTIE: Sellable(item=toastie, tax=REDUCED),
    }
