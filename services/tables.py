"""Tables and their seatings: a scan opens one or joins it as a lane, staff close it.

A seating is not closed while an order of it is under way: what the kitchen makes would have
nobody to go to. Cancel or serve it first. Closing ends the guests' rights with their next step.
"""

from domain.commands import LANES_PER_SEATING, CloseTableSession, OpenTableSession
from domain.errors import Conflict, NotFound
from domain.orders import CLOSED_ORDER_STATUSES
from domain.views.guests import GuestSessionView
from domain.views.tables import TablesView, TableView
from models.rows import fetch_rows
from models.tables import Lane
from services.cafes import read_cafe
from services.seatings import (
    Seating,
    Table,
    build_table_view,
    end_seating,
    find_seating_at,
    get_table_by_code,
    list_open_numbers,
    lock_seating,
    open_seating,
)
from services.unit_of_work import UnitOfWork

_TABLES_QUERY = """
SELECT cafe_table.id, cafe_table.number, cafe_table.label, cafe_table.area, cafe_table.seats,
    table_session.id
FROM cafe_table
LEFT JOIN table_session ON table_session.table_id = cafe_table.id
    AND table_session.closed_at IS NULL
WHERE cafe_table.cafe_id = ? AND cafe_table.archived_at IS NULL
ORDER BY cafe_table.number
"""
_ORDERS_QUERY = """
SELECT table_session.id, orders.id, orders.number, orders.status
FROM table_session
JOIN orders ON orders.table_session_id = table_session.id
WHERE table_session.cafe_id = ? AND table_session.closed_at IS NULL
ORDER BY orders.id
"""


def open_table_session(
    unit: UnitOfWork, command: OpenTableSession, *, lane_limit: int = LANES_PER_SEATING
) -> GuestSessionView:
    """Give a phone that scanned a table's code a lane in the table's seating.

    The unit enters the table's cafe. A guest who scans the same table again keeps their lane.
    lane_limit: so many lanes may a seating have.
    Raises: NotFound for an unknown code; Conflict `table_full`.
    """
    table = get_table_by_code(command.table_code)
    unit.enter_cafe(table.cafe_id)
    seating = find_seating_at(table) or open_seating(unit, table, is_verified=False)
    lane_id, lane_number = _find_own_lane(unit, seating) or _open_lane(
        unit, seating, limit=lane_limit
    )
    return GuestSessionView(
        table_session_id=seating.table_session_id,
        lane_id=lane_id,
        lane_number=lane_number,
        table_number=table.number,
        table_label=table.label,
        cafe_id=table.cafe_id,
        cafe_name=read_cafe(table.cafe_id).name,
    )


def close_table_session(unit: UnitOfWork, command: CloseTableSession) -> TableView:
    """End a seating. Raises: NotFound, also when it has ended; Conflict `orders_open`."""
    seating = lock_seating(unit.cafe_id, command.table_session_id)
    numbers = list_open_numbers(seating)
    if numbers:
        raise Conflict(
            "An order of this table is under way. Serve or cancel it first.",
            code="orders_open",
            details={"orderNumbers": numbers},
        )
    return end_seating(unit, seating)


def list_tables(cafe_id: str) -> TablesView:
    """List the tables with who sits there and what they have ordered; for `runner.read`."""
    orders = {
        session_id: (order_id, number, status)
        for session_id, order_id, number, status in fetch_rows(_ORDERS_QUERY, (cafe_id,))
        if status not in CLOSED_ORDER_STATUSES
    }
    return TablesView(
        tables=[
            build_table_view(
                Table(
                    table_id=table_id,
                    cafe_id=cafe_id,
                    number=number,
                    label=label,
                    area=area,
                    seats=seats,
                ),
                table_session_id=session_id,
                order=orders.get(session_id),
            )
            for table_id, number, label, area, seats, session_id in fetch_rows(
                _TABLES_QUERY, (cafe_id,)
            )
        ]
    )


def read_guest_session(cafe_id: str, lane_id: str) -> GuestSessionView:
    """Show a guest their seating; for `runner.read`. Raises: NotFound."""
    rows = fetch_rows(
        "SELECT table_session.id, lane.number, cafe_table.number, cafe_table.label, cafe.name"
        " FROM lane JOIN table_session ON table_session.id = lane.table_session_id"
        " JOIN cafe_table ON cafe_table.id = table_session.table_id"
        " JOIN cafe ON cafe.id = lane.cafe_id"
        " WHERE lane.id = ? AND lane.cafe_id = ? AND table_session.closed_at IS NULL",
        (lane_id, cafe_id),
    )
    if not rows:
        raise NotFound("This table was closed. Scan its code again.")
    session_id, lane_number, table_number, table_label, cafe_name = rows[0]
    return GuestSessionView(
        table_session_id=session_id,
        lane_id=lane_id,
        lane_number=lane_number,
        table_number=table_number,
        table_label=table_label,
        cafe_id=cafe_id,
        cafe_name=cafe_name,
    )


def _find_own_lane(unit: UnitOfWork, seating: Seating) -> tuple[str, int] | None:
    if not unit.has_identity or unit.identity.lane_id is None:
        return None
    rows = fetch_rows(
        "SELECT id, number FROM lane WHERE id = ? AND table_session_id = ?",
        (unit.identity.lane_id, seating.table_session_id),
    )
    return (rows[0][0], rows[0][1]) if rows else None


def _open_lane(unit: UnitOfWork, seating: Seating, *, limit: int) -> tuple[str, int]:
    # Lanes end with their seating, whose row is locked: the highest number is how many there are.
    ((last_number,),) = fetch_rows(
        "SELECT COALESCE(MAX(number), 0) FROM lane WHERE table_session_id = ?",
        (seating.table_session_id,),
    )
    if last_number >= limit:
        raise Conflict(
            "Too many phones have joined this table. Order on one that has, or ask at the counter.",
            code="table_full",
            details={"limit": limit},
        )
    lane_id = unit.new_id()
    Lane.create(
        id=lane_id,
        cafe_id=unit.cafe_id,
        table_session_id=seating.table_session_id,
        number=last_number + 1,
        opened_at=unit.now,
    )
    return lane_id, last_number + 1
