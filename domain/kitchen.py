"""Kitchen tickets: one per station and round, derived from the lines they carry.

A ticket is never moved by itself: starting, bumping and recalling it moves its lines, and its
status follows. What a ticket needs to be made lies in `make_tickets`, what it shows in
domain/order_views.py.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.identifiers import NewId
from domain.orders import Item, Order, Round, Ticket
from domain.statuses import ItemStatus, Priority, TicketStatus
from domain.views import StationProgressView, TicketView

_DONE = frozenset({ItemStatus.READY, ItemStatus.SERVED})
# A dish that takes no time to make would be late at once.
_SHORTEST_TARGET_S = 30


def make_tickets(order: Order, fired: Round, *, now: datetime, new_id: NewId) -> list[Ticket]:
    """Make the tickets of a round that fires, in the order of the cafe's stations."""
    items = order.list_items(fired.number)
    by_station = {
        station_id: [item for item in items if item.station_id == station_id and item.is_live]
        for station_id in order.stations
    }
    return [
        Ticket(
            ticket_id=new_id(),
            round_number=fired.number,
            station_id=station_id,
            target_s=compute_target_s(mine, station_target_s=order.stations[station_id].target_s),
            queued_at=now,
        )
        for station_id, mine in by_station.items()
        if mine
    ]


def compute_target_s(items: Sequence[Item], *, station_target_s: int) -> int:
    """Return the age at which a ticket is late: its slowest dish, at most the station's target."""
    slowest = max((item.prep_s for item in items), default=0)
    return min(max(slowest, _SHORTEST_TARGET_S), station_target_s)


def settle_ticket(ticket: Ticket, items: Sequence[Item], *, now: datetime) -> None:
    """Derive a ticket's status and times from its lines."""
    ticket.status = derive_ticket_status(items)
    touched = [at for item in items for at in (item.started_at, item.ready_at) if at is not None]
    if ticket.started_at is None and touched:
        ticket.started_at = min(touched)
    if ticket.status not in (TicketStatus.COMPLETED, TicketStatus.CANCELLED):
        ticket.completed_at = None
    elif ticket.completed_at is None:
        ticket.completed_at = now
        ticket.is_recalled = False


def derive_ticket_status(items: Sequence[Item]) -> TicketStatus:
    """Derive a ticket's status from its lines: total over every combination of theirs."""
    statuses = {item.status for item in items if item.is_live}
    if not statuses:
        return TicketStatus.CANCELLED
    if statuses <= _DONE:
        return TicketStatus.COMPLETED
    if statuses <= {ItemStatus.HELD, ItemStatus.QUEUED}:
        return TicketStatus.RECEIVED
    return TicketStatus.STARTED


def derive_priority(ticket: Ticket, items: Sequence[Item], *, now: datetime) -> Priority:
    """Say how much a ticket presses: a remake and a late one come before the others."""
    if ticket.completed_at is not None:
        return Priority.NORMAL
    is_late = now - ticket.queued_at > timedelta(seconds=ticket.target_s)
    if is_late or any(item.remake_of is not None and item.is_live for item in items):
        return Priority.HIGH
    return Priority.NORMAL


def list_station_progress(order: Order, ticket: Ticket) -> list[StationProgressView]:
    """List what the other stations of a ticket's round have ready, in the order of stations."""
    views = []
    for station in order.stations.values():
        units = [
            (item.quantity, item.status in _DONE)
            for item in order.list_items(ticket.round_number)
            if item.station_id == station.station_id and item.is_live
        ]
        if station.station_id != ticket.station_id and units:
            views.append(
                StationProgressView(
                    station_id=station.station_id,
                    station_name=station.name,
                    ready=sum(quantity for quantity, is_done in units if is_done),
                    total=sum(quantity for quantity, _ in units),
                )
            )
    return views


def is_on_board(ticket: TicketView) -> bool:
    """Say whether a ticket stands among the open ones of a kitchen display.

    One that was voided stays until a cook has seen each of its voids.
    """
    if ticket.status is TicketStatus.CANCELLED:
        return not all(item.void_seen for item in ticket.items)
    return ticket.status is not TicketStatus.COMPLETED
