"""Sliding windows: how many commands somebody may send in the last minute, counted exactly.

A window keeps the moment of each counted command, so a refusal knows to the millisecond when the
next one passes (spec H1). `MemoryWindows` serves one process; realtime/redis_windows.py shares
them. `FrameCeiling` is the coarse one below: frames of one connection, before they are read.
"""

from collections.abc import Callable
from itertools import takewhile
from typing import Protocol

import msgspec

# Keys are looked through this often: whoever has not sent anything for a window is forgotten.
_SWEEP_EVERY = 1000
# As long as the windows above: whoever kept within its limits for a minute is forgiven.
_REFUSALS_KEPT_S = 60.0


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """retry_after_ms: when one more would pass. is_first: the first refusal in this window."""

    is_allowed: bool
    retry_after_ms: int = 0
    is_first: bool = False


class Windows(Protocol):
    """Windows by key."""

    async def count(self, key: str, member: str, *, limit: int, window_ms: int) -> Verdict:
        """Count one more, if it fits. member: its name; one that is counted already fits."""
        ...

    async def forget(self, key: str, member: str) -> None:
        """Take back what was counted."""
        ...


class MemoryWindows:
    """Windows of one process. now_ms: of a clock that does not step back."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._counted: dict[str, dict[str, int]] = {}
        self._refused_until: dict[str, int] = {}
        self._empty_at: dict[str, int] = {}
        self._counts = 0

    async def count(self, key: str, member: str, *, limit: int, window_ms: int) -> Verdict:
        """Count one more, if it fits."""
        now_ms = self._now_ms()
        self._sweep(now_ms)
        counted = self._counted.setdefault(key, {})
        # Members stand in the order of their time: those that still count are not looked at.
        old = takewhile(lambda each: each[1] <= now_ms - window_ms, counted.items())
        for name, _ in list(old):
            del counted[name]
        self._empty_at[key] = now_ms + window_ms
        if member in counted:
            return Verdict(is_allowed=True)
        if len(counted) < limit:
            counted[member] = now_ms
            return Verdict(is_allowed=True)
        is_first = self._refused_until.get(key, 0) <= now_ms
        if is_first:
            self._refused_until[key] = now_ms + window_ms
        oldest_ms = next(iter(counted.values()), now_ms)
        return Verdict(
            is_allowed=False, retry_after_ms=oldest_ms + window_ms - now_ms, is_first=is_first
        )

    async def forget(self, key: str, member: str) -> None:
        """Take back what was counted."""
        self._counted.get(key, {}).pop(member, None)

    def _sweep(self, now_ms: int) -> None:
        self._counts += 1
        if self._counts % _SWEEP_EVERY:
            return
        for key in [key for key, at in self._empty_at.items() if at <= now_ms]:
            del self._empty_at[key]
            self._counted.pop(key, None)
            self._refused_until.pop(key, None)


class FrameCeiling:
    """A bucket of `burst` frames that fills with so many a second.

    refused: how many found it empty, in the minute that began with the first of them. Not how many
    in a row, since of every flood as many pass as the bucket gets; and not until the bucket is full
    again, for which a flood need only stop for the three seconds that this takes.
    """

    __slots__ = ("_at_s", "_burst", "_left", "_per_second", "_refused_from_s", "refused")

    def __init__(self, *, per_second: float, burst: int, now_s: float) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._left = float(burst)
        self._at_s = now_s
        self.refused = 0
        self._refused_from_s = now_s

    @property
    def burst(self) -> int:
        """How many frames pass at once."""
        return int(self._burst)

    def take(self, now_s: float) -> float:
        """Take one frame: 0.0 where it passes, else the seconds until one would."""
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_second)
        self._at_s = now_s
        if self._left < 1.0:
            self._note_refused(now_s)
            return (1.0 - self._left) / self._per_second
        self._left -= 1.0
        return 0.0

    def _note_refused(self, now_s: float) -> None:
        if self.refused == 0 or now_s - self._refused_from_s >= _REFUSALS_KEPT_S:
            self.refused, self._refused_from_s = 0, now_s
        self.refused += 1
