"""What simulated staff know: the newest view wins, and work is done by one at a time."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import msgspec

from client.messages import Message
from demo.boards import (
    OrderBook,
    TicketBoard,
    find_order,
    find_ticket,
    is_over,
    list_awaiting_approval,
    list_ready,
    list_uncooked,
    needs_work,
)
from domain.statuses import (
    Channel,
    HoldKind,
    ItemStatus,
    OrderStatus,
    Priority,
    RoundStatus,
    TicketStatus,
)
from domain.views.kitchen import TicketItemView, TicketView
from domain.views.money import TotalsView
from domain.views.orders import HoldView, OrderItemView, OrderView, RoundView

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


def _make_line(status: ItemStatus, *, void_seen: bool = False) -> TicketItemView:
    return TicketItemView(
        item_id=f"item-{status}",
        quantity=1,
        name="Flat white",
        modifiers=[],
        note="",
        status=status,
        version=1,
        is_remake=False,
        void_reason="",
        void_seen=void_seen,
        started_at=None,
        ready_at=None,
    )


def _make_ticket(ticket_id: str = "one", *, version: int = 1, age_s: int = 0, **changes):
    values = {
        "status": TicketStatus.RECEIVED,
        "items": [_make_line(ItemStatus.QUEUED)],
        **changes,
    }
    return TicketView(
        ticket_id=ticket_id,
        order_id="order",
        order_number=7,
        round_number=1,
        station_id="bar",
        station_name="Bar",
        version=version,
        channel=Channel.TABLE,
        table_number=3,
        table_label="Table 3",
        priority=Priority.NORMAL,
        queued_at=NOW - timedelta(seconds=age_s),
        started_at=None,
        completed_at=None,
        target_s=240,
        is_recalled=False,
        note="",
        allergy="",
        others=[],
        **values,
    )


def _make_item(status: ItemStatus) -> OrderItemView:
    return OrderItemView(
        item_id=f"item-{status}",
        line_number=1,
        round_number=1,
        menu_item_id="menu-item",
        name="Flat white",
        kitchen_name="Flat white",
        plate="flat-white",
        quantity=1,
        unit_price_minor=340,
        line_total_minor=340,
        modifiers=[],
        note="",
        status=status,
        version=1,
        station_id="bar",
        station_name="Bar",
        prep_s=120,
    )


def _make_order(
    order_id: str = "order",
    *,
    version: int = 1,
    status: OrderStatus = OrderStatus.PREPARING,
    round_status: RoundStatus = RoundStatus.CONFIRMED,
    holds: tuple[HoldKind, ...] = (),
    items: tuple[ItemStatus, ...] = (ItemStatus.QUEUED,),
) -> OrderView:
    return OrderView(
        order_id=order_id,
        order_number=7,
        business_date=date(2026, 5, 4),
        status=status,
        version=version,
        channel=Channel.TABLE,
        table_number=3,
        table_label="Table 3",
        table_session_id="session",
        progress_percentage=0,
        submitted_at=NOW,
        estimated_ready_at=None,
        completed_at=None,
        rounds=[
            RoundView(
                round_number=1,
                status=round_status,
                holds=[HoldView(kind=kind, reason="", expires_at=None) for kind in holds],
                submitted_at=NOW,
                fired_at=NOW,
                progress_percentage=0,
                note="",
                allergy="",
                lane_number=1,
                reason="",
                undo_until=None,
                items=[_make_item(each) for each in items],
            )
        ],
        totals=TotalsView(
            currency="EUR",
            prices_include_tax=True,
            subtotal_minor=340,
            tax_minor=39,
            total_minor=340,
            taxes=[],
        ),
    )


def test_the_oldest_ticket_is_claimed_first_and_by_one_alone():
    """Two cooks never work on one ticket."""
    board = TicketBoard()
    board.load([_make_ticket("young", age_s=5), _make_ticket("old", age_s=60)])

    claimed = [board.claim(), board.claim(), board.claim()]

    assert [ticket and ticket.ticket_id for ticket in claimed] == ["old", "young", None]


def test_an_older_view_changes_nothing():
    """Messages of a replay may come after the snapshot that has them."""
    board = TicketBoard()
    board.take_in(_make_ticket(version=3, status=TicketStatus.STARTED))

    board.take_in(_make_ticket(version=2))

    ticket = board.find("one")
    assert ticket is not None
    assert ticket.status is TicketStatus.STARTED


def test_a_finished_ticket_is_forgotten_and_comes_back_when_recalled():
    """A station that runs for weeks keeps only what is open."""
    board = TicketBoard()
    board.take_in(_make_ticket())
    ticket = board.claim()
    assert ticket is not None
    done = [_make_line(ItemStatus.READY)]
    board.take_in(_make_ticket(version=2, status=TicketStatus.COMPLETED, items=done))
    board.release(ticket.ticket_id)
    assert board.find("one") is None

    board.take_in(_make_ticket(version=3, status=TicketStatus.STARTED))

    again = board.claim()
    assert again is not None
    assert again.version == 3


def test_a_ticket_that_somebody_else_finished_is_forgotten():
    """A person at the display bumps faster than the simulated cook."""
    board = TicketBoard()
    board.take_in(_make_ticket())

    board.take_in(
        _make_ticket(version=2, status=TicketStatus.COMPLETED, items=[_make_line(ItemStatus.READY)])
    )

    assert board.find("one") is None
    assert board.claim() is None


def test_a_void_that_nobody_has_seen_is_work():
    """Even on a ticket that has nothing else left."""
    unseen = _make_ticket(status=TicketStatus.CANCELLED, items=[_make_line(ItemStatus.VOIDED)])
    seen = _make_ticket(
        status=TicketStatus.CANCELLED, items=[_make_line(ItemStatus.VOIDED, void_seen=True)]
    )

    assert needs_work(unseen)
    assert not list_uncooked(unseen)
    assert not needs_work(seen)


async def test_cooks_who_wait_are_woken_by_a_ticket():
    """Two wait, one ticket comes: one of them gets it, the other goes on waiting."""
    board = TicketBoard()
    waiting = [asyncio.create_task(board.wait_and_claim()) for _ in range(2)]
    await asyncio.sleep(0)

    board.take_in(_make_ticket())
    done, pending = await asyncio.wait(waiting, timeout=10, return_when=asyncio.FIRST_COMPLETED)

    assert [task.result().ticket_id for task in done] == ["one"]
    assert len(pending) == 1
    for task in pending:
        task.cancel()


def test_the_counter_sees_what_is_ready_and_what_waits_for_it():
    """Ready lines are to be carried; rounds with an approval hold are to be looked at."""
    order = _make_order(items=(ItemStatus.READY, ItemStatus.QUEUED, ItemStatus.SERVED))
    waiting = _make_order(round_status=RoundStatus.SUBMITTED, holds=(HoldKind.APPROVAL,))
    unpaid = _make_order(round_status=RoundStatus.SUBMITTED, holds=(HoldKind.PAYMENT,))

    assert [item.status for item in list_ready(order)] == [ItemStatus.READY]
    assert [each.round_number for each in list_awaiting_approval(waiting)] == [1]
    assert list_awaiting_approval(unpaid) == []
    assert not is_over(order)


def test_an_order_that_is_over_is_shown_once_more_and_forgotten():
    """The counter hears of the end, and the book does not grow."""
    book = OrderBook()
    book.load([_make_order()])

    book.take_in(_make_order(version=2, status=OrderStatus.COMPLETED))

    assert [order.status for order in book.list_orders()] == [OrderStatus.COMPLETED]
    assert book.list_orders() == []


async def test_nobody_misses_a_change_because_another_one_looked():
    """Each waiter has a revision of its own."""
    book = OrderBook()
    seen = book.revision
    book.take_in(_make_order())

    await asyncio.wait_for(book.wait_for_change(seen), 10)
    await asyncio.wait_for(book.wait_for_change(seen), 10)

    waiting = asyncio.create_task(book.wait_for_change(book.revision))
    await asyncio.sleep(0)
    assert not waiting.done()
    book.wake()
    await asyncio.wait_for(waiting, 10)


def test_views_are_found_in_messages():
    """What a message is about stands in its data, under the view's name."""
    order = _make_order()
    message = Message(type="order_created", data={"order": msgspec.to_builtins(order)})
    ticket = Message(
        type="kitchen_order_received", data={"ticket": msgspec.to_builtins(_make_ticket())}
    )

    assert find_order(message) == order
    assert find_ticket(message) is None
    assert find_ticket(ticket) == _make_ticket()
    assert find_order(Message(type="heartbeat", data=None)) is None
