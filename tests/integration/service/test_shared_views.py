"""Many who ask for one board at once: one reading, and never an old one."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from domain.commands import PlaceOrder
from domain.errors import NotFound
from domain.roles import Role
from services import boards
from services.boards import read_counter_board, read_kitchen_board
from tests.support.cafes import UNKNOWN_ID


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often each board is read from its tables."""
    monkeypatch.setattr("services.shared_views._LIFE_S", 60.0)  # however slow the machine is
    count: Counter[str] = Counter()
    for name in ("_build_kitchen_board", "_build_counter_board"):
        original = getattr(boards, name)

        def build(*args, _name=name, _original=original, **options):
            count[_name] += 1
            return _original(*args, **options)

        monkeypatch.setattr(boards, name, build)
    return count


async def test_a_hundred_screens_that_come_back_cost_one_reading_of_each_board(cafe, built):
    """Forty walls and sixty tills in the same moment, on as many threads as there are."""
    await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line("Water")]))
    read = cafe.runner.read

    walls = [read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now) for _ in range(40)]
    tills = [read(read_counter_board, cafe.cafe_id) for _ in range(60)]
    answers = await asyncio.gather(*walls, *tills)

    assert built == {"_build_kitchen_board": 1, "_build_counter_board": 1}
    assert len({(answer.position.epoch, answer.position.seq) for answer in answers}) == 1


async def test_what_was_done_is_seen_at_once(cafe, built):
    """Another place in the log is another board, whoever has asked just before."""
    for number in range(1, 6):
        await cafe.runner.read(read_counter_board, cafe.cafe_id)
        await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=[cafe.line("Water")]))
        board = await cafe.runner.read(read_counter_board, cafe.cafe_id)
        assert len(board.orders) == number

    # After each order but the last, what the reader before had seen was still good.
    assert built["_build_counter_board"] == 6


async def test_another_station_and_another_time_are_read_for_themselves(cafe, built):
    """What waits is shown by the clock of who asks, give or take the life of a view."""
    read = cafe.runner.read
    await read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now)
    await read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now + timedelta(seconds=61))
    await read(read_kitchen_board, cafe.cafe_id, cafe.stations["bar"], now=cafe.now)

    assert built["_build_kitchen_board"] == 3


async def test_a_fault_is_not_shared(cafe, built):
    """Each who asks for what is not there is told so, and a board that is there is read."""
    read = cafe.runner.read
    asked = [read(read_kitchen_board, cafe.cafe_id, UNKNOWN_ID, now=cafe.now) for _ in range(6)]
    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(answer) for answer in answers] == [NotFound] * 6
    assert (await read(read_kitchen_board, cafe.cafe_id, None, now=cafe.now)).tickets == []
