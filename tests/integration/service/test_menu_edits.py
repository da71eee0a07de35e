"""Editing the menu: a new version for orders to come, and nothing of those that were sent."""

import msgspec
import pytest

from domain.commands import (
    AddRound,
    EditMenuItem,
    EditModifier,
    FinishItems,
    LineDraft,
    PlaceOrder,
    Quote,
    StartItems,
)
from domain.errors import (
    AuthorizationDenied,
    Conflict,
    NotFound,
    UnprocessableInput,
    VersionConflict,
)
from domain.roles import Role
from domain.views.menu import MenuChangeView
from domain.views.money import QuoteView
from services.menu import read_menu
from services.menu_edits import read_editable_menu
from services.operations import OPERATIONS
from tests.support.cafes import OTHER_CAFE_ID, UNKNOWN_ID, describe, open_beside, units

WATER = "Water"


def edit(cafe, **changes):
    return EditMenuItem(menu_item_id=cafe.menu[WATER].menu_item_id, **changes)


async def do_edit(cafe, command, who=Role.MANAGER):
    name = "edit_modifier" if isinstance(command, EditModifier) else "edit_menu_item"
    outcome = await cafe.do(who, name, command)
    return msgspec.json.decode(outcome.body, type=MenuChangeView)


async def read_prices(cafe):
    menu = await cafe.runner.read(read_menu, cafe.cafe_id, now=cafe.now)
    return {item.name: item.price_minor for each in menu.categories for item in each.items}


async def test_a_new_price_is_for_orders_to_come(cafe):
    """The next quote has it; a sent order and its other rounds keep what they were sent with."""
    order = await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line(WATER)]))
    cafe.take_events()

    change = await do_edit(cafe, edit(cafe, price_minor=250, expected_version=1))

    (logged,) = cafe.take_events()
    assert describe([logged]) == ["menu_item_changed"]
    assert (logged.event.item.price_minor, logged.event.is_listed) == (250, True)
    assert logged.event.menu_version == change.menu_version == 2
    assert change.items[0].version == 2
    assert (await read_prices(cafe))[WATER] == 250
    quote = await cafe.runner.ask(
        OPERATIONS["quote"].function,
        Quote(lines=[cafe.line(WATER)]),
        identity=cafe.staff(Role.COUNTER),
    )
    assert msgspec.json.decode(quote.body, type=QuoteView).totals.total_minor == 250
    later = await cafe.order(
        Role.COUNTER, "add_round", AddRound(order_id=order.order_id, lines=[cafe.line(WATER)])
    )
    assert [item.line_total_minor for item in later.items] == [190, 250]
    assert later.totals.total_minor == 440


async def test_a_guest_is_told_of_a_price_that_changed_under_them(cafe):
    """What they saw and what it costs now differ: nothing is ordered at the new price unseen."""
    guest = await cafe.sit_down(1)
    asked = await cafe.runner.ask(
        OPERATIONS["quote"].function, Quote(lines=[cafe.line(WATER)]), identity=guest
    )
    seen = msgspec.json.decode(asked.body, type=QuoteView)
    await do_edit(cafe, edit(cafe, price_minor=250))

    with pytest.raises(Conflict) as refusal:
        await cafe.order(
            guest,
            "place_order",
            PlaceOrder(lines=[cafe.line(WATER)], quote_hash=seen.quote_hash),
        )

    assert refusal.value.code == "price_changed"


async def test_everything_about_a_dish_can_be_changed(cafe):
    """Names, text, time, station, allergens; what is not named stays."""
    station_id = cafe.stations["kitchen"]
    change = await do_edit(
        cafe,
        edit(
            cafe,
            name="Still water",
            kitchen_name="STILL",
            description="From the tap.",
            prep_s=30,
            station_id=station_id,
            allergens=["nuts", "milk", "nuts"],
        ),
    )

    (item,) = change.items
    assert (item.name, item.kitchen_name, item.description) == (
        "Still water",
        "STILL",
        "From the tap.",
    )
    assert (item.prep_s, item.station_id, item.allergens) == (30, station_id, ["milk", "nuts"])
    assert item.price_minor == cafe.menu[WATER].price_minor
    line = LineDraft(menu_item_id=item.menu_item_id, quantity=1)
    order = await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[line]))
    assert [(line.name, line.station_name) for line in order.items] == [("Still water", "Kitchen")]


async def test_saving_what_is_there_changes_nothing(cafe):
    """No new version, no message: a form that is saved twice is one edit."""
    water = cafe.menu[WATER]
    command = edit(cafe, name=WATER, price_minor=water.price_minor, is_listed=True)

    change = await do_edit(cafe, command)

    assert (change.menu_version, change.items[0].version) == (1, 1)
    assert cafe.take_events() == []


async def test_a_dish_leaves_the_menu_and_comes_back(cafe):
    """Nobody sees or orders it meanwhile; its editor does, and its orders go on."""
    order = await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line(WATER)]))
    cafe.take_events()
    await do_edit(cafe, edit(cafe, is_listed=False))

    (logged,) = cafe.take_events()
    assert (logged.event.item.name, logged.event.is_listed) == (WATER, False)
    assert WATER not in await read_prices(cafe)
    with pytest.raises(UnprocessableInput) as refusal:
        await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line(WATER)]))
    assert refusal.value.code == "unknown_menu_item"
    editable = await cafe.runner.read(read_editable_menu, cafe.cafe_id, now=cafe.now)
    assert [each.item.name for each in editable.items if not each.is_listed] == [WATER]
    assert order.items[0].name == WATER

    await do_edit(cafe, edit(cafe, is_listed=True))
    assert WATER in await read_prices(cafe)


async def test_an_options_price_changes_every_dish_that_offers_it(cafe):
    """Oat milk is in two coffees; a sent order keeps what it paid."""
    oat = next(each for each in cafe.menu["Latte"].groups[0].options if each.name == "Oat")
    order = await cafe.order(
        Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line("Latte", "Oat")])
    )
    cafe.take_events()

    await do_edit(
        cafe, EditModifier(modifier_id=oat.modifier_id, price_minor=80, expected_version=1)
    )

    changed = cafe.take_events()
    assert {logged.event.item.name for logged in changed} == {"Flat white", "Latte"}
    prices = {
        option.price_minor
        for logged in changed
        for option in logged.event.item.groups[0].options
        if option.name == "Oat"
    }
    assert prices == {80}
    after = await cafe.order(
        Role.COUNTER,
        "add_round",
        AddRound(order_id=order.order_id, lines=[cafe.line("Latte", "Oat")]),
    )
    assert [item.line_total_minor for item in after.items] == [460, 490]


async def test_two_editors_do_not_undo_each_other(cafe):
    """The second is told what the version is now; both processes count alike."""
    async with open_beside(cafe) as neighbour:
        await do_edit(cafe, edit(cafe, price_minor=200, expected_version=1))
        with pytest.raises(VersionConflict) as refusal:
            await do_edit(neighbour, edit(neighbour, price_minor=210, expected_version=1))
        assert refusal.value.details == {"current": 2}
        await do_edit(neighbour, edit(neighbour, price_minor=210, expected_version=2))

    assert (await read_prices(cafe))[WATER] == 210


async def test_what_cannot_be_edited(cafe):
    """No change, another cafe's things, unknown ones, an old option; nothing is written."""
    other = await cafe.runner.read(read_menu, OTHER_CAFE_ID, now=cafe.now)
    foreign = other.categories[0].items[0]
    oat_id = cafe.menu["Latte"].groups[0].options[1].modifier_id
    cases = [
        (edit(cafe), UnprocessableInput, "nothing_to_change"),
        (edit(cafe, price_minor=1, expected_version=9), VersionConflict, "version_conflict"),
        (edit(cafe, station_id=UNKNOWN_ID), NotFound, "not_found"),
        (EditMenuItem(menu_item_id=foreign.menu_item_id, price_minor=1), NotFound, "not_found"),
        (EditMenuItem(menu_item_id=UNKNOWN_ID, price_minor=1), NotFound, "not_found"),
        (EditModifier(modifier_id=UNKNOWN_ID, price_minor=1), NotFound, "not_found"),
        (
            EditModifier(modifier_id=oat_id, price_minor=1, expected_version=9),
            VersionConflict,
            "version_conflict",
        ),
    ]
    for command, error, code in cases:
        with pytest.raises(error) as refusal:
            await do_edit(cafe, command)
        assert refusal.value.code == code
    menu = await cafe.runner.read(read_menu, cafe.cafe_id, now=cafe.now)
    assert menu.menu_version == 1
    assert cafe.take_events() == []


@pytest.mark.parametrize("role", [Role.COUNTER, Role.EXPO, Role.KITCHEN])
async def test_the_menu_is_managements(cafe, role):
    """Whoever sells or cooks may say that it is out, and not what it costs."""
    with pytest.raises(AuthorizationDenied):
        await do_edit(cafe, edit(cafe, price_minor=1), who=role)


async def test_the_editor_shows_what_a_dish_takes_lately(cafe):
    """Half of what was begun and made, beside what is set; a dish that is made seldom says none."""
    order = await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line(WATER)] * 20))
    await cafe.do(Role.KITCHEN, "start_items", StartItems(items=units_of(order)))
    for seconds, items in ((60, units_of(order)[:10]), (30, units_of(order)[10:])):
        cafe.pass_time(seconds=seconds)
        await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=items))

    menu = await cafe.runner.read(read_editable_menu, cafe.cafe_id, now=cafe.now)

    (learned,) = menu.learned.values()
    assert list(menu.learned) == [cafe.menu[WATER].menu_item_id]
    assert (learned.p50_s, learned.p80_s, learned.seen) == (60, 90, 20)
    assert (await cafe.runner.read(read_editable_menu, OTHER_CAFE_ID, now=cafe.now)).learned == {}


def units_of(order):
    return [each for item in order.items for each in units(item)]
