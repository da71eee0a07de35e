"""Busy mode: which stations' dishes guests cannot order for a while (domain/pauses.py)."""

from models.base import Table
from models.fields import (
    check,
    integer_field,
    reference_field,
    text_field,
    timestamp_field,
)
from models.tenancy import Cafe, Station


class StationPause(Table):
    """A station's pause, where cause says that there is one, and its limit.

    ends_at: null is until somebody ends it; of `load` it is when that is expected. from_prep_s:
    dishes that take as long or longer are paused. load_minutes: work in front when it began.
    limit_minutes: at so much it pauses by itself, null is never. rests_until: till then it does
    not, because somebody has just ended a pause.
    """

    station_id = reference_field(Station, primary_key=True)
    cafe_id = reference_field(Cafe)
    cause = text_field(20, null=True)
    since = timestamp_field(null=True)
    ends_at = timestamp_field(null=True)
    from_prep_s = integer_field(default=0)
    reason = text_field(120, default="")
    load_minutes = integer_field(null=True)
    limit_minutes = integer_field(null=True)
    rests_until = timestamp_field(null=True)

    class Meta:
        table_name = "station_pause"
        indexes = ((("cafe_id",), False),)
        constraints = (
            check("station_pause_cause", "cause IN ('by_hand', 'load')"),
            check("station_pause_since", "(cause IS NULL) = (since IS NULL)"),
            check("station_pause_end", "ends_at IS NULL OR ends_at > since"),
            check("station_pause_prep", "from_prep_s >= 0"),
            check("station_pause_limit", "limit_minutes BETWEEN 1 AND 240"),
        )
