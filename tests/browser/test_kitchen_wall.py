"""A kitchen's wall with what is awkward: long words everywhere, and all stations on one screen."""

import msgspec
import pytest
from playwright.async_api import Page, expect

from domain.commands import PlaceOrder
from tests.support.demo_cafe import DemoCafe, ServeDemo, draft_line
from tests.support.waiting import wait_for

# As long as the limits of the commands allow (domain/commands.py).
LONG_NOTE = "Cut into very small pieces for a child, and please no crust at all. " * 3
LONG_ALLERGY = "Severe peanut, tree nut and sesame allergy, carries an EpiPen"


@pytest.fixture
def cafe(serve_demo: ServeDemo) -> DemoCafe:
    """Serve the demo."""
    return serve_demo()


async def order_at_length(cafe: DemoCafe) -> None:
    """Order everything that a cook can be told, in as many words as go into it."""
    till = await cafe.speak_as("counter")
    menu = await till.read_menu()
    removals = ("No butter", "No pickles", "No mustard")
    extras = ("Smoked bacon", "Avocado", "Grilled halloumi", "Garlic mushrooms")
    first = draft_line(menu, "Tosta mista", *removals)
    lines = [
        msgspec.structs.replace(first, note=LONG_NOTE[:120]),
        draft_line(menu, "Mushroom and thyme toastie", *extras, *removals, quantity=99),
        draft_line(menu, "Eggs on toast", "Scrambled, with butter", "Buckwheat, gluten free"),
    ]
    await till.place_order(
        PlaceOrder(lines=lines, allergy=LONG_ALLERGY[:60], note=LONG_NOTE[:200], table_number=7)
    )
    plain = draft_line(menu, "Tosta mista")
    await till.place_order(
        PlaceOrder(lines=[msgspec.structs.replace(plain, note=LONG_NOTE[:200])], note="Together")
    )


async def expect_nothing_cut(wall: Page) -> None:
    """Wait until the pages are laid out and the lines of every cell in sight fit it."""
    lines = wall.locator(".ticket__lines:visible")

    async def fits() -> bool:
        rests: list[int] = await lines.evaluate_all(
            "lists => lists.map(list => list.scrollHeight - list.clientHeight)"
        )
        return bool(rests) and max(rests) <= 1

    await wait_for(fits, "every line to fit its cell")


async def test_no_letter_of_a_long_ticket_is_cut(cafe):
    """What does not fit goes on in the next cell, at every size of the letters and on a laptop."""
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/kitchen")
    await order_at_length(cafe)
    await expect(wall.locator('[data-column="open"] > order-ticket')).to_have_count(2)
    await expect_nothing_cut(wall)
    for _ in range(3):
        await wall.locator('.wall__bar > [data-scale="1"]').tap()
        await expect_nothing_cut(wall)
    # Choices and numbers grow with the names.
    name, choice, number = [
        await wall.locator(each).first.evaluate("it => parseFloat(getComputedStyle(it).fontSize)")
        for each in (".line__name", ".line__modifiers", ".ticket__number")
    ]
    assert (round(choice / name, 2), round(number / name, 2)) == (0.85, 1.8)
    await wall.set_viewport_size({"width": 1366, "height": 768})
    await expect_nothing_cut(wall)


async def test_a_wall_of_all_stations_names_them(cafe):
    """Two tickets of one order are told apart; a station's own wall does not repeat its name."""
    till = await cafe.speak_as("counter")
    menu = await till.read_menu()
    lines = [draft_line(menu, "Tosta mista"), draft_line(menu, "Espresso")]
    await till.place_order(PlaceOrder(lines=lines))
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen")
    await expect(wall.get_by_role("heading", name="All stations")).to_be_visible()
    own = wall.locator(".station--own")
    assert {"Bar", "Kitchen"} == set(await own.all_inner_texts())
    await expect(own.first).to_be_visible()
    bar = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    await expect(bar.locator(".station--own")).to_be_hidden()


async def test_the_rail_says_what_is_still_to_make(cafe):
    """Sums over all tickets with their wishes; a pressed row lights its lines."""
    till = await cafe.speak_as("counter")
    menu = await till.read_menu()
    for quantity, choices in ((2, ("No butter",)), (1, ())):
        line = draft_line(menu, "Tosta mista", *choices, quantity=quantity)
        await till.place_order(PlaceOrder(lines=[line]))
    wall = await cafe.open_display("kitchen", "kitchen", "/kitchen/kitchen")
    row = wall.locator(".all-day").filter(has_text="Tosta mista")
    await expect(row).to_have_text("3Tosta mista2 NO butter")
    await row.tap()
    await expect(wall.locator(".line[data-lit]")).to_have_count(2)
    await wall.locator(".line").first.tap()
    await expect(row).to_have_text("1Tosta mista")
    await wall.locator(".line").last.tap()
    await expect(wall.get_by_text("Nothing to make right now.")).to_be_visible()
