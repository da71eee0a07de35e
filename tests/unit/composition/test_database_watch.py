"""Whether the database answers, as far as was asked."""

import pytest

from composition.database_watch import DatabaseWatch
from domain.errors import OperationTimeout, Overloaded, StorageUnavailable, TableTapError


@pytest.mark.parametrize(
    ("error", "is_up"),
    [
        (StorageUnavailable("away"), False),
        (OperationTimeout("slow"), False),
        # Too much waits before the question: the database may be as well as ever.
        (Overloaded("full"), True),
    ],
)
async def test_a_database_that_does_not_answer_is_down_until_it_does(
    error: TableTapError, is_up: bool
):
    """A full queue of ours says nothing about it."""
    faults = [error]

    async def ask() -> None:
        if faults:
            raise faults.pop()

    watch = DatabaseWatch(ask)
    await watch.look()
    assert watch.is_up == is_up
    await watch.look()

    assert watch.is_up
