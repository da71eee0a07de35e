"""The figures of a cafe's day, each by one written definition; pure, from facts that others read.

`measure` is the only place that computes them, for the live push, the page and the API alike.
Definitions: docs/analytics.md. services/analytics.py gathers the facts.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from domain.business_day import find_business_date, find_day_bounds
from domain.money import divide_half_up
from domain.ratings import measure_satisfaction
from domain.views.base import Position, View

# What counts as recent for the order time, and how many rounds of it make a figure; fewer, and
# the whole day speaks.
RECENT = timedelta(minutes=60)
ENOUGH_RECENT_ROUNDS = 5
# A round that took longer was forgotten on a screen and says nothing about the kitchen.
LONGEST_ROUND = timedelta(hours=4)
# Somebody who did something within this is on duty.
ON_DUTY = timedelta(minutes=15)
# A cafe whose people begin shifts has had one within this; an open one that is older than a day was
# forgotten.
SHIFTS_USED = timedelta(days=7)
LONGEST_SHIFT = timedelta(days=1)
# 100 % of load: one pair of hands at each station has this much work before it.
LOAD_WINDOW_S = 600
LATE_LIMIT = 12


class DutyBasis(StrEnum):
    """Whom `staff_on_duty` counts: people with an open shift, or who acted within 15 minutes."""

    SHIFT = "shift"
    ACTION = "action"


class AnalyticsFigures(View):
    """The seven figures with their sample sizes, as `real_time_analytics` carries them.

    average_order_time: minutes, None without a round. is_whole_day: of today's rounds, because
    too few became ready within the hour. customer_satisfaction: percent, None without enough
    ratings. staff_on_duty: people, counted by `staff_on_duty_by`. revenue_today: net minor units,
    without tax.
    """

    active_orders: int
    waiting_orders: int
    completed_orders_today: int
    average_order_time: float | None
    average_order_time_n: int
    average_order_time_is_whole_day: bool
    kitchen_load: int
    revenue_today: int
    currency: str
    customer_satisfaction: float | None
    customer_satisfaction_n: int
    staff_on_duty: int
    staff_on_duty_by: DutyBasis = DutyBasis.ACTION


class HourSalesView(View):
    """Net sales of one hour by the cafe's clock. hour: 0 to 23, as that clock shows it."""

    starts_at: datetime
    hour: int
    net_minor: int


class StationLoadView(View):
    """What waits at a station. parts: lines that are queued or started. over_target: late now."""

    station_id: str
    name: str
    load_percent: int
    parts: int
    over_target: int


class LateTicketView(View):
    """A ticket past its target. waits_for: kitchen names of what is missing, with quantities."""

    ticket_id: str
    order_number: int
    table_label: str
    station_name: str
    queued_at: datetime
    target_s: int
    waits_for: list[str]


class AnalyticsView(View):
    """The figures of one moment with what the dashboard shows beside them.

    version: rises with every stored change. position: where the log stood when it was read.
    day_ends_at: when the business day does. p50, p90: minutes, of the same rounds as the mean.
    late_share: percent of today's ready rounds with a part over its target. Revenue is sales less
    refunds; rounds_today: fired today, which brought them. late: the oldest first.
    """

    version: int
    at: datetime
    position: Position
    business_date: date
    day_ends_at: datetime
    figures: AnalyticsFigures
    p50_minutes: float | None
    p90_minutes: float | None
    late_share: int | None
    late_share_n: int
    rounds_today: int
    gross_minor: int
    tax_minor: int
    refunded_net_minor: int
    sales_by_hour: list[HourSalesView]
    stations: list[StationLoadView]
    late: list[LateTicketView]
    late_count: int


class RoundFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A confirmed round with the money of its lines that were not voided.

    ready_at: when its last part was ready; None while one is not, or where it has only remakes.
    """

    fired_at: datetime
    ready_at: datetime | None
    is_late: bool
    gross_minor: int
    net_minor: int
    tax_minor: int


class PartFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A line that a station still has to make. prep_s: expected for one unit."""

    ticket_id: str
    station_id: str
    order_number: int
    table_label: str
    kitchen_name: str
    quantity: int
    prep_s: int
    queued_at: datetime
    started_at: datetime | None
    target_s: int

    def find_remaining_s(self, at: datetime) -> float:
        """Return the expected seconds of work that are left; never less than none."""
        expected_s = self.prep_s * self.quantity
        if self.started_at is None:
            return expected_s
        return max(0.0, expected_s - (at - self.started_at).total_seconds())


class StationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A station in use."""

    station_id: str
    name: str


class RefundFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Money given back today that lowered what was owed, and its order's totals."""

    amount_minor: int
    order_tax_minor: int
    order_total_minor: int

    @property
    def net_minor(self) -> int:
        """The refund without its share of the order's tax."""
        if self.order_total_minor <= 0:
            return self.amount_minor
        tax_minor = divide_half_up(self.amount_minor * self.order_tax_minor, self.order_total_minor)
        return self.amount_minor - tax_minor


class DayFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All that the figures of one moment are made of.

    rounds: fired today, and earlier ones that became ready within the last hour. ratings: of the
    last seven days, good_ratings among them.
    """

    currency: str
    timezone: str
    cutoff_minutes: int
    active_orders: int
    waiting_orders: int
    completed_orders: int
    staff_on_duty: int
    staff_on_duty_by: DutyBasis = DutyBasis.ACTION
    rounds: Sequence[RoundFacts]
    parts: Sequence[PartFacts]
    stations: Sequence[StationFacts]
    refunds: Sequence[RefundFacts] = ()
    ratings: int = 0
    good_ratings: int = 0


def find_day(at: datetime, *, timezone: str, cutoff_minutes: int) -> tuple[datetime, datetime]:
    """Return when the business day of a moment begins and when it ends."""
    business_date = find_business_date(at, timezone=timezone, cutoff_minutes=cutoff_minutes)
    return find_day_bounds(business_date, timezone=timezone, cutoff_minutes=cutoff_minutes)


def measure(facts: DayFacts, *, at: datetime, position: Position, version: int) -> AnalyticsView:
    """Compute every figure of a moment."""
    begins_at, ends_at = find_day(at, timezone=facts.timezone, cutoff_minutes=facts.cutoff_minutes)
    today = [each for each in facts.rounds if begins_at <= each.fired_at < ends_at]
    minutes, is_whole_day = _choose_minutes(facts.rounds, at=at, begins_at=begins_at)
    ready_today = [each for each in today if each.ready_at is not None]
    late_rounds = sum(each.is_late for each in ready_today)
    stations = [measure_station(station, facts.parts, at) for station in facts.stations]
    late = _list_late(facts, at)
    refunded_net_minor = sum(refund.net_minor for refund in facts.refunds)
    return AnalyticsView(
        version=version,
        at=at,
        position=position,
        business_date=find_business_date(
            at, timezone=facts.timezone, cutoff_minutes=facts.cutoff_minutes
        ),
        day_ends_at=ends_at,
        figures=AnalyticsFigures(
            active_orders=facts.active_orders,
            waiting_orders=facts.waiting_orders,
            completed_orders_today=facts.completed_orders,
            average_order_time=round(sum(minutes) / len(minutes), 1) if minutes else None,
            average_order_time_n=len(minutes),
            average_order_time_is_whole_day=is_whole_day,
            kitchen_load=max((station.load_percent for station in stations), default=0),
            revenue_today=sum(each.net_minor for each in today) - refunded_net_minor,
            currency=facts.currency,
            customer_satisfaction=measure_satisfaction(facts.good_ratings, facts.ratings),
            customer_satisfaction_n=facts.ratings,
            staff_on_duty=facts.staff_on_duty,
            staff_on_duty_by=facts.staff_on_duty_by,
        ),
        p50_minutes=_find_percentile(minutes, 50),
        p90_minutes=_find_percentile(minutes, 90),
        late_share=divide_half_up(100 * late_rounds, len(ready_today)) if ready_today else None,
        late_share_n=len(ready_today),
        rounds_today=len(today),
        gross_minor=sum(each.gross_minor for each in today),
        tax_minor=sum(each.tax_minor for each in today),
        refunded_net_minor=refunded_net_minor,
        sales_by_hour=sum_by_hour(today, timezone=facts.timezone),
        stations=stations,
        late=late[:LATE_LIMIT],
        late_count=len(late),
    )


def measure_station(
    station: StationFacts, parts: Sequence[PartFacts], at: datetime
) -> StationLoadView:
    """Compute what is in front of a station. parts: of all stations, or of this one."""
    own = [part for part in parts if part.station_id == station.station_id]
    remaining_s = sum(part.find_remaining_s(at) for part in own)
    return StationLoadView(
        station_id=station.station_id,
        name=station.name,
        load_percent=round(100 * remaining_s / LOAD_WINDOW_S),
        parts=len(own),
        over_target=sum(_is_late(part, at) for part in own),
    )


def sum_by_hour(rounds: Sequence[RoundFacts], *, timezone: str) -> list[HourSalesView]:
    """Add net sales up by the hour in which the kitchen got them, without holes between them.

    An hour that the clock repeats is two hours; one that it leaves out does not appear.
    """
    if not rounds:
        return []
    zone = ZoneInfo(timezone)
    sums: dict[datetime, int] = {}
    for each in rounds:
        starts_at = _find_hour(each.fired_at, zone)
        sums[starts_at] = sums.get(starts_at, 0) + each.net_minor
    hours = []
    starts_at, last = min(sums), max(sums)
    while starts_at <= last:
        hours.append(
            HourSalesView(
                starts_at=starts_at,
                hour=starts_at.astimezone(zone).hour,
                net_minor=sums.get(starts_at, 0),
            )
        )
        starts_at = _find_hour(starts_at + timedelta(hours=1), zone)
    return hours


def _find_hour(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which the hour on the cafe's clock began."""
    local = at.astimezone(zone)
    since = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return (at - since).astimezone(UTC)


def _choose_minutes(
    rounds: Sequence[RoundFacts], *, at: datetime, begins_at: datetime
) -> tuple[list[float], bool]:
    """List how long rounds took, in minutes: of the last hour, else of today. True: of today."""
    took = [
        (each.ready_at, each.ready_at - each.fired_at)
        for each in rounds
        if each.ready_at is not None and each.ready_at - each.fired_at <= LONGEST_ROUND
    ]
    recent = [duration for ready_at, duration in took if ready_at > at - RECENT]
    if len(recent) >= ENOUGH_RECENT_ROUNDS:
        return _to_minutes(recent), False
    return _to_minutes([duration for ready_at, duration in took if ready_at >= begins_at]), True


def _to_minutes(durations: Sequence[timedelta]) -> list[float]:
    return sorted(duration.total_seconds() / 60 for duration in durations)


def _find_percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the nearest rank: the smallest value that so many percent do not exceed."""
    if not ordered:
        return None
    rank = -(-percent * len(ordered) // 100)
    return round(ordered[rank - 1], 1)


def _is_late(part: PartFacts, at: datetime) -> bool:
    return at - part.queued_at > timedelta(seconds=part.target_s)


def _list_late(facts: DayFacts, at: datetime) -> list[LateTicketView]:
    """List the tickets that are past their target, oldest first."""
    names = {station.station_id: station.name for station in facts.stations}
    waiting: dict[str, list[PartFacts]] = {}
    for part in facts.parts:
        if _is_late(part, at):
            waiting.setdefault(part.ticket_id, []).append(part)
    tickets = sorted(waiting.values(), key=lambda parts: (parts[0].queued_at, parts[0].ticket_id))
    return [
        LateTicketView(
            ticket_id=parts[0].ticket_id,
            order_number=parts[0].order_number,
            table_label=parts[0].table_label,
            station_name=names.get(parts[0].station_id, ""),
            queued_at=parts[0].queued_at,
            target_s=parts[0].target_s,
            waits_for=[
                part.kitchen_name if part.quantity == 1 else f"{part.quantity} {part.kitchen_name}"
                for part in parts
            ],
        )
        for parts in tickets
    ]
