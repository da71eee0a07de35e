"""Warnings and errors in the log fail a test that did not announce them.

A test that provokes one says so before: `expected_logs.add("event_name")`. That holds for lines of
the test's own process (`expected_logs`, in every test) and of servers it starts (servers.py).
"""

import logging
from collections.abc import Iterator
from typing import Any

import pytest


class ExpectedLogs:
    """The event names at warning or above that a test has announced."""

    def __init__(self) -> None:
        self._events: set[str] = set()

    def add(self, *events: str) -> None:
        """Announce events; for a library's line the name is its logger's, `tornado_general`."""
        self._events.update(events)

    def find_unexpected(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the lines at warning or above that nobody announced. lines: as logged in JSON."""
        return [
            line
            for line in lines
            if line["level"] not in ("debug", "info") and line["event"] not in self._events
        ]


@pytest.fixture(autouse=True)
def expected_logs() -> Iterator[ExpectedLogs]:
    """Fail the test at its end when it logged a warning or an error without announcing it."""
    expected = ExpectedLogs()
    collector = _Collector()
    root = logging.getLogger()
    root.addHandler(collector)
    try:
        yield expected
    finally:
        root.removeHandler(collector)
    unexpected = expected.find_unexpected(collector.lines)
    assert unexpected == [], f"log lines that the test did not announce: {unexpected}"


class _Collector(logging.Handler):
    """Keeps event names and texts of records at warning or above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        # asyncio's debug mode, on in tests, reports slow callbacks: a busy machine is no fault.
        if record.name == "asyncio" and record.getMessage().startswith("Executing "):
            return
        event = getattr(record, "event", record.name.replace(".", "_"))
        self.lines.append(
            {
                "level": record.levelname.lower(),
                "event": event,
                "message": record.getMessage(),
                **getattr(record, "values", {}),
            }
        )
