"""Gather what domain/analytics.py measures, keep the last figures, and read them again.

`read_analytics` is for `runner.read`: one snapshot, so that the position and the rows agree. The
number of queries does not depend on how much there was to sell.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.analytics import (
    LONGEST_ROUND,
    LONGEST_SHIFT,
    ON_DUTY,
    RECENT,
    SHIFTS_USED,
    AnalyticsView,
    DayFacts,
    DutyBasis,
    PartFacts,
    RefundFacts,
    RoundFacts,
    StationFacts,
    find_day,
    measure,
)
from domain.views.base import Position
from models.fields import from_optional_unix_ms, from_unix_ms, to_unix_ms
from models.rows import fetch_rows
from services.cafes import CafeRules, read_cafe
from services.event_log import read_head
from services.ratings import count_ratings
from services.unit_of_work import UnitOfWork

_COUNTS_QUERY = """
SELECT
    (SELECT COUNT(*) FROM orders
        WHERE cafe_id = ? AND status IN ('confirmed', 'preparing', 'ready')),
    (SELECT COUNT(*) FROM orders WHERE cafe_id = ? AND status = 'submitted'),
    (SELECT COUNT(*) FROM orders
        WHERE cafe_id = ? AND completed_at >= ? AND completed_at < ? AND status = 'completed'),
    (SELECT COUNT(DISTINCT user_id) FROM event_log
        WHERE cafe_id = ? AND at > ? AND at <= ? AND user_id IS NOT NULL),
    (SELECT COUNT(*) FROM shift WHERE cafe_id = ? AND ended_at IS NULL AND started_at > ?),
    (SELECT COUNT(*) FROM shift WHERE cafe_id = ? AND started_at > ?),
    (SELECT version FROM analytics WHERE cafe_id = ?)
"""
# The tickets of a round are queued when it fires; they lead from the cafe and the time to it.
_ROUNDS_QUERY = """
SELECT
    round.fired_at,
    SUM(CASE WHEN item.status = 'voided' THEN 0 ELSE item.net_minor END),
    SUM(CASE WHEN item.status = 'voided' THEN 0 ELSE item.tax_minor END),
    SUM(CASE WHEN item.status = 'voided' OR item.remake_of_id IS NOT NULL THEN 0 ELSE 1 END),
    SUM(CASE WHEN item.status IN ('ready', 'served') AND item.remake_of_id IS NULL
        AND item.ready_at IS NOT NULL THEN 1 ELSE 0 END),
    MAX(CASE WHEN item.status <> 'voided' AND item.remake_of_id IS NULL THEN item.ready_at END),
    MAX(CASE WHEN item.status <> 'voided' AND item.remake_of_id IS NULL
        AND item.ready_at - round.fired_at > 1000 * ticket.target_s THEN 1 ELSE 0 END)
FROM ticket
JOIN order_round AS round ON round.id = ticket.round_id
JOIN order_item AS item
    ON item.round_id = ticket.round_id AND item.station_id = ticket.station_id
WHERE ticket.cafe_id = ? AND ticket.queued_at >= ? AND ticket.queued_at <= ?
    AND round.fired_at IS NOT NULL
GROUP BY round.id, round.fired_at
"""
_STATIONS_QUERY = """
SELECT id, name FROM station WHERE cafe_id = ? AND archived_at IS NULL ORDER BY position, id
"""
# The sign: as in services/boards.py, the open tickets are found by their status and then sorted.
_PARTS_QUERY = """
SELECT ticket.id, ticket.station_id, orders.number, orders.table_label, item.kitchen_name,
    item.quantity, item.prep_s, ticket.queued_at, item.started_at, ticket.target_s
FROM ticket
JOIN orders ON orders.id = ticket.order_id
JOIN order_item AS item
    ON item.round_id = ticket.round_id AND item.station_id = ticket.station_id
WHERE ticket.cafe_id = ? AND ticket.station_id IN ({stations})
    AND ticket.status IN ('received', 'started') AND item.status IN ('queued', 'started')
ORDER BY +ticket.queued_at, ticket.id, item.line_number
"""
_REFUNDS_QUERY = """
SELECT refund.credited_minor, orders.tax_minor, orders.total_minor
FROM refund
JOIN orders ON orders.id = refund.order_id
WHERE refund.cafe_id = ? AND refund.settled_at >= ? AND refund.settled_at < ?
    AND refund.status = 'succeeded' AND refund.credited_minor > 0
"""

_NOWHERE = Position(epoch="", seq=0)
_LONG_AGO = from_unix_ms(0)


class KeepAnalytics(msgspec.Struct, frozen=True, kw_only=True):
    """Keep these figures as the cafe's last ones."""

    view: AnalyticsView


class KeptAnalytics(msgspec.Struct, frozen=True, kw_only=True):
    """version: of the figures that are kept now."""

    version: int


def read_analytics(cafe_id: str, *, now: datetime) -> AnalyticsView:
    """Measure a cafe's figures as they are. Raises: NotFound."""
    position = read_head(cafe_id)
    cafe = read_cafe(cafe_id)
    begins_at, ends_at = find_day(
        now, timezone=cafe.timezone, cutoff_minutes=cafe.business_day_cutoff_minutes
    )
    ((active, waiting, completed, people, on_shift, shifts, version),) = fetch_rows(
        _COUNTS_QUERY,
        (
            *(cafe_id, cafe_id, cafe_id, to_unix_ms(begins_at), to_unix_ms(ends_at)),
            *(cafe_id, to_unix_ms(now - ON_DUTY), to_unix_ms(now)),
            *(cafe_id, to_unix_ms(now - LONGEST_SHIFT)),
            *(cafe_id, to_unix_ms(now - SHIFTS_USED), cafe_id),
        ),
    )
    ratings, good_ratings = count_ratings(cafe_id, now)
    stations = [
        StationFacts(station_id=station_id, name=name)
        for station_id, name in fetch_rows(_STATIONS_QUERY, (cafe_id,))
    ]
    facts = DayFacts(
        currency=cafe.terms.currency,
        timezone=cafe.timezone,
        cutoff_minutes=cafe.business_day_cutoff_minutes,
        active_orders=active,
        waiting_orders=waiting,
        completed_orders=completed,
        staff_on_duty=on_shift if shifts else people,
        staff_on_duty_by=DutyBasis.SHIFT if shifts else DutyBasis.ACTION,
        rounds=_read_rounds(cafe, begins_at, now),
        parts=_read_parts(cafe_id, stations),
        stations=stations,
        refunds=_read_refunds(cafe_id, begins_at, ends_at),
        ratings=ratings,
        good_ratings=good_ratings,
    )
    return measure(facts, at=now, position=position, version=version or 0)


def find_kept_analytics(cafe_id: str) -> AnalyticsView | None:
    """Return the figures that were kept last, None before the first.

    What another version of the program kept in another shape is none: the next tick measures anew.
    """
    rows = fetch_rows("SELECT body FROM analytics WHERE cafe_id = ?", (cafe_id,))
    try:
        return msgspec.json.decode(rows[0][0], type=AnalyticsView) if rows else None
    except msgspec.ValidationError:
        return None


def is_changed(kept: AnalyticsView | None, measured: AnalyticsView) -> bool:
    """Say whether figures tell anything that the kept ones do not."""
    return kept is None or _without_moment(kept) != _without_moment(measured)


def keep_analytics(unit: UnitOfWork, command: KeepAnalytics) -> KeptAnalytics:
    """Keep figures for every process to push, under the next version."""
    version = command.view.version + 1
    view = msgspec.structs.replace(command.view, version=version)
    fetch_rows(
        "INSERT INTO analytics (cafe_id, version, at, body) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (cafe_id) DO UPDATE SET version = excluded.version, at = excluded.at,"
        " body = excluded.body WHERE analytics.version < excluded.version RETURNING version",
        (unit.cafe_id, version, to_unix_ms(view.at), msgspec.json.encode(view).decode()),
    )
    return KeptAnalytics(version=version)


def _without_moment(view: AnalyticsView) -> AnalyticsView:
    return msgspec.structs.replace(view, version=0, at=_LONG_AGO, position=_NOWHERE)


def _read_rounds(cafe: CafeRules, begins_at: datetime, now: datetime) -> list[RoundFacts]:
    # What became ready within the hour may have been fired hours before.
    earliest = min(begins_at, now - RECENT) - LONGEST_ROUND
    rows = fetch_rows(_ROUNDS_QUERY, (cafe.cafe_id, to_unix_ms(earliest), to_unix_ms(now)))
    return [_build_round(row) for row in rows]


def _build_round(row: Sequence[Any]) -> RoundFacts:
    fired_at, net_minor, tax_minor, parts, ready_parts, ready_at, is_late = row
    is_ready = parts > 0 and ready_parts == parts
    return RoundFacts(
        fired_at=from_unix_ms(fired_at),
        ready_at=from_unix_ms(ready_at) if is_ready else None,
        is_late=bool(is_late),
        # PostgreSQL adds BIGINTs up to NUMERIC.
        gross_minor=int(net_minor) + int(tax_minor),
        net_minor=int(net_minor),
        tax_minor=int(tax_minor),
    )


def _read_parts(cafe_id: str, stations: Sequence[StationFacts]) -> list[PartFacts]:
    if not stations:
        return []
    rows = fetch_rows(
        _PARTS_QUERY.format(stations=", ".join("?" * len(stations))),
        (cafe_id, *(station.station_id for station in stations)),
    )
    return [
        PartFacts(
            ticket_id=ticket_id,
            station_id=station_id,
            order_number=number,
            table_label=table_label,
            kitchen_name=kitchen_name,
            quantity=quantity,
            prep_s=prep_s,
            queued_at=from_unix_ms(queued_at),
            started_at=from_optional_unix_ms(started_at),
            target_s=target_s,
        )
        for (
            ticket_id,
            station_id,
            number,
            table_label,
            kitchen_name,
            quantity,
            prep_s,
            queued_at,
            started_at,
            target_s,
        ) in rows
    ]


def _read_refunds(cafe_id: str, begins_at: datetime, ends_at: datetime) -> list[RefundFacts]:
    rows = fetch_rows(_REFUNDS_QUERY, (cafe_id, to_unix_ms(begins_at), to_unix_ms(ends_at)))
    return [
        RefundFacts(amount_minor=amount, order_tax_minor=tax, order_total_minor=total)
        for amount, tax, total in rows
    ]
