"""Knows whether the database answers: asks it every two seconds, as /readyz does.

/metrics shows it. Queries find out for themselves, so nobody waits for this.
"""

from collections.abc import Awaitable, Callable

from config.logging import get_logger
from domain.errors import OperationTimeout, StorageUnavailable, TableTapError
from realtime.watch import Watch

log = get_logger(__name__)

_LOOK_S = 2.0


class DatabaseWatch:
    """ask: raises a TableTapError where there is no answer.

    is_up: whether the last question was answered; a server that starts has asked many.
    """

    def __init__(self, ask: Callable[[], Awaitable[None]]) -> None:
        self._ask = ask
        self.is_up = True
        self._watch = Watch(self.look, every_s=_LOOK_S, name="watch database")

    def start(self) -> None:
        """Begin to ask. Call on the running loop."""
        self._watch.start()

    async def stop(self) -> None:
        """Stop asking."""
        await self._watch.stop()

    async def look(self) -> None:
        """Ask once."""
        try:
            await self._ask()
        except (StorageUnavailable, OperationTimeout) as error:
            self._note(is_up=False, code=error.code)
        except TableTapError as error:  # too much waits before it, which says nothing about it
            log.info("database_not_asked", code=error.code)
        else:
            self._note(is_up=True)

    def _note(self, *, is_up: bool, code: str = "") -> None:
        if is_up != self.is_up:
            log.info("database_back" if is_up else "database_away", code=code)
        self.is_up = is_up
