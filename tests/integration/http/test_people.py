"""People are added, changed and signed out on pages of the cafe, and over REST."""

import re

from domain.roles import Role
from models.base import database_proxy
from models.staff import Membership, Person, PersonalData
from tests.integration.http.conftest import PASSWORD, read

NEW = {"name": "Noor", "email": "noor@cafe.example", "roles": "kitchen"}
_LINK = re.compile(r'value="http://cafe\.example(/join/[A-Za-z0-9_-]{43})"')


def find_person_id(email: str) -> str:
    with database_proxy.connection_context():
        return str(Person.select().join(PersonalData).where(PersonalData.email == email).get().id)


async def test_somebody_is_added_by_a_link_and_chooses_a_password(world):
    """The link is shown once; it opens a form, signs in, and is dead afterwards."""
    manager = await world.open_browser(Role.MANAGER)
    made = await manager.request("POST", "/admin/people/invite", form=NEW)
    link = _LINK.search(made.body.decode())
    assert (made.code, link is not None) == (200, True), made.body
    assert link is not None
    listed = await manager.get("/admin/people")
    assert (b"Noor" in listed.body, b"/join/" in listed.body) == (True, False)

    noor = world.client()
    form = await noor.get(link.group(1))
    assert (form.code, b"Welcome, Noor" in form.body) == (200, True)
    short = await noor.request("POST", link.group(1), form={"password": "short"})
    assert (short.code, b"A password has 10 to" in short.body) == (422, True)
    joined = await noor.request("POST", link.group(1), form={"password": "a password of ten"})
    assert (joined.code, joined.headers["Location"]) == (303, "/displays"), joined.body
    assert (await noor.get("/kitchen")).code == 200
    assert (await world.client().get(link.group(1))).code == 404


async def test_a_person_of_a_page_gets_other_roles(world):
    """The form says what they are; without any role, or of the last owner, it says what to do."""
    told: list[str] = []
    world.told = told.append
    owner = await world.open_browser(Role.OWNER)
    cook_id = find_person_id(world.emails[Role.KITCHEN])
    owner_id = find_person_id(world.emails[Role.OWNER])

    changed = await owner.request(
        "POST", f"/admin/people/{cook_id}/roles", form={"roles": "counter"}
    )
    assert (changed.code, changed.headers["Location"]) == (
        303,
        f"/admin/people/{cook_id}?changed=1",
    )
    assert len(told) == 1
    with database_proxy.connection_context():
        roles = [row.role for row in Membership.select().where(Membership.person_id == cook_id)]
    assert roles == [Role.COUNTER]
    shown = (await owner.get(f"/admin/people/{cook_id}?changed=1")).body.decode()
    assert "The roles are changed." in shown
    assert 'value="counter" checked' in shown

    none = await owner.request("POST", f"/admin/people/{cook_id}/roles", form={})
    assert (none.code, b"Choose at least one role" in none.body) == (422, True)
    last = await owner.request("POST", f"/admin/people/{owner_id}/roles", form={"roles": "manager"})
    assert (last.code, b"This is the last owner" in last.body) == (409, True)


async def test_a_manager_is_shown_no_keys_for_an_owner(world):
    """And refused where the form is sent by hand."""
    manager = await world.open_browser(Role.MANAGER)
    address = f"/admin/people/{find_person_id(world.emails[Role.OWNER])}"

    shown = await manager.get(address)
    refused = await manager.request("POST", f"{address}/roles", form={"roles": "kitchen"})

    assert (shown.code, b"Save the roles" in shown.body) == (200, False)
    assert refused.code == 403


async def test_one_sees_where_one_is_signed_in_and_ends_it(world):
    """The browser that looks is marked; ending the others leaves it, ending itself does not."""
    browser, other = [await world.open_browser(Role.KITCHEN) for _ in range(2)]
    page = (await browser.get("/sign-ins")).body.decode()
    assert (page.count("sign-in-row__client"), page.count("this one</span>")) == (2, 1)

    ended = await browser.request("POST", "/sign-ins/end-others", form={})
    assert ended.headers["Location"] == "/sign-ins?ended=1"
    assert (await browser.get("/sign-ins?ended=1")).code == 200
    assert (await other.get("/sign-ins")).code == 303

    own = re.findall(r"/sign-ins/[0-9a-f-]{36}/end", (await browser.get("/sign-ins")).body.decode())
    assert (await browser.request("POST", own[0], form={})).code == 303
    assert (await browser.get("/kitchen")).code == 303


async def test_management_ends_a_sign_in_of_their_people(world):
    """From the person's page, and over REST."""
    cook = await world.open_browser(Role.KITCHEN)
    manager = await world.open_browser(Role.MANAGER)
    address = f"/admin/people/{find_person_id(world.emails[Role.KITCHEN])}"
    (end,) = re.findall(
        rf"{address}/sign-ins/[0-9a-f-]{{36}}/end", (await manager.get(address)).body.decode()
    )

    ended = await manager.request("POST", end, form={})

    assert ended.headers["Location"] == f"{address}?ended=1"
    assert (await cook.get("/kitchen")).code == 303
    over_rest = await (await world.staff(Role.MANAGER)).get(
        f"/api/v1/people/{address.rpartition('/')[2]}/sign-ins"
    )
    assert read(over_rest) == {"signIns": []}


async def test_a_refreshed_sign_in_goes_on_and_a_replay_ends_it(world):
    """Over REST: the next pair; then the first refresh token from elsewhere, and all is over."""
    credentials = {"email": world.emails[Role.KITCHEN], "password": PASSWORD}
    first = read(await world.client().post("/api/v1/sign-in", credentials))
    body = {"refreshToken": first["refreshToken"]}
    second = read(await world.client().post("/api/v1/sign-in/refresh", body))
    assert (await world.client(second["token"]).get("/api/v1/tickets")).code == 200

    replay = await world.client().post("/api/v1/sign-in/refresh", body, User_Agent="thief/1.0")
    assert (replay.code, read(replay)["code"]) == (401, "refresh_token_reused")
    for token in (first["token"], second["token"]):
        assert (await world.client(token).get("/api/v1/tickets")).code == 401
    misuse = await world.client(second["refreshToken"]).get("/api/v1/tickets")
    assert misuse.code == 401
