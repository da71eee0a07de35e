"""Guests read their own language: nothing is left in English, and nothing is lost on the way."""

import re

import pytest
from babel.messages.catalog import Message

from domain.errors import Conflict, UnprocessableInput
from handlers.languages import LOCALES, choose_locale, tell_refusal
from tests.support.languages import build_template, read_catalogue
from tests.support.tools import ROOT

OTHERS = [locale for locale in LOCALES if locale != "en"]
PAGES = ("guest_", "table_welcome", "table_closed")
# Those of guests' pages; what staff see too is among them.
COMPONENTS = (
    *("cart_bar", "cart_line", "empty_state", "error_summary", "guest_connection", "guest_pay"),
    *("item_options", "languages", "line_details", "menu_category", "menu_filters", "menu_item"),
    *("notice", "order_progress", "queue_place", "rating", "stepper", "substitutes"),
    *("guest_waits", "table_call", "toast", "totals"),
)
SOURCES = [
    *(
        path
        for path in sorted((ROOT / "templates/pages").glob("*.html"))
        if path.name.startswith(PAGES) or path.stem == "error"
    ),
    *(ROOT / f"templates/components/{name}.html" for name in COMPONENTS),
]
_PLACE = re.compile(r"%\((\w+)\)s")
# Blocks that name style sheets and scripts.
_NAMES = re.compile(r"\{% block (?:page|module|styles) %\}.*?\{% endblock %\}", re.DOTALL)
_MARKED = re.compile(r"(?:_|N_|ngettext)\((?:\"[^\"]*\"(?:, )?|'[^']*'(?:, )?)+")
_TAG = re.compile(r"</?\w+>")


def list_texts(message: Message) -> list[tuple[str, str]]:
    """Pair what is said in English with its translation, each form of a plural."""
    english, told = message.id, message.string
    if isinstance(english, str):
        return [(english, str(told))]
    assert isinstance(told, tuple)
    return list(zip(english, told, strict=True))


@pytest.mark.parametrize("locale", OTHERS)
def test_every_text_is_translated(locale: str) -> None:
    """`python -m tests.support.languages` adds new ones; somebody has to translate them."""
    wanted = {message.id for message in build_template() if message.id}
    catalogue = read_catalogue(locale)
    have = {message.id for message in catalogue if message.id}

    assert have == wanted
    texts = [pair for message in catalogue if message.id for pair in list_texts(message)]
    assert [english for english, text in texts if not text.strip()] == []
    for english, text in texts:
        assert set(_PLACE.findall(text)) == set(_PLACE.findall(english)), english
        assert _TAG.findall(text) == _TAG.findall(english), english
        assert text.count("%") == len(_PLACE.findall(text)), english
        assert '"' not in text, english  # it stands in attributes


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_text_of_a_guest_stands_in_a_template_unmarked(path) -> None:
    """Between tags, in attributes that are read out, and in the strings of expressions."""
    source = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    source = _NAMES.sub("", source)
    expressions = re.findall(r"\{\{.*?\}\}|\{%.*?%\}", source, flags=re.DOTALL)
    plain = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "\0", source, flags=re.DOTALL)
    between = re.sub(r"<[^>]*>", "\n", plain)
    spoken = re.findall(r'(?:aria-label|placeholder|title|alt)="([^"]*)"', plain)

    assert re.findall(r"[^\W\d_]{2,}", between) == []
    assert [text for text in spoken if re.search(r"[^\W\d_]{2,}", text)] == []
    for expression in expressions:
        unmarked = _MARKED.sub("", expression)
        sentences = re.findall(r"[\"'][A-Z][a-z]+(?: [^\"']*)?[\"']", unmarked)
        assert sentences == [], expression


@pytest.mark.parametrize(
    ("accepted", "chosen", "expected"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", None, "de"),
        ("fr,es-MX;q=0.8", None, "es"),
        ("fr", None, "en"),
        ("", None, "en"),
        ("de", "es", "es"),
        ("de", "xx", "de"),
        (";;,,-;q", None, "en"),
    ],
)
def test_a_guest_gets_what_they_chose_or_their_phone_asks_for(accepted, chosen, expected) -> None:
    """English where neither is known."""
    assert choose_locale(accepted, chosen) == expected


def test_a_refusal_is_told_in_the_language_of_the_guest() -> None:
    """By its code; what has no translation, or lacks a word for it, is told as it is."""
    sold_out = UnprocessableInput(
        "Mocha is sold out. Choose something else.", code="sold_out", details={"name": "Mocha"}
    )
    lacking = UnprocessableInput("It is sold out.", code="sold_out")
    other = Conflict("Not today.", code="something_else")

    assert tell_refusal(sold_out, "de") == "Mocha ist ausverkauft. Wähle etwas anderes."
    assert tell_refusal(sold_out, "en") == "Mocha is sold out. Choose something else."
    assert tell_refusal(lacking, "de") == "It is sold out."
    assert tell_refusal(other, "es") == "Not today."
