"""What the watchers of a process stand on."""

from realtime.watch import Watch
from tests.support.logs import ExpectedLogs
from tests.support.waiting import wait_for


async def test_a_look_that_fails_is_told_and_followed_by_the_next(expected_logs: ExpectedLogs):
    """Nobody waits for a watch, so one that ended would not be missed."""
    expected_logs.add("watch_failed")
    looks: list[int] = []

    async def look() -> None:
        looks.append(len(looks))
        if len(looks) == 1:
            raise RuntimeError("what nobody thought of")

    watch = Watch(look, every_s=0.001, name="watch something")
    watch.start()
    await wait_for(lambda: len(looks) >= 3, "the looks after the one that failed")
    await watch.stop()
