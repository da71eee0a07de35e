"""Tables and the numbers of the ready board."""

from datetime import datetime, timedelta

from domain.views.boards import BoardNumberView
from domain.views.orders import OrderView
from domain.views.tables import TableView
from handlers.pages.specimens.ids import make_id
from handlers.pages.specimens.orders import list_orders

_TABLE_STATUSES = ("free", "seated", "submitted", "preparing", "ready", "completed")


def make_board_number(number: int, state: str, *, now: datetime, age_s: int) -> BoardNumberView:
    """Make a number of the order-ready board."""
    return BoardNumberView(
        order_number=number,
        business_date=now.date(),
        state=state,
        version=1,
        since=now - timedelta(seconds=age_s),
    )


def list_tables(now: datetime) -> list[tuple[str, TableView, OrderView | None]]:
    """List a table for every way it can stand, with the order that is open there."""
    orders = [order for _, order in list_orders(now)]
    open_orders = {order.status.value: order for order in reversed(orders)}
    return [
        (
            status,
            TableView(
                table_id=make_id(60 + number),
                number=number,
                label=f"Table {number}",
                area="Room",
                seats=number,
                table_session_id=None if status == "free" else make_id(70 + number),
                open_order_id=order.order_id if order else None,
                open_order_number=order.order_number if order else None,
                status="seated" if status == "completed" else status,
            ),
            order,
        )
        for number, status in enumerate(_TABLE_STATUSES, 1)
        for order in [open_orders.get(status)]
    ]
