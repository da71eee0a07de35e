"""Tests that drive Chromium run on the loop on which it was started (tests/support/browser.py)."""

from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makemodule() -> Generator[None, pytest.Module, pytest.Module]:
    """Say of each file here what it would have to say of itself."""
    module = yield
    module.add_marker(pytest.mark.asyncio(loop_scope="session"))
    return module
