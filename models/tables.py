"""Seatings: a table session from the first scan to closing time, and its phones as lanes."""

from models.base import Table
from models.fields import (
    check,
    condition,
    id_field,
    integer_field,
    reference_field,
    text_field,
    timestamp_field,
)
from models.staff import PersonalData
from models.tenancy import Cafe, CafeTable


class TableSession(Table):
    """A seating. verified_at: when staff first approved an order of it (holds end with that)."""

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    table_id = reference_field(CafeTable)
    opened_at = timestamp_field()
    verified_at = timestamp_field(null=True)
    closed_at = timestamp_field(null=True)

    class Meta:
        table_name = "table_session"


# One open seating per table, whoever scans first; also finds it.
TableSession.add_index(
    TableSession.index(
        TableSession.table_id,
        unique=True,
        where=condition("closed_at IS NULL"),
        name="table_session_open_table",
    )
)
TableSession.add_index(
    TableSession.index(
        TableSession.cafe_id,
        where=condition("closed_at IS NULL"),
        name="table_session_open_cafe",
    )
)


class Lane(Table):
    """One guest's phone in a seating: the principal of limits, idempotency and "own"."""

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    table_session_id = reference_field(TableSession)
    number = integer_field()
    personal_data_id = reference_field(PersonalData, null=True)
    opened_at = timestamp_field()

    class Meta:
        table_name = "lane"
        indexes = ((("table_session_id", "number"), True),)
        constraints = (check("lane_number", "number >= 1"),)


class Rating(Table):
    """What a guest thought of a visit, once per phone. word: may be empty."""

    lane_id = reference_field(Lane, primary_key=True)
    cafe_id = reference_field(Cafe)
    stars = integer_field()
    word = text_field(200, default="")
    rated_at = timestamp_field()

    class Meta:
        table_name = "rating"
        indexes = ((("cafe_id", "rated_at"), False),)
        constraints = (check("rating_stars", "stars BETWEEN 1 AND 5"),)
