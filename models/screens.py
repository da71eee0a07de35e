"""What screens in the kitchen say of themselves: which are there, and what they have painted."""

from peewee import CompositeKey

from domain.screens import Sound
from models.base import Table
from models.fields import (
    boolean_field,
    check,
    check_word,
    integer_field,
    reference_field,
    text_field,
    timestamp_field,
    word_field,
)
from models.orders import Ticket
from models.tenancy import Cafe, Station


class StationScreen(Table):
    """One screen that shows tickets. screen_key, station_id: see domain.screens.SeenScreen.

    visible_since: it could be seen without a break; visible_at: last.

    A page that was closed on purpose has no row any more.
    """

    cafe_id = reference_field(Cafe)
    screen_key = text_field(36)
    station_id = reference_field(Station, null=True)
    is_visible = boolean_field()
    sound = word_field(Sound)
    last_seen_at = timestamp_field()
    visible_since = timestamp_field(null=True)
    visible_at = timestamp_field(null=True)

    class Meta:
        table_name = "station_screen"
        primary_key = CompositeKey("cafe_id", "screen_key")
        indexes = ((("last_seen_at",), False),)
        constraints = (check_word("station_screen_sound", "sound", Sound),)


class StationFailover(Table):
    """Where a station's tickets go by themselves, and where they are shown now.

    is_automatic: the clock moved them. returns_by_itself: when a screen of the station is back.
    """

    station_id = reference_field(Station, primary_key=True)
    cafe_id = reference_field(Cafe)
    partner_id = reference_field(Station, null=True)
    patience_s = integer_field(null=True)
    shown_at_id = reference_field(Station, null=True)
    shown_since = timestamp_field(null=True)
    is_automatic = boolean_field(default=False)
    returns_by_itself = boolean_field(default=False)

    class Meta:
        table_name = "station_failover"
        indexes = ((("cafe_id", "shown_at_id"), False),)
        constraints = (
            check(
                "station_failover_elsewhere",
                "partner_id <> station_id AND shown_at_id <> station_id",
            ),
            check("station_failover_partner", "(partner_id IS NULL) = (patience_s IS NULL)"),
            check("station_failover_patience", "patience_s BETWEEN 15 AND 3600"),
            check("station_failover_shown", "(shown_at_id IS NULL) = (shown_since IS NULL)"),
        )


class TicketReceipt(Table):
    """When the first screen said that it shows a ticket. screen_key: which, "" if unknown.

    Beside the ticket and not in it, so that a receipt waits for nobody who works on the order.
    """

    cafe_id = reference_field(Cafe)
    ticket_id = reference_field(Ticket)
    painted_at = timestamp_field()
    screen_key = text_field(36, default="")

    class Meta:
        table_name = "ticket_receipt"
        primary_key = CompositeKey("cafe_id", "ticket_id")
        indexes = ((("painted_at",), False),)
