"""Cafes and what stands in them: stations, tables, devices. Everything else leads to a cafe."""

from domain.roles import Role
from domain.taxes import TaxRounding
from models.base import Table
from models.fields import (
    big_integer_field,
    boolean_field,
    check,
    check_word,
    id_field,
    integer_field,
    json_field,
    reference_field,
    text_field,
    timestamp_field,
    word_field,
)


class Cafe(Table):
    """One cafe and its rules.

    grace_s: how long a guest may take a line back without a reason. holds_in_grace: a guest's
    round reaches the kitchen when that time is over, and not before. business_day_cutoff_minutes:
    minutes after local midnight until which an order still belongs to the day before.
    opens_at: when it opens on each day of the week, Monday first; empty where nobody has said.
    """

    id = id_field(primary_key=True)
    name = text_field(120)
    currency = text_field(3)
    currency_exponent = integer_field(default=2)
    timezone = text_field(64)
    locale = text_field(20)
    prices_include_tax = boolean_field(default=True)
    tax_rounding = word_field(TaxRounding, default=TaxRounding.PER_DOCUMENT)
    business_day_cutoff_minutes = integer_field(default=240)
    approve_first_order = boolean_field(default=True)
    grace_s = integer_field(default=20)
    holds_in_grace = boolean_field(default=True)
    opens_at = json_field(list[str | None], default=list)
    menu_version = integer_field(default=1)
    created_at = timestamp_field()
    closed_at = timestamp_field(null=True)

    class Meta:
        table_name = "cafe"
        constraints = (
            check_word("cafe_tax_rounding", "tax_rounding", TaxRounding),
            check("cafe_currency_exponent", "currency_exponent IN (0, 2, 3)"),
            check("cafe_cutoff", "business_day_cutoff_minutes BETWEEN 0 AND 1439"),
            check("cafe_grace", "grace_s BETWEEN 0 AND 600"),
            check("cafe_menu_version", "menu_version >= 1"),
        )


class CafeHead(Table):
    """Where a cafe's log ends. Its row is locked last in every transaction (spec G1).

    last_event_id: the event at `seq`, "" at 0; it tells a copied database apart.
    """

    cafe_id = reference_field(Cafe, primary_key=True)
    epoch = id_field()
    seq = big_integer_field(default=0)
    last_event_id = text_field(36, default="")

    class Meta:
        table_name = "cafe_head"
        constraints = (check("cafe_head_seq", "seq >= 0"),)


class Station(Table):
    """A place in the kitchen that gets tickets of its own. target_s: age at which one is late."""

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    name = text_field(60)
    slug = text_field(60)
    target_s = integer_field()
    position = integer_field(default=0)
    archived_at = timestamp_field(null=True)

    class Meta:
        table_name = "station"
        indexes = ((("cafe_id", "slug"), True),)
        constraints = (check("station_target", "target_s > 0"),)


class CafeTable(Table):
    """A table. code: what its QR carries, unguessable (128 bits or more) and replaceable."""

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    number = integer_field()
    label = text_field(60)
    area = text_field(60, default="")
    seats = integer_field()
    code = text_field(64, unique=True)
    archived_at = timestamp_field(null=True)

    class Meta:
        table_name = "cafe_table"
        indexes = ((("cafe_id", "number"), True),)
        constraints = (
            check("cafe_table_number", "number BETWEEN 1 AND 9999"),
            check("cafe_table_seats", "seats BETWEEN 1 AND 99"),
            check("cafe_table_code_length", "length(code) >= 22"),
        )


class Device(Table):
    """A screen that belongs to a cafe, with one role and, in the kitchen, a station.

    address, browser: where it was paired from, for people. diagonal_mm, distance_cm: how large it
    is and how far away people stand, null where nobody has said.
    """

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    station_id = reference_field(Station, null=True)
    name = text_field(60)
    role = word_field(Role)
    address = text_field(45, default="")
    browser = text_field(60, default="")
    created_at = timestamp_field()
    last_seen_at = timestamp_field(null=True)
    revoked_at = timestamp_field(null=True)
    diagonal_mm = integer_field(null=True)
    distance_cm = integer_field(null=True)

    class Meta:
        table_name = "device"
        indexes = ((("cafe_id",), False),)
        constraints = (
            check("device_role", "role IN ('kitchen', 'expo', 'counter', 'board')"),
            check("device_diagonal", "diagonal_mm IS NULL OR diagonal_mm > 0"),
            check("device_distance", "distance_cm IS NULL OR distance_cm > 0"),
        )
