"""Orders, their rounds and their lines."""

from datetime import date, datetime

from domain.statuses import (
    TERMINAL_ORDER_STATUSES,
    Channel,
    HoldKind,
    ItemStatus,
    OrderStatus,
    RoundStatus,
)
from domain.views.base import View
from domain.views.money import OrderPaymentView, TotalsView


class ItemModifierView(View):
    """price_minor: for one unit of the item, quantity included.

    is_usual: what the dish comes with when nobody says otherwise; tickets leave it out.
    """

    modifier_id: str
    name: str
    kitchen_name: str
    quantity: int
    price_minor: int
    is_removal: bool
    is_usual: bool = False


class OrderItemView(View):
    """One line of an order: `quantity` units that move together.

    line_total_minor: gross of all its units, 0 when voided or a remake. late_at: when the ticket
    that carries it is late; None before it is fired.
    """

    item_id: str
    line_number: int
    round_number: int
    menu_item_id: str
    name: str
    kitchen_name: str
    plate: str
    quantity: int
    unit_price_minor: int
    line_total_minor: int
    modifiers: list[ItemModifierView]
    note: str
    status: ItemStatus
    version: int
    station_id: str
    station_name: str
    prep_s: int
    lane_id: str | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    ready_at: datetime | None = None
    served_at: datetime | None = None
    voided_at: datetime | None = None
    void_reason: str = ""
    remake_of: str | None = None
    late_at: datetime | None = None


class HoldView(View):
    """Why a round waits, and when it gives up."""

    kind: HoldKind
    reason: str
    expires_at: datetime | None


class RoundView(View):
    """progress_percentage: 0 to 100, never falling within a round.

    estimated_ready_at: of its open lines; None before it is fired and when nothing is open.
    is_rushed: the kitchen has it before others; why is for staff alone. is_course: the house holds
    it for later, or has; of those that were logged before anybody was told, it is False.
    """

    round_number: int
    status: RoundStatus
    holds: list[HoldView]
    submitted_at: datetime
    fired_at: datetime | None
    progress_percentage: int
    note: str
    allergy: str
    lane_number: int | None
    reason: str
    undo_until: datetime | None
    items: list[OrderItemView]
    estimated_ready_at: datetime | None = None
    is_rushed: bool = False
    is_course: bool = False

    @property
    def is_held(self) -> bool:
        """Whether the house holds it for later."""
        return any(hold.kind is HoldKind.COURSE for hold in self.holds)

    @property
    def fires_at(self) -> datetime | None:
        """When it fires by itself; None where it is not held, or until somebody fires it."""
        return next((hold.expires_at for hold in self.holds if hold.kind is HoldKind.COURSE), None)


class OrderView(View):
    """payment, table_area, name_revision: have defaults for events that were logged before there
    were any.

    table_area: the part of the cafe that the table stands in, "" for none. name_revision: there is
    a name to call out, which staff reads at `/orders/names`; 0 for none (decision 0057).
    """

    order_id: str
    order_number: int
    business_date: date
    status: OrderStatus
    version: int
    channel: Channel
    table_number: int | None
    table_label: str
    table_session_id: str | None
    progress_percentage: int
    submitted_at: datetime
    estimated_ready_at: datetime | None
    completed_at: datetime | None
    rounds: list[RoundView]
    totals: TotalsView
    payment: OrderPaymentView = OrderPaymentView()
    table_area: str = ""
    name_revision: int = 0

    @property
    def is_on_till(self) -> bool:
        """Whether the counter still has something to do with it: make, hand over, or money."""
        return not self.is_over or not self.payment.is_settled

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to make or to hand over."""
        return self.status in TERMINAL_ORDER_STATUSES

    @property
    def waits_for_course(self) -> bool:
        """Whether nothing of it is left but what the house holds for later."""
        return (
            self.status is OrderStatus.CONFIRMED
            and self.estimated_ready_at is None
            and any(each.is_held for each in self.rounds)
        )

    @property
    def items(self) -> list[OrderItemView]:
        """All lines of all rounds, in order."""
        return [item for each in self.rounds for item in each.items]


class OrderNameView(View):
    """What an order is called by. revision: rises with every change; name: "" when taken back.

    may_show_initial: the board does.
    """

    order_id: str
    revision: int
    name: str
    may_show_initial: bool


class OrderNamesView(View):
    names: list[OrderNameView]


class OrderStatusView(View):
    """Where an order stands, without its lines and its money."""

    order_id: str
    order_number: int
    status: OrderStatus
    version: int
    progress_percentage: int


class OrdersView(View):
    """Orders that were asked for or changed together."""

    orders: list[OrderView]
