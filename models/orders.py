"""Orders: rounds, lines with their money as it was, and the kitchen's tickets.

Names, prices and taxes are copied at submit: a later change of the menu changes no order.
Statuses of orders and tickets are derived by domain/ and stored to be queried.
"""

from peewee import CompositeKey

from domain.statuses import (
    Channel,
    HoldKind,
    ItemStatus,
    OrderStatus,
    Priority,
    RoundStatus,
    TicketStatus,
)
from domain.views.money import TaxView
from models.base import Table
from models.fields import (
    big_integer_field,
    boolean_field,
    business_date_field,
    check,
    check_word,
    condition,
    id_field,
    integer_field,
    json_field,
    reference_field,
    text_field,
    timestamp_field,
    word_field,
)
from models.menu import MenuItem, Modifier
from models.staff import Person
from models.tables import Lane, TableSession
from models.tenancy import Cafe, CafeTable, Station


class OrderNumberCounter(Table):
    """The last order number of a cafe's business day."""

    cafe_id = reference_field(Cafe)
    business_date = business_date_field()
    last_number = integer_field(default=0)

    class Meta:
        table_name = "order_number_counter"
        primary_key = CompositeKey("cafe_id", "business_date")
        constraints = (check("order_number_counter_last", "last_number >= 0"),)


class Order(Table):
    """One order: a seating's, or one sale at the counter.

    table_number, table_label: as they were at submit or after a move. version: rises with every
    change of anything in it.
    """

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    number = integer_field()
    business_date = business_date_field()
    channel = word_field(Channel)
    table_id = reference_field(CafeTable, null=True)
    table_number = integer_field(null=True)
    table_label = text_field(60, default="")
    table_session_id = reference_field(TableSession, null=True)
    lane_id = reference_field(Lane, null=True)
    person_id = reference_field(Person, null=True)
    status = word_field(OrderStatus)
    version = integer_field(default=1)
    currency = text_field(3)
    prices_include_tax = boolean_field()
    subtotal_minor = big_integer_field(default=0)
    tax_minor = big_integer_field(default=0)
    total_minor = big_integer_field(default=0)
    taxes = json_field(list[TaxView], default=list)
    submitted_at = timestamp_field()
    estimated_ready_at = timestamp_field(null=True)
    completed_at = timestamp_field(null=True)

    class Meta:
        table_name = "orders"  # ORDER is a word of SQL
        indexes = (
            (("cafe_id", "business_date", "number"), True),
            (("cafe_id", "status", "submitted_at"), False),
            (("cafe_id", "completed_at"), False),
            (("table_session_id",), False),
        )
        constraints = (
            check_word("orders_status", "status", OrderStatus),
            check_word("orders_channel", "channel", Channel),
            check("orders_number", "number >= 1"),
            check("orders_version", "version >= 1"),
            check("orders_money", "subtotal_minor >= 0 AND tax_minor >= 0 AND total_minor >= 0"),
        )


class OrderContact(Table):
    """What a sale at the counter is called by: personal data, and so in no other row.

    name: "" where it was taken back. initial: what the ready board may show of it. revision: rises
    with every change, and is what views carry. expires_at: the business day's end, when it goes.
    """

    order_id = reference_field(Order, primary_key=True)
    cafe_id = reference_field(Cafe)
    name = text_field(40, default="")
    initial = text_field(1, default="")
    revision = integer_field(default=1)
    expires_at = timestamp_field()

    class Meta:
        table_name = "order_contact"
        indexes = ((("cafe_id", "expires_at"), False), (("expires_at",), False))
        constraints = (check("order_contact_revision", "revision >= 1"),)


class Round(Table):
    """Lines that were submitted together, with the gate they wait at.

    fired_at: when the kitchen got it. progress_percentage: the highest it has shown, because a
    guest's progress never falls within a round. undo_until: end of the grace time. rush_reason: ""
    where it waits its turn.
    """

    id = id_field(primary_key=True)
    order_id = reference_field(Order)
    number = integer_field()
    status = word_field(RoundStatus)
    lane_id = reference_field(Lane, null=True)
    person_id = reference_field(Person, null=True)
    note = text_field(200, default="")
    allergy = text_field(60, default="")
    menu_version = integer_field(default=1)
    progress_percentage = integer_field(default=0)
    submitted_at = timestamp_field()
    fired_at = timestamp_field(null=True)
    undo_until = timestamp_field(null=True)
    reason = text_field(120, default="")
    rush_reason = text_field(120, default="")

    class Meta:
        table_name = "order_round"
        indexes = ((("order_id", "number"), True),)
        constraints = (
            check_word("order_round_status", "status", RoundStatus),
            check("order_round_number", "number >= 1"),
            check("order_round_progress", "progress_percentage BETWEEN 0 AND 100"),
        )


class RoundHold(Table):
    """One reason why a submitted round waits. owner: the role word that may clear it."""

    round_id = reference_field(Round)
    kind = word_field(HoldKind)
    reason = text_field(120, default="")
    owner = text_field(20, default="")
    created_at = timestamp_field()
    expires_at = timestamp_field(null=True)
    cleared_at = timestamp_field(null=True)

    class Meta:
        table_name = "round_hold"
        primary_key = CompositeKey("round_id", "kind")
        # What has run out: asked by the clock, for all cafes at once.
        indexes = ((("cleared_at", "expires_at"), False),)
        constraints = (check_word("round_hold_kind", "kind", HoldKind),)


class Ticket(Table):
    """One station's part of one round."""

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    order_id = reference_field(Order)
    round_id = reference_field(Round)
    station_id = reference_field(Station)
    status = word_field(TicketStatus)
    version = integer_field(default=1)
    priority = word_field(Priority, default=Priority.NORMAL)
    is_recalled = boolean_field(default=False)
    moved_from = text_field(60, default="")
    target_s = integer_field()
    queued_at = timestamp_field()
    started_at = timestamp_field(null=True)
    completed_at = timestamp_field(null=True)
    allergy_seen_at = timestamp_field(null=True)

    class Meta:
        table_name = "ticket"
        indexes = (
            (("round_id", "station_id"), True),
            (("order_id",), False),
            # Open tickets oldest first; finished ones newest first.
            (("cafe_id", "station_id", "status", "queued_at"), False),
            (("cafe_id", "station_id", "completed_at"), False),
            # What was fired in a day, for the figures.
            (("cafe_id", "queued_at"), False),
        )
        constraints = (
            check_word("ticket_status", "status", TicketStatus),
            check_word("ticket_priority", "priority", Priority),
            check("ticket_version", "version >= 1"),
            check("ticket_target", "target_s > 0"),
        )


# What is in the kitchen now, over all cafes: the clock looks for what is late among it.
Ticket.add_index(
    Ticket.index(
        Ticket.queued_at, where=condition("status IN ('received', 'started')"), name="ticket_open"
    )
)


class OrderItem(Table):
    """One line: `quantity` units that move together, with their money as it was at submit.

    line_total_minor: gross of all units, 0 when voided or a remake. void_seen_at: when a cook
    acknowledged the void. split_from: the line that these units were taken off.
    """

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    order_id = reference_field(Order)
    round_id = reference_field(Round)
    station_id = reference_field(Station)
    menu_item_id = reference_field(MenuItem)
    lane_id = reference_field(Lane, null=True)
    line_number = integer_field()
    name = text_field(80)
    kitchen_name = text_field(40)
    plate = text_field(40, default="")
    quantity = integer_field()
    note = text_field(200, default="")
    prep_s = integer_field(default=0)
    unit_price_minor = big_integer_field()
    line_total_minor = big_integer_field()
    tax_code = text_field(20)
    tax_name = text_field(60)
    rate_ppm = integer_field()
    net_minor = big_integer_field()
    tax_minor = big_integer_field()
    status = word_field(ItemStatus)
    version = integer_field(default=1)
    queued_at = timestamp_field(null=True)
    started_at = timestamp_field(null=True)
    ready_at = timestamp_field(null=True)
    served_at = timestamp_field(null=True)
    voided_at = timestamp_field(null=True)
    void_reason = text_field(120, default="")
    void_seen_at = timestamp_field(null=True)
    remake_of = reference_field("self", null=True)
    split_from = reference_field("self", null=True)

    class Meta:
        table_name = "order_item"
        indexes = ((("order_id", "line_number"), True), (("round_id", "station_id"), False))
        constraints = (
            check_word("order_item_status", "status", ItemStatus),
            check("order_item_quantity", "quantity BETWEEN 1 AND 99"),
            check("order_item_version", "version >= 1"),
            check("order_item_rate", "rate_ppm BETWEEN 0 AND 1000000"),
            check(
                "order_item_money",
                "unit_price_minor >= 0 AND line_total_minor >= 0"
                " AND net_minor >= 0 AND tax_minor >= 0",
            ),
        )


class OrderItemModifier(Table):
    """One chosen option of a line. price_minor: for one unit of the line, quantity included.

    is_usual: it was what the menu had as default; the kitchen is not told.
    """

    order_item_id = reference_field(OrderItem)
    position = integer_field()
    modifier_id = reference_field(Modifier)
    name = text_field(80)
    kitchen_name = text_field(40)
    quantity = integer_field(default=1)
    price_minor = big_integer_field(default=0)
    is_removal = boolean_field(default=False)
    is_usual = boolean_field(default=False)

    class Meta:
        table_name = "order_item_modifier"
        primary_key = CompositeKey("order_item_id", "position")
        constraints = (
            check("order_item_modifier_quantity", "quantity BETWEEN 1 AND 99"),
            check("order_item_modifier_price", "price_minor >= 0"),
        )
