"""The event loop of the tests: what asyncio's debug mode checks, without what makes it slow.

A call into the loop from a foreign thread, and a coroutine where a function belongs, are errors as
in debug mode. What debug mode does besides, writing down the whole stack for every future and every
callback, took half of the time that tests with many requests need, and nobody reads those stacks.
"""

import asyncio


class CheckingLoop(asyncio.SelectorEventLoop):
    """A loop that checks in debug mode and keeps no stacks."""

    def get_debug(self) -> bool:
        """Say no to whoever would keep a stack; the loop's own checks do not ask this."""
        return False
