"""What the pages of management share: the frame with the cafe's name, and the live connection."""

from typing import Any

from config.namespaces import Namespace
from domain.views import Position
from handlers.page import StaffPage, build_live
from services.cafes import CafeRules


class ManagementPage(StaffPage):
    """Base of the pages at /admin."""

    home = "/admin"

    async def show(
        self,
        template: str,
        *,
        cafe: CafeRules,
        position: Position,
        render: tuple[str, ...] = (),
        **context: Any,
    ) -> None:
        """Answer a page. position: what it is complete up to. render: cards it gets live."""
        self.time_zone = cafe.timezone
        self.render_page(
            template,
            cafe_name=cafe.name,
            person_name=await self.context.authentication.read_person_name(self.identity),
            live=build_live(
                namespace=Namespace.ADMIN, rooms=[], render=list(render), position=position
            ),
            **context,
        )
