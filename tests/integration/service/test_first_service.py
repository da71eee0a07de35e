"""One order's whole way, event by event: the golden sequence of a service."""

from domain.commands import (
    AddRound,
    BumpTicket,
    FinishItems,
    PlaceOrder,
    RecallTicket,
    ServeItems,
    StartItems,
)
from domain.roles import Role
from domain.statuses import OrderStatus
from services.boards import read_kitchen_board, read_order
from tests.support.cafes import describe, units


async def _read(cafe, order):
    return await cafe.runner.read(read_order, cafe.staff(Role.OWNER), order.order_id)


async def _find_ticket(cafe, station, *, finished=False):
    board = await cafe.runner.read(
        read_kitchen_board, cafe.cafe_id, cafe.stations[station], now=cafe.now
    )
    return (board.finished if finished else board.tickets)[0]


async def test_a_service_from_the_phone_to_the_table(cafe):
    """Two stations, one item bumped, then the rest, a recall, a second round, served."""
    guest = await cafe.sit_down(1)
    assert describe(cafe.take_events()) == ["table_session_opened"]

    order = await cafe.order(
        guest,
        "place_order",
        PlaceOrder(
            lines=[
                cafe.line("Flat white", "Oat"),
                cafe.line("Latte"),
                cafe.line("Toastie", "Rye"),
            ]
        ),
    )
    assert order.status is OrderStatus.CONFIRMED
    assert order.order_number == 1
    assert order.totals.total_minor == 440 + 410 + 890
    assert describe(cafe.take_events()) == [
        "order_created",
        "kitchen_order_received Bar",
        "kitchen_order_received Kitchen",
        "order_number_preparing",
    ]

    flat_white, latte, toastie = order.items
    await cafe.do(Role.KITCHEN, "start_items", StartItems(items=units(toastie)))
    assert describe(cafe.take_events()) == [
        "kitchen_order_started Kitchen",
        "order_status_updated confirmed preparing",
    ]

    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(flat_white)))
    assert describe(cafe.take_events()) == [
        "kitchen_order_started Bar",
        "kitchen_ticket_updated Kitchen others",
        "order_progress",
    ]

    ticket = await _find_ticket(cafe, "bar")
    assert ticket.version == 2
    await cafe.do(
        Role.KITCHEN,
        "bump_ticket",
        BumpTicket(ticket_id=ticket.ticket_id, expected_version=ticket.version),
    )
    assert describe(cafe.take_events()) == [
        "kitchen_order_completed Bar",
        "kitchen_ticket_updated Kitchen others",
        "order_progress",
    ]

    kitchen_ticket = await _find_ticket(cafe, "kitchen")
    await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=kitchen_ticket.ticket_id))
    assert describe(cafe.take_events()) == [
        "kitchen_order_completed Kitchen",
        "kitchen_ticket_updated Bar others",
        "order_status_updated preparing ready",
        "order_ready",
        "order_number_ready",
    ]
    assert (await _read(cafe, order)).progress_percentage == 90

    await cafe.do(Role.KITCHEN, "recall_ticket", RecallTicket(ticket_id=kitchen_ticket.ticket_id))
    assert describe(cafe.take_events()) == [
        "kitchen_ticket_updated Kitchen recall",
        "kitchen_ticket_updated Bar others",
        "order_status_updated ready preparing",
        "order_number_preparing",
    ]
    recalled = await _find_ticket(cafe, "kitchen")
    assert recalled.is_recalled
    assert recalled.queued_at == ticket.queued_at

    await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=kitchen_ticket.ticket_id))
    cafe.take_events()

    second = await cafe.order(
        guest, "add_round", AddRound(order_id=order.order_id, lines=[cafe.line("Water")])
    )
    assert [each.progress_percentage for each in second.rounds] == [90, 0]
    assert describe(cafe.take_events()) == [
        "order_round_added 2",
        "kitchen_order_received Bar",
        "order_status_updated ready preparing",
        "order_number_preparing",
    ]

    await cafe.do(
        Role.EXPO,
        "serve_items",
        ServeItems(items=units(flat_white) + units(latte) + units(toastie)),
    )
    assert describe(cafe.take_events()) == [
        "kitchen_ticket_updated Bar item",
        "kitchen_ticket_updated Kitchen item",
        "order_progress",
    ]

    water = second.items[-1]
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(water)))
    assert describe(cafe.take_events()) == [
        "kitchen_order_completed Bar",
        "order_status_updated preparing ready",
        "order_ready",
        "order_number_ready",
    ]
    await cafe.do(Role.COUNTER, "serve_items", ServeItems(items=units(water)))
    assert describe(cafe.take_events()) == [
        "kitchen_ticket_updated Bar item",
        "order_status_updated ready completed",
        "order_number_cleared",
    ]

    done = await _read(cafe, order)
    assert done.status is OrderStatus.COMPLETED
    assert done.completed_at == cafe.now
    assert done.progress_percentage == 100
    log = await cafe.read_log()
    assert [logged.seq for logged in log] == list(range(1, len(log) + 1))
