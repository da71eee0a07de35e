"""The questions that boards ask have an index that answers them, however old the cafe is."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from domain.statuses import TERMINAL_ORDER_STATUSES, OrderStatus, TicketStatus
from models.base import bind
from models.database import close_database, open_database
from models.migrations import migrate
from models.orders import Order, OrderItem, Round, RoundHold, Ticket
from models.tables import TableSession
from services import analytics, boards

OPEN_STATUSES = [status for status in OrderStatus if status not in TERMINAL_ORDER_STATUSES]

QUESTIONS: dict[str, Callable[[], Any]] = {
    "open orders of a cafe, oldest first": lambda: (
        Order.select()
        .where(Order.cafe_id == "c", Order.status.in_(OPEN_STATUSES))
        .order_by(Order.submitted_at)
    ),
    "order by number of a day": lambda: Order.select().where(
        Order.cafe_id == "c",
        Order.business_date == date(2026, 11, 20),
        Order.number == 1,
    ),
    "orders of a seating": lambda: Order.select().where(Order.table_session_id == "s"),
    "open tickets of a station": lambda: (
        Ticket.select()
        .where(
            Ticket.cafe_id == "c",
            Ticket.station_id == "s",
            Ticket.status.in_([TicketStatus.RECEIVED, TicketStatus.STARTED]),
        )
        .order_by(Ticket.queued_at)
    ),
    "finished tickets of a station, newest first": lambda: (
        Ticket.select()
        .where(Ticket.cafe_id == "c", Ticket.station_id == "s", Ticket.completed_at.is_null(False))
        .order_by(Ticket.completed_at.desc())
        .limit(20)
    ),
    "lines of orders": lambda: OrderItem.select().where(OrderItem.order_id.in_(["a", "b"])),
    "lines of tickets": lambda: OrderItem.select().where(OrderItem.round_id.in_(["a", "b"])),
    "rounds of orders": lambda: Round.select().where(Round.order_id.in_(["a", "b"])),
    "holds of rounds": lambda: RoundHold.select().where(RoundHold.round_id.in_(["a", "b"])),
    "open seating of a table": lambda: TableSession.select().where(
        TableSession.table_id == "t", TableSession.closed_at.is_null()
    ),
    "open seatings of a cafe": lambda: TableSession.select().where(
        TableSession.cafe_id == "c", TableSession.closed_at.is_null()
    ),
}
WRITTEN_OUT = [
    "SELECT payload FROM event_log WHERE cafe_id = 'c' AND seq > 5 ORDER BY seq LIMIT 10",
    "SELECT command_id FROM command_answer WHERE created_at < 5 ORDER BY created_at LIMIT 10",
    "SELECT id FROM audit_entry WHERE cafe_id = 'c' AND at < 5 ORDER BY at DESC LIMIT 10",
    "SELECT id FROM sign_in WHERE token_hash = 'h'",
    "SELECT id FROM personal_data WHERE email = 'e'",
    "SELECT id FROM cafe_table WHERE code = 'c'",
    "SELECT role FROM membership WHERE person_id = 'p' AND cafe_id = 'c'",
]


@pytest.fixture
def database(sqlite_url):
    """Open a migrated SQLite database: it says in words how it will search."""
    opened = open_database(sqlite_url)
    migrate(opened)
    bind(opened)
    opened.connect()
    yield opened
    close_database(opened)


def explain(database, statement: str, parameters) -> list[str]:
    """Return the steps of a query's plan."""
    rows = database.execute_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
    return [row[3] for row in rows]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_board_asks_an_index(database, question):
    """No table is read from end to end."""
    plan = explain(database, *QUESTIONS[question]().sql())

    assert plan
    assert [step for step in plan if step.startswith("SCAN")] == []


@pytest.mark.parametrize("statement", WRITTEN_OUT)
def test_a_written_out_query_asks_an_index(database, statement):
    """Neither a scan nor a sort of what was found."""
    plan = explain(database, statement, ())

    assert plan
    assert [step for step in plan if step.startswith("SCAN") or "TEMP B-TREE" in step] == []


_OF_TODAY = "(cafe_id=? AND station_id=? AND completed_at>?)"
_FINISHED_QUERY = boards._FINISHED_TICKETS_QUERY.replace("{columns}", "ticket.id")
# What the figures count the load from; there the stations stand between brackets already.
_LOAD_QUERY = analytics._PARTS_QUERY.replace("({stations})", "{stations}")


@pytest.mark.parametrize(
    ("query", "span"),
    [
        (boards._OPEN_TICKETS_QUERY, "(cafe_id=? AND station_id=? AND status=?)"),
        (
            _FINISHED_QUERY.replace("{joined}", ""),
            _OF_TODAY,
        ),
        (
            _FINISHED_QUERY.replace("{joined}", boards._FINISHED_DISHES),
            _OF_TODAY,
        ),
        (_LOAD_QUERY, "(cafe_id=? AND station_id=? AND status=?)"),
    ],
)
@pytest.mark.parametrize("stations", ["('s')", "(SELECT id FROM station WHERE cafe_id = 'c')"])
def test_a_kitchen_board_reads_a_span_of_an_index(database, query, span, stations):
    """What is open, or of today: not all that the cafe has ever made, for all stations either."""
    statement = query.format(stations=stations)
    plan = explain(database, statement, ["1"] * statement.count("?"))

    assert [step for step in plan if "ticket USING INDEX" in step and step.endswith(span)], plan
