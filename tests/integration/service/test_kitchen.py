"""Cooks and counter at the same lines: moves, parts, recalls, voids, remakes, status updates."""

import asyncio

import msgspec
import pytest

from config.namespaces import NAMESPACES
from domain.commands import (
    AcknowledgeAllergy,
    AcknowledgeNotification,
    AcknowledgeVoid,
    BumpTicket,
    CallServer,
    CancelOrder,
    FinishItems,
    FireItems,
    HoldItems,
    ItemUnits,
    OrderStatusUpdate,
    PlaceOrder,
    RecallItems,
    RecallTicket,
    RemakeItems,
    RushTicket,
    ServeItems,
    StartItems,
    StartTicket,
    VoidItems,
    WithdrawRush,
)
from domain.errors import (
    AuthorizationDenied,
    Conflict,
    InvalidTransition,
    NotFound,
    TableTapError,
    UnprocessableInput,
    VersionConflict,
)
from domain.permissions import COMMAND_ROLES
from domain.roles import Role
from domain.statuses import ItemStatus, OrderStatus
from domain.views.kitchen import TicketsView, TicketView
from domain.views.notifications import NotificationView
from domain.views.orders import OrderStatusView
from services.audit import read_audit
from services.boards import read_kitchen_board, read_order
from services.operations import OPERATIONS
from tests.support.cafes import OTHER_CAFE_ID, UNKNOWN_ID, describe, open_beside, units


async def _place(cafe, *lines, who=Role.COUNTER, **options):
    return await cafe.order(who, "place_order", PlaceOrder(lines=list(lines), **options))


async def _read(cafe, order):
    return await cafe.runner.read(read_order, cafe.staff(Role.OWNER), order.order_id)


async def _ticket(cafe, station="bar"):
    board = await cafe.runner.read(
        read_kitchen_board, cafe.cafe_id, cafe.stations[station], now=cafe.now
    )
    return (board.tickets + board.finished)[0]


async def test_one_of_three_is_ready(cafe):
    """The unit becomes a line of its own, and the rest keeps its id."""
    order = await _place(cafe, cafe.line("Flat white", "Oat", quantity=3, note="no foam"))
    (line,) = order.items
    cafe.take_events()
    outcome = await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(line, 1)))

    (ticket,) = msgspec.json.decode(outcome.body, type=TicketsView).tickets
    assert [(item.quantity, item.status) for item in ticket.items] == [
        (2, ItemStatus.QUEUED),
        (1, ItemStatus.READY),
    ]
    assert ticket.items[0].item_id == line.item_id
    assert ticket.items[1].modifiers == ticket.items[0].modifiers
    assert ticket.items[1].note == "no foam"
    assert describe(cafe.take_events()) == [
        "kitchen_order_started Bar",
        "order_status_updated confirmed preparing",
    ]
    after = await _read(cafe, order)
    assert after.totals == order.totals
    assert after.rounds[0].progress_percentage == 30


async def test_lines_of_two_orders_move_together(cafe):
    """One tap on two orders' flat whites; each order tells its own story."""
    orders = [await _place(cafe, cafe.line("Flat white")) for _ in range(2)]
    cafe.take_events()
    items = [unit for order in orders for unit in units(order.items[0])]
    outcome = await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=items))

    tickets = msgspec.json.decode(outcome.body, type=TicketsView).tickets
    assert [ticket.order_number for ticket in tickets] == [1, 2]
    assert describe(cafe.take_events()).count("order_ready") == 2


async def test_one_bad_line_leaves_all_lines(cafe):
    """Half a command is no command."""
    first, second = [await _place(cafe, cafe.line("Water")) for _ in range(2)]
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(second.items[0])))
    log = await cafe.read_log()

    with pytest.raises(InvalidTransition):
        await cafe.do(
            Role.KITCHEN,
            "finish_items",
            FinishItems(items=units(first.items[0]) + units(second.items[0])),
        )
    assert (await _read(cafe, first)) == first
    assert await cafe.read_log() == log


async def test_a_stale_tap_is_told_what_is(cafe):
    """Lines, tickets and orders refuse a version that has passed."""
    order = await _place(cafe, cafe.line("Water", quantity=2), cafe.line("Latte"))
    water = order.items[0]
    ticket = await _ticket(cafe)
    await cafe.do(Role.KITCHEN, "start_items", StartItems(items=units(water)))

    stale = [
        (Role.KITCHEN, "finish_items", FinishItems(items=units(water, expected_version=1))),
        (
            Role.KITCHEN,
            "bump_ticket",
            BumpTicket(ticket_id=ticket.ticket_id, expected_version=ticket.version),
        ),
        (
            Role.KITCHEN,
            "start_ticket",
            StartTicket(ticket_id=ticket.ticket_id, expected_version=ticket.version),
        ),
        (
            Role.COUNTER,
            "cancel_order",
            CancelOrder(order_id=order.order_id, reason="left", expected_version=1),
        ),
    ]
    for who, name, command in stale:
        with pytest.raises(VersionConflict) as refusal:
            await cafe.do(who, name, command)
        assert (refusal.value.details or {})["current"] == 2


async def test_illegal_moves_name_the_legal_ones(cafe):
    """From each status, what cannot be done is a 409 that says what can."""
    order = await _place(cafe, cafe.line("Water"))
    (water,) = order.items
    ticket = await _ticket(cafe)
    kitchen, expo = Role.KITCHEN, Role.EXPO
    finish = FinishItems(items=units(water))
    start = StartItems(items=units(water))
    serve = ServeItems(items=units(water))
    recall = RecallItems(items=units(water))
    remake = RemakeItems(items=units(water), reason="cold")
    bump = BumpTicket(ticket_id=ticket.ticket_id)

    async def refused(who, name, command, current, allowed):
        with pytest.raises(InvalidTransition) as refusal:
            await cafe.do(who, name, command)
        assert refusal.value.status == 409
        assert (refusal.value.details or {})["from"] == current
        assert (refusal.value.details or {})["allowed"] == allowed

    queued = ["hold", "start", "finish", "void"]
    await refused(expo, "serve_items", serve, "queued", queued)
    await refused(kitchen, "recall_items", recall, "queued", queued)
    await refused(expo, "remake_items", remake, "queued", queued)
    await refused(
        kitchen, "acknowledge_void", AcknowledgeVoid(item_id=water.item_id), "queued", queued
    )
    await cafe.do(kitchen, "start_items", start)
    await refused(kitchen, "start_items", start, "started", ["finish", "void"])
    await cafe.do(kitchen, "finish_items", finish)
    await refused(kitchen, "finish_items", finish, "ready", ["serve", "recall", "void"])
    await refused(kitchen, "bump_ticket", bump, "completed", ["recall"])
    await cafe.do(expo, "serve_items", serve)
    await refused(expo, "serve_items", serve, "served", ["recall", "hand_back"])
    await refused(
        Role.MANAGER,
        "void_items",
        VoidItems(order_id=order.order_id, items=units(water), reason="x"),
        "served",
        ["recall", "hand_back"],
    )
    await refused(
        Role.COUNTER,
        "cancel_order",
        CancelOrder(order_id=order.order_id, reason="x"),
        "completed",
        [],
    )


async def test_a_recall_goes_back_as_far_as_the_day(cafe):
    """Served lines come back on their own day; the next day they do not."""
    order = await _place(cafe, cafe.line("Water"))
    (water,) = order.items
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(water)))
    await cafe.do(Role.EXPO, "serve_items", ServeItems(items=units(water)))
    cafe.take_events()
    await cafe.do(Role.KITCHEN, "recall_items", RecallItems(items=units(water)))

    assert describe(cafe.take_events()) == [
        "kitchen_ticket_updated Bar recall",
        "order_status_updated completed preparing",
        "order_number_preparing",
    ]
    again = await _read(cafe, order)
    assert (again.completed_at, again.progress_percentage) == (None, 100)

    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(water)))
    cafe.pass_time(days=1)
    with pytest.raises(Conflict) as refusal:
        await cafe.do(Role.KITCHEN, "recall_items", RecallItems(items=units(water)))
    assert refusal.value.code == "day_over"


async def test_voids_by_guest_counter_and_manager(cafe):
    """In the moment of grace, before the kitchen begins, and after."""
    guest = await cafe.sit_down(1)
    order = await _place(
        cafe, cafe.line("Water"), cafe.line("Latte"), cafe.line("Flat white"), who=guest
    )
    water, latte, flat_white = order.items
    cafe.take_events()

    def void(item, reason=""):
        return VoidItems(order_id=order.order_id, items=units(item), reason=reason)

    await cafe.do(guest, "void_items", void(water))
    assert describe(cafe.take_events()) == [
        "order_item_voided",
        "kitchen_ticket_updated Bar void",
    ]
    cafe.pass_time(seconds=21)
    with pytest.raises(AuthorizationDenied) as too_late:
        await cafe.do(guest, "void_items", void(latte))
    assert too_late.value.code == "grace_over"
    with pytest.raises(UnprocessableInput) as no_reason:
        await cafe.do(Role.COUNTER, "void_items", void(latte))
    assert no_reason.value.code == "reason_required"
    await cafe.do(Role.COUNTER, "void_items", void(latte, "changed mind"))

    await cafe.do(Role.KITCHEN, "start_items", StartItems(items=units(flat_white)))
    with pytest.raises(AuthorizationDenied) as begun:
        await cafe.do(Role.COUNTER, "void_items", void(flat_white, "left"))
    assert begun.value.code == "manager_required"
    after = await cafe.order(Role.MANAGER, "void_items", void(flat_white, "left"))

    assert after.status is OrderStatus.CANCELLED
    assert after.totals.total_minor == 0
    audited = (await cafe.runner.read(read_audit, cafe.cafe_id, limit=10)).facts
    assert [entry.kind for entry in audited][:3] == ["items_voided"] * 3
    assert audited[0].details["was_begun"] is True


async def test_another_phone_cannot_take_it_back(cafe):
    """At the same table everybody sees the order, and changes their own lines."""
    mine, theirs = await cafe.sit_down(1), await cafe.sit_down(1)
    order = await _place(cafe, cafe.line("Water"), who=mine)

    with pytest.raises(AuthorizationDenied) as refusal:
        await cafe.do(
            theirs, "void_items", VoidItems(order_id=order.order_id, items=units(order.items[0]))
        )
    assert refusal.value.code == "not_your_line"


async def test_cancelling_tells_everybody(cafe):
    """Both stations see the void, the board drops the number; it cannot be done twice."""
    order = await _place(cafe, cafe.line("Water"), cafe.line("Toastie", "Rye"))
    await cafe.do(Role.KITCHEN, "start_items", StartItems(items=units(order.items[1])))
    cafe.take_events()
    cancel = CancelOrder(order_id=order.order_id, reason="walked out")
    cancelled = await cafe.order(Role.MANAGER, "cancel_order", cancel)

    assert cancelled.status is OrderStatus.CANCELLED
    assert {item.void_reason for item in cancelled.items} == {"walked out"}
    assert describe(cafe.take_events()) == [
        "order_item_voided",
        "kitchen_ticket_updated Bar void",
        "kitchen_ticket_updated Kitchen void",
        "order_status_updated preparing cancelled",
        "order_number_cleared",
    ]
    with pytest.raises(InvalidTransition):
        await cafe.do(Role.COUNTER, "cancel_order", cancel)


async def test_cancelling_refuses_what_was_eaten(cafe):
    """Served is a matter of money."""
    order = await _place(cafe, cafe.line("Water"), cafe.line("Latte"))
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(order.items[0])))
    await cafe.do(Role.EXPO, "serve_items", ServeItems(items=units(order.items[0])))

    with pytest.raises(Conflict) as refusal:
        await cafe.do(
            Role.MANAGER, "cancel_order", CancelOrder(order_id=order.order_id, reason="x")
        )
    assert refusal.value.code == "already_served"


async def test_a_remake_is_a_round_that_presses(cafe):
    """A ticket of its own, before the others, at no price, and the order is open again."""
    order = await _place(cafe, cafe.line("Flat white", "Oat", quantity=2))
    (line,) = order.items
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(line)))
    await cafe.do(Role.EXPO, "serve_items", ServeItems(items=units(line)))
    cafe.take_events()
    await cafe.do(Role.COUNTER, "remake_items", RemakeItems(items=units(line, 1), reason="spilt"))

    assert describe(cafe.take_events()) == [
        "order_round_added 2",
        "kitchen_order_received Bar",
        "order_status_updated completed preparing",
        "order_number_preparing",
    ]
    ticket = await _ticket(cafe)
    assert (ticket.round_number, ticket.priority) == (2, "high")
    assert ticket.items[0].is_remake
    after = await _read(cafe, order)
    assert after.totals == order.totals
    assert after.items[1].remake_of == line.item_id


async def test_a_rush_is_seen_at_every_station_and_taken_back(cafe):
    """All tickets of the round press most and lead their walls; the counter hears that, not why."""
    await _place(cafe, cafe.line("Water"))
    order = await _place(cafe, cafe.line("Flat white", "Oat"), cafe.line("Toastie", "Rye"))
    board = await cafe.runner.read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now)
    bar = next(ticket for ticket in board.tickets if ticket.order_id == order.order_id)
    cafe.take_events()
    await cafe.do(Role.KITCHEN, "rush_ticket", RushTicket(ticket_id=bar.ticket_id, reason="train"))

    assert describe(cafe.take_events()) == [
        "kitchen_ticket_updated Bar rush",
        "kitchen_ticket_updated Kitchen rush",
        "order_progress",
    ]
    board = await cafe.runner.read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now)
    assert [(ticket.priority, ticket.rush_reason) for ticket in board.tickets] == [
        ("urgent", "train"),
        ("urgent", "train"),
        ("normal", ""),
    ]
    after = await _read(cafe, order)
    assert after.rounds[0].is_rushed
    assert "train" not in msgspec.json.encode(after).decode()
    await cafe.do(Role.COUNTER, "withdraw_rush", WithdrawRush(ticket_id=bar.ticket_id))
    assert (await _read(cafe, order)).rounds[0].is_rushed is False
    page = await cafe.runner.read(read_audit, cafe.cafe_id, limit=2)
    assert [fact.kind for fact in page.facts] == ["rush_withdrawn", "ticket_rushed"]


async def test_five_rounds_are_rushed_and_no_more(cafe):
    """The limit counts what is under way: a bumped one makes room."""
    tickets = []
    for _ in range(6):
        order = await _place(cafe, cafe.line("Water"))
        board = await cafe.runner.read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now)
        tickets += [each for each in board.tickets if each.order_id == order.order_id]
    *first, last = tickets
    for ticket in first:
        command = RushTicket(ticket_id=ticket.ticket_id, reason="train")
        await cafe.do(Role.EXPO, "rush_ticket", command)
    again = RushTicket(ticket_id=last.ticket_id, reason="train")
    with pytest.raises(Conflict):
        await cafe.do(Role.EXPO, "rush_ticket", again)
    await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=first[0].ticket_id))
    await cafe.do(Role.EXPO, "rush_ticket", again)


async def test_an_allergy_is_ticked_on_its_ticket(cafe):
    """Stored, told to the kitchen alone, and not asked for again."""
    await _place(cafe, cafe.line("Water"), allergy="nuts")
    ticket = await _ticket(cafe)
    cafe.take_events()
    command = AcknowledgeAllergy(ticket_id=ticket.ticket_id)
    await cafe.do(Role.KITCHEN, "acknowledge_allergy", command)

    assert describe(cafe.take_events()) == ["kitchen_ticket_updated Bar allergy"]
    assert (await _ticket(cafe)).allergy_seen


async def test_the_kitchen_calls_and_sees_that_somebody_comes(cafe):
    """One call per ticket, for counter and pass; what was answered is brought up again."""
    await _place(cafe, cafe.line("Toastie", "Rye"), table_number=3)
    ticket = await _ticket(cafe, "kitchen")
    command = CallServer(ticket_id=ticket.ticket_id)
    cafe.take_events()
    outcome = await cafe.do(Role.KITCHEN, "call_server", command)
    call = msgspec.json.decode(outcome.body, type=NotificationView)
    await cafe.do(Role.KITCHEN, "call_server", command)

    assert call.title == f"Kitchen calls, order {ticket.order_number}"
    assert (call.priority, call.target_roles) == ("high", ["counter", "expo"])
    coming = AcknowledgeNotification(notification_id=call.notification_id)
    await cafe.do(Role.COUNTER, "acknowledge_notification", coming)
    await cafe.do(Role.KITCHEN, "call_server", command)
    assert describe(cafe.take_events()) == [
        "staff_notification",
        "staff_notification_updated",
        "staff_notification",
    ]


async def test_status_updates_do_what_they_say(cafe):
    """Preparing, ready, completed: all live lines, by those who may do that to lines."""
    order = await _place(cafe, cafe.line("Water"), cafe.line("Toastie", "Rye"))

    def update(status, **options):
        return OrderStatusUpdate(order_id=order.order_id, new_status=status, **options)

    for status, who in (
        (OrderStatus.PREPARING, Role.KITCHEN),
        (OrderStatus.READY, Role.KITCHEN),
        (OrderStatus.COMPLETED, Role.EXPO),
    ):
        outcome = await cafe.do(
            who, "order_status_update", update(status, status_change_reason="asked")
        )
        assert msgspec.json.decode(outcome.body, type=OrderStatusView).status is status
    (event,) = [
        logged.event
        for logged in cafe.take_events()
        if logged.event.__struct_config__.tag == "order_status_updated"
        and logged.event.order.status is OrderStatus.COMPLETED
    ]
    assert (event.updated_by, event.reason) == ("expo", "asked")


@pytest.mark.parametrize(
    ("who", "new_status", "error", "options"),
    [
        (Role.KITCHEN, "completed", AuthorizationDenied, {}),
        (Role.KITCHEN, "cancelled", AuthorizationDenied, {}),
        (Role.EXPO, "cancelled", AuthorizationDenied, {}),
        (Role.COUNTER, "ready", AuthorizationDenied, {}),
        (Role.EXPO, "completed", InvalidTransition, {}),
        (Role.OWNER, "draft", InvalidTransition, {}),
        (Role.OWNER, "submitted", InvalidTransition, {}),
        (Role.OWNER, "confirmed", InvalidTransition, {}),
        (Role.OWNER, "rejected", InvalidTransition, {}),
        (Role.OWNER, "expired", InvalidTransition, {}),
        (Role.KITCHEN, "ready", Conflict, {"previous_status": OrderStatus.PREPARING}),
        (Role.KITCHEN, "ready", Conflict, {"order_number": 99}),
    ],
)
async def test_status_updates_open_no_side_door(cafe, who, new_status, error, options):
    """Rights, the table of moves and what the sender expects all stand before it."""
    order = await _place(cafe, cafe.line("Water"))
    command = OrderStatusUpdate(
        order_id=order.order_id, new_status=OrderStatus(new_status), **options
    )

    with pytest.raises(error):
        await cafe.do(who, "order_status_update", command)
    assert await _read(cafe, order) == order


async def test_a_whole_ticket_starts_and_comes_back(cafe):
    """Start, bump, recall by the ticket; allowed moves follow its status."""
    order = await _place(cafe, cafe.line("Water"), cafe.line("Latte"))
    ticket = await _ticket(cafe)
    outcome = await cafe.do(Role.KITCHEN, "start_ticket", StartTicket(ticket_id=ticket.ticket_id))
    started = msgspec.json.decode(outcome.body, type=TicketView)
    assert (started.status, started.started_at) == ("started", cafe.now)
    with pytest.raises(InvalidTransition) as refusal:
        await cafe.do(Role.KITCHEN, "start_ticket", StartTicket(ticket_id=ticket.ticket_id))
    assert (refusal.value.details or {})["allowed"] == ["finish", "recall"]

    await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=ticket.ticket_id))
    outcome = await cafe.do(Role.KITCHEN, "recall_ticket", RecallTicket(ticket_id=ticket.ticket_id))
    recalled = msgspec.json.decode(outcome.body, type=TicketView)
    assert (recalled.status, recalled.is_recalled) == ("started", True)
    assert (await _read(cafe, order)).status is OrderStatus.PREPARING


async def test_foreign_lines_and_tickets_look_unknown(cafe):
    """A cook of another cafe gets the same answer for a real id as for none."""
    order = await _place(cafe, cafe.line("Water"))
    ticket = await _ticket(cafe)
    async with open_beside(cafe, cafe_id=OTHER_CAFE_ID) as other:
        stranger = other.staff(Role.OWNER)

    async def refuse(name, command):
        with pytest.raises(NotFound) as refusal:
            await cafe.do(stranger, name, command)
        return refusal.value.code, refusal.value.message, refusal.value.details

    def commands(item_id, ticket_id, order_id):
        items = [ItemUnits(item_id=item_id)]
        return {
            "start_items": StartItems(items=items),
            "hold_items": HoldItems(items=items),
            "fire_items": FireItems(items=items),
            "finish_items": FinishItems(items=items),
            "recall_items": RecallItems(items=items),
            "serve_items": ServeItems(items=items),
            "remake_items": RemakeItems(items=items, reason="x"),
            "acknowledge_void": AcknowledgeVoid(item_id=item_id),
            "start_ticket": StartTicket(ticket_id=ticket_id),
            "bump_ticket": BumpTicket(ticket_id=ticket_id),
            "recall_ticket": RecallTicket(ticket_id=ticket_id),
            "rush_ticket": RushTicket(ticket_id=ticket_id, reason="x"),
            "withdraw_rush": WithdrawRush(ticket_id=ticket_id),
            "acknowledge_allergy": AcknowledgeAllergy(ticket_id=ticket_id),
            "call_server": CallServer(ticket_id=ticket_id),
            "void_items": VoidItems(order_id=order_id, items=items),
            "cancel_order": CancelOrder(order_id=order_id, reason="x"),
            "order_status_update": OrderStatusUpdate(
                order_id=order_id, new_status=OrderStatus.READY
            ),
        }

    real = commands(order.items[0].item_id, ticket.ticket_id, order.order_id)
    unknown = commands(UNKNOWN_ID, UNKNOWN_ID, UNKNOWN_ID)
    for name in real:
        assert await refuse(name, real[name]) == await refuse(name, unknown[name])


async def test_two_processes_at_one_order(cafe):
    """Everybody bumps at once: one does it, the others are told; nothing is counted twice."""
    order = await _place(cafe, cafe.line("Water"), cafe.line("Latte"), cafe.line("Flat white"))
    async with open_beside(cafe) as second:
        outcomes = await asyncio.gather(
            *(
                each.do(Role.KITCHEN, "finish_items", FinishItems(items=units(item)))
                for item in order.items
                for each in (cafe, second)
            ),
            return_exceptions=True,
        )

    refused = [outcome for outcome in outcomes if isinstance(outcome, TableTapError)]
    assert len(refused) == 3
    assert all(isinstance(error, InvalidTransition) for error in refused)
    after = await _read(cafe, order)
    assert after.status is OrderStatus.READY
    assert after.version == order.version + 3
    log = await cafe.read_log()
    assert [logged.seq for logged in log] == list(range(1, len(log) + 1))
    assert describe(log).count("order_ready") == 1


def test_every_command_has_one_operation():
    """What namespaces accept is what can be done, and the other way round."""
    accepted = {name for rule in NAMESPACES.values() for name in rule.commands}
    reads = {
        "read_menu",
        "read_availability",
        "read_order",
        "list_orders",
        "list_order_names",
        "list_tickets",
        "list_tables",
        "read_board",
        "read_events",
        "list_payments",
        "list_notifications",
        "list_connections",
        "read_analytics",
        "read_audit",
        "export_audit",
        "review_payments",
        "list_devices",
        "list_sign_ins",
    }
    # Over REST alone: what changes who may come in ends sockets, and its answer says so.
    doors = {"invite_person", "change_roles", "end_sign_in", "revoke_person", "revoke_everybody"}
    doors |= {"pair_device", "update_device", "revoke_device"}
    # On pages alone: a screen at hand is all that a shift takes.
    doors |= {"start_shift", "end_shift"}
    elsewhere = reads | doors

    assert accepted <= set(OPERATIONS)
    assert set(OPERATIONS) - {"open_table_session"} == set(COMMAND_ROLES) - elsewhere
    assert all(name == operation.name for name, operation in OPERATIONS.items())
