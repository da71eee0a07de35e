"""Views: the shapes that pages, REST answers and socket messages share.

Absolute state with a version, never increments; no personal name. Money is integer minor units
(`*_minor`) of the cafe's currency, rates parts per million (`*_ppm`), durations seconds (`*_s`),
times aware UTC. JSON is camelCase.
"""

from datetime import date, datetime, timedelta

import msgspec

from domain.displays import compute_item_px
from domain.payments import LegStatus, PaymentMethod, PaymentStatus, RefundStatus
from domain.roles import Role
from domain.screens import ScreenState
from domain.statuses import (
    TERMINAL_ORDER_STATUSES,
    Channel,
    HoldKind,
    ItemStatus,
    NotificationKind,
    NotificationStatus,
    OrderStatus,
    PauseCause,
    Priority,
    Resolution,
    RoundStatus,
    TicketStatus,
    WaitReason,
)

# A board keeps a number that nobody collects for so long: it must have room for the next ones.
READY_SHOWN = timedelta(minutes=15)
# What presses most comes first.
_PRIORITIES = tuple(reversed(Priority))
# Longer than any ticket stays open, and shorter than the time since 1970.
_RUSH_LEAD_MS = 10**11
# What is held stands behind all that is to be made.
_HELD_LAG_MS = 10**11


class View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of all views."""


class Position(View):
    """Place in a cafe's log: everything up to and including `seq` of `epoch` is known.

    event_id: the id of the event at `seq`; "" at seq 0. It tells a copied database apart.
    """

    epoch: str
    seq: int
    event_id: str = ""


# --- menu -------------------------------------------------------------------------------------


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


class GraceView(View):
    """How long guests of a cafe may take a round back, and whether its kitchen waits that long."""

    grace_s: int
    holds_in_grace: bool


class OpeningTimesView(View):
    """opens_at: for each day of the week, Monday first; None where the cafe stays closed."""

    opens_at: list[str | None]


class MenuChangeView(View):
    """Items after a change of the menu."""

    items: list[MenuItemView]
    menu_version: int


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


# --- money ------------------------------------------------------------------------------------


class TaxView(View):
    """One tax code's share; net + tax = what its lines come to."""

    code: str
    name: str
    rate_ppm: int
    net_minor: int
    tax_minor: int


class TotalsView(View):
    """total = sum of lines (+ tax where prices exclude it). subtotal: sum of the lines' prices."""

    currency: str
    prices_include_tax: bool
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    taxes: list[TaxView]


class QuoteLineView(View):
    menu_item_id: str
    name: str
    quantity: int
    unit_price_minor: int
    line_total_minor: int
    modifiers: list[str]


class QuoteView(View):
    """What the lines would cost now. quote_hash: sent back at submit, so a price cannot change
    between looking and ordering without being told."""

    lines: list[QuoteLineView]
    totals: TotalsView
    quote_hash: str
    menu_version: int
    estimated_prep_s: int


# --- orders -----------------------------------------------------------------------------------


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


class PaymentView(View):
    """One leg: an attempt to pay an amount of an order. lane_id: the guest who pays, if one does.

    amount_minor: without change. refunded, refunding: given back, and asked for but not settled.
    is_checking: the provider was asked and its answer is not known yet.
    """

    payment_id: str
    order_id: str
    number: int
    method: PaymentMethod
    status: LegStatus
    version: int
    amount_minor: int
    tendered_minor: int | None
    change_minor: int
    refunded_minor: int
    refunding_minor: int
    is_checking: bool
    failure_reason: str
    lane_id: str | None
    created_at: datetime
    ended_at: datetime | None


class OrderPaymentView(View):
    """What an order's payment comes to. due: still to be paid; payable: of that, not yet claimed.

    credited: no longer owed after a refund. pending: claimed by legs that are under way.
    legs: in the order in which they were begun.
    """

    status: PaymentStatus = PaymentStatus.UNPAID
    due_minor: int = 0
    payable_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    credited_minor: int = 0
    pending_minor: int = 0
    overpaid_minor: int = 0
    is_overpaid: bool = False
    legs: list[PaymentView] = []

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to take, to wait for or to give back."""
        return not (self.due_minor or self.pending_minor or self.overpaid_minor)


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


class RefundView(View):
    """Money back from one leg. reason: for staff alone, so events leave it out.

    with_credit: what is owed falls with it, so nothing is due because of it. credited_minor: by
    how much it fell: of money that was overpaid nothing was owed any more.
    """

    refund_id: str
    payment_id: str
    amount_minor: int
    status: RefundStatus
    with_credit: bool
    reason: str
    failure_reason: str
    created_at: datetime
    settled_at: datetime | None
    credited_minor: int = 0


class PaymentsView(View):
    """An order's payments as they are booked. refunds: in the order in which they were asked."""

    order_id: str
    order_number: int
    currency: str
    total_minor: int
    payment: OrderPaymentView
    refunds: list[RefundView]


class GuestPayView(View):
    """What a guest may pay of an order. own: their own lines; payable: all that is due.

    lane_id: theirs; the order's legs say which of them are.
    """

    order: OrderView
    lane_id: str
    own_minor: int
    payable_minor: int
    accepts_sandbox: bool

    @property
    def own_legs(self) -> list[PaymentView]:
        """The payments that this guest began, oldest first."""
        return [leg for leg in self.order.payment.legs if leg.lane_id == self.lane_id]


# --- kitchen ----------------------------------------------------------------------------------


class TicketItemView(View):
    """A line as the kitchen sees it: no price, not of its modifiers either (they say 0).

    modifiers: those that differ from how the dish usually comes (decision 0016).
    void_seen: the cook has acknowledged the void. changed_from: how many there were before units
    were voided that no cook has seen yet, None where nothing changed. menu_item_id: "" in events
    that were logged before it was there.
    """

    item_id: str
    quantity: int
    name: str
    modifiers: list[ItemModifierView]
    note: str
    status: ItemStatus
    version: int
    is_remake: bool
    void_reason: str
    void_seen: bool
    started_at: datetime | None
    ready_at: datetime | None
    changed_from: int | None = None
    menu_item_id: str = ""


class HeldLinesView(View):
    """Lines that come later at the same station, under a ticket of theirs that is held."""

    ticket_id: str
    items: list[TicketItemView]
    fires_at: datetime | None


class StationProgressView(View):
    """What another station still owes to the same round."""

    station_id: str
    station_name: str
    ready: int
    total: int


class TicketView(View):
    """One station's part of one round. allergens: what the strip shows, from the guest's words.

    round_number above 1 is an add-on. target_s: age at which the ticket is late. rush_reason: why
    it comes before the others, "" where it does not. allergy_seen: a cook has ticked the strip.
    moved_from: the table its guests sat at before, "" where they stayed (and in events that were
    logged before guests could move). name_revision: as of `OrderView`. is_course: it was held, and
    its age counts from its firing. fires_at: of one that is held, when by itself; None by hand.
    held: what comes later and is shown with it; beside_id: of a held one, the ticket that does.
    """

    ticket_id: str
    order_id: str
    order_number: int
    round_number: int
    station_id: str
    station_name: str
    status: TicketStatus
    version: int
    channel: Channel
    table_number: int | None
    table_label: str
    priority: Priority
    queued_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    target_s: int
    is_recalled: bool
    note: str
    allergy: str
    items: list[TicketItemView]
    others: list[StationProgressView]
    rush_reason: str = ""
    allergy_seen: bool = False
    moved_from: str = ""
    name_revision: int = 0
    is_course: bool = False
    fires_at: datetime | None = None
    held: list[HeldLinesView] = []
    beside_id: str | None = None

    @property
    def rank(self) -> int:
        """Place among the open tickets: those that are rushed first, then the oldest, then held."""
        queued_ms = int(self.queued_at.timestamp() * 1000)
        if self.status is TicketStatus.HELD:
            return queued_ms + _HELD_LAG_MS
        return queued_ms - _RUSH_LEAD_MS if self.priority is Priority.URGENT else queued_ms


class TicketsView(View):
    """Tickets that were changed together."""

    tickets: list[TicketView]


class StationView(View):
    station_id: str
    name: str
    slug: str
    target_s: int


class StationMoveView(View):
    """Whose tickets are shown at another station, and since when. is_automatic: by the clock."""

    station_id: str
    station_name: str
    shown_at_station_id: str
    shown_at_station_name: str
    since: datetime
    is_automatic: bool


class FailoverView(View):
    """Where a station's tickets go by themselves once its screens show nothing for `patience_s`."""

    station_id: str
    partner_id: str | None
    patience_s: int | None


class KitchenBoardView(View):
    """Snapshot of a station (or of all): open tickets oldest first, finished ones newest first.

    moves: of all that is shown elsewhere, what concerns this board: its own tickets, and those of
    others that it shows with its own.
    """

    station: StationView | None
    tickets: list[TicketView]
    finished: list[TicketView]
    position: Position
    moves: list[StationMoveView] = []

    @property
    def guests(self) -> list[StationMoveView]:
        """The moves that bring other stations' tickets here."""
        own = None if self.station is None else self.station.station_id
        return [move for move in self.moves if move.shown_at_station_id == own]


# --- notifications ----------------------------------------------------------------------------


class AcknowledgementView(View):
    """Who has seen a notification, in which role: a person's id, for staff alone."""

    person_id: str
    role: str
    at: datetime


class NotificationView(View):
    """Something that staff must know. since: when its cause began; patience_s: what is usual.

    is_shared: the first acknowledgement speaks for all. resolvers: roles that may end it by hand.
    action_path: the page where it is dealt with, "" for none. Absent numbers: it is about none.
    """

    notification_id: str
    kind: NotificationKind
    status: NotificationStatus
    version: int
    priority: Priority
    title: str
    message: str
    action_path: str
    target_roles: list[Role]
    is_shared: bool
    resolvers: list[Role]
    order_id: str | None
    order_number: int | None
    table_number: int | None
    table_label: str
    since: datetime
    patience_s: int | None
    raised_at: datetime
    expires_at: datetime
    acknowledgements: list[AcknowledgementView]
    resolved_at: datetime | None
    resolution: Resolution | None

    @property
    def rank(self) -> int:
        """Place in a list: what nobody has seen first, then what presses most, then the oldest."""
        is_seen = self.status is not NotificationStatus.OPEN
        group = len(_PRIORITIES) * is_seen + _PRIORITIES.index(self.priority)
        return group * 10**13 + int(self.raised_at.timestamp() * 1000)


class NotificationsView(View):
    """What somebody must know now, what presses most first, with the position it is complete to."""

    notifications: list[NotificationView]
    position: Position


class SentNoticeView(View):
    """A notice as it went out. recipients: how many people have one of its roles now."""

    notification: NotificationView
    recipients: int


class TableCallView(View):
    """A table's call as its guests see it. status: waiting, coming or ended."""

    call_id: str
    table_session_id: str
    table_number: int
    table_label: str
    status: str
    version: int
    called_at: datetime
    answered_at: datetime | None


# --- counter, board, tables, guests -----------------------------------------------------------


class CounterBoardView(View):
    """Snapshot of the open orders, oldest first."""

    orders: list[OrderView]
    position: Position


class PassBoardView(View):
    """Snapshot of the pass: what is to be handed over, oldest first, and what was, newest first."""

    orders: list[OrderView]
    served: list[OrderView]
    position: Position


class BoardNumberView(View):
    """One number on the order-ready board. state: preparing, ready or gone.

    business_date: numbers begin anew each day, and a board may stay open overnight. initial: the
    guest's, who allowed it; "" else.
    """

    order_number: int
    business_date: date
    state: str
    version: int
    since: datetime
    initial: str = ""

    @property
    def clears_at(self) -> datetime | None:
        """When a board lets go of it by itself: who has not come by then asks at the counter."""
        return self.since + READY_SHOWN if self.state == "ready" else None


class DeviceView(View):
    """A paired screen. station_id: None shows all stations. address, browser: where it was paired
    from; last_seen_at: to the hour. diagonal_mm, distance_cm: None where nobody has said."""

    device_id: str
    name: str
    role: Role
    station_id: str | None
    station_name: str
    station_slug: str
    address: str
    browser: str
    created_at: datetime
    last_seen_at: datetime | None
    diagonal_mm: int | None = None
    distance_cm: int | None = None

    @property
    def item_px(self) -> int | None:
        """How large a ticket's lines are to be on it; None where nobody has said how it hangs."""
        if self.diagonal_mm is None or self.distance_cm is None:
            return None
        return compute_item_px(diagonal_mm=self.diagonal_mm, distance_cm=self.distance_cm)


class DevicesView(View):
    """By name."""

    devices: list[DeviceView]


class ReadyBoardView(View):
    cafe_name: str
    numbers: list[BoardNumberView]
    position: Position


class TableView(View):
    """status: free, seated, or the status of the seating's order."""

    table_id: str
    number: int
    label: str
    area: str
    seats: int
    table_session_id: str | None
    open_order_id: str | None
    open_order_number: int | None
    status: str


class TablesView(View):
    """The cafe's tables in the order of their numbers."""

    tables: list[TableView]


class GuestSessionView(View):
    """A guest's seating as their phone knows it."""

    table_session_id: str
    lane_id: str
    lane_number: int
    table_number: int
    table_label: str
    cafe_id: str
    cafe_name: str


class QueuePlaceView(View):
    """Where an order is in the kitchen at a moment. queue_position: 1 is next; None waits for
    nothing in the kitchen. low_minutes, high_minutes: until it is ready, by the work that the
    kitchen has; 0 for nothing to make. wait_reason: why it takes longer than the dish itself."""

    order_id: str
    order_number: int
    status: OrderStatus
    progress_percentage: int
    estimated_ready_at: datetime | None
    queue_position: int | None
    at: datetime
    low_minutes: int = 0
    high_minutes: int = 0
    wait_reason: WaitReason = WaitReason.NONE

    @property
    def ahead(self) -> int:
        """How many rounds the kitchen has before this order's."""
        return 0 if self.queue_position is None else self.queue_position - 1


class StationWaitView(View):
    """What one usual dish of a station would take now, in minutes from and to, and why so long."""

    station_id: str
    station_name: str
    low_minutes: int
    high_minutes: int
    wait_reason: WaitReason = WaitReason.NONE


class WaitsView(View):
    """What would be ordered now takes so long, by station, in the kitchen's order."""

    waits: list[StationWaitView]
    at: datetime

    @property
    def reason(self) -> WaitReason:
        """The worst of the stations' reasons."""
        reasons = {each.wait_reason for each in self.waits}
        return next(
            (each for each in (WaitReason.LATE, WaitReason.QUEUE) if each in reasons),
            WaitReason.NONE,
        )


class StationScreenView(View):
    """A screen that shows a station's tickets. name: of a paired one, else "" (a page)."""

    key: str
    name: str
    state: ScreenState


class StationScreensView(View):
    """A station and its screens; none at all is worse than a silent one.

    move: where its tickets are shown beside them. partner_id, patience_s: see FailoverView.
    """

    station_id: str
    station_name: str
    screens: list[StationScreenView]
    move: StationMoveView | None = None
    partner_id: str | None = None
    patience_s: int | None = None

    @property
    def best(self) -> ScreenState | None:
        """How well its tickets are shown: as the best of its screens does; None without any."""
        return min(
            (screen.state for screen in self.screens), key=list(ScreenState).index, default=None
        )

    @property
    def is_shown(self) -> bool:
        """Whether somebody who stands there sees its tickets."""
        return self.best in (ScreenState.ALIVE, ScreenState.MUTED)

    @property
    def is_fine(self) -> bool:
        """Whether each of its screens does all that it should, and there is one."""
        return bool(self.screens) and all(
            screen.state is ScreenState.ALIVE for screen in self.screens
        )


class KitchenScreensView(View):
    """How the screens of all stations are at a moment, in the stations' order."""

    stations: list[StationScreensView]
    at: datetime

    def list_concerns(self) -> list[StationScreensView]:
        """List the stations that are not as they should be."""
        return [each for each in self.stations if not each.is_fine or each.move is not None]

    def is_dark(self, station: StationScreensView) -> bool:
        """Say whether nobody sees a station's tickets, neither there nor elsewhere."""
        if station.is_shown:
            return False
        move = station.move
        return move is None or not any(
            each.is_shown for each in self.stations if each.station_id == move.shown_at_station_id
        )

    def list_targets(self, station: StationScreensView) -> list[StationScreensView]:
        """List where a station's tickets can be shown now, its partner first."""
        found = [
            each
            for each in self.stations
            if each.is_shown and each.move is None and each.station_id != station.station_id
        ]
        return sorted(found, key=lambda each: each.station_id != station.partner_id)

    def says_the_same(self, other: "KitchenScreensView") -> bool:
        """Say whether nobody would see a difference."""
        return self.stations == other.stations


class RatingView(View):
    """What a guest thought of a visit. stars: 1 to 5."""

    stars: int
    word: str
    rated_at: datetime


class GuestOrdersView(View):
    """The seating's orders with the position they are complete up to. queue: in the same order."""

    orders: list[OrderView]
    position: Position
    queue: list[QueuePlaceView] = []
