"""Tickets and the walls that show them. No prices (decision 0037)."""

from datetime import datetime

from domain.statuses import Channel, ItemStatus, Priority, TicketStatus
from domain.views.base import Position, View
from domain.views.orders import ItemModifierView

# Longer than any ticket stays open, and shorter than the time since 1970.
_RUSH_LEAD_MS = 10**11
# What is held stands behind all that is to be made.
_HELD_LAG_MS = 10**11


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
