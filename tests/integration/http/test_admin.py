"""The pages of management, as a browser sees them."""

import json
import re
from html import unescape

import pytest

from domain.roles import Role
from tests.integration.http.conftest import World, new_id


def read_live(page: str) -> dict:
    """Return what the page's script attaches with."""
    found = re.search(r'data-live="([^"]*)"', page)
    assert found is not None
    live: dict = json.loads(unescape(found.group(1)))
    return live


async def test_the_day_is_shown_in_figures(world: World):
    """An order's rounds and lines are in the figures; what nobody knows says so."""
    till = await world.staff(Role.COUNTER)
    await world.order(till)
    manager = await world.open_browser(Role.MANAGER)

    answer = await manager.get("/admin")

    page = answer.body.decode()
    assert answer.code == 200
    assert re.search(r"Active orders</h3>\s*<p[^>]*>1</p>", page)
    assert "n 1 round fired today" in page
    assert "not enough data" in page
    live = read_live(page)
    assert (live["namespace"], live["render"]) == ("admin", ["live_figures", "station_screens"])
    assert live["position"]["seq"] > 0


@pytest.mark.parametrize("role", [Role.COUNTER, Role.EXPO, Role.KITCHEN])
async def test_figures_are_for_management(world: World, role: Role):
    """Others are refused, and the displays do not offer the page."""
    browser = await world.open_browser(role)

    assert (await browser.get("/admin")).code == 403
    assert b'href="/admin"' not in (await browser.get("/displays")).body


async def test_managers_find_the_page(world: World):
    """It stands among the displays."""
    browser = await world.open_browser(Role.MANAGER)

    assert b'href="/admin"' in (await browser.get("/displays")).body


def read_sentences(page: str) -> list[str]:
    """List the audit's sentences, newest first."""
    found = re.findall(r'<p class="audit-entry__what">(.*?)</p>', page, re.S)
    return [" ".join(re.sub(r"<[^>]*>", "", each).split()) for each in found]


async def test_the_audit_says_who_did_what(world: World):
    """Names, numbers and reasons, newest first; a subject leaves the rest out."""
    till, guest = await world.staff(Role.COUNTER), await world.guest(3)
    order = await world.order(guest)
    items = [{"itemId": order["rounds"][0]["items"][0]["itemId"]}]
    await guest.post(f"/api/v1/orders/{order['orderId']}/void", {"items": items})
    menu_item = (await world.pick_line(till))["menuItemId"]
    await till.post("/api/v1/menu/availability", {"menuItemId": menu_item, "isSoldOut": True})
    manager = await world.open_browser(Role.MANAGER)

    sentences = read_sentences((await manager.get("/admin/audit")).body.decode())
    orders = read_sentences((await manager.get("/admin/audit?about=orders")).body.decode())

    voided = f"A guest at {world.table_labels[3]} voided 1 line of order {order['orderNumber']}."
    assert sentences[:3] == [
        f"{world.names[Role.MANAGER]} signed in.",
        f"{world.names[Role.COUNTER]} marked Flat white sold out.",
        voided,
    ]
    assert orders == [voided]


async def test_a_limit_is_set_and_a_pause_is_told(world: World):
    """By a plain form in Admin; what the till pauses stands there, and in the audit with why."""
    station_id = next(iter(world.stations.values()))
    address = f"/admin/screens/stations/{station_id}/busy"
    manager, till = await world.open_browser(Role.MANAGER), await world.staff(Role.COUNTER)
    line = await world.pick_line(till)

    assert (await manager.request("POST", address, form={"limit": "20"})).code == 303
    refused = await manager.request("POST", address, form={"limit": "none"})
    assert (refused.code, b"Choose a number of minutes" in refused.body) == (422, True)
    wish = {"stationId": station_id, "minutes": 10, "reason": "Short of hands"}
    await till.post("/api/v1/menu/pause", wish)
    page = (await manager.get("/admin/screens")).body.decode()
    guest = await world.guest(2)
    told = await guest.post("/api/v1/orders", {"lines": [line]}, Idempotency_Key=new_id())
    await till.post("/api/v1/menu/resume", {"stationId": station_id})

    assert re.search(r'<option value="20" selected>from 20 min on', page)
    assert "paused for guests</b> since" in page
    assert "by hand: Short of hands" in page
    assert (told.code, json.loads(told.body)["code"]) == (422, "paused")
    assert (await world.order(guest, line))["rounds"]
    sentences = read_sentences((await manager.get("/admin/audit?about=menu")).body.decode())
    name = world.names[Role.COUNTER]
    assert sentences == [
        f"{name} let guests order from Bar again after 1 minute, by hand.",
        f"{name} paused guests’ orders of Bar by hand for 10 minutes. Short of hands",
        f"{world.names[Role.MANAGER]} let guests’ orders of Bar be paused from 20 min of work in"
        " front on.",
    ]


async def test_the_audit_turns_pages(world: World):
    """Nothing is left out or twice between two pages; a strange page is not there."""
    till = await world.staff(Role.COUNTER)
    menu_item = (await world.pick_line(till))["menuItemId"]
    for number in range(52):
        body = {"menuItemId": menu_item, "isSoldOut": number % 2 == 0}
        assert (await till.post("/api/v1/menu/availability", body)).code == 200
    manager = await world.open_browser(Role.MANAGER)

    first = (await manager.get("/admin/audit?about=menu")).body.decode()
    older = re.search(r'href="([^"]*before=[^"]*)"', first)
    assert older is not None
    second = (await manager.get(unescape(older.group(1)))).body.decode()

    assert (len(read_sentences(first)), len(read_sentences(second))) == (50, 2)
    shown = re.findall(r'id="audit_entry-([^"]*)"', first + second)
    assert len(set(shown)) == 52
    assert "before=" not in second
    for query in ("about=nothing", "before=1"):
        assert (await manager.get(f"/admin/audit?{query}")).code == 404


async def test_a_manager_ends_somebodys_access(world: World):
    """Their cookie opens nothing any more, the list says so, and the others are told."""
    told: list[str] = []
    world.told = told.append
    cook = await world.open_browser(Role.KITCHEN)
    manager = await world.open_browser(Role.MANAGER)
    page = (await manager.get("/admin/people")).body.decode()
    person = re.search(
        rf'id="staff_member-([^"]*)".{{0,200}}{re.escape(world.names[Role.KITCHEN])}', page, re.S
    )
    assert person is not None

    ended = await manager.request("POST", f"/admin/people/{person.group(1)}/revoke", form={})

    assert ended.code == 303, ended.body
    shown = (await manager.get(ended.headers["Location"])).body.decode()
    assert f"1 sign-in of {world.names[Role.KITCHEN]} ended." in shown
    assert (await cook.get("/kitchen")).code == 303
    assert len(told) == 1
    sentences = read_sentences((await manager.get("/admin/audit?about=access")).body.decode())
    deed = f"ended the access of {world.names[Role.KITCHEN]}: 1 sign-in."
    assert sentences[0] == f"{world.names[Role.MANAGER]} {deed}"


async def test_whoever_left_the_cafe_is_not_listed(world: World):
    """With the roles the person goes; oneself nobody can remove."""
    manager = await world.open_browser(Role.MANAGER)
    page = (await manager.get("/admin/people")).body.decode()
    people = re.findall(r'id="staff_member-([^"]*)"', page)
    own = re.search(r'id="staff_member-([^"]*)"(?:(?!staff_member-).)*?>you<', page, re.S)
    assert own is not None
    form = {"remove_roles": "yes"}

    refused = await manager.request("POST", f"/admin/people/{own.group(1)}/revoke", form=form)
    assert refused.code == 422
    other = next(each for each in reversed(people) if each != own.group(1))
    assert (await manager.request("POST", f"/admin/people/{other}/revoke", form=form)).code == 303

    page = (await manager.get("/admin/people")).body.decode()
    assert sorted(set(people) - {other}) == sorted(re.findall(r'id="staff_member-([^"]*)"', page))


async def test_only_an_owner_ends_everybodys_access(world: World):
    """The manager has no such key and no such right; the owner stays signed in."""
    manager, owner = await world.open_browser(Role.MANAGER), await world.open_browser(Role.OWNER)
    assert b"/admin/people/revoke" not in (await manager.get("/admin/people")).body
    assert (await manager.request("POST", "/admin/people/revoke", form={})).code == 403

    ended = await owner.request("POST", "/admin/people/revoke", form={})

    assert ended.code == 303
    assert (await manager.get("/admin")).code == 303
    assert (await owner.get("/admin")).code == 200


async def test_payments_are_listed_newest_first_in_pages(world: World):
    """Orders without a payment are none of them; nobody but management may look."""
    till = await world.staff(Role.COUNTER)
    await world.order(till)
    numbers = []
    for _ in range(21):
        order = await world.order(till)
        total_minor = order["totals"]["totalMinor"]
        body = {"method": "cash", "amountMinor": total_minor, "tenderedMinor": total_minor}
        paid = await till.post(
            f"/api/v1/orders/{order['orderId']}/payments", body, Idempotency_Key=new_id()
        )
        assert paid.code in (200, 201), paid.body
        numbers.append(order["orderNumber"])
    manager = await world.open_browser(Role.MANAGER)

    first = (await manager.get("/admin/money")).body.decode()
    older = re.search(r'href="([^"]*before=[^"]*)"', first)
    assert older is not None
    second = (await manager.get(older.group(1))).body.decode()

    shown = [int(each) for each in re.findall(r"__title\">Order (\d+)<", first + second)]
    assert shown == numbers[::-1]
    assert "before=" not in second
    assert (await manager.get("/admin/money?before=x")).code == 404
    counter = await world.open_browser(Role.COUNTER)
    assert (await counter.get("/admin/money")).code == 403
