"""How many are left, or for how long it is sold out: the choices that a kitchen is offered.

Pure; `set_availability` (services/menu.py) does it, and takes any end within a year.
"""

from datetime import datetime, timedelta

import msgspec

# What a cook can say without thinking: the next batch, the delivery, the end of a rush.
_SPANS = (timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2))
_HOURS_OFFERED = 3
# What a cook counts on a tray; any other number is said under Admin.
COUNTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20)


class SoldOutEnd(msgspec.Struct, frozen=True, kw_only=True):
    """One choice. word: `span`, `clock`, `close` or `open`; until: None is until changed."""

    word: str
    until: datetime | None
    minutes: int = 0


def list_ends(now: datetime, *, day_end: datetime) -> list[SoldOutEnd]:
    """List the choices: some spans, the next full hours after them, the day's end, and none.

    day_end: of the business day. Nothing is offered twice, and no end after the day's but its own.
    """
    spans = [
        SoldOutEnd(word="span", until=now + span, minutes=span // timedelta(minutes=1))
        for span in _SPANS
        if now + span < day_end
    ]
    # Zones have offsets of quarters of an hour: full hours of UTC are full or half there too,
    # where people live; what is shown is the cafe's own time of day.
    next_hour = (now + _SPANS[0]).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    hours = [next_hour + timedelta(hours=each) for each in range(_HOURS_OFFERED)]
    clocks = [SoldOutEnd(word="clock", until=each) for each in hours if each < day_end]
    return [
        *spans,
        *clocks,
        SoldOutEnd(word="close", until=day_end),
        SoldOutEnd(word="open", until=None),
    ]
