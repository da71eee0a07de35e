"""Why something that was ordered is not on a wall: what each station has of it, and has seen.

A pure answer to "where is it?" of an order, out of its rounds, its tickets, their receipts and how
the screens are, and what the log tells of it. services/whereabouts.py reads them; Admin, Screens
and a wall's search ask.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from domain.events import (
    KitchenOrderCompleted,
    KitchenOrderReceived,
    KitchenOrderStarted,
    KitchenTicketUpdated,
    LoggedEvent,
    OrderItemVoided,
    OrderRoundUpdated,
)
from domain.kitchen import derive_ticket_status
from domain.orders import Item, Order, Round, Ticket
from domain.rounds import GRACE
from domain.routing import Route, find_route
from domain.statuses import ItemStatus, RoundStatus, TicketStatus
from domain.views.screens import KitchenScreensView


class Answer(StrEnum):
    """Where the lines of a part are.

    waiting: the round waits for somebody, the kitchen has nothing of it to make. ended: it was
    turned down or taken back before. unseen: sent, and no screen says that it shows it. shown: it
    stands among the open tickets. begun: the same, and a cook works on it. finished, served,
    voided: it left.
    """

    WAITING = "waiting"
    ENDED = "ended"
    UNSEEN = "unseen"
    SHOWN = "shown"
    BEGUN = "begun"
    FINISHED = "finished"
    SERVED = "served"
    VOIDED = "voided"


class StepKind(StrEnum):
    """What happened to an order on its way. held: it is to come later; sent: to a station;
    released: whom it waited for let it go; unrushed: its rush was taken back; read: a cook has read
    its allergy.
    """

    HELD = "held"
    RELEASED = "released"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SENT = "sent"
    SHOWN = "shown"
    BEGUN = "begun"
    FINISHED = "finished"
    RECALLED = "recalled"
    RUSHED = "rushed"
    UNRUSHED = "unrushed"
    READ = "read"
    VOIDED = "voided"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. station_name: "" where it is the order's. by: whoever did it, their
    id in the log and their name for people; "" for a screen that nobody signed in at, or the clock.
    what: lines or words that it was about. screen: the one that showed it, "" for a page.
    """

    at: datetime
    kind: StepKind
    station_name: str = ""
    by: str = ""
    what: str = ""
    screen: str = ""


# What the log has to be read for.
STEP_EVENTS = (
    "kitchen_order_received",
    "kitchen_order_started",
    "kitchen_order_completed",
    "kitchen_ticket_updated",
    "order_round_updated",
    "order_item_voided",
)


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
    steps: list[Step]


def explain_order(
    order: Order,
    *,
    painted_at: Mapping[str, datetime],
    kitchen: KitchenScreensView,
    steps: Iterable[Step],
) -> Whereabouts:
    """Say where everything of an order is. painted_at: by ticket, where a screen said so. steps:
    in any order.
    """
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
        steps=sorted(steps, key=lambda step: step.at),
    )


def list_steps(events: Iterable[LoggedEvent]) -> list[Step]:
    """List what an order's events tell of its way, oldest first. by: ids."""
    found = [(_find_step(logged.event), logged) for logged in events]
    return [
        msgspec.structs.replace(step, at=logged.at, by=logged.user_id or "")
        for step, logged in found
        if step is not None
    ]


def _find_step(event: object) -> Step | None:
    """Return what an event tells, without a time and by nobody; None: nothing of the way."""
    match event:
        case KitchenOrderReceived(ticket=ticket):
            return _make_step(StepKind.SENT, ticket.station_name)
        case KitchenOrderStarted(ticket=ticket):
            return _make_step(StepKind.BEGUN, ticket.station_name)
        case KitchenOrderCompleted(ticket=ticket):
            return _make_step(StepKind.FINISHED, ticket.station_name)
        case KitchenTicketUpdated(ticket=ticket, change="held") if (
            ticket.status is TicketStatus.HELD
        ):
            return _make_step(StepKind.HELD, ticket.station_name)
        case KitchenTicketUpdated(ticket=ticket, change="recall"):
            return _make_step(StepKind.RECALLED, ticket.station_name)
        case KitchenTicketUpdated(ticket=ticket, change="allergy"):
            return _make_step(StepKind.READ, ticket.station_name)
        case KitchenTicketUpdated(ticket=ticket, change="rush"):
            kind = StepKind.RUSHED if ticket.rush_reason else StepKind.UNRUSHED
            return _make_step(kind, ticket.station_name, ticket.rush_reason)
        case OrderItemVoided(order=order, item_ids=item_ids, reason=reason):
            lines = [
                f"{item.quantity} {item.name}" for item in order.items if item.item_id in item_ids
            ]
            return _make_step(
                StepKind.VOIDED, "", ": ".join(filter(None, [", ".join(lines), reason]))
            )
        case OrderRoundUpdated(status=status, reason=reason):
            gate = _GATES.get(status)
            return None if gate is None else _make_step(gate, "", reason)
    return None


_GATES = {
    RoundStatus.CONFIRMED: StepKind.RELEASED,
    RoundStatus.REJECTED: StepKind.REJECTED,
    RoundStatus.EXPIRED: StepKind.EXPIRED,
}
_UNDATED = datetime.min.replace(tzinfo=UTC)


def _make_step(kind: StepKind, station_name: str, what: str = "") -> Step:
    return Step(at=_UNDATED, kind=kind, station_name=station_name, what=what)


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
        sent_at=None if ticket is None or each.is_held else ticket.queued_at,
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
        case TicketStatus.HELD:
            return Answer.WAITING
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
