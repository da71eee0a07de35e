"""/admin/notices: write something to the holders of some roles, and take it back."""

from datetime import datetime
from typing import Any

import msgspec

from config.namespaces import Caller
from domain.commands import Command, ResolveNotification, SendNotice
from domain.errors import InvalidMessage, TableTapError
from domain.identifiers import is_id
from domain.roles import Identity
from handlers.pages.management import ManagementPage
from realtime.limits import find_namespace
from services.cafes import read_cafe
from services.event_log import read_head
from services.notifications import list_sent_notices
from services.operations import OPERATIONS
from services.people import list_staff

_NOTICES = "/admin/notices"
_FAULTS = (403, 404, 409, 422, 429)


class NoticesPage(ManagementPage):
    """The form, and the notices that stand. typed: what a refused form had in it."""

    permission = "send_notice"

    async def get(self, **_: str) -> None:
        await self.show_notices()

    async def show_notices(self, *, fault: str = "", typed: SendNotice | None = None) -> None:
        found = await self.context.runner.read(_read_page, self.identity, now=self.context.now())
        await self.show("admin_notices", fault=fault, typed=typed, **found)

    async def post(self) -> None:
        command = self._read_notice()
        try:
            await self.run("send_notice", command)
        except TableTapError as error:
            if error.status not in _FAULTS:
                raise
            self.set_status(error.status)
            await self.show_notices(fault=error.message, typed=command)
            return
        self.see_other(_NOTICES)

    async def run(self, name: str, command: Command) -> None:
        """Run a form's command, once per form and as often as a manager may."""
        command_id = self.read_field("command_id", longest=36)
        if not is_id(command_id):
            raise InvalidMessage("This form is not ours. Load the page again.")
        caller = Caller(
            namespace=find_namespace(self.identity, name),
            principal=self.identity.principal,
            address=self.client_address,
        )
        async with self.context.limits.counted(self.identity, name, caller, command_id=command_id):
            await self.context.runner.write(
                OPERATIONS[name].function,
                command,
                command_type=name,
                identity=self.identity,
                command_id=command_id,
            )

    def _read_notice(self) -> SendNotice:
        """Read the form into the command that sockets and REST take. Raises: InvalidMessage."""
        fields = {
            "title": self.read_field("title", longest=80),
            "message": self.read_field("message", longest=500, default="").replace("\r\n", "\n"),
            "priority": self.read_field("priority", longest=10, default="normal"),
            "includeRoles": self._read_words("include_role"),
            "excludeUsers": self._read_words("exclude_user"),
        }
        try:
            return msgspec.convert(fields, SendNotice)
        except msgspec.ValidationError as error:
            raise InvalidMessage("Write what it is about, and choose from the page.") from error

    def _read_words(self, name: str) -> list[str]:
        given = self.request.body_arguments.get(name, [])
        return [self.decode_argument(value, name) for value in given]


class EndNoticePage(NoticesPage):
    """POST: take a notice back."""

    permission = "resolve_notification"

    async def get(self, **_: str) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other(_NOTICES)

    async def post(self, notification_id: str) -> None:  # type: ignore[override] # its own path
        try:
            await self.run(
                "resolve_notification", ResolveNotification(notification_id=notification_id)
            )
        except TableTapError as error:
            if error.status not in _FAULTS:
                raise
            self.set_status(error.status)
            await self.show_notices(fault=error.message)
            return
        self.see_other(_NOTICES)


def _read_page(identity: Identity, *, now: datetime) -> dict[str, Any]:
    return {
        "cafe": read_cafe(identity.cafe_id),
        "position": read_head(identity.cafe_id),
        "people": list_staff(identity.cafe_id, now=now),
        "notices": list_sent_notices(identity),
    }
