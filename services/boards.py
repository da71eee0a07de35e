"""What screens show: orders, tickets and numbers, each read together with its place in the log.

Every function here is for `runner.read`: one snapshot, so that the position and the rows agree.
The number of queries does not depend on how much there is to show, and a board that many ask for
at the same place of the log is read once (services/shared_views.py).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from domain.errors import NotFound
from domain.handing_over import build_pass_order
from domain.kitchen import VOID_LIFE, is_on_board
from domain.order_views import build_number_view, build_order_view, build_ticket_view
from domain.orders import Order, Ticket
from domain.recall import Findable, find_matches
from domain.roles import Identity
from domain.statuses import OrderStatus
from domain.views.base import Position
from domain.views.boards import BoardNumberView, CounterBoardView, PassBoardView, ReadyBoardView
from domain.views.guests import GuestOrdersView
from domain.views.kitchen import (
    KitchenBoardView,
    StationMoveView,
    StationView,
    TicketsView,
    TicketView,
)
from domain.views.orders import OrdersView, OrderView
from models.fields import to_unix_ms
from models.rows import fetch_rows
from services.cafes import CafeRules, read_cafe
from services.failover import list_moves
from services.order_rows import read_orders
from services.queue import build_queue_places
from services.shared_views import read_shared

# A display shows at most some sixty tickets. Where more than this are open somebody does not bump
# theirs: then the oldest are left out, because what was ordered just now must be seen.
OPEN_LIMIT = 200
# What a cook looks back at after a bump by mistake; all of the day is found by its number.
FINISHED_LIMIT = 40
# More lines than any kitchen makes in a day.
_DAY_LIMIT = 20_000
# A business day has at most 25 hours, where the clock is set back: nothing of today is older.
_LONGEST_DAY = timedelta(hours=26)

_OPEN_ORDERS = (
    OrderStatus.SUBMITTED,
    OrderStatus.CONFIRMED,
    OrderStatus.PREPARING,
    OrderStatus.READY,
)
_NUMBERED_ORDERS = (OrderStatus.CONFIRMED, OrderStatus.PREPARING, OrderStatus.READY)

# Both queries name stations and a span of an index, one for all stations too: what they read is
# what is open or of today, and not what a cafe has ever made.
# The sign before queued_at keeps SQLite from walking all tickets of all days in the order of their
# time, for which figures have an index: the open ones are few, and sorted in no time.
_OPEN_TICKETS_QUERY = """
SELECT ticket.id, ticket.order_id
FROM ticket
WHERE ticket.cafe_id = ? AND ticket.station_id IN {stations}
    AND ticket.status IN ('held', 'received', 'started', 'cancelled')
    AND (ticket.status <> 'cancelled' OR (ticket.queued_at >= ? AND EXISTS (
        SELECT 1 FROM order_item
        WHERE order_item.round_id = ticket.round_id
            AND order_item.station_id = ticket.station_id
            AND order_item.status = 'voided' AND order_item.void_seen_at IS NULL
    )))
ORDER BY +ticket.queued_at DESC, ticket.id DESC
LIMIT ?
"""
_FINISHED_TICKETS_QUERY = """
SELECT {columns}
FROM ticket
JOIN orders ON orders.id = ticket.order_id
{joined}
WHERE ticket.cafe_id = ? AND ticket.station_id IN {stations}
    AND ticket.completed_at >= ? AND ticket.status <> 'cancelled'
    AND orders.business_date = ?
ORDER BY ticket.completed_at DESC, ticket.id DESC
LIMIT ?
"""
_FINISHED_DISHES = """
JOIN order_item ON order_item.round_id = ticket.round_id
    AND order_item.station_id = ticket.station_id AND order_item.status <> 'voided'
"""


def read_kitchen_board(
    cafe_id: str, station_id: str | None, *, now: datetime, limit: int = OPEN_LIMIT
) -> KitchenBoardView:
    """Read a station's tickets, or with None those of all: open ones, and the day's last ones.

    Those that were moved there from other stations are among them (services/failover.py).
    limit: of open tickets, the newest.
    Raises: NotFound for a station of another cafe or none.
    """
    return read_shared(
        cafe_id,
        ("kitchen", station_id, limit),
        lambda position: _build_kitchen_board(cafe_id, station_id, position, now=now, limit=limit),
        now=now,
    )


def search_finished_tickets(
    cafe_id: str, station_id: str | None, wanted: str, *, now: datetime
) -> TicketsView:
    """Find finished tickets of the business day, which may be recalled, the newest first.

    wanted: a number, a table, a dish or several of them; "" for the newest.
    Raises: NotFound for a station of another cafe or none.
    """
    if station_id is not None:
        _get_station(cafe_id, station_id)
    station_ids = _list_shown(station_id, list_moves(cafe_id))
    findable = _read_findable(read_cafe(cafe_id), station_ids, now)
    found = find_matches(findable, wanted, limit=FINISHED_LIMIT)
    tickets = _read_tickets(cafe_id, {each.ticket_id: each.order_id for each in found}, now)
    return TicketsView(tickets=[tickets[each.ticket_id] for each in found])


def read_counter_board(cafe_id: str) -> CounterBoardView:
    """Read the orders that are over but not paid, then the open ones, each oldest first."""
    return read_shared(cafe_id, "counter", lambda position: _build_counter_board(cafe_id, position))


def read_pass_board(cafe_id: str, *, now: datetime) -> PassBoardView:
    """Read the orders that the kitchen has, and the day's last ones that were handed over."""
    return read_shared(
        cafe_id,
        "pass",
        lambda position: _build_pass_board(cafe_id, position, now=now),
        now=now,
    )


def read_ready_board(cafe_id: str, *, now: datetime) -> ReadyBoardView:
    """Read the numbers that are being prepared and that are ready, oldest first."""
    board = read_shared(cafe_id, "ready", lambda position: _build_ready_board(cafe_id, position))
    shown = [each for each in board.numbers if each.clears_at is None or each.clears_at > now]
    return msgspec.structs.replace(board, numbers=shown)


def read_guest_orders(cafe_id: str, table_session_id: str, *, now: datetime) -> GuestOrdersView:
    """Read the orders of a seating, oldest first, and where each is in the kitchen."""
    return read_shared(
        cafe_id,
        ("guest", table_session_id),
        lambda position: _build_guest_orders(cafe_id, table_session_id, position, now=now),
        now=now,
    )


def read_order(identity: Identity, order_id: str) -> OrderView:
    """Read one order; a guest only one of their own seating. Raises: NotFound."""
    orders = read_orders(identity.cafe_id, [order_id])
    if not orders or (
        identity.is_guest and orders[0].table_session_id != identity.table_session_id
    ):
        raise NotFound("There is no such order.")
    return build_order_view(orders[0])


def list_orders(
    identity: Identity,
    *,
    status: OrderStatus | None = None,
    business_date: date | None = None,
    is_unsettled: bool = False,
    limit: int = OPEN_LIMIT,
) -> OrdersView:
    """List orders, oldest first: a guest's own seating's, for staff the open ones.

    status, business_date: for staff, all orders of a status or a day instead of the open ones;
    the newest `limit` of them. is_unsettled: for staff, those that are over and have money to
    take, to wait for or to give back.
    """
    if identity.is_guest:
        assert identity.table_session_id is not None
        orders = _read_of_seating(identity.cafe_id, identity.table_session_id)
        orders = [order for order in orders if status in (None, order.status)]
    elif is_unsettled:
        orders = _read_unsettled(identity.cafe_id)
    else:
        statuses = tuple(OrderStatus) if status is None else (status,)
        if status is None and business_date is None:
            statuses = _OPEN_ORDERS
        orders = _read_by_status(
            identity.cafe_id, statuses, business_date=business_date, limit=limit
        )
    return OrdersView(orders=[build_order_view(order) for order in orders])


def list_paid_orders(cafe_id: str, *, limit: int, before_id: str | None = None) -> list[OrderView]:
    """List orders with a payment of any kind, the newest first.

    before_id: the last one of the page before.
    """
    rows = fetch_rows(
        "SELECT orders.id FROM orders WHERE orders.cafe_id = ? AND orders.id < ?"
        " AND EXISTS (SELECT 1 FROM payment WHERE payment.order_id = orders.id)"
        " ORDER BY orders.id DESC LIMIT ?",
        (cafe_id, before_id or "~", limit),  # ids are hexadecimal: all of them are below "~"
    )
    ids = [order_id for (order_id,) in rows]
    found = {order.order_id: build_order_view(order) for order in read_orders(cafe_id, ids)}
    return [found[order_id] for order_id in ids]


def list_tickets(cafe_id: str, *, station_id: str | None, now: datetime) -> list[TicketView]:
    """List the open tickets of a station or of all, oldest first."""
    return read_kitchen_board(cafe_id, station_id, now=now).tickets


def read_ticket(cafe_id: str, ticket_id: str, *, now: datetime) -> TicketView:
    """Read one ticket. Raises: NotFound."""
    rows = fetch_rows(
        "SELECT id, order_id FROM ticket WHERE id = ? AND cafe_id = ?", (ticket_id, cafe_id)
    )
    if not rows:
        raise NotFound("There is no such ticket.")
    return _read_tickets(cafe_id, dict(rows), now)[ticket_id]


def list_stations(cafe_id: str) -> list[StationView]:
    """List the stations in use, in the kitchen's order."""
    rows = fetch_rows(
        "SELECT id, name, slug, target_s FROM station"
        " WHERE cafe_id = ? AND archived_at IS NULL ORDER BY position, id",
        (cafe_id,),
    )
    return [
        StationView(station_id=station_id, name=name, slug=slug, target_s=target_s)
        for station_id, name, slug, target_s in rows
    ]


def _build_kitchen_board(
    cafe_id: str, station_id: str | None, position: Position, *, now: datetime, limit: int
) -> KitchenBoardView:
    cafe = read_cafe(cafe_id)
    station = None if station_id is None else _get_station(cafe_id, station_id)
    moves = [
        move
        for move in list_moves(cafe_id)
        if station_id in (None, move.station_id, move.shown_at_station_id)
    ]
    station_ids = _list_shown(station_id, moves)
    open_ids = _find_open_tickets(cafe_id, station_ids, now, limit)
    finished_ids = _find_finished_tickets(cafe, station_ids, now)
    tickets = _read_tickets(cafe_id, {**open_ids, **finished_ids}, now)
    return KitchenBoardView(
        station=station,
        tickets=sorted(
            (tickets[ticket_id] for ticket_id in open_ids if is_on_board(tickets[ticket_id])),
            key=lambda ticket: ticket.rank,  # those of one moment stay in the order of their ids
        ),
        finished=[tickets[ticket_id] for ticket_id in finished_ids],
        position=position,
        moves=moves,
    )


def _build_counter_board(cafe_id: str, position: Position) -> CounterBoardView:
    orders = _read_unsettled(cafe_id) + _read_by_status(cafe_id, _OPEN_ORDERS)
    return CounterBoardView(orders=[build_order_view(order) for order in orders], position=position)


def _build_pass_board(cafe_id: str, position: Position, *, now: datetime) -> PassBoardView:
    today = read_cafe(cafe_id).find_business_date(now)
    served = _read_by_status(
        cafe_id, (OrderStatus.COMPLETED,), business_date=today, limit=FINISHED_LIMIT
    )
    orders = [build_order_view(order) for order in _read_by_status(cafe_id, _NUMBERED_ORDERS)]
    return PassBoardView(
        orders=[order for order in orders if build_pass_order(order)],
        served=sorted(
            (build_order_view(order) for order in served), key=_get_completed_at, reverse=True
        ),
        position=position,
    )


def _get_completed_at(order: OrderView) -> datetime:
    return order.completed_at or order.submitted_at


def _build_ready_board(cafe_id: str, position: Position) -> ReadyBoardView:
    cafe = read_cafe(cafe_id)
    numbers = [build_number_view(order) for order in _read_by_status(cafe_id, _NUMBERED_ORDERS)]
    return ReadyBoardView(
        cafe_name=cafe.name,
        numbers=sorted((each for each in numbers if each and each.state != "gone"), key=_get_since),
        position=position,
    )


def _build_guest_orders(
    cafe_id: str, table_session_id: str, position: Position, *, now: datetime
) -> GuestOrdersView:
    orders = _read_of_seating(cafe_id, table_session_id)
    return GuestOrdersView(
        orders=[build_order_view(order) for order in orders],
        position=position,
        queue=build_queue_places(cafe_id, orders, now=now),
    )


def _get_since(number: BoardNumberView) -> tuple[datetime, int]:
    return number.since, number.order_number


def _get_station(cafe_id: str, station_id: str) -> StationView:
    for station in list_stations(cafe_id):
        if station.station_id == station_id:
            return station
    raise NotFound("There is no such station.")


def _find_open_tickets(
    cafe_id: str, station_ids: Sequence[str] | None, now: datetime, limit: int
) -> dict[str, str]:
    """Find the tickets of the grid: ticket id -> order id, in the order of the board."""
    stations, parameters = _narrow(cafe_id, station_ids)
    rows = fetch_rows(
        _OPEN_TICKETS_QUERY.format(stations=stations),
        (*parameters, to_unix_ms(now - VOID_LIFE), limit),
    )
    return dict(reversed(rows))


def _find_finished_tickets(
    cafe: CafeRules, station_ids: Sequence[str] | None, now: datetime
) -> dict[str, str]:
    rows = _fetch_finished(
        "ticket.id, ticket.order_id", cafe, station_ids, now, limit=FINISHED_LIMIT
    )
    return dict(rows)


def _read_findable(
    cafe: CafeRules, station_ids: Sequence[str] | None, now: datetime
) -> list[Findable]:
    """Read all that was finished today, the newest first, with the words that find it."""
    dishes: dict[str, list[str]] = defaultdict(list)
    columns = "ticket.id, order_item.kitchen_name"
    for ticket_id, dish in _fetch_finished(
        columns, cafe, station_ids, now, joined=_FINISHED_DISHES
    ):
        dishes[ticket_id].append(dish)
    columns = "ticket.id, ticket.order_id, orders.number, orders.table_number, orders.table_label"
    return [
        Findable(
            ticket_id=ticket_id,
            order_id=order_id,
            order_number=number,
            table_number=table_number,
            table_label=table_label,
            dishes=tuple(dishes[ticket_id]),
        )
        for ticket_id, order_id, number, table_number, table_label in _fetch_finished(
            columns, cafe, station_ids, now
        )
    ]


def _fetch_finished(
    columns: str,
    cafe: CafeRules,
    station_ids: Sequence[str] | None,
    now: datetime,
    *,
    joined: str = "",
    limit: int = _DAY_LIMIT,
) -> list[tuple[Any, ...]]:
    stations, parameters = _narrow(cafe.cafe_id, station_ids)
    query = _FINISHED_TICKETS_QUERY.format(columns=columns, stations=stations, joined=joined)
    today = cafe.find_business_date(now).isoformat()
    return fetch_rows(query, (*parameters, to_unix_ms(now - _LONGEST_DAY), today, limit))


def _list_shown(station_id: str | None, moves: Sequence[StationMoveView]) -> Sequence[str] | None:
    """List the stations whose tickets are shown at one: its own and its guests'; None for all."""
    if station_id is None:
        return None
    return [
        station_id,
        *(move.station_id for move in moves if move.shown_at_station_id == station_id),
    ]


def _narrow(cafe_id: str, station_ids: Sequence[str] | None) -> tuple[str, tuple[str, ...]]:
    """Name stations, or all of a cafe, former ones included: their tickets may be open yet."""
    if station_ids is None:
        return "(SELECT id FROM station WHERE cafe_id = ?)", (cafe_id, cafe_id)
    return f"({', '.join('?' * len(station_ids))})", (cafe_id, *station_ids)


def _read_tickets(cafe_id: str, order_ids: dict[str, str], now: datetime) -> dict[str, TicketView]:
    """Read tickets with their lines. order_ids: ticket id -> order id."""
    found: dict[str, tuple[Order, Ticket]] = {
        ticket.ticket_id: (order, ticket)
        for order in read_orders(cafe_id, list(dict.fromkeys(order_ids.values())))
        for ticket in order.tickets
    }
    return {ticket_id: build_ticket_view(*found[ticket_id], now=now) for ticket_id in order_ids}


def _read_by_status(
    cafe_id: str,
    statuses: Sequence[OrderStatus],
    *,
    business_date: date | None = None,
    limit: int = OPEN_LIMIT,
) -> list[Order]:
    """Read the newest orders of some statuses, and list them oldest first."""
    places = ", ".join("?" * len(statuses))
    on_day = "" if business_date is None else "AND business_date = ?"
    days = [] if business_date is None else [business_date.isoformat()]
    rows = fetch_rows(
        f"SELECT id FROM orders WHERE cafe_id = ? AND status IN ({places}) {on_day}"  # noqa: S608 - place-holders
        " ORDER BY submitted_at DESC, id DESC LIMIT ?",
        (cafe_id, *(status.value for status in statuses), *days, limit),
    )
    return read_orders(cafe_id, [order_id for (order_id,) in reversed(rows)])


def _read_unsettled(cafe_id: str) -> list[Order]:
    """Read the orders that are over, but not their money: the oldest ones, so that none is lost."""
    rows = fetch_rows(
        "SELECT order_id FROM unsettled_order WHERE cafe_id = ? ORDER BY since, order_id LIMIT ?",
        (cafe_id, OPEN_LIMIT),
    )
    return read_orders(cafe_id, [order_id for (order_id,) in rows])


def _read_of_seating(cafe_id: str, table_session_id: str) -> list[Order]:
    rows = fetch_rows(
        "SELECT id FROM orders WHERE table_session_id = ? AND cafe_id = ? ORDER BY id",
        (table_session_id, cafe_id),
    )
    return read_orders(cafe_id, [order_id for (order_id,) in rows])
