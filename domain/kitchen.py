"""Kitchen tickets: one per station and round, derived from the lines they carry.

A ticket is never moved by itself: starting, bumping and recalling it moves its lines, and its
status follows. What a ticket needs to be made lies in `make_tickets`, what it shows in
domain/order_views.py.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from domain.errors import Conflict, InvalidTransition, NotFound
from domain.identifiers import NewId
from domain.orders import Item, Order, Round, Ticket
from domain.statuses import ItemStatus, Priority, TicketStatus
from domain.views.kitchen import StationProgressView, TicketItemView, TicketView

_DONE = frozenset({ItemStatus.READY, ItemStatus.SERVED})
# A dish that takes no time to make would be late at once.
_SHORTEST_TARGET_S = 30
# Where all are rushed none is: more than a page's first row would be read as the usual order.
RUSH_LIMIT = 5
# A void that nobody acknowledged is no news the day after.
VOID_LIFE = timedelta(hours=24)


class TicketLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a ticket shows as one: equal lines, worked together, that stay lines of their own.

    item: the first of them, with the quantity of all. parts: all of them, in their order.
    """

    item: TicketItemView
    parts: list[TicketItemView]


def make_tickets(order: Order, fired: Round, *, now: datetime, new_id: NewId) -> list[Ticket]:
    """Make the tickets that a round lacks, in the order of the cafe's stations.

    One that the house held has had its tickets since then.
    """
    items = [item for item in order.list_items(fired.number) if item.is_live]
    there = {ticket.station_id for ticket in _list_tickets(order, fired)}
    wanted = {item.station_id for item in items} - there
    return [
        Ticket(
            ticket_id=new_id(),
            round_number=fired.number,
            station_id=station_id,
            target_s=_find_target_s(order, items, station_id),
            queued_at=now,
        )
        for station_id in order.stations
        if station_id in wanted
    ]


def queue_tickets(order: Order, fired: Round, *, now: datetime) -> None:
    """Have the tickets of a round that was held wait from now on: their age begins here."""
    items = [item for item in order.list_items(fired.number) if item.is_live]
    for ticket in _list_tickets(order, fired):
        ticket.queued_at = now
        ticket.target_s = _find_target_s(order, items, ticket.station_id)


def compute_target_s(items: Sequence[Item], *, station_target_s: int) -> int:
    """Return the age at which a ticket is late: its slowest dish, at most the station's target."""
    slowest = max((item.prep_s for item in items), default=0)
    return min(max(slowest, _SHORTEST_TARGET_S), station_target_s)


def _find_target_s(order: Order, items: Sequence[Item], station_id: str) -> int:
    own = [item for item in items if item.station_id == station_id]
    return compute_target_s(own, station_target_s=order.stations[station_id].target_s)


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
    if statuses == {ItemStatus.HELD}:
        return TicketStatus.HELD
    if statuses <= {ItemStatus.HELD, ItemStatus.QUEUED}:
        return TicketStatus.RECEIVED
    return TicketStatus.STARTED


def derive_priority(
    ticket: Ticket, items: Sequence[Item], *, is_rushed: bool, now: datetime
) -> Priority:
    """Say how much a ticket presses: a rush most, then a remake and a late one.

    is_rushed: its round is.
    """
    if ticket.completed_at is not None or ticket.status is TicketStatus.HELD:
        return Priority.NORMAL
    if is_rushed:
        return Priority.URGENT
    is_late = now - ticket.queued_at > timedelta(seconds=ticket.target_s)
    if is_late or any(item.remake_of is not None and item.is_live for item in items):
        return Priority.HIGH
    return Priority.NORMAL


def rush_round(order: Order, ticket: Ticket, *, reason: str, rushed: int) -> None:
    """Have a ticket's round made before others, at all of its stations.

    rushed: how many rounds of the cafe are under way so. Another reason for one of them replaces
    the first. Raises: InvalidTransition where nothing of it is to be made; Conflict where so many
    are rushed that it would mean nothing.
    """
    each = order.get_round(ticket.round_number)
    if each.is_held:
        raise InvalidTransition(current=ticket.status, attempted="rush", allowed=["fire"])
    if not any(own.completed_at is None for own in _list_tickets(order, each)):
        allowed = ["recall"] if ticket.status is TicketStatus.COMPLETED else []
        raise InvalidTransition(current=ticket.status, attempted="rush", allowed=allowed)
    if not each.is_rushed and rushed >= RUSH_LIMIT:
        raise Conflict(
            f"{rushed} orders are rushed already. Take the rush from one of them first.",
            code="too_many_rushes",
            details={"limit": RUSH_LIMIT},
        )
    each.rush_reason = reason


def withdraw_rush(order: Order, ticket: Ticket) -> None:
    """Let a round wait its turn again; one that does already stays as it is."""
    order.get_round(ticket.round_number).rush_reason = ""


def acknowledge_allergy(order: Order, ticket: Ticket, *, now: datetime) -> None:
    """Note that a cook has read a ticket's allergy; a second time changes nothing.

    Raises: NotFound where there is none.
    """
    if not order.get_round(ticket.round_number).allergy:
        raise NotFound("This ticket has no allergy to be read.")
    ticket.allergy_seen_at = ticket.allergy_seen_at or now


def find_earlier_quantity(item: Item, beside: Sequence[Item]) -> int | None:
    """Return how many units a line had before some of them were voided that nobody has seen yet.

    beside: the lines of its ticket. None where none was taken off it, or all of it is gone.
    """
    if not item.is_live:
        return None
    gone = sum(
        part.quantity
        for part in beside
        if part.split_from == item.item_id and not part.is_live and part.void_seen_at is None
    )
    return item.quantity + gone if gone else None


def combine_lines(items: Sequence[TicketItemView]) -> list[TicketLine]:
    """List what a ticket shows: equal lines stand as one, at the place of the first.

    Equal are dish, choices and state. What a cook must read of one line keeps it by itself: a
    note, a remake, a change, a void.
    """
    together: dict[object, list[TicketItemView]] = {}
    for item in items:
        together.setdefault(_name_kind(item), []).append(item)
    return [
        TicketLine(
            item=msgspec.structs.replace(parts[0], quantity=sum(each.quantity for each in parts)),
            parts=parts,
        )
        for parts in together.values()
    ]


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


def find_neighbour(order: Order, ticket: Ticket) -> Ticket | None:
    """Return the ticket of the same order and station that shows a held one's lines with its own.

    The last one that is in the making; None where there is none, or the ticket is not held.
    """
    if ticket.status is not TicketStatus.HELD:
        return None
    beside = [
        other
        for other in order.tickets
        if other.station_id == ticket.station_id
        and other.status in (TicketStatus.RECEIVED, TicketStatus.STARTED)
    ]
    return max(beside, key=lambda other: other.round_number, default=None)


def list_neighbours(order: Order, ticket: Ticket) -> list[Ticket]:
    """List the held tickets whose lines a ticket shows with its own."""
    return [other for other in order.tickets if find_neighbour(order, other) is ticket]


def is_on_board(ticket: TicketView) -> bool:
    """Say whether a ticket stands among the open ones of a kitchen display.

    One that was voided stays until a cook has seen each of its voids; one that is held, unless
    another one shows its lines.
    """
    if ticket.status is TicketStatus.HELD:
        return ticket.beside_id is None
    if ticket.status is TicketStatus.CANCELLED:
        return not all(item.void_seen for item in ticket.items)
    return ticket.status is not TicketStatus.COMPLETED


def _list_tickets(order: Order, each: Round) -> list[Ticket]:
    return [ticket for ticket in order.tickets if ticket.round_number == each.number]


def _name_kind(item: TicketItemView) -> object:
    """Say what a line is equal to: others of its kind, or nothing but itself."""
    is_alone = item.note or item.is_remake or item.changed_from is not None
    if is_alone or item.status is ItemStatus.VOIDED:
        return item.item_id
    return (
        item.menu_item_id,
        item.name,
        item.status,
        tuple((each.kitchen_name, each.quantity, each.is_removal) for each in item.modifiers),
    )
