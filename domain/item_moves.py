"""Moves of lines and of parts of lines: start, finish, serve, recall, void, remake, cancel.

Each changes the order in place or raises; services throw the objects away with the transaction,
so nothing is half-changed. A command that names fewer units than a line has splits it: the units
that move become a line of their own, and what stays keeps its id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

import msgspec

from domain.commands import ItemUnits
from domain.errors import (
    Conflict,
    InvalidTransition,
    NotFound,
    UnprocessableInput,
    VersionConflict,
)
from domain.identifiers import NewId
from domain.money import apportion
from domain.orders import CLOSED_ORDER_STATUSES, Item, Order, Round, Ticket
from domain.statuses import (
    ITEM_MOVES,
    ItemMove,
    ItemStatus,
    OrderStatus,
    RoundMove,
    RoundStatus,
    TicketStatus,
    list_item_moves,
    move_item,
    move_round,
)

# What an `order_status_update` may ask for; it moves all live lines at once (spec C7).
STATUS_UPDATES: dict[OrderStatus, tuple[OrderStatus, ...]] = {
    OrderStatus.SUBMITTED: (OrderStatus.CANCELLED,),
    OrderStatus.CONFIRMED: (OrderStatus.PREPARING, OrderStatus.READY, OrderStatus.CANCELLED),
    OrderStatus.PREPARING: (OrderStatus.READY, OrderStatus.CANCELLED),
    OrderStatus.READY: (OrderStatus.COMPLETED, OrderStatus.CANCELLED),
}
STATUS_UPDATE_MOVES: dict[OrderStatus, ItemMove] = {
    OrderStatus.PREPARING: ItemMove.START,
    OrderStatus.READY: ItemMove.FINISH,
    OrderStatus.COMPLETED: ItemMove.SERVE,
}

_LEFT = frozenset({ItemStatus.QUEUED, ItemStatus.STARTED, ItemStatus.READY})

# What a whole ticket may do; its lines move, and its status follows.
TICKET_MOVES: dict[TicketStatus, tuple[ItemMove, ...]] = {
    TicketStatus.HELD: (ItemMove.FIRE,),
    TicketStatus.RECEIVED: (ItemMove.START, ItemMove.FINISH),
    TicketStatus.STARTED: (ItemMove.START, ItemMove.FINISH, ItemMove.RECALL),
    TicketStatus.COMPLETED: (ItemMove.RECALL,),
    TicketStatus.CANCELLED: (),
}


def take_units(order: Order, wanted: Sequence[ItemUnits], *, new_id: NewId) -> list[Item]:
    """Return the lines that a command is about, split where it names fewer units.

    Raises: NotFound, VersionConflict, UnprocessableInput (a line named twice, more units than it
    has).
    """
    if len({units.item_id for units in wanted}) < len(wanted):
        raise UnprocessableInput("A line is named twice. Name it once.", code="repeated_item")
    return [_take(order, units, new_id) for units in wanted]


def move_items(items: Iterable[Item], move: ItemMove, *, now: datetime) -> None:
    """Move lines and note the time. Raises: InvalidTransition."""
    for item in items:
        item.status = move_item(item.status, move)
        match move:
            case ItemMove.HOLD:
                item.queued_at = None
            case ItemMove.START:
                item.started_at = now
            case ItemMove.FINISH:
                item.ready_at = now
            case ItemMove.SERVE:
                item.served_at = now
            case ItemMove.RECALL:
                item.started_at = item.started_at or now
                item.ready_at = item.served_at = None
            case ItemMove.HAND_BACK:
                item.served_at = None


def serve_what_is_left(order: Order, *, now: datetime) -> list[Item]:
    """Have every line that the kitchen got ready and handed over, and return those lines."""
    left = [item for item in order.list_live_items() if item.status in _LEFT]
    move_items(
        [item for item in left if item.status is not ItemStatus.READY], ItemMove.FINISH, now=now
    )
    move_items(left, ItemMove.SERVE, now=now)
    return left


def move_ticket(order: Order, ticket: Ticket, move: ItemMove, *, now: datetime) -> None:
    """Start or finish every line of a ticket that can; one must be able to.

    Raises: InvalidTransition naming what the ticket allows.
    """
    move_items(_find_movable(order, ticket, move), move, now=now)


def recall_ticket(order: Order, ticket: Ticket, *, now: datetime, today: date) -> None:
    """Take every ready or served line of a ticket back.

    Raises: InvalidTransition naming what the ticket allows; Conflict as `recall_items`.
    """
    movable = _find_movable(order, ticket, ItemMove.RECALL)
    recall_items(order, movable, now=now, today=today)


def recall_items(order: Order, items: Sequence[Item], *, now: datetime, today: date) -> None:
    """Take ready or served lines back into the kitchen, at their old place in the queue.

    today: the cafe's business date. Raises: Conflict for an order of an earlier day.
    """
    _check_day(order, today)
    move_items(items, ItemMove.RECALL, now=now)
    touched = {(item.round_number, item.station_id) for item in items}
    for ticket in order.tickets:
        if (ticket.round_number, ticket.station_id) in touched:
            ticket.is_recalled = True


def hand_back_items(order: Order, items: Sequence[Item], *, now: datetime, today: date) -> None:
    """Have served lines stand at the pass again; the kitchen's tickets stay finished.

    today: the cafe's business date. Raises: Conflict for an order of an earlier day.
    """
    _check_day(order, today)
    move_items(items, ItemMove.HAND_BACK, now=now)


def update_status(order: Order, new_status: OrderStatus, *, now: datetime) -> None:
    """Move all live lines so that the order gets a status; cancelling is `cancel_order`.

    Raises: InvalidTransition naming the statuses that can be asked for.
    """
    check_status_update(order, new_status)
    move = STATUS_UPDATE_MOVES[new_status]
    movable = [item for item in order.list_live_items() if item.status in ITEM_MOVES[move]]
    if not movable:  # what is left waits at a gate
        raise InvalidTransition(current=order.status, attempted=new_status, allowed=[])
    move_items(movable, move, now=now)


def check_status_update(order: Order, new_status: OrderStatus) -> None:
    """Refuse what cannot be asked for from here. Raises: InvalidTransition."""
    allowed = STATUS_UPDATES.get(order.status, ())
    if new_status not in allowed:
        raise InvalidTransition(
            current=order.status, attempted=new_status, allowed=[each.value for each in allowed]
        )


def void_items(order: Order, items: Sequence[Item], *, reason: str, now: datetime) -> None:
    """Take lines off the bill and out of the kitchen; a round without lines is cancelled.

    Rights are checked before (domain/voids.py). Raises: InvalidTransition.
    """
    for item in items:
        void_item(item, reason=reason, now=now)
    for number in {item.round_number for item in items}:
        if not any(item.is_live for item in order.list_items(number)):
            _cancel_round(order.get_round(number), reason=reason, now=now)


def void_item(item: Item, *, reason: str, now: datetime) -> None:
    """Take one line off the bill. Raises: InvalidTransition.

    Of what was held a cook has nothing to stop, so there is no void for them to acknowledge.
    """
    if item.status is ItemStatus.HELD:
        item.void_seen_at = now
    item.status = move_item(item.status, ItemMove.VOID)
    item.voided_at = now
    item.void_reason = reason


def check_cancellable(order: Order) -> None:
    """Refuse what nobody can cancel, before anybody is asked for their consent.

    Raises: InvalidTransition for an order that has ended, Conflict when something was served:
    that was eaten, so it is a matter of money and not of the kitchen.
    """
    if order.status in CLOSED_ORDER_STATUSES | {OrderStatus.COMPLETED}:
        raise InvalidTransition(current=order.status, attempted="cancel", allowed=[])
    served = [item.item_id for item in order.list_live_items() if item.status is ItemStatus.SERVED]
    if served:
        raise Conflict(
            "Part of this order was served already. Void the lines that were not.",
            code="already_served",
            details={"itemIds": served},
        )


def cancel_order(order: Order, *, reason: str, now: datetime) -> list[Item]:
    """Void what is left of an order and return those lines. Raises: as `check_cancellable`."""
    check_cancellable(order)
    live = order.list_live_items()
    void_items(order, live, reason=reason, now=now)
    return live


def acknowledge_void(item: Item, *, now: datetime) -> None:
    """Note that a cook has seen a void; seen before changes nothing.

    Raises: InvalidTransition for a line that is not voided.
    """
    if item.is_live:
        raise InvalidTransition(
            current=item.status,
            attempted="acknowledge_void",
            allowed=list_item_moves(item.status),
        )
    item.void_seen_at = item.void_seen_at or now


def remake_items(
    order: Order, wanted: Sequence[ItemUnits], *, reason: str, now: datetime, new_id: NewId
) -> list[Round]:
    """Add rounds that make served units again at no price, and return them, ready to fire.

    The new round keeps note and allergy of the one it repeats, so lines of two rounds make two.
    Raises: as `take_units`; InvalidTransition for what was not served; Conflict for units that
    are being made again already.
    """
    sources = [_find_remakable(order, units) for units in wanted]
    rounds = []
    for number in sorted({item.round_number for item, _ in sources}):
        source = order.get_round(number)
        added = Round(
            round_id=new_id(),
            number=len(order.rounds) + 1,
            status=RoundStatus.SUBMITTED,
            submitted_at=now,
            menu_version=source.menu_version,
            lane_id=source.lane_id,
            lane_number=source.lane_number,
            note=source.note,
            allergy=source.allergy,
            reason=reason,
        )
        order.rounds.append(added)
        rounds.append(added)
        for item, quantity in sources:
            if item.round_number == number:
                order.items.append(_copy_for_remake(order, item, quantity, added, new_id()))
    return rounds


def _check_day(order: Order, today: date) -> None:
    if order.business_date != today:
        raise Conflict(
            "This order is of an earlier day. Order again instead.",
            code="day_over",
            details={"businessDate": order.business_date.isoformat()},
        )


def _find_movable(order: Order, ticket: Ticket, move: ItemMove) -> list[Item]:
    movable = [item for item in order.list_ticket_items(ticket) if item.status in ITEM_MOVES[move]]
    if not movable:
        allowed = [each.value for each in TICKET_MOVES[ticket.status] if each is not move]
        raise InvalidTransition(current=ticket.status, attempted=move, allowed=allowed)
    return movable


def _take(order: Order, units: ItemUnits, new_id: NewId) -> Item:
    item = _find_item(order, units)
    if units.quantity is None or units.quantity == item.quantity:
        return item
    moved_tax, kept_tax = apportion(
        item.tax_minor or 0, [units.quantity, item.quantity - units.quantity]
    )
    part = replace(
        item,
        item_id=new_id(),
        line_number=order.next_line_number,
        quantity=units.quantity,
        tax_minor=moved_tax,
        version=1,
        split_from=item.item_id,
    )
    item.quantity -= units.quantity
    item.tax_minor = kept_tax
    order.items.append(part)
    return part


def _find_item(order: Order, units: ItemUnits) -> Item:
    item = next((each for each in order.items if each.item_id == units.item_id), None)
    if item is None:
        raise NotFound("There is no such line in this order.")
    if units.expected_version is not None and units.expected_version != item.version:
        raise VersionConflict(
            "Somebody changed this line a moment ago. Look at it again.",
            details={"current": item.version, "itemId": item.item_id},
        )
    if units.quantity is not None and units.quantity > item.quantity:
        raise UnprocessableInput(
            f"This line has {item.quantity} units.",
            code="too_many_units",
            details={"itemId": item.item_id, "quantity": item.quantity},
        )
    return item


def _cancel_round(each: Round, *, reason: str, now: datetime) -> None:
    each.status = move_round(each.status, RoundMove.CANCEL)
    each.reason = reason
    for hold in each.holds:
        if hold.is_open:
            hold.cleared_at = now


def _find_remakable(order: Order, units: ItemUnits) -> tuple[Item, int]:
    item = _find_item(order, units)
    if item.status is not ItemStatus.SERVED:
        raise InvalidTransition(
            current=item.status, attempted="remake", allowed=list_item_moves(item.status)
        )
    quantity = units.quantity or item.quantity
    again = sum(
        each.quantity for each in order.items if each.remake_of == item.item_id and each.is_live
    )
    if again + quantity > item.quantity:
        raise Conflict(
            "These units are made again already.",
            code="already_remade",
            details={"itemId": item.item_id, "quantity": item.quantity - again},
        )
    return item, quantity


def _copy_for_remake(order: Order, item: Item, quantity: int, added: Round, item_id: str) -> Item:
    return Item(
        item_id=item_id,
        line_number=order.next_line_number,
        round_number=added.number,
        menu_item_id=item.menu_item_id,
        name=item.name,
        kitchen_name=item.kitchen_name,
        plate=item.plate,
        quantity=quantity,
        unit_price_minor=0,
        modifiers=tuple(
            msgspec.structs.replace(modifier, price_minor=0) for modifier in item.modifiers
        ),
        note=item.note,
        rate=item.rate,
        tax_minor=None,
        status=ItemStatus.HELD,
        station_id=item.station_id,
        prep_s=item.prep_s,
        lane_id=item.lane_id,
        remake_of=item.item_id,
    )
