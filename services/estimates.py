"""What the kitchen has to make and how long that took lately, read for domain/estimates.py.

All are for `runner.read`. What was learned is kept for some minutes (services/kept.py): a tick a
second must not read the last days again.
"""

from collections.abc import Sequence
from datetime import datetime

from domain.commands import LineDraft
from domain.estimates import (
    Estimate,
    Learned,
    OpenLine,
    WantedLine,
    estimate_wanted,
    learn_prep_times,
)
from domain.views.guests import StationWaitView, WaitsView
from domain.views.menu import MenuView
from models.fields import from_optional_unix_ms, from_unix_ms, to_unix_ms
from models.rows import fetch_rows
from services.kept import WINDOW, Kept
from services.menu_books import read_menu_book

# Enough for two weeks of a busy cafe's dishes; the newest.
_SEEN_LIMIT = 5_000
# What took longer was forgotten and not made (domain page 4).
_LONGEST_MS = 3_600_000

# As in services/boards.py: stations and statuses lead to what is open, not to all of all days.
_OPEN_LINES_QUERY = """
SELECT ticket.order_id, order_round.number, ticket.station_id, item.menu_item_id,
    item.prep_s, ticket.queued_at, item.started_at, orders.estimated_ready_at
FROM ticket
JOIN order_round ON order_round.id = ticket.round_id
JOIN orders ON orders.id = ticket.order_id
JOIN order_item AS item
    ON item.round_id = ticket.round_id AND item.station_id = ticket.station_id
WHERE ticket.cafe_id = ? AND ticket.station_id IN (SELECT id FROM station WHERE cafe_id = ?)
    AND ticket.status IN ('received', 'started') AND item.status IN ('queued', 'started')
"""
# Without a start it is not known how long it waited before.
_SEEN_QUERY = """
SELECT item.menu_item_id, (item.ready_at - item.started_at) / 1000.0
FROM ticket
JOIN order_item AS item
    ON item.round_id = ticket.round_id AND item.station_id = ticket.station_id
WHERE ticket.cafe_id = ? AND ticket.queued_at >= ? AND item.ready_at > item.started_at
    AND item.ready_at - item.started_at < ?
ORDER BY ticket.queued_at DESC LIMIT ?
"""


def read_open_lines(cafe_id: str) -> list[OpenLine]:
    """Read what the kitchen of a cafe has to make."""
    return [
        OpenLine(
            order_id=order_id,
            round_number=round_number,
            station_id=station_id,
            menu_item_id=menu_item_id,
            prep_s=prep_s,
            fired_at=from_unix_ms(queued_at),
            started_at=from_optional_unix_ms(started_at),
            promised_at=from_optional_unix_ms(promised_at),
        )
        for (
            order_id,
            round_number,
            station_id,
            menu_item_id,
            prep_s,
            queued_at,
            started_at,
            promised_at,
        ) in fetch_rows(_OPEN_LINES_QUERY, (cafe_id, cafe_id))
    ]


def read_learned(cafe_id: str, *, now: datetime) -> Learned:
    """Return how long dishes took within the last days."""
    return _kept.get(cafe_id, now=now)


def estimate_cart(
    cafe_id: str, menu: MenuView, lines: Sequence[LineDraft], *, now: datetime
) -> Estimate | None:
    """Estimate what would be ordered now; None for nothing."""
    items = {item.menu_item_id: item for each in menu.categories for item in each.items}
    wanted = [
        WantedLine(
            station_id=items[line.menu_item_id].station_id,
            menu_item_id=line.menu_item_id,
            prep_s=items[line.menu_item_id].prep_s,
        )
        for line in lines
        if line.menu_item_id in items
    ]
    return estimate_wanted(
        wanted, read_open_lines(cafe_id), read_learned(cafe_id, now=now), now=now
    )


def read_waits(cafe_id: str, *, now: datetime) -> WaitsView:
    """Estimate one usual dish of each station, in the kitchen's order."""
    book = read_menu_book(cafe_id)
    lines, learned = read_open_lines(cafe_id), read_learned(cafe_id, now=now)
    items = [item for each in book.menu.categories for item in each.items]
    waits = []
    for station_id, station in book.stations.items():
        own = sorted(
            (item for item in items if item.station_id == station_id),
            key=lambda item: item.prep_s,
        )
        if not own:
            continue
        usual = own[len(own) // 2]
        wanted = WantedLine(
            station_id=station_id,
            menu_item_id=usual.menu_item_id,
            prep_s=usual.prep_s,
        )
        estimate = estimate_wanted([wanted], lines, learned, now=now)
        assert estimate is not None
        low, high = estimate.minutes
        waits.append(
            StationWaitView(
                station_id=station_id,
                station_name=station.name,
                low_minutes=low,
                high_minutes=high,
                wait_reason=estimate.reason,
            )
        )
    return WaitsView(waits=waits, at=now)


def _learn(cafe_id: str, now: datetime) -> Learned:
    rows = fetch_rows(_SEEN_QUERY, (cafe_id, to_unix_ms(now - WINDOW), _LONGEST_MS, _SEEN_LIMIT))
    return learn_prep_times((menu_item_id, float(seconds)) for menu_item_id, seconds in rows)


_kept = Kept(_learn)
