"""A waiting order that nobody looks at ends by the clock, once."""

from datetime import timedelta

import msgspec
import pytest

from domain.commands import LineDraft, OpenTableSession, PlaceOrder
from domain.errors import NotFound
from domain.roles import Identity, IdentityKind, Role
from domain.statuses import OrderStatus
from domain.views.guests import GuestSessionView
from domain.views.orders import OrderView
from jobs.holds import build_hold_job, expire_holds
from models.base import database_proxy
from models.menu import MenuItem
from models.orders import Order
from models.tenancy import CafeTable
from services import ordering, tables

MUCH_LATER = timedelta(hours=1)


@pytest.fixture
async def waiting_order(cafe_id, runner) -> OrderView:
    """A guest's first order, which waits for approval."""
    with database_proxy.connection_context():
        code = CafeTable.get(CafeTable.number == 1).code
        menu_item_id = MenuItem.get(MenuItem.name == "Carrot cake").id
    opened = await runner.write(
        tables.open_table_session,
        OpenTableSession(table_code=code),
        command_type="open_table_session",
    )
    session = msgspec.json.decode(opened.body, type=GuestSessionView)
    guest = Identity(
        kind=IdentityKind.GUEST,
        principal=f"lane:{session.lane_id}",
        cafe_id=cafe_id,
        roles=frozenset({Role.CUSTOMER}),
        lane_id=session.lane_id,
        table_session_id=session.table_session_id,
    )
    placed = await runner.write(
        ordering.place_order,
        PlaceOrder(lines=[LineDraft(menu_item_id=menu_item_id, quantity=1)]),
        command_type="place_order",
        identity=guest,
    )
    order = msgspec.json.decode(placed.body, type=OrderView)
    assert order.status is OrderStatus.SUBMITTED
    return order


def _read_status(order: OrderView) -> OrderStatus:
    return Order.get_by_id(order.order_id).status


async def test_an_order_that_still_has_time_goes_on_waiting(waiting_order, runner, clock):
    """Nothing is touched before its time."""
    touched = await expire_holds(runner, now=clock.now)

    assert touched == 0
    assert await runner.read(_read_status, waiting_order) is OrderStatus.SUBMITTED


async def test_an_order_that_nobody_approved_expires(waiting_order, runner, clock):
    """After its time the job ends it, and a second run finds nothing to do."""
    clock.now += MUCH_LATER

    await build_hold_job(runner, now=clock.read).run()

    assert await runner.read(_read_status, waiting_order) is OrderStatus.EXPIRED
    assert await expire_holds(runner, now=clock.now) == 0


async def test_a_cafe_that_fails_is_logged_and_tried_again(
    waiting_order, runner, clock, monkeypatch, expected_logs
):
    """One cafe's trouble does not end the job, and the next period finds the work still there."""
    expected_logs.add("holds_not_expired")
    clock.now += MUCH_LATER

    def refuse(unit, command):
        raise NotFound("gone")

    with monkeypatch.context() as patch:
        patch.setattr("jobs.holds.expire_due_holds", refuse)
        assert await expire_holds(runner, now=clock.now) == 0

    assert await expire_holds(runner, now=clock.now) == 1
