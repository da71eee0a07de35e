"""Screens over HTTP: what a waiting one is told, and how often a code may be guessed."""

from typing import Any

import pytest

from domain.roles import Role
from tests.integration.http.conftest import Client, World, read

WISH = {"name": "Wall", "role": "expo"}


async def _begin(world: World) -> dict[str, Any]:
    answer = await world.client().post("/api/v1/device-pairings")
    assert answer.code == 201, answer.body
    return read(answer)


async def _pair(manager: Client, code: str, **wish: Any) -> int:
    return (await manager.post("/api/v1/devices", WISH | wish | {"userCode": code})).code


async def test_a_waiting_program_is_told_to_wait_and_to_slow_down(world):
    """RFC 8628's words; once the secret was used the pairing is over like one that never was."""
    begun = await _begin(world)
    screen = world.client()
    body = {"deviceCode": begun["deviceCode"]}
    answers = [await screen.post("/api/v1/device-pairings/claim", body) for _ in range(2)]
    assert [read(each)["code"] for each in answers] == ["authorization_pending", "slow_down"]
    assert all(int(each.headers["Retry-After"]) == begun["intervalS"] for each in answers)

    assert await _pair(await world.staff(Role.MANAGER), begun["userCode"]) == 201
    paired = await screen.post("/api/v1/device-pairings/claim", body)
    assert paired.code == 200, paired.body
    again = await screen.post("/api/v1/device-pairings/claim", body)
    assert read(again) == read(paired), "its answer may have been lost"
    secret = {"credential": read(paired)["credential"]}
    assert (await screen.post("/api/v1/device-tokens", secret)).code == 201
    over = await screen.post("/api/v1/device-pairings/claim", body)
    unknown = await screen.post("/api/v1/device-pairings/claim", {"deviceCode": "x" * 30})
    assert (over.code, unknown.code) == (404, 404)
    assert read(over)["code"] == read(unknown)["code"] == "pairing_ended"


async def test_guessing_codes_is_over_after_five(world):
    """One window of a person for API and page alike; not even a right code is taken then."""
    begun = await _begin(world)
    manager = await world.staff(Role.MANAGER)
    assert [await _pair(manager, "BBBB-BBBB") for _ in range(5)] == [404] * 5

    refused = await manager.post("/api/v1/devices", WISH | {"userCode": begun["userCode"]})
    assert refused.code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    browser = await world.open_browser(Role.MANAGER)
    page = await browser.get(f"/admin/screens/pair?code={begun['userCode']}")
    assert page.code == 429
    assert b"It asks from" not in page.body

    # Others are not kept from their work, and right codes of theirs do not count.
    owner = await world.staff(Role.OWNER)
    for _ in range(6):
        assert await _pair(owner, (await _begin(world))["userCode"]) == 201


async def test_another_cafes_manager_pairs_into_their_own_cafe_alone(world):
    """The code belongs to nobody; what it becomes is theirs, and looks unknown from here."""
    begun = await _begin(world)
    theirs = await world.staff(Role.MANAGER, cafe="other-")
    answer = await theirs.post("/api/v1/devices", WISH | {"userCode": begun["userCode"]})
    device_id = read(answer)["deviceId"]

    ours = await world.staff(Role.OWNER)
    assert read(await ours.get("/api/v1/devices"))["devices"] == []
    assert (await ours.post(f"/api/v1/devices/{device_id}", WISH)).code == 404
    assert (await ours.post(f"/api/v1/devices/{device_id}/revoke")).code == 404
    listed = read(await theirs.get("/api/v1/devices"))["devices"]
    assert [each["deviceId"] for each in listed] == [device_id]


async def _let_in(world: World, **wish: Any) -> tuple[Client, str]:
    """Pair a browser and return it with the page that it was led to."""
    screen = world.client()
    shown = await screen.get("/pair")
    code = shown.body.decode().partition("Its code is </span>")[2][:9]
    assert await _pair(await world.staff(Role.MANAGER), code, **wish) == 201
    return screen, (await screen.get("/pair")).headers["Location"]


HOMES = [
    ({"role": "kitchen"}, "/kitchen", "kitchen"),
    ({"role": "kitchen", "stationId": "bar"}, "/kitchen/bar", "kitchen"),
    ({"role": "expo"}, "/expo", "counter"),
    ({"role": "counter"}, "/counter", "counter"),
    ({"role": "board"}, "/board", "customers"),
]


@pytest.mark.parametrize(("wish", "home", "namespace"), HOMES)
async def test_a_screen_has_its_own_page_and_socket_and_no_other(world, wish, home, namespace):
    """Its cookie alone is enough for both; what management has is not for it."""
    if "stationId" in wish:
        wish = wish | {"stationId": world.stations[wish["stationId"]]}
    screen, shown = await _let_in(world, **wish)
    assert shown == home
    assert (await screen.get(home)).code == 200
    assert (await screen.get("/displays")).headers["Location"] == home
    tickets = "/api/v1/connect-tickets"
    assert (await screen.post(tickets, {"namespace": namespace})).code == 201
    assert (await screen.post(tickets, {"namespace": "admin"})).code == 403
    assert (await screen.get("/api/v1/devices")).code == 403
    assert (await screen.get("/admin/screens")).code == 403
    if "stationId" in wish:  # of another station's wall it is led home
        assert (await screen.get("/kitchen/cold")).headers["Location"] == "/displays"


async def test_the_cookie_of_a_screen_is_kept_from_scripts_and_renewed(world):
    """It lasts as long as browsers let it, and a screen that is unpaired is led to its code."""
    screen = world.client()
    await screen.get("/pair")
    assert read(await screen.get("/pair/state")) == {"state": "waiting"}
    shown = await screen.get("/pair")
    code = shown.body.decode().partition("Its code is </span>")[2][:9]
    owner = await world.staff(Role.OWNER)
    device = read(await owner.post("/api/v1/devices", WISH | {"userCode": code}))
    assert read(await screen.get("/pair/state")) == {"state": "confirmed"}

    let_in = await screen.get("/pair")

    assert (let_in.code, let_in.headers["Location"]) == (303, "/expo")
    (cookie,) = [
        each
        for each in let_in.headers.get_list("Set-Cookie")
        if each.startswith(world.context.cookies.device) and "Max-Age=0" not in each
    ]
    assert {"HttpOnly", "Path=/", "Max-Age=34560000"} <= set(cookie.split("; "))
    assert (await screen.get("/kitchen")).code == 200
    assert (await owner.post(f"/api/v1/devices/{device['deviceId']}/revoke")).code == 200
    gone = await screen.get("/kitchen")
    assert (gone.code, gone.headers["Location"]) == (303, "/pair")
    again = await screen.get("/pair")
    assert b"This screen was unpaired." in again.body
    assert world.context.cookies.device not in screen.cookies
