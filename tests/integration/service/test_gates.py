"""Tables, approvals and the menu: who sits where, what waits, and what is sold out."""

import asyncio
from datetime import datetime, timedelta, timezone
from functools import partial

import msgspec
import pytest

from domain.commands import (
    AddRound,
    ApproveRound,
    CloseTableSession,
    FinishItems,
    OpenTableSession,
    PlaceOrder,
    RejectRound,
    ServeItems,
    SetAvailability,
    SetGrace,
    VoidItems,
)
from domain.errors import (
    AuthenticationFailed,
    AuthorizationDenied,
    Conflict,
    InvalidTransition,
    NotFound,
    UnprocessableInput,
)
from domain.roles import Role
from domain.statuses import OrderStatus
from domain.views.availability import MenuAvailabilityView
from domain.views.guests import GuestSessionView
from domain.views.orders import OrdersView
from domain.views.tables import TableView
from models.base import database_proxy
from services.approvals import ExpireDueHolds, expire_due_holds, list_cafes_with_due_holds
from services.boards import read_kitchen_board, read_order
from services.menu import read_menu
from services.operations import OPERATIONS
from services.tables import list_tables, open_table_session, read_guest_session
from tests.support.cafes import CAFE_ID, OTHER_CAFE_ID, describe, open_beside, units

# In UTC this is beyond the last year that a datetime can name.
END_OF_TIME = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12)))


async def _place(cafe, who, *lines, **options):
    return await cafe.order(who, "place_order", PlaceOrder(lines=list(lines), **options))


async def _scan(cafe, code, identity=None):
    outcome = await cafe.runner.write(
        OPERATIONS["open_table_session"].function,
        OpenTableSession(table_code=code),
        command_type="open_table_session",
        identity=identity,
    )
    return msgspec.json.decode(outcome.body, type=GuestSessionView)


# --- tables -----------------------------------------------------------------------------------


async def test_every_phone_has_a_lane_of_its_own(cafe):
    """One seating, numbered lanes, one event; the same phone keeps its lane."""
    first = await _scan(cafe, cafe.codes[1])
    second = await _scan(cafe, cafe.codes[1])
    guest = await cafe.sit_down(1)
    again = await _scan(cafe, cafe.codes[1], identity=guest)

    assert first.table_session_id == second.table_session_id
    assert (first.lane_number, second.lane_number, again.lane_number) == (1, 2, 3)
    assert again.lane_id == guest.lane_id
    assert (first.table_label, first.cafe_name) == ("Table 1", "first")
    assert describe(cafe.take_events()) == ["table_session_opened"]
    shown = await cafe.runner.read(read_guest_session, CAFE_ID, first.lane_id)
    assert shown == first


async def test_phones_that_scan_at_once_share_a_seating(cafe):
    """Whoever is slower joins; nobody gets a second seating or somebody's number."""
    async with open_beside(cafe) as second:
        sessions = await asyncio.gather(
            *(_scan(each, cafe.codes[2]) for each in (cafe, second) for _ in range(4))
        )

    assert len({session.table_session_id for session in sessions}) == 1
    assert sorted(session.lane_number for session in sessions) == list(range(1, 9))


async def test_phones_that_scan_at_once_never_pass_the_limit(cafe):
    """Whichever process they come through: the seating's row is locked while they are counted."""
    scan = partial(open_table_session, lane_limit=5)
    async with open_beside(cafe) as second:
        answers = await asyncio.gather(
            *(
                each.runner.write(
                    scan,
                    OpenTableSession(table_code=cafe.codes[2]),
                    command_type="open_table_session",
                )
                for each in (cafe, second)
                for _ in range(6)
            ),
            return_exceptions=True,
        )

    refused = [each for each in answers if isinstance(each, Conflict)]
    assert [error.code for error in refused] == ["table_full"] * 7


async def test_a_code_of_no_table_is_unknown(cafe):
    """Nothing tells how close a guess was."""
    with pytest.raises(NotFound):
        await _scan(cafe, "no-such-code-anywhere")


async def test_a_table_closes_when_all_is_served(cafe):
    """What is under way is served or cancelled first; then the phones are out."""
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"))
    close = CloseTableSession(table_session_id=guest.table_session_id)
    with pytest.raises(Conflict) as refusal:
        await cafe.do(Role.COUNTER, "close_table_session", close)
    assert refusal.value.code == "orders_open"
    assert refusal.value.details == {"orderNumbers": [1]}

    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(order.items[0])))
    await cafe.do(Role.EXPO, "serve_items", ServeItems(items=units(order.items[0])))
    cafe.take_events()
    outcome = await cafe.do(Role.COUNTER, "close_table_session", close)

    assert msgspec.json.decode(outcome.body, type=TableView).status == "free"
    (closed,) = cafe.take_events()
    assert closed.event.table_session_id == guest.table_session_id
    with pytest.raises(AuthenticationFailed):
        await _place(cafe, guest, cafe.line("Water"))
    with pytest.raises(NotFound):
        await cafe.runner.read(read_guest_session, CAFE_ID, guest.lane_id)
    with pytest.raises(NotFound):
        await cafe.do(Role.COUNTER, "close_table_session", close)
    fresh = await cafe.sit_down(1)
    assert fresh.table_session_id != guest.table_session_id
    assert (await _place(cafe, fresh, cafe.line("Water"))).order_number == 2


async def test_a_table_of_another_cafe_is_not_closed(cafe):
    """Its seating looks like none."""
    guest = await cafe.sit_down(1)
    async with open_beside(cafe, cafe_id=OTHER_CAFE_ID) as other:
        with pytest.raises(NotFound):
            await other.do(
                Role.OWNER,
                "close_table_session",
                CloseTableSession(table_session_id=guest.table_session_id),
            )
        tables = (await cafe.runner.read(list_tables, OTHER_CAFE_ID)).tables
    assert {table.status for table in tables} == {"free"}


# --- approvals --------------------------------------------------------------------------------


async def test_a_first_order_waits_for_the_counter(strict_cafe):
    """No ticket, no number on the board; approved, it fires, and the next one does at once."""
    cafe = strict_cafe
    guest = await cafe.sit_down(1)
    cafe.take_events()
    order = await _place(cafe, guest, cafe.line("Water"))
    assert order.status is OrderStatus.SUBMITTED
    assert order.rounds[0].holds[0].expires_at == cafe.now + timedelta(minutes=10)
    assert describe(cafe.take_events()) == ["order_created"]
    board = await cafe.runner.read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now)
    assert board.tickets == []

    with pytest.raises(AuthorizationDenied):
        await cafe.do(
            Role.KITCHEN, "approve_round", ApproveRound(order_id=order.order_id, round_number=1)
        )
    cafe.pass_time(minutes=1)
    approve = ApproveRound(order_id=order.order_id, round_number=1)
    approved = await cafe.order(Role.COUNTER, "approve_round", approve)
    assert approved.status is OrderStatus.CONFIRMED
    assert approved.rounds[0].fired_at == cafe.now
    assert describe(cafe.take_events()) == [
        "order_round_updated 1 confirmed",
        "kitchen_order_received Bar",
        "order_status_updated submitted confirmed",
        "order_number_preparing",
    ]

    second = await _place(cafe, guest, cafe.line("Water"))
    assert [each.status for each in second.rounds] == ["confirmed", "confirmed"]
    with pytest.raises(InvalidTransition):
        await cafe.do(Role.COUNTER, "approve_round", approve)
    with pytest.raises(NotFound):
        await cafe.do(
            Role.COUNTER, "approve_round", ApproveRound(order_id=order.order_id, round_number=9)
        )


async def test_a_rejected_order_tells_the_guest_why(strict_cafe):
    """The reason is on the round; what comes next is a new order, and waits again."""
    cafe = strict_cafe
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"))
    cafe.take_events()
    rejected = await cafe.order(
        Role.COUNTER,
        "reject_round",
        RejectRound(order_id=order.order_id, round_number=1, reason="kitchen closed"),
    )

    assert rejected.status is OrderStatus.REJECTED
    assert rejected.rounds[0].reason == "kitchen closed"
    assert rejected.totals.total_minor == 0
    assert describe(cafe.take_events()) == [
        "order_round_updated 1 rejected",
        "order_status_updated submitted rejected",
    ]
    again = await _place(cafe, guest, cafe.line("Water"))
    assert (again.order_number, again.status) == (2, OrderStatus.SUBMITTED)


async def _end_holds(cafe):
    """Do what the clock's job does."""
    outcome = await cafe.runner.write(
        expire_due_holds, ExpireDueHolds(), command_type="expire", cafe_id=cafe.cafe_id
    )
    return msgspec.json.decode(outcome.body, type=OrdersView).orders


async def _list_tickets(cafe):
    board = await cafe.runner.read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now)
    return board.tickets


async def _give_grace(cafe, *, seconds: int = 20) -> None:
    await cafe.do(Role.MANAGER, "set_grace", SetGrace(grace_s=seconds))
    cafe.take_events()


async def test_a_round_that_is_taken_back_was_never_in_the_kitchen(cafe):
    """Twenty seconds are the guest's: no ticket, and no word to any cook."""
    await _give_grace(cafe)
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"))
    assert (order.status, order.rounds[0].holds[0].kind) == (OrderStatus.SUBMITTED, "schedule")
    cafe.pass_time(seconds=19)
    assert await _end_holds(cafe) == []
    (item,) = order.rounds[0].items
    taken = await cafe.order(
        guest, "void_items", VoidItems(order_id=order.order_id, items=units(item))
    )
    cafe.pass_time(seconds=10)

    assert (taken.status, await _end_holds(cafe)) == (OrderStatus.CANCELLED, [])
    assert [line for line in describe(cafe.take_events()) if "kitchen" in line] == []
    assert await _list_tickets(cafe) == []


async def test_a_round_that_is_kept_fires_when_its_time_is_over(cafe):
    """By the clock, once; a new phone's round beside it waits for its own time."""
    await _give_grace(cafe)
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"))
    cafe.pass_time(seconds=15)
    await _place(cafe, guest, cafe.line("Water"))
    cafe.pass_time(seconds=5)
    cafe.take_events()
    assert await cafe.runner.read(list_cafes_with_due_holds, cafe.now) == [CAFE_ID]
    (fired,) = await _end_holds(cafe)

    assert [each.status for each in fired.rounds] == ["confirmed", "submitted"]
    assert (fired.order_id, fired.rounds[0].fired_at) == (order.order_id, cafe.now)
    events = describe(cafe.take_events())
    assert "order_round_updated 1 confirmed" in events
    assert len([line for line in events if "kitchen_order_received" in line]) == 1
    assert len(await _list_tickets(cafe)) == 1
    (item,) = fired.rounds[0].items
    cafe.pass_time(seconds=1)
    with pytest.raises(AuthorizationDenied) as late:
        await cafe.order(guest, "void_items", VoidItems(order_id=order.order_id, items=units(item)))
    assert late.value.code == "grace_over"


async def test_another_process_fires_what_a_dead_one_has_taken(cafe):
    """The time is a row: whoever lives when it is over sends the round, once."""
    await _give_grace(cafe)
    await _place(cafe, await cafe.sit_down(1), cafe.line("Water"))
    cafe.pass_time(seconds=21)
    async with open_beside(cafe) as beside:
        beside.now = cafe.now
        (fired,) = await _end_holds(beside)
        assert fired.status is OrderStatus.CONFIRMED
    assert await _end_holds(cafe) == []
    assert len(await _list_tickets(cafe)) == 1


async def test_staff_have_no_grace_and_an_approval_does_not_shorten_it(strict_cafe):
    """The till's round is in the kitchen at once; an approved guest may still think again."""
    cafe = strict_cafe
    await _give_grace(cafe)
    sale = await _place(cafe, Role.COUNTER, cafe.line("Water"))
    assert sale.status is OrderStatus.CONFIRMED
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"))
    approved = await cafe.order(
        cafe.staff(Role.COUNTER),
        "approve_round",
        ApproveRound(order_id=order.order_id, round_number=1),
    )
    assert approved.status is OrderStatus.SUBMITTED
    cafe.pass_time(seconds=20)

    (fired,) = await _end_holds(cafe)
    assert fired.status is OrderStatus.CONFIRMED


async def test_nobody_answers_and_the_order_expires(strict_cafe):
    """After ten minutes, by the clock's job, in this cafe alone."""
    cafe = strict_cafe
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"))

    cafe.pass_time(minutes=9, seconds=59)
    assert await cafe.runner.read(list_cafes_with_due_holds, cafe.now) == []
    assert await _end_holds(cafe) == []
    cafe.pass_time(seconds=1)
    cafe.take_events()
    assert await cafe.runner.read(list_cafes_with_due_holds, cafe.now) == [CAFE_ID]
    (expired,) = await _end_holds(cafe)

    assert (expired.order_id, expired.status) == (order.order_id, OrderStatus.EXPIRED)
    events = cafe.take_events()
    assert describe(events) == [
        "order_round_updated 1 expired",
        "order_status_updated submitted expired",
    ]
    assert (events[1].event.updated_by, events[1].user_id) == ("system", None)
    assert await _end_holds(cafe) == []


async def test_staff_who_order_vouch_for_the_table(strict_cafe):
    """Their rounds never wait, and the guests' no longer do."""
    cafe = strict_cafe
    guest = await cafe.sit_down(1)
    by_staff = await _place(cafe, Role.COUNTER, cafe.line("Water"), table_number=1)
    by_guest = await _place(cafe, guest, cafe.line("Water"))

    assert by_staff.status is OrderStatus.CONFIRMED
    assert [each.status for each in by_guest.rounds] == ["confirmed", "confirmed"]


async def test_a_guest_takes_back_what_waits(strict_cafe):
    """The round is cancelled, and its hold never runs out."""
    cafe = strict_cafe
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"))
    taken = await cafe.order(
        guest, "void_items", VoidItems(order_id=order.order_id, items=units(order.items[0]))
    )

    assert (taken.status, taken.rounds[0].status) == (OrderStatus.CANCELLED, "cancelled")
    cafe.pass_time(minutes=11)
    assert await cafe.runner.read(list_cafes_with_due_holds, cafe.now) == []


async def test_rejecting_the_last_open_round_makes_the_rest_ready(strict_cafe):
    """What was ready waited only for what nobody wanted."""
    cafe = strict_cafe
    guest = await cafe.sit_down(1)
    order = await _place(cafe, guest, cafe.line("Water"))
    order = await cafe.order(
        guest, "add_round", AddRound(order_id=order.order_id, lines=[cafe.line("Latte")])
    )
    await cafe.do(
        Role.COUNTER, "approve_round", ApproveRound(order_id=order.order_id, round_number=1)
    )
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(order.items[0])))
    cafe.take_events()
    await cafe.do(
        Role.COUNTER,
        "reject_round",
        RejectRound(order_id=order.order_id, round_number=2, reason="no milk"),
    )

    assert describe(cafe.take_events()) == [
        "order_round_updated 2 rejected",
        "order_status_updated preparing ready",
        "order_ready",
        "order_number_ready",
    ]
    after = await cafe.runner.read(read_order, guest, order.order_id)
    assert after.totals.total_minor == 190


# --- menu -------------------------------------------------------------------------------------


def _sold_out(cafe, name, **options):
    return SetAvailability(is_sold_out=True, menu_item_id=cafe.menu[name].menu_item_id, **options)


async def test_sold_out_is_seen_and_refused_at_once(cafe):
    """The menu, the event and the next order agree; sellable again, all three say so."""
    water = cafe.menu["Water"]
    outcome = await cafe.do(Role.KITCHEN, "set_availability", _sold_out(cafe, "Water"))
    change = msgspec.json.decode(outcome.body, type=MenuAvailabilityView)
    (logged,) = cafe.take_events()

    assert [item.menu_item_id for item in change.items] == [water.menu_item_id]
    assert logged.event.item.is_sold_out
    assert logged.event.menu_version == change.menu_version == 2
    menu = await cafe.runner.read(read_menu, cafe.cafe_id, now=cafe.now)
    assert menu.menu_version == 2
    with pytest.raises(UnprocessableInput) as refusal:
        await _place(cafe, Role.COUNTER, cafe.line("Water"))
    assert refusal.value.code == "sold_out"

    await cafe.do(
        Role.KITCHEN,
        "set_availability",
        SetAvailability(is_sold_out=False, menu_item_id=water.menu_item_id),
    )
    await _place(cafe, Role.COUNTER, cafe.line("Water"))


async def test_sold_out_until_a_time_ends_by_itself(cafe):
    """Nobody has to remember to switch it back."""
    until = cafe.now + timedelta(hours=1)
    await cafe.do(Role.KITCHEN, "set_availability", _sold_out(cafe, "Water", until=until))
    with pytest.raises(UnprocessableInput):
        await _place(cafe, Role.COUNTER, cafe.line("Water"))

    cafe.pass_time(hours=1)
    menu = await cafe.runner.read(read_menu, cafe.cafe_id, now=cafe.now)
    assert not any(item.is_sold_out for each in menu.categories for item in each.items)
    await _place(cafe, Role.COUNTER, cafe.line("Water"))


async def test_a_sold_out_option_is_told_for_each_item_that_has_it(cafe):
    """Oat milk is in two coffees."""
    flat_white = cafe.menu["Flat white"]
    oat = next(option for option in flat_white.groups[0].options if option.name == "Oat")
    await cafe.do(
        Role.KITCHEN,
        "set_availability",
        SetAvailability(is_sold_out=True, modifier_id=oat.modifier_id),
    )

    changed = [logged.event.item for logged in cafe.take_events()]
    assert {item.name for item in changed} == {"Flat white", "Latte"}
    with pytest.raises(UnprocessableInput) as refusal:
        await _place(cafe, Role.COUNTER, cafe.line("Latte", "Oat"))
    assert refusal.value.code == "sold_out"
    await _place(cafe, Role.COUNTER, cafe.line("Latte"))


async def test_what_cannot_be_sold_out(cafe):
    """Neither nothing nor two things, no time past, too far or without a zone, no foreign item."""
    water = cafe.menu["Water"].menu_item_id
    option = cafe.menu["Latte"].groups[0].options[0].modifier_id
    other = await cafe.runner.read(read_menu, OTHER_CAFE_ID, now=cafe.now)
    foreign = other.categories[0].items[0].menu_item_id
    cases = [
        ({}, "one_of_item_or_modifier"),
        ({"menu_item_id": water, "modifier_id": option}, "one_of_item_or_modifier"),
        ({"menu_item_id": water, "until": cafe.now}, "bad_time"),
        ({"menu_item_id": water, "until": datetime(2030, 1, 1)}, "bad_time"),  # noqa: DTZ001 - the fault
        ({"menu_item_id": water, "until": cafe.now + timedelta(days=367)}, "bad_time"),
        ({"menu_item_id": water, "until": END_OF_TIME}, "bad_time"),
        ({"menu_item_id": foreign}, "not_found"),
        ({"modifier_id": water}, "not_found"),
    ]
    for options, code in cases:
        with pytest.raises((UnprocessableInput, NotFound)) as refusal:
            await cafe.do(
                Role.KITCHEN, "set_availability", SetAvailability(is_sold_out=True, **options)
            )
        assert refusal.value.code == code
    menu = await cafe.runner.read(read_menu, cafe.cafe_id, now=cafe.now)
    assert menu.menu_version == 1


async def test_a_menu_that_was_undone_is_not_remembered(cafe):
    """A version made, used and rolled back does not shadow the one that comes to be."""

    def fail_after(unit, command):
        OPERATIONS["set_availability"].function(unit, _sold_out(cafe, "Water"))
        with pytest.raises(UnprocessableInput):
            OPERATIONS["place_order"].function(unit, command)
        raise Conflict("This unit fails on purpose.")

    with pytest.raises(Conflict):
        await cafe.runner.write(
            fail_after,
            PlaceOrder(lines=[cafe.line("Water")]),
            command_type="test",
            identity=cafe.staff(Role.MANAGER),
        )
    await cafe.do(Role.KITCHEN, "set_availability", _sold_out(cafe, "Latte"))

    await _place(cafe, Role.COUNTER, cafe.line("Water"))
    with pytest.raises(UnprocessableInput):
        await _place(cafe, Role.COUNTER, cafe.line("Latte"))


async def test_the_menu_is_read_once_a_version(cafe):
    """An order needs no query about the menu while nobody changes it."""
    await _place(cafe, Role.COUNTER, cafe.line("Water"))
    statements = []

    def count(unit, command):
        database = database_proxy.obj
        original = database.execute_sql

        def execute_sql(sql, *rest, **options):
            statements.append(" ".join(sql.split()))
            return original(sql, *rest, **options)

        database.execute_sql = execute_sql
        try:
            return OPERATIONS["place_order"].function(unit, command)
        finally:
            del database.execute_sql

    await cafe.runner.write(
        count,
        PlaceOrder(lines=[cafe.line("Water"), cafe.line("Toastie", "Rye"), cafe.line("Latte")]),
        command_type="test",
        identity=cafe.staff(Role.COUNTER),
    )

    assert not any("menu_item" in each.split("order_item")[0] for each in statements)
    # cafe, number, and one INSERT each for order, round, lines, options and tickets.
    assert len(statements) == 7
