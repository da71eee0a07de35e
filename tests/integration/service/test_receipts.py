"""A ticket that no screen has painted is told of at the counter, whichever process notices."""

import asyncio

import pytest

from domain.commands import BumpTicket, PlaceOrder, ResolveNotification
from domain.roles import Role
from domain.screens import Receipt
from domain.statuses import NotificationKind, Priority
from domain.views.notifications import NotificationView
from domain.views.orders import OrderView
from jobs.housekeeping import remove_expired
from jobs.receipts import ReceiptWatch
from models.base import database_proxy
from models.rows import fetch_rows
from services.notifications import list_notifications
from services.receipts import list_cafes_with_unseen_tickets
from services.screens import JudgeScreens, judge_screens
from tests.support.cafes import OTHER_CAFE_ID, UNKNOWN_ID, TestCafe, describe, open_beside
from tests.support.walls import open_screen


class Process:
    """The watch of one process, and what its screens have painted."""

    def __init__(self, cafe: TestCafe) -> None:
        self._cafe = cafe
        self.receipts: list[Receipt] = []
        self._watch = ReceiptWatch(
            cafe.runner, take_receipts=self._take_receipts, now=lambda: cafe.now
        )

    def paint(self, ticket_id: str, *, station_id: str | None = None, cafe_id: str = "") -> None:
        """Hear from a screen that it shows a ticket."""
        receipt = Receipt(
            cafe_id=cafe_id or self._cafe.cafe_id, station_id=station_id, ticket_id=ticket_id
        )
        self.receipts.append(receipt)

    async def tick(self) -> None:
        """Let the job run."""
        await self._watch.tick()

    def _take_receipts(self) -> list[Receipt]:
        receipts, self.receipts = self.receipts, []
        return receipts


async def watch(cafe: TestCafe, *processes: Process, seconds: float) -> None:
    """Let time pass with a run of each process's job every half second."""
    for _ in range(int(seconds * 2)):
        cafe.pass_time(seconds=0.5)
        for process in processes:
            await process.tick()


@pytest.fixture
async def process(cafe) -> Process:
    """A process that watches a cafe with one screen at the bar."""
    process = Process(cafe)
    await open_screen(cafe)
    await watch(cafe, process, seconds=5)
    return process


async def order_water(cafe: TestCafe) -> OrderView:
    """Send something to the bar."""
    return await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line("Water")]))


async def find_ticket(cafe: TestCafe, order: OrderView) -> str:
    """Return the id of an order's one ticket."""
    ((ticket_id,),) = await cafe.runner.read(
        fetch_rows, "SELECT id FROM ticket WHERE order_id = ?", (order.order_id,)
    )
    return str(ticket_id)


async def list_told(
    cafe: TestCafe, kind: NotificationKind, role: Role = Role.COUNTER
) -> list[NotificationView]:
    """Read what somebody is told of a kind."""
    view = await cafe.runner.read(list_notifications, cafe.staff(role))
    return [each for each in view.notifications if each.kind is kind]


async def list_unseen(cafe: TestCafe, role: Role = Role.COUNTER) -> list[NotificationView]:
    """Read what somebody is told of unseen tickets."""
    return await list_told(cafe, NotificationKind.TICKET_UNSEEN, role)


async def judge(cafe: TestCafe) -> None:
    """Let the screens be judged, as their job does."""
    await cafe.runner.write(
        judge_screens, JudgeScreens(), command_type="judge_screens", cafe_id=cafe.cafe_id
    )


async def test_a_ticket_that_no_screen_paints_alarms_the_counter(cafe, process):
    """After three seconds, once, with the station and the number; a late paint ends it."""
    order = await order_water(cafe)
    await watch(cafe, process, seconds=3)
    assert await list_unseen(cafe) == []

    await watch(cafe, process, seconds=1)
    (told,) = await list_unseen(cafe)
    assert told.title == f"Bar has not seen order {order.order_number}"
    assert told.priority is Priority.URGENT
    assert told.order_number == order.order_number
    assert await list_unseen(cafe, Role.KITCHEN) == []
    await watch(cafe, process, seconds=5)
    assert await list_unseen(cafe) == [told]

    process.paint(await find_ticket(cafe, order), station_id=cafe.stations["bar"])
    await watch(cafe, process, seconds=1)
    assert await list_unseen(cafe) == []
    log = describe(await cafe.read_log())
    assert log.count("staff_notification") == 1
    assert log.count("staff_notification_updated") == 1


async def test_a_ticket_that_is_painted_in_time_is_nobodys_business(cafe, process):
    """A receipt that comes at the last moment counts."""
    order = await order_water(cafe)
    await watch(cafe, process, seconds=2.5)
    process.paint(await find_ticket(cafe, order))
    await watch(cafe, process, seconds=20)

    assert await list_unseen(cafe) == []
    assert describe(await cafe.read_log()).count("staff_notification") == 0


async def test_one_of_two_screens_is_enough(cafe, process):
    """The other one is dead; the bar has seen its ticket all the same."""
    await open_screen(cafe, "dead wall")
    async with open_beside(cafe) as neighbour:
        other = Process(neighbour)
        order = await order_water(cafe)
        other.paint(await find_ticket(cafe, order), station_id=cafe.stations["bar"])
        for _ in range(20):
            cafe.pass_time(seconds=0.5)
            neighbour.now = cafe.now
            await other.tick()
            await process.tick()

    assert await list_unseen(cafe) == []


async def test_another_process_tells_of_what_a_dead_one_left(cafe, process):
    """The process that took the order never ran its job again; both at once tell once."""
    async with open_beside(cafe) as neighbour, open_beside(cafe) as third:
        others = [Process(neighbour), Process(third)]
        for _ in range(8):
            neighbour.now = third.now = cafe.now
            await asyncio.gather(*(each.tick() for each in others))
            cafe.pass_time(seconds=0.5)
        await order_water(cafe)
        for _ in range(9):
            cafe.pass_time(seconds=0.5)
            neighbour.now = third.now = cafe.now
            await asyncio.gather(*(each.tick() for each in others))

    assert len(await list_unseen(cafe)) == 1
    assert describe(await cafe.read_log()).count("staff_notification") == 1


async def test_a_process_that_has_just_begun_gives_screens_their_time(cafe, process):
    """What is unseen when a process begins is told of after three seconds of watching."""
    await order_water(cafe)
    cafe.pass_time(seconds=60)
    newcomer = Process(cafe)
    await watch(cafe, newcomer, seconds=3)
    assert await list_unseen(cafe) == []

    await watch(cafe, newcomer, seconds=1)
    assert len(await list_unseen(cafe)) == 1


async def test_a_bump_ends_the_alarm(cafe, process):
    """Somebody made it from what they were told."""
    order = await order_water(cafe)
    await watch(cafe, process, seconds=4)
    assert len(await list_unseen(cafe)) == 1

    bump = BumpTicket(ticket_id=await find_ticket(cafe, order))
    await cafe.do(Role.KITCHEN, "bump_ticket", bump)
    await watch(cafe, process, seconds=1)

    assert await list_unseen(cafe) == []


async def test_a_receipt_counts_for_the_screens_own_tickets_alone(cafe, process):
    """Another station's screen, another cafe's and an id of nothing say nothing of this ticket."""
    ticket_id = await find_ticket(cafe, await order_water(cafe))
    process.paint(ticket_id, station_id=cafe.stations["kitchen"])
    process.paint(ticket_id, cafe_id=OTHER_CAFE_ID)
    process.paint(UNKNOWN_ID)
    await watch(cafe, process, seconds=4)

    assert len(await list_unseen(cafe)) == 1


async def test_a_station_without_a_screen_is_one_warning(cafe):
    """However many tickets; it ends when a screen appears, and is none before there is service."""
    process = Process(cafe)
    await judge(cafe)
    assert await list_told(cafe, NotificationKind.NO_SCREEN) == []

    for _ in range(3):
        await order_water(cafe)
    await watch(cafe, process, seconds=6)
    await judge(cafe)
    await judge(cafe)
    (told,) = await list_told(cafe, NotificationKind.NO_SCREEN)
    assert told.title == "Bar has no screen"
    assert await list_told(cafe, NotificationKind.NO_SCREEN, Role.MANAGER) == [told]
    assert await list_unseen(cafe) == []

    await open_screen(cafe, station=None)
    await judge(cafe)
    assert await list_told(cafe, NotificationKind.NO_SCREEN) == []


async def test_a_station_that_works_without_a_screen_says_so_once(cafe):
    """Who ends the warning by hand is believed for the day."""
    await order_water(cafe)
    await judge(cafe)
    (told,) = await list_told(cafe, NotificationKind.NO_SCREEN)
    await cafe.do(
        Role.COUNTER,
        "resolve_notification",
        ResolveNotification(notification_id=told.notification_id),
    )

    cafe.pass_time(minutes=30)
    await judge(cafe)

    assert await list_told(cafe, NotificationKind.NO_SCREEN) == []


async def test_looking_for_unseen_tickets_is_two_queries(cafe, process, monkeypatch):
    """However many tickets there are, in however many cafes."""
    statements: list[str] = []
    send = database_proxy.obj.execute_sql

    def execute_sql(sql, *rest, **options):
        statements.append(sql)
        return send(sql, *rest, **options)

    def look() -> list[str]:
        with monkeypatch.context() as patched:
            patched.setattr(database_proxy.obj, "execute_sql", execute_sql)
            return list_cafes_with_unseen_tickets(cafe.now)

    for _ in range(5):
        await order_water(cafe)
    cafe.pass_time(seconds=4)

    assert await cafe.runner.read(look) == [cafe.cafe_id]
    assert len(statements) == 2


async def test_old_receipts_are_removed(cafe, process):
    """A day later nobody asks for them."""
    order = await order_water(cafe)
    process.paint(await find_ticket(cafe, order))
    await watch(cafe, process, seconds=1)
    cafe.pass_time(hours=25)

    await remove_expired(cafe.runner, answers_kept_s=72 * 3600, limit=10)

    assert await cafe.runner.read(fetch_rows, "SELECT ticket_id FROM ticket_receipt", ()) == []
