"""POST /call and /call/cancel: a guest asks for somebody, or needs nobody any more."""

from config.namespaces import Caller
from domain.commands import CallStaff, CancelCall
from domain.errors import InvalidMessage, NotFound, TableTapError
from domain.identifiers import is_id
from handlers.pages.guest import run_once
from handlers.pages.guest_progress import GuestProgressPage
from realtime.limits import find_namespace
from services.operations import OPERATIONS

_CALL, _CANCEL = OPERATIONS["call_staff"], OPERATIONS["cancel_call"]
# Where the forms stand; anything else leads to the orders.
_PAGES = frozenset({"/menu", "/orders"})


class CallPage(GuestProgressPage):
    """The form's answer is the page that it stood on; a refusal is shown with the orders."""

    permission = "call_staff"

    async def get(self, **_: str) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other("/orders")

    async def post(self) -> None:
        command_id = self.read_field("command_id", longest=36)
        after = self.read_field("after", longest=20, default="/orders")
        try:
            if not is_id(command_id):
                raise InvalidMessage("This form is not ours. Load the page again.")
            await self.act(command_id)
        except TableTapError as error:
            if error.status not in (403, 409, 422, 429):
                raise
            self.set_status(error.status)
            await self.show(fault=self.tell(error))
            return
        self.see_other(after if after in _PAGES else "/orders")

    async def act(self, command_id: str) -> None:
        """Call, at most as often as a phone may."""
        caller = Caller(
            namespace=find_namespace(self.identity, _CALL.name),
            principal=self.identity.principal,
            address=self.client_address,
        )
        async with self.context.limits.counted(
            self.identity, _CALL.name, caller, command_id=command_id
        ):
            await run_once(self, _CALL, CallStaff(), command_id=command_id)


class CancelCallPage(CallPage):
    """Nobody is needed any more; where somebody was there already, that is just as well."""

    permission = "cancel_call"

    async def act(self, command_id: str) -> None:
        try:
            await run_once(self, _CANCEL, CancelCall(), command_id=command_id)
        except NotFound:
            return
