"""Wait for a condition with a deadline: the tests' only way to wait.

The deadline ends what will never happen; it measures nothing, so it is generous.
Conditions in a page are asked for with `page.evaluate`: `page.wait_for_function` has the page
evaluate a string from its second look on, which our content policy forbids.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

DEADLINE_S = 30.0
_PAUSE_S = 0.02


def wait_until(is_true: Callable[[], bool], what: str, *, deadline_s: float = DEADLINE_S) -> None:
    """Ask until the answer is yes. what: completes "waited for ...".

    Raises:
        AssertionError: it was still no at the deadline.
    """
    ends = time.monotonic() + deadline_s
    while not is_true():
        assert time.monotonic() < ends, f"waited {deadline_s} s for {what}"
        time.sleep(_PAUSE_S)


async def wait_for(
    is_true: Callable[[], bool | Awaitable[bool]], what: str, *, deadline_s: float = DEADLINE_S
) -> None:
    """Do the same without stopping the event loop; the question may be a coroutine function."""
    ends = time.monotonic() + deadline_s
    while True:
        answer = is_true()
        if not isinstance(answer, bool):
            answer = await answer
        if answer:
            return
        assert time.monotonic() < ends, f"waited {deadline_s} s for {what}"
        await asyncio.sleep(_PAUSE_S)
