"""What a guest's phone shows beside the menu."""

from datetime import datetime

from domain.statuses import OrderStatus, WaitReason
from domain.views.base import Position, View
from domain.views.money import PaymentView
from domain.views.orders import OrderView


class GuestPayView(View):
    """What a guest may pay of an order. own: their own lines; payable: all that is due.

    lane_id: theirs; the order's legs say which of them are.
    """

    order: OrderView
    lane_id: str
    own_minor: int
    payable_minor: int
    accepts_sandbox: bool

    @property
    def own_legs(self) -> list[PaymentView]:
        """The payments that this guest began, oldest first."""
        return [leg for leg in self.order.payment.legs if leg.lane_id == self.lane_id]


class GuestSessionView(View):
    """A guest's seating as their phone knows it."""

    table_session_id: str
    lane_id: str
    lane_number: int
    table_number: int
    table_label: str
    cafe_id: str
    cafe_name: str


class QueuePlaceView(View):
    """Where an order is in the kitchen at a moment. queue_position: 1 is next; None waits for
    nothing in the kitchen. low_minutes, high_minutes: until it is ready, by the work that the
    kitchen has; 0 for nothing to make. wait_reason: why it takes longer than the dish itself."""

    order_id: str
    order_number: int
    status: OrderStatus
    progress_percentage: int
    estimated_ready_at: datetime | None
    queue_position: int | None
    at: datetime
    low_minutes: int = 0
    high_minutes: int = 0
    wait_reason: WaitReason = WaitReason.NONE

    @property
    def ahead(self) -> int:
        """How many rounds the kitchen has before this order's."""
        return 0 if self.queue_position is None else self.queue_position - 1


class StationWaitView(View):
    """What one usual dish of a station would take now, in minutes from and to, and why so long."""

    station_id: str
    station_name: str
    low_minutes: int
    high_minutes: int
    wait_reason: WaitReason = WaitReason.NONE


class WaitsView(View):
    """What would be ordered now takes so long, by station, in the kitchen's order."""

    waits: list[StationWaitView]
    at: datetime

    @property
    def reason(self) -> WaitReason:
        """The worst of the stations' reasons."""
        reasons = {each.wait_reason for each in self.waits}
        return next(
            (each for each in (WaitReason.LATE, WaitReason.QUEUE) if each in reasons),
            WaitReason.NONE,
        )


class RatingView(View):
    """What a guest thought of a visit. stars: 1 to 5."""

    stars: int
    word: str
    rated_at: datetime


class GuestOrdersView(View):
    """The seating's orders with the position they are complete up to. queue: in the same order."""

    orders: list[OrderView]
    position: Position
    queue: list[QueuePlaceView] = []
