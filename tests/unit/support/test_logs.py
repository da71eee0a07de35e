"""A warning that nobody announced fails the test; one that was announced does not."""

import logging

from config.logging import get_logger
from tests.support.logs import ExpectedLogs


def test_an_announced_warning_passes(expected_logs: ExpectedLogs):
    """Both ours and a library's."""
    expected_logs.add("outbox_full", "tornado_general")

    get_logger("realtime.session").warning("outbox_full")
    logging.getLogger("tornado.general").warning("could not open static file")


def test_an_unannounced_warning_is_found():
    """Lines at info and below are nobody's concern."""
    lines = [
        {"level": "info", "event": "started"},
        {"level": "warning", "event": "outbox_full"},
        {"level": "error", "event": "request_failed"},
    ]
    expected = ExpectedLogs()
    expected.add("outbox_full")

    assert expected.find_unexpected(lines) == lines[2:]
