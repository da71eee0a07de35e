"""Why something that was ordered is not on a wall: what each station has of it, and has seen.

A pure answer to "where is it?" of an order, out of its rounds, its tickets, their receipts and how
the screens are. services/whereabouts.py reads them, Admin, Screens asks.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from domain.kitchen import derive_ticket_status
from domain.orders import Item, Order, Round, Ticket
from domain.rounds import GRACE
from domain.routing import Route, find_route
from domain.statuses import ItemStatus, RoundStatus, TicketStatus
from domain.views import KitchenScreensView


class Answer(StrEnum):
    """Where the lines of a part are.

    waiting: the round waits for somebody, the kitchen has nothing of it. ended: it was turned down
    or taken back before. unseen: sent, and no screen says that it shows it. shown: it stands among
    the open tickets. begun: the same, and a cook works on it. finished, served, voided: it left.
    """

    WAITING = "waiting"
    ENDED = "ended"
    UNSEEN = "unseen"
    SHOWN = "shown"
    BEGUN = "begun"
    FINISHED = "finished"
    SERVED = "served"
    VOIDED = "voided"


class PartWhereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """A station's lines of one round. reasons: why it waits (a hold's kind, or GRACE), or what was
    said when it ended.

    sent_at: to the station; painted_at: when the first screen said that it shows it; left_at: when
    it was finished.
    """

    round_number: int
    lines: list[str]
    answer: Answer
    route: Route
    reasons: list[str]
    sent_at: datetime | None
    painted_at: datetime | None
    left_at: datetime | None


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """An order of today and its parts, in the order of rounds and stations."""

    order_number: int
    table_label: str
    submitted_at: datetime
    parts: list[PartWhereabouts]


def explain_order(
    order: Order, *, painted_at: Mapping[str, datetime], kitchen: KitchenScreensView
) -> Whereabouts:
    """Say where everything of an order is. painted_at: by ticket, where a screen said so."""
    tickets = {(ticket.round_number, ticket.station_id): ticket for ticket in order.tickets}
    parts = []
    for each in order.rounds:
        items = order.list_items(each.number)
        for station_id in dict.fromkeys(item.station_id for item in items):
            ticket = tickets.get((each.number, station_id))
            parts.append(
                _explain_part(
                    each,
                    [item for item in items if item.station_id == station_id],
                    ticket,
                    painted_at=None if ticket is None else painted_at.get(ticket.ticket_id),
                    route=find_route(kitchen, station_id),
                )
            )
    return Whereabouts(
        order_number=order.number,
        table_label=order.table_label,
        submitted_at=order.submitted_at,
        parts=parts,
    )


def _explain_part(
    each: Round,
    items: list[Item],
    ticket: Ticket | None,
    *,
    painted_at: datetime | None,
    route: Route,
) -> PartWhereabouts:
    return PartWhereabouts(
        round_number=each.number,
        lines=[f"{item.quantity} {item.name}" for item in items],
        answer=_find_answer(each, items, ticket, painted_at),
        route=route,
        reasons=_list_reasons(each),
        sent_at=None if ticket is None else ticket.queued_at,
        painted_at=painted_at,
        left_at=None if ticket is None else ticket.completed_at,
    )


def _find_answer(
    each: Round, items: list[Item], ticket: Ticket | None, painted_at: datetime | None
) -> Answer:
    if not each.is_alive:
        return Answer.ENDED
    if all(not item.is_live for item in items):
        return Answer.VOIDED
    if ticket is None:
        return Answer.WAITING
    match derive_ticket_status(items):
        case TicketStatus.RECEIVED:
            return Answer.UNSEEN if painted_at is None else Answer.SHOWN
        case TicketStatus.STARTED:
            return Answer.BEGUN
        case _:
            is_served = all(item.status is ItemStatus.SERVED for item in items if item.is_live)
            return Answer.SERVED if is_served else Answer.FINISHED


def _list_reasons(each: Round) -> list[str]:
    if each.status is RoundStatus.SUBMITTED:
        open_holds = [hold for hold in each.holds if hold.is_open]
        return [GRACE if hold.reason == GRACE else hold.kind.value for hold in open_holds]
    return [each.reason] if each.reason and not each.is_alive else []
