"""What the pages of management share: the frame with the cafe's name, and the live connection."""

from collections.abc import Callable
from typing import Any

from config.namespaces import Caller, Namespace
from domain.commands import Command
from domain.views.base import Position
from handlers.page import StaffPage, build_live
from services.cafes import CafeRules
from services.operations import OPERATIONS
from services.unit_of_work import UnitOfWork


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

    async def run(self, name: str, command: Command) -> None:
        """Do what a form asks for, counted like the same command of a socket or of the API.

        Raises: TableTapError, as the operation does.
        """
        await self.do(name, OPERATIONS[name].function, command)

    async def do(
        self, name: str, function: Callable[[UnitOfWork, Any], object], command: Command
    ) -> None:
        """Do as `run` what neither sockets nor the API have."""
        caller = Caller(
            namespace=Namespace.ADMIN,
            principal=self.identity.principal,
            address=self.client_address,
        )
        async with self.context.limits.counted(self.identity, name, caller):
            await self.context.runner.write(
                function, command, command_type=name, identity=self.identity
            )
