"""One message of every type beside the log, from the builders that the product uses."""

from realtime.ephemera import (
    Ephemeral,
    announce_analytics,
    announce_queue_place,
    announce_station_screens,
    announce_waits,
)
from tests.support.made_views import (
    CAFE,
    make_analytics,
    make_id,
    make_kitchen_screens,
    make_queue_place,
    make_waits,
)


def make_ephemera() -> dict[str, Ephemeral]:
    """Make them, by type."""
    ephemera = (
        announce_analytics(CAFE, make_analytics(), event_id=make_id(9000)),
        announce_queue_place(CAFE, make_queue_place(), event_id=make_id(9001)),
        announce_station_screens(CAFE, make_kitchen_screens(), event_id=make_id(9002)),
        announce_waits(CAFE, make_waits(), event_id=make_id(9003)),
    )
    return {each.type: each for each in ephemera}
