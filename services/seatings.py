"""Seatings as ordering and tables both need them: find, open, vouch for, and their one order.

Whoever opens a seating or orders in it locks its row first, so that two phones that submit at
once make one order.
"""

from datetime import datetime
from typing import Any

import msgspec

from domain.errors import NotFound
from domain.events import TableSessionClosed, TableSessionOpened
from domain.orders import CLOSED_ORDER_STATUSES
from domain.statuses import TERMINAL_ORDER_STATUSES, NotificationKind
from domain.views.tables import TableView
from models.base import database_proxy
from models.fields import from_optional_unix_ms
from models.rows import fetch_rows
from models.tables import TableSession
from services.notifications import end_cause
from services.unit_of_work import UnitOfWork

_TABLE_COLUMNS = """
SELECT cafe_table.id, cafe_table.cafe_id, cafe_table.number, cafe_table.label, cafe_table.area,
    cafe_table.seats
FROM cafe_table
"""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the cafe."""

    table_id: str
    cafe_id: str
    number: int
    label: str
    area: str
    seats: int


class Seating(msgspec.Struct, frozen=True, kw_only=True):
    """An open table session and its table. verified_at: when staff vouched for it."""

    table_session_id: str
    table: Table
    verified_at: datetime | None


def get_table(cafe_id: str, number: int) -> Table:
    """Return a table by its number. Raises: NotFound."""
    rows = fetch_rows(
        f"{_TABLE_COLUMNS} WHERE cafe_table.cafe_id = ? AND cafe_table.number = ?"
        " AND cafe_table.archived_at IS NULL",
        (cafe_id, number),
    )
    if not rows:
        raise NotFound("There is no such table.")
    return _build_table(rows[0])


def get_table_by_code(code: str) -> Table:
    """Return the table whose QR carries a code, of whatever open cafe. Raises: NotFound."""
    rows = fetch_rows(
        f"{_TABLE_COLUMNS} JOIN cafe ON cafe.id = cafe_table.cafe_id"
        " WHERE cafe_table.code = ? AND cafe_table.archived_at IS NULL"
        " AND cafe.closed_at IS NULL",
        (code,),
    )
    if not rows:
        raise NotFound("This code belongs to no table. Scan the one on your table again.")
    return _build_table(rows[0])


def lock_seating(cafe_id: str, table_session_id: str) -> Seating:
    """Lock an open seating for the rest of the transaction. Raises: NotFound."""
    seating = find_seating(cafe_id, table_session_id)
    if seating is None:
        raise NotFound("There is no such open table session.")
    return seating


def find_seating(cafe_id: str, table_session_id: str) -> Seating | None:
    """Lock a seating for the rest of the transaction; None where none of this id is open."""
    return _lock("table_session.id = ? AND table_session.cafe_id = ?", table_session_id, cafe_id)


def find_seating_id(cafe_id: str, order_id: str) -> str | None:
    """Return the seating of an order, open or not; None for a sale at the counter.

    Seatings are locked before orders, so who needs both asks this first.
    """
    rows = fetch_rows(
        "SELECT table_session_id FROM orders WHERE id = ? AND cafe_id = ?", (order_id, cafe_id)
    )
    return rows[0][0] if rows else None


def find_seating_at(table: Table) -> Seating | None:
    """Lock the open seating of a table; None when the table is free."""
    return _lock(
        "table_session.table_id = ? AND table_session.cafe_id = ?", table.table_id, table.cafe_id
    )


def open_seating(unit: UnitOfWork, table: Table, *, is_verified: bool) -> Seating:
    """Open a seating at a free table and record it.

    is_verified: staff open it, so they know who sits there.
    Raises: peewee.IntegrityError when somebody else was faster; the runner tries once more.
    """
    seating = Seating(
        table_session_id=unit.new_id(), table=table, verified_at=unit.now if is_verified else None
    )
    TableSession.create(
        id=seating.table_session_id,
        cafe_id=table.cafe_id,
        table_id=table.table_id,
        opened_at=unit.now,
        verified_at=seating.verified_at,
    )
    unit.record(
        TableSessionOpened(table=build_table_view(table, table_session_id=seating.table_session_id))
    )
    return seating


def end_seating(unit: UnitOfWork, seating: Seating) -> TableView:
    """End a locked seating that has nothing under way; its guests' rights end with their next step.

    Returns the table, free again.
    """
    TableSession.update(closed_at=unit.now).where(
        TableSession.id == seating.table_session_id, TableSession.cafe_id == unit.cafe_id
    ).execute()
    view = build_table_view(seating.table)
    end_cause(unit, NotificationKind.TABLE_CALLED, seating.table_session_id)
    unit.record(TableSessionClosed(table=view, table_session_id=seating.table_session_id))
    unit.audit("table_session_closed", table_session_id=seating.table_session_id)
    return view


def list_open_numbers(seating: Seating) -> list[int]:
    """List the numbers of a seating's orders that are under way."""
    ended = sorted(status.value for status in TERMINAL_ORDER_STATUSES)
    rows = fetch_rows(
        "SELECT number FROM orders WHERE table_session_id = ? AND cafe_id = ?"  # noqa: S608 - place-holders
        f" AND status NOT IN ({', '.join('?' * len(ended))}) ORDER BY number",
        (seating.table_session_id, seating.table.cafe_id, *ended),
    )
    return [number for (number,) in rows]


def verify_seating(unit: UnitOfWork, table_session_id: str) -> None:
    """Note that staff vouch for a seating: nothing of it waits for an approval any more."""
    TableSession.update(verified_at=unit.now).where(
        TableSession.id == table_session_id,
        TableSession.cafe_id == unit.cafe_id,
        TableSession.verified_at.is_null(),
    ).execute()


def find_order_of_seating(cafe_id: str, table_session_id: str) -> str | None:
    """Return the seating's order; None when it has none that can take another round."""
    closed = sorted(status.value for status in CLOSED_ORDER_STATUSES)
    rows = fetch_rows(
        "SELECT id FROM orders WHERE table_session_id = ? AND cafe_id = ?"  # noqa: S608 - place-holders
        f" AND status NOT IN ({', '.join('?' * len(closed))}) ORDER BY id DESC LIMIT 1",
        (table_session_id, cafe_id, *closed),
    )
    return rows[0][0] if rows else None


def build_table_view(
    table: Table,
    *,
    table_session_id: str | None = None,
    order: tuple[str, int, str] | None = None,
) -> TableView:
    """Show a table. order: id, number and status of its seating's order."""
    order_id, order_number, status = order or (None, None, None)
    if status is None:
        status = "free" if table_session_id is None else "seated"
    return TableView(
        table_id=table.table_id,
        number=table.number,
        label=table.label,
        area=table.area,
        seats=table.seats,
        table_session_id=table_session_id,
        open_order_id=order_id,
        open_order_number=order_number,
        status=status,
    )


def _lock(condition: str, *parameters: str) -> Seating | None:
    lock = " FOR UPDATE OF table_session" if database_proxy.for_update else ""
    rows = fetch_rows(
        "SELECT cafe_table.id, cafe_table.cafe_id, cafe_table.number, cafe_table.label,"  # noqa: S608 - own text
        " cafe_table.area, cafe_table.seats, table_session.id, table_session.verified_at"
        " FROM table_session JOIN cafe_table ON cafe_table.id = table_session.table_id"
        f" WHERE {condition} AND table_session.closed_at IS NULL{lock}",
        parameters,
    )
    if not rows:
        return None
    session_id, verified_at = rows[0][6:]
    return Seating(
        table_session_id=session_id,
        table=_build_table(rows[0]),
        verified_at=from_optional_unix_ms(verified_at),
    )


def _build_table(row: tuple[Any, ...]) -> Table:
    table_id, cafe_id, number, label, area, seats = row[:6]
    return Table(
        table_id=table_id, cafe_id=cafe_id, number=number, label=label, area=area, seats=seats
    )
