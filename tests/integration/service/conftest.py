"""A small cafe on both databases; see tests/support/cafes.py."""

import pytest

from tests.support.cafes import fill_cafes, fill_strict_cafes, open_cafe


@pytest.fixture(params=["sqlite", "postgres"])
async def cafe(request, make_database):
    """Open a cafe whose orders fire at once."""
    async with open_cafe(make_database(request.param, filled_by=fill_cafes)) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgres"])
async def strict_cafe(request, make_database):
    """Open a cafe where a table's first order waits for the counter."""
    async with open_cafe(make_database(request.param, filled_by=fill_strict_cafes)) as opened:
        yield opened
