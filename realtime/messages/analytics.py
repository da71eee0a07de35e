"""The figures of the day, as management gets them (spec L1)."""

from datetime import datetime
from typing import Any

from domain.analytics import AnalyticsView
from realtime.messages.envelope import Data, EphemeralMessage


class RealTimeAnalyticsData(Data, frozen=True, kw_only=True):
    """The source's seven fields, each with what it takes to read it.

    average_order_time: minutes, null without a round (`averageOrderTimeN` of them).
    customer_satisfaction: percent, null without enough ratings. kitchen_load: percent, may exceed
    100. revenue_today: net, in minor units of `currency`. staff_on_duty: people with an open shift,
    or who acted within the last 15 minutes: its figures say which. analytics: what the dashboard
    shows beside them.
    """

    active_orders: int
    waiting_orders: int
    completed_orders_today: int
    average_order_time: float | None
    average_order_time_n: int
    kitchen_load: int
    revenue_today: int
    currency: str
    customer_satisfaction: float | None
    customer_satisfaction_n: int
    staff_on_duty: int
    at: datetime
    analytics: AnalyticsView

    @property
    def view(self) -> Any:
        return self.analytics


class RealTimeAnalyticsMessage(
    EphemeralMessage, frozen=True, kw_only=True, tag="real_time_analytics"
):
    """The figures of the day have changed."""

    data: RealTimeAnalyticsData


def build_analytics(view: AnalyticsView) -> RealTimeAnalyticsData:
    """Make the message's data of a view."""
    figures = view.figures
    return RealTimeAnalyticsData(
        active_orders=figures.active_orders,
        waiting_orders=figures.waiting_orders,
        completed_orders_today=figures.completed_orders_today,
        average_order_time=figures.average_order_time,
        average_order_time_n=figures.average_order_time_n,
        kitchen_load=figures.kitchen_load,
        revenue_today=figures.revenue_today,
        currency=figures.currency,
        customer_satisfaction=figures.customer_satisfaction,
        customer_satisfaction_n=figures.customer_satisfaction_n,
        staff_on_duty=figures.staff_on_duty,
        at=view.at,
        analytics=view,
    )
