"""What every test may ask for by name; tests/support says what each is."""

import asyncio
from collections.abc import Callable

import hypothesis
import pytest

from tests.support.event_loop import CheckingLoop

pytest_plugins = [
    "tests.support.logs",
    "tests.support.open_sockets",
    "tests.support.services",
    "tests.support.valkey",
    "tests.support.servers",
    "tests.support.browser",
    "tests.support.demo_cafe",
]

# No deadline per example: a machine under load is no fault of the code. The examples are not
# kept, so that a run depends on nothing but its seed, which pytest-randomly prints.
hypothesis.settings.register_profile("tabletap", deadline=None, database=None)
hypothesis.settings.load_profile("tabletap")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every coroutine test on the loop that checks how it is used."""
    return {"checking": CheckingLoop}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser, so that `-m "not browser"` leaves it out by hand."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
