"""PINs of people who share a paired screen: which are good enough, and how guessing slows down.

A PIN opens nothing without the screen's own secret (requirement A7), so that ten thousand of them
are enough once wrong ones cost time: per person and screen, so that nobody else waits (A6).
"""

from datetime import timedelta
from itertools import pairwise

SHORTEST_PIN, LONGEST_PIN = 4, 8
# How long somebody who came by PIN stays at most: a shift. The page leaves much earlier.
STAY = timedelta(hours=12)
IDLE = timedelta(minutes=10)

_FREE_FAILURES = 4
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=15)


def find_pin_fault(pin: str) -> str:
    """Say in a plain sentence why a PIN will not do; "" where it will."""
    if not (SHORTEST_PIN <= len(pin) <= LONGEST_PIN and pin.isascii() and pin.isdigit()):
        return f"A PIN has {SHORTEST_PIN} to {LONGEST_PIN} digits."
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        return "This PIN is among the first that somebody would try. Choose another one."
    return ""


def find_wait(failures: int) -> timedelta:
    """Return how long after so many wrong PINs in a row the next one is looked at."""
    over = failures - _FREE_FAILURES
    if over <= 0:
        return timedelta(0)
    return min(_LONGEST_WAIT, _FIRST_WAIT * (1 << min(over - 1, 20)))
