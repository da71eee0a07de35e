"""What templates may call: money, times, assets, fragments, and text that stays text."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import FileSystemLoader, UndefinedError

from handlers.assets import Assets
from handlers.templating import Templates

NOW = datetime(2026, 11, 23, 12, 47, 5, 123000, tzinfo=UTC)
NASTY = "<script>alert(1)</script>\"'&"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "templates" / "components").mkdir(parents=True)
    (tmp_path / "templates" / "pages").mkdir()
    (tmp_path / "static" / "js" / "core").mkdir(parents=True)
    (tmp_path / "static" / "js" / "core" / "a.js").write_text("import './b.js';")
    (tmp_path / "static" / "js" / "core" / "b.js").write_text("export const b = 1;")
    return tmp_path


@pytest.fixture
def templates(folder: Path) -> Templates:
    return Templates(
        folder=folder / "templates",
        assets=Assets(folder / "static"),
        now=lambda: NOW,
        new_id=lambda: "fresh-id",
    )


def render(templates: Templates, text: str, **context) -> str:
    loader = templates.environment.loader
    assert isinstance(loader, FileSystemLoader)
    (Path(loader.searchpath[0]) / "pages" / "it.html").write_text(text)
    arguments = {"locale": "en", "time_zone": "Europe/Berlin", "nonce": "n", **context}
    return templates.render_page("pages/it.html", **arguments)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("390 | money('EUR')", "€3.90"),
        ("-390 | money('EUR')", "-€3.90"),
        ("500 | money('JPY')", "¥500"),
        ("1234567 | money('KWD')", "KWD1,234.567"),
        ("390 | amount('EUR')", "3.90"),
        ("500 | amount('JPY')", "500"),
        ("9007199254740993 | amount('EUR')", "90,071,992,547,409.93"),
        ("at | time_of_day", "13:47"),
        ("at | day", "23 Nov 2026"),
        ("at | clock_time", "13:47:05"),
        ("at | moment", "13:47"),
        ("long_ago | moment", "21 Nov, 13:47"),
        ("at.date() | long_date", "Monday 23 November"),
        ("12500 | short_amount('EUR')", "125"),
        ("250 | short_amount('EUR')", "2.5"),
        ("1470 | number", "1,470"),
        ("at | iso", "2026-11-23T12:47:05.123Z"),
        ("at | epoch_ms", "1795438025123"),
        ("at | age_s", "0"),
        ("new_id()", "fresh-id"),
        ("csp_nonce", "n"),
        ("direction", "ltr"),
    ],
)
def test_values_are_written_as_people_read_them(templates, expression, expected):
    """Money from minor units without a float, times by the cafe's clock."""
    long_ago = NOW - timedelta(days=2)
    text = render(templates, "{{ " + expression + " }}", at=NOW, long_ago=long_ago)
    assert text == expected


def test_the_future_has_a_negative_age(templates):
    """A countdown is an age below zero."""
    assert render(templates, "{{ at | age_s }}", at=NOW + timedelta(seconds=20)) == "-20"


def test_text_from_people_stays_text(templates):
    """In an element and in an attribute alike."""
    html = render(templates, '<p title="{{ said }}">{{ said }}</p>', said=NASTY)

    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 2
    assert html.count('"') == 2


def test_an_unknown_name_is_an_error(templates):
    """A page that forgets its context fails in its test and not in silence."""
    with pytest.raises(UndefinedError):
        render(templates, "{{ forgotten }}")


def test_a_fragment_is_its_macro_alone(templates, folder):
    """The same macro as in the page, with the view as its argument."""
    (folder / "templates" / "components" / "card.html").write_text(
        "{% macro card(view) %}<b>{{ view.text }} {{ view.at | time_of_day }}</b>{% endmacro %}"
    )
    view = {"text": NASTY, "at": NOW}

    html = templates.render_fragment("card", view, time_zone="Asia/Tokyo")

    assert html.startswith("<b>&lt;script&gt;")
    assert html.endswith("21:47</b>")


def test_a_fragment_forgets_for_whom_the_last_one_was(templates, folder):
    """Macros are imported once and kept; the zone is not."""
    (folder / "templates" / "components" / "card.html").write_text(
        "{% macro card(at) %}{{ at | time_of_day }}{% endmacro %}"
    )
    zones = ["Asia/Tokyo", "UTC", "no/such", "America/New_York"]

    assert [templates.render_fragment("card", NOW, time_zone=zone) for zone in zones] == [
        "21:47",
        "12:47",
        "12:47",
        "07:47",
    ]


def test_the_style_sheets_of_a_page_are_one_file(templates, folder):
    """Its block names them; joined in their order, at an address that names the page."""
    (folder / "static" / "css").mkdir()
    (folder / "static" / "css" / "one.css").write_text("a { color: red; }")
    (folder / "static" / "css" / "two.css").write_text("b { color: blue; }")

    found = render(templates, "{% block styles %}two one{% endblock %} {{ sheets(template)[0] }}")

    _, address = found.split("two one ")
    assert address == templates.environment.globals["asset"]("sheets/pages/it.css")
    assert render(templates, "{{ sheets(template) }}") == "[]"
