"""Where an order or a dish is that somebody misses on a wall; both databases."""

from datetime import timedelta

from domain.commands import (
    AddRound,
    BumpTicket,
    PlaceOrder,
    RecallTicket,
    RushTicket,
    ServeItems,
    VoidItems,
)
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


async def test_what_happened_is_told_from_the_log(cafe):
    """When it was sent where, which screen showed it, who did what; nothing of another order."""
    names = dict(
        await cafe.runner.read(
            fetch_rows,
            "SELECT membership.role, personal_data.name FROM membership"
            " JOIN person ON person.id = membership.person_id"
            " JOIN personal_data ON personal_data.id = person.personal_data_id"
            " WHERE membership.cafe_id = ?",
            (cafe.cafe_id,),
        )
    )
    before = await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line("Water")]))
    cafe.pass_time(minutes=5)
    lines = [cafe.line("Water"), cafe.line("Toastie", "Rye")]
    order = await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=lines))
    rows = await cafe.runner.read(
        fetch_rows, "SELECT station_id, id FROM ticket WHERE order_id = ?", (order.order_id,)
    )
    bar_ticket = dict(rows)[cafe.stations["bar"]]
    cafe.pass_time(seconds=2)
    await paint(cafe, bar_ticket)
    rush = RushTicket(ticket_id=bar_ticket, reason="Train")
    await cafe.do(Role.EXPO, "rush_ticket", rush)
    cafe.pass_time(seconds=1)
    await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=bar_ticket))
    cafe.pass_time(seconds=1)
    await cafe.do(Role.KITCHEN, "recall_ticket", RecallTicket(ticket_id=bar_ticket))
    cafe.pass_time(seconds=1)
    toastie = next(item for item in order.items if item.name == "Toastie")
    void = VoidItems(items=units(toastie), order_id=order.order_id, reason="out")
    await cafe.do(Role.MANAGER, "void_items", void)
    await cafe.do(Role.COUNTER, "add_round", AddRound(order_id=before.order_id, lines=lines))

    found = await ask(cafe, str(order.order_number))
    assert found.order is not None
    told = [(step.kind.value, step.station_name, step.by, step.what) for step in found.order.steps]
    assert told == [
        ("sent", "Bar", names["counter"], ""),
        ("sent", "Kitchen", names["counter"], ""),
        ("rushed", "Bar", names["expo"], "Train"),
        ("rushed", "Kitchen", names["expo"], "Train"),
        ("shown", "Bar", "", ""),
        ("finished", "Bar", names["kitchen"], ""),
        ("recalled", "Bar", names["kitchen"], ""),
        ("voided", "", names["manager"], "1 Toastie: out"),
    ]
    times = [step.at for step in found.order.steps]
    assert times == sorted(times)


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
