"""An order as rules see it: rounds, lines, tickets, and what follows from them.

services/order_book.py reads rows into these objects; domain/rounds.py and domain/item_moves.py
change them, and domain/order_changes.py says what came of it. Nothing derived is set by hand:
status, progress, estimate and tax come from the facts below each time.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from domain.payments import Payment, Sums, sum_payments
from domain.statuses import (
    PROGRESS_WEIGHT_PERCENT,
    TERMINAL_ORDER_STATUSES,
    Channel,
    HoldKind,
    ItemStatus,
    OrderStatus,
    RoundStatus,
    TicketStatus,
)
from domain.taxes import PriceTerms, TaxedLine, TaxRate, sum_totals, tax_lines
from domain.views.kitchen import StationView
from domain.views.money import TotalsView
from domain.views.orders import ItemModifierView

_DONE = frozenset({ItemStatus.READY, ItemStatus.SERVED})
_TOUCHED = _DONE | {ItemStatus.STARTED}
_FIRED = frozenset({RoundStatus.CONFIRMED})
_ALIVE = frozenset({RoundStatus.SUBMITTED, RoundStatus.CONFIRMED})

# No new round and no moves: the guest was told that it ended, so the next submit is a new order.
CLOSED_ORDER_STATUSES = frozenset(
    {OrderStatus.REJECTED, OrderStatus.CANCELLED, OrderStatus.EXPIRED}
)


@dataclass(slots=True, kw_only=True)
class Item:
    """One line: `quantity` units that move together. rate, tax_minor: as they were at submit.

    split_from: the line these units were taken off; remake_of: the line they replace.
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
    modifiers: tuple[ItemModifierView, ...]
    note: str
    rate: TaxRate
    tax_minor: int | None
    status: ItemStatus
    station_id: str
    prep_s: int
    version: int = 1
    lane_id: str | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    ready_at: datetime | None = None
    served_at: datetime | None = None
    voided_at: datetime | None = None
    void_reason: str = ""
    void_seen_at: datetime | None = None
    remake_of: str | None = None
    split_from: str | None = None

    @property
    def is_live(self) -> bool:
        return self.status is not ItemStatus.VOIDED

    @property
    def used_quantity(self) -> int:
        """Units that nobody else can have: of a voided line those that the kitchen had begun."""
        is_used = self.is_live or self.started_at is not None or self.ready_at is not None
        return self.quantity if is_used else 0

    @property
    def gross_minor(self) -> int:
        """Price of all units; a voided line is not on the bill."""
        return self.unit_price_minor * self.quantity if self.is_live else 0


@dataclass(slots=True, kw_only=True)
class Hold:
    """Why a round waits. owner: the role word that may clear it, or "system"."""

    kind: HoldKind
    reason: str
    owner: str
    created_at: datetime
    expires_at: datetime | None
    cleared_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.cleared_at is None


@dataclass(slots=True, kw_only=True)
class Round:
    """Lines that were submitted together. progress_percentage: the highest it has shown.

    rush_reason: why it comes before the others in the kitchen, "" where it does not.
    """

    round_id: str
    number: int
    status: RoundStatus
    submitted_at: datetime
    menu_version: int
    lane_id: str | None = None
    lane_number: int | None = None
    person_id: str | None = None
    note: str = ""
    allergy: str = ""
    reason: str = ""
    fired_at: datetime | None = None
    undo_until: datetime | None = None
    progress_percentage: int = 0
    rush_reason: str = ""
    holds: list[Hold] = field(default_factory=list)

    @property
    def is_alive(self) -> bool:
        """Whether its lines count: not rejected, expired or cancelled."""
        return self.status in _ALIVE

    @property
    def is_fired(self) -> bool:
        return self.status in _FIRED

    @property
    def is_course(self) -> bool:
        """Whether the house held it once, and so it comes after the rest."""
        return any(hold.kind is HoldKind.COURSE for hold in self.holds)

    @property
    def is_held(self) -> bool:
        """Whether the house holds it now (domain/courses.py)."""
        return self.status is RoundStatus.SUBMITTED and any(
            hold.kind is HoldKind.COURSE and hold.is_open for hold in self.holds
        )

    @property
    def fires_at(self) -> datetime | None:
        """When a held one fires by itself; None for one that is not, or that waits for a hand."""
        if not self.is_held:
            return None
        return next(hold.expires_at for hold in self.holds if hold.kind is HoldKind.COURSE)

    @property
    def is_rushed(self) -> bool:
        return self.rush_reason != ""


@dataclass(slots=True, kw_only=True)
class Ticket:
    """One station's part of one round; its rules are in domain/kitchen.py.

    allergy_seen_at: when a cook said that they have read the allergy.
    moved_from: the table that its guests sat at while it was made, "" where they stayed.
    """

    ticket_id: str
    round_number: int
    station_id: str
    target_s: int
    queued_at: datetime
    status: TicketStatus = TicketStatus.RECEIVED
    version: int = 1
    started_at: datetime | None = None
    completed_at: datetime | None = None
    is_recalled: bool = False
    allergy_seen_at: datetime | None = None
    moved_from: str = ""


@dataclass(slots=True, kw_only=True)
class Order:
    """One order. stations: of the cafe by id, for names and targets on what is shown.

    name_revision, initial: of what it is called by, 0 and "" where it has its number alone.
    """

    order_id: str
    cafe_id: str
    number: int
    business_date: date
    channel: Channel
    terms: PriceTerms
    submitted_at: datetime
    stations: dict[str, StationView]
    table_id: str | None = None
    table_number: int | None = None
    table_label: str = ""
    table_area: str = ""
    table_session_id: str | None = None
    lane_id: str | None = None
    person_id: str | None = None
    status: OrderStatus = OrderStatus.SUBMITTED
    version: int = 1
    estimated_ready_at: datetime | None = None
    completed_at: datetime | None = None
    name_revision: int = 0
    initial: str = ""
    rounds: list[Round] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)

    def get_round(self, number: int) -> Round:
        """Return the round of a number that is known to exist."""
        return self.rounds[number - 1]

    def list_items(self, round_number: int) -> list[Item]:
        """List a round's lines as they were asked for; parts of a line stay beside each other."""
        items = [item for item in self.items if item.round_number == round_number]
        by_id = {item.item_id: item for item in self.items}

        def find_root(item: Item) -> Item:
            while item.split_from is not None:
                item = by_id[item.split_from]
            return item

        return sorted(items, key=lambda item: (find_root(item).line_number, item.line_number))

    def list_ticket_items(self, ticket: Ticket) -> list[Item]:
        """List the lines that a ticket carries."""
        return [
            item
            for item in self.list_items(ticket.round_number)
            if item.station_id == ticket.station_id
        ]

    def count_used_units(self) -> Counter[str]:
        """Count the units that nobody else can have, by dish."""
        used: Counter[str] = Counter()
        for item in self.items:
            used[item.menu_item_id] += item.used_quantity
        return used

    def list_live_items(self) -> list[Item]:
        """List the lines that are still to be made, served or paid."""
        return [
            item
            for item in self.items
            if item.is_live and self.get_round(item.round_number).is_alive
        ]

    def sum_lane(self, lane_id: str | None) -> int:
        """Add up what the live lines of one guest come to; None: those that no guest ordered.

        All lanes together are the order's total.
        """
        is_exclusive = not self.terms.prices_include_tax
        return sum(
            item.gross_minor + ((item.tax_minor or 0) if is_exclusive else 0)
            for item in self.list_live_items()
            if item.lane_id == lane_id
        )

    @property
    def next_line_number(self) -> int:
        return max((item.line_number for item in self.items), default=0) + 1

    @property
    def progress_percentage(self) -> int:
        """What the order shows: its slowest round that is alive and not held for later."""
        shown = [
            each.progress_percentage for each in self.rounds if each.is_alive and not each.is_held
        ]
        return min(shown, default=0)

    @property
    def totals(self) -> TotalsView:
        """What the order comes to now; voided lines and rounds that never fired cost nothing."""
        return sum_totals((_to_taxed(item) for item in self.list_live_items()), self.terms)

    @property
    def is_unsettled(self) -> bool:
        """Whether it is over, but not its money."""
        return self.status in TERMINAL_ORDER_STATUSES and not self.sums.is_settled

    @property
    def sums(self) -> Sums:
        """What is due, paid and given back now."""
        return sum_payments(self.totals.total_minor, self.payments)


def settle_order(order: Order, *, now: datetime) -> None:
    """Bring what is derived from rounds and lines up to date; tickets are the kitchen's."""
    _settle_taxes(order)
    for each in order.rounds:
        each.progress_percentage = max(
            each.progress_percentage, compute_progress(order.list_items(each.number))
        )
    order.status = derive_order_status(order.rounds, order.items)
    if order.status is not OrderStatus.COMPLETED:
        order.completed_at = None
    elif order.completed_at is None:
        order.completed_at = now
    order.estimated_ready_at = estimate_ready_at(order)


def derive_order_status(rounds: Sequence[Round], items: Sequence[Item]) -> OrderStatus:
    """Derive an order's status from its rounds' gates and its live lines (domain page 1)."""
    held = {each.number for each in rounds if each.is_held}
    alive = {each.number for each in rounds if each.is_alive} - held
    fired = {each.number for each in rounds if each.is_fired}
    statuses = [item.status for item in items if item.is_live and item.round_number in alive]
    has_held = any(item.is_live and item.round_number in held for item in items)
    if not any(item.is_live and item.round_number in fired for item in items):
        # What the house holds is accepted, and nobody's work yet.
        if has_held and not statuses:
            return OrderStatus.CONFIRMED
        return _derive_from_gates(rounds, has_waiting=bool(statuses))
    if all(status is ItemStatus.SERVED for status in statuses):
        return OrderStatus.CONFIRMED if has_held else OrderStatus.COMPLETED
    if all(status in _DONE for status in statuses):
        return OrderStatus.READY
    if any(status in _TOUCHED for status in statuses):
        return OrderStatus.PREPARING
    return OrderStatus.CONFIRMED


def compute_progress(items: Sequence[Item]) -> int:
    """Return the share of a round's live units that is done, in whole percent, rounded down."""
    live = [item for item in items if item.is_live]
    units = sum(item.quantity for item in live)
    if units == 0:
        return 0
    return sum(PROGRESS_WEIGHT_PERCENT[item.status] * item.quantity for item in live) // units


def estimate_ready_at(order: Order) -> datetime | None:
    """Estimate when everything that was fired is ready; None when nothing is open."""
    estimates = [estimate_round_ready_at(order, each) for each in order.rounds]
    return max((at for at in estimates if at is not None), default=None)


def estimate_round_ready_at(order: Order, each: Round) -> datetime | None:
    """Estimate when a round is ready; None before it is fired and when nothing of it is open.

    Its lines are made side by side, so it takes as long as its longest open line.
    """
    open_s = [
        item.prep_s
        for item in order.list_live_items()
        if item.round_number == each.number and item.status not in _DONE
    ]
    if each.fired_at is None or not open_s:
        return None
    return each.fired_at + timedelta(seconds=max(open_s))


def _derive_from_gates(rounds: Sequence[Round], *, has_waiting: bool) -> OrderStatus:
    """Derive the status of an order of which the kitchen has nothing."""
    if has_waiting:
        return OrderStatus.SUBMITTED
    if not rounds:
        return OrderStatus.DRAFT
    match rounds[-1].status:
        case RoundStatus.REJECTED:
            return OrderStatus.REJECTED
        case RoundStatus.EXPIRED:
            return OrderStatus.EXPIRED
    return OrderStatus.CANCELLED


def _settle_taxes(order: Order) -> None:
    for item in order.items:
        if not item.is_live or not order.get_round(item.round_number).is_alive:
            item.tax_minor = 0
    live = sorted(order.list_live_items(), key=lambda item: item.line_number)
    taxes = tax_lines([_to_taxed(item) for item in live], order.terms)
    for item, tax_minor in zip(live, taxes, strict=True):
        item.tax_minor = tax_minor


def _to_taxed(item: Item) -> TaxedLine:
    return TaxedLine(gross_minor=item.gross_minor, rate=item.rate, tax_minor=item.tax_minor)
