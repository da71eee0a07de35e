"""All specimens by the names that the style guide gives them."""

from datetime import datetime
from typing import Any

from domain.allergens import Allergen
from domain.displays import DISTANCES_CM, SCREEN_SIZES
from domain.estimates import PrepTime
from domain.menu_search import Wanted, show_menu
from domain.views.kitchen import StationView
from handlers.health import CheckResult, Readiness
from handlers.pages.admin_audit import AuditQuestion
from handlers.pages.admin_screens import list_places
from handlers.pages.specimens.floor import list_tables, make_board_number
from handlers.pages.specimens.ids import make_id
from handlers.pages.specimens.management import (
    list_audit_facts,
    list_own_sign_ins,
    list_screens,
    make_analytics,
    make_connected,
    make_kitchen_screens,
)
from handlers.pages.specimens.menu import list_dishes, make_flat_white, make_menu
from handlers.pages.specimens.notifications import list_calls, list_notifications
from handlers.pages.specimens.orders import (
    list_guest_payments,
    list_orders,
    list_payments,
    list_queue_places,
    make_totals,
    make_waits,
)
from handlers.pages.specimens.tickets import TARGET_S, list_tickets, make_finished_ticket
from services.audit import KINDS
from services.menu_books import EditableItem

_WANTED = Wanted(without=(Allergen.MILK,))


def build_specimens(now: datetime) -> dict[str, Any]:
    """Build the context of pages/styleguide.html."""
    finished = make_finished_ticket(117, now=now, age_s=95)
    return {
        "tickets": [*list_tickets(now), ("finished, in the recall panel", finished)],
        "orders": list_orders(now),
        "payments": list_payments(now),
        "guest_payments": list_guest_payments(now),
        "tables": list_tables(now),
        "numbers": [
            make_board_number(117, "ready", now=now, age_s=3),
            make_board_number(116, "ready", now=now, age_s=70),
            make_board_number(118, "preparing", now=now, age_s=200),
        ],
        "dishes": list_dishes(now),
        "dish": make_flat_white(),
        "shown_menu": show_menu(make_menu(now), _WANTED),
        "wanted": _WANTED,
        "totals_view": make_totals(1905),
        "station": StationView(
            station_id=make_id(1), name="Kitchen", slug="kitchen", target_s=TARGET_S
        ),
        "currency": "EUR",
        "notifications": list_notifications(now),
        "calls": list_calls(now),
        "queue_places": list_queue_places(now),
        "waits": make_waits(now),
        "analytics": make_analytics(now, is_busy=True),
        "quiet_analytics": make_analytics(now, is_busy=False),
        "connected_view": make_connected(now, is_complete=True),
        "own_connected_view": make_connected(now, is_complete=False),
        "readiness": Readiness(
            is_ready=True,
            is_degraded=True,
            checks=[
                CheckResult(name="database", is_ok=True),
                CheckResult(name="redis", is_ok=False),
            ],
        ),
        "screens": list_screens(now),
        "kitchen_screens": make_kitchen_screens(now),
        "own_sign_ins": list_own_sign_ins(now),
        "screen_places": list_places([]),
        "screen_sizes": SCREEN_SIZES,
        "distances_cm": DISTANCES_CM,
        "audit_facts": list_audit_facts(now),
        "audit_question": AuditQuestion(text="latte", since="2026-11-01"),
        "audit_kinds": KINDS,
        "editable_items": [
            EditableItem(item=item, is_listed=number != 1)
            for number, item in enumerate(list_dishes(now))
        ],
        "learned": PrepTime(p50_s=150, p80_s=215, seen=23),
    }
