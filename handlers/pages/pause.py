"""/parts/pause: what a panel on a wall, at the till or in Admin offers to pause guests' orders."""

from datetime import datetime

from domain.errors import NotFound
from domain.pauses import SPANS_MINUTES, group_pauses
from domain.views.availability import BusyStationView
from handlers.page import StaffPage
from services.boards import list_stations
from services.cafes import read_cafe
from services.pauses import list_busy_stations

# In staff's words; any other is said through the API.
REASONS = ("Too many orders", "Short of hands", "Something is broken", "Waiting for a delivery")


class PausePart(StaffPage):
    """GET /parts/pause. ?station: the slug to begin with, none for all.

    ?what, ?reason: the station's id (or `all`) and the reason's place that were chosen.
    """

    permission = "pause_ordering"

    async def get(self) -> None:
        slug = self.get_query_argument("station", "")
        what = self.get_query_argument("what", "")
        place = self.get_query_argument("reason", "")
        stations, begins_with, self.time_zone = await self.context.runner.read(
            _read_part, self.identity.cafe_id, slug, now=self.context.now()
        )
        chosen = begins_with if not what else "" if what == "all" else what
        if chosen and chosen not in {each.station_id for each in stations}:
            raise NotFound("There is no such station. Choose one of the list.")
        is_known = place.isascii() and place.isdecimal() and int(place[:3]) < len(REASONS)
        self.render_page(
            "pause",
            stations=stations,
            pauses=group_pauses([each.pause for each in stations if each.pause is not None]),
            chosen=chosen,
            reason=REASONS[int(place) if is_known else 0],
            reasons=list(REASONS),
            spans=SPANS_MINUTES,
        )


def _read_part(cafe_id: str, slug: str, *, now: datetime) -> tuple[list[BusyStationView], str, str]:
    begins_with = next(
        (each.station_id for each in list_stations(cafe_id) if each.slug == slug), ""
    )
    return list_busy_stations(cafe_id, now=now), begins_with, read_cafe(cafe_id).timezone
