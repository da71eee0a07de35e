"""Dishes that are counted down: every order takes its units, and the last one is sold once."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from domain.commands import (
    BumpTicket,
    CancelOrder,
    PlaceOrder,
    Quote,
    RejectRound,
    RemakeItems,
    ServeItems,
    SetAvailability,
    StartItems,
    VoidItems,
)
from domain.errors import AuthorizationDenied, UnprocessableInput
from domain.roles import Role
from domain.views.availability import MenuAvailabilityView
from services.availability_ends import (
    EndAvailability,
    EndedAvailability,
    end_availability,
    list_cafes_with_ends,
)
from services.boards import read_kitchen_board
from services.menu import read_availability, read_menu
from services.operations import OPERATIONS
from services.sold_out import read_choice
from tests.support.cafes import describe, open_beside, units

DISH = "Water"


async def _set(cafe, who=Role.KITCHEN, **wish):
    command = SetAvailability(menu_item_id=cafe.menu[DISH].menu_item_id, **wish)
    outcome = await cafe.do(who, "set_availability", command)
    return msgspec.json.decode(outcome.body, type=MenuAvailabilityView)


async def _order(cafe, quantity=1, who=Role.COUNTER, *others):
    lines = [*others, cafe.line(DISH, quantity=quantity)]
    return await cafe.order(who, "place_order", PlaceOrder(lines=lines))


def _list_faults(error):
    assert error.details is not None
    return error.details["faults"]


async def _read(cafe):
    """Return how many are left, and whether guests see the dish sold out."""
    found = await cafe.runner.read(read_availability, cafe.cafe_id, now=cafe.now)
    left = {each.name: each.left for each in found.counts}
    menu = await cafe.runner.read(read_menu, cafe.cafe_id, now=cafe.now)
    (dish,) = (
        item for each in menu.categories for item in each.items if item.name == cafe.menu[DISH].name
    )
    return left.get(DISH), dish.is_sold_out


async def test_orders_take_their_units_and_the_last_one_sells_out(cafe):
    """What is left is told to staff with each order, and to guests when it is nothing."""
    answer = await _set(cafe, is_sold_out=False, left=3)
    assert [(each.name, each.left) for each in answer.counts] == [(DISH, 3)]
    assert describe(cafe.take_events()) == ["menu_availability_changed", "menu_item_counted"]

    await _order(cafe, 2)
    told = [each.event for each in cafe.take_events()]
    assert [each.count.left for each in told if hasattr(each, "count")] == [1]
    assert [each.stock.menu_item_id for each in told if hasattr(each, "stock")] == [
        cafe.menu[DISH].menu_item_id
    ]
    assert not [each for each in told if hasattr(each, "menu_version")]
    assert await _read(cafe) == (1, False)

    with pytest.raises(UnprocessableInput) as refused:
        await _order(cafe, 2, Role.COUNTER, cafe.line("Toastie", "Rye"))
    assert refused.value.code == "not_enough_left"
    assert _list_faults(refused.value) == [
        {
            "code": "not_enough_left",
            "line": 1,
            "menuItemId": cafe.menu[DISH].menu_item_id,
            "name": DISH,
            "left": 1,
        }
    ]
    with pytest.raises(UnprocessableInput, match="only 1 left"):
        await cafe.runner.ask(
            OPERATIONS["quote"].function,
            Quote(lines=[cafe.line(DISH, quantity=2)]),
            identity=cafe.staff(Role.COUNTER),
        )
    # Two lines of one dish take from the same pot.
    with pytest.raises(UnprocessableInput, match="sold out"):
        await _order(cafe, 1, Role.COUNTER, cafe.line(DISH, note="no ice"))
    assert cafe.take_events() == []
    assert await _read(cafe) == (1, False)

    await _order(cafe, 1)
    told_last = describe(cafe.take_events())
    assert "menu_availability_changed" in told_last
    assert "dish_stock_changed" not in told_last
    assert await _read(cafe) == (0, True)
    with pytest.raises(UnprocessableInput, match="sold out"):
        await _order(cafe, 1)


async def test_what_the_kitchen_has_not_begun_comes_back(cafe):
    """A void, a part of one, or a cancelled order gives units back; what was begun is gone."""
    await _set(cafe, is_sold_out=False, left=4)
    order = await _order(cafe, 4)
    assert await _read(cafe) == (0, True)

    part = VoidItems(order_id=order.order_id, items=units(order.items[0], 1), reason="one less")
    order = await cafe.order(Role.COUNTER, "void_items", part)
    assert await _read(cafe) == (1, False)

    begun = units(order.items[0], 1)
    await cafe.do(Role.KITCHEN, "start_items", StartItems(items=begun))
    assert await _read(cafe) == (1, False)
    cancel = CancelOrder(order_id=order.order_id, reason="guest left")
    with pytest.raises(AuthorizationDenied):
        await cafe.order(Role.COUNTER, "cancel_order", cancel)
    assert await _read(cafe) == (1, False)
    await cafe.order(Role.MANAGER, "cancel_order", cancel)
    assert await _read(cafe) == (3, False)

    await _set(cafe, is_sold_out=False)
    assert await _read(cafe) == (None, False)


async def test_a_round_that_is_refused_gives_back_what_it_kept(strict_cafe):
    """While a round waits for the counter nobody else can have its units."""
    cafe = strict_cafe
    await _set(cafe, is_sold_out=False, left=1)
    guest = await cafe.sit_down(1)
    order = await _order(cafe, 1, guest)
    assert await _read(cafe) == (0, True)
    reject = RejectRound(order_id=order.order_id, round_number=1, reason="kitchen closed")

    await cafe.order(Role.COUNTER, "reject_round", reject)

    assert await _read(cafe) == (1, False)


async def test_a_remake_takes_what_is_left_and_is_never_refused(cafe):
    """A guest whose plate fell is owed one, whatever the count says."""
    await _set(cafe, is_sold_out=False, left=2)
    order = await _order(cafe, 1)
    board = await cafe.runner.read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now)
    await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=board.tickets[0].ticket_id))
    await cafe.do(Role.COUNTER, "serve_items", ServeItems(items=units(order.items[0])))
    remake = RemakeItems(items=units(order.items[0]), reason="fell")

    cafe.take_events()
    await cafe.do(Role.COUNTER, "remake_items", remake)
    assert await _read(cafe) == (0, True)
    told = [each.event.order for each in cafe.take_events() if hasattr(each.event, "order")]
    again = next(item for item in told[-1].items if item.remake_of)
    void = VoidItems(order_id=order.order_id, items=units(again), reason="guest left")
    await cafe.order(Role.COUNTER, "void_items", void)
    assert await _read(cafe) == (1, False)
    await _order(cafe, 1)
    await cafe.do(Role.COUNTER, "remake_items", remake)
    assert await _read(cafe) == (0, True)


async def test_the_last_one_is_sold_once(cafe):
    """Of many who want it, in two processes, so many get it; the others hear which line."""
    await _set(cafe, is_sold_out=False, left=3)
    async with open_beside(cafe) as beside:
        doors = [cafe, beside] * 6
        asked = await asyncio.gather(*(_order(each) for each in doors), return_exceptions=True)

    refused = [each for each in asked if isinstance(each, UnprocessableInput)]
    assert len(asked) - len(refused) == 3
    assert {each.code for each in refused} <= {"sold_out", "not_enough_left"}
    assert {_list_faults(each)[0]["line"] for each in refused} == {0}
    assert await _read(cafe) == (0, True)


async def test_only_a_dish_that_is_for_sale_is_counted(cafe):
    """Not an option, nor what is sold out; and what a kitchen is offered is what may be said."""
    oat = next(
        option
        for group in cafe.menu["Latte"].groups
        for option in group.options
        if option.name == "Oat"
    )
    for wish in (
        {"menu_item_id": cafe.menu[DISH].menu_item_id, "is_sold_out": True, "left": 3},
        {"modifier_id": oat.modifier_id, "is_sold_out": False, "left": 3},
    ):
        with pytest.raises(UnprocessableInput) as refused:
            await cafe.do(Role.KITCHEN, "set_availability", SetAvailability(**wish))
        assert refused.value.code == "cannot_be_counted"

    await _set(cafe, is_sold_out=False, left=7)
    ids = {"menu_item_id": cafe.menu[DISH].menu_item_id, "modifier_id": None}
    choice = await cafe.runner.read(read_choice, cafe.cafe_id, now=cafe.now, **ids)
    assert (choice.left, 7 in choice.counts) == (7, True)
    await _set(cafe, is_sold_out=True)
    assert await _read(cafe) == (None, True)


async def test_a_count_ends_with_its_time(cafe):
    """What it sold out is sold again, and everybody who has the menu open hears of it."""
    until = cafe.now + timedelta(hours=2)
    await _set(cafe, is_sold_out=False, left=2, until=until)
    await _order(cafe, 2)
    found = await cafe.runner.read(read_availability, cafe.cafe_id, now=cafe.now)
    assert [each.until for each in found.counts] == [until]
    assert await _end(cafe) == []
    assert await _read(cafe) == (0, True)

    cafe.pass_time(hours=2)
    cafe.take_events()
    assert await _end(cafe) == [cafe.menu[DISH].menu_item_id]
    assert describe(cafe.take_events()) == ["menu_availability_changed", "menu_item_counted"]
    assert await _read(cafe) == (None, False)
    assert await _end(cafe) == []
    await _order(cafe, 3)


async def test_what_was_sold_out_for_an_hour_is_told_when_it_is_over(cafe):
    """A dish and an option; what stands until changed, and a count without an end, stay."""
    until = cafe.now + timedelta(hours=1)
    rye = next(
        option
        for group in cafe.menu["Toastie"].groups
        for option in group.options
        if option.name == "Rye"
    )
    sold_out = SetAvailability(modifier_id=rye.modifier_id, is_sold_out=True, until=until)
    await cafe.do(Role.KITCHEN, "set_availability", sold_out)
    await _set(cafe, is_sold_out=False, left=2)
    latte = SetAvailability(menu_item_id=cafe.menu["Latte"].menu_item_id, is_sold_out=True)
    await cafe.do(Role.KITCHEN, "set_availability", latte)
    cafe.take_events()

    cafe.pass_time(hours=1)
    assert cafe.menu["Toastie"].menu_item_id in await _end(cafe)
    assert set(describe(cafe.take_events())) == {"menu_availability_changed"}
    assert await _read(cafe) == (2, False)
    menu = await cafe.runner.read(read_menu, cafe.cafe_id, now=cafe.now)
    dishes = [item for each in menu.categories for item in each.items]
    assert [item.name for item in dishes if item.is_sold_out] == ["Latte"]


async def _end(cafe):
    """Let the clock look once; return the dishes that it told of."""
    if cafe.cafe_id not in await cafe.runner.read(list_cafes_with_ends, cafe.now):
        return []
    outcome = await cafe.runner.write(
        end_availability,
        EndAvailability(),
        command_type="end_availability",
        cafe_id=cafe.cafe_id,
    )
    return msgspec.json.decode(outcome.body, type=EndedAvailability).menu_item_ids
