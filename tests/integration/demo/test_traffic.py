"""Simulated guests and staff work through the real server until everything is served or voided."""

import asyncio
import logging
from collections import Counter

import msgspec
import pytest

from bench.demo_server import employ, read_description, read_log
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
    handover_s=0.2,
    look_at_menu_s=0.1,
    linger_s=0.1,
)


@pytest.fixture
def description(start_server):
    """The demo's cafe, served, without traffic of its own."""
    return read_description(start_server("demo", "--json"))


async def test_all_that_is_ordered_is_served_or_voided(description):
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
    tables = (await rest.list_tables()).tables
    rest.close()
    assert tally.errors == 0
    assert len(orders) == tally.orders > 5
    assert {item["status"] for item in items} <= {"served", "voided"}
    assert all(table.table_session_id is None for table in tables)
    types = Counter(row.event["type"] for row in log)
    assert min(tally.rounds, tally.voids, tally.bumps, tally.recalls, tally.closed_tables) > 0
    assert types["order_round_added"] == tally.rounds


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
