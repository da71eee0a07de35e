"""A whole service by script: REST and plain WebSocket, every byte held to what is published."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from domain.demo import DemoDescription
from domain.roles import Role
from tests.integration.proofs.conftest import DemoCafe
from tests.support.dropping import drop_and_resume
from tests.support.people import Caller, Watcher, sign_in, sit_down
from tests.support.viewpoints import (
    find_differences,
    sees_as_guest,
    sees_as_management,
    sees_in_kitchen,
    sees_on_board,
)

DROPS = 50


def find_station(description: DemoDescription, slug: str) -> str:
    """Return the id of a station."""
    return next(station.id for station in description.stations if station.slug == slug)


async def choose_lines(guest: Caller, station_id: str, *, count: int) -> list[dict[str, Any]]:
    """Choose items of a station that have options, each with one that is not the default."""
    menu = await guest.get("/menu")
    items = [
        item
        for category in menu["categories"]
        for item in category["items"]
        if item["stationId"] == station_id and item["groups"] and item["groups"][0]["minimum"] == 1
    ]
    return [
        {
            "menuItemId": item["menuItemId"],
            "quantity": 1,
            "modifiers": [{"modifierId": option["modifierId"]}],
            "note": "please",
        }
        for item in items[:count]
        for option in _pick_other_options(item)
    ]


def _pick_other_options(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [option for option in item["groups"][0]["options"] if not option["isDefault"]][:1]


def list_items(order: dict[str, Any]) -> list[dict[str, Any]]:
    """List the lines of all rounds."""
    return [item for each in order["rounds"] for item in each["items"]]


async def test_a_service_over_rest_and_sockets_is_what_the_documents_say(demo_cafe: DemoCafe):
    """Guest, two kitchen displays, counter and board see each step, and the log is their sum."""
    description, contract = demo_cafe.description, demo_cafe.contract
    bar, kitchen = (find_station(description, slug) for slug in ("bar", "kitchen"))
    async with AsyncExitStack() as stack:

        async def watch(caller: Caller, namespace: str, **options: Any) -> Watcher:
            return await stack.enter_async_context(Watcher(caller, namespace, **options))

        guest = await sit_down(description, contract)
        cook, clerk, expo, manager = [
            await sign_in(description, role, contract)
            for role in (Role.KITCHEN, Role.COUNTER, Role.EXPO, Role.MANAGER)
        ]
        for caller in (guest, cook, clerk, expo, manager):
            stack.callback(caller.close)
        bar_display = await watch(cook, "kitchen", rooms=[f"station:{bar}"])
        kitchen_display = await watch(cook, "kitchen", rooms=[f"station:{kitchen}"])
        phone, counter = await watch(guest, "customers"), await watch(clerk, "counter")
        board = await watch(expo, "customers", roles=["board"])
        office = await watch(manager, "admin")
        begun_at = (await manager.get("/events?after=0"))["head"]["seq"]

        lines = [
            *await choose_lines(guest, bar, count=2),
            *await choose_lines(guest, kitchen, count=1),
        ]
        quote = await guest.do("/quotes", {"lines": lines})
        order = await guest.do("/orders", {"lines": lines, "quoteHash": quote["quoteHash"]})
        order_id, number = order["orderId"], order["orderNumber"]
        first, second, third = list_items(order)
        assert order["status"] == "confirmed"
        assert order["totals"]["totalMinor"] == quote["totals"]["totalMinor"]
        assert [len(each["modifiers"]) for each in (first, second, third)] >= [1, 1, 1]
        tickets = {}
        for display, station in ((bar_display, bar), (kitchen_display, kitchen)):
            received = await display.see(
                "kitchen_order_received", orderId=order_id, kitchenStationId=station
            )
            tickets[station] = received["ticketId"]
        await counter.see("order_created", orderId=order_id, status="confirmed")
        await phone.see("order_created", orderId=order_id, status="confirmed")
        await board.see("order_number_preparing", orderNumber=number)
        board_rows = (await manager.get(f"/tickets?stationId={bar}"))["tickets"]
        assert [row["ticketId"] for row in board_rows] == [tickets[bar]]

        # One item over the display's own socket, the rest over REST.
        done = await bar_display.connection.send(
            "finish_items", {"items": [{"itemId": first["itemId"]}]}
        )
        assert done.seq is not None
        assert [each["ticketId"] for each in done.data["tickets"]] == [tickets[bar]]
        await phone.see("order_status_updated", orderId=order_id, newStatus="preparing")
        await counter.see("order_status_updated", orderId=order_id, newStatus="preparing")
        await kitchen_display.see("kitchen_ticket_updated", change="others")
        await cook.do(f"/tickets/{tickets[bar]}/ready")
        await bar_display.see("kitchen_order_completed", ticketId=tickets[bar])
        progress = await phone.see("order_progress", orderId=order_id)
        assert 0 < progress["progressPercentage"] < 100
        await cook.do(f"/tickets/{tickets[kitchen]}/ready")
        await kitchen_display.see("kitchen_order_completed", ticketId=tickets[kitchen])
        for everybody in (phone, counter):
            await everybody.see("order_status_updated", orderId=order_id, newStatus="ready")
        await board.see("order_number_ready", orderNumber=number)

        await cook.do(f"/tickets/{tickets[kitchen]}/recall")
        recalled = await kitchen_display.see("kitchen_ticket_updated", change="recall")
        assert recalled["ticket"]["isRecalled"] is True
        for everybody in (phone, counter):
            await everybody.see("order_status_updated", orderId=order_id, newStatus="preparing")
        await board.see("order_number_preparing", orderNumber=number)
        await cook.do(f"/tickets/{tickets[kitchen]}/ready")
        await board.see("order_number_ready", orderNumber=number)

        before = (await guest.get(f"/orders/{order_id}"))["rounds"][0]
        more = await guest.do(
            f"/orders/{order_id}/rounds", {"lines": await choose_lines(guest, bar, count=1)}
        )
        assert more["rounds"][0] == before, "a second round disturbed the first"
        added = await counter.see("order_round_added", orderId=order_id, roundNumber=2)
        assert len(added["items"]) == 1
        extra = await bar_display.see("kitchen_order_received", orderId=order_id)
        assert extra["ticketId"] not in tickets.values()
        assert extra["ticket"]["roundNumber"] == 2

        for item in (first, second, third):
            await expo.do(f"/items/{item['itemId']}/served")
        (fourth,) = list_items(more)[3:]
        await cook.do(f"/tickets/{extra['ticketId']}/ready")
        served = await counter.connection.send(
            "serve_items", {"items": [{"itemId": fourth["itemId"]}]}
        )
        assert served.data["orders"][0]["status"] == "completed"
        for everybody in (phone, counter):
            await everybody.see("order_status_updated", orderId=order_id, newStatus="completed")
        await board.see("order_number_cleared", orderNumber=number)

        log = await manager.read_log()
        session_id = (await guest.get("/table-sessions/current"))["tableSessionId"]
        differences = {}
        for name, watcher, sees in (
            ("bar", bar_display, sees_in_kitchen),
            ("kitchen", kitchen_display, sees_in_kitchen),
            ("guest", phone, sees_as_guest(session_id, [])),
            ("counter", counter, sees_as_management),
            ("board", board, sees_on_board),
            ("management", office, sees_as_management),
        ):
            await watcher.reach(max(row["seq"] for row in log if sees(row)))
            differences[name] = find_differences(
                watcher.check_frames(), log, after_seq=begun_at, sees=sees
            )
    assert differences == {name: [] for name in differences}
    assert all("userId" not in text for text in phone.frames + board.frames)


@pytest.mark.timeout(300)
async def test_a_socket_that_drops_at_random_points_resumes_to_exactly_the_log(
    demo_cafe: DemoCafe,
):
    """Four readers, fifty cuts each, traffic all the while: nothing missing, nothing twice."""
    result = await drop_and_resume(demo_cafe.description, drops=DROPS, seed=20261123)

    assert {reader.name: reader.differences for reader in result.readers} == {
        reader.name: [] for reader in result.readers
    }
    for reader in result.readers:
        assert reader.drops == DROPS
        assert reader.modes.get("resync", 0) == 0
        assert reader.modes["replay"] >= DROPS // 2, reader.modes
        assert reader.received > 0
