"""Submitting: who may order what for whom, at which price, and what is refused."""

import asyncio
from datetime import date
from typing import Any

import msgspec
import pytest

from domain.commands import (
    AddRound,
    CancelOrder,
    CloseTableSession,
    FinishItems,
    LineDraft,
    PlaceOrder,
    Quote,
    ServeItems,
    SetAvailability,
    VoidItems,
)
from domain.errors import (
    AuthorizationDenied,
    Conflict,
    IdempotencyMismatch,
    InvalidTransition,
    NotFound,
    TableTapError,
)
from domain.roles import Role
from domain.statuses import Channel, OrderStatus
from models.base import database_proxy
from models.schema import TABLES
from services.boards import read_order
from services.idempotency import CommandKey, find_answers
from services.menu import read_menu
from tests.support.cafes import OTHER_CAFE_ID, UNKNOWN_ID, describe, units


async def _place(cafe, who, *lines, **options):
    return await cafe.order(who, "place_order", PlaceOrder(lines=list(lines), **options))


def _decode(outcome):
    return msgspec.json.decode(outcome.body)


async def _count_rows(cafe):
    return await cafe.runner.read(
        lambda: {table.__name__: table.select().count() for table in TABLES}
    )


async def test_a_seating_has_one_order(cafe):
    """Who submits again adds a round, whoever's phone it is."""
    first, second = await cafe.sit_down(1), await cafe.sit_down(1)
    order = await _place(cafe, first, cafe.line("Water"))
    again = await _place(cafe, second, cafe.line("Latte"))
    by_staff = await _place(cafe, Role.COUNTER, cafe.line("Water"), table_number=1)

    assert again.order_id == by_staff.order_id == order.order_id
    assert by_staff.channel is Channel.TABLE
    assert [each.lane_number for each in by_staff.rounds] == [1, 2, None]
    assert [item.lane_id for item in by_staff.items] == [first.lane_id, second.lane_id, None]
    assert "order_round_added 3" in describe(cafe.take_events())


async def test_the_counter_opens_a_seating_or_sells(cafe):
    """With a table number the table is seated; without one it is a sale, each a new order."""
    at_table = await _place(cafe, Role.COUNTER, cafe.line("Water"), table_number=2)
    sale = await _place(cafe, Role.COUNTER, cafe.line("Water"))
    other = await _place(cafe, Role.COUNTER, cafe.line("Water"))

    assert (at_table.table_number, at_table.table_label) == (2, "Table 2")
    assert (sale.channel, sale.table_number, sale.table_session_id) == (
        Channel.COUNTER,
        None,
        None,
    )
    assert [each.order_number for each in (at_table, sale, other)] == [1, 2, 3]
    assert describe(cafe.take_events())[:2] == ["table_session_opened", "order_created"]


async def test_a_cancelled_order_makes_room_for_a_new_one(cafe):
    """The seating's next submit begins anew; a round cannot be hung on what has ended."""
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"))
    await cafe.do(Role.COUNTER, "cancel_order", CancelOrder(order_id=order.order_id, reason="left"))

    with pytest.raises(InvalidTransition):
        await cafe.do(
            guest, "add_round", AddRound(order_id=order.order_id, lines=[cafe.line("Water")])
        )
    new = await _place(cafe, guest, cafe.line("Water"))
    assert new.order_id != order.order_id
    assert new.order_number == 2


async def test_numbers_begin_anew_with_the_business_day(cafe):
    """After midnight is still the evening before; at four a new day begins."""
    first = await _place(cafe, Role.COUNTER, cafe.line("Water"))
    cafe.pass_time(hours=15)
    late = await _place(cafe, Role.COUNTER, cafe.line("Water"))
    cafe.pass_time(hours=1)
    early = await _place(cafe, Role.COUNTER, cafe.line("Water"))

    assert (first.order_number, late.order_number, early.order_number) == (1, 2, 1)
    assert first.business_date == late.business_date == date(2026, 11, 23)
    assert early.business_date == date(2026, 11, 24)


async def test_totals_and_taxes_are_stored_per_line(cafe):
    """What a receipt will say is what the rows say, after a second round too."""
    order = await _place(
        cafe,
        Role.COUNTER,
        cafe.line("Flat white", "Oat", quantity=3),
        cafe.line("Toastie", "Rye"),
    )
    order = await cafe.order(
        Role.COUNTER,
        "add_round",
        AddRound(order_id=order.order_id, lines=[cafe.line("Water", quantity=7)]),
    )

    def read():
        rows = database_proxy.execute_sql(
            "SELECT SUM(line_total_minor), SUM(tax_minor), SUM(net_minor) FROM order_item"
        ).fetchone()
        order_row = database_proxy.execute_sql(
            "SELECT subtotal_minor, tax_minor, total_minor FROM orders"
        ).fetchone()
        return [int(value) for value in rows], list(order_row)

    lines, totals = await cafe.runner.read(read)
    assert order.totals.total_minor == 3 * 440 + 890 + 7 * 190
    assert lines == [totals[0], totals[1], totals[2] - totals[1]]
    assert totals == [
        order.totals.subtotal_minor,
        order.totals.tax_minor,
        order.totals.total_minor,
    ]


async def test_a_quote_holds_until_a_price_changes(cafe):
    """The same lines at the same price are taken; another price is shown first."""
    guest = await cafe.sit_down(1)
    lines = [cafe.line("Flat white", "Oat"), cafe.line("Toastie", "Rye", quantity=2)]
    quote = await cafe.do(guest, "quote", Quote(lines=lines))
    quote_hash = _decode(quote)["quoteHash"]
    await _place(cafe, guest, *lines, quote_hash=quote_hash)

    def raise_price(unit, _):
        database_proxy.execute_sql(
            "UPDATE menu_item SET price_minor = price_minor + 10 WHERE name = 'Toastie'"
        )
        database_proxy.execute_sql("UPDATE cafe SET menu_version = menu_version + 1")
        return {}

    await cafe.runner.write(raise_price, None, command_type="test", cafe_id=cafe.cafe_id)
    before = await _count_rows(cafe)
    with pytest.raises(Conflict) as refusal:
        await _place(cafe, guest, *lines, quote_hash=quote_hash)

    assert refusal.value.code == "price_changed"
    current = (refusal.value.details or {})["quote"]
    assert current["totals"]["totalMinor"] == 440 + 2 * 900
    assert await _count_rows(cafe) == before
    await _place(cafe, guest, *lines, quote_hash=current["quoteHash"])


async def test_a_quote_changes_nothing(cafe):
    """No row, no event, no number."""
    before = await _count_rows(cafe)
    outcome = await cafe.do(Role.COUNTER, "quote", Quote(lines=[cafe.line("Latte")]))

    assert _decode(outcome)["totals"]["totalMinor"] == 410
    assert outcome.seq == 0
    assert await _count_rows(cafe) == before


async def test_bad_orders_leave_nothing_behind(cafe):
    """Each refusal has its code; rows and numbers are as before, and the next order is taken."""
    guest = await cafe.sit_down(1)
    other_menu = await cafe.runner.read(read_menu, OTHER_CAFE_ID, now=cafe.now)
    foreign = other_menu.categories[0].items[2].menu_item_id
    await cafe.do(
        Role.KITCHEN,
        "set_availability",
        SetAvailability(is_sold_out=True, menu_item_id=cafe.menu["Latte"].menu_item_id),
    )
    cases: list[tuple[list[LineDraft], dict[str, Any], str]] = [
        ([LineDraft(menu_item_id=UNKNOWN_ID, quantity=1)], {}, "unknown_menu_item"),
        ([LineDraft(menu_item_id=foreign, quantity=1)], {}, "unknown_menu_item"),
        ([cafe.line("Latte")], {}, "sold_out"),
        ([cafe.line("Toastie")], {}, "modifier_required"),
        ([cafe.line("Flat white", "Oat", "Whole")], {}, "too_many_modifiers"),
        ([cafe.line("Water")], {"table_number": 2}, "not_your_table"),
        ([cafe.line("Water")], {"quote_hash": "0" * 32}, "price_changed"),
    ]
    before = await _count_rows(cafe)

    for lines, options, code in cases:
        with pytest.raises(TableTapError) as refusal:
            await _place(cafe, guest, *lines, **options)
        assert refusal.value.code == code
        assert await _count_rows(cafe) == before
    order = await _place(cafe, guest, cafe.line("Water"))
    assert order.order_number == 1


async def test_another_cafes_ids_look_like_no_ids(cafe):
    """Codes, messages and details of both refusals are the same."""
    staff = cafe.staff(Role.MANAGER)
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"))
    stranger = await cafe.sit_down(2)
    item = order.items[0]

    async def refuse(who, name, command):
        with pytest.raises(NotFound) as refusal:
            await cafe.do(who, name, command)
        return refusal.value.code, refusal.value.message, refusal.value.details

    def add(order_id):
        return AddRound(order_id=order_id, lines=[cafe.line("Water")])

    assert await refuse(stranger, "add_round", add(order.order_id)) == await refuse(
        stranger, "add_round", add(UNKNOWN_ID)
    )
    assert await refuse(
        stranger, "void_items", VoidItems(order_id=order.order_id, items=units(item))
    ) == await refuse(stranger, "void_items", VoidItems(order_id=UNKNOWN_ID, items=units(item)))
    with pytest.raises(NotFound):
        await _place(cafe, staff, cafe.line("Water"), table_number=99)


async def test_rights_are_asked_for_before_anything_else(cafe):
    """A cook orders nothing, a guest finishes nothing."""
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"))

    with pytest.raises(AuthorizationDenied):
        await _place(cafe, Role.KITCHEN, cafe.line("Water"))
    with pytest.raises(AuthorizationDenied):
        await cafe.do(guest, "finish_items", FinishItems(items=units(order.items[0])))
    with pytest.raises(AuthorizationDenied):
        await cafe.do(
            Role.KITCHEN, "cancel_order", CancelOrder(order_id=order.order_id, reason="no")
        )


async def test_a_repeated_command_orders_once(cafe):
    """The same id gets the first answer; with another body it is refused."""
    guest = await cafe.sit_down(1)
    command = PlaceOrder(lines=[cafe.line("Water")])
    first = await cafe.do(guest, "place_order", command, command_id="c-1")
    again = await cafe.do(guest, "place_order", command, command_id="c-1")

    assert (again.body, again.seq, again.is_replayed) == (first.body, first.seq, True)
    with pytest.raises(IdempotencyMismatch):
        await cafe.do(
            guest, "place_order", PlaceOrder(lines=[cafe.line("Latte")]), command_id="c-1"
        )
    assert describe(cafe.take_events()).count("order_created") == 1


async def test_first_answers_of_a_group_are_found_by_their_keys(cafe):
    """All of a group in one question, which the fixture holds to an index (tests/support/plans)."""
    guest = await cafe.sit_down(1)
    for number in (1, 2):
        order = PlaceOrder(lines=[cafe.line("Water")])
        await cafe.do(guest, "place_order", order, command_id=f"c-{number}")
    keys = [
        CommandKey(cafe.cafe_id, guest.principal, "place_order", command_id)
        for command_id in ("c-1", "c-2", "c-3")
    ]

    assert set(keys[:2]) == set(await cafe.runner.read(find_answers, keys))


async def test_phones_that_submit_at_once_make_one_order(cafe):
    """Two lanes, ten rounds, one order; numbers of counter sales beside them have no gap."""
    guests = [await cafe.sit_down(1) for _ in range(2)]
    placed = await asyncio.gather(
        *(_place(cafe, guests[number % 2], cafe.line("Water")) for number in range(10)),
        *(_place(cafe, Role.COUNTER, cafe.line("Water")) for _ in range(5)),
    )

    seated, sales = placed[:10], placed[10:]
    assert len({order.order_id for order in seated}) == 1
    assert max(len(order.rounds) for order in seated) == 10
    numbers = {order.order_number for order in seated + sales}
    assert numbers == set(range(1, 7))
    log = await cafe.read_log()
    assert [logged.seq for logged in log] == list(range(1, len(log) + 1))


async def test_a_round_after_the_table_was_closed_is_refused(cafe):
    """The guests have gone; what staff add would be nobody's."""
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"))
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(order.items[0])))
    await cafe.do(Role.EXPO, "serve_items", ServeItems(items=units(order.items[0])))
    await cafe.do(
        Role.COUNTER,
        "close_table_session",
        CloseTableSession(table_session_id=guest.table_session_id),
    )

    with pytest.raises(Conflict) as refusal:
        await cafe.do(
            Role.COUNTER,
            "add_round",
            AddRound(order_id=order.order_id, lines=[cafe.line("Water")]),
        )
    assert refusal.value.code == "table_session_closed"


async def test_an_order_has_an_end(cafe):
    """Sixty lines a round, three hundred an order: then a new one."""
    lines = [cafe.line("Water")] * 60
    order = await _place(cafe, Role.COUNTER, *lines)
    for _ in range(4):
        order = await cafe.order(
            Role.COUNTER, "add_round", AddRound(order_id=order.order_id, lines=lines)
        )

    with pytest.raises(Conflict) as refusal:
        await cafe.do(
            Role.COUNTER,
            "add_round",
            AddRound(order_id=order.order_id, lines=[cafe.line("Water")]),
        )
    assert refusal.value.code == "order_too_long"
    assert order.status is OrderStatus.CONFIRMED


async def test_a_menu_change_does_not_touch_an_order(cafe):
    """Names and prices are those of the moment of ordering; what was ordered is still made."""
    order = await _place(cafe, Role.COUNTER, cafe.line("Water"))

    def rename(unit, _):
        database_proxy.execute_sql("UPDATE menu_item SET name = 'Gone', price_minor = 1")
        database_proxy.execute_sql("UPDATE cafe SET menu_version = menu_version + 1")
        return {}

    await cafe.runner.write(rename, None, command_type="test", cafe_id=cafe.cafe_id)
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(order.items[0])))
    after = await cafe.runner.read(read_order, cafe.staff(Role.COUNTER), order.order_id)

    assert after.items[0].name == "Water"
    assert after.totals == order.totals
