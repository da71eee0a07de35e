"""Log lines: one event, one line, no secret, whatever the values are."""

import contextvars
import io
import json
import logging
import secrets
import threading
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.logging import (
    HIDDEN,
    JsonFormatter,
    TextFormatter,
    bound,
    bound_ids,
    configure_logging,
    get_logger,
    hide,
)
from tests.support.logs import ExpectedLogs

_JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJndWVzdCJ9.c2lnbmF0dXJl-_x"


@pytest.fixture
def root_restored(expected_logs: ExpectedLogs) -> Iterator[None]:
    """Put the root logger back to what the test runner had made of it."""
    expected_logs.add("broken", "request_failed", "tornado_access")
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)


@pytest.fixture
def written(root_restored: None) -> io.StringIO:
    """Collect what a process that logs JSON writes."""
    stream = io.StringIO()
    configure_logging(log_format="json", log_level="info", stream=stream)
    return stream


def _format(formatter: logging.Formatter, event: str, values: dict[str, Any]) -> str:
    record = logging.LogRecord("services.x", logging.INFO, "", 0, "%s", (event,), None)
    record.event, record.values = event, values
    return formatter.format(record)


def test_an_event_is_one_json_object_with_its_values(written: io.StringIO):
    """Numbers stay numbers, so that they can be searched and added up."""
    get_logger("services.ordering").info("order_placed", order_id="o-1", duration_ms=12, late=None)

    line = json.loads(written.getvalue())

    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info",
        "event": "order_placed",
        "logger": "services.ordering",
        "order_id": "o-1",
        "duration_ms": 12,
        "late": None,
    }


def test_less_important_lines_are_not_written(written: io.StringIO):
    """The level is the operator's choice."""
    get_logger("realtime.session").debug("frame_received", size_bytes=12)

    assert written.getvalue() == ""


def test_configuring_again_replaces_the_stream(written: io.StringIO):
    """A line is never written twice."""
    second = io.StringIO()
    configure_logging(log_format="text", log_level="info", stream=second)

    get_logger("tabletap").info("started")

    assert written.getvalue() == ""
    assert second.getvalue().count("\n") == 1


def test_bound_ids_stand_in_every_line_and_end_with_their_block(written: io.StringIO):
    """Inner blocks add to outer ones."""
    log = get_logger("handlers.api")
    with bound(request_id="r-1"):
        with bound(cafe_id="c-1"):
            log.info("inner")
        log.info("outer")
    log.info("outside")

    lines = [json.loads(line) for line in written.getvalue().splitlines()]

    assert [(line.get("request_id"), line.get("cafe_id")) for line in lines] == [
        ("r-1", "c-1"),
        ("r-1", None),
        (None, None),
    ]


def test_bound_ids_go_with_a_copied_context_into_a_thread():
    """That is how an operation off the loop keeps its request's id."""
    seen: list[dict[str, Any]] = []
    with bound(request_id="r-1"):
        context = contextvars.copy_context()
    thread = threading.Thread(target=lambda: context.run(lambda: seen.append(dict(bound_ids()))))
    thread.start()
    thread.join()

    assert seen == [{"request_id": "r-1"}]


def test_a_value_cannot_replace_a_field_of_the_line(written: io.StringIO):
    """An error that called itself info would be overlooked."""
    get_logger("x").error("broken", level="info", trace="none")

    line = json.loads(written.getvalue())

    assert (line["level"], line["value_level"]) == ("error", "info")
    assert line["value_trace"] == "none"


def test_an_exception_is_written_with_its_trace(written: io.StringIO):
    """The three edges log what they did not expect."""
    try:
        raise ValueError("no such thing")
    except ValueError:
        get_logger("x").exception("request_failed")

    line = json.loads(written.getvalue())

    assert line["level"] == "error"
    assert line["trace"].endswith("ValueError: no such thing")


def test_a_librarys_line_passes_through_the_same_format(written: io.StringIO):
    """Its query string is cleaned like everything else."""
    logging.getLogger("tornado.access").warning("404 GET /ws?token=%s&a=1", "abc.def")

    line = json.loads(written.getvalue())

    assert line["event"] == "tornado_access"
    assert line["message"] == f"404 GET /ws?token={HIDDEN}&a=1"


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exceptions_message_cannot_forge_a_line(
    root_restored: None, form: Literal["text", "json"]
):
    """Each further row of a trace begins with a bar, and nothing moves the cursor."""
    stream = io.StringIO()
    configure_logging(log_format=form, log_level="info", stream=stream)
    try:
        raise ValueError("bad\n2026-01-01T00:00:00.000Z error forged\x1b[2K\rx\u2028y")
    except ValueError:
        get_logger("x").exception("request_failed")

    rows = stream.getvalue().splitlines()

    assert [row for row in rows if row.startswith("2026-01-01")] == []
    assert "\x1b" not in stream.getvalue()
    assert all(row.startswith("    | ") for row in rows[1:])


@given(st.dictionaries(st.text(min_size=1), st.text()), st.text(min_size=1))
def test_any_value_and_any_event_name_make_one_line(values: dict[str, str], event: str):
    """splitlines knows every line end of Unicode."""
    for formatter in (TextFormatter(), JsonFormatter()):
        assert len(_format(formatter, event, values).splitlines()) == 1


@given(st.text())
def test_a_text_value_cannot_end_its_own_quotes(value: str):
    """Whoever splits a line at its spaces outside quotes finds the value again."""
    line = _format(TextFormatter(), "event", {"note": value})

    _, _, written_value = line.partition(" note=")

    assert (json.loads(written_value) if written_value.startswith('"') else written_value) == hide(
        "note", value
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token", "short"),
        ("access_token", "short"),
        ("password", "hunter2"),
        ("new_password", "hunter2"),
        ("Authorization", "Basic abc"),
        ("cookie", "a=b"),
        ("pin", 1234),
        ("body", b"{}"),
    ],
)
def test_a_secret_name_hides_its_value(name: str, value: object):
    """Whatever the value looks like."""
    assert hide(name, value) == HIDDEN


def test_a_secret_is_hidden_inside_text_and_at_any_depth():
    """Tokens turn up in messages of libraries and in nested values."""
    opaque = secrets.token_urlsafe(48) + "aA1"

    cleaned = hide(
        "details",
        {
            "text": f"invalid token {_JWT}!",
            "header": "Bearer abc123",
            "list": [opaque, ("x", {"password": "hunter2"})],
            "link": f"/t/{opaque}/menu",
            "hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
            "url": "postgresql://cafe:hunter2@db:5432/cafe",
        },
    )

    assert cleaned == {
        "text": f"invalid token {HIDDEN}!",
        "header": f"Bearer {HIDDEN}",
        "list": [HIDDEN, ["x", {"password": HIDDEN}]],
        "link": f"/t/{HIDDEN}/menu",
        "hash": HIDDEN,
        "url": f"postgresql://{HIDDEN}@db:5432/cafe",
    }


@pytest.mark.parametrize(
    "value",
    [
        "0193c1f2-7d4e-7cc1-b7a9-4f0b8a1d2e3f",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "a-long-name-with-many-hyphens-and-no-digits-at-all-in-it",
        "https://cafe.example/kitchen",
        "kitchen_ticket_updated",
    ],
)
def test_ids_and_names_stay_readable(value: str):
    """A log without ids helps nobody."""
    assert hide("order_id", value) == value


def test_a_flag_about_a_secret_is_no_secret():
    """`has_password=True` and `token=None` tell something and give nothing away."""
    assert (hide("password", True), hide("token", None)) == (True, None)
