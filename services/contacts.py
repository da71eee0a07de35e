"""What sales at the counter are called by: the rows that names stand in, and nothing else.

A row goes with its business day (services/housekeeping.py), and one that has run out is shown to
nobody meanwhile.
"""

from datetime import datetime

from domain.commands import NameOrder, PlaceOrder
from domain.contacts import check_may_be_named, find_initial
from domain.order_changes import Cause
from domain.orders import Order
from domain.views.orders import OrderNamesView, OrderNameView, OrderView
from models.fields import to_unix_ms
from models.orders import OrderContact
from models.rows import fetch_rows
from services.cafes import CafeRules, read_cafe
from services.order_changes import name_actor, open_order, save_order
from services.unit_of_work import UnitOfWork

_NAMES_QUERY = """
SELECT order_id, revision, name, initial FROM order_contact
WHERE cafe_id = ? AND expires_at > ?
"""


def name_order(unit: UnitOfWork, command: NameOrder) -> OrderView:
    """Change what an order is called by, or take it back."""
    opened = open_order(unit, command.order_id)
    check_may_be_named(opened.order.table_session_id)
    order = call_by(opened.order, command)
    keep_name(unit, read_cafe(unit.cafe_id), order, name=command.customer_name)
    return save_order(unit, opened, Cause(updated_by=name_actor(unit), ticket_change="name"))


def call_by(order: Order, command: NameOrder | PlaceOrder) -> Order:
    """Let an order show that it has a name; its row is the caller's to keep."""
    order.name_revision += 1
    order.initial = find_initial(command.customer_name, is_allowed=command.may_show_initial)
    return order


def keep_name(unit: UnitOfWork, cafe: CafeRules, order: Order, *, name: str) -> None:
    """Write an order's name, whose order has a row already."""
    values = {"name": name, "initial": order.initial, "revision": order.name_revision}
    expires_at = cafe.find_day_end(unit.now)
    OrderContact.insert(
        order_id=order.order_id, cafe_id=order.cafe_id, expires_at=expires_at, **values
    ).on_conflict(
        conflict_target=[OrderContact.order_id], update={**values, "expires_at": expires_at}
    ).execute()


def find_name(cafe_id: str, order_id: str, *, now: datetime) -> OrderNameView | None:
    """Find what one order is called by; for `runner.read`."""
    rows = fetch_rows(f"{_NAMES_QUERY} AND order_id = ?", (cafe_id, to_unix_ms(now), order_id))
    return _build_name(*rows[0]) if rows else None


def list_names(cafe_id: str, *, now: datetime) -> OrderNamesView:
    """List the names of a cafe's business day; for `runner.read`."""
    rows = fetch_rows(f"{_NAMES_QUERY} ORDER BY order_id", (cafe_id, to_unix_ms(now)))
    return OrderNamesView(names=[_build_name(*row) for row in rows])


def _build_name(order_id: str, revision: int, name: str, initial: str) -> OrderNameView:
    return OrderNameView(
        order_id=order_id, revision=revision, name=name, may_show_initial=initial != ""
    )
