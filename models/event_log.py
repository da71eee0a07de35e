"""The log of a cafe: every event, in commit order, without a gap."""

from peewee import CompositeKey

from models.base import Table
from models.fields import (
    big_integer_field,
    check,
    condition,
    id_field,
    long_text_field,
    reference_field,
    text_field,
    timestamp_field,
)
from models.tenancy import Cafe


class EventRow(Table):
    """One event. payload: the event as JSON, with its `type`. user_id: the person, if any.

    user_id is no foreign key: the log outlives the people in it.
    """

    cafe_id = reference_field(Cafe)
    seq = big_integer_field()
    event_id = id_field()
    epoch = id_field()
    type = text_field(60)
    payload = long_text_field()
    at = timestamp_field()
    user_id = text_field(36, null=True)

    class Meta:
        table_name = "event_log"
        primary_key = CompositeKey("cafe_id", "seq")
        indexes = ((("event_id",), True),)
        constraints = (check("event_log_seq", "seq >= 1"),)


# Who acted lately: guests' events, the most, are not in it.
EventRow.add_index(
    EventRow.index(
        EventRow.cafe_id,
        EventRow.at,
        EventRow.user_id,
        where=condition("user_id IS NOT NULL"),
        name="event_log_people",
    )
)
