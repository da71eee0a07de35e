"""The pages that take money, as a browser without scripts sees them; and what does not fit them."""

import asyncio

import pytest

from domain.roles import Role
from tests.integration.http.conftest import Client, World, new_id, read
from tests.integration.http.test_pages import (
    list_forms,
    put_into_cart,
    send_cart,
    sit_down,
)


async def order(world: World, phone: Client) -> str:
    """Order a flat white and return the order's id."""
    await put_into_cart(world, phone)
    await send_cart(phone)
    return str(read(await phone.get("/api/v1/orders"))["orders"][-1]["orderId"])


async def read_form(phone: Client, order_id: str) -> dict:
    """Read the form that pays, with the amount of its first key."""
    page = await phone.get(f"/orders/{order_id}/pay")
    form = next(each for each in list_forms(page.body) if each["action"].endswith("/pay"))
    amount = page.body.split(b'name="amount_minor" value="')[1].split(b'"')[0].decode()
    return {**form, "fields": {**form["fields"], "amount_minor": [amount]}}


async def read_legs(phone: Client, order_id: str) -> list[dict]:
    """Read the payments of an order."""
    found = read(await phone.get(f"/api/v1/orders/{order_id}/payments"))
    return list(found["payment"]["legs"])


async def test_a_form_sent_twice_at_once_pays_once(world):
    """The second tap waits for the first; both lead on to the page that says how it stands."""
    phone = await sit_down(world)
    order_id = await order(world, phone)
    form = await read_form(phone, order_id)

    answers = await asyncio.gather(
        *(phone.request("POST", form["action"], form=form["fields"]) for _ in range(3))
    )

    assert {(303, f"/orders/{order_id}/pay")} == {
        (each.code, each.headers["Location"]) for each in answers
    }
    (leg,) = await read_legs(phone, order_id)
    page = (await phone.get(f"/orders/{order_id}/pay")).body
    assert ("sandbox", "pending") == (leg["method"], leg["status"])
    assert b"Please do not pay again." in page
    assert b'http-equiv="refresh"' in page
    assert [] == [each for each in list_forms(page) if each["action"].endswith("/pay")]


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("amount_minor", "0", 400),
        ("amount_minor", "-100", 400),
        ("amount_minor", "1.5", 400),
        ("amount_minor", "all", 400),
        ("amount_minor", "9" * 12, 400),
        ("amount_minor", "999999", 409),
        ("card", "black", 400),
        ("command_id", "no-id", 400),
        ("command_id", "", 400),
    ],
)
async def test_what_no_form_of_ours_sends_pays_nothing(world, field, value, status):
    """A plain sentence, the fitting status, and nothing half-written."""
    phone = await sit_down(world)
    order_id = await order(world, phone)
    form = await read_form(phone, order_id)

    answer = await phone.request("POST", form["action"], form={**form["fields"], field: [value]})

    assert status == answer.code, answer.body
    assert [] == await read_legs(phone, order_id)


async def test_an_order_of_another_table_cannot_be_paid_or_seen(world):
    """It looks like one that does not exist; so does an id of nothing."""
    phone, other = await sit_down(world, 1), await sit_down(world, 2)
    order_id = await order(world, phone)
    form = await read_form(phone, order_id)

    for address in (f"/orders/{order_id}/pay", f"/orders/{new_id()}/pay"):
        looked = await other.get(address)
        paid = await other.request("POST", address, form=form["fields"])
        assert (404, 404) == (looked.code, paid.code)
    assert [] == await read_legs(phone, order_id)


async def test_the_tills_page_is_for_the_till(world):
    """Counter and management see it, the counter with its limit; the pass and strangers do not."""
    phone = await sit_down(world)
    address = f"/counter/orders/{await order(world, phone)}/pay"
    pages = {
        role: await (await world.open_browser(role)).get(address)
        for role in (Role.COUNTER, Role.MANAGER, Role.EXPO)
    }

    assert [200, 200, 403] == [page.code for page in pages.values()]
    assert b"Without a manager" in pages[Role.COUNTER].body
    assert b"Without a manager" not in pages[Role.MANAGER].body
    assert 303 == (await world.client().get(address)).code
    counter = await world.open_browser(Role.COUNTER)
    assert 404 == (await counter.get(f"/counter/orders/{new_id()}/pay")).code
