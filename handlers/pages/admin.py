"""/admin: the day in figures, live, for management."""

from datetime import datetime
from typing import Any

from config.namespaces import Namespace
from handlers.page import StaffPage, build_live
from services.analytics import read_analytics
from services.cafes import read_cafe


class AdminPage(StaffPage):
    """The figures as they are, with the position that they are of."""

    permission = "read_analytics"

    async def get(self) -> None:
        found = await self.context.runner.read(
            _read_page, self.identity.cafe_id, now=self.context.now()
        )
        self.time_zone = found.pop("time_zone")
        self.render_page(
            "admin",
            person_name=await self.context.authentication.read_person_name(self.identity),
            live=build_live(
                namespace=Namespace.ADMIN,
                rooms=[],
                render=["live_figures"],
                position=found["analytics"].position,
            ),
            **found,
        )


def _read_page(cafe_id: str, *, now: datetime) -> dict[str, Any]:
    cafe = read_cafe(cafe_id)
    return {
        "cafe_name": cafe.name,
        "time_zone": cafe.timezone,
        "analytics": read_analytics(cafe_id, now=now),
    }
