"""What can be had of the menu now, for staff: sold out, counted down, paused."""

from datetime import datetime

from domain.statuses import PauseCause
from domain.views.base import View


class OptionAvailabilityView(View):
    """Whether an option can be had."""

    modifier_id: str
    name: str
    kitchen_name: str
    is_sold_out: bool
    sold_out_until: datetime | None


class DishAvailabilityView(View):
    """Whether a dish and its options can be had. No prices: cooks see it (decision 0037)."""

    menu_item_id: str
    name: str
    kitchen_name: str
    station_id: str
    is_sold_out: bool
    sold_out_until: datetime | None
    options: list[OptionAvailabilityView]
    is_paused: bool = False
    paused_until: datetime | None = None


class DishCountView(View):
    """How many units of a dish are left to sell; None: it is not counted. For staff alone.

    until: when the count ends by itself, None where it does not (and in events that were logged
    before it could).
    """

    menu_item_id: str
    name: str
    kitchen_name: str
    left: int | None
    until: datetime | None = None


class DishStockView(View):
    """A dish of which other units can be had than before. How many, its guests are not told."""

    menu_item_id: str


class StationPauseView(View):
    """A station of which guests can order nothing, or not what takes long, for a while.

    until: of `by_hand` when it ends, None where somebody has to end it; of `load` when that is
    expected. from_prep_s: dishes that take as long or longer are paused, 0 is all. load_minutes:
    work in front when it began; limit_minutes: at how much it pauses by itself. reason: for staff,
    so events leave it out.
    """

    station_id: str
    station_name: str
    cause: PauseCause
    since: datetime
    until: datetime | None
    from_prep_s: int
    load_minutes: int | None
    limit_minutes: int | None
    menu_item_ids: list[str]
    reason: str = ""


class StationPausesView(View):
    """What is paused now, in the stations' order."""

    pauses: list[StationPauseView]


class BusyLimitView(View):
    """At how many minutes of work in front a station pauses by itself; None: never."""

    station_id: str
    limit_minutes: int | None


class BusyStationView(View):
    """How much a station has to make now, at how much it pauses by itself, and its pause."""

    station_id: str
    station_name: str
    load_minutes: int
    limit_minutes: int | None
    pause: StationPauseView | None


class MenuAvailabilityView(View):
    """Dishes in the menu's order: all of them, or those that a change shows on.

    counts: of those, the ones that are counted down. pauses: what guests cannot order for a while.
    """

    items: list[DishAvailabilityView]
    menu_version: int
    counts: list[DishCountView] = []
    pauses: list[StationPauseView] = []
