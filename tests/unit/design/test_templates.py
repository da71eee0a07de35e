"""What templates and style sheets promise to scripts, to the policy and to people."""

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain import commands
from domain.statuses import ItemStatus, TicketStatus
from domain.views.screens import KitchenScreensView
from handlers.assets import Assets
from handlers.pages.specimens.orders import make_order, make_order_item, make_round
from handlers.pages.specimens.sheet import build_specimens
from handlers.pages.specimens.tickets import (
    list_tickets,
    make_finished_ticket,
    make_line,
    make_modifier,
    make_ticket,
)
from handlers.templating import Templates

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 23, 12, 47, tzinfo=UTC)
STYLES = sorted((ROOT / "static" / "css").rglob("*.css"))
SOURCES = sorted((ROOT / "templates").rglob("*.html"))
VOID_ELEMENTS = frozenset({"br", "hr", "img", "input", "link", "meta"})


class Page(HTMLParser):
    """Reads a page strictly: every element that was opened is closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID_ELEMENTS:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.faults.append(f"</{tag}> where {self.open[-3:]} are open, {self.getpos()}")

    def find(self, attribute: str) -> list[dict[str, str | None]]:
        return [found for _, found in self.elements if attribute in found]


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates(
        folder=ROOT / "templates",
        assets=Assets(ROOT / "static"),
        now=lambda: NOW,
        new_id=lambda: "00000000-0000-7000-8000-000000000000",
    )


@pytest.fixture(scope="module")
def styleguide(templates: Templates) -> Page:
    """Every card in every state."""
    html = templates.render_page(
        "pages/styleguide.html", locale="en", time_zone="UTC", nonce="n", **build_specimens(NOW)
    )
    return Page(html)


def test_every_card_is_well_formed(styleguide: Page) -> None:
    """A tag that is not closed in one card would swallow the rest of a page."""
    assert [] == styleguide.faults


def test_nothing_needs_inline_styles_or_handlers(styleguide: Page) -> None:
    """The content security policy forbids both; they would fail silently."""
    forbidden = [
        name
        for _, attributes in styleguide.elements
        for name in attributes
        if name == "style" or name.startswith("on")
    ]

    assert [] == forbidden


def test_every_command_in_the_markup_is_one_that_the_server_decodes(styleguide: Page) -> None:
    """A key's name and payload are a command of the domain, field by field."""
    keys = styleguide.find("data-command")
    seen = set()

    for key in keys:
        for name, payload in (
            (key["data-command"], key["data-payload"]),
            (key.get("data-undo"), key.get("data-undo-payload")),
        ):
            if name is None:
                continue
            fields: dict[str, Any] = msgspec.json.decode(payload or "")
            if "data-needs-reason" in key:
                fields["reason"] = "asked before it is sent"
            struct = getattr(commands, "".join(word.title() for word in name.split("_")))
            assert msgspec.convert(fields, struct, strict=True)
            seen.add(name)

    assert seen >= {
        "acknowledge_notification",
        "acknowledge_void",
        "approve_round",
        "bump_ticket",
        "cancel_payment",
        "close_table_session",
        "confirm_terminal_payment",
        "decline_terminal_payment",
        "finish_items",
        "hand_back_items",
        "recall_items",
        "recall_ticket",
        "reject_round",
        "resolve_notification",
        "serve_items",
        "serve_unprepared",
        "void_items",
    }


def test_every_card_says_where_it_belongs(styleguide: Page) -> None:
    """Scripts place cards by id, version, rank and column alone (templates/README.md)."""
    cards = [found for found in styleguide.find("data-version") if "id" in found]

    components = {str(card["id"]).split("-")[0] for card in cards}
    incomplete = [card["id"] for card in cards if not {"data-rank", "data-column"} <= card.keys()]

    assert components == {
        "board_number",
        "guest_waits",
        "kitchen_ticket",
        "notification_card",
        "order_card",
        "order_progress",
        "pass_order",
        "pay_pane",
        "queue_place",
        "screen_faults",
        "station_screens",
        "table_call",
    }
    assert [] == incomplete


def test_every_icon_is_in_the_sprite() -> None:
    """An icon without a drawing is a hole that nobody notices."""
    sprite = (ROOT / "templates" / "components" / "icon.html").read_text()
    drawn = set(re.findall(r'<symbol id="icon-([\w-]+)"', sprite))
    used = {
        name for source in SOURCES for name in re.findall(r'\bicon\("([\w-]+)"', source.read_text())
    }

    assert set() == used - drawn


def test_every_style_sheet_of_a_page_exists() -> None:
    """A page's list of style sheets names files."""
    named = {
        (source.name, sheet)
        for source in SOURCES
        for block in re.findall(r"\{% block styles %\}(.*?)\{% endblock %\}", source.read_text())
        for sheet in block.split()
    }
    missing = {
        (page, sheet)
        for page, sheet in named
        if not (ROOT / "static" / "css" / f"{sheet}.css").is_file()
    }

    assert set() == missing


@pytest.mark.parametrize("sheet", STYLES, ids=lambda path: path.name)
def test_style_sheets_keep_to_the_house(sheet: Path) -> None:
    """Layers instead of force, logical sides instead of left and right, no ids."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.S)
    side = r"(?:left|right|top|bottom)"
    physical = rf"(?<!area-)(?:margin|padding|border|inset)-{side}\b|[\s;{{](?:left|right):"

    assert "!important" not in text
    assert [] == re.findall(physical, text)
    assert [] == re.findall(r"[\s,}]#[a-z][\w-]*[^{};()]*\{", text)
    assert text.lstrip().startswith("@layer")


@pytest.mark.parametrize("count", range(1, 41))
def test_a_long_ticket_shows_every_line_once(templates: Templates, count: int) -> None:
    """However a ticket breaks into cells, no line is lost and none is doubled."""
    lines = [
        make_line(
            f"Line {number}" + " with more words" * (number % 3),
            *[make_modifier("egg", is_removal=True)] * (number % 2),
            note="Cut in four, for sharing" * (number % 5 == 0),
            number=number,
        )
        for number in range(count)
    ]
    ticket = make_ticket(118, *lines, now=NOW, age_s=60, note="For the train")

    html = templates.render_fragment("kitchen_ticket", ticket)
    shown = re.findall(r'class="line"[^>]*data-item-id="([^"]+)"', html)

    assert [line.item_id for line in lines] == shown
    assert 1 == html.count("For the train")
    assert html.count("ticket__cell--torn-end") == html.count("ticket__cell--torn-start")


def test_one_key_speaks_of_all_equal_lines(templates: Templates) -> None:
    """Two flat whites ordered apart are one line of two; the one with a note keeps its own."""
    lines = [make_line("FLAT WHITE", number=number) for number in (1, 2)]
    noted = make_line("FLAT WHITE", note="extra hot", number=3)

    html = templates.render_fragment(
        "kitchen_ticket", make_ticket(7, *lines, noted, now=NOW, age_s=5)
    )
    keys = [key for key in Page(html).find("data-command") if key.get("class") == "line"]
    payloads = [json.loads(str(key["data-payload"]))["items"] for key in keys]

    assert ["2", "1"] == [key["data-quantity"] for key in keys]
    assert [[each.item_id for each in lines], [noted.item_id]] == [
        [item["itemId"] for item in items] for items in payloads
    ]


@pytest.mark.parametrize(
    ("ticket", "column"),
    [
        (make_ticket(1, make_line("Soup"), now=NOW, age_s=5), "open"),
        (make_finished_ticket(2, now=NOW, age_s=5), "finished"),
        (
            make_ticket(
                3,
                make_line("Soup", status=ItemStatus.VOIDED),
                now=NOW,
                age_s=5,
                status=TicketStatus.CANCELLED,
            ),
            "open",
        ),
        (
            make_ticket(
                4,
                make_line("Soup", status=ItemStatus.VOIDED, void_seen=True),
                now=NOW,
                age_s=5,
                status=TicketStatus.CANCELLED,
            ),
            "gone",
        ),
    ],
    ids=["open", "finished", "void not seen", "void seen"],
)
def test_a_ticket_stays_until_its_void_was_seen(
    templates: Templates, ticket: Any, column: str
) -> None:
    """A cancelled ticket leaves the wall only when a cook has seen why."""
    card = Page(templates.render_fragment("kitchen_ticket", ticket)).find("data-column")[0]

    assert column == card["data-column"]


def test_a_card_of_the_past_shows_the_same_and_has_no_keys(templates: Templates) -> None:
    """Every specimen: the same lines in the same cells, well formed, and nothing to press."""
    card = templates.environment.get_template("components/kitchen_ticket.html").module
    tickets = [ticket for _, ticket in list_tickets(NOW)] + [
        make_finished_ticket(2, now=NOW, age_s=5)
    ]

    for ticket in tickets:
        live, past = (Page(str(card.kitchen_ticket(ticket, acts=acts))) for acts in (True, False))  # type: ignore[attr-defined]

        assert [] == past.faults
        assert {"button"} & {tag for tag, _ in past.elements} == set()
        assert [] == past.find("data-command") == past.find("data-payload")
        for mark in (
            "line__name",
            "line__quantity",
            "ticket__cell",
            "ticket__strip",
            "ticket__allergy",
        ):
            assert _count(live, mark) == _count(past, mark)


def _count(page: Page, mark: str) -> int:
    return sum(mark in (found.get("class") or "").split() for found in page.find("class"))


def test_guests_words_are_text_and_never_markup(templates: Templates) -> None:
    """A note is somebody's typing: it reaches the wall as letters."""
    attack = "<script>alert(1)</script>' onclick='x"
    line = make_line(attack, make_modifier(attack), note=attack)

    html = templates.render_fragment(
        "kitchen_ticket", make_ticket(5, line, now=NOW, age_s=5, allergy=attack, note=attack)
    )

    assert "<script" not in html
    assert [] == [found for found in Page(html).elements if "onclick" in found[1]]


def test_a_till_whose_screens_do_all_they_should_shows_no_warning(templates: Templates) -> None:
    """Nothing is wrong: the bar keeps its place for it, hidden and empty."""
    everything = KitchenScreensView(stations=[], at=NOW)

    html = templates.render_fragment("screen_faults", everything)

    (place,) = Page(html).find("data-version")
    assert "hidden" in place
    assert "<details" not in html


def test_a_course_is_none_of_the_rounds_that_a_guest_sent(templates: Templates):
    """They are counted without what the house holds back between them."""
    cake = make_order_item("Plum cake", number=1, status=ItemStatus.QUEUED)
    first, course, second = (
        make_round(number, cake, at=NOW, is_course=number == 2) for number in (1, 2, 3)
    )

    def list_titles(*rounds: Any) -> list[str]:
        order = make_order(151, *rounds, now=NOW, age_s=60)
        card = templates.render_fragment("order_progress", order)
        return re.findall(r'<h3 class="progress__round-title">(.*?)</h3>', card)

    assert list_titles(first, course) == ["What you ordered", "To follow"]
    assert list_titles(first, course, second) == ["First round", "To follow", "Second round"]
