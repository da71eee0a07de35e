"""The menu's editor, as a browser without scripts uses it."""

import re
from html import unescape
from typing import Any

import pytest

from domain.photos import UPLOAD_LIMIT_BYTES
from domain.roles import Role
from tests.integration.http.conftest import Client, World, read
from tests.support.pictures import draw_picture, read_picture

FLAT_WHITE = "Flat white"


async def find_item(client: Client, name: str = FLAT_WHITE) -> dict:
    """Return a dish as guests see it now."""
    menu = read(await client.get("/api/v1/menu"))
    dishes = [each for category in menu["categories"] for each in category["items"]]
    return next(each for each in dishes if each["name"] == name)


def read_fields(page: str) -> dict[str, str]:
    """Read the editor's text fields as they stand."""
    found = re.findall(r'<input class="input[^>]*? name="([^"]*)"[^>]*? value="([^"]*)"', page)
    hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in [*hidden, *found]}


async def open_editor(world: World, menu_item_id: str) -> tuple[Client, dict]:
    """Open a dish's editor and return what its form would post unchanged."""
    manager = await world.open_browser(Role.MANAGER)
    page = (await manager.get(f"/admin/menu?item={menu_item_id}")).body.decode()
    fields = read_fields(page)
    station = re.search(r'<option value="([^"]*)" selected', page)
    assert station is not None
    ticked = {
        name: re.findall(rf'name="{name}" value="([^"]*)" checked', page)
        for name in ("allergen", "diet")
    }
    form = {name: fields[name] for name in ("version", "name", "kitchen_name", "price", "prep")}
    return manager, {**form, **ticked, "station": station.group(1)}


async def test_a_price_is_changed_in_the_browser(world: World):
    """As it is typed, with a comma as well; the menu has it, in a new version."""
    till = await world.staff(Role.COUNTER)
    item = await find_item(till)
    manager, form = await open_editor(world, item["menuItemId"])

    answer = await manager.request(
        "POST", f"/admin/menu/{item['menuItemId']}", form={**form, "price": "4,2"}
    )

    assert answer.code == 303, answer.body
    page = (await manager.get(answer.headers["Location"])).body.decode()
    assert "Saved." in page
    assert read_fields(page)["price"] == "4.20"
    after = await find_item(till)
    assert (after["priceMinor"], after["version"]) == (420, item["version"] + 1)
    for field in ("name", "allergens", "diets"):
        assert after[field] == item[field]


async def test_labels_are_ticked_in_the_browser(world: World):
    """Guests filter by them: the menu has what was ticked, and no more."""
    till = await world.staff(Role.COUNTER)
    item = await find_item(till)
    manager, form = await open_editor(world, item["menuItemId"])

    answer = await manager.request(
        "POST", f"/admin/menu/{item['menuItemId']}", form={**form, "diet": ["vegan", "no such"]}
    )

    assert answer.code == 303, answer.body
    assert (await find_item(till))["diets"] == ["vegan"]


async def test_the_time_to_take_an_order_back_is_set_in_the_browser(world: World):
    """The form shows what holds; a time that is none is refused, and so is who may not."""
    manager = await world.open_browser(Role.MANAGER)
    saved = await manager.request("POST", "/admin/grace", form={"grace_s": "45", "holds": "yes"})
    assert saved.code == 303, saved.body
    page = (await manager.get(saved.headers["Location"])).body.decode()
    assert "Guests have that long from now on." in page
    assert '<option value="45" selected>' in page
    assert 'name="holds" value="yes" checked' in page
    refused = await manager.request("POST", "/admin/grace", form={"grace_s": "500"})
    assert refused.code == 400
    counter = await world.open_browser(Role.COUNTER)
    assert (await counter.request("POST", "/admin/grace", form={"grace_s": "0"})).code == 403
    off = await manager.request("POST", "/admin/grace", form={"grace_s": "0"})
    page = (await manager.get(off.headers["Location"])).body.decode()
    assert 'name="holds" value="yes">' in page


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("price", "4.205", "Write a price like 11.50."),
        ("price", "1,000.00", "Write a price like 11.50."),
        ("price", "-1", "Write a price like 11.50."),
        ("price", "100001", "A price is at most 100000.00."),
        ("name", "", "A name has 1 to 80 letters."),
        ("kitchen_name", "A name that is much too long", "A kitchen name has 1 to 18 letters"),
        ("prep", "2.5", "Write minutes and seconds like 2:30"),
        ("station", "nowhere", "Choose the station that makes it."),
    ],
)
async def test_what_cannot_be_is_said_beside_its_field(world: World, field, typed, says):
    """What was typed stays in the form, and nothing is written."""
    till = await world.staff(Role.COUNTER)
    item = await find_item(till)
    manager, form = await open_editor(world, item["menuItemId"])

    answer = await manager.request(
        "POST", f"/admin/menu/{item['menuItemId']}", form={**form, field: typed}
    )

    page = answer.body.decode()
    assert answer.code == 422
    assert f'<a href="#field-{field}">{says}' in page
    if field != "station":
        assert read_fields(page)[field] == typed
    assert await find_item(till) == item


async def test_an_editor_is_told_of_another(world: World):
    """The second form is of an older version: it is refused, and shows what was typed."""
    till = await world.staff(Role.COUNTER)
    item = await find_item(till)
    manager, form = await open_editor(world, item["menuItemId"])
    address = f"/admin/menu/{item['menuItemId']}"
    first = await manager.request("POST", address, form={**form, "price": "4"})
    assert first.code == 303

    second = await manager.request("POST", address, form={**form, "price": "5"})

    page = second.body.decode()
    assert second.code == 409
    assert "Somebody changed this dish a moment ago." in page
    assert read_fields(page)["price"] == "5"
    assert (await find_item(till))["priceMinor"] == 400


async def test_so_many_are_left(world: World):
    """A number from 1 to 999 is counted down and shown; anything else is said at its field."""
    till = await world.staff(Role.COUNTER)
    item_id = (await find_item(till))["menuItemId"]
    manager = await world.open_browser(Role.MANAGER)
    address = f"/admin/menu/{item_id}/availability"

    for typed in ("", "0", "1000", "four", "-4", "٤"):
        refused = await manager.request("POST", address, form={"until": "left", "left": typed})
        assert refused.code == 422
        assert "Write a number from 1 to 999." in refused.body.decode()
    counted = await manager.request("POST", address, form={"until": "left", "left": "4"})
    page = (await manager.get(counted.headers["Location"])).body.decode()
    assert "Counted down from now on." in page
    assert "4 left" in page
    assert read_fields(page)["left"] == "4"
    ends = read(await till.get("/api/v1/menu/availability"))["counts"][0]["until"]
    standing = await manager.request("POST", address, form={"until": "left_open", "left": "4"})
    assert standing.code == 303
    assert ends is not None
    assert read(await till.get("/api/v1/menu/availability"))["counts"][0]["until"] is None
    stopped = await manager.request("POST", address, form={"until": "back", "left": "4"})
    assert "4 left" not in (await manager.get(stopped.headers["Location"])).body.decode()


async def test_sold_out_for_an_hour_for_today_or_as_long_as_wanted(world: World):
    """Each end is where it says; back ends it."""
    till = await world.staff(Role.COUNTER)
    item_id = (await find_item(till))["menuItemId"]
    manager = await world.open_browser(Role.MANAGER)
    address = f"/admin/menu/{item_id}/availability"
    ends = {}
    for until in ("hour", "day", "open"):
        assert (await manager.request("POST", address, form={"until": until})).code == 303
        item = await find_item(till)
        assert item["isSoldOut"]
        ends[until] = item["soldOutUntil"]
    back = await manager.request("POST", address, form={"until": "back"})

    assert ends["hour"] is not None
    assert ends["day"] is not None
    assert ends["open"] is None
    assert b"On sale again." in (await manager.get(back.headers["Location"])).body
    assert not (await find_item(till))["isSoldOut"]
    assert (await manager.request("POST", address, form={"until": "later"})).code == 400


async def test_choices_have_prices_and_switches(world: World):
    """Those that were changed are saved; one is marked sold out by itself."""
    till = await world.staff(Role.COUNTER)
    item = await find_item(till)
    options = [option for group in item["groups"] for option in group["options"]]
    first, second = options[0], options[1]
    manager = await world.open_browser(Role.MANAGER)
    address = f"/admin/menu/{item['menuItemId']}"
    page = (await manager.get(f"/admin/menu?item={item['menuItemId']}")).body.decode()
    fields = {
        name: value
        for name, value in read_fields(page).items()
        if name.startswith(("price-", "version-"))
    }

    prices = {**fields, f"price-{first['modifierId']}": "1.25"}
    assert (await manager.request("POST", f"{address}/options", form=prices)).code == 303
    switch = {**fields, "option": f"{second['modifierId']}:open"}
    assert (await manager.request("POST", f"{address}/availability", form=switch)).code == 303

    after = {
        option["modifierId"]: option
        for group in (await find_item(till))["groups"]
        for option in group["options"]
    }
    assert after[first["modifierId"]]["priceMinor"] == 125
    assert after[second["modifierId"]]["isSoldOut"]
    untouched = [
        each
        for each in options
        if each["modifierId"] not in (first["modifierId"], second["modifierId"])
    ]
    assert all(after[each["modifierId"]] == each for each in untouched)
    wrong = {**fields, f"price-{first['modifierId']}": "much"}
    refused = await manager.request("POST", f"{address}/options", form=wrong)
    assert refused.code == 422
    assert f"{first['name']}: Write a price like 11.50." in unescape(refused.body.decode())


async def test_a_dish_is_taken_off_and_put_back(world: World):
    """Off the menu it stands in the editor's list alone."""
    till = await world.staff(Role.COUNTER)
    item = await find_item(till)
    manager = await world.open_browser(Role.MANAGER)
    address = f"/admin/menu/{item['menuItemId']}/listing"

    off = await manager.request("POST", address, form={"listing": "off"})

    page = (await manager.get(off.headers["Location"])).body.decode()
    assert "Taken off the menu." in page
    assert "Put it back on the menu" in page
    menu = read(await till.get("/api/v1/menu"))
    names = [each["name"] for category in menu["categories"] for each in category["items"]]
    assert FLAT_WHITE not in names
    assert (await manager.request("POST", address, form={"listing": "on"})).code == 303
    assert (await find_item(till))["menuItemId"] == item["menuItemId"]


async def test_the_editor_is_for_management(world: World):
    """The counter marks sold out from the till, and does not see this page."""
    counter = await world.open_browser(Role.COUNTER)
    item_id = (await find_item(await world.staff(Role.COUNTER)))["menuItemId"]

    assert (await counter.get("/admin/menu")).code == 403
    form = {"listing": "off"}
    answer = await counter.request("POST", f"/admin/menu/{item_id}/listing", form=form)
    assert answer.code == 403


def write_upload(*files: bytes) -> dict[str, Any]:
    """Write a form with files as a browser does."""
    parts = [
        b'--edge\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n" + content + b"\r\n"
        for content in files
    ]
    return {
        "raw": b"".join(parts) + b"--edge--\r\n",
        "Content_Type": "multipart/form-data; boundary=edge",
    }


async def test_a_photo_is_put_up_and_taken_down_in_the_browser(world: World):
    """Anybody may look at it, for ever; the drawing is there again afterwards."""
    till = await world.staff(Role.COUNTER)
    address = f"/admin/menu/{(await find_item(till))['menuItemId']}/photo"
    manager = await world.open_browser(Role.MANAGER)

    answer = await manager.request("POST", address, **write_upload(draw_picture(quality=95)))

    assert answer.code == 303, answer.body
    assert (
        "Guests see the photo now." in (await manager.get(answer.headers["Location"])).body.decode()
    )
    path = (await find_item(till))["photoPath"]
    photo = await Client(world.url).get(f"{path}/small.webp")
    assert (photo.code, photo.headers["Content-Type"]) == (200, "image/webp")
    assert "immutable" in photo.headers["Cache-Control"]
    assert read_picture(photo.body).size == (312, 312)
    answer = await manager.request("POST", f"{address}/remove", form={})
    assert answer.code == 303, answer.body
    assert (await find_item(till))["photoPath"] is None
    assert (await Client(world.url).get(f"{path}/small.webp")).code == 404


async def test_an_upload_that_is_no_photo_is_refused_beside_the_field(world: World):
    """And nothing of it is kept."""
    till = await world.staff(Role.COUNTER)
    address = f"/admin/menu/{(await find_item(till))['menuItemId']}/photo"
    manager = await world.open_browser(Role.MANAGER)
    picture = draw_picture()

    for upload, status, words in (
        (write_upload(b"<svg/>"), 422, "no picture that can be read"),
        (write_upload(b"\xff" * (UPLOAD_LIMIT_BYTES + 1)), 413, "larger than 12 MB"),
        (write_upload(b"\xff" * (UPLOAD_LIMIT_BYTES * 2)), 413, "larger than 12 MB"),
        (write_upload(), 400, "Choose a photo first."),
        (write_upload(b""), 400, "Choose a photo first."),
        (write_upload(picture, picture), 400, "Choose a photo first."),
        (write_upload(picture) | {"raw": write_upload(picture)["raw"][:-20]}, 400, "as a browser"),
    ):
        answer = await manager.request("POST", address, **upload)
        assert answer.code == status, words
        assert words in answer.body.decode()
    assert (await manager.request("POST", address, form={"photo": "x"})).code == 400
    assert (await find_item(till))["photoPath"] is None


async def test_who_may_not_upload_is_refused_whatever_they_send(world: World):
    """Without a sign-in, without the right, and from another site."""
    item = await find_item(await world.staff(Role.COUNTER))
    address = f"/admin/menu/{item['menuItemId']}/photo"
    upload = write_upload(draw_picture())
    cook = await world.open_browser(Role.KITCHEN)
    manager = await world.open_browser(Role.MANAGER)

    assert (await Client(world.url).request("POST", address, **upload)).code == 401
    assert (await cook.request("POST", address, **upload)).code == 403
    foreign = {"Origin": "http://evil.example", "Sec_Fetch_Site": "cross-site"}
    assert (await manager.request("POST", address, **upload | foreign)).code == 403
    assert (await find_item(await world.staff(Role.COUNTER)))["photoPath"] is None
