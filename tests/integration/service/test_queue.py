"""The kitchen's queue as guests are told of it: places, and when they are told."""

from domain.commands import BumpTicket, FinishItems, PlaceOrder, StartItems
from domain.roles import Role
from jobs.queue_positions import QueuePositions
from jobs.waits import Waits
from services.boards import read_guest_orders, read_kitchen_board, read_order
from services.estimates import estimate_cart, read_waits
from services.menu import read_menu
from services.queue import read_queue_places
from services.shortcuts import read_asked
from tests.support.cafes import OTHER_CAFE_ID, units


async def _order(cafe, *names, who=Role.COUNTER):
    lines = [cafe.line(*name.split("/")) for name in names]
    return await cafe.order(who, "place_order", PlaceOrder(lines=lines))


async def _read(cafe, *orders):
    places = await cafe.runner.read(
        read_queue_places, cafe.cafe_id, [order.order_id for order in orders], now=cafe.now
    )
    return [place.queue_position for place in places]


async def test_a_bump_moves_everybody_behind_it_up(cafe):
    """The first is next; what is ready waits for nothing."""
    orders = [await _order(cafe, "Water") for _ in range(3)]
    assert await _read(cafe, *orders) == [1, 2, 3]
    board = await cafe.runner.read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now)
    await cafe.do(
        Role.KITCHEN,
        "bump_ticket",
        BumpTicket(ticket_id=board.tickets[0].ticket_id),
    )

    assert await _read(cafe, *orders) == [None, 1, 2]


async def test_another_cafe_has_no_place_here(cafe):
    """An order's id says nothing to another cafe."""
    order = await _order(cafe, "Water")

    assert (
        await cafe.runner.read(read_queue_places, OTHER_CAFE_ID, [order.order_id], now=cafe.now)
        == []
    )


async def test_a_page_shows_the_place_of_its_snapshot(cafe):
    """The guest's page knows it before anything moves."""
    await _order(cafe, "Water")
    guest = await cafe.sit_down(1)
    await _order(cafe, "Water", who=guest)
    seen = await cafe.runner.read(
        read_guest_orders, cafe.cafe_id, guest.table_session_id, now=cafe.now
    )

    assert [place.ahead for place in seen.queue] == [1]


async def test_listeners_are_told_changes_and_newcomers_what_holds(cafe):
    """Nothing is read while the log stands still; who has just come is told once."""
    first, second = await _order(cafe, "Water"), await _order(cafe, "Water")
    told, reads = [], []
    listeners = {cafe.cafe_id: {second.order_id: 1}}
    position = [1]

    def read_seq(cafe_id):
        reads.append(cafe_id)
        return position[0]

    positions = QueuePositions(
        cafe.runner,
        count_listeners=lambda: listeners,
        read_seq=read_seq,
        push=lambda cafe_id, place: told.append((place.order_id, place.queue_position)),
        now=lambda: cafe.now,
    )
    await positions.tick()
    assert told == [(second.order_id, 2)]

    await positions.tick()
    assert told == [(second.order_id, 2)]

    listeners[cafe.cafe_id] = {second.order_id: 2}
    await positions.tick()
    assert told == [(second.order_id, 2)] * 2

    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(first.items[0])))
    position[0] += 1
    await positions.tick()
    assert told[2:] == [(second.order_id, 1)]

    listeners.clear()
    await positions.tick()
    assert len(reads) == 4


async def test_who_looks_at_the_menu_is_told_when_it_takes_longer(cafe):
    """Whole minutes that changed, with their reason; newcomers what holds; nobody else is read."""
    told, position, listeners = [], [1], {cafe.cafe_id: 1}
    waits = Waits(
        cafe.runner,
        count_listeners=lambda: listeners,
        read_seq=lambda _: position[0],
        push=lambda cafe_id, view: told.append((cafe_id, view.reason.value, view.waits[1])),
        now=lambda: cafe.now,
    )
    await waits.tick()
    await waits.tick()
    assert [(cafe_id, reason) for cafe_id, reason, _ in told] == [(cafe.cafe_id, "")]

    for _ in range(4):
        await _order(cafe, "Toastie/Rye")
    position[0] += 1
    await waits.tick()
    position[0] += 1
    await waits.tick()
    assert [reason for _, reason, _ in told] == ["", "queue"]
    assert told[1][2].low_minutes > told[0][2].low_minutes

    cafe.pass_time(minutes=30)
    await waits.tick()
    listeners[cafe.cafe_id] = 2
    await waits.tick()
    assert [reason for _, reason, _ in told] == ["", "queue", "late", "late"]

    listeners.clear()
    position[0] += 1
    await waits.tick()
    assert len(told) == 4


async def test_the_work_before_an_order_makes_it_later_and_lateness_is_told(cafe):
    """By the kitchen's seconds; while nothing moves, what is late is looked at again."""
    first, second = [await _order(cafe, "Toastie/Rye") for _ in range(2)]
    told = []
    positions = QueuePositions(
        cafe.runner,
        count_listeners=lambda: {cafe.cafe_id: {first.order_id: 1, second.order_id: 1}},
        read_seq=lambda _: 1,
        push=lambda _, place: told.append(place),
        now=lambda: cafe.now,
    )
    await positions.tick()
    ahead, behind = told
    assert (ahead.wait_reason, ahead.low_minutes) == ("", first.items[0].prep_s // 60)
    assert behind.low_minutes > ahead.low_minutes
    cafe.pass_time(seconds=19)
    await positions.tick()
    assert len(told) == 2
    cafe.pass_time(minutes=30)
    await positions.tick()

    assert [place.wait_reason for place in told[2:] if place.order_id == second.order_id] == [
        "late"
    ]


async def test_what_the_kitchen_needed_lately_is_believed(cafe):
    """Twenty toasties of a minute each: a cart of one is told a minute and not what is set."""
    for _ in range(20):
        order = await _order(cafe, "Toastie/Rye")
        await cafe.do(Role.KITCHEN, "start_items", StartItems(items=units(order.items[0])))
        cafe.pass_time(seconds=60)
        started = await cafe.runner.read(read_order, cafe.staff(Role.COUNTER), order.order_id)
        await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(started.items[0])))
    menu = await cafe.runner.read(read_menu, cafe.cafe_id, now=cafe.now)
    cart = [cafe.line("Toastie", "Rye")]
    estimate = await cafe.runner.read(estimate_cart, cafe.cafe_id, menu, cart, now=cafe.now)
    waits = (await cafe.runner.read(read_waits, cafe.cafe_id, now=cafe.now)).waits
    (wait,) = [each for each in waits if each.station_name == "Kitchen"]

    assert (estimate.low_s, estimate.high_s) == (60, 60)
    assert (wait.low_minutes, wait.high_minutes) == estimate.minutes


async def test_what_guests_ask_for_lately_is_counted(cafe):
    """By units and by dish, without what comes with it; another cafe's guests say nothing here."""
    oat, rye = cafe.line("Flat white", "Oat", quantity=2), cafe.line("Toastie", "Rye")
    await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[oat, rye]))
    await _order(cafe, "Flat white/Oat")
    await _order(cafe, "Flat white/Whole")
    asked = {
        line.menu_item_id: {line.modifiers[0].modifier_id: count}
        for line, count in ((oat, 3), (rye, 1))
    }

    assert await cafe.runner.read(read_asked, cafe.cafe_id, now=cafe.now) == asked
    assert await cafe.runner.read(read_asked, OTHER_CAFE_ID, now=cafe.now) == {}
