"""A demo cafe on a real server with orders in every state, and another cafe in its database.

`open_two_cafes` fills both over REST, as people do. What somebody may not know of the other cafe
(its items, orders, tickets, ...) stands in `other_ids`, the same things of the own cafe in `ids`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from composition.identifiers import new_id, new_table_code
from demo.cafe import CAFE
from domain.demo import DemoDescription
from domain.roles import Role
from models.base import bind
from models.database import close_database, open_database
from models.notifications import NotificationRow
from models.orders import Ticket
from services.passwords import hash_password
from services.setup import SetupContext, create_cafe
from tests.support.contract import Contract
from tests.support.people import Caller, sign_in, sign_in_with, sit_down
from tests.support.row_counts import RowCounter

_PASSWORD = "another long enough password"
_PREFIX = "other-"
# E-mail address and password of the other cafe's owner.
OTHER_OWNER = (
    _PREFIX + next(person.email for person in CAFE.people if person.role is Role.OWNER),
    _PASSWORD,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoCafes:
    """What tests use. other: the other cafe's owner.

    ids, other_ids: kind of thing -> id, as in `_name_things`.
    line: a good line with one modifier. sold_out: lines with a sold-out item and a sold-out option.
    items: ids of lines in each status: queued, ready, served, voided.
    """

    people: dict[Role, Caller]
    other: Caller
    rows: RowCounter
    line: dict[str, Any]
    sold_out: dict[str, dict[str, Any]]
    items: dict[str, str]
    completed: dict[str, str]
    ids: dict[str, str]
    other_ids: dict[str, str]
    other_cafe_id: str


@asynccontextmanager
async def open_two_cafes(
    description: DemoDescription, contract: Contract, *, database_url: str
) -> AsyncIterator[TwoCafes]:
    """Fill the demo cafe of a running server and one more cafe in its database."""
    await asyncio.to_thread(_add_cafe, database_url)
    people = {
        role: await sign_in(description, role, contract)
        for role in (Role.COUNTER, Role.KITCHEN, Role.EXPO, Role.MANAGER)
    }
    people[Role.CUSTOMER] = await sit_down(description, contract)
    other = await _sign_in_at_other(description.url, contract)
    rows = RowCounter(database_url)
    try:
        filled = await _fill(people, other, rows)
        await asyncio.to_thread(_let_nothing_be_late, database_url)
        yield filled
    finally:
        rows.close()
        for caller in (*people.values(), other):
            caller.close()


def _add_cafe(database_url: str) -> None:
    """Make the same cafe with other people: whatever looks alike must not be mixed up."""
    people = tuple(
        msgspec.structs.replace(person, email=_PREFIX + person.email) for person in CAFE.people
    )
    draft = msgspec.structs.replace(CAFE, name="The other cafe", people=people)
    database = open_database(database_url)
    bind(database)
    try:
        create_cafe(
            draft,
            cafe_id=new_id(),
            password_hashes={person.email: hash_password(_PASSWORD) for person in people},
            context=SetupContext(now=datetime.now(UTC), new_id=new_id, new_code=new_table_code),
        )
    finally:
        close_database(database)


def _let_nothing_be_late(database_url: str) -> None:
    """Give the kitchen a day for what it has, and those who call their patience.

    Of late tickets and unanswered calls the clock tells, row by row.
    """
    database = open_database(database_url)
    bind(database)
    try:
        with database.connection_context():
            Ticket.update(target_s=24 * 3600).execute()
            NotificationRow.update(escalates_at=None).execute()
    finally:
        close_database(database)


async def _sign_in_at_other(url: str, contract: Contract) -> Caller:
    email, password = OTHER_OWNER
    return await sign_in_with(url, contract, email=email, password=password)


async def _fill(people: dict[Role, Caller], other: Caller, rows: RowCounter) -> TwoCafes:
    guest, clerk, expo = people[Role.CUSTOMER], people[Role.COUNTER], people[Role.EXPO]
    milky, *others = await list_choosable(guest)
    line = make_line(milky)
    order = await guest.do("/orders", {"lines": [{**line, "note": str(n)} for n in range(4)]})
    queued, ready, served, voided = [each["itemId"] for each in order["rounds"][0]["items"]]
    for item_id in (ready, served):
        await expo.do(f"/items/{item_id}/ready")
    await expo.do(f"/items/{served}/served")
    voids = {"items": [{"itemId": voided}], "reason": "A test"}
    await clerk.do(f"/orders/{order['orderId']}/void", voids)

    completed = await clerk.do("/orders", {"lines": [line]})
    completed_ids = await _name_things(clerk, expo, completed)
    await expo.do(f"/tickets/{completed_ids['ticket']}/ready")
    await expo.do(f"/items/{completed_ids['item']}/served")
    await clerk.do(f"/payments/{completed_ids['payment']}/confirm")

    gone, partly = others[:2]
    option = make_line(partly)
    await clerk.do("/menu/availability", {"menuItemId": gone["menuItemId"], "isSoldOut": True})
    modifier_id = option["modifiers"][0]["modifierId"]
    await clerk.do("/menu/availability", {"modifierId": modifier_id, "isSoldOut": True})

    theirs = await other.do(
        "/orders", {"lines": [make_line((await list_choosable(other))[0])], "tableNumber": 3}
    )
    return TwoCafes(
        people=people,
        other=other,
        rows=rows,
        line=line,
        sold_out={"item": make_line(gone), "option": option},
        items={"queued": queued, "ready": ready, "served": served, "voided": voided},
        completed=completed_ids,
        ids=await _name_things(clerk, expo, order) | await _tell(people[Role.MANAGER]),
        other_ids=await _name_things(other, other, theirs) | await _tell(other),
        other_cafe_id=(await other.get("/menu"))["cafeId"],
    )


async def list_choosable(caller: Caller) -> list[dict[str, Any]]:
    """List the items that have an option of which exactly one is taken, one of each such group."""
    menu = await caller.get("/menu")
    items = [item for category in menu["categories"] for item in category["items"]]
    first_of_group: dict[str, dict[str, Any]] = {}
    for item in items:
        if item["groups"] and item["groups"][0]["minimum"] == item["groups"][0]["maximum"] == 1:
            first_of_group.setdefault(item["groups"][0]["groupId"], item)
    return list(first_of_group.values())


def make_line(item: dict[str, Any]) -> dict[str, Any]:
    """Order an item with the last option of its first group; the other groups keep defaults."""
    option = item["groups"][0]["options"][-1]
    return {
        "menuItemId": item["menuItemId"],
        "quantity": 1,
        "modifiers": [{"modifierId": option["modifierId"], "quantity": 1}],
    }


async def _tell(manager: Caller) -> dict[str, str]:
    """Write a notice to everybody."""
    sent = await manager.do("/notices", {"title": "A test"})
    return {"notification": sent["notification"]["notificationId"]}


async def _name_things(clerk: Caller, expo: Caller, order: dict[str, Any]) -> dict[str, str]:
    """Name everything around an order that has an id."""
    board = await expo.get("/tickets")
    ticket = next(each for each in board["tickets"] if each["orderId"] == order["orderId"])
    item = order["rounds"][0]["items"][0]
    tables = (await clerk.get("/tables"))["tables"]
    payment = await clerk.do(
        f"/orders/{order['orderId']}/payments", {"method": "card_terminal", "amountMinor": 1}
    )
    return {
        "order": order["orderId"],
        "item": item["itemId"],
        "ticket": ticket["ticketId"],
        "station": ticket["stationId"],
        "menu item": item["menuItemId"],
        "modifier": item["modifiers"][0]["modifierId"],
        "table session": order["tableSessionId"] or "",
        "table": tables[0]["tableId"],
        "payment": payment["paymentId"],
        "person": expo.person_id,
    }
