"""Pages as a browser sees them."""

import asyncio
import html
import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from http.cookies import SimpleCookie

import pytest
from tornado.httpclient import HTTPResponse

from domain.commands import LANES_PER_SEATING
from domain.roles import Role
from models.base import database_proxy
from models.staff import SignIn
from tests.integration.http.conftest import PASSWORD, Client, World, read


async def test_a_person_signs_in_looks_around_and_leaves(world):
    """Every display opens for the owner; after signing out none does."""
    browser = await world.open_browser(Role.OWNER)

    paths = [
        "/displays",
        "/kitchen",
        "/kitchen/bar",
        "/counter",
        "/board",
        "/tables",
        "/admin",
        "/cafes",
    ]
    for path in paths:
        answer = await browser.get(path)
        assert answer.code == 200, (path, answer.body)
    await browser.request("POST", "/sign-out", form={})

    for path in paths:
        answer = await browser.get(path)
        assert (answer.code, answer.headers["Location"]) == (
            303,
            f"/sign-in?after={path.replace('/', '%2F')}",
        )


async def sit_down(world: World, table: int = 1):
    """Be a phone that scanned a table's code."""
    phone = world.client()
    answer = await phone.request("POST", f"/t/{world.table_codes[table]}", form={})
    assert (answer.code, answer.headers["Location"]) == (303, "/menu"), answer.body
    return phone


async def put_into_cart(world: World, phone: Client, name: str = "Flat white") -> None:
    """Choose one of a dish with its default choices."""
    line = await world.pick_line(phone, name)
    form = {
        "menu_item_id": line["menuItemId"],
        "modifier": [each["modifierId"] for each in line["modifiers"]],
        "quantity": "1",
    }
    added = await phone.request("POST", "/cart/lines", form=form)
    assert added.code == 303, added.body


async def find_send_form(phone: Client) -> dict:
    """Read the form that sends the cart off the cart's page."""
    forms = list_forms((await phone.get("/cart")).body)
    return next(each for each in forms if each["action"] == "/cart/send")


async def send_cart(phone: Client):
    """Look at the cart and send it."""
    form = await find_send_form(phone)
    return await phone.request("POST", form["action"], form=form["fields"])


async def count_rounds(phone: Client) -> list[int]:
    """Count the rounds of each order of the phone's seating."""
    return [len(each["rounds"]) for each in read(await phone.get("/api/v1/orders"))["orders"]]


def list_forms(html: bytes) -> list[dict]:
    """Read the forms of a page: action, and fields with their values."""
    reader = FormReader()
    reader.feed(html.decode())
    return reader.forms


class FormReader(HTMLParser):
    """Gathers forms as a browser without scripts would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict] = []
        self._open: dict | None = None

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        if tag == "form":
            self._open = {"action": names.get("action", ""), "fields": {}, "id": names.get("id")}
            self.forms.append(self._open)
        target = self._open
        if "form" in names:
            target = next((each for each in self.forms if each["id"] == names["form"]), None)
        is_chosen = names.get("type") not in ("checkbox", "radio") or "checked" in names
        if tag in ("input", "textarea") and "name" in names and target is not None and is_chosen:
            target["fields"].setdefault(names["name"], []).append(names.get("value") or "")

    def handle_endtag(self, tag):
        if tag == "form":
            self._open = None


async def test_looking_at_a_table_opens_nothing(world):
    """A link's preview must not take a lane: only the key behind the page does."""
    address = f"/t/{world.table_codes[3]}"
    looking = await world.client().get(address)
    staff = await world.staff(Role.COUNTER)

    tables = read(await staff.get("/api/v1/tables"))["tables"]

    assert looking.code == 200
    assert "Set-Cookie" not in looking.headers
    assert [form["action"] for form in list_forms(looking.body)] == [address, "/language"]
    assert [table["tableSessionId"] for table in tables if table["number"] == 3] == [None]


async def test_the_same_phone_keeps_its_lane(world):
    """Scanning the code again is no second guest; another phone is one."""
    phone, other = await sit_down(world), await sit_down(world)
    await phone.request("POST", f"/t/{world.table_codes[1]}", form={})

    lanes = [
        read(await each.get("/api/v1/table-sessions/current"))["laneNumber"]
        for each in (phone, other)
    ]

    assert lanes == [1, 2]


async def test_a_guest_of_another_cafe_may_sit_down_here(world):
    """An old cookie of another cafe's table is no obstacle."""
    phone = world.client()
    await phone.request("POST", f"/t/{world.other_table_codes[1]}", form={})
    answer = await phone.request("POST", f"/t/{world.table_codes[1]}", form={})

    assert answer.code == 303
    session = read(await phone.get("/api/v1/table-sessions/current"))
    assert session["cafeName"] == "Maré Alta"


async def test_a_menu_of_forty_is_there_after_sixty_kilobytes(world):
    """The page, its style sheets, all its modules and the icon, with their headers, as sent."""
    phone = await sit_down(world)

    page = await phone.get("/menu")
    text = page.body.decode()
    addresses = dict.fromkeys(re.findall(r'(?:href|src)="(/static/[^"]+)"', text))
    parts = [await world.client().get(address) for address in addresses]

    assert text.count('data-menu-item-id="') == 40
    assert len([address for address in addresses if ".js?" in address]) > 10
    assert sum(map(count_sent_bytes, (page, *parts))) <= 60_000  # docs/performance.md, goal 13


def count_sent_bytes(answer: HTTPResponse) -> int:
    """Count what was on the wire: the client unpacks a body, and leaves its length as sent."""
    assert answer.code == 200
    headers = sum(len(f"{name}: {value}\r\n") for name, value in answer.headers.get_all())
    return len("HTTP/1.1 200 OK\r\n\r\n") + headers + int(answer.headers["Content-Length"])


async def test_a_guest_orders_without_any_script(world):
    """Menu, dish, cart, send, progress, take back: plain forms all the way."""
    phone = await sit_down(world)
    menu = await phone.get("/menu")
    assert menu.code == 200
    item = (await world.pick_line(phone))["menuItemId"]

    dish = await phone.get(f"/menu/{item}")
    (form,) = [each for each in list_forms(dish.body) if each["action"] == "/cart/lines"]
    form["fields"] |= {"quantity": ["2"], "note": ["Extra <hot> & sweet"]}
    added = await phone.request("POST", form["action"], form=form["fields"])
    assert (added.code, added.headers["Location"]) == (303, "/menu"), added.body

    cart = await phone.get("/cart")
    assert b"Extra &lt;hot&gt; &amp; sweet" in cart.body
    (send,) = [each for each in list_forms(cart.body) if each["action"] == "/cart/send"]
    send["fields"] |= {"allergy": ["Tree nuts"], "note": [""]}
    for _ in range(2):  # the second tap on a slow line
        sent = await phone.request("POST", send["action"], form=send["fields"])
        assert (sent.code, sent.headers["Location"]) == (303, "/orders"), sent.body

    orders = read(await phone.get("/api/v1/orders"))["orders"]
    assert len(orders) == 1
    (line,) = orders[0]["rounds"][0]["items"]
    assert (line["quantity"], line["note"]) == (2, "Extra <hot> & sweet")
    assert orders[0]["rounds"][0]["allergy"] == "Tree nuts"
    assert len(list_forms((await phone.get("/cart")).body)) == 0

    progress = await phone.get("/orders")
    assert progress.code == 200
    (undo,) = [each for each in list_forms(progress.body) if each["action"].endswith("/undo")]
    undone = await phone.request("POST", undo["action"], form=undo["fields"])
    assert (undone.code, undone.headers["Location"]) == (303, "/orders"), undone.body
    order = read(await phone.get("/api/v1/orders"))["orders"][0]
    assert order["status"] == "cancelled"


async def test_a_repeated_send_with_the_old_cart_orders_once(world):
    """A phone that never got the answer and sends again, the same form or the cart shown anew."""
    phone = await sit_down(world)
    await put_into_cart(world, phone)
    cart_cookie = dict(phone.cookies)
    for _ in range(3):
        phone.cookies = dict(cart_cookie)
        sent = await send_cart(phone)
        assert (sent.code, sent.headers["Location"]) == (303, "/orders"), sent.body

    assert [1] == await count_rounds(phone)


async def test_two_taps_at_once_are_one_order(world):
    """The second tap waits for the first one's answer, and neither invites to send once more."""
    phone = await sit_down(world)
    await put_into_cart(world, phone)
    form = await find_send_form(phone)
    taps = [Client(world.url, cookies=dict(phone.cookies)) for _ in range(6)]
    answers = await asyncio.gather(
        *(tap.request("POST", "/cart/send", form=form["fields"]) for tap in taps)
    )

    assert [(303, "/orders")] * 6 == [(each.code, each.headers.get("Location")) for each in answers]
    assert [1] == await count_rounds(phone)


async def test_a_cart_that_grew_after_a_lost_answer_is_not_sent_unseen(world):
    """What of it has been ordered is said; what is sent after that is the guest's own choice."""
    phone = await sit_down(world)
    await put_into_cart(world, phone)
    cart_cookie = dict(phone.cookies)
    await send_cart(phone)
    phone.cookies = cart_cookie
    await put_into_cart(world, phone, "Espresso")

    refused = await send_cart(phone)
    assert refused.code == 409
    assert b"reached the kitchen" in refused.body
    assert [1] == await count_rounds(phone)
    assert (await send_cart(phone)).code == 303
    assert [2] == await count_rounds(phone)


async def test_a_choice_that_does_not_fit_is_said_at_its_place(world):
    """The dish comes back with the fault at its group, and with what was chosen."""
    phone = await sit_down(world)
    menu = read(await phone.get("/api/v1/menu"))
    item, group = next(
        (item, group)
        for category in menu["categories"]
        for item in category["items"]
        for group in item["groups"]
        if group["maximum"] == 1 and len(group["options"]) > 1
    )

    answer = await phone.request(
        "POST",
        "/cart/lines",
        form={
            "menu_item_id": item["menuItemId"],
            "modifier": [option["modifierId"] for option in group["options"][:2]],
            "quantity": "3",
            "note": "kept",
        },
    )

    assert answer.code == 422
    assert f'href="#group-{group["groupId"]}"'.encode() in answer.body
    assert b"kept</textarea>" in answer.body
    assert b'value="3"' in answer.body
    assert b"Nothing chosen yet" in (await phone.get("/cart")).body


async def test_a_line_is_changed_and_removed(world):
    """Quantities by key, a line by its own form, and nought takes it out."""
    phone = await sit_down(world)
    line = await world.pick_line(phone)
    fields = {
        "menu_item_id": line["menuItemId"],
        "modifier": [each["modifierId"] for each in line["modifiers"]],
        "quantity": "1",
    }
    await phone.request("POST", "/cart/lines", form=fields)

    await phone.request("POST", "/cart/lines/1", form={"quantity": "5"})
    assert b'<output class="stepper__figure">5</output>' in (await phone.get("/cart")).body
    changed = await phone.request("POST", "/cart/lines/1", form={**fields, "note": "cut in two"})
    assert changed.headers["Location"] == "/cart"
    assert b"cut in two" in (await phone.get("/cart")).body
    assert (await phone.get(f"/menu/{line['menuItemId']}?line=1")).code == 200
    await phone.request("POST", "/cart/lines/1", form={"quantity": "0"})
    assert b"Nothing chosen yet" in (await phone.get("/cart")).body
    gone = await phone.request("POST", "/cart/lines/1", form={"quantity": "2"})
    assert (gone.code, gone.headers["Location"]) == (303, "/cart")


async def test_a_quantity_out_of_bounds_is_refused(world):
    """The browser's own check is a courtesy; this is the one that counts."""
    phone = await sit_down(world)
    item = (await world.pick_line(phone))["menuItemId"]
    for quantity in ("-1", "0", "100", "1.5", "x", "", "９", "1e1"):
        form = {"menu_item_id": item, "quantity": quantity}
        assert (await phone.request("POST", "/cart/lines", form=form)).code == 400, quantity


async def test_a_closed_table_says_goodbye(world):
    """The phone's cookie ends with the seating, and the page says what to do."""
    phone = await sit_down(world, 5)
    session = read(await phone.get("/api/v1/table-sessions/current"))["tableSessionId"]
    counter = await world.staff(Role.COUNTER)
    closed = await counter.post(f"/api/v1/table-sessions/{session}/close")
    assert closed.code == 200, closed.body

    for path in ("/menu", "/cart", "/orders"):
        answer = await phone.get(path)
        assert answer.code == 401
        assert b"Thank you, that was it" in answer.body


async def test_one_phone_too_many_is_told_what_to_do(world):
    """By the page and by the API; who sits there already stays, and a freed table begins anew."""
    first = await sit_down(world, 5)
    for _ in range(1, LANES_PER_SEATING):
        await world.guest(5)
    path = f"/t/{world.table_codes[5]}"

    late = world.client()
    page = await late.request("POST", path, form={})
    refused = await late.post("/api/v1/table-sessions", {"tableCode": world.table_codes[5]})
    again = await first.request("POST", path, form={})

    assert page.code == 409
    assert b"tell us at the counter" in page.body
    assert "Set-Cookie" not in page.headers
    assert (refused.code, read(refused)["type"], read(refused)["code"]) == (
        409,
        "conflict",
        "table_full",
    )
    assert read(refused)["details"] == {"limit": LANES_PER_SEATING}
    assert again.code == 303
    session = read(await first.get("/api/v1/table-sessions/current"))
    assert session["laneNumber"] == 1
    counter = await world.staff(Role.COUNTER)
    await counter.post(f"/api/v1/table-sessions/{session['tableSessionId']}/close")
    assert (await late.request("POST", path, form={})).code == 303


async def test_an_unknown_code_is_no_fault_of_the_guest(world):
    """The page says what to do, by GET and by POST."""
    for method in ("GET", "POST"):
        answer = await world.client().request(
            method, f"/t/{'x' * 22}", form={} if method == "POST" else None
        )
        assert answer.code == 404
        assert b"We do not know this table" in answer.body


async def test_guests_and_strangers_see_no_staff_page(world):
    """A guest's cookie opens no display; without any the sign-in is next."""
    phone = await sit_down(world)

    for path in ("/displays", "/kitchen", "/counter", "/board", "/tables"):
        for client in (phone, world.client()):
            answer = await client.get(path)
            assert answer.code == 303
            assert answer.headers["Location"].startswith("/sign-in")


DISPLAYS = [
    (Role.KITCHEN, "/kitchen", 200),
    (Role.KITCHEN, "/counter", 403),
    (Role.KITCHEN, "/tables", 403),
    (Role.KITCHEN, "/board", 200),
    (Role.COUNTER, "/kitchen", 403),
    (Role.COUNTER, "/counter", 200),
    (Role.EXPO, "/kitchen", 200),
    (Role.EXPO, "/counter", 200),
    (Role.MANAGER, "/kitchen/no-such-station", 404),
]


@pytest.mark.parametrize("path", ["/displays", "/api/v1/tables"])
async def test_the_browser_keeps_a_sign_in_as_long_as_the_server_does(world, path):
    """A wall in use is not signed out a fortnight after its first morning."""
    browser = await world.open_browser(Role.OWNER)
    secret = browser.cookies["tabletap_sign_in"]
    assert "Set-Cookie" not in (await browser.get(path)).headers
    with database_proxy.connection_context():
        SignIn.update(last_seen_at=datetime.now(UTC) - timedelta(hours=2)).execute()

    (cookie,) = (await browser.get(path)).headers.get_list("Set-Cookie")

    morsel = SimpleCookie(cookie)["tabletap_sign_in"]
    assert (secret, str(14 * 86_400)) == (morsel.value, morsel["max-age"])
    assert morsel["httponly"]
    assert "Set-Cookie" not in (await browser.get(path)).headers


async def test_a_display_opens_for_its_roles(world):
    """The same table of rights as for commands."""
    for role, path, status in DISPLAYS:
        browser = await world.open_browser(role)
        assert (await browser.get(path)).code == status, (role, path)


async def test_a_wrong_password_is_said_in_the_form(world):
    """The address stays, the password does not, and nothing tells which of them is wrong."""
    bodies = []
    for email in (world.emails[Role.OWNER], "nobody@mare-alta.example"):
        answer = await world.client().request(
            "POST", "/sign-in", form={"email": email, "password": "wrong guess 1"}
        )
        assert answer.code == 401
        assert b"wrong guess 1" not in answer.body
        assert email.encode() in answer.body
        bodies.append(_without_what_differs(answer.body, email))

    assert bodies[0] == bodies[1]


def _without_what_differs(body: bytes, email: str) -> bytes:
    return re.sub(rb'nonce="[^"]+"', b"", body.replace(email.encode(), b""))


async def test_guessing_slows_down(world):
    """From the fifth failure on there is a wait, known account or not; elsewhere there is none."""
    for email in (world.emails[Role.EXPO], "nobody@mare-alta.example"):
        statuses = []
        for _ in range(7):
            answer = await world.client().post(
                "/api/v1/sign-in", {"email": email, "password": "guess"}
            )
            statuses.append(answer.code)
        assert statuses == [401] * 5 + [429] * 2
        assert int(answer.headers["Retry-After"]) >= 1
    # The right password of somebody else from the same address is welcome.
    await world.open_browser(Role.OWNER)


WAYS_ON = [
    ("/kitchen/bar", "/kitchen/bar"),
    ("/counter?order=1", "/counter?order=1"),
    ("//evil.example", "/displays"),
    ("/\\evil.example", "/displays"),
    ("https://evil.example", "/displays"),
    ("/" + "a" * 600, "/displays"),
    ("/x\r\nSet-Cookie: a=b", "/displays"),
    ("", "/displays"),
]


async def test_signing_in_leads_on_within_our_own_pages(world):
    """What the address says is a wish; another host is none of ours."""
    for after, expected in WAYS_ON:
        answer = await world.client().request(
            "POST",
            "/sign-in",
            form={"email": world.emails[Role.OWNER], "password": PASSWORD, "after": after},
        )
        if len(after) > 500:
            assert answer.code == 400
        else:
            assert answer.headers["Location"] == expected, after


async def test_pages_carry_the_position_that_they_were_read_at(world):
    """A script attaches where the page ends: nothing is missed in between."""
    guest = await world.guest()
    await world.order(guest)
    browser = await world.open_browser(Role.OWNER)

    page = await browser.get("/kitchen/bar?fragment=board")
    (attribute,) = re.findall(r'data-live="([^"]*)"', page.body.decode())
    live = json.loads(html.unescape(attribute))
    log = read(await (await world.staff(Role.OWNER)).get("/api/v1/events?after=0"))

    assert live["position"] == log["head"]
    assert live["position"]["seq"] == log["events"][-1]["seq"] > 0
    assert live["namespace"] == "kitchen"


async def test_the_style_guide_and_the_reference_need_nobody(world):
    """Both show nothing of any cafe."""
    for path in ("/styleguide", "/api/docs", "/sign-in"):
        answer = await world.client().get(path)
        assert answer.code == 200, answer.body
    assert b"/api/v1/orders/{order_id}/rounds" in (await world.client().get("/api/docs")).body


async def test_a_guest_reads_their_own_language(world):
    """As the phone asks at first; what was chosen is kept, and refusals follow."""
    phone = await sit_down(world)
    german = (await phone.get("/menu", Accept_Language="de-DE,de;q=0.9")).body.decode()
    assert '<html lang="de" dir="ltr"' in german
    assert "Karte durchsuchen" in german
    assert re.search(r"\d,\d\d\xa0€", german)

    chosen = await phone.request("POST", "/language", form={"language": "es", "after": "/menu"})
    assert (chosen.code, chosen.headers["Location"]) == (303, "/menu")
    spanish = (await phone.get("/menu", Accept_Language="de")).body.decode()
    assert '<html lang="es"' in spanish
    assert "Buscar en la carta" in spanish
    assert ">vegano<" in spanish.replace("</svg>", ">")
    for path in ("/cart", "/orders"):
        page = (await phone.get(path)).body.decode()
        assert "Ver la carta" in page
    gone = await phone.get("/menu/01890a5d-0000-774b-bcce-0000000000ff")
    assert "Aquí no hay nada" in gone.body.decode()
    for after in (
        "https://evil.example/",
        "//evil.example/menu",
        "/\\evil.example",
        "menu.example",
        "/menu\r\nLocation: https://evil.example/",
    ):
        away = await phone.request("POST", "/language", form={"language": "xx", "after": after})
        assert (away.code, away.headers["Location"]) == (303, "/menu"), after
        assert "Set-Cookie" not in away.headers
    staff = await world.open_browser(Role.OWNER)
    page = await staff.get("/counter", Accept_Language="de")
    assert '<html lang="en"' in page.body.decode()
