"""What guests of a cafe ask for with each dish, counted for the till's shortcuts.

For `runner.read`. The rule is domain/shortcuts.py.
"""

from collections import Counter, defaultdict
from datetime import datetime

from domain.shortcuts import Asked, list_shortcuts
from domain.views.menu import MenuView, ModifierOptionView
from models.fields import to_unix_ms
from models.rows import fetch_rows
from services.kept import WINDOW, Kept

# Enough for a week of a busy cafe; the newest.
_SEEN_LIMIT = 5_000

_ASKED_QUERY = """
SELECT item.menu_item_id, modifier.modifier_id, item.quantity
FROM ticket
JOIN order_item AS item
    ON item.round_id = ticket.round_id AND item.station_id = ticket.station_id
JOIN order_item_modifier AS modifier ON modifier.order_item_id = item.id
WHERE ticket.cafe_id = ? AND ticket.queued_at >= ?
    AND modifier.is_usual = ? AND item.status <> 'voided'
ORDER BY ticket.queued_at DESC LIMIT ?
"""


def read_shortcuts(
    cafe_id: str, menu: MenuView, *, now: datetime
) -> dict[str, list[ModifierOptionView]]:
    """List the shortcuts of each dish that has choices: menu item id -> options."""
    asked = read_asked(cafe_id, now=now)
    items = [item for category in menu.categories for item in category.items]
    return {item.menu_item_id: list_shortcuts(item, asked) for item in items if item.groups}


def read_asked(cafe_id: str, *, now: datetime) -> Asked:
    """Return what guests asked for within the last days."""
    return _kept.get(cafe_id, now=now)


def _count_asked(cafe_id: str, now: datetime) -> Asked:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    since_ms = to_unix_ms(now - WINDOW)
    for menu_item_id, modifier_id, quantity in fetch_rows(
        _ASKED_QUERY, (cafe_id, since_ms, False, _SEEN_LIMIT)
    ):
        counts[menu_item_id][modifier_id] += quantity
    return counts


_kept = Kept(_count_asked)
