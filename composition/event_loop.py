"""Which event loop a process runs on, and how its threads share the interpreter.

tabletap.py asks before it serves; measurements ask too, so that they measure the same.
"""

import asyncio
import gc
import importlib.util
import sys
from collections.abc import Callable

# How long another thread may keep the interpreter while the loop waits for it: each `send` gives it
# away, and Python's own 5 ms add up over a room. What was measured stands in docs/performance.md.
_SWITCH_INTERVAL_S = 0.0005
# New objects between two looks for garbage. Python's own 700 make it look some ten times for each
# connection that comes, and each look at everything stops the loop; little of ours is in cycles.
_COLLECT_AFTER_OBJECTS = 20_000


def find_loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed: twice the HTTP requests a second."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


def favour_event_loop() -> None:
    """Let nothing make the event loop late that can wait. Call before it runs.

    Threads take turns often, and garbage is looked for seldom and not among what was there before.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER_OBJECTS, *gc.get_threshold()[1:])
