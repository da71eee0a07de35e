"""What the kitchen's panels read: what was finished today, and what a dish that is out touches."""

from datetime import timedelta

import pytest

from domain.commands import BumpTicket, FinishItems, PlaceOrder, SetAvailability
from domain.errors import NotFound
from domain.roles import Role
from services.boards import read_kitchen_board, search_finished_tickets
from services.sold_out import list_sellable, read_choice
from tests.support.cafes import OTHER_CAFE_ID, UNKNOWN_ID, units


async def _order(cafe, *lines, **options):
    command = PlaceOrder(lines=list(lines), **options)
    return await cafe.order(Role.COUNTER, "place_order", command)


async def _bump_all(cafe):
    board = await cafe.runner.read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now)
    for ticket in board.tickets:
        await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=ticket.ticket_id))


async def _find(cafe, wanted, *, station=None, now=None):
    station_id = None if station is None else cafe.stations[station]
    found = await cafe.runner.read(
        search_finished_tickets, cafe.cafe_id, station_id, wanted, now=now or cafe.now
    )
    return [(ticket.order_number, ticket.station_name) for ticket in found.tickets]


async def test_a_finished_ticket_is_found_at_its_station_and_on_its_day(cafe):
    """By dish, table or number; not what is open, not of another station, day or cafe."""
    first = await _order(cafe, cafe.line("Toastie", "Rye"), cafe.line("Water"), table_number=2)
    await _bump_all(cafe)
    await _order(cafe, cafe.line("Toastie", "Rye"))

    assert await _find(cafe, "toast") == [(first.order_number, "Kitchen")]
    assert await _find(cafe, "2", station="bar") == [(first.order_number, "Bar")]
    assert await _find(cafe, "toast", station="bar") == []
    assert await _find(cafe, "toast", now=cafe.now + timedelta(days=1)) == []
    with pytest.raises(NotFound):
        await cafe.runner.read(
            search_finished_tickets, OTHER_CAFE_ID, cafe.stations["bar"], "", now=cafe.now
        )


async def test_a_dish_that_is_out_says_which_orders_ask_for_it(cafe):
    """Units that are still to be made, by dish and by option; what is ready is on its plate."""
    touched = await _order(cafe, cafe.line("Flat white", "Oat", quantity=2), table_number=2)
    done = await _order(cafe, cafe.line("Flat white", "Oat"))
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(done.items[0])))
    dish = cafe.menu["Flat white"]
    oat = next(option for group in dish.groups for option in group.options if option.name == "Oat")

    async def choose(**ids):
        names = {"menu_item_id": None, "modifier_id": None, **ids}
        return await cafe.runner.read(read_choice, cafe.cafe_id, now=cafe.now, **names)

    for ids in ({"menu_item_id": dish.menu_item_id}, {"modifier_id": oat.modifier_id}):
        choice = await choose(**ids)
        assert [(each.order_number, each.quantity) for each in choice.touched] == [
            (touched.order_number, 2)
        ]
        assert not choice.is_sold_out
        end = choice.ends[0].until
        command = SetAvailability(is_sold_out=True, until=end, **ids)
        await cafe.do(Role.KITCHEN, "set_availability", command)
        assert ((await choose(**ids)).is_sold_out, (await choose(**ids)).until) == (True, end)
    with pytest.raises(NotFound):
        await choose(menu_item_id=UNKNOWN_ID)


async def test_a_station_sees_its_own_dishes_first(cafe):
    """All of the menu, the station's own before the others; removals are nothing to run out of."""
    things = await cafe.runner.read(
        list_sellable, cafe.cafe_id, cafe.stations["kitchen"], now=cafe.now
    )
    own = [dish.is_own for dish in things.dishes]

    assert own == sorted(own, reverse=True)
    assert {dish.item.name for dish in things.dishes} == set(cafe.menu)
    assert not any(option.is_removal for option in things.options)
