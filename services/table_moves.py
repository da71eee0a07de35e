"""Guests change tables: a seating goes to a free one, or two become one; nothing is fired again.

Seatings are locked before orders, and several of each in the order of their ids. A standing call
ends with a move: whoever moves them is with them.
"""

from domain.commands import MergeTables, MoveTable
from domain.events import TableSessionMoved
from domain.order_changes import Cause
from domain.orders import CLOSED_ORDER_STATUSES
from domain.statuses import NotificationKind
from domain.table_moves import TablePlace, check_merge, check_move, move_order
from domain.views.tables import TableView
from models.rows import fetch_rows
from models.tables import Lane, TableSession
from services.access import count_access_change
from services.notifications import end_cause
from services.order_changes import name_actor, open_order, save_order
from services.seatings import (
    Seating,
    Table,
    build_table_view,
    find_seating_at,
    get_table,
    lock_seating,
    verify_seating,
)
from services.unit_of_work import UnitOfWork


def move_table(unit: UnitOfWork, command: MoveTable) -> TableView:
    """Let the guests of a seating sit at a free table.

    Raises: NotFound for a seating that is not open, or no such table; Conflict `same_table`,
    `table_taken`.
    """
    seating = lock_seating(unit.cafe_id, command.table_session_id)
    table = get_table(unit.cafe_id, command.table_number)
    check_move(
        from_table_id=seating.table.table_id,
        to_table_id=table.table_id,
        is_taken=table.table_id != seating.table.table_id and find_seating_at(table) is not None,
    )
    TableSession.update(table_id=table.table_id).where(
        TableSession.id == seating.table_session_id, TableSession.cafe_id == unit.cafe_id
    ).execute()
    _take_orders(unit, seating, table, seating.table_session_id)
    return _tell(unit, seating, table, seating.table_session_id)


def merge_tables(unit: UnitOfWork, command: MergeTables) -> TableView:
    """Make one seating of two: lanes and orders of the first go over, each as it is.

    Raises: NotFound for a seating that is not open; Conflict `same_table`.
    """
    check_merge(from_session_id=command.table_session_id, into_session_id=command.into_session_id)
    locked = {
        each: lock_seating(unit.cafe_id, each)
        for each in sorted((command.table_session_id, command.into_session_id))
    }
    leaving, staying = locked[command.table_session_id], locked[command.into_session_id]
    # Before the orders, which show whose each round is.
    _take_lanes(unit, leaving, staying)
    _take_orders(unit, leaving, staying.table, staying.table_session_id)
    TableSession.update(closed_at=unit.now).where(
        TableSession.id == leaving.table_session_id, TableSession.cafe_id == unit.cafe_id
    ).execute()
    # Whoever puts them together knows who sits there.
    verify_seating(unit, staying.table_session_id)
    count_access_change(unit.cafe_id)
    return _tell(unit, leaving, staying.table, staying.table_session_id)


def _take_orders(unit: UnitOfWork, seating: Seating, table: Table, session_id: str) -> None:
    place = TablePlace(
        table_id=table.table_id,
        number=table.number,
        label=table.label,
        area=table.area,
        table_session_id=session_id,
    )
    rows = fetch_rows(
        "SELECT id FROM orders WHERE table_session_id = ? AND cafe_id = ? ORDER BY id",
        (seating.table_session_id, unit.cafe_id),
    )
    for (order_id,) in rows:
        opened = open_order(unit, order_id)
        if opened.order.status in CLOSED_ORDER_STATUSES:
            continue  # it stays what it was, where it was
        move_order(opened.order, place)
        save_order(unit, opened, Cause(updated_by=name_actor(unit), ticket_change="moved"))


def _take_lanes(unit: UnitOfWork, leaving: Seating, staying: Seating) -> None:
    """Give the phones of one seating to another, behind those that it has."""
    ((last_number,),) = fetch_rows(
        "SELECT COALESCE(MAX(number), 0) FROM lane WHERE table_session_id = ?",
        (staying.table_session_id,),
    )
    Lane.update(table_session_id=staying.table_session_id, number=Lane.number + last_number).where(
        Lane.table_session_id == leaving.table_session_id, Lane.cafe_id == unit.cafe_id
    ).execute()


def _tell(unit: UnitOfWork, seating: Seating, table: Table, session_id: str) -> TableView:
    end_cause(unit, NotificationKind.TABLE_CALLED, seating.table_session_id)
    closed = sorted(status.value for status in CLOSED_ORDER_STATUSES)
    rows = fetch_rows(
        "SELECT id, number, status FROM orders WHERE table_session_id = ? AND cafe_id = ?"  # noqa: S608 - place-holders
        f" AND status NOT IN ({', '.join('?' * len(closed))}) ORDER BY id DESC LIMIT 1",
        (session_id, unit.cafe_id, *closed),
    )
    view = build_table_view(
        table, table_session_id=session_id, order=tuple(rows[0]) if rows else None
    )
    unit.record(
        TableSessionMoved(
            table=view,
            left=build_table_view(seating.table),
            table_session_id=seating.table_session_id,
        )
    )
    unit.audit(
        "table_moved",
        table_session_id=seating.table_session_id,
        into_session_id=session_id,
        from_table=seating.table.number,
        to_table=table.number,
    )
    return view
