"""What cooks do: start, finish and recall lines and tickets, acknowledge voids.

Lines of several orders may move in one command; their orders are locked in the order of their
ids. Each operation answers with the tickets that carry the lines.
"""

from collections.abc import Callable

from domain import kitchen
from domain.commands import (
    AcknowledgeAllergy,
    AcknowledgeVoid,
    BumpTicket,
    FinishItems,
    ItemUnits,
    RecallItems,
    RecallTicket,
    RushTicket,
    StartItems,
    StartTicket,
    WithdrawRush,
)
from domain.errors import NotFound
from domain.item_moves import acknowledge_void as acknowledge
from domain.item_moves import move_items, move_ticket, take_units
from domain.item_moves import recall_items as recall_units
from domain.item_moves import recall_ticket as recall_whole_ticket
from domain.order_changes import Cause
from domain.order_views import build_ticket_view
from domain.orders import Item, Order, Ticket
from domain.statuses import ItemMove
from domain.views.kitchen import TicketsView, TicketView
from models.rows import fetch_rows
from services.cafes import read_cafe
from services.order_changes import (
    OpenedOrder,
    check_version,
    find_order_ids,
    name_actor,
    open_order,
    save_order,
)
from services.unit_of_work import UnitOfWork

_Move = Callable[[Order, list[Item]], None]


def start_items(unit: UnitOfWork, command: StartItems) -> TicketsView:
    """Begin with lines."""
    return _move_lines(unit, command.items, lambda _, items: _move(unit, items, ItemMove.START))


def finish_items(unit: UnitOfWork, command: FinishItems) -> TicketsView:
    """Have lines ready, begun or not."""
    return _move_lines(unit, command.items, lambda _, items: _move(unit, items, ItemMove.FINISH))


def recall_items(unit: UnitOfWork, command: RecallItems) -> TicketsView:
    """Take lines back that were ready or served, on their order's own day."""
    today = read_cafe(unit.cafe_id).find_business_date(unit.now)
    return _move_lines(
        unit,
        command.items,
        lambda order, items: recall_units(order, items, now=unit.now, today=today),
        ticket_change="recall",
    )


def start_ticket(unit: UnitOfWork, command: StartTicket) -> TicketView:
    """Begin with all that waits on a ticket."""
    opened, ticket = _open_ticket(unit, command.ticket_id)
    check_version(ticket.version, command.expected_version, what="ticket")
    move_ticket(opened.order, ticket, ItemMove.START, now=unit.now)
    return _save_ticket(unit, opened, ticket)


def bump_ticket(unit: UnitOfWork, command: BumpTicket) -> TicketView:
    """Have all live lines of a ticket ready."""
    opened, ticket = _open_ticket(unit, command.ticket_id)
    check_version(ticket.version, command.expected_version, what="ticket")
    move_ticket(opened.order, ticket, ItemMove.FINISH, now=unit.now)
    return _save_ticket(unit, opened, ticket)


def recall_ticket(unit: UnitOfWork, command: RecallTicket) -> TicketView:
    """Take back all of a ticket that was ready or served, on its order's own day."""
    today = read_cafe(unit.cafe_id).find_business_date(unit.now)
    opened, ticket = _open_ticket(unit, command.ticket_id)
    recall_whole_ticket(opened.order, ticket, now=unit.now, today=today)
    return _save_ticket(unit, opened, ticket, change="recall")


def acknowledge_void(unit: UnitOfWork, command: AcknowledgeVoid) -> TicketView:
    """Note that a cook has seen a void; a second time changes nothing."""
    (order_id,) = find_order_ids(unit, [command.item_id])
    opened = open_order(unit, order_id)
    item = next(each for each in opened.order.items if each.item_id == command.item_id)
    acknowledge(item, now=unit.now)
    tickets = _list_tickets(opened.order, [item])
    if not tickets:
        raise NotFound("The kitchen never had this line.")
    return _save_ticket(unit, opened, tickets[0])


def acknowledge_allergy(unit: UnitOfWork, command: AcknowledgeAllergy) -> TicketView:
    """Note that a cook has read a ticket's allergy; a second time changes nothing."""
    opened, ticket = _open_ticket(unit, command.ticket_id)
    kitchen.acknowledge_allergy(opened.order, ticket, now=unit.now)
    return _save_ticket(unit, opened, ticket, change="allergy")


def rush_ticket(unit: UnitOfWork, command: RushTicket) -> TicketView:
    """Have a ticket's round made before others, at all of its stations."""
    opened, ticket = _open_ticket(unit, command.ticket_id)
    kitchen.rush_round(
        opened.order, ticket, reason=command.reason, rushed=_count_rushed(unit.cafe_id)
    )
    unit.audit("ticket_rushed", order_id=opened.order.order_id, reason=command.reason)
    return _save_ticket(unit, opened, ticket, change="rush")


def withdraw_rush(unit: UnitOfWork, command: WithdrawRush) -> TicketView:
    """Let a ticket's round wait its turn again."""
    opened, ticket = _open_ticket(unit, command.ticket_id)
    kitchen.withdraw_rush(opened.order, ticket)
    unit.audit("rush_withdrawn", order_id=opened.order.order_id)
    return _save_ticket(unit, opened, ticket, change="rush")


def _count_rushed(cafe_id: str) -> int:
    """Count the rounds that are rushed and of which something is to be made."""
    rows = fetch_rows(
        "SELECT DISTINCT round_id FROM ticket WHERE cafe_id = ?"
        " AND station_id IN (SELECT id FROM station WHERE cafe_id = ?)"
        " AND status IN ('received', 'started') AND priority = 'urgent'",
        (cafe_id, cafe_id),
    )
    return len(rows)


def _move(unit: UnitOfWork, items: list[Item], move: ItemMove) -> None:
    move_items(items, move, now=unit.now)


def _move_lines(
    unit: UnitOfWork, wanted: list[ItemUnits], move: _Move, *, ticket_change: str = "item"
) -> TicketsView:
    tickets = []
    for order_id in find_order_ids(unit, [units.item_id for units in wanted]):
        opened = open_order(unit, order_id)
        own = {item.item_id for item in opened.order.items}
        items = take_units(
            opened.order,
            [units for units in wanted if units.item_id in own],
            new_id=unit.new_id,
        )
        move(opened.order, items)
        save_order(unit, opened, Cause(updated_by=name_actor(unit), ticket_change=ticket_change))
        tickets += [
            build_ticket_view(opened.order, ticket, now=unit.now)
            for ticket in _list_tickets(opened.order, items)
        ]
    return TicketsView(tickets=tickets)


def _list_tickets(order: Order, items: list[Item]) -> list[Ticket]:
    places = {(item.round_number, item.station_id) for item in items}
    return [
        ticket for ticket in order.tickets if (ticket.round_number, ticket.station_id) in places
    ]


def _open_ticket(unit: UnitOfWork, ticket_id: str) -> tuple[OpenedOrder, Ticket]:
    rows = fetch_rows(
        "SELECT order_id FROM ticket WHERE id = ? AND cafe_id = ?", (ticket_id, unit.cafe_id)
    )
    if not rows:
        raise NotFound("There is no such ticket.")
    opened = open_order(unit, rows[0][0])
    ticket = next(each for each in opened.order.tickets if each.ticket_id == ticket_id)
    return opened, ticket


def _save_ticket(
    unit: UnitOfWork, opened: OpenedOrder, ticket: Ticket, *, change: str = "item"
) -> TicketView:
    save_order(unit, opened, Cause(updated_by=name_actor(unit), ticket_change=change))
    return build_ticket_view(opened.order, ticket, now=unit.now)
