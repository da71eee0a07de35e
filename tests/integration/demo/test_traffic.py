"""Simulated guests and staff work through the real server until all is served and paid."""

import asyncio
import logging
from collections import Counter

import msgspec
import pytest

from bench.demo_server import employ, read_description, read_log
from client.rest import RestClient
from demo.pace import RUSH
from demo.traffic import Traffic, run_traffic
from domain.roles import Role
from tests.support.waiting import wait_for

# Everything that guests and cooks can do, often, within seconds.
BUSY = msgspec.structs.replace(
    RUSH,
    orders_per_minute=240,
    speed=400,
    second_round_share=0.4,
    void_share=0.4,
    recall_share=0.2,
    phone_share=0.6,
    complaint_share=0.4,
    handover_s=0.2,
    look_at_menu_s=0.1,
    linger_s=0.1,
)


@pytest.fixture
def description(start_server):
    """The demo's cafe, served, without traffic of its own."""
    return read_description(start_server("demo", "--json"))


async def test_all_that_is_ordered_is_served_or_voided_and_paid(description):
    """Guests come for some seconds; then the staff finishes, and the tables are free again."""
    tally = await run_traffic(description, pace=BUSY, minutes=0.1)

    rest = await employ(description, Role.MANAGER).sign_in()
    log = await read_log(rest)
    orders = {}
    for row in log:
        if "order" in row.event:
            orders[row.event["order"]["orderId"]] = row.event["order"]
    items = [
        item for order in orders.values() for each in order["rounds"] for item in each["items"]
    ]
    is_anybody_seated = await _is_anybody_seated(rest)
    unsettled = (await rest.list_unsettled_orders()).orders
    rest.close()
    assert tally.errors == 0
    assert unsettled == []
    assert {order["payment"]["dueMinor"] for order in orders.values()} == {0}
    assert len(orders) == tally.orders > 5
    assert {item["status"] for item in items} <= {"served", "voided"}
    assert not is_anybody_seated
    types = Counter(row.event["type"] for row in log)
    assert min(tally.rounds, tally.voids, tally.bumps, tally.recalls, tally.closed_tables) > 0
    assert types["order_round_added"] == tally.rounds
    assert min(tally.phone_payments, tally.counter_payments, tally.refunds) > 0
    assert types["payment_completed"] == tally.phone_payments + tally.counter_payments
    assert types["payment_failed"] == tally.declined
    # A guest does not wait for a refund of the provider's: the clock's job settles it.
    assert types["payment_refunded"] <= tally.refunds


async def test_traffic_that_is_cancelled_ends_at_once_and_leaves_nothing_running(
    description, caplog
):
    """A stop of the demo does not wait for guests to finish their coffee."""
    caplog.set_level(logging.INFO)
    before = asyncio.all_tasks()
    traffic = Traffic(description, pace=BUSY, seed=3)
    running = asyncio.create_task(traffic.run())
    await wait_for(lambda: traffic.tally.orders > 0, "a first order")

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    await wait_for(lambda: asyncio.all_tasks() <= before, "the traffic's tasks to end")
    assert "traffic ended" in caplog.text


async def test_a_second_run_clears_what_a_first_one_left(description):
    """Guests whose run was stopped would sit at their tables for ever."""
    traffic = Traffic(description, pace=BUSY, seed=3)
    first = asyncio.create_task(traffic.run())
    rest = await employ(description, Role.MANAGER).sign_in()
    await wait_for(lambda: _is_anybody_seated(rest), "a guest to sit down")
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    tally = await run_traffic(description, pace=BUSY, seed=4, minutes=0.02)

    is_anybody_seated = await _is_anybody_seated(rest)
    rest.close()
    assert tally.errors == 0
    assert not is_anybody_seated


async def _is_anybody_seated(rest: RestClient) -> bool:
    tables = (await rest.list_tables()).tables
    return any(table.table_session_id is not None for table in tables)
