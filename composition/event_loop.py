"""Which event loop a process runs on, and how its threads share the interpreter.

tabletap.py asks before it serves; measurements ask too, so that they measure the same.
"""

import asyncio
import importlib.util
import sys
from collections.abc import Callable

# How long another thread may keep the interpreter while the loop waits for it: each `send` gives it
# away, and Python's own 5 ms add up over a room. What was measured stands in docs/performance.md.
_SWITCH_INTERVAL_S = 0.0005


def find_loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed: twice the HTTP requests a second."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


def favour_event_loop() -> None:
    """Let threads take turns often enough that none makes the event loop late."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
