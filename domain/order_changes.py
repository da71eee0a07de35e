"""What a change of an order comes to: new versions, and the events that describe it.

    change = begin_change(order, now=now)
    ... rules move lines and rounds ...
    finished = finish_change(change, Cause(...), now=now)

Events follow from comparing what was shown before with what is shown after, so no operation can
forget one, and none tells the same thing twice. Their order is fixed:

1. what happened to the order: `order_created`, `order_round_added`, `order_round_updated`,
   `order_item_voided` or one of the payments' five, where the cause names one
2. the tickets whose own lines changed, in the order of rounds and stations, then those that only
   show other stations' progress: `kitchen_order_received`, `kitchen_order_started`,
   `kitchen_order_completed`, else `kitchen_ticket_updated`
3. `order_status_updated`; `order_progress` when the order changed and nothing in 1 shows it
4. `order_ready`
5. `order_number_preparing`, `order_number_ready` or `order_number_cleared`
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec

from domain.events import (
    AnyEvent,
    KitchenOrderCompleted,
    KitchenOrderReceived,
    KitchenOrderStarted,
    KitchenTicketUpdated,
    OrderCreated,
    OrderItemVoided,
    OrderNumberCleared,
    OrderNumberPreparing,
    OrderNumberReady,
    OrderProgress,
    OrderReady,
    OrderRoundAdded,
    OrderRoundUpdated,
    OrderStatusUpdated,
    PaymentCompleted,
    PaymentFailed,
    PaymentInitiated,
    PaymentRefunded,
    PaymentUpdated,
)
from domain.kitchen import settle_ticket
from domain.order_views import (
    build_number_view,
    build_order_view,
    build_payment_view,
    build_refund_view,
    build_ticket_view,
)
from domain.orders import Order, settle_order
from domain.payments import LegStatus, Payment, Refund
from domain.statuses import OrderStatus, TicketStatus
from domain.views.boards import BoardNumberView
from domain.views.kitchen import TicketView
from domain.views.orders import OrderView


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """The order itself is new."""


class RoundAdded(msgspec.Struct, frozen=True, kw_only=True):
    round_number: int


class RoundUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """The gate of a waiting round opened or closed."""

    round_number: int


class ItemsVoided(msgspec.Struct, frozen=True, kw_only=True):
    item_ids: tuple[str, ...]


class LegMoved(msgspec.Struct, frozen=True, kw_only=True):
    """A payment was begun, changed or ended; its status says which."""

    leg: Payment
    is_new: bool = False


class MoneyReturned(msgspec.Struct, frozen=True, kw_only=True):
    leg: Payment
    refund: Refund


Fact = Created | RoundAdded | RoundUpdated | ItemsVoided | LegMoved | MoneyReturned


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """Why an order changes. updated_by: a role word, or "system".

    facts: what happened to the order beyond moves of its lines, one event each. ticket_change:
    the word that tickets carry that changed themselves: item, void, recall, held,
    rush, allergy, moved or name.
    """

    updated_by: str
    reason: str = ""
    facts: tuple[Fact, ...] = ()
    ticket_change: str = "item"


@dataclass(slots=True, frozen=True)
class Shown:
    """An order as it is shown everywhere at one moment. tickets: by id."""

    order: OrderView
    tickets: dict[str, TicketView]
    number: BoardNumberView | None


@dataclass(slots=True, frozen=True)
class Change:
    """A change under way. before: None for an order that did not exist."""

    order: Order
    before: Shown | None


class Finished(NamedTuple):
    """What a change came to: the order as it is shown from now on, and what is told of it."""

    view: OrderView
    events: list[AnyEvent]


def begin_change(order: Order, *, now: datetime, is_new: bool = False) -> Change:
    """Remember how an order is shown before anything of it is moved."""
    return Change(order=order, before=None if is_new else _show(order, now))


def finish_change(change: Change, cause: Cause, *, now: datetime) -> Finished:
    """Derive what follows, raise the versions of what changed, and list the events."""
    order, before = change.order, change.before
    settle_order(order, now=now)
    for ticket in order.tickets:
        settle_ticket(ticket, order.list_ticket_items(ticket), now=now)
    if before is not None:
        _raise_versions(order, before, now)
    after = _show(order, now)
    return Finished(after.order, list(_list_events(before, after, cause)))


def _show(order: Order, now: datetime) -> Shown:
    return Shown(
        order=build_order_view(order),
        tickets={
            ticket.ticket_id: build_ticket_view(order, ticket, now=now) for ticket in order.tickets
        },
        number=build_number_view(order),
    )


def _raise_versions(order: Order, before: Shown, now: datetime) -> None:
    """Give lines, tickets and the order a new version where what is shown of them changed.

    Lines first: a ticket and the order show the versions of their lines. A void that a cook has
    seen is news for the kitchen alone, so it changes the ticket and not the line.
    """
    lines = {item.item_id: item for item in before.order.items}
    changed = {
        item.item_id
        for item in build_order_view(order).items
        if item.item_id in lines and item != lines[item.item_id]
    }
    for item in order.items:
        if item.item_id in changed:
            item.version += 1
    legs = {leg.payment_id: leg for leg in before.order.payment.legs}
    for leg in order.payments:
        if leg.payment_id in legs and build_payment_view(leg) != legs[leg.payment_id]:
            leg.version += 1
    for ticket in order.tickets:
        earlier = before.tickets.get(ticket.ticket_id)
        if earlier is not None and build_ticket_view(order, ticket, now=now) != earlier:
            ticket.version += 1
    if build_order_view(order) != before.order:
        order.version += 1


def _list_events(before: Shown | None, after: Shown, cause: Cause) -> Iterator[AnyEvent]:
    yield from _list_order_facts(after.order, cause)
    yield from _list_ticket_events(before.tickets if before else {}, after.tickets, cause)
    yield from _list_status_events(before.order if before else None, after.order, cause)
    if after.order.status is OrderStatus.READY and (
        before is None or before.order.status is not OrderStatus.READY
    ):
        yield OrderReady(order=after.order)
    yield from _list_number_events(before.number if before else None, after.number)


def _list_order_facts(order: OrderView, cause: Cause) -> Iterator[AnyEvent]:
    for fact in cause.facts:
        match fact:
            case Created():
                yield OrderCreated(order=order)
            case RoundAdded(round_number=number):
                yield OrderRoundAdded(order=order, round_number=number)
            case RoundUpdated(round_number=number):
                yield OrderRoundUpdated(
                    order=order,
                    round_number=number,
                    status=order.rounds[number - 1].status,
                    reason=cause.reason,
                )
            case ItemsVoided(item_ids=item_ids):
                yield OrderItemVoided(
                    order=order,
                    item_ids=list(item_ids),
                    reason=cause.reason,
                    updated_by=cause.updated_by,
                )
            case LegMoved(leg=leg, is_new=is_new):
                yield _describe_leg(order, leg, is_new=is_new)
            case MoneyReturned(leg=leg, refund=refund):
                yield PaymentRefunded(
                    order=order,
                    payment=build_payment_view(leg),
                    refund=build_refund_view(leg, refund, shows_reason=False),
                )


def _describe_leg(order: OrderView, leg: Payment, *, is_new: bool) -> AnyEvent:
    payment = build_payment_view(leg)
    match leg.status:
        case LegStatus.CAPTURED if not leg.refunds:
            return PaymentCompleted(order=order, payment=payment)
        case LegStatus.FAILED | LegStatus.CANCELLED | LegStatus.EXPIRED:
            return PaymentFailed(order=order, payment=payment)
        case LegStatus.PENDING if is_new:
            return PaymentInitiated(order=order, payment=payment)
    return PaymentUpdated(order=order, payment=payment)


def _list_ticket_events(
    before: dict[str, TicketView], after: dict[str, TicketView], cause: Cause
) -> Iterator[AnyEvent]:
    own: list[AnyEvent] = []
    others: list[AnyEvent] = []
    for ticket_id, ticket in after.items():
        earlier = before.get(ticket_id)
        if earlier is not None and earlier.version == ticket.version:
            continue
        if earlier is not None and _shows_same(earlier, ticket):
            others.append(KitchenTicketUpdated(ticket=ticket, change="others"))
        else:
            own.append(_describe_ticket(earlier, ticket, cause))
    yield from own
    yield from others


def _shows_same(before: TicketView, after: TicketView) -> bool:
    """Say whether only other stations' progress is new."""
    return _list_own(before) == _list_own(after)


def _list_own(ticket: TicketView) -> tuple[object, ...]:
    """What a ticket shows of itself."""
    return (
        ticket.items,
        ticket.status,
        ticket.rush_reason,
        ticket.allergy_seen,
        ticket.table_number,
        ticket.moved_from,
        ticket.name_revision,
        ticket.fires_at,
        ticket.held,
        ticket.beside_id,
    )


def _describe_ticket(before: TicketView | None, after: TicketView, cause: Cause) -> AnyEvent:
    was_held = before is None or before.status is TicketStatus.HELD
    if after.status is TicketStatus.HELD and (before is None or not was_held):
        return KitchenTicketUpdated(ticket=after, change="held")
    if before is None or (was_held and after.status is TicketStatus.RECEIVED):
        return KitchenOrderReceived(ticket=after)
    if before.status is not after.status and cause.ticket_change != "recall":
        if after.status is TicketStatus.STARTED and before.status is TicketStatus.RECEIVED:
            return KitchenOrderStarted(ticket=after)
        if after.status is TicketStatus.COMPLETED:
            return KitchenOrderCompleted(ticket=after)
    return KitchenTicketUpdated(ticket=after, change=cause.ticket_change)


def _list_status_events(
    before: OrderView | None, after: OrderView, cause: Cause
) -> Iterator[AnyEvent]:
    if before is None or before.version == after.version:
        return
    if before.status is not after.status:
        yield OrderStatusUpdated(
            order=after,
            previous_status=before.status,
            updated_by=cause.updated_by,
            reason=cause.reason,
        )
    elif not cause.facts:
        yield OrderProgress(order=after)


def _list_number_events(
    before: BoardNumberView | None, after: BoardNumberView | None
) -> Iterator[AnyEvent]:
    if after is None or (before is not None and _is_alike(before, after)):
        return
    match after.state:
        case "preparing":
            yield OrderNumberPreparing(number=after)
        case "ready":
            yield OrderNumberReady(number=after)
        case "gone" if before is not None:
            yield OrderNumberCleared(number=after)


def _is_alike(before: BoardNumberView, after: BoardNumberView) -> bool:
    """Say whether a board shows two views of a number alike. What is gone has no letter."""
    if before.state != after.state:
        return False
    return after.state == "gone" or before.initial == after.initial
