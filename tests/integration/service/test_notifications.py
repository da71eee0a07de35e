"""What staff must know, in rows and in the log: once per cause, until the cause ends."""

import asyncio

import msgspec
import pytest

from domain.commands import (
    AcknowledgeNotification,
    BumpTicket,
    CallStaff,
    CancelCall,
    CloseTableSession,
    InitiatePayment,
    PlaceOrder,
    RecallTicket,
    ResolveNotification,
    SendNotice,
    VoidItems,
)
from domain.errors import (
    AuthorizationDenied,
    Conflict,
    InvalidTransition,
    NotFound,
    UnprocessableInput,
)
from domain.events import KitchenOrderReceived, StaffNotification, withhold
from domain.payment_providers import ProviderAnswer, ProviderOutcome
from domain.payments import PaymentMethod
from domain.roles import Identity, Role
from domain.statuses import NotificationKind, NotificationStatus, Priority, Resolution
from domain.views.money import PaymentView
from domain.views.notifications import NotificationView, SentNoticeView
from domain.views.orders import OrderView
from domain.views.tables import TableCallView
from jobs.notifications import look_after_notifications
from models.staff import Membership
from services.notifications import list_notifications, list_sent_notices
from services.payment_settlement import RecordAnswer, begin_ask, list_due_asks, record_answer
from services.table_calls import find_call
from tests.support.cafes import OTHER_CAFE_ID, UNKNOWN_ID, TestCafe, describe, open_beside, units

LATE = NotificationKind.LATE_TICKET
CALLED = NotificationKind.TABLE_CALLED


async def list_for(cafe: TestCafe, who: Role | Identity) -> list[NotificationView]:
    """Read somebody's tray."""
    identity = cafe.staff(who) if isinstance(who, Role) else who
    return (await cafe.runner.read(list_notifications, identity)).notifications


async def look_after(cafe: TestCafe) -> int:
    """Let the clock's job run."""
    return await look_after_notifications(cafe.runner, now=cafe.now)


async def send(cafe: TestCafe, **fields) -> SentNoticeView:
    """Have the manager write a notice."""
    command = SendNotice(title="No oat milk", **fields)
    outcome = await cafe.do(Role.MANAGER, "send_notice", command)
    return msgspec.json.decode(outcome.body, type=SentNoticeView)


async def acknowledge(
    cafe: TestCafe, who: Role | Identity, notification: NotificationView
) -> NotificationView:
    """Acknowledge as somebody."""
    command = AcknowledgeNotification(notification_id=notification.notification_id)
    outcome = await cafe.do(who, "acknowledge_notification", command)
    return msgspec.json.decode(outcome.body, type=NotificationView)


async def resolve(
    cafe: TestCafe, who: Role | Identity, notification: NotificationView
) -> NotificationView:
    """End by hand as somebody."""
    command = ResolveNotification(notification_id=notification.notification_id)
    outcome = await cafe.do(who, "resolve_notification", command)
    return msgspec.json.decode(outcome.body, type=NotificationView)


async def call_staff(cafe: TestCafe, guest: Identity) -> TableCallView:
    """Call from a table."""
    outcome = await cafe.do(guest, "call_staff", CallStaff())
    return msgspec.json.decode(outcome.body, type=TableCallView)


async def read_call(cafe: TestCafe, guest: Identity) -> TableCallView | None:
    """Read what a table's phone shows."""
    assert guest.table_session_id is not None
    return await cafe.runner.read(find_call, cafe.cafe_id, guest.table_session_id)


async def order_coffee(cafe: TestCafe) -> OrderView:
    """Sell a flat white: the bar has 120 seconds for it."""
    return await cafe.order(
        Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line("Flat white")])
    )


async def find_ticket_id(cafe: TestCafe) -> str:
    """Return the last ticket that was received."""
    return next(
        logged.event.ticket.ticket_id
        for logged in reversed(await cafe.read_log())
        if isinstance(logged.event, KitchenOrderReceived)
    )


def give_role(cafe: TestCafe, who: Role, role: Role) -> Identity:
    """Let the person of one role have another one too."""
    identity = cafe.staff(who)
    with cafe.database.connection_context():
        Membership.create(
            cafe_id=cafe.cafe_id,
            person_id=identity.person_id,
            role=role,
            created_at=cafe.now,
        )
    return msgspec.structs.replace(identity, roles=identity.roles | {role})


# --- notices ------------------------------------------------------------------------------------


async def test_a_notice_reaches_the_roles_it_names(cafe):
    """Two of five people, and the writer is none of them."""
    sent = await send(cafe, include_roles=["kitchen", "counter"], priority=Priority.HIGH)

    told = {role for role in cafe_roles() if await list_for(cafe, role)}
    assert sent.recipients == 2
    assert told == {Role.KITCHEN, Role.COUNTER}
    assert sent.notification.priority is Priority.HIGH
    assert describe(cafe.take_events()) == ["staff_notification"]


def cafe_roles() -> list[Role]:
    """Name the roles of the people in the cafe."""
    return [Role.OWNER, Role.MANAGER, Role.COUNTER, Role.EXPO, Role.KITCHEN]


async def test_a_writer_need_not_read_their_own_notice(cafe):
    """It goes to everybody, and stands in the trays of the others."""
    sent = await send(cafe)

    assert sent.recipients == 5
    assert await list_for(cafe, Role.MANAGER) == []
    assert len(await list_for(cafe, Role.OWNER)) == 1
    assert await cafe.runner.read(list_sent_notices, cafe.staff(Role.MANAGER)) == [
        sent.notification
    ]


async def test_whoever_has_an_excluded_role_is_excluded_as_a_person(cafe):
    """Also through a connection that carries only the other one of their roles."""
    both = give_role(cafe, Role.COUNTER, Role.MANAGER)
    as_counter = cafe.staff(Role.COUNTER)

    sent = await send(cafe, include_roles=["staff"], exclude_roles=["management"])

    (logged,) = cafe.take_events()
    assert sent.recipients == 1  # expo
    assert not logged.event.audience.admits(both)
    assert not logged.event.audience.admits(as_counter)
    assert await list_for(cafe, as_counter) == await list_for(cafe, both) == []


async def test_an_excluded_person_finds_nothing_of_it_anywhere(cafe):
    """Not in their tray, not by its id, not in the list of notices, not in the log."""
    owner = cafe.staff(Role.OWNER)
    sent = await send(cafe, exclude_users=[owner.person_id])

    (logged,) = cafe.take_events()
    assert await list_for(cafe, owner) == []
    assert await cafe.runner.read(list_sent_notices, owner) == []
    with pytest.raises(NotFound):
        await acknowledge(cafe, owner, sent.notification)
    assert "oat" not in str(withhold(logged.event, owner))
    assert "oat" in str(withhold(logged.event, cafe.staff(Role.MANAGER)))


@pytest.mark.parametrize(
    ("fields", "error", "code"),
    [
        ({"include_roles": ["admin"], "exclude_roles": ["owner"]}, UnprocessableInput, "nobody"),
        ({"exclude_roles": ["staff", "kitchen"]}, UnprocessableInput, "nobody"),
        ({"exclude_users": [UNKNOWN_ID]}, NotFound, "not_found"),
    ],
)
async def test_a_notice_that_cannot_be_meant_is_refused(cafe, fields, error, code):
    """Nobody would get it, or a person is unknown: nothing is written and nobody is told."""
    with pytest.raises(error) as refused:
        await send(cafe, **fields)

    assert refused.value.code.startswith(code)
    assert cafe.take_events() == []
    assert await list_for(cafe, Role.KITCHEN) == []


async def test_another_cafes_people_look_like_nobody(cafe):
    """Their ids are as unknown as any."""
    async with open_beside(cafe, cafe_id=OTHER_CAFE_ID) as other:
        stranger = other.staff(Role.COUNTER).person_id

    with pytest.raises(NotFound):
        await send(cafe, exclude_users=[stranger])


@pytest.mark.parametrize("role", [Role.COUNTER, Role.KITCHEN, Role.EXPO])
async def test_only_management_writes_notices(cafe, role):
    """The right is asked for in the transaction."""
    with pytest.raises(AuthorizationDenied):
        await cafe.do(role, "send_notice", SendNotice(title="Party"))


async def test_a_notice_is_put_away_by_each_reader(cafe):
    """One has read it, the other has not; both are counted."""
    sent = await send(cafe, include_roles=["counter", "expo"])

    await acknowledge(cafe, Role.COUNTER, sent.notification)
    again = await acknowledge(cafe, Role.COUNTER, sent.notification)

    assert await list_for(cafe, Role.COUNTER) == []
    (shown,) = await list_for(cafe, Role.EXPO)
    assert [each.role for each in shown.acknowledgements] == ["manager", "counter"]
    assert again.version == shown.version
    assert describe(cafe.take_events()) == ["staff_notification", "staff_notification_updated"]


async def test_a_notice_is_over_after_its_time_or_when_it_is_taken_back(cafe):
    """Management takes any back; a reader does not."""
    short, long = await send(cafe, lasts_minutes=5), await send(cafe)
    with pytest.raises(AuthorizationDenied):
        await resolve(cafe, Role.COUNTER, long.notification)

    over = await resolve(cafe, Role.OWNER, long.notification)
    cafe.pass_time(minutes=6)
    touched = await look_after(cafe)

    assert over.resolution is Resolution.BY_PERSON
    assert touched == 1
    assert await list_for(cafe, Role.KITCHEN) == []
    with pytest.raises(InvalidTransition):
        await acknowledge(cafe, Role.COUNTER, short.notification)


# --- late tickets -------------------------------------------------------------------------------


async def test_a_late_ticket_is_told_once_and_ends_with_its_bump(cafe):
    """Not before its time, once at its time, and over with the food."""
    await order_coffee(cafe)
    ticket_id = await find_ticket_id(cafe)
    assert await look_after(cafe) == 0

    cafe.pass_time(seconds=121)
    assert await look_after(cafe) == 1
    assert await look_after(cafe) == 0

    (told,) = await list_for(cafe, Role.COUNTER)
    assert told.kind is LATE
    assert told.priority is Priority.HIGH
    assert told.patience_s == 120
    assert await list_for(cafe, Role.KITCHEN) == await list_for(cafe, Role.MANAGER) == []
    cafe.take_events()
    await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=ticket_id))
    assert await list_for(cafe, Role.COUNTER) == []
    assert "staff_notification_updated" in describe(cafe.take_events())
    assert await look_after(cafe) == 0


async def test_a_late_ticket_presses_harder_and_is_told_to_management(cafe):
    """At half again its time, also where somebody had said that they are on it."""
    await order_coffee(cafe)
    cafe.pass_time(seconds=125)
    await look_after(cafe)
    (told,) = await list_for(cafe, Role.EXPO)
    await acknowledge(cafe, Role.EXPO, told)

    cafe.pass_time(seconds=60)
    assert await look_after(cafe) == 1
    assert await look_after(cafe) == 0

    for role in (Role.EXPO, Role.COUNTER, Role.MANAGER, Role.OWNER):
        (shown,) = await list_for(cafe, role)
        assert (shown.priority, shown.status) == (Priority.URGENT, NotificationStatus.OPEN)


async def test_a_call_without_an_answer_is_told_to_management(cafe):
    """After a minute; one that was answered is nobody's alarm, until the table calls again."""
    guest = await cafe.sit_down(1)
    await cafe.do(guest, "call_staff", CallStaff())
    cafe.pass_time(seconds=59)
    assert await look_after(cafe) == 0
    cafe.pass_time(seconds=1)
    assert await look_after(cafe) == 1
    (call,) = await list_for(cafe, Role.MANAGER)
    assert (call.kind, call.priority) == (NotificationKind.TABLE_CALLED, Priority.URGENT)

    await acknowledge(cafe, Role.COUNTER, call)
    cafe.pass_time(minutes=5)
    assert await look_after(cafe) == 0
    await cafe.do(guest, "call_staff", CallStaff())
    cafe.pass_time(seconds=61)
    assert await look_after(cafe) == 1


async def test_nobody_talks_a_late_ticket_away(cafe):
    """It is over when it is made, or when it is voided."""
    order = await order_coffee(cafe)
    cafe.pass_time(seconds=121)
    await look_after(cafe)
    (told,) = await list_for(cafe, Role.COUNTER)

    with pytest.raises(Conflict) as refused:
        await resolve(cafe, Role.COUNTER, told)
    assert refused.value.code == "cause_stands"

    await cafe.order(
        Role.COUNTER,
        "void_items",
        VoidItems(order_id=order.order_id, items=units(order.items[0]), reason="x"),
    )
    assert await list_for(cafe, Role.COUNTER) == []


async def test_a_ticket_that_comes_back_late_is_told_again(cafe):
    """The second time is a notification of its own."""
    await order_coffee(cafe)
    ticket_id = await find_ticket_id(cafe)
    cafe.pass_time(seconds=121)
    await look_after(cafe)
    (first,) = await list_for(cafe, Role.COUNTER)
    await cafe.do(Role.KITCHEN, "bump_ticket", BumpTicket(ticket_id=ticket_id))

    await cafe.do(Role.KITCHEN, "recall_ticket", RecallTicket(ticket_id=ticket_id))
    await look_after(cafe)

    (second,) = await list_for(cafe, Role.COUNTER)
    assert second.notification_id != first.notification_id


async def test_a_ticket_that_was_forgotten_is_no_service_any_more(cafe):
    """After four hours nobody is told, and what was told is over."""
    await order_coffee(cafe)
    cafe.pass_time(seconds=121)
    await look_after(cafe)

    cafe.pass_time(hours=4)
    await look_after(cafe)

    assert await list_for(cafe, Role.COUNTER) == []
    assert await look_after(cafe) == 0


async def test_several_processes_say_it_once(cafe):
    """They look at the same moment, and one of them tells."""
    await order_coffee(cafe)
    await order_coffee(cafe)
    cafe.pass_time(seconds=121)
    async with open_beside(cafe) as second, open_beside(cafe) as third:
        second.now = third.now = cafe.now
        touched = await asyncio.gather(*(look_after(each) for each in (cafe, second, third)))
        # What was being changed at that moment is left to the next run.
        touched += [await look_after(cafe)]

    told = [
        logged.event.notification.notification_id
        for logged in await cafe.read_log()
        if isinstance(logged.event, StaffNotification)
    ]
    assert sum(touched) == 2
    assert len(told) == len(set(told)) == 2


# --- payments -----------------------------------------------------------------------------------


async def pay_by_sandbox(
    cafe: TestCafe, guest: Identity, order: OrderView, outcome: ProviderOutcome
) -> None:
    """Let a guest pay all of an order, and the sandbox answer."""
    begun = await cafe.do(
        guest,
        "initiate_payment",
        InitiatePayment(
            order_id=order.order_id,
            method=PaymentMethod.SANDBOX,
            amount_minor=order.totals.total_minor,
        ),
    )
    payment = msgspec.json.decode(begun.body, type=PaymentView)
    (due,) = await cafe.runner.read(list_due_asks, cafe.now)
    await cafe.runner.write(begin_ask, due, command_type="begin_ask", cafe_id=cafe.cafe_id)
    answer = ProviderAnswer(
        event_id=f"e-{payment.payment_id}",
        key=payment.payment_id,
        cafe_id=cafe.cafe_id,
        amount_minor=payment.amount_minor,
        currency="EUR",
        outcome=outcome,
        reason="declined" if outcome is ProviderOutcome.DECLINED else "",
    )
    await cafe.runner.write(
        record_answer,
        RecordAnswer(
            payment_id=payment.payment_id,
            refund_id=None,
            provider="sandbox",
            answer=answer,
        ),
        command_type="record_answer",
        cafe_id=cafe.cafe_id,
    )


async def test_a_failed_payment_is_told_to_the_till_until_it_is_paid(cafe):
    """Once for an order, however often its guests try; and over with the money."""
    guest = await cafe.sit_down()
    order = await cafe.order(guest, "place_order", PlaceOrder(lines=[cafe.line("Water")]))
    await pay_by_sandbox(cafe, guest, order, ProviderOutcome.DECLINED)
    await pay_by_sandbox(cafe, guest, order, ProviderOutcome.DECLINED)

    (told,) = await list_for(cafe, Role.COUNTER)
    assert told.kind is NotificationKind.PAYMENT_FAILED
    assert told.table_label == "Table 1"
    assert await list_for(cafe, Role.EXPO) == []

    await pay_by_sandbox(cafe, guest, order, ProviderOutcome.CAPTURED)
    assert await list_for(cafe, Role.COUNTER) == []


async def test_a_payment_that_fails_again_is_brought_up_again(cafe):
    """Somebody was on it, and it did not help."""
    guest = await cafe.sit_down()
    order = await cafe.order(guest, "place_order", PlaceOrder(lines=[cafe.line("Water")]))
    await pay_by_sandbox(cafe, guest, order, ProviderOutcome.DECLINED)
    (told,) = await list_for(cafe, Role.COUNTER)
    await acknowledge(cafe, Role.COUNTER, told)

    await pay_by_sandbox(cafe, guest, order, ProviderOutcome.DECLINED)

    (shown,) = await list_for(cafe, Role.COUNTER)
    assert shown.notification_id == told.notification_id
    assert shown.status is NotificationStatus.OPEN


# --- tables that call ---------------------------------------------------------------------------


async def test_a_call_is_answered_and_its_guests_see_it(cafe):
    """Waiting, somebody comes, over."""
    guest = await cafe.sit_down(2)
    call = await call_staff(cafe, guest)
    (told,) = await list_for(cafe, Role.COUNTER)
    assert (call.status, told.title) == ("waiting", "Table 2 calls")

    await acknowledge(cafe, Role.COUNTER, told)
    answered = await read_call(cafe, guest)
    assert answered is not None
    assert answered.status == "coming"
    (shown,) = await list_for(cafe, Role.EXPO)
    assert [each.role for each in shown.acknowledgements] == ["counter"]

    await resolve(cafe, Role.COUNTER, told)
    assert await read_call(cafe, guest) is None
    assert [word for word in describe(cafe.take_events()) if word.startswith("table_call")] == [
        "table_called",
        "table_call_updated",
        "table_call_updated",
    ]


async def test_a_table_calls_once_whoever_of_it_taps(cafe):
    """Two phones, three taps, one call; after an answer the next tap is news."""
    first, second = await cafe.sit_down(), await cafe.sit_down()
    calls = [await call_staff(cafe, each) for each in (first, second, first)]
    (told,) = await list_for(cafe, Role.COUNTER)
    await acknowledge(cafe, Role.COUNTER, told)

    again = await call_staff(cafe, second)

    assert len({call.call_id for call in [*calls, again]}) == 1
    assert again.status == "waiting"
    (shown,) = await list_for(cafe, Role.COUNTER)
    assert shown.status is NotificationStatus.OPEN


async def test_a_call_ends_with_the_guests_wish_or_with_the_seating(cafe):
    """Never mind; and a table that is closed calls nobody."""
    guest = await cafe.sit_down()
    await call_staff(cafe, guest)
    await cafe.do(guest, "cancel_call", CancelCall())
    assert await list_for(cafe, Role.COUNTER) == []
    with pytest.raises(NotFound):
        await cafe.do(guest, "cancel_call", CancelCall())

    await call_staff(cafe, guest)
    assert guest.table_session_id is not None
    await cafe.do(
        Role.COUNTER,
        "close_table_session",
        CloseTableSession(table_session_id=guest.table_session_id),
    )
    assert await list_for(cafe, Role.COUNTER) == []


async def test_a_call_that_nobody_answers_reaches_management(cafe):
    """After two minutes."""
    await call_staff(cafe, await cafe.sit_down())
    assert await list_for(cafe, Role.MANAGER) == []

    cafe.pass_time(seconds=121)
    await look_after(cafe)

    (told,) = await list_for(cafe, Role.MANAGER)
    assert told.priority is Priority.URGENT


async def test_a_notification_looks_like_none_to_whom_it_is_not_for(cafe):
    """Another role, another cafe, an unknown id: one answer."""
    await call_staff(cafe, await cafe.sit_down())
    (told,) = await list_for(cafe, Role.COUNTER)
    unknown = msgspec.structs.replace(told, notification_id=UNKNOWN_ID)

    async with open_beside(cafe, cafe_id=OTHER_CAFE_ID) as other:
        with pytest.raises(NotFound) as elsewhere:
            await acknowledge(other, Role.COUNTER, told)
    with pytest.raises(NotFound) as not_theirs:
        await acknowledge(cafe, Role.KITCHEN, told)
    with pytest.raises(NotFound) as no_such:
        await resolve(cafe, Role.COUNTER, unknown)

    messages = {each.value.message for each in (elsewhere, not_theirs, no_such)}
    assert messages == {"There is no such notification."}


async def test_two_people_who_answer_at_once_are_one_answer(cafe):
    """The first is who comes; the second sees it, and nothing is told twice."""
    await call_staff(cafe, await cafe.sit_down())
    (told,) = await list_for(cafe, Role.COUNTER)
    cafe.take_events()

    await asyncio.gather(acknowledge(cafe, Role.COUNTER, told), acknowledge(cafe, Role.EXPO, told))

    (shown,) = await list_for(cafe, Role.COUNTER)
    assert len(shown.acknowledgements) == 1
    assert describe(cafe.take_events()) == ["staff_notification_updated", "table_call_updated"]


async def test_what_is_told_in_the_log_is_what_the_rows_say(cafe):
    """A snapshot and the last event of each notification agree, audience included."""
    await send(cafe, include_roles=["counter"])
    await call_staff(cafe, await cafe.sit_down())
    (call,) = [each for each in await list_for(cafe, Role.EXPO) if each.kind is CALLED]
    await acknowledge(cafe, Role.EXPO, call)
    cafe.pass_time(seconds=121)
    await look_after(cafe)

    last = {
        logged.event.notification.notification_id: logged.event
        for logged in await cafe.read_log()
        if logged.event.__struct_config__.tag.startswith("staff_notification")
    }
    for role in cafe_roles():
        shown = await list_for(cafe, role)
        assert shown == [last[each.notification_id].notification for each in shown]
        assert all(last[each.notification_id].audience.admits(cafe.staff(role)) for each in shown)
