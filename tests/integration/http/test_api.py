"""The REST API: one order's way, idempotency, errors, and what others must not see."""

import asyncio

from openapi_spec_validator import validate

from domain.roles import Role
from tests.integration.http.conftest import PASSWORD, new_id, read

BAD_KEYS = ("", " ", "a" * 65, "with space", "a\tb", "é")


def list_items(order: dict) -> list[dict]:
    return [item for each in order["rounds"] for item in each["items"]]


async def test_an_order_goes_to_the_kitchen_and_back(world):
    """Quote, place, start, ready, served: each step is seen by who asks next."""
    guest, cook = await world.guest(), await world.staff(Role.KITCHEN)
    expo = await world.staff(Role.EXPO)
    line = await world.pick_line(guest, quantity=2)
    quote = read(await guest.post("/api/v1/quotes", {"lines": [line]}))

    placed = await world.order(guest, line, quoteHash=quote["quoteHash"], allergy="Nuts")
    (item,) = list_items(placed)
    board = read(await cook.get(f"/api/v1/tickets?stationId={item['stationId']}"))
    ticket = board["tickets"][0]["ticketId"]

    assert placed["totals"]["totalMinor"] == quote["totals"]["totalMinor"]
    assert (await cook.post(f"/api/v1/tickets/{ticket}/start")).code == 200
    assert (await cook.post(f"/api/v1/items/{item['itemId']}/ready", {"quantity": 1})).code == 200
    assert (await cook.post(f"/api/v1/tickets/{ticket}/ready")).code == 200
    assert (await cook.post(f"/api/v1/tickets/{ticket}/recall")).code == 200
    assert (await cook.post(f"/api/v1/tickets/{ticket}/ready")).code == 200
    path = f"/api/v1/orders/{placed['orderId']}"
    ready = read(await guest.get(path))
    assert ready["status"] == "ready"
    numbers = read(await expo.get("/api/v1/board"))["numbers"]
    assert (placed["orderNumber"], "ready") in [
        (each["orderNumber"], each["state"]) for each in numbers
    ]
    for each in list_items(ready):
        assert (await expo.post(f"/api/v1/items/{each['itemId']}/served")).code == 200
    assert read(await guest.get(path))["status"] == "completed"

    more = await guest.post(f"{path}/rounds", {"lines": [line]}, Idempotency_Key=new_id())
    assert more.code == 201, more.body
    assert len(read(more)["rounds"]) == 2


async def test_every_step_is_in_the_log_without_a_gap(world):
    """The log pages through from any place, and its head is where it ends."""
    guest, owner = await world.guest(), await world.staff(Role.OWNER)
    for _ in range(3):
        await world.order(guest)

    events, after = [], 0
    while page := read(await owner.get(f"/api/v1/events?after={after}&limit=2"))["events"]:
        events += page
        after = page[-1]["seq"]
    head = read(await owner.get("/api/v1/events?after=0"))["head"]

    assert [each["seq"] for each in events] == list(range(1, head["seq"] + 1))
    assert events[-1]["eventId"] == head["eventId"]
    assert all(each["event"]["type"] for each in events)


async def test_a_repeat_gets_the_first_answer(world):
    """The same bytes, marked as a repeat, and one order."""
    guest = await world.guest()
    body, key = {"lines": [await world.pick_line(guest)]}, new_id()

    first = await guest.post("/api/v1/orders", body, Idempotency_Key=key)
    again = await guest.post("/api/v1/orders", body, Idempotency_Key=key)

    assert (first.code, again.code) == (201, 201)
    assert first.body == again.body
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(read(await guest.get("/api/v1/orders"))["orders"][0]["rounds"]) == 1


async def test_the_same_key_with_another_body_is_refused(world):
    """The first answer would be a lie, a second effect worse."""
    guest, key = await world.guest(), new_id()
    line = await world.pick_line(guest)
    await world.order(guest, line, key=key)

    answer = await guest.post(
        "/api/v1/orders", {"lines": [{**line, "quantity": 2}]}, Idempotency_Key=key
    )

    assert (answer.code, read(answer)["code"]) == (422, "idempotency_mismatch")


async def test_many_at_once_with_one_key_are_one_order(world):
    """Twenty-four copies: one effect; the others get the answer, or are told to ask again."""
    guest, key = await world.guest(), new_id()
    body = {"lines": [await world.pick_line(guest)]}

    answers = await asyncio.gather(
        *(guest.post("/api/v1/orders", body, Idempotency_Key=key) for _ in range(24))
    )

    placed = {answer.body for answer in answers if answer.code == 201}
    busy = [answer for answer in answers if answer.code != 201]
    assert len(placed) == 1
    assert {(each.code, read(each)["code"]) for each in busy} <= {(409, "command_in_flight")}
    assert all(each.headers["Retry-After"] == "1" for each in busy)
    assert len(read(await guest.get("/api/v1/orders"))["orders"][0]["rounds"]) == 1


async def test_an_order_needs_a_key(world):
    """Without one a repeat would order twice."""
    guest = await world.guest()
    body = {"lines": [await world.pick_line(guest)]}
    for headers in ({}, *({"Idempotency_Key": key} for key in BAD_KEYS)):
        answer = await guest.post("/api/v1/orders", body, **headers)
        assert answer.code == 400, headers
        assert read(answer)["type"] == "invalid_message_format"
    assert read(await guest.get("/api/v1/orders"))["orders"] == []


async def test_an_illegal_move_names_the_legal_ones(world):
    """409, from where, to where, and what is allowed instead."""
    guest, expo = await world.guest(), await world.staff(Role.EXPO)
    (item,) = list_items(await world.order(guest))

    answer = await expo.post(f"/api/v1/items/{item['itemId']}/served")
    error = read(answer)

    assert (answer.code, error["type"], error["code"]) == (409, "conflict", "invalid_transition")
    assert error["details"]["from"] == "queued"
    assert "start" in error["details"]["allowed"]


async def test_a_stale_version_is_a_conflict(world):
    """Two tablets at once: the second is told what it is now."""
    guest, counter = await world.guest(), await world.staff(Role.COUNTER)
    order = await world.order(guest)

    answer = await counter.post(
        f"/api/v1/orders/{order['orderId']}/cancel",
        {"reason": "closing", "expectedVersion": order["version"] + 7},
    )

    assert (answer.code, read(answer)["code"]) == (409, "version_conflict")


async def test_what_belongs_to_others_looks_like_nothing(world):
    """Another cafe's ids, another seating's orders and made-up ids get one and the same answer."""
    guest = await world.guest()
    order = await world.order(guest)
    (item,) = list_items(order)
    cook = await world.staff(Role.KITCHEN)
    ticket = read(await cook.get("/api/v1/tickets"))["tickets"][0]["ticketId"]
    session = read(await guest.get("/api/v1/table-sessions/current"))["tableSessionId"]
    stranger = await world.staff(Role.OWNER, cafe="other-")
    questions: list[tuple[str, str, str | None, dict | None]] = [
        ("GET", "/api/v1/orders/{}", order["orderId"], None),
        ("POST", "/api/v1/orders/{}/cancel", order["orderId"], {"reason": "no"}),
        ("POST", "/api/v1/orders/{}/rounds/1/approve", order["orderId"], None),
        ("POST", "/api/v1/tickets/{}/start", ticket, None),
        ("POST", "/api/v1/tickets/{}/ready", ticket, None),
        ("POST", "/api/v1/items/{}/start", item["itemId"], None),
        ("POST", "/api/v1/items/{}/acknowledge-void", item["itemId"], None),
        ("POST", "/api/v1/table-sessions/{}/close", session, None),
        ("GET", "/api/v1/tickets?stationId={}", world.stations["bar"], None),
        (
            "POST",
            "/api/v1/menu/availability",
            None,
            {"menuItemId": item["menuItemId"], "isSoldOut": True},
        ),
    ]

    for method, path, known, body in questions:
        theirs = await stranger.request(method, path.format(known), body=body)
        if known is None:
            body = {"menuItemId": new_id(), "isSoldOut": True}
        unknown = await stranger.request(method, path.format(new_id()), body=body)
        assert theirs.code == unknown.code == 404, (path, theirs.body, unknown.body)
        assert theirs.body == unknown.body, path
    assert read(await guest.get(f"/api/v1/orders/{order['orderId']}")) == order


async def test_a_guest_sees_and_moves_only_what_is_their_own(world):
    """Another table's order does not exist; another phone's lines at the same table stay."""
    first, other = await world.guest(1), await world.guest(2)
    order = await world.order(first)
    (item,) = list_items(order)
    path = f"/api/v1/orders/{order['orderId']}"
    void = {"items": [{"itemId": item["itemId"]}]}

    assert (await other.get(path)).code == 404
    assert read(await other.get("/api/v1/orders"))["orders"] == []
    assert (await other.post(f"{path}/void", void)).code == 404
    answer = await other.post(
        f"{path}/rounds", {"lines": [await world.pick_line(other)]}, Idempotency_Key=new_id()
    )
    assert answer.code == 404
    neighbour = await world.guest(1)
    assert (await neighbour.get(path)).code == 200
    assert (await neighbour.post(f"{path}/void", void)).code in (403, 404)
    assert read(await first.get(path)) == order


async def test_who_says_it_is_the_token_and_nothing_else(world):
    """Fields and headers that name somebody else are refused or ignored."""
    guest = await world.guest()
    line = await world.pick_line(guest)
    for field in ("cafeId", "role", "userId", "updatedBy", "totalMinor", "laneId"):
        answer = await guest.post(
            "/api/v1/orders", {"lines": [line], field: "x"}, Idempotency_Key=new_id()
        )
        assert (answer.code, read(answer)["code"]) == (400, "unknown_field")

    answer = await guest.get("/api/v1/tables", X_Role="owner", X_User_Id="1", Host="evil.example")
    assert answer.code == 403


async def test_signing_out_ends_token_and_cookie_at_once(world):
    """Both speak for one sign-in; nothing outlives it."""
    browser = world.client()
    form = {"email": world.emails[Role.MANAGER], "password": PASSWORD}
    await browser.request("POST", "/sign-in", form=form)
    ticket = await browser.post("/api/v1/connect-tickets", {"namespace": "admin"})
    manager = await world.staff(Role.MANAGER)

    assert ticket.code == 201
    assert (await manager.post("/api/v1/sign-out")).code == 204
    assert (await manager.get("/api/v1/tables")).code == 401
    closing = await manager.post(f"/api/v1/table-sessions/{new_id()}/close", {})
    assert (closing.code, read(closing)["code"]) == (401, "signed_out")
    assert (await browser.get("/api/v1/tables")).code == 200, "another sign-in of the same person"
    assert (await browser.post("/api/v1/sign-out")).code == 204
    assert (await browser.get("/api/v1/tables")).code == 401


async def test_a_guest_takes_a_token_back(world):
    """The one token ends; another phone at the table goes on."""
    guest, neighbour = await world.guest(), await world.guest()

    assert (await guest.post("/api/v1/sign-out")).code == 204

    answer = await guest.get("/api/v1/menu")
    assert (answer.code, read(answer)["code"]) == (401, "revoked")
    assert (await neighbour.get("/api/v1/menu")).code == 200


async def test_a_connect_ticket_is_for_what_the_roles_admit(world):
    """Narrowing works, widening does not; a person of the staff may open a board."""
    cook, guest = await world.staff(Role.KITCHEN), await world.guest()
    asked = [
        (cook, {"namespace": "kitchen"}, 201),
        (cook, {"namespace": "customers"}, 201),
        (cook, {"namespace": "customers", "roles": ["board"]}, 201),
        (cook, {"namespace": "counter"}, 403),
        (cook, {"namespace": "kitchen", "roles": ["owner"]}, 403),
        (cook, {"namespace": "kitchen", "roles": ["emperor"]}, 400),
        (cook, {"namespace": "nowhere"}, 400),
        (guest, {"namespace": "customers"}, 201),
        (guest, {"namespace": "orders"}, 201),
        (guest, {"namespace": "kitchen"}, 403),
        (guest, {"namespace": "customers", "roles": ["board"]}, 403),
    ]

    for client, body, status in asked:
        answer = await client.post("/api/v1/connect-tickets", body)
        assert answer.code == status, (body, answer.body)


async def test_a_table_that_was_closed_does_not_stand_in_the_way_of_staff(world):
    """A tablet that once tried a table's code opens its board all the same."""
    browser = await world.open_browser(Role.COUNTER)
    await browser.request("POST", f"/t/{world.table_codes[5]}", form={})
    (seating,) = [
        each["tableSessionId"]
        for each in read(await browser.get("/api/v1/tables"))["tables"]
        if each["number"] == 5
    ]
    assert (await browser.post(f"/api/v1/table-sessions/{seating}/close")).code == 200

    answer = await browser.post("/api/v1/connect-tickets", {"namespace": "customers"})

    assert answer.code == 201, answer.body


async def test_sold_out_is_seen_and_refused(world):
    """The menu says it at once, and an order that was on its way is refused in words."""
    guest, cook = await world.guest(), await world.staff(Role.KITCHEN)
    line = await world.pick_line(guest)
    gone = {"menuItemId": line["menuItemId"], "isSoldOut": True}
    assert (await cook.post("/api/v1/menu/availability", gone)).code == 200

    answer = await guest.post("/api/v1/orders", {"lines": [line]}, Idempotency_Key=new_id())

    assert (answer.code, read(answer)["code"]) == (422, "sold_out")


async def test_the_documents_are_whole(world):
    """OpenAPI is valid and lists the routes; AsyncAPI is there."""
    openapi = read(await world.client().get("/api/openapi.json"))
    asyncapi = read(await world.client().get("/api/asyncapi.json"))

    validate(openapi)
    assert openapi["servers"] == [{"url": "http://cafe.example"}]
    assert asyncapi["asyncapi"].startswith("3.")
