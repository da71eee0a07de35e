"""One reading of a board for all who ask at the same place of the log (architecture: snapshots).

After a Wi-Fi blip or a restart forty displays ask for the same board at once. Inside a snapshot the
head of the log says what the rows are, so a view that was built at the same head is as good as one
built again: it is built once, whoever comes meanwhile waits for it, and whoever comes soon after
gets it too. `services/snapshot.py` makes one `SharedViews` for all its threads; outside of a
snapshot, and in the writer, everything is built anew.
"""

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from domain.views.base import Position
from services.event_log import read_head

_View = TypeVar("_View")

# What changes without an event (the priority of what has waited) is this old at most; pages go on
# by their own clocks. Everybody who lost the network together is back within this.
_LIFE_S = 15.0
# A builder that takes longer has a fault of its own; then each builds for itself.
_WAIT_S = 2.0


@dataclass(slots=True)
class _Entry:
    """One view, or the work on it. at: the time that it was asked for, of the caller's clock."""

    position: Position
    at: datetime | None
    ends_at_s: float
    view: Future[Any] = field(default_factory=Future)

    def fits(self, position: Position, at: datetime | None) -> bool:
        if self.position != position or time.monotonic() >= self.ends_at_s:
            return False
        if self.at is None or at is None:
            return self.at is at
        return abs(at - self.at) < timedelta(seconds=_LIFE_S)


class SharedViews:
    """Views that were built a moment ago, by cafe and name. Its methods belong to any thread."""

    def __init__(self, on_asked: Callable[[str], None] = lambda _: None) -> None:
        """on_asked: told of every view: `built` or `shared`."""
        self._entries: dict[Hashable, _Entry] = {}
        self._lock = threading.Lock()
        self._on_asked = on_asked

    def read(
        self,
        name: Hashable,
        position: Position,
        build: Callable[[], _View],
        *,
        now: datetime | None,
    ) -> _View:
        """Return a view of a place in the log: built here, or by another thread just now."""
        with self._lock:
            entry = self._entries.get(name)
            is_mine = entry is None or not entry.fits(position, now)
            if entry is None or is_mine:
                entry = self._entries[name] = self._begin(position, now)
        self._on_asked("built" if is_mine else "shared")
        if is_mine:
            return self._build(name, entry, build)
        try:
            view: _View = entry.view.result(_WAIT_S)
        except Exception:  # noqa: BLE001 - the builder's own; whoever waited may fare better
            return build()
        return view

    def _begin(self, position: Position, now: datetime | None) -> _Entry:
        now_s = time.monotonic()
        self._entries = {
            name: entry for name, entry in self._entries.items() if entry.ends_at_s > now_s
        }
        return _Entry(position=position, at=now, ends_at_s=now_s + _LIFE_S)

    def _build(self, name: Hashable, entry: _Entry, build: Callable[[], _View]) -> _View:
        try:
            view = build()
        except BaseException as error:
            with self._lock:
                if self._entries.get(name) is entry:
                    del self._entries[name]
            entry.view.set_exception(error)
            raise
        entry.view.set_result(view)
        return view


_shared: ContextVar[SharedViews | None] = ContextVar("shared_views", default=None)


def share_views(views: SharedViews) -> None:
    """Let `read_shared` use these in the present context."""
    _shared.set(views)


def read_shared(
    cafe_id: str,
    view: Hashable,
    build: Callable[[Position], _View],
    *,
    now: datetime | None = None,
) -> _View:
    """Return a view of a cafe with the place in its log that it is complete up to.

    view: its name, with all that it depends on but the time. build: called with that place. now:
    where the view depends on it. Raises: NotFound for a cafe that is not there.
    """
    position = read_head(cafe_id)
    shared = _shared.get()
    if shared is None:
        return build(position)
    return shared.read((cafe_id, view), position, lambda: build(position), now=now)
