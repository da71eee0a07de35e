"""Looking for something in the audit: the page, the file, the API."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest

from domain.roles import Role
from tests.integration.http.conftest import Client, World, new_id, read
from tests.integration.http.test_admin import read_sentences

REASON = '=HYPERLINK("http://evil.example";"Too 100% salty")'


@pytest.fixture
async def manager(world: World) -> Client:
    """A busy cafe: a voided order, a dish sold out; and the browser of its manager."""
    till, guest = await world.staff(Role.COUNTER), await world.guest(3)
    order = await world.order(guest)
    items = [{"itemId": order["rounds"][0]["items"][0]["itemId"]}]
    voided = await guest.post(
        f"/api/v1/orders/{order['orderId']}/void", {"items": items, "reason": REASON}
    )
    assert voided.code == 200, voided.body
    menu_item = (await world.pick_line(till))["menuItemId"]
    await till.post("/api/v1/menu/availability", {"menuItemId": menu_item, "isSoldOut": True})
    return await world.open_browser(Role.MANAGER)


async def search(client: Client, **question: str) -> list[str]:
    """Return the kinds that fit, newest first; the page and the API must agree."""
    query = "&".join(f"{name}={quote(value)}" for name, value in question.items())
    answer = await client.get(f"/api/v1/audit?{query}")
    assert answer.code == 200, answer.body
    page = (await client.get(f"/admin/audit?{query}")).body.decode()
    kinds: list[str] = [fact["kind"] for fact in read(answer)["facts"]]
    assert re.findall(r'data-kind="([^"]*)"', page) == kinds
    return kinds


async def find_person(client: Client, name: str) -> str:
    """Return the id under which the page offers somebody."""
    page = (await client.get("/admin/audit")).body.decode()
    found = re.search(rf'<option value="([0-9a-f-]{{36}})">{re.escape(name)}</option>', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("SALTY", ["items_voided"]),
        ("100%", ["items_voided"]),
        ("100_", []),
        ("flat whi", ["availability_changed"]),
        ("items void", ["items_voided"]),
        ("{table}", ["items_voided"]),
        ("{counter}", ["availability_changed", "sign_in"]),
        ("order_id", []),
        ("' OR 1=1 --", []),
    ],
)
async def test_text_is_found_where_it_is_shown(
    world: World, manager: Client, text: str, kinds: list[str]
):
    """In names, reasons and kinds, in any case; signs of patterns and of SQL are letters."""
    names = {"table": world.table_labels[3], "counter": world.names[Role.COUNTER]}

    assert await search(manager, text=text.format(**names)) == kinds


async def test_an_order_is_found_by_its_number(world: World, manager: Client):
    """Written in three ways; a number is no part of an id."""
    guest = await world.guest(4)
    order = await world.order(guest, await world.pick_line(guest, "Cortado"))
    number = order["orderNumber"] - 1

    for text in (str(number), f"#{number}", f"order {number}"):
        assert await search(manager, text=text) == ["items_voided"]
    assert await search(manager, text=str(number + 1)) == []


async def test_who_did_it(world: World, manager: Client):
    """What somebody did, and what was done to them; guests; the house."""
    counter = await find_person(manager, world.names[Role.COUNTER])

    assert await search(manager, by=counter) == ["availability_changed", "sign_in"]
    assert await search(manager, by=counter, about="menu") == ["availability_changed"]
    assert await search(manager, by="guests") == ["items_voided"]
    assert set(await search(manager, by="system")) == {"cafe_created"}
    assert await search(manager, by=new_id()) == []


async def test_one_kind_of_a_subject(manager: Client):
    """A kind that is not of the subject fits nothing."""
    assert await search(manager, kind="items_voided") == ["items_voided"]
    assert await search(manager, kind="items_voided", about="orders") == ["items_voided"]
    assert await search(manager, kind="items_voided", about="menu") == []


async def test_days_frame_what_is_found(manager: Client):
    """Both ends count; what lies outside does not."""
    # Two days away it is another day on every wall.
    today = datetime.now(UTC).date()
    before, yesterday, tomorrow, after = (str(today + timedelta(step)) for step in (-2, -1, 1, 2))

    assert await search(manager, kind="items_voided", since=yesterday, until=tomorrow)
    assert await search(manager, kind="items_voided", until=before) == []
    assert await search(manager, kind="items_voided", since=after) == []


async def test_another_cafes_audit_is_not_found(world: World, manager: Client):
    """The same names are there too, and its ids are nobody's here."""
    other = await world.staff(Role.MANAGER, cafe="other-")

    assert [fact["kind"] for fact in await list_facts(other, text="Flat white")] == []
    counter = await find_person(manager, world.names[Role.COUNTER])
    assert await list_facts(other, by=counter) == []
    theirs = await list_facts(other)
    before = await manager.get(f"/api/v1/audit?before={theirs[0]['entryId']}")
    assert read(before)["facts"] == []


async def list_facts(client: Client, **question: str) -> list[dict[str, Any]]:
    """Read facts over the API."""
    query = "&".join(f"{name}={quote(value)}" for name, value in question.items())
    facts: list[dict[str, Any]] = read(await client.get(f"/api/v1/audit?{query}"))["facts"]
    return facts


@pytest.mark.parametrize("role", [Role.COUNTER, Role.EXPO, Role.KITCHEN])
async def test_the_audit_is_for_management(world: World, role: Role):
    """Nobody else gets a line of it, through any door."""
    browser = await world.open_browser(role)

    for path in ("/admin/audit", "/admin/audit/export.csv", "/api/v1/audit"):
        assert (await browser.get(path)).code == 403


async def test_the_file_leaves_the_house_with_an_owner_alone(world: World, manager: Client):
    """A manager reads page by page, and is offered no file (decision 0037)."""
    assert (await manager.get("/admin/audit/export.csv")).code == 403
    assert b"export.csv" not in (await manager.get("/admin/audit")).body
    owner = await world.open_browser(Role.OWNER)
    assert b"export.csv" in (await owner.get("/admin/audit")).body


@pytest.mark.parametrize(
    ("query", "page_code", "api_code"),
    [
        ("about=nothing", 404, 400),
        ("kind=Nothing!", 404, 400),
        ("by=1", 404, 400),
        ("since=yesterday", 400, 400),
        ("until=9999-12-31", 400, 400),
        ("since=0001-01-01", 400, 400),
        (f"text={'a' * 81}", 400, 400),
        ("text=%ff", 400, 400),
    ],
)
async def test_a_strange_question_is_refused(
    world: World, query: str, page_code: int, api_code: int
):
    """In plain words and with no trace."""
    owner = await world.open_browser(Role.OWNER)

    assert (await owner.get(f"/admin/audit?{query}")).code == page_code
    assert (await owner.get(f"/admin/audit/export.csv?{query}")).code == page_code
    assert (await owner.get(f"/api/v1/audit?{query}")).code == api_code


async def test_a_nul_finds_nothing_and_breaks_nothing(world: World):
    """No database takes one in a text: forms lose it, programs are told."""
    manager = await world.open_browser(Role.MANAGER)

    assert (await manager.get("/admin/audit?text=a%00b")).code == 200
    assert (await manager.get("/api/v1/audit?text=a%00b")).code == 400


async def test_nothing_fits_and_the_page_says_so(world: World):
    """With the way out of the search."""
    manager = await world.open_browser(Role.MANAGER)

    page = (await manager.get("/admin/audit?about=menu&text=<b>none")).body.decode()

    assert "Nothing fits" in page
    assert 'value="&lt;b&gt;none"' in page
    assert 'href="/admin/audit?about=menu">Clear the search</a>' in unescape(page)


async def test_pages_of_a_search_keep_the_question(world: World):
    """Older ones of the same search: nothing twice, nothing left out, nothing else."""
    till = await world.staff(Role.COUNTER)
    menu_item = (await world.pick_line(till))["menuItemId"]
    for number in range(52):
        body = {"menuItemId": menu_item, "isSoldOut": number % 2 == 0}
        assert (await till.post("/api/v1/menu/availability", body)).code == 200
    manager = await world.open_browser(Role.MANAGER)

    first = (await manager.get("/admin/audit?text=flat+white")).body.decode()
    older = re.search(r'href="([^"]*before=[^"]*)"', first)
    assert older is not None
    second = (await manager.get(unescape(older[1]))).body.decode()

    assert (len(read_sentences(first)), len(read_sentences(second))) == (50, 2)
    assert len(set(re.findall(r'id="audit_entry-([^"]*)"', first + second))) == 52


async def test_the_file_has_what_fits_and_no_formula(world: World, manager: Client, monkeypatch):
    """All of it, over several parts, with names as they are now; a formula is text."""
    monkeypatch.setattr("handlers.pages.admin_audit._PART_SIZE", 2)
    owner = await world.open_browser(Role.OWNER)

    answer = await owner.get("/admin/audit/export.csv")
    one = await owner.get("/admin/audit/export.csv?text=salty")

    assert answer.code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="audit-[\d-]{10}\.csv"', answer.headers["Content-Disposition"]
    )
    rows = read_csv(answer.body)
    facts = await list_facts(manager, limit="500")
    assert [row["kind"] for row in rows] == [fact["kind"] for fact in facts]
    assert len(rows) > 4
    (voided,) = read_csv(one.body)
    assert (voided["reason"], voided["table"]) == (f"'{REASON}", world.table_labels[3])
    assert voided["order"].isdigit()


def read_csv(body: bytes) -> list[dict[str, str]]:
    """Read a file as a spreadsheet does."""
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


async def test_the_head_of_the_file_is_without_the_file(world: World):
    """Nobody reads a whole audit for nothing."""
    owner = await world.open_browser(Role.OWNER)
    answer = await owner.request("HEAD", "/admin/audit/export.csv")

    assert (answer.code, answer.body) == (200, b"")


async def test_the_api_writes_details_as_all_of_its_names(manager: Client):
    """The rows are older than that and chained; a program needs one spelling."""
    answer = await manager.get("/api/v1/audit?kind=items_voided")

    (fact,) = read(answer)["facts"]
    assert {"orderId", "itemIds", "reason"} <= fact["details"].keys()
    assert not [name for name in fact["details"] if "_" in name]
