"""First answers of commands, kept so that a repeat gets the same bytes and has no effect."""

from peewee import CompositeKey

from models.base import Table
from models.fields import (
    big_integer_field,
    long_text_field,
    reference_field,
    text_field,
    timestamp_field,
)
from models.tenancy import Cafe


class CommandAnswer(Table):
    """What a command was answered. seq: of its last event, 0 for none. body_hash: SHA-256."""

    cafe_id = reference_field(Cafe)
    principal = text_field(60)
    command_type = text_field(60)
    command_id = text_field(64)
    body_hash = text_field(64)
    answer = long_text_field()
    seq = big_integer_field()
    created_at = timestamp_field()

    class Meta:
        table_name = "command_answer"
        primary_key = CompositeKey("cafe_id", "principal", "command_type", "command_id")
        indexes = ((("created_at",), False),)
