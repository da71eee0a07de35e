"""Ticket receipts: what screens have painted, and the alarm about a ticket that none has (spec G5).

Receipts and alarms are rows, so that whichever process lives on sees what another one left. Only a
ticket that nobody has begun counts: a cook who works on it has seen it. Where a station has no
screen at all there is one warning for it (services/station_screens.py), and none per ticket.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from domain.notifications import (
    KIND_RULES,
    Subject,
    describe_unseen_ticket,
    make_notification,
)
from domain.screens import PAINTED_WITHIN, SERVICE_PAUSE, Receipt
from domain.statuses import NotificationKind
from models.fields import from_unix_ms, to_unix_ms
from models.rows import fetch_rows
from services.notifications import end_cause, raise_notification
from services.station_screens import HAS_SCREEN
from services.unit_of_work import UnitOfWork

_UNSEEN = NotificationKind.TICKET_UNSEEN
# A receipt that came in time is written down by then (jobs/receipts.py).
_WRITTEN_WITHIN = timedelta(seconds=0.5)
# Of one cafe at once: each is an event for everybody.
_UNSEEN_LIMIT = 50
# What has been painted is asked about for as long as an alarm could stand.
RECEIPTS_KEPT = timedelta(days=1)

# Any word that was ever said of a ticket is the one that there is. What was shown before it was
# held and fired is no receipt of what it is now. Both statuses are named for the index of what is
# in the kitchen now.
_UNSEEN_QUERY = f"""
SELECT ticket.cafe_id, ticket.id, ticket.queued_at, station.id, station.name,
    orders.id, orders.number, orders.table_number, orders.table_label
FROM ticket
JOIN orders ON orders.id = ticket.order_id
JOIN station ON station.id = ticket.station_id
WHERE ticket.status IN ('received', 'started') AND ticket.status = 'received'
    AND ticket.queued_at > ? AND ticket.queued_at <= ?
    AND NOT EXISTS (
        SELECT 1 FROM ticket_receipt
        WHERE ticket_receipt.cafe_id = ticket.cafe_id AND ticket_receipt.ticket_id = ticket.id
            AND ticket_receipt.painted_at >= ticket.queued_at
    )
    AND NOT EXISTS (
        SELECT 1 FROM notification
        WHERE notification.cafe_id = ticket.cafe_id
            AND notification.cause_key = 'ticket_unseen:' || ticket.id
    )
    AND {HAS_SCREEN}
"""  # noqa: S608 - own text
# The time leads to what stands, of all cafes or of one.
_OVER_QUERY = """
SELECT notification.cafe_id, ticket.id
FROM notification
JOIN ticket ON ticket.id = substr(notification.cause_key, 15)
WHERE notification.kind = 'ticket_unseen' AND notification.resolved_at IS NULL
    AND notification.expires_at > ?
    AND (ticket.status <> 'received' OR EXISTS (
        SELECT 1 FROM ticket_receipt
        WHERE ticket_receipt.cafe_id = ticket.cafe_id AND ticket_receipt.ticket_id = ticket.id
            AND ticket_receipt.painted_at >= ticket.queued_at
    ))
"""


# A screen shows the tickets of its station, and those that were moved there. Two parameters: it.
_OF_STATION = """ AND (ticket.station_id = ? OR EXISTS (
    SELECT 1 FROM station_failover
    WHERE station_failover.station_id = ticket.station_id AND station_failover.shown_at_id = ?
))"""


class NoteReceipts(msgspec.Struct, frozen=True, kw_only=True):
    """What the screens of one process have painted."""

    receipts: list[Receipt]


class ReceiptsJudged(msgspec.Struct, frozen=True, kw_only=True):
    """How many alarms were raised and ended."""

    raised: int
    ended: int


def note_receipts(unit: UnitOfWork, command: NoteReceipts) -> None:
    """Keep that tickets were painted, whatever cafe they are in; the first time since they were
    queued counts.

    What is no ticket of the screen's cafe and station is left out.
    """
    ticket_ids: dict[tuple[str, str | None, str], list[str]] = defaultdict(list)
    for receipt in command.receipts:
        screen = (receipt.cafe_id, receipt.station_id, receipt.screen_key)
        ticket_ids[screen].append(receipt.ticket_id)
    for (cafe_id, station_id, screen_key), ids in ticket_ids.items():
        _note(cafe_id, station_id, ids, screen_key=screen_key, now=unit.now)


def list_cafes_with_unseen_tickets(now: datetime) -> list[str]:
    """List the cafes in which an alarm is to begin or to end; for `runner.read`."""
    rows = [*fetch_rows(_UNSEEN_QUERY, _find_span(now)), *fetch_rows(_OVER_QUERY, (0,))]
    return sorted({row[0] for row in rows})


def judge_receipts(unit: UnitOfWork, _: None) -> ReceiptsJudged:
    """Raise the alarms of a cafe's tickets that no screen has painted; end those that are over."""
    over = fetch_rows(f"{_OVER_QUERY} AND notification.cafe_id = ?", (0, unit.cafe_id))
    for _cafe_id, ticket_id in over:
        end_cause(unit, _UNSEEN, ticket_id)
    unseen = fetch_rows(
        f"{_UNSEEN_QUERY} AND ticket.cafe_id = ? ORDER BY ticket.queued_at, ticket.id LIMIT ?",
        (*_find_span(unit.now), unit.cafe_id, _UNSEEN_LIMIT),
    )
    for row in unseen:
        _raise(unit, row)
    return ReceiptsJudged(raised=len(unseen), ended=len(over))


def forget_receipts(*, before: datetime, limit: int) -> int:
    """Remove receipts of before a moment, oldest first, at most `limit`; return how many."""
    rows = fetch_rows(
        "DELETE FROM ticket_receipt WHERE (cafe_id, ticket_id) IN ("
        "SELECT cafe_id, ticket_id FROM ticket_receipt WHERE painted_at < ?"
        " ORDER BY painted_at LIMIT ?) RETURNING ticket_id",
        (to_unix_ms(before), limit),
    )
    return len(rows)


def _note(
    cafe_id: str,
    station_id: str | None,
    ticket_ids: Sequence[str],
    *,
    screen_key: str,
    now: datetime,
) -> None:
    places = ", ".join("?" * len(ticket_ids))
    of_station = "" if station_id is None else _OF_STATION
    stations = [] if station_id is None else [station_id, station_id]
    fetch_rows(
        "INSERT INTO ticket_receipt (cafe_id, ticket_id, painted_at, screen_key)"  # noqa: S608 - place-holders
        " SELECT ticket.cafe_id, ticket.id, CAST(? AS BIGINT), CAST(? AS VARCHAR(36)) FROM ticket"
        f" WHERE ticket.cafe_id = ? AND ticket.id IN ({places}){of_station}"
        " ORDER BY ticket.id ON CONFLICT (cafe_id, ticket_id) DO UPDATE"
        " SET painted_at = excluded.painted_at, screen_key = excluded.screen_key"
        " WHERE ticket_receipt.painted_at < (SELECT again.queued_at FROM ticket AS again"
        " WHERE again.id = excluded.ticket_id) RETURNING ticket_id",
        (to_unix_ms(now), screen_key, cafe_id, *ticket_ids, *stations),
    )


def _find_span(now: datetime) -> tuple[int, int, int]:
    """Say when an unseen ticket may have been queued, and a page last heard of."""
    return (
        to_unix_ms(now - KIND_RULES[_UNSEEN].life),
        to_unix_ms(now - PAINTED_WITHIN - _WRITTEN_WITHIN),
        to_unix_ms(now - SERVICE_PAUSE),
    )


def _raise(unit: UnitOfWork, row: tuple[Any, ...]) -> None:
    _, ticket_id, queued_ms, station_id, station_name, order_id, number, *table = row
    table_number, table_label = table
    subject = Subject(
        order_id=order_id,
        order_number=number,
        table_number=table_number,
        table_label=table_label,
        station_id=station_id,
    )
    raise_notification(
        unit,
        make_notification(
            _UNSEEN,
            notification_id=unit.new_id(),
            cafe_id=unit.cafe_id,
            cause=ticket_id,
            words=describe_unseen_ticket(subject, station_name=station_name),
            subject=subject,
            since=from_unix_ms(queued_ms),
            now=unit.now,
        ),
    )
