"""What is told of a cafe to those who follow it, looked at every second by each process for itself.

A look is a function of the database, so processes agree without telling each other; a cafe whose
log has not moved is looked at only for its time.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from config.logging import get_logger
from domain.errors import TableTapError
from services.runner import Runner

PERIOD_S = 1.0
# Where nothing happens in the kitchen, what is late gets later.
LOOK_AGAIN = timedelta(seconds=20)

# Who follows a cafe, however that is counted; what was told of it; and what is told.
_Listeners = TypeVar("_Listeners")
_Looked = TypeVar("_Looked")
_View = TypeVar("_View")

log = get_logger(__name__)


class FollowedCafes(ABC, Generic[_Listeners, _Looked, _View]):
    """count_listeners: cafe -> who of this process follows it.

    read_seq: how far the log of a cafe has come here. push: sends what there is to tell to a
    cafe's followers in this process. fault: what a look without an answer is logged as.
    """

    fault: str

    def __init__(
        self,
        runner: Runner,
        *,
        count_listeners: Callable[[], Mapping[str, _Listeners]],
        read_seq: Callable[[str], int],
        push: Callable[[str, _View], object],
        now: Callable[[], datetime],
    ) -> None:
        self.runner = runner
        self.read_seq = read_seq
        self.push = push
        self.now = now
        self.looked: dict[str, _Looked] = {}
        self._count_listeners = count_listeners

    async def tick(self) -> None:
        """Look at the cafes in which something has moved or somebody has come."""
        listeners = self._count_listeners()
        self.looked = {each: self.looked[each] for each in listeners if each in self.looked}
        for cafe_id, who in listeners.items():
            try:
                await self.look(cafe_id, who)
            except TableTapError as error:  # the next tick looks again
                log.info(self.fault, cafe_id=cafe_id, code=error.code)

    @abstractmethod
    async def look(self, cafe_id: str, listeners: _Listeners) -> None:
        """Look at a cafe, where that is due, and tell what has changed."""
