"""Where an order or a dish is that somebody misses on a wall; both databases."""

from datetime import timedelta

from domain.commands import BumpTicket, PlaceOrder, ServeItems, VoidItems
from domain.roles import Role
from domain.routing import RouteFault
from domain.screens import Receipt
from domain.whereabouts import Answer
from models.rows import fetch_rows
from services.receipts import NoteReceipts, note_receipts
from services.whereabouts import Found, find_whereabouts
from tests.support.cafes import TestCafe, units
from tests.support.walls import open_screen


async def ask(cafe: TestCafe, question: str) -> Found:
    """Ask as the page does."""
    return await cafe.runner.read(find_whereabouts, cafe.cafe_id, question, now=cafe.now)


async def list_answers(cafe: TestCafe, number: int) -> dict[str, Answer]:
    """Say what is answered for each station's part of an order."""
    found = await ask(cafe, str(number))
    assert found.order is not None
    return {part.route.station_name: part.answer for part in found.order.parts}


async def paint(cafe: TestCafe, ticket_id: str) -> None:
    """Let a wall of all stations say that it shows a ticket."""
    receipt = Receipt(cafe_id=cafe.cafe_id, station_id=None, ticket_id=ticket_id)
    noted = NoteReceipts(receipts=[receipt])
    await cafe.runner.write(note_receipts, noted, command_type="note_receipts")


async def test_an_order_is_followed_from_the_till_to_the_guest(cafe):
    """Sent and unseen, shown, finished, handed over; what is voided says so."""
    lines = [cafe.line("Water"), cafe.line("Toastie", "Rye")]
    order = await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=lines))
    water, toastie = order.items
    assert await list_answers(cafe, 1) == {"Bar": Answer.UNSEEN, "Kitchen": Answer.UNSEEN}
    tickets = dict(await cafe.runner.read(fetch_rows, "SELECT station_id, id FROM ticket", ()))
    bar_ticket = tickets[cafe.stations["bar"]]

    cafe.pass_time(seconds=1)
    await paint(cafe, bar_ticket)
    found = await ask(cafe, "1")
    assert found.order is not None
    (bar, _) = found.order.parts
    assert (bar.answer, bar.lines) == (Answer.SHOWN, ["1 Water"])
    assert bar.painted_at == cafe.now
    assert bar.sent_at == cafe.now - timedelta(seconds=1)
    assert bar.route.fault is RouteFault.NO_SCREEN
    await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=bar_ticket))
    assert (await list_answers(cafe, 1))["Bar"] is Answer.FINISHED
    await cafe.do(Role.COUNTER, "serve_items", ServeItems(items=units(water)))
    assert (await list_answers(cafe, 1))["Bar"] is Answer.SERVED
    void = VoidItems(items=units(toastie), order_id=order.order_id, reason="x")
    await cafe.do(Role.COUNTER, "void_items", void)
    assert (await list_answers(cafe, 1))["Kitchen"] is Answer.VOIDED


async def test_a_dish_is_found_by_a_part_of_its_name(cafe):
    """Where it goes, and whether it can be ordered at all; signs of LIKE are letters."""
    await open_screen(cafe, station="bar")
    found = await ask(cafe, "wAt")

    (water,) = found.dishes
    assert (water.name, water.is_listed, water.is_sold_out) == ("Water", True, False)
    assert water.route.station_name == "Bar"
    assert water.route.fault is RouteFault.UNPAIRED
    assert (await ask(cafe, "%")).dishes == []
    assert await ask(cafe, "999999") == Found(order=None, dishes=[])
    assert await ask(cafe, "9" * 50) == Found(order=None, dishes=[])
