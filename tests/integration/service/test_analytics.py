"""The figures of a day against their definitions, from orders that really happened."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from domain.analytics import AnalyticsView
from domain.commands import (
    FinishItems,
    InitiatePayment,
    PlaceOrder,
    RefundPayment,
    RemakeItems,
    ServeItems,
    StartItems,
    VoidItems,
)
from domain.payments import PaymentMethod
from domain.roles import Role
from domain.views.money import PaymentView
from jobs.analytics import AnalyticsTicker
from models.analytics import AnalyticsRow
from services.analytics import (
    KeepAnalytics,
    find_kept_analytics,
    is_changed,
    keep_analytics,
    read_analytics,
)
from services.leases import LeaseTaken, TakeLease, take_lease
from services.shifts import EndShift, StartShift, end_shift, start_shift
from tests.support.cafes import START, open_beside, units

# A flat white is 3.90 with 23 % in it, a toastie 8.90 with 13 %.
FLAT_WHITE_NET = 317
TOASTIE_NET = 788


async def look(cafe) -> AnalyticsView:
    return await cafe.runner.read(read_analytics, cafe.cafe_id, now=cafe.now)


async def place(cafe, *names, quantity=1):
    choices = {"Toastie": ("Rye",)}
    lines = [cafe.line(name, *choices.get(name, ()), quantity=quantity) for name in names]
    return await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=lines))


async def finish(cafe, *items):
    command = FinishItems(items=[unit for item in items for unit in units(item)])
    await cafe.do(Role.KITCHEN, "finish_items", command)


async def serve(cafe, *items):
    command = ServeItems(items=[unit for item in items for unit in units(item)])
    await cafe.do(Role.COUNTER, "serve_items", command)


async def make(cafe, minutes, *names):
    """Have an order made in so many minutes, and served."""
    order = await place(cafe, *(names or ("Flat white",)))
    cafe.pass_time(minutes=minutes)
    await finish(cafe, *order.items)
    await serve(cafe, *order.items)
    return order


async def test_an_order_is_active_until_it_is_served(cafe):
    """Confirmed, preparing and ready count; completed today is another figure."""
    order = await place(cafe, "Flat white", "Toastie")
    coffee, toastie = order.items
    for step in (lambda: finish(cafe, coffee), lambda: finish(cafe, toastie)):
        assert (await look(cafe)).figures.active_orders == 1
        await step()
    assert (await look(cafe)).figures.active_orders == 1
    await serve(cafe, coffee, toastie)

    figures = (await look(cafe)).figures
    assert (figures.active_orders, figures.completed_orders_today) == (0, 1)
    assert figures.waiting_orders == 0


async def test_what_waits_for_the_counter_is_told_apart(strict_cafe):
    """Submitted is not active, sells nothing and loads no station."""
    cafe = strict_cafe
    guest = await cafe.sit_down(1)
    await cafe.order(guest, "place_order", PlaceOrder(lines=[cafe.line("Water")]))

    view = await look(cafe)
    assert (view.figures.waiting_orders, view.figures.active_orders) == (1, 0)
    assert (view.figures.revenue_today, view.figures.kitchen_load) == (0, 0)


async def test_revenue_is_net_of_what_was_not_voided(cafe):
    """Both rates of tax out, the voided line and the free remake nothing."""
    order = await place(cafe, "Flat white", "Toastie", "Water")
    coffee, _, water = order.items
    void = VoidItems(order_id=order.order_id, items=units(water), reason="x")
    await cafe.do(Role.MANAGER, "void_items", void)
    await finish(cafe, coffee)
    await serve(cafe, coffee)
    await cafe.do(Role.COUNTER, "remake_items", RemakeItems(items=units(coffee), reason="cold"))

    view = await look(cafe)
    assert view.figures.revenue_today == FLAT_WHITE_NET + TOASTIE_NET
    assert view.gross_minor == 390 + 890
    assert [hour.net_minor for hour in view.sales_by_hour] == [FLAT_WHITE_NET + TOASTIE_NET]


async def test_a_refund_counts_on_the_day_it_is_given(cafe):
    """Yesterday's order, today's refund: today's revenue falls below nothing."""
    order = await place(cafe, "Flat white")
    paid = await cafe.do(
        Role.COUNTER,
        "initiate_payment",
        InitiatePayment(order_id=order.order_id, method=PaymentMethod.CASH, amount_minor=390),
    )
    payment = msgspec.json.decode(paid.body, type=PaymentView)
    cafe.pass_time(days=1)
    assert (await look(cafe)).figures.revenue_today == 0

    for amount_minor, with_credit in ((100, True), (50, False)):
        refund = RefundPayment(
            payment_id=payment.payment_id,
            amount_minor=amount_minor,
            reason="cold",
            with_credit=with_credit,
        )
        await cafe.do(Role.MANAGER, "refund_payment", refund)

    view = await look(cafe)
    # 1.00 less 0.19 of tax; money that is owed again took nothing from what was sold.
    assert view.figures.revenue_today == -81
    assert view.refunded_net_minor == 81


async def test_the_order_time_is_of_the_last_hour_or_of_the_day(cafe):
    """Four are too few; the fifth makes the hour speak. Remakes and hours without end do not."""
    first = await make(cafe, 20)
    cafe.pass_time(hours=2)
    for _ in range(4):
        await make(cafe, 4)
    figures = (await look(cafe)).figures
    assert (figures.average_order_time, figures.average_order_time_n) == (7.2, 5)
    assert figures.average_order_time_is_whole_day

    await make(cafe, 9)
    remake = RemakeItems(items=units(first.items[0]), reason="cold")
    await cafe.do(Role.COUNTER, "remake_items", remake)
    figures = (await look(cafe)).figures
    assert (figures.average_order_time, figures.average_order_time_n) == (5.0, 5)
    assert not figures.average_order_time_is_whole_day


async def test_the_load_is_the_work_that_is_left_at_the_fullest_station(cafe):
    """Two minutes a coffee, seven a toastie; what is begun has less left."""
    order = await place(cafe, "Flat white", "Toastie", quantity=2)
    view = await look(cafe)
    assert view.figures.kitchen_load == 140
    assert {each.name: each.load_percent for each in view.stations} == {"Bar": 40, "Kitchen": 140}

    await cafe.do(Role.KITCHEN, "start_items", StartItems(items=units(order.items[1])))
    cafe.pass_time(minutes=5)
    assert (await look(cafe)).figures.kitchen_load == 90
    cafe.pass_time(minutes=6)
    view = await look(cafe)
    assert view.late_count == 2
    assert [ticket.station_name for ticket in view.late] == ["Bar", "Kitchen"]


async def test_whoever_acted_lately_is_on_duty(cafe):
    """People, each once, for a quarter of an hour; guests are none."""
    await make(cafe, 1)
    guest = await cafe.sit_down(2)
    await cafe.order(guest, "place_order", PlaceOrder(lines=[cafe.line("Water")]))
    assert (await look(cafe)).figures.staff_on_duty == 2

    cafe.pass_time(minutes=15)
    assert (await look(cafe)).figures.staff_on_duty == 0


async def test_whoever_has_an_open_shift_is_on_duty_where_shifts_are_used(cafe):
    """Idle or not; nobody when all have ended; and how it was counted is said beside the figure."""

    async def read():
        figures = (await look(cafe)).figures
        return figures.staff_on_duty, figures.staff_on_duty_by.value

    await make(cafe, 1)
    assert await read() == (2, "action")
    begun = [
        await cafe.runner.write(
            start_shift, StartShift(), command_type="start_shift", identity=cafe.staff(role)
        )
        for role in (Role.KITCHEN, Role.COUNTER, Role.EXPO)
    ]
    cafe.pass_time(hours=2)
    assert await read() == (3, "shift")
    for role, each in zip((Role.KITCHEN, Role.COUNTER), begun, strict=False):
        await cafe.runner.write(
            end_shift,
            EndShift(shift_id=msgspec.json.decode(each.body)["shiftId"]),
            command_type="end_shift",
            identity=cafe.staff(role),
        )
    assert await read() == (1, "shift")
    cafe.pass_time(days=1)
    assert await read() == (0, "shift")  # the third one was forgotten
    cafe.pass_time(days=7)
    assert await read() == (0, "action")


async def test_the_day_ends_at_the_cutoff_of_the_cafes_clock(cafe):
    """Lisbon, 4 in the morning: a minute before it is still yesterday's."""
    cafe.now = datetime(2026, 11, 24, 3, 59, tzinfo=UTC)
    await make(cafe, 0)
    before = await look(cafe)
    cafe.now = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
    after = await look(cafe)

    assert (before.business_date.day, before.figures.completed_orders_today) == (23, 1)
    assert (after.business_date.day, after.figures.completed_orders_today) == (24, 0)
    assert after.figures.revenue_today == 0
    assert before.day_ends_at == cafe.now


async def test_the_day_the_clock_goes_back_has_twenty_five_hours(cafe):
    """From 4 in summer time to 4 in winter time; the hour that comes twice is two bars."""
    begins_at = datetime(2026, 10, 24, 3, 0, tzinfo=UTC)  # 4:00 in Lisbon
    for at in (
        begins_at - timedelta(minutes=1),
        begins_at,
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        begins_at + timedelta(hours=24, minutes=59),
    ):
        cafe.now = at
        await make(cafe, 0, "Water")
    view = await look(cafe)

    assert view.figures.completed_orders_today == 4
    assert view.day_ends_at - begins_at == timedelta(hours=25)
    sold = [hour.hour for hour in view.sales_by_hour if hour.net_minor]
    assert sold == [4, 1, 1, 3]


async def test_nobody_can_rate_yet_and_the_figure_says_so(cafe):
    """Null, with its n."""
    figures = (await look(cafe)).figures
    assert (figures.customer_satisfaction, figures.customer_satisfaction_n) == (None, 0)


# --- what is kept -----------------------------------------------------------------------------


async def keep(cafe, view):
    await cafe.runner.write(
        keep_analytics, KeepAnalytics(view=view), command_type="keep", cafe_id=cafe.cafe_id
    )


async def test_kept_figures_have_a_version_that_rises(cafe):
    """An older one that comes late does not take the place of a newer."""
    assert await cafe.runner.read(find_kept_analytics, cafe.cafe_id) is None
    first = await look(cafe)
    await keep(cafe, first)
    await place(cafe, "Water")
    second = await look(cafe)
    assert (first.version, second.version) == (0, 1)
    await keep(cafe, second)
    await keep(cafe, first)

    kept = await cafe.runner.read(find_kept_analytics, cafe.cafe_id)
    assert (kept.version, kept.figures) == (2, second.figures)
    assert not is_changed(kept, second)
    assert is_changed(kept, first)


async def test_figures_of_another_shape_are_measured_anew(cafe):
    """A version of the program before or after this one kept them."""
    await keep(cafe, await look(cafe))
    with cafe.database.connection_context():
        kept = AnalyticsRow.cafe_id == cafe.cafe_id
        AnalyticsRow.update(body='{"version": 7}').where(kept).execute()

    assert await cafe.runner.read(find_kept_analytics, cafe.cafe_id) is None
    assert (await look(cafe)).version == 1


# --- leases and ticks -------------------------------------------------------------------------


async def take(cafe, period_s=5.0) -> bool:
    outcome = await cafe.runner.write(
        take_lease,
        TakeLease(job="test", period_s=period_s),
        command_type="take_lease",
        cafe_id=cafe.cafe_id,
    )
    return msgspec.json.decode(outcome.body, type=LeaseTaken).is_taken


async def test_a_period_is_taken_once_however_many_ask(cafe):
    """Two processes, many times each, at the same moment; and again in the next period."""
    async with open_beside(cafe) as neighbour:
        for _ in range(5):
            asked = [take(each) for each in (cafe, neighbour) * 6]
            assert sum(await asyncio.gather(*asked)) == 1
            for each in (cafe, neighbour):
                each.pass_time(seconds=5)


@pytest.mark.parametrize(
    ("step_s", "is_taken"), [(0, False), (4.9, False), (5, True), (3600, True), (-1, True)]
)
async def test_a_clock_that_was_set(cafe, step_s, is_taken):
    """Forwards or backwards over a period's edge, the job goes on; inside of it, it waits."""
    assert await take(cafe)

    cafe.now = START + timedelta(seconds=step_s)

    assert await take(cafe) is is_taken
    assert not await take(cafe)


class Listener:
    """A process that management listens to. pushed: what it sent, as (version, active orders)."""

    def __init__(self, cafe, is_listened=True):
        self.pushed: list[tuple[int, int]] = []
        self.kept: list[str] = []
        self.is_listened = is_listened
        self.ticker = AnalyticsTicker(
            cafe.runner,
            list_listened=lambda: [cafe.cafe_id] if self.is_listened else [],
            push=lambda _, view: self.pushed.append((view.version, view.figures.active_orders)),
            on_kept=self.kept.append,
            now=lambda: cafe.now,
        )


async def test_figures_are_pushed_when_they_have_changed_and_to_listeners_alone(cafe):
    """The first tick, then nothing until something happens; without listeners nothing is done."""
    nobody = Listener(cafe, is_listened=False)
    await nobody.ticker.tick()
    assert await cafe.runner.read(find_kept_analytics, cafe.cafe_id) is None
    process = Listener(cafe)
    for _ in range(3):
        await process.ticker.tick()
        cafe.pass_time(seconds=5)
    assert process.pushed == [(1, 0)]

    await place(cafe, "Water")
    await process.ticker.tick()

    assert process.pushed == [(1, 0), (2, 1)]
    assert process.kept == [cafe.cafe_id] * 2
    assert nobody.pushed == []


async def test_every_process_pushes_what_one_has_measured(cafe):
    """In each period one of them measures; when it dies the other does."""
    async with open_beside(cafe) as neighbour:
        one, other = Listener(cafe), Listener(neighbour)
        for number in range(4):
            await place(cafe, "Water")
            await asyncio.gather(one.ticker.tick(), other.ticker.tick())
            await asyncio.gather(one.ticker.look(cafe.cafe_id), other.ticker.look(cafe.cafe_id))
            assert len(one.kept) + len(other.kept) == number + 1
            for each in (cafe, neighbour):
                each.pass_time(seconds=5)
        assert one.pushed == other.pushed == [(number, number) for number in range(1, 5)]

        await place(cafe, "Water")
        await other.ticker.tick()  # the first one is no more
        assert other.pushed[-1] == (5, 5)
