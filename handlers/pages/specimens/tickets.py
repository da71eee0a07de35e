"""Kitchen tickets in every state that a wall can show."""

from datetime import datetime, timedelta
from typing import Any

from domain.statuses import (
    Channel,
    ItemStatus,
    Priority,
    TicketStatus,
)
from domain.views.kitchen import HeldLinesView, StationProgressView, TicketItemView, TicketView
from domain.views.orders import ItemModifierView
from handlers.pages.specimens.ids import make_id

# What a kitchen plans for a ticket.
TARGET_S = 600


def make_modifier(name: str, *, is_removal: bool = False, quantity: int = 1) -> ItemModifierView:
    """Make a chosen modifier. A removal is named in full for guests, by the thing for cooks."""
    return ItemModifierView(
        modifier_id=make_id(sum(name.encode())),
        name=f"No {name}" if is_removal else name,
        kitchen_name=name,
        quantity=quantity,
        price_minor=0,
        is_removal=is_removal,
    )


def make_line(
    name: str,
    *modifiers: ItemModifierView,
    quantity: int = 1,
    status: ItemStatus = ItemStatus.QUEUED,
    number: int = 1,
    **changes: Any,
) -> TicketItemView:
    """Make a ticket's line. changes: any other field of the view."""
    fields: dict[str, Any] = {
        "item_id": make_id(number),
        "quantity": quantity,
        "name": name,
        "modifiers": list(modifiers),
        "note": "",
        "status": status,
        "version": 1,
        "is_remake": False,
        "void_reason": "",
        "void_seen": False,
        "started_at": None,
        "ready_at": None,
    }
    return TicketItemView(**(fields | changes))


def make_ticket(
    number: int, *lines: TicketItemView, now: datetime, age_s: int, **changes: Any
) -> TicketView:
    """Make a ticket that is `age_s` old. changes: any other field of the view."""
    started = any(line.status is not ItemStatus.QUEUED for line in lines)
    fields: dict[str, Any] = {
        "ticket_id": make_id(number),
        "order_id": make_id(number + 1000),
        "order_number": number,
        "round_number": 1,
        "station_id": make_id(1),
        "station_name": "Kitchen",
        "status": TicketStatus.STARTED if started else TicketStatus.RECEIVED,
        "version": 1,
        "channel": Channel.TABLE,
        "table_number": number % 12 + 1,
        "table_label": f"Table {number % 12 + 1}",
        "priority": Priority.NORMAL,
        "queued_at": now - timedelta(seconds=age_s),
        "started_at": None,
        "completed_at": None,
        "target_s": TARGET_S,
        "is_recalled": False,
        "note": "",
        "allergy": "",
        "items": list(lines),
        "others": [],
    }
    return TicketView(**(fields | changes))


def make_progress(station: str, ready: int, total: int) -> StationProgressView:
    """Make another station's share of a round."""
    return StationProgressView(
        station_id=make_id(2), station_name=station, ready=ready, total=total
    )


def list_tickets(now: datetime) -> list[tuple[str, TicketView]]:
    """List a ticket for every state, with the state's name, oldest first."""
    started, ready, voided = ItemStatus.STARTED, ItemStatus.READY, ItemStatus.VOIDED
    held = ItemStatus.HELD
    bar, cold = make_progress("Bar", 2, 4), make_progress("Cold", 1, 1)
    no_egg, no_onion = (make_modifier(word, is_removal=True) for word in ("egg", "onion"))
    return [
        (
            "late",
            make_ticket(
                118,
                make_line("Shakshuka", make_modifier("+ feta"), no_egg, status=started),
                make_line("Eggs sourdough", make_modifier("poached"), quantity=2, status=ready),
                now=now,
                age_s=860,
                others=[make_progress("Bar", 4, 4), cold],
            ),
        ),
        (
            "late, with an allergy",
            make_ticket(
                119,
                make_line("Trout bagel", make_modifier("capers", is_removal=True)),
                make_line("Tomato soup", status=started),
                now=now,
                age_s=725,
                allergy="SESAME",
                channel=Channel.COUNTER,
                table_number=None,
                table_label="Pick-up",
                others=[make_progress("Bar", 0, 2)],
            ),
        ),
        (
            "due soon",
            make_ticket(
                122,
                make_line("Eggs sourdough", make_modifier("scrambled"), quantity=2),
                make_line("Granola & plum", status=ready),
                make_line("Hash brown"),
                now=now,
                age_s=571,
                others=[bar],
            ),
        ),
        (
            "long, goes on in the next cell",
            make_ticket(
                123,
                make_line("Fried eggs", make_modifier("runny"), status=started),
                make_line("Hash brown", make_modifier("+ aioli"), quantity=2),
                make_line("Tomato soup"),
                make_line("Shakshuka", make_modifier("+ chorizo"), quantity=2),
                make_line("Ham & Gruyère toastie", note="Cut in four, for sharing"),
                now=now,
                age_s=532,
                note="Toast for the child first, train at ten past one",
                others=[make_progress("Bar", 5, 6)],
            ),
        ),
        (
            "fewer than before, allergy read",
            make_ticket(
                128,
                make_line("Shakshuka", changed_from=3, quantity=2),
                make_line("Shakshuka", status=voided, void_reason="ordered twice", number=2),
                now=now,
                age_s=337,
                allergy="DAIRY",
                allergy_seen=True,
            ),
        ),
        (
            "void, must be seen",
            make_ticket(
                126,
                make_line("Trout bagel", status=voided, void_reason="guest left"),
                make_line("Tomato soup", quantity=2),
                now=now,
                age_s=432,
            ),
        ),
        (
            "on time",
            make_ticket(
                130,
                make_line("Smoked trout bagel", no_onion, status=started),
                make_line("Granola & plum", status=ready),
                now=now,
                age_s=250,
                others=[make_progress("Bar", 2, 2)],
            ),
        ),
        (
            "remake, from the counter",
            make_ticket(
                131,
                make_line("Eggs sourdough", make_modifier("scrambled"), is_remake=True),
                make_line("Hash brown", quantity=12),
                now=now,
                age_s=200,
                channel=Channel.COUNTER,
                table_number=None,
                table_label="Counter",
            ),
        ),
        (
            "add-on, rush",
            make_ticket(
                133,
                make_line("Banana bread", make_modifier("mascarpone")),
                make_line("Croissant, warm", quantity=2),
                now=now,
                age_s=165,
                round_number=2,
                priority=Priority.URGENT,
                rush_reason="train 13:02",
            ),
        ),
        (
            "with what comes later beside it",
            make_ticket(
                141,
                make_line("Shakshuka", status=started),
                make_line("Hash brown", quantity=2),
                now=now,
                age_s=160,
                held=[
                    HeldLinesView(
                        ticket_id=make_id(142),
                        items=[make_line("Plum cake", number=2, quantity=2, status=held)],
                        fires_at=now + timedelta(minutes=12),
                    )
                ],
            ),
        ),
        (
            "fired",
            make_ticket(
                143, make_line("Plum cake", quantity=2), now=now, age_s=155, is_course=True
            ),
        ),
        (
            "recalled",
            make_ticket(
                134,
                make_line("Breakfast roll", status=started),
                now=now,
                age_s=151,
                is_recalled=True,
            ),
        ),
        (
            "long words",
            make_ticket(
                135,
                make_line("Donaudampfschifffahrtsstrudel", make_modifier("vanillesoße")),
                now=now,
                age_s=140,
                table_label="Terrace by the old harbour wall 18",
                allergy="Tree nuts, severe, also traces of peanut",
            ),
        ),
        (
            "new, pulses until touched",
            make_ticket(
                136,
                make_line("Ham toastie", make_modifier("butter", is_removal=True), quantity=2),
                make_line("Kids’ cheese toast"),
                now=now,
                age_s=42,
            ),
        ),
        (
            "new, with an allergy",
            make_ticket(
                137,
                make_line("Granola & plum", make_modifier("oat yoghurt"), no_onion),
                now=now,
                age_s=4,
                allergy="TREE NUTS",
            ),
        ),
        (
            "held",
            make_ticket(
                140,
                make_line("Plum cake", make_modifier("cream"), quantity=2, status=held),
                make_line("Banana bread", status=held, note="candle on it"),
                now=now,
                age_s=900,
                status=TicketStatus.HELD,
                is_course=True,
                fires_at=now + timedelta(minutes=12),
            ),
        ),
    ]


def make_finished_ticket(number: int, *, now: datetime, age_s: int) -> TicketView:
    """Make a ticket that was bumped `age_s` ago."""
    return make_ticket(
        number,
        make_line("Eggs sourdough", status=ItemStatus.READY, quantity=2),
        make_line("Croissant, warm", status=ItemStatus.READY),
        now=now,
        age_s=age_s + 300,
        status=TicketStatus.COMPLETED,
        completed_at=now - timedelta(seconds=age_s),
    )
