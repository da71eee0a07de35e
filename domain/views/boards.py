"""Snapshots of the counter, the pass and the order-ready board."""

from datetime import date, datetime, timedelta

from domain.views.base import Position, View
from domain.views.orders import OrderView

# A board keeps a number that nobody collects for so long: it must have room for the next ones.
READY_SHOWN = timedelta(minutes=15)


class CounterBoardView(View):
    """Snapshot of the open orders, oldest first."""

    orders: list[OrderView]
    position: Position


class PassBoardView(View):
    """Snapshot of the pass: what is to be handed over, oldest first, and what was, newest first."""

    orders: list[OrderView]
    served: list[OrderView]
    position: Position


class BoardNumberView(View):
    """One number on the order-ready board. state: preparing, ready or gone.

    business_date: numbers begin anew each day, and a board may stay open overnight. initial: the
    guest's, who allowed it; "" else.
    """

    order_number: int
    business_date: date
    state: str
    version: int
    since: datetime
    initial: str = ""

    @property
    def clears_at(self) -> datetime | None:
        """When a board lets go of it by itself: who has not come by then asks at the counter."""
        return self.since + READY_SHOWN if self.state == "ready" else None


class ReadyBoardView(View):
    cafe_name: str
    numbers: list[BoardNumberView]
    position: Position
