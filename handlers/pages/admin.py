"""/admin: the day in figures, live, and how the house itself is."""

import asyncio
from datetime import datetime
from typing import Any

from handlers.connected import build_connected
from handlers.health import run_checks
from handlers.pages.management import ManagementPage
from services.analytics import read_analytics
from services.cafes import read_cafe
from services.people import list_staff
from services.station_screens import read_kitchen_screens


class AdminPage(ManagementPage):
    """The figures as they are, with the position that they are of."""

    permission = "read_analytics"

    async def get(self) -> None:
        context, cafe_id = self.context, self.identity.cafe_id
        found, records, readiness = await asyncio.gather(
            context.runner.read(_read_page, cafe_id, now=context.now()),
            context.presence.get_active_connections(cafe_id),
            run_checks(context.readiness_checks),
        )
        is_complete = context.presence.is_complete
        await self.show(
            "admin",
            position=found["analytics"].position,
            render=("live_figures", "station_screens"),
            connected=build_connected(found.pop("staff"), records, is_complete=is_complete),
            readiness=readiness,
            **found,
        )


def _read_page(cafe_id: str, *, now: datetime) -> dict[str, Any]:
    return {
        "cafe": read_cafe(cafe_id),
        "analytics": read_analytics(cafe_id, now=now),
        "staff": list_staff(cafe_id, now=now),
        "kitchen": read_kitchen_screens(cafe_id, now=now),
    }
