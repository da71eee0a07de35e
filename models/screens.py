"""What screens in the kitchen say of themselves: which are there, and what they have painted."""

from peewee import CompositeKey

from domain.screens import Sound
from models.base import Table
from models.fields import (
    boolean_field,
    check_word,
    reference_field,
    text_field,
    timestamp_field,
    word_field,
)
from models.orders import Ticket
from models.tenancy import Cafe, Station


class StationScreen(Table):
    """One screen that shows tickets. screen_key, station_id: see domain.screens.SeenScreen.

    A page that was closed on purpose has no row any more.
    """

    cafe_id = reference_field(Cafe)
    screen_key = text_field(36)
    station_id = reference_field(Station, null=True)
    is_visible = boolean_field()
    sound = word_field(Sound)
    last_seen_at = timestamp_field()

    class Meta:
        table_name = "station_screen"
        primary_key = CompositeKey("cafe_id", "screen_key")
        indexes = ((("last_seen_at",), False),)
        constraints = (check_word("station_screen_sound", "sound", Sound),)


class TicketReceipt(Table):
    """When the first screen said that it shows a ticket.

    Beside the ticket and not in it, so that a receipt waits for nobody who works on the order.
    """

    cafe_id = reference_field(Cafe)
    ticket_id = reference_field(Ticket)
    painted_at = timestamp_field()

    class Meta:
        table_name = "ticket_receipt"
        primary_key = CompositeKey("cafe_id", "ticket_id")
        indexes = ((("painted_at",), False),)
