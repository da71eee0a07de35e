"""How long to wait before the next attempt: the one back-off of every client (spec F2)."""

from collections.abc import Callable

_FIRST_S = 1.0
_FACTOR = 1.5
LONGEST_S = 30.0
_LARGEST_POWER = 64  # far above the cap; keeps a program that tries for weeks within a float


def compute_delay_s(
    attempt: int, random: Callable[[], float], *, longest_s: float = LONGEST_S
) -> float:
    """Return the seconds to wait.

    attempt: attempts since the last stable connection, from 0. random: uniform in [0, 1).
    longest_s: that the wait grows to.
    """
    share = 0.5 + random() / 2
    return min(longest_s, _FIRST_S * _FACTOR ** min(attempt, _LARGEST_POWER)) * share
